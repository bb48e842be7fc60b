"""Words of our own dialplan: read whole or not at all."""

from datetime import UTC, datetime

import pytest

from callflow.dialplan_word import DialplanWord, Subject
from telephony.dialplan_words import dialplan_word
from telephony.wire import AmiParser, Message
from tests.support.scripted_ami import channel_event

AT = datetime.fromtimestamp(1_763_712_000.25, UTC)
SAID = {
    "uniqueid": "1763712000.1",
    "Context": "sd-transfer",
    "UserEvent": "SDWord",
    "Subject": "transfer",
    "Order": "12",
    "State": "ringing",
    "Detail": "201",
}


def message(**headers: str) -> Message:
    (one,) = AmiParser().feed(channel_event("UserEvent", **(SAID | headers)))
    return one


def test_a_word_of_our_dialplan_is_read() -> None:
    assert dialplan_word(message()) == DialplanWord(
        subject=Subject.TRANSFER, call="1763712000.1", at=AT, order="12", state="ringing", detail="201",
        uniqueid="1763712000.1",
    )  # fmt: skip


@pytest.mark.parametrize(
    "changed",
    [
        {"Context": "from-trunk"},
        {"Subject": "family"},
        {"State": "Ringing Now"},
        {"State": ""},
        {"Order": "12;drop"},
        {"Detail": "../../etc/passwd"},
        {"Privilege": ""},
        {"UserEvent": "SDCaller"},
    ],
)
def test_anything_else_is_no_word(changed: dict[str, str]) -> None:
    assert dialplan_word(message(**changed)) is None
