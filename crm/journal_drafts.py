"""Drafts of journal rows: opened by a talk or by hand, tied to whoever calls, filled in once that is certain."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from callflow.identity import IdentityLevel, may_see_full_card
from callflow.names import full_name
from crm.base import fetch
from crm.call_tables import CallRecord
from crm.errors import Incomplete, NotFound
from crm.family_tables import Family, Person
from crm.institution import Service
from crm.journal_tables import CONTACT_METHODS, DRAFT, JournalEntry, of_call, values_of, year_of
from crm.masked import brief_of
from crm.staff import Employee, service_ids_of
from crm.upsert import insert_missing


def open_draft(session: Session, call: CallRecord, author_id: int, at: datetime) -> JournalEntry:
    """Return the call's one row, made as a draft the first time; a confirmed caller's card fills it in."""
    existing = session.scalars(of_call(call.id)).one_or_none()
    if existing is not None:
        return existing
    service_id = call.service_id or next(iter(service_ids_of(session, author_id)), None) or _first_service(session)
    values = {
        "service_id": service_id,
        "year": year_of(session, service_id, at),
        "call_id": call.id,
        "author_id": author_id,
        "created_at": at,
        "occurred_at": call.arrived_at,
        "person_id": None if _is_restricted(session, call.family_id) else call.person_id,
        "family_id": call.family_id,
    }
    insert_missing(session, JournalEntry, values, ["call_id"])
    entry = session.scalars(of_call(call.id)).one()
    if may_see_full_card(IdentityLevel(call.identity_level)):  # else no word of the card is read
        person = session.get(Person, call.person_id) if call.person_id else None
        family = session.get(Family, call.family_id) if call.family_id else None
        _follow(session, entry, call, person, family)
    return entry


def _is_restricted(session: Session, family_id: int | None) -> bool:
    if family_id is None:
        return False
    return bool(session.scalar(select(Family.restricted).where(Family.id == family_id)))


def new_draft(  # noqa: PLR0917 - what, by whom, when: as in every verb
    session: Session, service_id: int, contact_method: str, employee: Employee, at: datetime, form_key: str = ""
) -> JournalEntry:
    """Open a row for an appeal that is no call: in person, by mail, by a third party; or a call that was missed here.

    `form_key` names the page's form: sent again, it finds the row that it made. Raises Incomplete.
    """
    if contact_method not in CONTACT_METHODS:
        raise Incomplete({"contact_method": "Выберите способ обращения."})
    values = {
        "service_id": service_id,
        "year": year_of(session, service_id, at),
        "contact_method": contact_method,
        "author_id": employee.id,
        "created_at": at,
        "form_key": form_key or None,
    }
    if not form_key:
        entry = JournalEntry(**values)
        session.add(entry)
        session.flush()
        return entry
    insert_missing(session, JournalEntry, values, ["form_key"])
    entry = session.scalars(select(JournalEntry).where(JournalEntry.form_key == form_key)).one()
    if entry.author_id != employee.id:
        raise NotFound("Такой записи в журнале нет.")
    return entry


def name_applicant(  # noqa: PLR0917 - which row, who, by whom, when: as in every verb
    session: Session, entry_id: int, person: Person, family: Family | None, employee: Employee, at: datetime
) -> JournalEntry:
    """The author found who came or wrote: tie her own draft to the card, and fill in what is still empty.

    The same person again changes nothing. Raises NotFound for another's draft, or a row that is saved.
    """
    entry = fetch(session, JournalEntry, entry_id, lock=True)
    if entry is None or entry.author_id != employee.id or entry.state != DRAFT:
        raise NotFound("Такой записи в журнале нет.")
    family_id = family.id if family else None
    if (entry.person_id, entry.family_id) == (person.id, family_id):
        return entry
    for field, suggested in _suggestion(session, entry.person_id, entry.family_id).items():
        if getattr(entry, field) == suggested:
            setattr(entry, field, "")
    entry.person_id, entry.family_id = person.id, family_id
    for field, suggested in _suggestion(session, person.id, family_id).items():
        if not getattr(entry, field):
            setattr(entry, field, suggested)
    entry.version += 1
    entry.draft_saved_at = at
    session.flush()
    return entry


def follow_caller(
    session: Session, call: CallRecord, person: Person | None, family: Family | None, at: datetime
) -> None:
    """The operator said who calls: the draft of that call follows; a saved row does not change by itself."""
    entry = session.scalars(of_call(call.id).with_for_update(of=JournalEntry)).one_or_none()
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
    entry = session.scalars(of_call(call.id).with_for_update(of=JournalEntry)).one_or_none()
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


def _first_service(session: Session) -> int:
    return session.scalars(select(Service.id).order_by(Service.id)).first() or 0
