"""What a task and an attempt may be, and what each may become (reliability.md §3).

A task belongs to the robot or to people (`Channel`) and may pass from the first to the second, never back by itself. An
attempt moves forward only; UNKNOWN says that nothing proves what became of the order, and a person decides.
"""

from enum import StrEnum
from typing import Final


class Channel(StrEnum):
    """Who calls."""

    ROBOT = "robot"
    HUMAN = "human"


class TaskState(StrEnum):
    """Where a task stands. The first three are on the way, the others are ends."""

    DUE = "due"
    CLAIMED = "claimed"
    CALLING = "calling"

    CONFIRMED = "confirmed"
    DELIVERED = "delivered"
    DECLINED = "declined"
    MOVED = "moved"
    UNREACHABLE = "unreachable"
    CANCELLED = "cancelled"
    OPTED_OUT = "opted_out"
    EXPIRED = "expired"
    BAD_NUMBER = "bad_number"

    @property
    def is_over(self) -> bool:
        """Whether nobody calls about this any more; only a named person can change it then (I9)."""
        return self not in (TaskState.DUE, TaskState.CLAIMED, TaskState.CALLING)

    @property
    def title(self) -> str:  # type: ignore[override]  # str.title() of a state is of no use to anybody
        """For the screens."""
        return _TASK_TITLES[self]


_TASK_TITLES: Final = {
    TaskState.DUE: "ждёт своего времени",
    TaskState.CLAIMED: "готовится",
    TaskState.CALLING: "идёт звонок",
    TaskState.CONFIRMED: "придут: подтвердили",
    TaskState.DELIVERED: "напомнили",
    TaskState.DECLINED: "отменили запись",
    TaskState.MOVED: "перенесли запись",
    TaskState.UNREACHABLE: "не дозвонились",
    TaskState.CANCELLED: "звонить больше не нужно",
    TaskState.OPTED_OUT: "просили не звонить",
    TaskState.EXPIRED: "не успели",
    TaskState.BAD_NUMBER: "номер не существует",
}


class AttemptState(StrEnum):
    """Where one order to the exchange stands."""

    SENDING = "sending"
    """Committed; the exchange is being told, or was."""
    RINGING = "ringing"
    ANSWERED = "answered"
    ENDED = "ended"
    NOT_SENT = "not_sent"
    """Proved: no telephone rang."""
    UNKNOWN = "unknown"
    """Nothing proves what became of it: never repeated by the program."""

    @property
    def is_live(self) -> bool:
        """Whether it may still be on the wire: it holds a line, and its number is called by nobody else."""
        return self in LIVE


LIVE: Final = frozenset({AttemptState.SENDING, AttemptState.RINGING, AttemptState.ANSWERED})

_NEXT: Final[dict[AttemptState, frozenset[AttemptState]]] = {
    AttemptState.SENDING: frozenset(
        {
            AttemptState.RINGING,
            AttemptState.ANSWERED,
            AttemptState.ENDED,
            AttemptState.NOT_SENT,
            AttemptState.UNKNOWN,
        }
    ),
    AttemptState.RINGING: frozenset({AttemptState.ANSWERED, AttemptState.ENDED, AttemptState.UNKNOWN}),
    AttemptState.ANSWERED: frozenset({AttemptState.ENDED, AttemptState.UNKNOWN}),
    AttemptState.ENDED: frozenset(),
    AttemptState.NOT_SENT: frozenset(),
    AttemptState.UNKNOWN: frozenset({AttemptState.ENDED}),
}


def may_become(now: AttemptState, then: AttemptState) -> bool:
    """Whether this edge is in the graph (I11). Evidence that comes late settles what was unknown; nothing else does."""
    return then in _NEXT[now]


class Disposition(StrEnum):
    """What became of an attempt that ended."""

    CONFIRMED = "confirmed"
    DELIVERED = "delivered"
    DECLINED = "declined"
    MOVED = "moved"
    OPTED_OUT = "opted_out"
    WRONG_PERSON = "wrong_person"
    HUMAN = "human"
    """Asked for a person and was connected, or will be called by one."""
    MACHINE = "machine"
    """Silence after the question who is there: the neutral text, nothing else."""
    HUNG_UP = "hung_up"
    """Answered, and put down before the message was heard."""
    NO_ANSWER = "no_answer"
    BUSY = "busy"
    REJECTED = "rejected"
    UNREACHABLE = "unreachable"
    BAD_NUMBER = "bad_number"
    FAILED = "failed"
    """The network or the trunk; the telephone did not ring."""
    WITHDRAWN = "withdrawn"
    """Hung up by us while it rang: the booking had just been moved or called off, or the red button was pressed."""
    DENIED = "denied"
    """The dialplan's gate refused: nothing was dialled."""

    @property
    def rang(self) -> bool:
        """Whether it says by itself that the family's telephone rang: this is what the caps count."""
        return self not in (Disposition.FAILED, Disposition.DENIED, Disposition.BAD_NUMBER, Disposition.UNREACHABLE)

    @property
    def title(self) -> str:  # type: ignore[override]  # as above
        """For the screens."""
        return _TITLES[self]


_TITLES: Final = {
    Disposition.CONFIRMED: "подтвердили, что придут",
    Disposition.DELIVERED: "сообщение прослушано",
    Disposition.DECLINED: "отменили запись",
    Disposition.MOVED: "перенесли запись",
    Disposition.OPTED_OUT: "отказались от автоматических звонков",
    Disposition.WRONG_PERSON: "ответил другой человек",
    Disposition.HUMAN: "попросили соединить с сотрудником",
    Disposition.MACHINE: "автоответчик или молчание",
    Disposition.HUNG_UP: "положили трубку, не дослушав",
    Disposition.NO_ANSWER: "не отвечает",
    Disposition.BUSY: "занято",
    Disposition.REJECTED: "вызов отклонён",
    Disposition.UNREACHABLE: "телефон выключен или вне сети",
    Disposition.BAD_NUMBER: "такого номера нет",
    Disposition.FAILED: "сбой связи, телефон не звонил",
    Disposition.WITHDRAWN: "прервали сами: звонок стал не нужен",
    Disposition.DENIED: "АТС не пропустила заказ, телефон не звонил",
}
