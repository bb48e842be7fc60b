"""Reading the exchange's channel list as calls."""

from datetime import UTC, datetime, timedelta

import pytest

from callflow.call import CallState
from telephony.snapshot import ChannelNow, Snapshot, WaitingNow
from workers.live_calls import live_calls

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
CALL = "1790000000.1"


def channel(name: str, uniqueid: str, **facts: object) -> ChannelNow:
    plain = {
        "linkedid": CALL,
        "state": "Up",
        "context": "sd-inbound",
        "exten": "s",
        "caller_number": "",
        "caller_name": "",
        "connected_number": "",
        "application": "",
        "application_data": "",
        "duration": 0,
        "bridge": "",
    }
    return ChannelNow(channel=name, uniqueid=uniqueid, **(plain | facts))  # type: ignore[arg-type]


def trunk(**facts: object) -> ChannelNow:
    return channel("PJSIP/trunk-00000001", CALL, **({"state": "Ring", "duration": 12} | facts))


def waiting() -> WaitingNow:
    return WaitingNow(queue="family", channel="PJSIP/trunk-00000001", uniqueid=CALL, linkedid=CALL, position=1, wait=12)


def one(*channels: ChannelNow, queued: bool = True) -> object:
    (call,) = live_calls(Snapshot(at=NOW, boot="x", channels=channels, waiting=(waiting(),) if queued else ()))
    return call


def test_a_caller_who_has_just_arrived() -> None:
    call = one(trunk(context="from-trunk", exten="+74924800001"), queued=False)
    assert (call.state, call.did, call.since) == (CallState.ARRIVED, "+74924800001", NOW - timedelta(seconds=12))


def test_a_caller_in_the_queue_waits() -> None:
    call = one(trunk())
    assert (call.state, call.queue, call.ringing, call.did) == (CallState.WAITING, "family", (), None)


def test_an_operator_who_is_rung_is_named_with_her_leg() -> None:
    call = one(
        trunk(),
        channel("Local/101@sd-operator-0000000a;1", "5.2", state="Down"),
        channel("Local/101@sd-operator-0000000a;2", "5.3", state="Ring"),
        channel("PJSIP/101-web-00000002", "5.4", state="Ringing"),
    )
    assert (call.state, call.ringing) == (CallState.RINGING, (("5.2", "101"),))


@pytest.mark.parametrize("phone", ["PJSIP/101-00000002", "PJSIP/101-web-00000002"])
def test_two_in_one_bridge_talk(phone: str) -> None:
    call = one(trunk(state="Up", bridge="b1"), channel(phone, "5.4", bridge="b1"), queued=False)
    assert (call.state, call.talking, call.ringing) == (CallState.TALKING, "101", ())


def test_a_talk_through_the_local_leg_is_a_talk_too() -> None:
    call = one(
        trunk(state="Up", bridge="b1"),
        channel("Local/101@sd-operator-0000000a;1", "5.2", bridge="b1"),
        channel("Local/101@sd-operator-0000000a;2", "5.3", bridge="b2"),
        channel("PJSIP/101-00000002", "5.4", bridge="b2"),
        queued=False,
    )
    assert (call.state, call.talking) == (CallState.TALKING, "101")


def test_music_is_not_a_talk() -> None:
    assert one(trunk(state="Up"), queued=False).state is CallState.ARRIVED


def test_a_caller_on_the_way_back_rings_the_phone_itself() -> None:
    call = one(trunk(state="Up"), channel("PJSIP/101-web-00000002", "5.4", state="Ringing"), queued=False)
    assert (call.state, call.ringing) == (CallState.RINGING, (("5.4", "101"),))


def test_the_towns_own_legs_and_staff_calling_each_other_are_no_calls_of_ours() -> None:
    channels = (
        channel("PJSIP/town-00000007", "9.1", linkedid="9.1"),
        channel("PJSIP/101-00000002", "8.1", linkedid="8.1"),
        channel("PJSIP/201-00000003", "8.2", linkedid="8.1"),
    )
    assert live_calls(Snapshot(at=NOW, boot="x", channels=channels)) == ()


def test_a_call_of_ours_rings_at_the_operator_until_it_is_in_a_bridge() -> None:
    own = channel("Local/101@sd-outgoing-0000000a;1", CALL, context="sd-outgoing-call", duration=9)
    phone = channel("PJSIP/101-00000002", "5.4", state="Ringing")
    call = one(own, phone, queued=False)
    assert (call.state, call.ringing, call.talking, call.did) == (
        CallState.RINGING, ((f"{CALL}.operator", "101"),), None, None,
    )  # fmt: skip
    family = (
        channel(own.channel, CALL, bridge="b1", duration=20),
        channel("PJSIP/trunk-00000003", "5.5", bridge="b1"),
    )
    half = "Local/101@sd-outgoing-0000000a;2"
    her_phone = channel("PJSIP/101-00000002", "5.4", bridge="b2")
    call = one(*family, channel(half, f"{CALL}-b", bridge="b2"), her_phone, queued=False)
    assert (call.state, call.talking, call.ringing) == (CallState.TALKING, "101", ())
    specialist = channel("PJSIP/201-web-00000004", "5.6", bridge="b2")
    assert one(*family, channel(half, f"{CALL}-b", bridge="b2"), specialist, queued=False).talking == "201"
    waiting = one(*family, channel(half, f"{CALL}-b"), queued=False)
    assert (waiting.state, waiting.talking) == (CallState.WAITING, None), "with music, on the way to somebody"
    rung = one(*family, channel(half, f"{CALL}-b"), channel("PJSIP/101-00000009", "5.9", state="Ringing"), queued=False)
    assert (rung.state, rung.ringing) == (CallState.RINGING, (("5.9", "101"),))
