"""How many orders could begin at this instant: the ticker wakes workers for no more than that.

Only a hint. Whether a call is made is asked again in the transaction that writes its attempt (`crm.dialler.gating`);
without the hint, tasks that find all lines taken would be put off by seconds each, and lines would stand empty.
"""

from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from callflow.dialler.rules import Caps
from callflow.dialler.states import Channel, TaskState
from crm.dialler import switches
from crm.dialler.tables import DialAttempt, DiallerSettings, DialTask, LineSlot, went_out

LATE = timedelta(minutes=2)
"""A task that is due is looked at every second; rules put off what may not be called."""
_SECOND = timedelta(seconds=1)


def room(session: Session, at: datetime) -> int:
    """Orders that could begin now: free lines, and what the rate leaves of this second. None while the robot is
    stopped or paused, or no service has switched it on."""
    standing = switches.current(session)
    if standing.stopped or (standing.paused_until is not None and at < standing.paused_until):
        return 0
    caps = widest(session)
    taken = session.scalar(select(func.count()).where(LineSlot.attempt_id.is_not(None))) or 0
    begun = session.scalar(select(func.count(DialAttempt.id)).where(DialAttempt.sending_at > at - _SECOND, went_out()))
    return max(0, min(caps.lines - taken, caps.per_second - (begun or 0)))


def widest(session: Session) -> Caps:
    """The largest of each limit over the services: what one trunk must bear. The defaults where nobody has decided."""
    row = session.execute(
        select(
            func.max(DiallerSettings.lines), func.max(DiallerSettings.trunk_lines), func.max(DiallerSettings.per_second)
        )
    ).one()
    lines, trunk_lines, per_second = row
    if lines is None:
        return Caps()
    return Caps(lines=lines, trunk_lines=trunk_lines, per_second=per_second)


def overdue(session: Session, at: datetime) -> int:
    """Tasks of the robot that have been due for longer than `LATE` while it may call: a dead ticker does that (F23)."""
    if room(session, at) == 0:
        return 0
    late = select(func.count(DialTask.id)).where(
        DialTask.channel == Channel.ROBOT.value, DialTask.state == TaskState.DUE.value, DialTask.due_at <= at - LATE
    )
    return session.scalar(late) or 0
