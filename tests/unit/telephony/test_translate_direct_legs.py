"""A phone that is rung without a queue: its own channel says that it rings, answers, or was let ring."""

from datetime import UTC, datetime

import pytest

from callflow import events
from telephony.translate import TrunkNames, translate
from telephony.wire import AmiParser
from tests.support.scripted_ami import channel_event

AT = datetime.fromtimestamp(1_763_712_000.25, UTC)
CALL, LEG = "1763712000.1", "1763712000.3"
BELONGS = {"call": CALL, "at": AT, "leg": LEG, "extension": "101"}


def fact(state: str, **changes: str) -> events.CallEvent | None:
    headers = {
        "uniqueid": LEG,
        "linkedid": CALL,
        "Channel": "PJSIP/101-web-0000000a",
        "Context": "sd-leg",
        "Exten": "",
        "UserEvent": "SDLeg",
        "State": state,
        "Queue": "family",
    }
    (message,) = AmiParser().feed(channel_event("UserEvent", **(headers | changes)))
    return translate(message, trunk=TrunkNames())


@pytest.mark.parametrize(
    ("state", "context", "expected"),
    [
        ("ringing", "sd-leg", events.OperatorRinging(**BELONGS, queue="family")),
        ("answered", "sd-leg-answered", events.OperatorAnswered(**BELONGS, wait_seconds=0.0)),
        ("missed", "sd-leg-end", events.OperatorMissed(**BELONGS, ring_seconds=0.0)),
    ],
)
def test_the_phone_tells(state: str, context: str, expected: events.CallEvent) -> None:
    assert fact(state, Context=context) == expected


@pytest.mark.parametrize(
    "changes",
    [
        {"Context": "from-trunk"},
        {"Channel": "PJSIP/trunk/0000000a"},
        {"linkedid": LEG},
        {"Queue": ""},
        {"State": "dancing"},
    ],
)
def test_anybody_else_and_anything_else_is_no_fact(changes: dict[str, str]) -> None:
    assert fact("ringing", **changes) is None
