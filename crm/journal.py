"""«Журнал учёта обращений»: columns 1–5 of the statutory journal (domain.md B-10, B-17, §5.2).

A talk opens a draft; typing saves it; saving it gives the next number of the service's year, without gaps, in the same
transaction that ends the wrap-up. Nothing is ever deleted. Longer than other files because the row, the ways to save it
and who may do so are one rule of the regulation, to be read in one place.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ForeignKey, Index, Select, UniqueConstraint, or_, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from callflow.identity import IdentityLevel, may_see_full_card
from callflow.names import full_name
from callflow.text import clean_line, clean_text
from crm import presence
from crm.audit import Actor, write
from crm.base import Base, Id, fetch
from crm.call_tables import CallRecord
from crm.errors import Incomplete, NotFound, RecordsError, StaleVersion
from crm.family_tables import Family, Person
from crm.institution import Service
from crm.masked import brief_of
from crm.staff import Employee, Role, service_ids_of
from crm.upsert import insert_missing
from crm.visibility import visible_to

DRAFT, SAVED = "draft", "saved"

CONTACT_METHODS = {
    "phone": "по телефону",
    "in_person": "на личном приеме",
    "email": "на электронный адрес",
    "third_party": "информация от третьего лица",
}
"""Column 4: the four ways of the procedure, word for word (B-18)."""


class JournalEntry(Base):
    """One row of the journal. `number` (column 1) comes with saving; `version` grows with every change."""

    __tablename__ = "journal_entry"
    __table_args__ = (
        UniqueConstraint("service_id", "year", "number"),
        Index("ix_journal_entry_author_state", "author_id", "state"),
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    service_id: Mapped[int] = mapped_column(ForeignKey("service.id"))
    year: Mapped[int]
    number: Mapped[int | None]
    call_id: Mapped[int | None] = mapped_column(ForeignKey("call_record.id"), unique=True)
    family_id: Mapped[int | None] = mapped_column(ForeignKey("family.id"), index=True)
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    state: Mapped[str] = mapped_column(default=DRAFT)
    applicant_name: Mapped[str] = mapped_column(default="")
    family_brief: Mapped[str] = mapped_column(default="")
    contact_method: Mapped[str] = mapped_column(default="phone")
    substance: Mapped[str] = mapped_column(default="")
    obstacle: Mapped[bool | None]
    topic: Mapped[str] = mapped_column(default="")
    author_id: Mapped[int] = mapped_column(ForeignKey("employee.id"))
    created_at: Mapped[datetime] = mapped_column(index=True)
    saved_at: Mapped[datetime | None]
    draft_saved_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(default=1)
    author: Mapped[Employee] = relationship(lazy="joined", innerjoin=True)


class JournalCounter(Base):
    """The last number given in a service's journal of a year; its row lock makes the numbers gap-free."""

    __tablename__ = "journal_counter"

    service_id: Mapped[int] = mapped_column(ForeignKey("service.id"), primary_key=True)
    year: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    last: Mapped[int] = mapped_column(default=0)


FIELDS = ("applicant_name", "family_brief", "contact_method", "substance", "obstacle", "topic")
"""What the form may send; anything else is ignored."""

_REQUIRED = {
    "applicant_name": "Укажите, кто обратился (или «не назвался»).",
    "family_brief": "Укажите краткую информацию о семье.",
    "contact_method": "Выберите способ обращения.",
    "substance": "Запишите, с чем обратились.",
}


def open_draft(session: Session, call: CallRecord, employee: Employee, at: datetime) -> JournalEntry:
    """Return the call's one row, made as a draft the first time; a confirmed caller's card fills it in."""
    existing = session.scalars(_of_call(call.id)).one_or_none()
    if existing is not None:
        return existing
    service_id = call.service_id or next(iter(service_ids_of(session, employee.id)), None) or _first_service(session)
    values = {
        "service_id": service_id,
        "year": _year(session, service_id, at),
        "call_id": call.id,
        "author_id": employee.id,
        "created_at": at,
    }
    insert_missing(session, JournalEntry, values, ["call_id"])
    entry = session.scalars(_of_call(call.id)).one()
    person = session.get(Person, call.person_id) if call.person_id else None
    family = session.get(Family, call.family_id) if call.family_id else None
    _follow(session, entry, call, person, family)
    return entry


def new_draft(session: Session, service_id: int, contact_method: str, employee: Employee, at: datetime) -> JournalEntry:
    """Open a row for an appeal that is no call: in person, by mail, by a third party."""
    if contact_method not in CONTACT_METHODS:
        raise Incomplete({"contact_method": _REQUIRED["contact_method"]})
    entry = JournalEntry(
        service_id=service_id,
        year=_year(session, service_id, at),
        contact_method=contact_method,
        author_id=employee.id,
        created_at=at,
    )
    session.add(entry)
    session.flush()
    return entry


def follow_caller(
    session: Session, call: CallRecord, person: Person | None, family: Family | None, at: datetime
) -> None:
    """The operator said who calls: the draft of that call follows; a saved row does not change by itself."""
    entry = session.scalars(_of_call(call.id).with_for_update(of=JournalEntry)).one_or_none()
    if entry is None or entry.state != DRAFT or entry.created_at > at:
        return
    if (entry.person_id, entry.family_id) == (call.person_id, call.family_id):
        return
    before = _suggestion(session, entry.person_id, entry.family_id)
    # What the program had filled in for somebody else goes; what she typed stays.
    for field, suggested in before.items():
        if getattr(entry, field) == suggested:
            setattr(entry, field, "")
    entry.person_id, entry.family_id = None, None
    _follow(session, entry, call, person, family)
    entry.version += 1
    session.flush()


def identity_confirmed(session: Session, call: CallRecord) -> None:
    """The caller is who the number says: the draft may now show what the card does."""
    entry = session.scalars(_of_call(call.id).with_for_update(of=JournalEntry)).one_or_none()
    if entry is None or entry.state != DRAFT:
        return
    before = values_of(entry)
    person = session.get(Person, call.person_id) if call.person_id else None
    family = session.get(Family, call.family_id) if call.family_id else None
    _follow(session, entry, call, person, family)
    if values_of(entry) != before:
        entry.version += 1
        session.flush()


def _suggestion(session: Session, person_id: int | None, family_id: int | None) -> dict[str, str]:
    person = session.get(Person, person_id) if person_id else None
    family = session.get(Family, family_id) if family_id else None
    return {
        "applicant_name": full_name(person.surname, person.name, person.patronymic) if person else "",
        # A restricted card fills nothing in: the journal is read by more people than the card.
        "family_brief": brief_of(family) if family and not family.restricted else "",
    }


def _follow(
    session: Session, entry: JournalEntry, call: CallRecord, person: Person | None, family: Family | None
) -> None:
    """Tie the draft to the caller; fill it in only when the card itself may be seen: caller id is not identity."""
    if family is not None and family.restricted:
        person = None
    entry.person_id = entry.person_id or (person.id if person else None)
    entry.family_id = entry.family_id or (family.id if family else None)
    if not may_see_full_card(IdentityLevel(call.identity_level)):
        session.flush()
        return
    suggested = _suggestion(session, person.id if person else None, family.id if family else None)
    for field, value in suggested.items():
        if not getattr(entry, field):
            setattr(entry, field, value)
    session.flush()


def save_draft(  # noqa: PLR0917 - who, what, when: as in every verb
    session: Session, entry_id: int, fields: Mapping[str, Any], version: int, employee: Employee, at: datetime
) -> JournalEntry:
    """Keep what was typed so far. Raises StaleVersion, NotFound, or RecordsError for a row already saved."""
    entry = _own_entry(session, entry_id, employee)
    wanted = _cleaned(fields)
    if _same(entry, wanted):
        return entry
    _check_version(entry, version)
    if entry.state != DRAFT:
        raise RecordsError("Запись уже внесена в журнал.")
    _assign(entry, wanted)
    entry.draft_saved_at = at
    session.flush()
    return entry


def save_entry(  # noqa: PLR0917 - who, what, when: as in every verb
    session: Session,
    entry_id: int,
    fields: Mapping[str, Any],
    version: int,
    employee: Employee,
    at: datetime,
    *,
    ip: str = "",
) -> JournalEntry:
    """Enter the row into the journal: number, end of the wrap-up, audit, all in one transaction.

    The same save again (a double click, a repeated request) returns the row as it is. Raises Incomplete with a
    sentence for each missing column, StaleVersion with the stored values, NotFound for a row of somebody else.
    """
    entry = _own_entry(session, entry_id, employee)
    wanted = _cleaned(fields)
    if entry.state == SAVED and _same(entry, wanted):
        return entry
    if not _same(entry, wanted):
        _check_version(entry, version)
    if entry.state == SAVED:
        raise RecordsError("Запись уже внесена в журнал.")
    complete = {field: wanted.get(field, getattr(entry, field)) for field in _REQUIRED}
    missing = {field: sentence for field, sentence in _REQUIRED.items() if not complete[field]}
    if missing:
        raise Incomplete(missing)
    _assign(entry, wanted)
    entry.year = _year(session, entry.service_id, at)
    entry.number = _next_number(session, entry.service_id, entry.year)
    entry.state, entry.saved_at, entry.author_id = SAVED, at, employee.id
    entry.version += 1
    session.flush()
    if entry.call_id is not None:
        presence.end_wrapups_of(session, entry.call_id, at)
    write(
        session,
        Actor.of(employee, ip),
        "journal.save",
        subject="journal_entry",
        subject_id=entry.id,
        family_id=entry.family_id,
        details={"number": entry.number, "year": entry.year, "service": entry.service_id},
        at=at,
    )
    return entry


def _of_call(call_id: int) -> Select[JournalEntry]:
    return select(JournalEntry).where(JournalEntry.call_id == call_id).execution_options(populate_existing=True)


def _first_service(session: Session) -> int:
    return session.scalars(select(Service.id).order_by(Service.id)).first() or 0


def _year(session: Session, service_id: int, at: datetime) -> int:
    """The year by the institution's clock: at 0:30 on 1 January in Vladivostok it is still the old year in UTC."""
    service = session.get(Service, service_id)
    zone = service.institution.timezone if service else "Europe/Moscow"
    return at.astimezone(ZoneInfo(zone)).year


def _next_number(session: Session, service_id: int, year: int) -> int:
    insert_missing(session, JournalCounter, {"service_id": service_id, "year": year}, ["service_id", "year"])
    counter = update(JournalCounter).where(JournalCounter.service_id == service_id, JournalCounter.year == year)
    # The row stays locked until the commit, so the next saver waits; a rollback gives the number back.
    raised = counter.values(last=JournalCounter.last + 1).returning(JournalCounter.last)
    return session.execute(raised).scalar_one()


def _own_entry(session: Session, entry_id: int, employee: Employee) -> JournalEntry:
    """The author's row, or that of a call in which this employee took part; the head may complete any."""
    entry = fetch(session, JournalEntry, entry_id, lock=True)
    if entry is None:
        raise NotFound("Такой записи в журнале нет.")
    if entry.author_id == employee.id or employee.role in (Role.HEAD.value, Role.DIRECTOR.value):
        return entry
    call = session.get(CallRecord, entry.call_id) if entry.call_id else None
    if call is not None and any(leg.employee_id == employee.id and leg.answered_at for leg in call.legs):
        return entry
    raise NotFound("Такой записи в журнале нет.")


def _cleaned(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Take the form's fields as they may be stored; an unknown contact method is no contact method."""
    cleaned: dict[str, Any] = {}
    for field in FIELDS:
        if field not in fields:
            continue
        value = fields[field]
        if field == "obstacle":
            cleaned[field] = value if isinstance(value, bool) else None
        elif field in ("substance", "family_brief"):
            cleaned[field] = clean_text(str(value or ""))
        else:
            cleaned[field] = clean_line(str(value or ""), 200)
    if cleaned.get("contact_method", "phone") not in CONTACT_METHODS:
        cleaned["contact_method"] = ""
    return cleaned


def _same(entry: JournalEntry, wanted: Mapping[str, Any]) -> bool:
    return all(getattr(entry, field) == value for field, value in wanted.items())


def _check_version(entry: JournalEntry, version: int) -> None:
    if entry.version != version:
        raise StaleVersion(values_of(entry), entry.version)


def _assign(entry: JournalEntry, wanted: Mapping[str, Any]) -> None:
    if not _same(entry, wanted):
        for field, value in wanted.items():
            setattr(entry, field, value)
        entry.version += 1


def values_of(entry: JournalEntry) -> dict[str, Any]:
    """Return the form's fields as stored."""
    return {field: getattr(entry, field) for field in FIELDS}


def entry_of_call(session: Session, call_id: int) -> JournalEntry | None:
    """Return the call's row, draft or saved."""
    return session.scalars(_of_call(call_id)).one_or_none()


def fetch_entry(session: Session, entry_id: int, employee: Employee) -> JournalEntry:
    """Return a row for reading. Raises NotFound where the employee works for another service or may not see the
    family.
    """
    entry = fetch(session, JournalEntry, entry_id)
    if entry is None or entry.service_id not in readable_services(session, employee):
        raise NotFound("Такой записи в журнале нет.")
    family = session.get(Family, entry.family_id) if entry.family_id else None
    if family is not None and not visible_to(session, family, employee) and entry.author_id != employee.id:
        raise NotFound("Такой записи в журнале нет.")
    return entry


def readable_services(session: Session, employee: Employee) -> set[int]:
    """Return the services whose journal this employee reads: the head and the director all, the operators their own."""
    if employee.role in (Role.HEAD.value, Role.DIRECTOR.value):
        return set(session.scalars(select(Service.id)))
    if employee.role in (Role.ADMINISTRATOR.value, Role.AUDITOR.value):
        return set()
    return set(service_ids_of(session, employee.id))


def entries(
    session: Session,
    service_id: int,
    *,
    year: int | None = None,
    drafts: bool = False,
    author_id: int | None = None,
    text: str = "",
    limit: int = 50,
    offset: int = 0,
) -> Sequence[JournalEntry]:
    """Return the journal's rows, newest number first; with `drafts`, the unfinished ones instead."""
    statement = select(JournalEntry).where(JournalEntry.service_id == service_id)
    statement = statement.where(JournalEntry.state == (DRAFT if drafts else SAVED))
    if year is not None:
        statement = statement.where(JournalEntry.year == year)
    if author_id is not None:
        statement = statement.where(JournalEntry.author_id == author_id)
    if line := clean_line(text):
        columns = (JournalEntry.applicant_name, JournalEntry.substance, JournalEntry.topic)
        statement = statement.where(or_(*(column.contains(line, autoescape=True) for column in columns)))
    order = (JournalEntry.year.desc(), JournalEntry.number.desc(), JournalEntry.id.desc())
    return session.scalars(statement.order_by(*order).limit(limit).offset(offset)).all()
