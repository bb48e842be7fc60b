"""How many orders could begin at this instant: the ticker wakes workers for no more than that.

Only a hint. Whether a call is made is asked again in the transaction that writes its attempt (`crm.dialler.gating`);
without the hint, tasks that find all lines taken would be put off by seconds each, and lines would stand empty.
"""

from datetime import datetime, timedelta

from sqlalchemy import bindparam, func, select
from sqlalchemy.orm import Session

from callflow.dialler.rules import Caps
from callflow.dialler.states import Channel, TaskState
from crm.dialler.switches import ONE
from crm.dialler.tables import DialAttempt, DiallerSettings, DiallerSwitch, DialTask, lines_taken, went_out

LATE = timedelta(minutes=2)
"""A task that is due is looked at every second; rules put off what may not be called."""
_SECOND = timedelta(seconds=1)


def room(session: Session, at: datetime) -> int:
    """Orders that could begin now: free lines, and what the rate leaves of this second. None while the robot is
    stopped or paused, or no service has switched it on."""
    now = session.execute(_ROOM, {"second": at - _SECOND}).one()
    if now.stopped or (now.paused_until is not None and at < now.paused_until):
        return 0
    lines = _NOBODY.lines if now.lines is None else now.lines
    per_second = _NOBODY.per_second if now.per_second is None else now.per_second
    return int(max(0, min(lines - now.taken, per_second - now.begun)))


_NOBODY = Caps()
"""What holds where nobody has decided."""
_SWITCH = select(DiallerSwitch).where(DiallerSwitch.id == ONE)
_ROOM = select(
    _SWITCH.with_only_columns(DiallerSwitch.stopped).scalar_subquery().label("stopped"),
    _SWITCH.with_only_columns(DiallerSwitch.paused_until).scalar_subquery().label("paused_until"),
    select(func.max(DiallerSettings.lines)).scalar_subquery().label("lines"),
    select(func.max(DiallerSettings.per_second)).scalar_subquery().label("per_second"),
    lines_taken().scalar_subquery().label("taken"),
    select(func.count(DialAttempt.id))
    .where(DialAttempt.sending_at > bindparam("second"), went_out())
    .scalar_subquery()
    .label("begun"),
)
"""Asked at every notice of a call and before every claim."""


def widest(session: Session) -> Caps:
    """The largest of each limit over the services: what one trunk must bear. The defaults where nobody has decided."""
    row = session.execute(
        select(
            func.max(DiallerSettings.lines), func.max(DiallerSettings.trunk_lines), func.max(DiallerSettings.per_second)
        )
    ).one()
    lines, trunk_lines, per_second = row
    if lines is None:
        return _NOBODY
    return Caps(lines=lines, trunk_lines=trunk_lines, per_second=per_second)


def overdue(session: Session, at: datetime) -> int:
    """Tasks of the robot that have been due for longer than `LATE` while it may call: a dead ticker does that (F23)."""
    if room(session, at) == 0:
        return 0
    late = select(func.count(DialTask.id)).where(
        DialTask.channel == Channel.ROBOT.value, DialTask.state == TaskState.DUE.value, DialTask.due_at <= at - LATE
    )
    return session.scalar(late) or 0
