"""The state table of a transfer: ``apply(transfer, word) -> transfer`` (domain.md A-24).

Called for every word that our dialplan says about it (``asterisk-config/sd-transfer.conf.j2``), inside the transaction
that records the call. Total: any word may come in any state, twice, late, or without the ones before it. The exchange
has the say: what it tells is what happened, whatever was wished, and even after our own order seemed to have failed.

====================  =============  ==========  ===============  ================  =========
word \\ state          REQUESTED,     RINGING     CONSULTING       JOINED            ended
                      SENT, FAILED
====================  =============  ==========  ===============  ================  =========
ringing               → RINGING      —           —                —                 —
answered, blind       → COMPLETED    → COMPLETED —                —                 —
answered, others      → CONSULTING   → CONS…     —                —                 —
joined                → JOINED       → JOINED    → JOINED         —                 —
completed             → COMPLETED    → COMPLETED → COMPLETED      → COMPLETED       —
operator_left         → COMPLETED    → COMPLETED → COMPLETED      → COMPLETED       —
specialist_left       → RETURNED     → RETURNED  → RETURNED       → RETURNED        —
back, returned        → RETURNED     → RETURNED  → RETURNED       → RETURNED        —
gone                  → GONE         → GONE      → GONE           → GONE            —
====================  =============  ==========  ===============  ================  =========

Ended are COMPLETED (the caller talks with the specialist), RETURNED (he is with the operator again, or on the way to
her), GONE (he hung up). In none of them is the caller nowhere, and none of them is ever left.
"""

from dataclasses import dataclass, replace
from enum import StrEnum


class Kind(StrEnum):
    """How: to the specialist at once, after a word with her, or all three together."""

    BLIND = "blind"
    ATTENDED = "attended"
    CONFERENCE = "conference"


class State(StrEnum):
    """Where a transfer is. FAILED: the exchange refused the order; the talk goes on as it was."""

    REQUESTED = "requested"
    SENT = "sent"
    RINGING = "ringing"
    CONSULTING = "consulting"
    JOINED = "joined"
    COMPLETED = "completed"
    RETURNED = "returned"
    GONE = "gone"
    FAILED = "failed"

    @property
    def is_over(self) -> bool:
        """Whether nothing more will happen with it."""
        return self in _OVER

    @property
    def is_open(self) -> bool:
        """Whether the operator still waits for something, or is in it."""
        return not self.is_over and self is not State.FAILED


_OVER = frozenset([State.COMPLETED, State.RETURNED, State.GONE])
_RANK = {State.RINGING: 1, State.CONSULTING: 2, State.JOINED: 3, State.COMPLETED: 4, State.RETURNED: 4, State.GONE: 4}


class Word(StrEnum):
    """What the dialplan says."""

    RINGING = "ringing"
    ANSWERED = "answered"
    JOINED = "joined"
    COMPLETED = "completed"
    OPERATOR_LEFT = "operator_left"
    SPECIALIST_LEFT = "specialist_left"
    BACK = "back"
    RETURNED = "returned"
    GONE = "gone"


class Reason(StrEnum):
    """Why the caller came back to the operator; the last three are nobody's refusal."""

    NO_ANSWER = "no_answer"
    BUSY = "busy"
    NO_PHONE = "no_phone"
    LATER = "later"
    NOTE = "note"
    UNREACHABLE = "unreachable"
    LEFT = "left"
    OPERATOR_LEFT = "operator_left"
    TAKEN_BACK = "taken_back"

    @property
    def title(self) -> str:  # type: ignore[override]  # str.title() of a reason is of no use to anybody
        """The reason on the operator's screen, after the specialist's name."""
        return _REASONS[self]


_REASONS = {
    Reason.NO_ANSWER: "нет ответа",
    Reason.BUSY: "занято",
    Reason.NO_PHONE: "телефон не на связи",
    Reason.LATER: "просит перезвонить через 5 минут",
    Reason.NOTE: "просит записать обратившегося на приём",
    Reason.UNREACHABLE: "не удалось дозвониться",
    Reason.LEFT: "разговор со специалистом закончен",
    Reason.OPERATOR_LEFT: "вы положили трубку раньше, чем вам ответили",
    Reason.TAKEN_BACK: "вы вернулись к звонящему",
}
_DETAILS = {
    "NOANSWER": Reason.NO_ANSWER,
    "BUSY": Reason.BUSY,
    "NOPHONE": Reason.NO_PHONE,
    "CHANUNAVAIL": Reason.UNREACHABLE,
    "CONGESTION": Reason.UNREACHABLE,
    "LEFT": Reason.LEFT,
    "OPERATORGONE": Reason.OPERATOR_LEFT,
}


@dataclass(frozen=True, slots=True)
class Transfer:
    """One transfer as far as its words told."""

    kind: Kind
    state: State = State.REQUESTED
    reason: Reason | None = None

    @property
    def holds_talk(self) -> bool:
        """Whether the operator's part of the call goes on although her channel has left the caller's.

        A blind transfer ends it with the first word; before that, her AgentComplete says so by itself.
        """
        return self.kind is not Kind.BLIND and self.state.is_open

    @property
    def operator_is_free(self) -> bool:
        """Whether the operator's talk is over: her wrap-up begins (the caller may yet come back to her)."""
        if self.kind is Kind.BLIND:
            return self.state in _RANK
        return self.state in (State.COMPLETED, State.GONE) or self.reason is Reason.OPERATOR_LEFT

    @property
    def specialist_talks(self) -> bool:
        """Whether the caller is the specialist's now."""
        return self.state is State.COMPLETED


def apply(transfer: Transfer, word: Word, detail: str = "") -> Transfer:
    """The transfer after ``word``; ``detail`` is the dialplan's own word for a reason (DIALSTATUS and the like)."""
    state = _STATES.get(word) or (State.COMPLETED if transfer.kind is Kind.BLIND else State.CONSULTING)
    if transfer.state.is_over or _RANK[state] <= _RANK.get(transfer.state, 0):
        return transfer
    reason = _reason(word, detail) if state is State.RETURNED else None
    return replace(transfer, state=state, reason=reason)


_STATES = {
    Word.RINGING: State.RINGING,
    Word.JOINED: State.JOINED,
    Word.COMPLETED: State.COMPLETED,
    Word.OPERATOR_LEFT: State.COMPLETED,
    Word.SPECIALIST_LEFT: State.RETURNED,
    Word.BACK: State.RETURNED,
    Word.RETURNED: State.RETURNED,
    Word.GONE: State.GONE,
}
"""Without ANSWERED, whose meaning depends on the kind."""


def _reason(word: Word, detail: str) -> Reason:
    return Reason.LEFT if word is Word.SPECIALIST_LEFT else _DETAILS.get(detail, Reason.UNREACHABLE)
