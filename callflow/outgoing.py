"""An operator's order to call somebody: where it stands, and what became of it. Pure.

The operator's own phone rings first, then the number. What happens is told by our dialplan in words
(``callflow.dialplan_word``), which may come twice, late or not at all:

=======================  ===================================================================
word                     the order
=======================  ===================================================================
``ringing_operator``     → RINGING_OPERATOR
``ringing``              → RINGING: she has taken her phone, the number is being called
``answered``             → TALKING
``operator_busy``        → ENDED: none of her phones was free, nobody was called
``operator_no_answer``   → ENDED: she did not take it in time, nobody was called
``ended``                → ENDED: the detail says why («BUSY-17-486», «ANSWER-16», «CANCEL»)
=======================  ===================================================================

An order only moves forward. UNKNOWN (nobody knows whether the exchange obeyed) is an end that a word corrects: it is
evidence, while UNKNOWN is the lack of it (reliability.md §3).
"""

from enum import StrEnum

OPERATOR_SECONDS = 20
"""How long her own phone rings."""
RING_SECONDS = 30
"""How long the number rings: three to six signals, and mostly no voice-mail yet (anchors.md §4)."""


class OrderState(StrEnum):
    """Where an order stands, in the order in which it moves."""

    REQUESTED = "requested"
    PLACING = "placing"
    UNKNOWN = "unknown"
    PLACED = "placed"
    RINGING_OPERATOR = "ringing_operator"
    RINGING = "ringing"
    TALKING = "talking"
    ENDED = "ended"

    @property
    def is_over(self) -> bool:
        """Whether another call may be asked for."""
        return self in (OrderState.ENDED, OrderState.UNKNOWN)


class Result(StrEnum):
    """What became of an order. None: it is not over."""

    NONE = ""
    ANSWERED = "answered"
    BUSY = "busy"
    REJECTED = "rejected"
    NO_ANSWER = "no_answer"
    UNREACHABLE = "unreachable"
    FAILED = "failed"
    OPERATOR_BUSY = "operator_busy"
    OPERATOR_NO_ANSWER = "operator_no_answer"
    CANCELLED = "cancelled"
    NOT_PLACED = "not_placed"
    UNKNOWN = "unknown"

    @property
    def number_rang(self) -> bool:
        """Whether the number itself was called in vain: an attempt to reach the family."""
        return self in (Result.BUSY, Result.REJECTED, Result.NO_ANSWER, Result.UNREACHABLE, Result.FAILED)

    @property
    def cause(self) -> int:
        """The Q.850 cause by which ``callflow.call`` judges the end of the call."""
        return _CAUSES.get(self, 16)

    @property
    def title(self) -> str:  # type: ignore[override]  # str.title() of a result is of no use to anybody
        """For the operator."""
        return _TITLES[self]


_CAUSES = {Result.BUSY: 17, Result.REJECTED: 21, Result.NO_ANSWER: 19, Result.UNREACHABLE: 20, Result.FAILED: 38}

_TITLES = {
    Result.NONE: "звонок идёт",
    Result.ANSWERED: "разговор состоялся",
    Result.BUSY: "занято",
    Result.REJECTED: "вызов отклонён",
    Result.NO_ANSWER: "не отвечает",
    Result.UNREACHABLE: "телефон выключен или вне сети",
    Result.FAILED: "не соединилось: сбой связи или такого номера нет",
    Result.OPERATOR_BUSY: "ваш телефон занят или не подключён, номер не набирали",
    Result.OPERATOR_NO_ANSWER: "вы не взяли свой телефон, номер не набирали",
    Result.CANCELLED: "вы положили трубку до ответа",
    Result.NOT_PLACED: "АТС не приняла заказ, номер не набирали",
    Result.UNKNOWN: "итог неизвестен: связь с АТС прерывалась. Программа сама не перезвонит, решите вы",
}

_RANK = {state: rank for rank, state in enumerate(OrderState)}

_WORDS = {
    "ringing_operator": (OrderState.RINGING_OPERATOR, Result.NONE),
    "ringing": (OrderState.RINGING, Result.NONE),
    "answered": (OrderState.TALKING, Result.NONE),
    "operator_busy": (OrderState.ENDED, Result.OPERATOR_BUSY),
    "operator_no_answer": (OrderState.ENDED, Result.OPERATOR_NO_ANSWER),
}

_BY_CAUSE = {
    "17": Result.BUSY,
    "18": Result.NO_ANSWER,
    "19": Result.NO_ANSWER,
    "20": Result.UNREACHABLE,
    "21": Result.REJECTED,
    "27": Result.UNREACHABLE,
}

_BY_SIP = {
    "403": Result.REJECTED,
    "480": Result.UNREACHABLE,
    "486": Result.BUSY,
    "600": Result.BUSY,
    "603": Result.REJECTED,
}


def heard(state: OrderState, result: Result, word: str, detail: str = "") -> tuple[OrderState, Result]:
    """The order after one word of the dialplan. A word that is not known, or is behind the order, changes nothing."""
    then = (OrderState.ENDED, result_of(detail)) if word == "ended" else _WORDS.get(word)
    if then is None or _RANK[then[0]] <= _RANK[state]:
        return state, result
    if state is OrderState.TALKING and then[0] is OrderState.ENDED:
        return OrderState.ENDED, Result.ANSWERED
    return then


def leg_of(channel_id: str) -> str:
    """The name of the one leg of a call of ours: the operator's."""
    return f"{channel_id}.operator"


def result_of(detail: str) -> Result:
    """Why a call of ours ended, by «DIALSTATUS-cause-SIP status» (Asterisk's Dial, Q.850, the provider's answer).

    Nothing said: the operator was gone before the number was called.
    """
    status, cause, sip = (*detail.split("-", 2), "", "")[:3]
    match status:
        case "ANSWER":
            return Result.ANSWERED
        case "CANCEL" | "":
            return Result.CANCELLED
        case "NOANSWER" | "BUSY":
            exact = _BY_SIP.get(sip) or _BY_CAUSE.get(cause)
            usual = Result.NO_ANSWER if status == "NOANSWER" else Result.BUSY
            return exact if exact in (Result.REJECTED, Result.UNREACHABLE) else usual
        case _:
            return _BY_SIP.get(sip) or _BY_CAUSE.get(cause, Result.FAILED)
