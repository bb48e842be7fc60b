"""Demo rows of «Перезвонить»: one of every kind that a dispatcher meets (domain.md §10.3; all invented)."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from crm.family_tables import Family, Phone
from crm.institution import Service
from crm.missed import rows
from crm.missed.rows import Whose
from crm.missed.rules import Key, Reason
from crm.missed.tables import MissedAttempt, MissedContact
from crm.staff import Employee, by_login

STRANGER = "+79070009951"
SHARED = "+79070000801"


@dataclass(frozen=True)
class DemoMissed:
    """Calls of one family (its card number) or one number, so many minutes ago, for the reasons given."""

    service: str
    minutes_ago: tuple[int, ...]
    reasons: tuple[Reason, ...]
    card: str = ""
    number: str | None = None
    hidden: bool = False
    promised_in: int = 0
    note: str = ""
    tried: str = ""
    closed: str = ""


CASES = (
    DemoMissed("dispatch", (4400, 4380, 20), (Reason.ABANDONED,) * 3, card="С-00005"),
    DemoMissed("dispatch", (70,), (Reason.VOICEMAIL,), card="С-00013", tried="no_answer"),
    DemoMissed("dispatch", (42, 31), (Reason.ABANDONED, Reason.CALLBACK), number=SHARED),
    DemoMissed("dispatch", (25,), (Reason.ABANDONED,), card="С-00012"),
    DemoMissed("dispatch", (18,), (Reason.BREAK,), hidden=True),
    DemoMissed("dispatch", (12,), (Reason.CALLBACK,), number=STRANGER),
    DemoMissed(
        "dispatch", (55,), (Reason.PROMISE,), card="С-00006", promised_in=120, note="сказать, готова ли справка"
    ),
    DemoMissed("coordinator", (15,), (Reason.ABANDONED,), card="С-00014"),
    DemoMissed("dispatch", (190,), (Reason.ABANDONED,), card="С-00003", closed="talk"),
    DemoMissed("dispatch", (170, 160), (Reason.ABANDONED,) * 2, number="+79070009952", closed="mistake"),
)


def load_missed(session: Session, at: datetime) -> None:
    """Enter the cases as of `at` (UTC); nothing where there are rows already."""
    services = {service.queue: service.id for service in session.scalars(select(Service))}
    lavrova = by_login(session, "lavrova")
    for case in CASES:
        _enter(session, case, services.get(case.service) or next(iter(services.values())), lavrova, at)


def _enter(session: Session, case: DemoMissed, service_id: int, employee: Employee | None, at: datetime) -> None:
    family = session.scalars(select(Family).where(Family.card_number == case.card)).one_or_none()
    number = case.number or (_number_of(session, family) if family else None)
    key = Key(family_id=family.id) if family else Key(number=number)
    whose = Whose(service_id, key, number, number is not None)
    first_at = at - timedelta(minutes=case.minutes_ago[0])
    row = rows.new_row(session, whose, first_at, first_at, source="hand" if case.promised_in else "exchange")
    row.open_key = None if case.hidden or case.closed else key.word(service_id)
    for minutes, reason in zip(case.minutes_ago, case.reasons, strict=True):
        session.add(MissedContact(missed_id=row.id, at=at - timedelta(minutes=minutes), reason=reason.value))
    if case.promised_in:
        row.promised_for, row.promise_note = at + timedelta(minutes=case.promised_in), case.note
    rows.sum_up(session, row)
    employee_id = employee.id if employee else None
    if case.tried:
        tried_at = at - timedelta(minutes=5)
        session.add(MissedAttempt(missed_id=row.id, employee_id=employee_id, at=tried_at, result=case.tried))
    if case.closed:
        how = rows.TALK if case.closed == "talk" else rows.BY_REASON
        rows.end(row, how, at - timedelta(minutes=100), employee_id=employee_id)
        row.closed_reason = "" if case.closed == "talk" else case.closed
    session.flush()


def _number_of(session: Session, family: Family) -> str | None:
    people = [person.id for person in family.people]
    return session.scalars(select(Phone.number).where(Phone.person_id.in_(people)).order_by(Phone.id)).first()
