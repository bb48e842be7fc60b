"""AMI events to facts of a call."""

from datetime import UTC, datetime, timedelta, timezone
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callflow import events
from telephony.translate import TrunkNames, is_forged, member_extension, translate
from telephony.wire import AmiParser, Message
from tests.support.scripted_ami import channel_event, event

TRUNK = TrunkNames()
AT = datetime.fromtimestamp(1_763_712_000.25, UTC)
CALL = "1763712000.1"
AGENT = {
    "Queue": "family",
    "Interface": "Local/101@sd-operator/n",
    "MemberName": "101",
    "DestChannel": "Local/101@sd-operator-00000001;1",
    "DestUniqueid": "1763712000.2",
}


def message(data: bytes) -> Message:
    (one,) = AmiParser().feed(data)
    return one


def fact(name: str, **headers: str) -> events.CallEvent | None:
    return translate(message(channel_event(name, **({"uniqueid": CALL} | headers))), trunk=TRUNK)


@pytest.mark.parametrize(
    ("name", "headers", "expected"),
    [
        ("Newchannel", {}, events.CallArrived(call=CALL, at=AT, did="4736721000", channel="PJSIP/trunk-00000001")),
        ("QueueCallerJoin", {"Queue": "family", "Position": "2", "Count": "2"},
         events.CallerWaiting(call=CALL, at=AT, queue="family", position=2)),
        ("AgentCalled", AGENT,
         events.OperatorRinging(call=CALL, at=AT, leg="1763712000.2", extension="101", queue="family")),
        ("AgentRingNoAnswer", AGENT | {"RingTime": "15000"},
         events.OperatorMissed(call=CALL, at=AT, leg="1763712000.2", extension="101", ring_seconds=15.0)),
        ("AgentConnect", AGENT | {"HoldTime": "7", "RingTime": "3"},
         events.OperatorAnswered(call=CALL, at=AT, leg="1763712000.2", extension="101", wait_seconds=7.0)),
        ("AgentComplete", AGENT | {"TalkTime": "61", "HoldTime": "7", "Reason": "agent"},
         events.OperatorReleased(
             call=CALL, at=AT, leg="1763712000.2", extension="101", reason="agent", talk_seconds=61.0)),
        ("QueueCallerAbandon", {"Queue": "family", "Position": "1", "OriginalPosition": "1", "HoldTime": "33"},
         events.CallerGaveUp(call=CALL, at=AT, waited_seconds=33.0)),
        ("Hold", {"uniqueid": "1763712000.3", "linkedid": CALL, "Channel": "PJSIP/101-0000000a", "Exten": ""},
         events.CallHeld(call=CALL, at=AT, extension="101")),
        ("Unhold", {"uniqueid": "1763712000.3", "linkedid": CALL, "Channel": "PJSIP/101-0000000a", "Exten": ""},
         events.CallUnheld(call=CALL, at=AT, extension="101")),
        ("Hangup", {"Cause": "16", "Cause-txt": "Normal Clearing"}, events.CallEnded(call=CALL, at=AT, cause=16)),
        ("UserEvent", {"UserEvent": "SDReturning", "Context": "sd-return", "Extension": "101"},
         events.CallReturning(call=CALL, at=AT, extension="101")),
    ],
)  # fmt: skip
def test_an_event_becomes_its_fact(name: str, headers: dict[str, str], expected: events.CallEvent) -> None:
    assert fact(name, **headers) == expected


def test_only_the_trunks_own_channel_is_an_arriving_call() -> None:
    assert fact("Newchannel", Channel="PJSIP/101-00000001") is None
    assert fact("Newchannel", Context="from-internal") is None
    assert fact("Newchannel", linkedid="1763712000.0") is None


def test_the_hangup_of_another_leg_ends_no_call() -> None:
    assert fact("Hangup", uniqueid="1763712000.2", linkedid=CALL, Cause="16") is None


@pytest.mark.parametrize("missing", ["Privilege", "Channel", "Uniqueid", "Linkedid", "Context", "ChannelState"])
def test_an_event_without_a_mandatory_header_is_dropped_b10(missing: str) -> None:
    lines = channel_event("Hangup", uniqueid=CALL, Cause="16").split(b"\r\n")
    broken = message(b"\r\n".join(line for line in lines if not line.startswith(missing.encode() + b":")))
    assert translate(broken, trunk=TRUNK) is None
    assert is_forged(broken)


def test_an_event_forged_through_the_callers_number_changes_nothing_b9() -> None:
    """M7: pjsip decodes %0d%0a of the From user, and AMI writes it as it is; there is room for 79 characters."""
    number = "1\r\n\r\nEvent: Hangup\r\nUniqueid: 17.1\r\nLinkedid: 17.1\r\nPrivilege: call\r\n\r\n"
    assert len(number) <= 79
    frames = AmiParser().feed(channel_event("Newchannel", uniqueid=CALL, CallerIDNum=number))
    assert [translate(one, trunk=TRUNK) for one in frames] == [None] * len(frames)
    assert sum(map(is_forged, frames)) == 2
    optout = event("UserEvent", Privilege="user,all", UserEvent="SDReturning", Extension="101")
    assert translate(message(optout), trunk=TRUNK) is None


def test_a_header_injected_a_second_time_makes_the_event_worthless_b9() -> None:
    assert fact("Hangup", CallerIDNum="1\r\nUniqueid: 99.9", Cause="16") is None


def test_a_header_said_twice_in_the_same_words_is_no_forgery() -> None:
    """The dialplan's UserEvent adds a Uniqueid of its own, beside the channel's."""
    data = channel_event("UserEvent", uniqueid=CALL, UserEvent="SDReturning", Context="sd-return", Extension="101")
    twice = message(data.removesuffix(b"\r\n") + f"Uniqueid: {CALL}\r\n\r\n".encode())
    assert translate(twice, trunk=TRUNK) == events.CallReturning(call=CALL, at=AT, extension="101")


def test_another_user_event_is_no_fact_m8() -> None:
    assert fact("UserEvent", UserEvent="OptOut", Context="sd-return", Extension="101") is None
    assert fact("UserEvent", UserEvent="SDReturning", Context="from-trunk", Extension="101") is None
    assert fact("UserEvent", UserEvent="SDReturning", Context="sd-return", Extension="1;2") is None


def test_without_a_timestamp_the_given_moment_counts_and_without_both_nothing() -> None:
    bare = message(b"\r\n".join(
        line for line in channel_event("Hangup", uniqueid=CALL, Cause="16").split(b"\r\n") if b"Timestamp" not in line
    ))  # fmt: skip
    moscow = datetime(2026, 11, 21, 15, tzinfo=timezone(timedelta(hours=3)))
    told = translate(bare, trunk=TRUNK, at=moscow)
    assert told is not None
    assert (told.at, told.at.tzinfo) == (moscow, UTC)
    assert translate(bare, trunk=TRUNK) is None
    assert translate(bare, trunk=TRUNK, at=datetime(2026, 11, 21)) is None  # noqa: DTZ001 - that is the point


def test_how_a_return_is_recognised_can_be_replaced() -> None:
    mine = translate(
        message(channel_event("UserEvent", uniqueid=CALL, UserEvent="X")), trunk=TRUNK, returning=lambda _: "102"
    )
    assert mine == events.CallReturning(call=CALL, at=AT, extension="102")


def test_a_member_is_known_by_name_or_by_interface() -> None:
    assert member_extension("101", "Local/101@sd-operator/n") == "101"
    assert member_extension("", "Local/102@sd-operator") == "102"
    assert member_extension("Анна", "Local/102@sd-operator") == "102"
    assert member_extension("101", "PJSIP/101") == ""


NAMES = st.sampled_from(["Event", "Uniqueid", "Linkedid", "Timestamp", "Position", "Cause", "Channel"])
HEADERS = st.lists(st.tuples(NAMES, st.text(st.characters(codec="utf-8"), max_size=20)), max_size=12)


@given(HEADERS, st.sampled_from(["Hangup", "UserEvent"]))
def test_no_message_raises(headers: list[tuple[str, str]], name: str) -> None:
    translate(Message.of(("Event", name), *headers), trunk=TRUNK, at=AT)
    fact(name, **{key: value.replace("\r", "") for key, value in headers if key != "Event"})


def caller(raw: str, pai: str = "", trunk: TrunkNames = TRUNK, **headers: str) -> events.CallEvent | None:
    told = {"UserEvent": "SDCaller", "Context": "sd-inbound", "Exten": "s", "Did": "+74924800001"}
    told |= {"From": quote(raw, safe=""), "Pai": quote(pai, safe="")} | headers
    return translate(message(channel_event("UserEvent", uniqueid=CALL, **told)), trunk=trunk)


def test_the_caller_is_read_from_his_raw_header() -> None:
    found = caller('"Елена \\"К\\"" <sip:+79070000101@host;x=1>;tag=7')
    assert isinstance(found, events.CallerIdentified)
    assert (found.did, found.caller.kind, found.caller.number) == ("+74924800001", "number", "+79070000101")
    assert found.caller.name == 'Елена "К"'


def test_a_header_full_of_line_breaks_is_one_suspicious_caller() -> None:
    found = caller("<sip:8%0d%0aEvent:%20UserEvent@x>\r\nAction: Originate\r\n\x00")
    assert isinstance(found, events.CallerIdentified)
    assert found.caller.kind in ("suspicious", "hidden")


def test_our_own_number_as_caller_id_and_another_asserted_identity_are_noticed() -> None:
    trunk = TrunkNames(own_numbers=frozenset({"+74924800001", "101"}), area_code="49248")
    for raw, pai in (
        ("<sip:+74924800001@x>", ""),
        ("<sip:101@x>", ""),
        ("<sip:+79070000101@x>", "<sip:+79070000201@x>"),
    ):
        found = caller(raw, pai, trunk)
        assert isinstance(found, events.CallerIdentified)
        assert found.caller.note == "возможна подмена", raw


@pytest.mark.parametrize(
    "forged", [{"Context": "from-internal"}, {"Channel": "PJSIP/101-00000001"}, {"Linkedid": "1763712000.9"}]
)
def test_who_calls_is_told_by_the_callers_own_channel_in_our_own_context_only(forged: dict[str, str]) -> None:
    assert caller("<sip:+79070000101@x>", **forged) is None


ATTEMPT = f"att-{'0a' * 16}"
ROBOTS = {
    "uniqueid": ATTEMPT,
    "linkedid": ATTEMPT,
    "Channel": "Local/go@sd-dial-00000001;1",
    "UserEvent": "SDCaller",
    "Context": "sd-robot",
    "Did": "+74924800001",
    "From": quote("<sip:+79070000101@robot>", safe=""),
    "Pai": "",
}
GONE = {**ROBOTS, "UserEvent": "SDEnded", "Context": "sd-robot-end", "Cause": "16"}


def told(headers: dict[str, str]) -> events.CallEvent | None:
    return translate(message(channel_event("UserEvent", **headers)), trunk=TRUNK)


def test_whom_the_robot_called_and_who_asked_for_a_person_is_a_caller() -> None:
    found = told(ROBOTS)
    assert isinstance(found, events.CallerIdentified)
    assert (found.call, found.did, found.caller.number) == (ATTEMPT, "+74924800001", "+79070000101")
    assert told(GONE) == events.CallEnded(call=ATTEMPT, at=AT, cause=16)


@pytest.mark.parametrize(
    "changed",
    [
        {"Context": "sd-inbound"},
        {"Channel": "Local/go@sd-dial-00000001;2"},
        {"Channel": "Local/101@sd-outgoing-00000001;1"},
    ],
)
def test_nobody_else_says_so(changed: dict[str, str]) -> None:
    assert told({**ROBOTS, **changed}) is None
    assert told({**GONE, **changed}) is None
