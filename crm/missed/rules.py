"""What the ledger of missed calls decides, without a session or a clock: whose a call is, why it was missed, what is
left open by a set of calls and talks (domain.md §6.2, reliability.md S15).
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from callflow.call import Disposition
from callflow.caller_id import CallerKind

DEFAULT_MINUTES = 30
"""Working minutes within which a missed call is called back (domain.md §6.2)."""
DEFAULT_CLAIM_MINUTES = 20
"""How long «я перезваниваю» keeps the others away from a row."""


class Reason(StrEnum):
    """Why a call is in the ledger."""

    ABANDONED = "abandoned"
    BREAK = "break"
    CLOSED = "closed"
    VOICEMAIL = "voicemail"
    CALLBACK = "callback"
    OVERFLOW = "overflow"
    NOBODY = "nobody"
    REFUSED = "refused"
    FAILED = "failed"
    TRANSFER = "transfer"
    HAND = "hand"
    PROMISE = "promise"

    @property
    def words(self) -> str:
        """The reason as the list says it; without a gender that nobody knows."""
        return _REASONS[self]


_REASONS = {
    Reason.ABANDONED: "звонок прерван до ответа",
    Reason.BREAK: "звонок в перерыв",
    Reason.CLOSED: "звонок в нерабочее время",
    Reason.VOICEMAIL: "оставлено сообщение",
    Reason.CALLBACK: "просьба перезвонить (клавиша 1)",
    Reason.OVERFLOW: "долгое ожидание, линия занята",
    Reason.NOBODY: "на линии никого не было",
    Reason.REFUSED: "звонок отклонён",
    Reason.FAILED: "обрыв связи",
    Reason.TRANSFER: "не дождался соединения со специалистом",
    Reason.HAND: "внесён вручную",
    Reason.PROMISE: "обещали перезвонить",
}

OUTCOMES = frozenset([Reason.BREAK, Reason.CLOSED, Reason.VOICEMAIL, Reason.CALLBACK, Reason.OVERFLOW, Reason.NOBODY])
"""What the dialplan says of a call beside its end (`call_record.outcome`)."""

ASKED = frozenset([Reason.VOICEMAIL, Reason.CALLBACK])
"""What a caller leaves with us when he goes: whatever came before it, he waits for a call."""

_REFUSED_CAUSES = frozenset([17, 21])
"""Q.850: user busy, call rejected."""

CLOSING_REASONS = {
    "reached": "дозвонились по другому номеру",
    "came": "обратились сами: пришли, написали",
    "solved": "вопрос уже решён",
    "mistake": "ошибочный звонок",
    "unwanted": "реклама, розыгрыш",
    "no_answer": "не отвечают на наши звонки",
    "nowhere": "перезвонить некуда: номер скрыт",
    "other": "другая причина",
}
"""Why a row may be closed without a talk; «другая причина» wants words."""

RESULTS = {
    "no_answer": "не отвечают",
    "busy": "занято",
    "failed": "нет соединения",
    "left_word": "передали через другого человека",
    "later": "просили перезвонить позже",
    "answered": "поговорили",
    "taken_over": "строку взял другой сотрудник",
}
"""What came of an attempt to call back; the last is no attempt, but belongs to the row's story."""
TAKEN_OVER = "taken_over"

BY_HAND_RESULTS = ("no_answer", "busy", "left_word", "later")
"""What somebody may note who called from another telephone; a talk closes the row instead."""


@dataclass(frozen=True, slots=True)
class Key:
    """Whose the call is: a family's, a number's, or nobody else's than the call's own."""

    family_id: int | None = None
    number: str | None = None
    call_id: int | None = None

    def word(self, service_id: int) -> str:
        """What is unique among the open rows."""
        if self.family_id is not None:
            return f"{service_id}:family:{self.family_id}"
        if self.number is not None:
            return f"{service_id}:number:{self.number}"
        return f"{service_id}:call:{self.call_id}"


def key_of(
    *, family_id: int | None, kind: str, number: str | None, owners: Collection[int | None], call_id: int
) -> Key:
    """Whose a call is. `family_id`: who the call was found to be from; `owners`: the families (None: somebody without
    one) that have this number.

    A number that is hidden, doubtful or our own proves nothing, and one that several families share does not say
    which of them called: those never come together under a family.
    """
    if family_id is not None:
        return Key(family_id=family_id)
    if kind != CallerKind.NUMBER or not number:
        return Key(call_id=call_id)
    families = set(owners)
    if len(families) == 1:
        (only,) = families
        if only is not None:
            return Key(family_id=only)
    return Key(number=number)


def reason_of(outcome: str, disposition: str | None, cause: int | None) -> Reason:
    """Why this call was missed. What the dialplan told is stronger than how the call ended; of one that was answered,
    and cut off, only what the caller asked for afterwards counts.
    """
    if outcome in (ASKED if disposition == Disposition.ANSWERED else OUTCOMES):
        return Reason(outcome)
    if disposition == Disposition.ANSWERED:
        return Reason.FAILED
    if cause in _REFUSED_CAUSES:
        return Reason.REFUSED
    return Reason.FAILED if disposition == Disposition.FAILED else Reason.ABANDONED


def is_missed(direction: str, disposition: str | None, outcome: str = "") -> bool:
    """Whether a call that has ended belongs into the ledger: nobody answered, or the talk broke off, the caller came
    back into the line and asked there to be called back.
    """
    if direction != "inbound" or disposition is None:
        return False
    return disposition != Disposition.ANSWERED or outcome in ASKED


def claim_holds(claimed_at: datetime | None, away_since: datetime | None, at: datetime, minutes: int) -> bool:
    """Whether a claim still keeps the others away: not for ever, and not when its holder has gone off the line."""
    if claimed_at is None or at - claimed_at >= timedelta(minutes=minutes):
        return False
    return away_since is None or away_since < claimed_at


def newest_last(reasons: Iterable[str]) -> list[str]:
    """Each reason once, in the order of its last time."""
    return list(reversed(dict.fromkeys(reversed(list(reasons)))))


@dataclass(frozen=True, slots=True)
class Duty:
    """What a set of calls leaves in the ledger: the calls' moments, and the talk that ended the duty."""

    calls: tuple[datetime, ...]
    closed_at: datetime | None


def duties(missed: Iterable[datetime], talks: Iterable[datetime]) -> list[Duty]:
    """The rows of one family from its missed calls and talks alone, oldest first.

    This is what the ledger must come to in whatever order it hears of them: each missed call is in exactly one duty,
    each duty ends with the first talk after its calls, and the open one (if any) is the last.
    """
    ends = sorted(set(talks))
    found: dict[datetime | None, list[datetime]] = {}
    for at in sorted(missed):
        found.setdefault(next((talk for talk in ends if talk >= at), None), []).append(at)
    return [Duty(tuple(calls), end) for end, calls in found.items()]
