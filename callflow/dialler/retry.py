"""What follows when an attempt is over: again later, a person, or the end of the task (anchors.md §4). Pure.

The rules are data, so that a head can change them; the limits of `rules` hold over whatever they say.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from callflow.dialler.states import Disposition, TaskState


class Then(StrEnum):
    """What a disposition leads to."""

    AGAIN_AFTER = "again_after"
    """Once more after `minutes`."""
    NEXT_OCCASION = "next_occasion"
    """Once more at the task's next stretch of the plan («на следующее утро»)."""
    HUMAN = "human"
    END = "end"


@dataclass(frozen=True)
class RetryRule:
    """One row of the head's table. `times`: how often this disposition may lead to another attempt of one task."""

    then: Then
    minutes: int = 0
    times: int = 1


EDITABLE: Final[Mapping[Disposition, RetryRule]] = MappingProxyType(
    {
        Disposition.BUSY: RetryRule(Then.AGAIN_AFTER, minutes=60),
        Disposition.NO_ANSWER: RetryRule(Then.NEXT_OCCASION),
        Disposition.UNREACHABLE: RetryRule(Then.NEXT_OCCASION),
        Disposition.FAILED: RetryRule(Then.AGAIN_AFTER, minutes=60, times=2),
        Disposition.WITHDRAWN: RetryRule(Then.AGAIN_AFTER, minutes=60, times=2),
        Disposition.MACHINE: RetryRule(Then.HUMAN),
        Disposition.HUNG_UP: RetryRule(Then.HUMAN),
        Disposition.REJECTED: RetryRule(Then.HUMAN),
    }
)
"""The defaults of what a head can change."""

_FIXED: Final[Mapping[Disposition, TaskState]] = MappingProxyType(
    {
        Disposition.CONFIRMED: TaskState.CONFIRMED,
        Disposition.DELIVERED: TaskState.DELIVERED,
        Disposition.DECLINED: TaskState.DECLINED,
        Disposition.MOVED: TaskState.MOVED,
        Disposition.BAD_NUMBER: TaskState.BAD_NUMBER,
    }
)
_DENIED_AGAIN: Final = timedelta(minutes=1)


@dataclass(frozen=True)
class Next:
    """What becomes of the task: `ends_as` set, or `human`, or due again at `due_at`."""

    ends_as: TaskState | None = None
    human: bool = False
    due_at: datetime | None = None


def after(
    disposition: Disposition,
    *,
    at: datetime,
    earlier: int,
    next_occasion: datetime | None,
    table: Mapping[Disposition, RetryRule] = EDITABLE,
) -> Next:
    """What follows `disposition` at `at`.

    `earlier`: attempts of this task that ended the same way before this one; `next_occasion`: the beginning of the next
    stretch of its plan, None when there is none before the deadline. A wrong person and a refusal of robots go to a
    person: the family still has to be told.
    """
    if disposition in _FIXED:
        return Next(ends_as=_FIXED[disposition])
    if disposition is Disposition.DENIED:
        return Next(due_at=at + _DENIED_AGAIN)
    rule = table.get(disposition, EDITABLE.get(disposition, RetryRule(Then.HUMAN)))
    if rule.then is Then.END:
        return Next(ends_as=TaskState.UNREACHABLE)
    if rule.then is Then.HUMAN or earlier >= rule.times:
        return Next(human=True)
    if rule.then is Then.AGAIN_AFTER:
        return Next(due_at=at + timedelta(minutes=rule.minutes))
    return Next(due_at=next_occasion) if next_occasion is not None else Next(human=True)
