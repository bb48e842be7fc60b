"""An order to call somebody moves forward only, and its end is judged by what the network said."""

import pytest

from callflow import events
from callflow.call import Call, CallState, Direction, Disposition, apply
from callflow.outgoing import OrderState, Result, heard, leg_of, result_of
from tests.unit.callflow.test_call import at

CALL = "out-1"


@pytest.mark.parametrize(
    ("detail", "result"),
    [
        ("ANSWER-16-200", Result.ANSWERED),
        ("BUSY-17-486", Result.BUSY),
        ("BUSY-17-", Result.BUSY),
        ("CONGESTION-21-603", Result.REJECTED),
        ("CHANUNAVAIL-21-", Result.REJECTED),
        ("NOANSWER-19-480", Result.UNREACHABLE),
        ("CHANUNAVAIL-20", Result.UNREACHABLE),
        ("NOANSWER-0-", Result.NO_ANSWER),
        ("NOANSWER-19-408", Result.NO_ANSWER),
        ("CHANUNAVAIL-1-404", Result.FAILED),
        ("CONGESTION-34-503", Result.FAILED),
        ("CANCEL", Result.CANCELLED),
        ("", Result.CANCELLED),
        ("что-то своё", Result.FAILED),
    ],
)
def test_the_end_is_judged_by_dial_cause_and_sip(detail: str, result: Result) -> None:
    assert result_of(detail) is result


def test_the_whole_way_of_an_answered_call() -> None:
    state, result = OrderState.PLACED, Result.NONE
    seen = []
    for word in ("ringing_operator", "ringing", "answered"):
        state, result = heard(state, result, word)
        seen.append(state)
    assert seen == [OrderState.RINGING_OPERATOR, OrderState.RINGING, OrderState.TALKING]
    assert heard(state, result, "ended", "ANSWER") == (OrderState.ENDED, Result.ANSWERED)


def test_a_talk_ends_as_a_talk_whatever_the_last_word_says() -> None:
    assert heard(OrderState.TALKING, Result.NONE, "ended", "CANCEL") == (OrderState.ENDED, Result.ANSWERED)


def test_late_words_do_not_undo_an_end() -> None:
    for word in ("ringing_operator", "ringing", "answered", "ended", "operator_busy", "?"):
        assert heard(OrderState.ENDED, Result.BUSY, word) == (OrderState.ENDED, Result.BUSY)


def test_a_word_is_evidence_where_nobody_knew() -> None:
    assert heard(OrderState.UNKNOWN, Result.UNKNOWN, "answered") == (OrderState.TALKING, Result.NONE)
    assert heard(OrderState.UNKNOWN, Result.UNKNOWN, "operator_busy") == (OrderState.ENDED, Result.OPERATOR_BUSY)


def test_every_result_has_words_for_the_operator() -> None:
    assert all(result.title for result in Result)
    assert [result for result in Result if result.number_rang] == [
        Result.BUSY, Result.REJECTED, Result.NO_ANSWER, Result.UNREACHABLE, Result.FAILED,
    ]  # fmt: skip


def ours() -> Call:
    return Call(CALL, "", None, CallState.ARRIVED, None, at(0), direction=Direction.OUTBOUND)


@pytest.mark.parametrize(
    ("result", "disposition"),
    [
        (Result.BUSY, Disposition.BUSY),
        (Result.REJECTED, Disposition.BUSY),
        (Result.NO_ANSWER, Disposition.NO_ANSWER),
        (Result.UNREACHABLE, Disposition.NO_ANSWER),
        (Result.FAILED, Disposition.FAILED),
        (Result.CANCELLED, Disposition.CANCELLED),
        (Result.OPERATOR_NO_ANSWER, Disposition.CANCELLED),
    ],
)
def test_a_call_of_ours_is_never_abandoned(result: Result, disposition: Disposition) -> None:
    call, _ = apply(ours(), events.OperatorDialing(call=CALL, at=at(1), leg=leg_of(CALL), extension="101"))
    assert call.state is CallState.RINGING
    call, _ = apply(call, events.CallEnded(call=CALL, at=at(9), cause=result.cause))
    assert (call.state, call.disposition) == (CallState.ENDED, disposition)


def test_an_answered_call_of_ours_talks_on_the_one_leg() -> None:
    call, _ = apply(ours(), events.OperatorDialing(call=CALL, at=at(1), leg=leg_of(CALL), extension="101"))
    again, effects = apply(call, events.OperatorDialing(call=CALL, at=at(4), leg=leg_of(CALL), extension="101"))
    assert (again, effects) == (call, ())
    answer = events.OperatorAnswered(call=CALL, at=at(8), leg=leg_of(CALL), extension="101", wait_seconds=0.0)
    call, _ = apply(call, answer)
    assert (call.talking_extension, call.answered_at, len(call.legs)) == ("101", at(8), 1)
    call, _ = apply(call, events.CallEnded(call=CALL, at=at(60), cause=16))
    assert call.disposition is Disposition.ANSWERED
