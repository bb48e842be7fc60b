"""Loading the invented town; a second time changes nothing."""

import re
from datetime import date, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from callflow.names import full_name
from callflow.phone import PhoneNumber
from callflow.text import search_key
from crm import exchange_state, passwords
from crm.demo import directory
from crm.demo.appointments import load_appointments
from crm.demo.campaigns import load_campaigns
from crm.demo.cards import load_cards
from crm.demo.consents import load_consents
from crm.demo.dialler import load_dialler
from crm.demo.families_a import DemoFamily
from crm.demo.hours import load_calendar
from crm.demo.journal import load_journal
from crm.demo.lines import load_lines
from crm.demo.logins import password_of
from crm.demo.measures import load_measures
from crm.demo.missed import load_missed
from crm.demo.ratings import load_ratings
from crm.demo.services import AREA_CODE, EMERGENCY, SERVICES, TIMEZONE
from crm.demo.specialists import load_specialists
from crm.demo.speech import load_speech
from crm.demo.staff import EMPLOYEES
from crm.demo.tips import load_tips
from crm.demo.town import FAMILIES, landline_of, mobile_of
from crm.directory import DirectoryEntry
from crm.errors import RecordsError
from crm.family_tables import Family, FamilyStatus, Person, Phone
from crm.institution import Institution, Line, Service
from crm.masked import brief_of
from crm.search.index import reindex_family
from crm.staff import Employee, EmployeeService, Extension

UNVERIFIED = frozenset(["ТЖС", "вынужденные переселенцы"])
"""Statuses that somebody claimed by telephone: shown as claimed, not verified."""


def load(session: Session, key: str, at: datetime, *, mode: str = "demo") -> bool:  # noqa: ARG001
    """Load staff, services, families and directory of domain.md §10; return whether anything was new.

    `key` is the installation's secret; desk secrets are computed from it later, nothing here needs it yet. Raises
    RecordsError in live mode, and in a database where an institution of flesh and blood has been set up: demo accounts
    have passwords that everybody knows.
    """
    if mode != "demo":
        raise RecordsError("Учебные данные загружаются только в учебном режиме (DISPATCH_MODE=demo).")
    names = set(session.scalars(select(Institution.name)))
    invented = {service.institution for service in SERVICES}
    if names - invented:
        raise RecordsError("В этой базе уже работает учреждение: учебные данные в неё не загружаются.")
    if names == invented:
        return False
    services = _load_services(session)
    _load_staff(session, services, at)
    _load_directory(session, at)
    for family in FAMILIES:
        _load_family(session, family, at)
    load_calendar(session, at)
    load_lines(session, at)
    load_cards(session, at)
    load_consents(session, at)
    load_journal(session, at)
    load_ratings(session, at)
    load_specialists(session, at)
    load_appointments(session, at)  # needs the calendar
    load_missed(session, at)
    load_speech(session, at)
    load_dialler(session, at)
    load_measures(session, at)
    load_campaigns(session, at)  # about measures
    load_tips(session, at)  # of the journal
    exchange_state.touch(session)
    session.flush()
    return True


def _load_services(session: Session) -> dict[str, int]:
    ids: dict[str, int] = {}
    for demo in SERVICES:
        institution = Institution(
            name=demo.institution,
            short_name=demo.short_institution,
            department=demo.department,
            address=demo.address,
            area_code=AREA_CODE,
            timezone=TIMEZONE,
        )
        session.add(institution)
        session.flush()
        service = Service(
            institution_id=institution.id,
            code=demo.code,
            name=demo.name,
            journal_title=demo.journal_title,
            queue=demo.queue,
            emergency_text=EMERGENCY,
        )
        session.add(service)
        session.flush()
        ids[demo.code] = service.id
        session.add_all(Line(service_id=service.id, did=did, kind=kind, title=title) for did, kind, title in demo.lines)
    return ids


def _load_staff(session: Session, services: dict[str, int], at: datetime) -> None:
    for demo in EMPLOYEES:
        surname, name, patronymic = demo.full_name.split()
        employee = Employee(
            surname=surname,
            name=name,
            patronymic=patronymic,
            login=demo.login,
            password_hash=passwords.hashed(password_of(demo.login)),
            role=demo.role.value,
            position=demo.position,
            advises_on=demo.advises_on,
            room=demo.room,
            created_at=at,
        )
        session.add(employee)
        session.flush()
        session.add_all(
            EmployeeService(employee_id=employee.id, service_id=services[code], penalty=penalty)
            for code, penalty in demo.services
        )
        if demo.extension:
            # The salt is fixed so that a desk phone set up for the demo registers again after the data were made anew.
            session.add(
                Extension(number=demo.extension, employee_id=employee.id, desk_secret_salt=f"demo-{demo.login}")
            )


def _load_directory(session: Session, at: datetime) -> None:
    for name, address, phone, hours, note, topics, days in directory.INSTITUTIONS:
        session.add(
            DirectoryEntry(
                kind="institution",
                name=name,
                address=f"г. Заречинск, {address}",
                phones=[phone],
                hours=hours,
                hours_note=note,
                topics=topics,
                verified_on=at.date() - timedelta(days=days),
            )
        )
    for name, address, hidden, phone, help_types, area, contact, agreement in directory.NGOS:
        session.add(
            DirectoryEntry(
                kind="ngo",
                name=name,
                address=address if hidden else f"г. Заречинск, {address}",
                address_hidden=hidden,
                phones=[phone],
                hours={},
                help_types=help_types,
                area=area,
                contact=contact,
                agreement=agreement,
                verified_on=at.date() - timedelta(days=60),
            )
        )


def _load_family(session: Session, demo: DemoFamily, at: datetime) -> None:
    today = at.date()
    family = Family(
        card_number=f"С-{demo.number:05d}",
        name=demo.name,
        address=demo.address,
        locality=demo.locality,
        restricted=demo.restricted,
        warning=demo.warning,
        created_at=at,
    )
    family.people = [_person(line, today) for line in demo.members.splitlines()]
    family.people[0].is_applicant = True
    for member, person in enumerate(family.people[: demo.talkers], start=1):
        person.phones.append(_phone(mobile_of(demo, member), "мобильный"))
    if demo.landline:
        family.people[0].phones.append(_phone(landline_of(demo), "домашний"))
    family.people[0].phones.extend(_phone(number, "общий") for number in demo.also_reached_at)
    family.statuses = [
        FamilyStatus(
            type=status,
            basis="со слов заявителя" if status in UNVERIFIED else "документ",
            verified_on=None if status in UNVERIFIED else today - timedelta(days=40),
            valid_from=today - timedelta(days=400),
        )
        for status in demo.statuses
    ]
    family.brief = brief_of(family)
    session.add(family)
    session.flush()
    reindex_family(session, family)


def _person(line: str, today: date) -> Person:
    relation, surname, name, patronymic, born = (part.strip() for part in line.split("|"))
    return Person(
        relation=relation,
        surname=surname,
        name=name,
        patronymic=patronymic,
        birth_date=_birth_date(born, today),
        search_key=search_key(full_name(surname, name, patronymic)),
        phones=[],
    )


def _birth_date(text: str, today: date) -> date:
    aged = re.fullmatch(r"(\d+)y(\d+)m", text)
    if aged is None:
        return date.fromisoformat(text)
    months = today.year * 12 + today.month - 1 - int(aged[1]) * 12 - int(aged[2])
    return date(months // 12, months % 12 + 1, 1)


def _phone(number: str, label: str) -> Phone:
    return Phone(number=number, raw=PhoneNumber(number).display, label=label)
