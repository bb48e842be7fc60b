"""What a booking does to the appeal it belongs to: «назначен приём», column 6, the control date (domain.md §6.1)."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from crm.appeals.access import may_read
from crm.appeals.rows import WRITERS, change, log, zone_of
from crm.appeals.states import WORKING, Progress
from crm.appeals.work import add_measure, note_measure
from crm.appointments import support
from crm.appointments.tables import AHEAD, CANCELLED, MODES, MOVED, Appointment
from crm.audit import Actor, write
from crm.base import fetch
from crm.journal_tables import SAVED, JournalEntry
from crm.staff import Employee

ROBOT = "робот"
"""Who stands in the audit log for what a family did by a key."""
BY_KEY = "семья, клавишей в автоматическом звонке"


def may_link(session: Session, entry: JournalEntry, employee: Employee) -> bool:
    """Whether this employee may tie a booking to the row: her own, or one that she reads and works at."""
    if entry.author_id == employee.id:
        return True
    return entry.state == SAVED and employee.role in WRITERS and may_read(session, entry, employee)


def booked(session: Session, row: Appointment, employee: Employee, at: datetime, *, ip: str = "") -> None:
    """A new appointment: the appeal waits for it, if it is in the journal already; a draft does when it is saved."""
    entry = fetch(session, JournalEntry, row.entry_id, lock=True) if row.entry_id else None
    if entry is None:
        return
    if row.long_support:
        support.raise_need(session, entry, employee, at, ip=ip)
    if entry.state == SAVED and employee.role in WRITERS and may_read(session, entry, employee):
        _wait_for(session, entry, row, employee, at, ip)


def entry_saved(session: Session, entry: JournalEntry, employee: Employee, at: datetime, *, ip: str = "") -> None:
    """The row has got its number: what was booked while it was a draft stands in it now. Called by `crm.journal`."""
    statement = select(Appointment).where(Appointment.entry_id == entry.id, Appointment.state.in_(AHEAD))
    for row in session.scalars(statement.order_by(Appointment.starts_at)):
        _wait_for(session, entry, row, employee, at, ip)


def left(session: Session, row: Appointment, employee: Employee, at: datetime, *, ip: str = "") -> None:
    """The appointment took place, was missed or called off: the appeal is in work again unless another is to come."""
    entry = fetch(session, JournalEntry, row.entry_id, lock=True) if row.entry_id else None
    if entry is None or entry.state != SAVED:
        return
    if row.state in (CANCELLED, MOVED):
        _measure(session, entry, _gone_words(session, entry, row), employee, at, ip)
    others = select(Appointment.id).where(Appointment.entry_id == entry.id, Appointment.state.in_(AHEAD)).limit(1)
    if entry.progress != Progress.APPOINTMENT or session.scalars(others).first() is not None:
        return
    change(session, entry, {"progress": Progress.IN_WORK.value}, employee, at)
    log(session, "journal.move", entry, employee, at, ip, progress=Progress.IN_WORK.value)


def confirmed_by_key(session: Session, row: Appointment, at: datetime) -> None:
    """The family has said by a key that it comes: a line of column 6, where the question is still being solved."""
    entry = _entry_at_work(session, row)
    if entry is not None:
        _note_by_key(session, entry, f"Семья подтвердила приём клавишей: {words_of(session, entry, row)}", at)


def left_by_key(session: Session, row: Appointment, at: datetime) -> None:
    """As `left`, for a booking that the family has called off or moved by a key in a call of the robot."""
    entry = _entry_at_work(session, row)
    if entry is None:
        return
    _note_by_key(session, entry, f"{_gone_words(session, entry, row)} (клавишей в автоматическом звонке)", at)
    others = select(Appointment.id).where(Appointment.entry_id == entry.id, Appointment.state.in_(AHEAD)).limit(1)
    if entry.progress == Progress.APPOINTMENT and session.scalars(others).first() is None:
        _progress_by_key(session, entry, {"progress": Progress.IN_WORK.value}, at)


def booked_by_key(session: Session, row: Appointment, at: datetime) -> None:
    """As `booked`, for the time that the family has chosen by a key."""
    entry = _entry_at_work(session, row)
    if entry is None:
        return
    _note_by_key(session, entry, f"Запись на приём: {words_of(session, entry, row)}", at)
    day = row.starts_at.astimezone(zone_of(session, entry)).date()
    _progress_by_key(session, entry, {"progress": Progress.APPOINTMENT.value, "next_check_on": day}, at)


def _entry_at_work(session: Session, row: Appointment) -> JournalEntry | None:
    entry = fetch(session, JournalEntry, row.entry_id, lock=True) if row.entry_id else None
    if entry is None or entry.state != SAVED or Progress(entry.progress) not in WORKING:
        return None
    return entry


def _note_by_key(session: Session, entry: JournalEntry, words: str, at: datetime) -> None:
    """Nobody of the office did it: the line stands under the name of whoever answers for the row."""
    note_measure(session, entry, "other", {"what": words}, "", _whose(session, entry), at)


def _progress_by_key(session: Session, entry: JournalEntry, values: dict[str, object], at: datetime) -> None:
    changed = change(session, entry, values, _whose(session, entry), at, reason=BY_KEY)
    if changed:
        write(
            session,
            Actor(None, ROBOT),
            "journal.move",
            subject="journal_entry",
            subject_id=entry.id,
            family_id=entry.family_id,
            details={"number": entry.number, "year": entry.year, "progress": values["progress"]},
            at=at,
        )


def _whose(session: Session, entry: JournalEntry) -> Employee:
    return session.get_one(Employee, entry.responsible_id or entry.author_id)


def _wait_for(  # noqa: PLR0917 - which row, for what, by whom, when
    session: Session, entry: JournalEntry, row: Appointment, employee: Employee, at: datetime, ip: str
) -> None:
    if Progress(entry.progress) not in WORKING:
        return
    _measure(session, entry, f"Запись на приём: {words_of(session, entry, row)}", employee, at, ip)
    day = row.starts_at.astimezone(zone_of(session, entry)).date()
    change(session, entry, {"progress": Progress.APPOINTMENT.value, "next_check_on": day}, employee, at)
    log(session, "journal.move", entry, employee, at, ip, progress=Progress.APPOINTMENT.value)


def _measure(  # noqa: PLR0917 - as above
    session: Session, entry: JournalEntry, words: str, employee: Employee, at: datetime, ip: str
) -> None:
    """A line of column 6, where this employee writes it and the question is still being solved."""
    if (
        Progress(entry.progress) not in WORKING
        or employee.role not in WRITERS
        or not may_read(session, entry, employee)
    ):
        return
    add_measure(session, entry.id, "other", "", {"what": words}, None, True, employee, at, ip=ip)


def words_of(session: Session, entry: JournalEntry, row: Appointment) -> str:
    """«юрист Смирнова О. П., 26.11.2026 14:30, каб. 12»."""
    specialist = session.get_one(Employee, row.employee_id)
    when = row.starts_at.astimezone(zone_of(session, entry))
    place = f"каб. {row.room}" if row.mode == "office" and row.room else MODES.get(row.mode, "")
    who = f"{specialist.position} {specialist.short_name}".strip()
    return ", ".join(part for part in (who, f"{when:%d.%m.%Y %H:%M}", place) if part)


def _gone_words(session: Session, entry: JournalEntry, row: Appointment) -> str:
    if row.state == MOVED:
        return f"Приём перенесён: {words_of(session, entry, row)}"
    by = {"family": "заявителем", "service": "учреждением"}.get(row.cancelled_by, "")
    return f"Приём отменён {by}: {words_of(session, entry, row)}"
