"""Device states: which events name a telephone of ours, and what the exchange's answer means."""

import pytest

from telephony.device_states import ask, changed_extension, state_of
from telephony.link import LinkDown
from telephony.wire import Message

GENUINE = (
    ("Event", "DeviceStateChange"),
    ("Privilege", "call,all"),
    ("Timestamp", "1763796000.123456"),
    ("SystemName", "dispatch"),
    ("Device", "PJSIP/201"),
    ("State", "NOT_INUSE"),
)


def change(**headers: str) -> Message:
    return Message.of(*((name, headers.get(name, value)) for name, value in GENUINE))


@pytest.mark.parametrize(
    ("device", "extension"),
    [
        ("PJSIP/201", "201"),
        ("PJSIP/201-web", "201"),
        ("PJSIP/trunk", None),
        ("PJSIP/201-webb", None),
        ("PJSIP/201&PJSIP/202", None),
        ("Local/201@sd-operator", None),
        ("Queue:dispatch", None),
        ("PJSIP/٢٠١", None),
        ("", None),
    ],
)
def test_the_extension_of_a_telephone(device: str, extension: str | None) -> None:
    assert changed_extension(change(Device=device)) == extension


def test_an_exchange_without_time_stamps_is_believed() -> None:
    assert changed_extension(Message.of(*(pair for pair in GENUINE if pair[0] != "Timestamp"))) == "201"


@pytest.mark.parametrize(
    "headers",
    [
        (*GENUINE, ("Device", "PJSIP/202")),  # says a thing twice
        (*GENUINE, ("State", "INUSE")),
        (*GENUINE, ("Channel", "PJSIP/trunk-00000001")),  # the rest of the event that was broken in two
        (*GENUINE, ("CallerIDNum", "100")),
        GENUINE[:5],  # too short: no state
        GENUINE[:1] + GENUINE[2:],  # no privilege
        (("Event", "UserEvent"), *GENUINE[1:]),
    ],
)
def test_a_forged_event_is_passed_over(headers: tuple[tuple[str, str], ...]) -> None:
    assert changed_extension(Message.of(*headers)) is None


@pytest.mark.parametrize(
    ("status", "state"),
    [
        ("0", "idle"),
        ("1", "busy"),
        ("2", "busy"),
        ("4", "off"),
        ("8", "ringing"),
        ("9", "busy"),
        ("16", "busy"),
        ("17", "busy"),
        ("-1", None),
        ("", None),
        ("abc", None),
        ("99999", None),
    ],
)
def test_the_answer_about_a_hint(status: str, state: str | None) -> None:
    assert state_of(status) == state


class Exchange:
    def __init__(self, status: str | None) -> None:
        self.status, self.asked = status, []

    def send(self, action: object, timeout: float = 5.0) -> Message:  # noqa: ARG002
        self.asked.append(action)
        if self.status is None:
            raise LinkDown
        return Message.of(("Response", "Success"), ("Exten", "201"), ("Status", self.status))

    def collect(self, action: object, timeout: float = 5.0) -> list[Message]:
        raise NotImplementedError


def test_the_exchange_is_asked_about_the_hint_and_a_dead_one_says_nothing() -> None:
    exchange = Exchange("8")
    assert ask(exchange, "201") == "ringing"
    assert exchange.asked == [{"Action": "ExtensionState", "Exten": "201", "Context": "sd-hints"}]
    assert ask(Exchange(None), "201") is None
