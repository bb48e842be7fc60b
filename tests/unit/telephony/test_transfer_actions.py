"""Orders to lead channels: only ours, only there, and read from the exchange's own list."""

import pytest

from telephony import transfer_actions as actions
from telephony.snapshot import ChannelNow
from telephony.wire import UnsafeValue, compose_action

CALLER, OPERATOR, SPECIALIST = "PJSIP/trunk-00000001", "PJSIP/101-web-00000002", "PJSIP/201-00000003"


def channel(
    name: str, uniqueid: str, *, state: str = "Up", application: str = "", linkedid: str = "d-1.0", bridge: str = ""
) -> ChannelNow:
    return ChannelNow(
        channel=name, uniqueid=uniqueid, linkedid=linkedid, state=state, context="", exten="", caller_number="",
        caller_name="", connected_number="", application=application, application_data="", duration=1,
        bridge=bridge,
    )  # fmt: skip


def test_a_consultation_parts_the_two_who_talk() -> None:
    assert actions.compose_consult(CALLER, OPERATOR) == [
        ("Action", "Redirect"), ("Channel", CALLER), ("ExtraChannel", OPERATOR),
        ("Context", "sd-transfer"), ("Exten", "hold"), ("Priority", "1"),
        ("ExtraContext", "sd-transfer"), ("ExtraExten", "consult"), ("ExtraPriority", "1"),
    ]  # fmt: skip


@pytest.mark.parametrize("name", ["Local/1@any", "PJSIP/x\r\nAction: Hangup", "/^PJSIP.*/", "", "PJSIP/101"])
def test_nothing_but_a_channel_of_a_telephone_is_led_anywhere(name: str) -> None:
    for compose in (actions.compose_hangup, lambda one: actions.compose_redirect(one, "blind"),
                    lambda one: actions.compose_consult(CALLER, one)):  # fmt: skip
        with pytest.raises(UnsafeValue):
            compose(name)


@pytest.mark.parametrize("place", ["201", "from-internal,1", "s", "blind,1\r\nX: y", ""])
def test_no_other_place_than_ours(place: str) -> None:
    with pytest.raises(UnsafeValue):
        actions.compose_redirect(CALLER, place)


@pytest.mark.parametrize(("name", "value"), [
    ("SD_T_TO", "201,1"), ("SD_T_OUT", "+7907&PJSIP/1"), ("SD_T_TO", "${SHELL(id)}"), ("SD_FROM", "1"), ("X)", "1"),
    ("SD_T_TO", "1\r\nAction: x"),
])  # fmt: skip
def test_no_other_note_than_ours(name: str, value: str) -> None:
    with pytest.raises(UnsafeValue):
        actions.compose_note(CALLER, name, value)


def test_a_note_passes_the_wire() -> None:
    note = actions.compose_note(CALLER, "SD_T_OUT", "+79070009101")
    assert b"Variable: SHARED(SD_T_OUT)\r\nValue: +79070009101" in compose_action(note)


def test_parties_are_read_from_the_list_whatever_else_goes_on() -> None:
    rows = [
        channel(CALLER, "d-1.0", application="Wait"),
        channel(OPERATOR, "d-1.5", application="Dial"),
        channel("PJSIP/101-0000000a", "d-1.9", state="Ringing", application="AppDial"),
        channel(SPECIALIST, "d-1.6", state="Ringing", application="AppDial"),
        channel("PJSIP/201-web-00000004", "d-1.7", state="Ringing", application="AppDial"),
        channel("CBAnn/sd-d-1.0-00000002;1", "d-1.8"),
        channel("PJSIP/trunk-00000009", "d-2.0", linkedid="d-2.0"),
        channel("PJSIP/201-00000008", "d-2.1", linkedid="d-2.0"),
    ]
    found = actions.parties(rows, "d-1.0", "101", "201")
    assert (found.caller, found.operator, found.dialling) == (CALLER, OPERATOR, OPERATOR)
    assert found.specialist == (SPECIALIST, "PJSIP/201-web-00000004")


def test_a_specialist_in_town_is_the_other_channel_of_the_trunk() -> None:
    rows = [
        channel(CALLER, "d-1.0", application="Wait"),
        channel(OPERATOR, "d-1.5", application="AppDial"),
        channel("PJSIP/trunk-00000007", "d-1.6", application="Dial"),
    ]
    found = actions.parties(rows, "d-1.0", "101", "")
    assert found.specialist == ("PJSIP/trunk-00000007",)
    assert found.dialling == "PJSIP/trunk-00000007"


def test_in_a_call_of_ours_the_other_half_stands_for_the_family_whose_own_channel_is_nobody_elses() -> None:
    half = "Local/101@sd-outgoing-00000000;2"
    rows = [
        channel("Local/101@sd-outgoing-00000000;1", "out-1", linkedid="out-1", application="Dial", bridge="b1"),
        channel("PJSIP/trunk-00000001", "d-1.3", linkedid="out-1", application="AppDial", bridge="b1"),
        channel(half, "out-1-b", linkedid="out-1", application="Wait"),
        channel(OPERATOR, "d-1.2", linkedid="out-1", application="Dial", bridge="b2"),
        channel("PJSIP/trunk-00000005", "d-1.9", linkedid="out-1", application="AppDial", bridge="b2"),
    ]
    found = actions.parties(rows, "out-1", "101", "")
    assert (found.caller, found.operator, found.dialling) == (half, OPERATOR, OPERATOR)
    assert found.specialist == ("PJSIP/trunk-00000005",)
    assert ("Channel", half) in actions.compose_consult(half, OPERATOR)


def test_whom_the_robot_called_stands_for_himself() -> None:
    own = "Local/go@sd-dial-00000000;1"
    rows = [
        channel(own, "att-1", linkedid="att-1", application="Queue", bridge="b1"),
        channel("Local/go@sd-dial-00000000;2", "att-1-b", linkedid="att-1", application="Dial", bridge="b2"),
        channel("PJSIP/trunk-00000001", "d-1.3", linkedid="att-1", application="AppDial", bridge="b2"),
        channel(OPERATOR, "d-1.2", linkedid="att-1", application="AppQueue", bridge="b1"),
    ]
    found = actions.parties(rows, "att-1", "101", "")
    assert (found.caller, found.operator, found.specialist) == (own, OPERATOR, ())
    assert ("Channel", own) in actions.compose_consult(own, OPERATOR)


def test_nobody_there_is_nobody() -> None:
    found = actions.parties([], "d-1.0", "101", "201")
    assert (found.caller, found.operator, found.specialist, found.dialling) == ("", "", (), "")
