"""What was done with one telephone and one family, by robots and by people, up to now: one statement for all of it.

Every order asks; at an hour at which a thousand reminders fall due that is most of what the records do. So the
statement is made once, each of its parts finds its rows by an index of its own, and nothing of an answer is kept.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    ScalarSelect,
    SQLColumnExpression,
    bindparam,
    exists,
    func,
    or_,
    select,
)
from sqlalchemy.orm import Session

from callflow.dialler.rules import DAY, PROMISED
from callflow.dialler.states import AttemptState, Channel, TaskState
from callflow.outgoing import Result
from crm.call_tables import CallRecord
from crm.dialler.tables import DialAttempt, DialTask, lines_taken, still_there, went_out
from crm.missed.tables import MissedCall
from crm.outgoing.tables import OutgoingCall

WEEK, MONTH = 7 * DAY, 30 * DAY
LONGEST_TALK = timedelta(hours=4)
"""A talk that ended within the gap began no longer before it than this."""
CALLING_BACK = timedelta(minutes=15)
"""So long a colleague who took a missed call is believed to be calling back."""
_MAY_HAVE_RUNG = [one.value for one in Result if one.number_rang or one in (Result.ANSWERED, Result.UNKNOWN)]
"""Of a person's call. What nobody knows of counts as if it had rung, as the robot's does."""
_GIVEN_UP = [Result.CANCELLED.value]
"""She put her telephone down before the family answered, perhaps when a caller came. She may try again when she likes;
the robot does not ring there a moment later."""


@dataclass(frozen=True)
class History:
    """`rang`: attempts of the task at which the telephone rang; `family_*`: how often telephones of the family rang
    because of us; `last_start`: when a call of ours to this telephone last began, by whomever; `last_talk`: when a talk
    with the family last ended, only as far back as the gap reaches; `promised`: when a call-back to the
    family was promised for, the last of those that are near; `number_live`: somebody of the family is on the
    line with us in either direction, or is being called; `colleague`: a person is calling the family, holds its card in
    the human list, or is calling it back."""

    rang: int
    family_day: int
    family_week: int
    family_month: int
    service_day: int
    begun_this_second: int
    slots_taken: int
    last_start: datetime | None
    last_talk: datetime | None
    promised: datetime | None
    number_live: bool
    colleague: bool


def of(  # noqa: PLR0917 - of what, of which telephone, and when
    session: Session, task: DialTask, number: str, at: datetime, midnight: datetime, gap: timedelta
) -> History:
    """Read it as it is at `at` in this transaction. `midnight`: the beginning of the institution's day; `gap`: how far
    back a talk counts."""
    by_robot = task.channel == Channel.ROBOT.value
    values: Mapping[str, Any] = {
        "keeps_away": [*_MAY_HAVE_RUNG, *(_GIVEN_UP if by_robot else ())],
        "task": task.id,
        "service": task.service_id,
        "family": task.family_id,
        "number": number,
        "now": at,
        "second": at - timedelta(seconds=1),
        "midnight": midnight,
        "week": at - WEEK,
        "month": at - MONTH,
        "talk": at - gap - LONGEST_TALK,
        "calling_back": at - CALLING_BACK,
        "promised_since": at - PROMISED,
        "promised_until": at + PROMISED,
    }
    row = session.execute(_ALL, values).one()
    by_robots = (row.robot_day, row.robot_week, row.robot_month)
    by_people = (row.people_day, row.people_week, row.people_month)
    day, week, month = (ours + theirs for ours, theirs in zip(by_robots, by_people, strict=True))
    return History(
        rang=row.rang,
        family_day=day,
        family_week=week,
        family_month=month,
        service_day=row.service_day,
        begun_this_second=row.begun_this_second,
        slots_taken=row.slots_taken,
        last_start=max((one for one in (row.robot_start, row.people_start) if one is not None), default=None),
        last_talk=row.last_talk,
        promised=row.promised,
        number_live=row.being_called or row.talking,
        colleague=row.card_held or row.colleague_calls or row.colleague_calls_back,
    )


_NUMBER: BindParameter[str] = bindparam("number")
_FAMILY: BindParameter[int | None] = bindparam("family")
"""None compares with nothing: then only the number tells."""
_TASK: BindParameter[int] = bindparam("task")
_robots = or_(DialAttempt.number == _NUMBER, DialAttempt.family_id == _FAMILY)
_peoples = or_(OutgoingCall.number == _NUMBER, OutgoingCall.family_id == _FAMILY)
_talks = or_(CallRecord.caller_number == _NUMBER, CallRecord.family_id == _FAMILY)
_may_have_rung = or_(DialAttempt.rang, DialAttempt.live, DialAttempt.state == AttemptState.UNKNOWN.value)
"""What is on the wire, and what nobody knows of, counts as if it had rung."""


def _attempts(*conditions: SQLColumnExpression[bool]) -> ScalarSelect[int]:
    return select(func.count(DialAttempt.id)).where(went_out(), *conditions).scalar_subquery()


def _by_robots(since: str) -> ScalarSelect[int]:
    return _attempts(_robots, DialAttempt.sending_at >= bindparam(since), _may_have_rung)


def _by_people(since: str) -> ScalarSelect[int]:
    calls = select(func.count(OutgoingCall.id)).where(
        _peoples,
        OutgoingCall.placed_at >= bindparam(since),
        OutgoingCall.result.in_(_MAY_HAVE_RUNG),
        OutgoingCall.task_id.is_not(None),
    )
    return calls.scalar_subquery()


def _latest(what: SQLColumnExpression[Any], *conditions: ColumnElement[bool]) -> ScalarSelect[datetime | None]:
    return select(func.max(what)).where(*conditions).scalar_subquery()


_of_service = select(DialTask.id).where(DialTask.id == DialAttempt.task_id, DialTask.service_id == bindparam("service"))
_ALL = select(
    _attempts(DialAttempt.task_id == _TASK, DialAttempt.rang).label("rang"),
    _by_robots("midnight").label("robot_day"),
    _by_robots("week").label("robot_week"),
    _by_robots("month").label("robot_month"),
    _by_people("midnight").label("people_day"),
    _by_people("week").label("people_week"),
    _by_people("month").label("people_month"),
    _attempts(DialAttempt.sending_at >= bindparam("midnight"), _of_service.exists()).label("service_day"),
    _attempts(DialAttempt.sending_at > bindparam("second")).label("begun_this_second"),
    lines_taken().scalar_subquery().label("slots_taken"),
    _latest(DialAttempt.sending_at, DialAttempt.number == _NUMBER, went_out()).label("robot_start"),
    _latest(
        OutgoingCall.placed_at,
        OutgoingCall.number == _NUMBER,
        or_(OutgoingCall.live, OutgoingCall.result.in_(bindparam("keeps_away", expanding=True))),
    ).label("people_start"),
    _latest(
        CallRecord.ended_at,
        _talks,
        CallRecord.answered_at.is_not(None),
        CallRecord.arrived_at >= bindparam("talk"),
    ).label("last_talk"),
    _latest(
        MissedCall.promised_for,
        MissedCall.closed_at.is_(None),
        or_(MissedCall.number == _NUMBER, MissedCall.family_id == _FAMILY),
        MissedCall.promised_for > bindparam("promised_since"),
        MissedCall.promised_for < bindparam("promised_until"),
    ).label("promised"),
    exists().where(_robots, still_there()).label("being_called"),
    exists().where(_talks, CallRecord.ended_at.is_(None)).label("talking"),
    exists()
    .where(
        DialTask.family_id == _FAMILY,
        DialTask.id != _TASK,
        DialTask.channel == Channel.HUMAN.value,
        DialTask.state.in_((TaskState.CLAIMED.value, TaskState.CALLING.value)),
        DialTask.lease_until > bindparam("now"),
    )
    .label("card_held"),
    exists()
    .where(OutgoingCall.live, _peoples, or_(OutgoingCall.task_id.is_(None), OutgoingCall.task_id != _TASK))
    .label("colleague_calls"),
    exists()
    .where(
        MissedCall.closed_at.is_(None),
        or_(MissedCall.number == _NUMBER, MissedCall.family_id == _FAMILY),
        MissedCall.claimed_at > bindparam("calling_back"),
    )
    .label("colleague_calls_back"),
)
