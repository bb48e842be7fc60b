"""Orders to place a call, and what is said about them."""

import pytest

from telephony.originate import Placed, compose_originate, read_originate_response
from telephony.wire import Message, UnsafeValue

ORDER = {
    "action_id": "att-1",
    "channel_id": "att-1",
    "exten": "go",
    "context": "sd-dial",
    "to_exten": "answered",
    "to_context": "sd-return",
}


def test_an_order_is_asynchronous_and_names_both_channels() -> None:
    headers = dict(compose_originate(**ORDER, variables={"SD_ATT": "att-1", "SD_NUM": "+79001234567"}))
    assert headers["Channel"] == "Local/go@sd-dial/n"
    assert headers["Async"] == "true"
    assert (headers["ChannelId"], headers["OtherChannelId"]) == ("att-1", "att-1-b")
    assert headers["Timeout"] == "30000"


@pytest.mark.parametrize("context", ["default", "sd-dial&x", "from-trunk", ""])
def test_a_context_that_is_not_ours_is_refused_m16(context: str) -> None:
    with pytest.raises(UnsafeValue):
        compose_originate(**ORDER | {"context": context})
    with pytest.raises(UnsafeValue):
        compose_originate(**ORDER | {"to_context": context})


@pytest.mark.parametrize("exten", ["100&PJSIP/200", "x/sip:810@h", "1,30,g", "1)", "", "1\r\n", "1@default"])
def test_an_extension_that_is_more_than_one_is_refused(exten: str) -> None:
    with pytest.raises(UnsafeValue):
        compose_originate(**ORDER | {"exten": exten})


@pytest.mark.parametrize(
    "variables",
    [
        {"FILE(/x)": "y"},
        {"SHELL(x)": "1"},
        {"CDR(x)": "1"},
        {"__A": "1"},
        {"SD_NUM": "Иванова"},
        {"SD_NUM": "1\r\nAction: Command"},
        {"SD_NUM": "1,FILE(/x)=y"},
        {"SD_NUM": "1" * 901},
        {"SD_NUM": "1" * 500, "SD_ATT": "1" * 500},
    ],
)
def test_a_variable_that_is_not_on_the_list_or_not_plain_is_refused_b15(variables: dict[str, str]) -> None:
    with pytest.raises(UnsafeValue):
        compose_originate(**ORDER, variables=variables)


def answer(response: str, reason: str, **more: str) -> Message:
    headers = {"Event": "OriginateResponse", "Privilege": "call,all", "ActionID": "att-1"} | more
    return Message.of(*headers.items(), ("Response", response), ("Reason", reason))


@pytest.mark.parametrize(
    ("response", "reason", "placed"),
    [
        ("Success", "4", Placed.ANSWERED),
        ("Failure", "3", Placed.NO_ANSWER),
        ("Failure", "5", Placed.BUSY),
        ("Failure", "8", Placed.CONGESTION),
        ("Failure", "1", Placed.HUNG_UP),
        ("Failure", "77", Placed.ASK),
    ],
)
def test_the_reason_tells_what_became_of_the_order(response: str, reason: str, placed: Placed) -> None:
    result = read_originate_response(answer(response, reason))
    assert result is not None
    assert (result.action_id, result.placed) == ("att-1", placed)


def test_reason_0_with_the_uniqueid_of_a_live_call_proves_nothing_b8() -> None:
    result = read_originate_response(answer("Failure", "0", Uniqueid="att-1"))
    assert result is not None
    assert result.placed is Placed.ASK


def test_a_result_without_an_action_id_belongs_to_nobody() -> None:
    assert read_originate_response(answer("Failure", "5", ActionID="")) is None
    assert read_originate_response(Message.of(("Event", "Hangup"), ("ActionID", "att-1"))) is None
