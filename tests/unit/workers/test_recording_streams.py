"""Which recordings are told to go on anew: those with a leg whose sound comes from another sender than before."""

from types import SimpleNamespace
from typing import cast

import pytest

from telephony.recording_actions import compose_again, compose_stream_of
from telephony.snapshot import ChannelNow
from telephony.wire import Message, UnsafeValue
from workers.orders import Counter
from workers.recording_streams import Streams
from workers.recordings import of_call, recorded

CALLER, PHONE = "PJSIP/trunk-0000000a", "PJSIP/101-0000000b"
FAMILY = "Local/101@sd-outgoing-00000001;2"


def leg(channel: str, uniqueid: str, call: str = "1.1") -> ChannelNow:
    return ChannelNow(
        channel=channel, uniqueid=uniqueid, linkedid=call, state="Up", context="", exten="", caller_number="",
        caller_name="", connected_number="", application="", application_data="", duration=0, bridge="",
    )  # fmt: skip


class Exchange:
    def __init__(self) -> None:
        self.streams: dict[str, str] = {}
        self.told: list[str] = []

    def send_all(self, actions: list[list[tuple[str, str]]]) -> list[Message]:
        return [Message.of(("Response", "Success"), ("Value", self.streams[dict(one)["Channel"]])) for one in actions]

    def send(self, action: list[tuple[str, str]]) -> None:
        self.told.append(dict(action)["Channel"])


@pytest.mark.parametrize(
    ("seen", "told"),
    [
        (["7", "7", "7"], []),
        (["7", "8", "8"], [CALLER]),
        (["7", "8", "9"], [CALLER, CALLER]),
        (["0", "7", "7"], []),  # its first word
        (["7", "", "7"], []),  # not to be asked just now
        (["7", "", "8"], [CALLER]),
        (["", "7", "7"], []),
    ],
)
def test_another_sender_than_before(seen: list[str], told: list[str]) -> None:
    exchange, streams = Exchange(), Streams()
    counter = cast(Counter, SimpleNamespace(exchange=exchange))
    for stream in seen:
        exchange.streams = {CALLER: "1", PHONE: stream}
        streams.look(counter, [(leg(CALLER, "1.1"), [leg(CALLER, "1.1"), leg(PHONE, "1.2")])])
    assert exchange.told == told


def test_a_new_leg_is_no_other_sender() -> None:
    exchange, streams = Exchange(), Streams()
    counter = cast(Counter, SimpleNamespace(exchange=exchange))
    exchange.streams = {PHONE: "7", "PJSIP/201-0000000c": "8"}
    streams.look(counter, [(leg(CALLER, "1.1"), [leg(PHONE, "1.2")])])
    streams.look(counter, [(leg(CALLER, "1.1"), [leg("PJSIP/201-0000000c", "1.3")])])
    assert exchange.told == []


def test_the_recording_lies_on_the_caller_or_on_what_stands_for_whom_an_operator_has_called() -> None:
    inbound = [leg(PHONE, "1.2"), leg("Local/101@sd-operator-00000001;1", "1.3"), leg(CALLER, "1.1")]
    own = [leg(FAMILY[:-1] + "1", "1.1"), leg(PHONE, "1.2"), leg(FAMILY, "1.1-b"), leg(CALLER, "1.4")]
    for channels, main in ((inbound, CALLER), (own, FAMILY)):
        found = recorded(of_call(channels, "1.1"), "1.1")
        assert found is not None
        assert found.channel == main
    assert recorded(of_call(own, "2.2"), "2.2") is None


def test_only_a_channel_is_asked_or_told() -> None:
    assert ("Digit", "D") in compose_again(FAMILY)
    for compose in (compose_again, compose_stream_of):
        with pytest.raises(UnsafeValue):
            compose("all")
