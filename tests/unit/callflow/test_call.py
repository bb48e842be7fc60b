"""Stories of calls, told event by event; the table is in the docstring of ``callflow.call``."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from callflow import events
from callflow.call import (
    Call,
    CallClosed,
    CallState,
    Disposition,
    Effect,
    LegState,
    PopShown,
    PopWithdrawn,
    QueueChanged,
    TalkEnded,
    TalkStarted,
    apply,
)
from callflow.caller_id import CallerId, CallerKind

BEGIN = datetime(2026, 11, 12, 7, 0, tzinfo=UTC)
CALL = "1763.1"
QUEUE = "family"
ANNA = "101"
BORIS = "102"


def at(seconds: float) -> datetime:
    return BEGIN + timedelta(seconds=seconds)


def arrived(seconds: float = 0) -> events.CallArrived:
    return events.CallArrived(call=CALL, at=at(seconds), did="+74924800001", channel="PJSIP/trunk-00000001")


def identified(seconds: float, number: str = "+79070000101") -> events.CallerIdentified:
    caller = CallerId(CallerKind.NUMBER, number, "", "")
    return events.CallerIdentified(call=CALL, at=at(seconds), caller=caller, did="+74924800001")


def waiting(seconds: float, queue: str = QUEUE) -> events.CallerWaiting:
    return events.CallerWaiting(call=CALL, at=at(seconds), queue=queue, position=1)


def ringing(seconds: float, extension: str, leg: str = "") -> events.OperatorRinging:
    return events.OperatorRinging(
        call=CALL, at=at(seconds), leg=leg or f"leg-{extension}", extension=extension, queue=QUEUE
    )


def missed(seconds: float, extension: str, leg: str = "") -> events.OperatorMissed:
    return events.OperatorMissed(
        call=CALL, at=at(seconds), leg=leg or f"leg-{extension}", extension=extension, ring_seconds=15
    )


def answered(seconds: float, extension: str, leg: str = "") -> events.OperatorAnswered:
    return events.OperatorAnswered(
        call=CALL, at=at(seconds), leg=leg or f"leg-{extension}", extension=extension, wait_seconds=3
    )


def released(
    seconds: float, extension: str, reason: str = "agent", talk: float = 10, leg: str = ""
) -> events.OperatorReleased:
    return events.OperatorReleased(
        call=CALL, at=at(seconds), leg=leg or f"leg-{extension}", extension=extension, reason=reason, talk_seconds=talk
    )


def returning(seconds: float, extension: str) -> events.CallReturning:
    return events.CallReturning(call=CALL, at=at(seconds), extension=extension)


def gave_up(seconds: float) -> events.CallerGaveUp:
    return events.CallerGaveUp(call=CALL, at=at(seconds), waited_seconds=seconds)


def ended(seconds: float, cause: int = 16) -> events.CallEnded:
    return events.CallEnded(call=CALL, at=at(seconds), cause=cause)


def told(*story: events.CallEvent) -> tuple[Call, list[tuple[Effect, ...]]]:
    call: Call | None = None
    effects = []
    for event in story:
        call, caused = apply(call, event)
        effects.append(caused)
    assert call is not None
    return call, effects


def leg_states(call: Call) -> dict[str, LegState]:
    return {leg.uniqueid: leg.state for leg in call.legs}


def test_a_call_is_answered_and_ended_by_the_caller() -> None:
    call, effects = told(
        arrived(),
        identified(0.1),
        waiting(1),
        ringing(2, ANNA),
        answered(5, ANNA),
        released(15, ANNA, "caller"),
        ended(15),
    )
    assert effects == [
        (),
        (),
        (QueueChanged(QUEUE),),
        (PopShown(ANNA), QueueChanged(QUEUE)),
        (TalkStarted(ANNA), QueueChanged(QUEUE)),
        (TalkEnded(ANNA),),
        (QueueChanged(QUEUE), CallClosed(Disposition.ANSWERED)),
    ]
    assert (call.arrived_at, call.answered_at, call.ended_at) == (at(0), at(5), at(15))
    assert (call.did, call.queue, call.cause, call.state) == ("+74924800001", QUEUE, 16, CallState.ENDED)
    assert call.caller is not None
    assert call.caller.number == "+79070000101"
    (leg,) = call.legs
    assert (leg.state, leg.rang_at, leg.answered_at, leg.ended_at) == (LegState.ENDED, at(2), at(5), at(15))


def test_an_unanswered_pop_moves_to_the_second_operator_and_none_stays_behind() -> None:
    call, effects = told(arrived(), waiting(1), ringing(2, ANNA), missed(17, ANNA), ringing(18, BORIS))
    assert effects[3] == (PopWithdrawn(ANNA), QueueChanged(QUEUE))
    assert effects[4] == (PopShown(BORIS), QueueChanged(QUEUE))
    assert call.ringing_extensions == (BORIS,)
    assert call.state is CallState.RINGING
    assert leg_states(call) == {"leg-101": LegState.MISSED, "leg-102": LegState.RINGING}


def test_when_all_phones_ring_the_first_answer_takes_the_pop_from_the_others() -> None:
    call, effects = told(arrived(), waiting(1), ringing(2, ANNA), ringing(2, BORIS), answered(6, BORIS))
    assert effects[4] == (PopWithdrawn(ANNA), TalkStarted(BORIS), QueueChanged(QUEUE))
    assert (call.talking_extension, call.ringing_extensions) == (BORIS, ())
    assert leg_states(call) == {"leg-101": LegState.CANCELLED, "leg-102": LegState.TALKING}


def test_one_operator_s_desk_and_browser_phone_are_one_pop() -> None:
    call, effects = told(
        arrived(),
        waiting(1),
        ringing(2, ANNA, "desk"),
        ringing(2, ANNA, "page"),
        missed(9, ANNA, "desk"),
        answered(10, ANNA, "page"),
    )
    assert [pop for caused in effects for pop in caused if isinstance(pop, PopShown | PopWithdrawn)] == [PopShown(ANNA)]
    assert call.talking_extension == ANNA


def test_a_caller_who_gives_up_leaves_no_pop_and_an_abandoned_call() -> None:
    call, effects = told(arrived(), waiting(1), ringing(2, ANNA), ringing(2, BORIS), gave_up(8), ended(8))
    assert effects[4] == (PopWithdrawn(ANNA), PopWithdrawn(BORIS), QueueChanged(QUEUE))
    assert effects[5] == (QueueChanged(QUEUE), CallClosed(Disposition.ABANDONED))
    assert call.disposition is Disposition.ABANDONED
    assert set(leg_states(call).values()) == {LegState.CANCELLED}


def test_a_hang_up_while_phones_ring_needs_no_other_event() -> None:
    call, effects = told(arrived(), waiting(1), ringing(2, ANNA), ended(8))
    assert effects[3] == (PopWithdrawn(ANNA), QueueChanged(QUEUE), CallClosed(Disposition.ABANDONED))
    assert leg_states(call) == {"leg-101": LegState.CANCELLED}


def test_a_hang_up_in_mid_talk_ends_the_talk() -> None:
    call, effects = told(arrived(), waiting(1), ringing(2, ANNA), answered(5, ANNA), ended(9))
    assert effects[4] == (TalkEnded(ANNA), QueueChanged(QUEUE), CallClosed(Disposition.ANSWERED))
    assert call.legs[0].ended_at == at(9)
    assert told(arrived(), waiting(1), ringing(2, ANNA), answered(5, ANNA), ended(9), released(9.1, ANNA))[0] == call


def test_a_caller_whose_operator_s_page_was_refreshed_comes_back_to_her() -> None:
    call, effects = told(
        arrived(),
        waiting(1),
        ringing(2, ANNA),
        answered(5, ANNA),
        released(30, ANNA, "lost", 25),
        returning(30.1, ANNA),
    )
    assert effects[4] == (TalkEnded(ANNA),)
    assert effects[5] == (QueueChanged(QUEUE),)
    assert (call.state, call.talking_extension) == (CallState.WAITING, None)
    call, caused = apply(call, ringing(31, ANNA, "again"))
    assert caused == (PopShown(ANNA), QueueChanged(QUEUE))
    call, caused = apply(call, answered(33, ANNA, "again"))
    assert caused == (TalkStarted(ANNA), QueueChanged(QUEUE))
    assert call.answered_at == at(5)
    for late in (returning(30.1, ANNA), released(30, ANNA, "lost", 25), waiting(1)):
        assert apply(call, late) == (call, ())


def test_the_return_may_be_heard_of_before_the_release() -> None:
    call, effects = told(
        arrived(), waiting(1), ringing(2, ANNA), answered(5, ANNA), returning(30, ANNA), released(30, ANNA, "lost", 25)
    )
    assert effects[4] == (TalkEnded(ANNA), QueueChanged(QUEUE))
    assert effects[5] == ()
    assert call.state is CallState.WAITING


def test_a_caller_sent_on_to_another_queue_waits_there() -> None:
    call, effects = told(
        arrived(),
        waiting(1),
        ringing(2, ANNA),
        answered(5, ANNA),
        released(20, ANNA, "transfer"),
        waiting(21, "lawyers"),
    )
    assert effects[5] == (QueueChanged(QUEUE), QueueChanged("lawyers"))
    assert (call.state, call.queue) == (CallState.WAITING, "lawyers")


def test_after_a_transfer_outside_the_queues_the_caller_still_talks() -> None:
    call, _ = told(arrived(), waiting(1), ringing(2, ANNA), answered(5, ANNA), released(20, ANNA, "transfer"))
    assert (call.state, call.talking_extension) == (CallState.TALKING, None)


def test_hold_belongs_to_the_talk() -> None:
    talking, _ = told(arrived(), waiting(1), ringing(2, ANNA), answered(5, ANNA))
    held, effects = apply(talking, events.CallHeld(call=CALL, at=at(6), extension=ANNA))
    assert (held.held, effects) == (True, ())
    assert apply(held, events.CallUnheld(call=CALL, at=at(7), extension=ANNA))[0] == talking
    assert apply(talking, events.CallHeld(call=CALL, at=at(6), extension=BORIS))[0] == talking
    assert not apply(held, released(8, ANNA))[0].held


def test_the_pop_is_shown_again_when_the_caller_becomes_known_while_it_rings() -> None:
    call, effects = told(arrived(), waiting(1), ringing(2, ANNA), identified(2.5))
    assert effects[3] == (PopShown(ANNA),)
    assert apply(call, identified(3, "+79070000202")) == (call, ())


def test_a_hang_up_before_anything_else_is_one_closed_call() -> None:
    call, effects = told(ended(5), ended(5.2, 0), arrived(0))
    assert effects == [(CallClosed(Disposition.ABANDONED),), (), ()]
    assert (call.state, call.arrived_at, call.ended_at, call.cause) == (CallState.ENDED, at(0), at(5), 16)
    assert call.did == "+74924800001"


@pytest.mark.parametrize(
    ("cause", "disposition"), [(16, "abandoned"), (0, "abandoned"), (34, "failed"), (38, "failed")]
)
def test_a_call_that_never_reached_a_queue_was_abandoned_by_the_caller_or_failed(cause: int, disposition: str) -> None:
    assert told(arrived(), ended(2, cause))[0].disposition == disposition
    assert told(arrived(), waiting(1), ended(2, cause))[0].disposition == "abandoned"


def test_an_ended_call_takes_late_facts_and_moves_no_screen() -> None:
    call, effects = told(ended(20), waiting(1), ringing(2, ANNA), answered(5, ANNA), released(19, ANNA, "caller", 14))
    assert effects[1:] == [(), (), (), ()]
    assert (call.disposition, call.answered_at, call.queue) == (Disposition.ANSWERED, at(5), QUEUE)
    assert leg_states(call) == {"leg-101": LegState.ENDED}
    assert (call.ended_at, call.state, call.held) == (at(20), CallState.ENDED, False)


def test_a_talk_known_only_from_its_end_was_a_talk() -> None:
    call, effects = told(arrived(), waiting(1), released(20, ANNA, "agent", 15))
    assert effects[2] == (QueueChanged(QUEUE),)
    assert call.answered_at == at(5)
    assert apply(call, answered(5.4, ANNA))[0].answered_at == at(5.4)


@pytest.mark.parametrize("seconds", [-5.0, float("nan"), float("inf"), 1e300])
def test_an_impossible_duration_from_the_wire_counts_as_nothing(seconds: float) -> None:
    assert told(arrived(), released(20, ANNA, "agent", seconds))[0].answered_at == at(20)


def test_a_ring_heard_of_after_another_operator_answered_shows_no_pop() -> None:
    call, effects = told(arrived(), waiting(1), answered(5, ANNA), ringing(2, BORIS))
    assert effects[3] == ()
    assert leg_states(call)["leg-102"] is LegState.CANCELLED


def test_an_answer_heard_of_after_a_later_answer_starts_no_talk() -> None:
    call, effects = told(arrived(), waiting(1), answered(9, BORIS), answered(5, ANNA))
    assert effects[3] == ()
    assert (call.talking_extension, call.answered_at) == (BORIS, at(5))


def test_a_second_answer_without_a_release_ends_the_first_talk() -> None:
    _, effects = told(arrived(), waiting(1), answered(5, ANNA), answered(9, BORIS))
    assert effects[3] == (TalkEnded(ANNA), TalkStarted(BORIS))


def test_an_event_of_another_call_is_refused() -> None:
    call, _ = told(arrived())
    with pytest.raises(ValueError, match="another call"):
        apply(call, replace(ended(2), call="1763.2"))


def test_an_event_without_a_time_zone_cannot_exist() -> None:
    with pytest.raises(ValueError, match="time zone"):
        events.CallEnded(call=CALL, at=datetime(2026, 11, 12), cause=16)  # noqa: DTZ001 - that is what is refused


def test_the_end_of_a_talk_may_name_the_telephones_own_channel() -> None:
    """Asterisk optimises `Local/101@sd-operator` away: AgentComplete names a leg that never rang."""
    end = released(30, ANNA, talk=20, leg="the telephone's channel")
    call = told(arrived(), waiting(1), ringing(2, ANNA), answered(10, ANNA), end)[0]
    assert [(leg.uniqueid, leg.state, leg.ended_at) for leg in call.legs] == [("leg-101", LegState.ENDED, at(30))]
    assert apply(call, end) == (call, ()), "once is enough"
