"""The red stop and the pause: what holds all the robot's calls at once. A person's calls are hers to make."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, select, update
from sqlalchemy.orm import Session

from callflow.text import clean_line
from crm.audit import Actor, write
from crm.dialler.tables import DialAttempt, DiallerSwitch
from crm.staff import Employee
from crm.upsert import insert_missing

ONE = 1


@dataclass(frozen=True)
class Switches:
    """How the switches stand. `paused_until` may lie in the past: then there is no pause."""

    stopped: bool = False
    stopped_at: datetime | None = None
    stopped_by: str = ""
    paused_until: datetime | None = None
    paused_reason: str = ""
    exchange_stopped: bool | None = None


def current(session: Session) -> Switches:
    """How they stand now."""
    row = session.get(DiallerSwitch, ONE, populate_existing=True)
    if row is None:
        return Switches()
    by = session.get(Employee, row.stopped_by_id) if row.stopped_by_id else None
    return Switches(
        stopped=row.stopped,
        stopped_at=row.stopped_at,
        stopped_by=by.short_name if by else "",
        paused_until=row.paused_until,
        paused_reason=row.paused_reason,
        exchange_stopped=row.exchange_stopped,
    )


def stop(session: Session, employee: Employee, at: datetime, *, ip: str = "") -> None:
    """The red button: no order leaves any more, and calls that ring or talk are hung up by the clerk."""
    row = _row(session, at)
    if row.stopped:
        return
    row.stopped, row.stopped_at, row.stopped_by_id, row.changed_at = True, at, employee.id, at
    session.execute(
        update(DialAttempt).where(DialAttempt.live, DialAttempt.hangup_asked_at.is_(None)).values(hangup_asked_at=at)
    )
    write(session, Actor.of(employee, ip), "dialler.stop", subject="dialler", subject_id=ONE, at=at)


def resume(session: Session, employee: Employee, at: datetime, *, ip: str = "") -> None:
    """Let the robot call again; also ends a pause."""
    row = _row(session, at)
    if not row.stopped and (row.paused_until is None or row.paused_until <= at):
        return
    row.stopped, row.paused_until, row.paused_reason, row.changed_at = False, None, "", at
    write(session, Actor.of(employee, ip), "dialler.resume", subject="dialler", subject_id=ONE, at=at)


def pause(session: Session, until: datetime, reason: str, at: datetime, *, by: Actor, employee_id: int | None) -> None:
    """No new calls before `until`; those that go on go on. The program does not shorten a longer pause that stands, but
    for one of its own of the same reason: a clock that jumped ahead and was set right would pause for hours."""
    row = _row(session, at)
    same = row.paused_reason == clean_line(reason, 200)
    if employee_id is None and not same and row.paused_until is not None and row.paused_until >= until:
        return
    row.paused_until, row.paused_reason, row.changed_at = until, clean_line(reason, 200), at
    write(session, by, "dialler.pause", subject="dialler", subject_id=ONE, at=at)


def note_told(session: Session, *, stopped: bool, at: datetime) -> None:
    """The dialplan's own switch stands so now."""
    row = _row(session, at)
    row.exchange_stopped = stopped


def to_hang_up(session: Session) -> list[str]:
    """Attempts that must end: asked for and not yet told to the exchange."""
    return list(session.scalars(_TO_HANG_UP))


_TO_HANG_UP = select(DialAttempt.id).where(
    DialAttempt.live, DialAttempt.hangup_asked_at.is_not(None), DialAttempt.hangup_done_at.is_(None)
)


def asked() -> Sequence[Select[Any]]:
    """What the exchange has not been told: how the red button stands by now, calls that must end."""
    differs = DiallerSwitch.exchange_stopped.is_distinct_from(DiallerSwitch.stopped)
    return select(DiallerSwitch.id).where(DiallerSwitch.id == ONE, differs), _TO_HANG_UP


def note_hung_up(session: Session, attempt_id: str, at: datetime) -> None:
    """The exchange was told to end this call."""
    session.execute(update(DialAttempt).where(DialAttempt.id == attempt_id).values(hangup_done_at=at))


def _row(session: Session, at: datetime) -> DiallerSwitch:
    values = {"id": ONE, "stopped": False, "paused_reason": "", "changed_at": at}
    insert_missing(session, DiallerSwitch, values, ["id"])
    return session.get_one(DiallerSwitch, ONE, with_for_update=True, populate_existing=True)
