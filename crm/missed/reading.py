"""What the pages show of the ledger: the count in the top bar, the open rows, the closed ones, one row whole.

Who calls is masked as everywhere before an identity is confirmed (`crm.masked`). Of a restricted card, whoever is not
entitled sees the number and nothing else: no name, no link, no sign that there is a card.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from callflow.calendar import ServiceCalendar
from crm.audit import Actor, write
from crm.calendar.reading import calendar_of
from crm.call_tables import CallRecord
from crm.family_tables import ACTIVE, Family, Person
from crm.institution import Line, Service
from crm.lines import voice
from crm.lines.tables import VoiceMessage
from crm.masked import MaskedFamily, masked, masked_number
from crm.missed import attempts, rows
from crm.missed.access import fetch_row, is_theirs
from crm.missed.claiming import holder_of
from crm.missed.keeping import keepers
from crm.missed.promise_rules import REMIND
from crm.missed.rules import CLOSING_REASONS, TAKEN_OVER, Reason
from crm.missed.tables import MissedAttempt, MissedCall, MissedContact
from crm.staff import Employee
from crm.visibility import seen_by

MOST = 200
"""Rows of one page; a desk with more open call-backs than that has another trouble."""

MOST_REMINDED = 5
DRAWN_AHEAD = timedelta(minutes=30)
"""Promises are drawn so long ahead, unseen: the page shows each in its minute, whether or not anything else happens."""


@dataclass(frozen=True)
class MissedCount:
    """How many are to be called back, how many of them are late, and how many were promised a time that is near or
    past."""

    open: int
    overdue: int
    promised: int = 0


NONE_MISSED = MissedCount(0, 0)


@dataclass(frozen=True)
class MissedRow:
    """One line of «Перезвонить». `minutes`: working minutes left, or late (negative). `who` is None where nobody is
    known, or nobody may be; `guarded` where the viewer may not know who it is: then no words are shown either. `owner`:
    who promised to call herself; `keeper`: the same while the others leave it to her (`crm.missed.keeping`).
    """

    row: MissedCall
    who: MaskedFamily | None
    number: str
    number_note: str
    reasons: tuple[str, ...]
    overdue: bool
    minutes: int
    holder: Employee | None
    attempts: int
    last_attempt: MissedAttempt | None
    voices: tuple[VoiceMessage, ...]
    lines: tuple[str, ...]
    service: str
    closed_words: str = ""
    closed_by: str = ""
    guarded: bool = False
    owner: Employee | None = None
    keeper: Employee | None = None

    @property
    def busy_with(self) -> Employee | None:
        """Who has it: is calling back now, or keeps the promise."""
        return self.holder or self.keeper


@dataclass(frozen=True)
class MissedWhole:
    """One row with everything: the full number (masked where the row is guarded), every call, every attempt."""

    line: MissedRow
    number: str | None
    contacts: Sequence[MissedContact]
    attempts: Sequence[MissedAttempt]
    names: dict[int, str] = field(default_factory=dict)


def count(session: Session, service_ids: Collection[int], at: datetime) -> MissedCount:
    """Return the count for the top bar: one question to an index of the open rows, on every page."""
    if not service_ids:
        return NONE_MISSED
    is_open = MissedCall.closed_at.is_(None) & MissedCall.service_id.in_(service_ids)
    late = func.count().filter(MissedCall.due_at <= at)
    near = func.count().filter(MissedCall.promised_for <= at + REMIND + DRAWN_AHEAD)
    found, overdue, promised = session.execute(select(func.count(), late, near).where(is_open)).one()
    return MissedCount(found, overdue, promised)


def open_rows(
    session: Session, viewer: Employee, at: datetime, *, service_id: int | None = None, limit: int = MOST
) -> list[MissedRow]:
    """Return who is to be called back, in the order in which it is due: the late ones first, each at the place in line
    of its first call.
    """
    statement = select(MissedCall).where(MissedCall.closed_at.is_(None), is_theirs(session, viewer))
    if service_id is not None:
        statement = statement.where(MissedCall.service_id == service_id)
    statement = statement.order_by(MissedCall.due_at, MissedCall.first_at, MissedCall.id).limit(limit)
    return _lines(session, session.scalars(statement).all(), viewer, at)


def promises_near(session: Session, viewer: Employee, at: datetime, ahead: timedelta) -> list[MissedRow]:
    """The promises of which this person is reminded within `ahead`: her own, and those that fall to everybody; the
    earliest first."""
    near = select(MissedCall).where(
        MissedCall.closed_at.is_(None), MissedCall.promised_for <= at + ahead + REMIND, is_theirs(session, viewer)
    )
    found = session.scalars(near.order_by(MissedCall.promised_for, MissedCall.id).limit(MOST_REMINDED)).all()
    lines = _lines(session, found, viewer, at) if found else []
    return [one for one in lines if one.busy_with is None or one.busy_with.id == viewer.id]


def closed_rows(
    session: Session,
    viewer: Employee,
    at: datetime,
    *,
    since: datetime,
    until: datetime,
    service_id: int | None = None,
    limit: int = MOST,
) -> list[MissedRow]:
    """Return the rows closed in [since, until), the newest first; joined ones and calls that were answered after all
    are not calls missed.
    """
    statement = select(MissedCall).where(MissedCall.closed_at >= since, MissedCall.closed_at < until)
    statement = statement.where(is_theirs(session, viewer), MissedCall.closed_how.in_([rows.TALK, rows.BY_REASON]))
    if service_id is not None:
        statement = statement.where(MissedCall.service_id == service_id)
    statement = statement.order_by(MissedCall.closed_at.desc(), MissedCall.id.desc()).limit(limit)
    return _lines(session, session.scalars(statement).all(), viewer, at)


def open_whole(session: Session, missed_id: int, viewer: Employee, at: datetime, *, ip: str = "") -> MissedWhole:
    """Return one row with its full number, and log that it was looked at. Raises NotFound."""
    row = fetch_row(session, missed_id, viewer)
    (line,) = _lines(session, [row], viewer, at)
    actor = Actor.of(viewer, ip)
    write(session, actor, "missed.open", subject="missed", subject_id=row.id, family_id=row.family_id, at=at)
    tried = attempts.of_row(session, row.id)
    ids = {one.employee_id for one in tried} | {row.created_by_id, row.closed_by_id}
    found = session.scalars(select(Employee).where(Employee.id.in_({one for one in ids if one})))
    names = {one.id: one.short_name for one in found}
    number = None if line.guarded else row.number
    return MissedWhole(line, number, rows.contacts(session, row), tried, names)


def _lines(session: Session, found: Sequence[MissedCall], viewer: Employee, at: datetime) -> list[MissedRow]:
    ids = [row.id for row in found]
    cards = _cards(session, {row.family_id for row in found if row.family_id}, viewer)
    people = _people(session, {row.person_id for row in found if row.person_id})
    services = {one.id: one.name for one in session.scalars(select(Service))}
    titles = {one.id: one.title or one.kind for one in session.scalars(select(Line))}
    contacts: dict[int, list[MissedContact]] = {one: [] for one in ids}
    for contact in session.scalars(
        select(MissedContact).where(MissedContact.missed_id.in_(ids)).order_by(MissedContact.at)
    ):
        contacts[contact.missed_id].append(contact)
    messages = voice.messages(session, [one.call_id for some in contacts.values() for one in some if one.call_id])
    kinds = _kinds(session, [some[-1].call_id for some in contacts.values() if some and some[-1].call_id])
    tried: dict[int, list[MissedAttempt]] = {one: [] for one in ids}
    tries = select(MissedAttempt).where(MissedAttempt.missed_id.in_(ids), MissedAttempt.result != TAKEN_OVER)
    for attempt in session.scalars(tries.order_by(MissedAttempt.at, MissedAttempt.id)):
        tried[attempt.missed_id].append(attempt)
    kept = keepers(session, found, at)
    owner_ids = {row.owner_id for row in found if row.owner_id}
    owners = {one.id: one for one in session.scalars(select(Employee).where(Employee.id.in_(owner_ids)))}
    closers = {row.closed_by_id for row in found if row.closed_by_id}
    names = {one.id: one.short_name for one in session.scalars(select(Employee).where(Employee.id.in_(closers)))}
    calendars: dict[int, ServiceCalendar] = {}
    lines = []
    for row in found:
        if row.service_id not in calendars:
            calendars[row.service_id] = calendar_of(session, row.service_id)
        own = contacts[row.id]
        guarded = row.family_id is not None and row.family_id not in cards
        last = own[-1].call_id if own else None
        lines.append(
            MissedRow(
                row=row,
                who=_who(session, row, cards.get(row.family_id or 0), people.get(row.person_id or 0), viewer),
                number=masked_number(row.number or ""),
                number_note=_number_note(row, kinds.get(last or 0, "")),
                reasons=tuple(Reason(code).words for code in reversed(row.reasons)),
                overdue=row.closed_at is None and row.due_at <= at,
                minutes=_minutes(calendars[row.service_id], row, at) if row.closed_at is None else 0,
                holder=holder_of(session, row, at) if row.closed_at is None else None,
                attempts=len(tried[row.id]),
                last_attempt=tried[row.id][-1] if tried[row.id] else None,
                voices=() if guarded else tuple(messages[one.call_id] for one in own if one.call_id in messages),
                lines=tuple(dict.fromkeys(titles[one.line_id] for one in own if one.line_id)),
                service=services[row.service_id],
                closed_words=_closed_words(row),
                closed_by=names.get(row.closed_by_id or 0, ""),
                guarded=guarded,
                owner=owners.get(row.owner_id or 0) if row.closed_at is None else None,
                keeper=kept.get(row.id),
            )
        )
    return lines


def _minutes(calendar: ServiceCalendar, row: MissedCall, at: datetime) -> int:
    """Working minutes left or late; of what was promised to a person, minutes of her clock."""
    if row.promised_for is not None:
        return round((row.due_at - at).total_seconds() / 60)
    if row.due_at > at:
        return round(calendar.working_minutes(at, row.due_at))
    return -round(calendar.working_minutes(row.due_at, at))


def _cards(session: Session, ids: Collection[int], viewer: Employee) -> dict[int, Family]:
    if not ids:
        return {}
    statement = select(Family).where(Family.id.in_(ids), Family.state == ACTIVE, seen_by(viewer))
    return {family.id: family for family in session.scalars(statement)}


def _people(session: Session, ids: Collection[int]) -> dict[int, Person]:
    if not ids:
        return {}
    return {person.id: person for person in session.scalars(select(Person).where(Person.id.in_(ids)))}


def _who(
    session: Session, row: MissedCall, family: Family | None, person: Person | None, viewer: Employee
) -> MaskedFamily | None:
    if family is None:
        return None
    known = person if person is not None and person.family_id == family.id else None
    members = family.members
    shown = known or next((one for one in members if one.is_applicant), members[0] if members else None)
    return masked(session, shown, family, row.number or "", viewer) if shown is not None else None


def _kinds(session: Session, ids: Collection[int | None]) -> dict[int, str]:
    statement = select(CallRecord.id, CallRecord.caller_kind).where(CallRecord.id.in_([one for one in ids if one]))
    return {row.id: row.caller_kind for row in session.execute(statement)}


def _number_note(row: MissedCall, kind: str) -> str:
    if kind == "hidden":
        return "номер набран звонившим" if row.number else "номер скрыт"
    if kind in ("suspicious", "own"):
        return "номер подозрителен: возможна подмена"
    return "" if row.number else "номер неизвестен"


def _closed_words(row: MissedCall) -> str:
    if row.closed_how == rows.TALK:
        return "поговорили"
    return CLOSING_REASONS.get(row.closed_reason, "")
