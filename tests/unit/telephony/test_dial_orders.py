"""The robot's order to the exchange: exactly an attempt, a Russian number, a line of ours, or nothing at all."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from telephony import dial_orders
from telephony.dial_orders import DialOrder, order_headers
from telephony.wire import UnsafeValue, compose_action

ATTEMPT = f"att-{'0a' * 16}"
ORDER = DialOrder(ATTEMPT, "+79070000101", datetime(2026, 11, 12, 9, 0, 10, tzinfo=UTC), "+74924800100", 30)


def test_one_order_is_one_frame_that_names_its_attempt_everywhere() -> None:
    headers = order_headers(ORDER, "n1")
    assert dict(headers) | {"Variable": ""} == {
        "Action": "Originate",
        "ActionID": f"{ATTEMPT}-n1",
        "Channel": "Local/go@sd-dial/n",
        "Context": "sd-robot",
        "Exten": "talk",
        "Priority": "1",
        "Timeout": "45000",
        "Async": "true",
        "ChannelId": ATTEMPT,
        "OtherChannelId": f"{ATTEMPT}-b",
        "Account": ATTEMPT,
        "Variable": "",
    }
    assert [value for name, value in headers if name == "Variable"] == [
        f"__SD_ATT={ATTEMPT}",
        "SD_NUM=+79070000101",
        "SD_NOT_AFTER=1794474010",
        "SD_KIND=reminder",
        "SD_DID=+74924800100",
        "SD_RING=30",
    ]
    assert compose_action(headers).count(b"\r\n\r\n") == 1


def test_the_same_order_twice_has_two_names_of_its_action() -> None:
    assert order_headers(ORDER)[1] != order_headers(ORDER)[1]


@pytest.mark.parametrize(
    "changed",
    [
        {"attempt_id": "att-1"},
        {"attempt_id": f"{ATTEMPT}\r\nAction: x"},
        {"attempt_id": ATTEMPT.upper()},
        {"number": "100&PJSIP/200"},
        {"number": "Local/1@any"},
        {"number": "112"},
        {"number": "+77070000101"},
        {"number": "+79070000101,1"},
        {"shown_number": ""},
        {"shown_number": "+7,1"},
        {"kind": "a b"},
        {"kind": "reminder\r\nX: y"},
        {"ring_seconds": 0},
        {"ring_seconds": 61},
        {"not_after": datetime(2026, 11, 12, 9, 0)},  # noqa: DTZ001 - naive on purpose
    ],
)
def test_whatever_else_is_no_order(changed: dict[str, object]) -> None:
    with pytest.raises(UnsafeValue):
        order_headers(replace(ORDER, **changed))  # type: ignore[arg-type]


def test_the_number_is_in_no_repr() -> None:
    assert "7907" not in repr(ORDER)


@pytest.mark.parametrize(
    "attempt", ["", "stop", "att-", f"{ATTEMPT}/x", f"{ATTEMPT}\r\nX: y", "PJSIP/101-00000001", "/./"]
)
def test_only_an_attempt_is_hung_up_asked_after_or_forgotten(attempt: str) -> None:
    for compose in (dial_orders.compose_hangup, dial_orders.compose_key, dial_orders.compose_forget):
        with pytest.raises(UnsafeValue):
            compose(attempt)


def test_the_wire_lets_a_note_be_deleted_and_no_other_function_be_called() -> None:
    assert b"Variable: DB_DELETE(sd/att-" in compose_action(dial_orders.compose_forget(ATTEMPT))
    for function in ("DB_DELETE(sd/stop)", "DB(sd/stop)", "DB_DELETE(cidname/1)", "FILE(/x)"):
        with pytest.raises(UnsafeValue):
            compose_action([("Action", "Setvar"), ("Variable", function), ("Value", "")])


@pytest.mark.parametrize(("stopped", "place"), [(True, "stop"), (False, "resume")])
def test_the_red_button_is_a_place_of_our_own_dialplan(stopped: bool, place: str) -> None:
    headers = dict(dial_orders.compose_switch(stopped=stopped))
    assert (headers["Channel"], headers["Context"]) == (f"Local/{place}@sd-switch/n", "sd-switch")
