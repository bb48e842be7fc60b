"""What the wire's words and papers say of an attempt. Pure.

The dialplan ends every order with «DIALSTATUS-cause-SIP status», as it does for calls of operators
(`callflow.outgoing.result_of`), and adds «-rang» where the network said that a telephone rang (RINGTIME of Asterisk's
Dial); the exchange's CDR is the witness when nobody listened.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from callflow.dialler.states import AttemptState, Disposition
from callflow.outgoing import Result, result_of

_RANG: Final = "-rang"
_NO_SUCH_NUMBER: Final = frozenset({"404", "410", "484", "604"})
_NOTHING_RANG: Final = frozenset({"", "100"})
"""Of a ring in vain: the network said nothing, or only that it is trying (F34)."""
_OF_RESULT: Final = {
    Result.BUSY: Disposition.BUSY,
    Result.REJECTED: Disposition.REJECTED,
    Result.NO_ANSWER: Disposition.NO_ANSWER,
    Result.UNREACHABLE: Disposition.UNREACHABLE,
    Result.CANCELLED: Disposition.WITHDRAWN,
}
_OF_CDR: Final = {
    "NO ANSWER": Disposition.NO_ANSWER,
    "BUSY": Disposition.BUSY,
    "FAILED": Disposition.FAILED,
    "CONGESTION": Disposition.FAILED,
}
PATIENCE: Final = timedelta(seconds=15)
"""How long the exchange's CDR may be late before its silence says that nobody knows (reliability.md §3, step 8)."""


def telephone_rang(detail: str) -> bool:
    """Whether the network said so («NOANSWER-19-480-rang»): many say 480 of a telephone that rang in vain."""
    return detail.endswith(_RANG)


def disposition_of(detail: str) -> Disposition | None:
    """What «NOANSWER-19-480» says; None for an answered call: what was heard only the script knows (I12)."""
    detail = detail.removesuffix(_RANG)
    status, _, rest = detail.partition("-")
    if status == "ANSWER":
        return None
    sip = rest.rpartition("-")[2]
    if sip in _NO_SUCH_NUMBER:
        return Disposition.BAD_NUMBER
    if status == "NOANSWER" and sip in _NOTHING_RANG:
        return Disposition.FAILED
    return _OF_RESULT.get(result_of(detail), Disposition.FAILED)


@dataclass(frozen=True)
class CdrLine:
    """The CDR of one attempt: its disposition in Asterisk's words, and whether it was answered."""

    disposition: str

    @property
    def answered(self) -> bool:
        return self.disposition == "ANSWERED"


@dataclass(frozen=True)
class Evidence:
    """What the exchange says about one attempt when it is asked.

    `alive`: its channel is there; `gate_key`: the dialplan's own note that it let the order pass (None: could not be
    asked); `boot_id` of the exchange now. `answered` and `over` come from our records: the script greeted; the
    dialplan said the end.
    """

    alive: bool
    boot_id: str
    gate_key: bool | None = None
    cdr: CdrLine | None = None


class Judged(StrEnum):
    """What follows from the evidence."""

    ALIVE = "alive"
    ENDED = "ended"
    HEARD = "heard"
    """Answered and over: the script's own rows say what was heard."""
    NOT_SENT = "not_sent"
    UNKNOWN = "unknown"
    WAIT = "wait"


@dataclass(frozen=True)
class Judgement:
    """The verdict on one silent attempt; `disposition` with ENDED."""

    judged: Judged
    disposition: Disposition | None = None
    evidence: str = ""


def judge(  # noqa: PLR0911 - one line per kind of evidence, the strongest first
    state: AttemptState,
    *,
    boot_id: str,
    not_after: datetime,
    over: str,
    seen: Evidence,
    at: datetime,
) -> Judgement:
    """What became of an attempt without news: `over` is the dialplan's last word about it, "" if there was none.

    A second order for one attempt is never the answer: NOT_SENT needs the same life of the exchange, no key of the gate
    and an order too old to be obeyed (M11–M14).
    """
    if seen.alive:
        return Judgement(Judged.ALIVE, evidence="status")
    if over:
        ended = disposition_of(over)
        return Judgement(Judged.ENDED, ended, "word") if ended else Judgement(Judged.HEARD, evidence="word")
    if seen.cdr is not None:
        if seen.cdr.answered or state is AttemptState.ANSWERED:
            return Judgement(Judged.HEARD, evidence="cdr")
        return Judgement(Judged.ENDED, _OF_CDR.get(seen.cdr.disposition, Disposition.FAILED), "cdr")
    if at <= not_after:
        return Judgement(Judged.WAIT)
    same_boot = bool(boot_id) and boot_id == seen.boot_id
    if state is AttemptState.SENDING and same_boot and seen.gate_key is False:
        return Judgement(Judged.NOT_SENT, evidence="no key")
    if not same_boot or at > not_after + PATIENCE:
        return Judgement(Judged.UNKNOWN, evidence="nothing")
    return Judgement(Judged.WAIT)
