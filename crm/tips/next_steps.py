"""Nobody answers: a letter, then somebody goes there on the next working day, and the head knows (domain.md §6.3)."""

from datetime import date, datetime, timedelta

from sqlalchemy.orm import Session

from callflow.text import clean_line
from crm.appeals.states import WORKING
from crm.appeals.work import add_measure
from crm.calendar.reading import calendar_of
from crm.errors import Incomplete, RecordsError
from crm.journal_tables import JournalEntry
from crm.staff import Employee
from crm.tips import attempts, clock, head
from crm.tips.access import working
from crm.tips.log import log
from crm.tips.rules import ATTEMPTS, LETTERS
from crm.tips.tables import Tip

FARTHEST = timedelta(days=14)
ASKED_TO_CALL = "попросить семью позвонить нам; о причине не писать"


def written(session: Session, tip_id: int, how: str, employee: Employee, at: datetime, *, ip: str = "") -> Tip:
    """A letter or an e-mail went out, or there is nowhere to write. Raises Incomplete, NotFound, RecordsError."""
    tip = _open(session, tip_id, employee)
    if how not in LETTERS:
        raise Incomplete({"how": "Выберите, как написали."})
    if tip.letter_how == how:
        return tip
    tip.letter_how, tip.letter_at, tip.letter_by_id = how, at, employee.id
    tip.version += 1
    log(session, "tip.letter", tip, employee, at, ip, how=how)
    session.flush()
    return tip


def visit(  # noqa: PLR0917 - which, who goes where and when, by whom: as in every verb
    session: Session,
    tip_id: int,
    who: str,
    address: str,
    day: date | None,
    employee: Employee,
    at: datetime,
    *,
    ip: str = "",
) -> Tip:
    """Plan the visit: a measure of the journal row for this day (without one, the next working day); the head is told.

    Planned already, it stays. Raises Incomplete by field, NotFound, RecordsError before three attempts were made.
    """
    tip = _open(session, tip_id, employee)
    if tip.visit_on is not None:
        return tip
    if attempts.numbers_of(session, [tip.id]).get(tip.id, 0) < ATTEMPTS and not tip.risk and has_telephone(tip):
        raise RecordsError("Сначала три попытки дозвониться: выезд назначают, когда никто не ответил.")
    today = at.astimezone(calendar_of(session, tip.service_id).zone).date()
    wanted = day or clock.next_working_day(session, tip.service_id, at)
    problems = {}
    if not today <= wanted <= today + FARTHEST:
        problems["day"] = "День выезда: не раньше сегодняшнего и не позже двух недель."
    if not clean_line(who, 120):
        problems["who"] = "Кто едет."
    if not clean_line(address, 300):
        problems["address"] = "Куда ехать: адрес или как найти семью."
    if problems:
        raise Incomplete(problems)
    plan(session, tip, clean_line(who, 120), clean_line(address, 300), wanted, employee, at, ip)
    return tip


def plan(  # noqa: PLR0917 - as above
    session: Session, tip: Tip, who: str, address: str, day: date, employee: Employee, at: datetime, ip: str = ""
) -> None:
    """Write the task down where tasks are (column 6 of the row), the clock's next deadline, and tell the head."""
    entry = session.get_one(JournalEntry, tip.entry_id)
    if entry.progress in {one.value for one in WORKING}:
        facts = {"address": address, "employee": who}
        measure = add_measure(session, entry.id, "home_visit", "", facts, day, False, employee, at, ip=ip)
        tip.visit_measure_id = measure.id
    tip.visit_on, tip.visit_due_at = day, clock.end_of(calendar_of(session, tip.service_id), day)
    tip.version += 1
    head.tell(session, tip, "unreached", at)
    log(session, "tip.visit", tip, employee, at, ip)
    session.flush()


def has_telephone(tip: Tip) -> bool:
    """Whether there is anything to dial: without a telephone nobody waits for three attempts."""
    return bool(tip.numbers) or tip.family_id is not None


def _open(session: Session, tip_id: int, employee: Employee) -> Tip:
    tip = working(session, tip_id, employee)
    if tip.ended_at is not None:
        raise RecordsError("Работа по этой информации закончена.")
    return tip
