"""What a caller writes into his headers reaches our programs as data, never as a line of theirs (M7, M8)."""

from urllib.parse import unquote

import pytest

from tests.asterisk.conftest import Calling
from tests.support.agi_stub import AgiStub
from tests.support.ami_tap import AmiTap
from tests.support.exchange import LiveExchange
from tests.support.phone import DeskPhone
from tests.support.wait import wait_for

# pjsip decodes the percent signs; Asterisk by itself writes the result raw into AMI and AGI.
_FORGED_EVENT = "8%0d%0a%0d%0aEvent%3a%20UserEvent%0d%0aUserEvent%3a%20OptOut%0d%0a"
_FORGED_AGI = "1%0aagi_forged%3a%20yes%0aagi_request%3a%20x"


@pytest.mark.parametrize(
    "user", [_FORGED_EVENT, _FORGED_AGI, "+7900%0d%0aX%3a%20y", "a%22%0aSET%20VARIABLE%20SD_OK%201"]
)
@pytest.mark.parametrize("display", ["Anna", "x <sip:112@b>", "a:112@b"])
def test_a_forging_from_header_makes_no_event_and_no_agi_line(  # noqa: PLR0917 - fixtures
    exchange: LiveExchange, firehose: AmiTap, agi: AgiStub, phone: DeskPhone, call: Calling, user: str, display: str
) -> None:
    header = f'"{display}" <sip:{user}@127.0.0.2>'
    caller = call(from_header=header, cancel_ms=300)
    phone.wait_rung()
    assert caller.finish() == 0, caller.errors()
    wait_for(lambda: "done" in agi.lines(), 5, "the lookup")
    wait_for(lambda: not exchange.channels(), 5)
    # Our own word about the caller, once, with all of his header inside one line of it.
    (own,) = firehose.events("UserEvent")
    assert own["UserEvent"] == "SDCaller"
    assert unquote(own["From"]).startswith(header)
    assert [line for line in agi.lines() if line.startswith(("agi_forged", "X:", "SET"))] == []
    assert sum(line.startswith("agi_request:") for line in agi.lines()) == 1
    numbers = {event["CallerIDNum"] for event in firehose.events() if "CallerIDNum" in event}
    assert all(number in ("", "<unknown>", "0000", "101", "s") or number.lstrip("+").isdigit() for number in numbers), (
        numbers
    )
    # The whole header is handed over, so that Python can parse it.
    assert agi.variables()[0].startswith(header)


def test_the_asserted_identity_is_handed_over_too(
    exchange: LiveExchange, agi: AgiStub, phone: DeskPhone, call: Calling
) -> None:
    caller = call(headers=("P-Asserted-Identity: <sip:+79070000102@provider.test>",), cancel_ms=300)
    phone.wait_rung()
    assert caller.finish() == 0, caller.errors()
    wait_for(lambda: "done" in agi.lines(), 5, "the lookup")
    assert agi.variables()[1] == "<sip:+79070000102@provider.test>"


def test_a_hidden_number_reaches_an_operator_like_any_other(
    exchange: LiveExchange, agi: AgiStub, phone: DeskPhone, call: Calling
) -> None:
    caller = call(from_header='"Anonymous" <sip:anonymous@anonymous.invalid>', hold_ms=100)
    phone.wait_ringing()
    phone.answer()
    assert caller.finish() == 0, caller.errors()
    assert "anonymous@anonymous.invalid" in agi.variables()[0]


def test_a_stranger_on_the_phones_address_is_nobody(exchange: LiveExchange, firehose: AmiTap) -> None:
    with DeskPhone.unregistered(exchange.plan.desk_bind, "101", secret="wrong-secret-wrong") as stranger:
        assert stranger.register() == 401
        assert stranger.dial("102") == 401
    with DeskPhone.unregistered(exchange.plan.desk_bind, "999", secret="wrong-secret-wrong") as stranger:
        assert stranger.register() == 401
    assert exchange.channels() == []


def test_phones_call_each_other_and_nothing_else(
    exchange: LiveExchange, phone: DeskPhone, second_phone: DeskPhone
) -> None:
    for outside in ("89991234567", "+79070000101", "8103725550000", "112", "sd-rescue", "s"):
        assert phone.dial(outside) == 404
    second_phone.answers = True
    assert phone.dial("102") == 200
    assert second_phone.state == "talking"
    phone.hang_up()
