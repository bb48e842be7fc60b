"""What a real exchange says of a telephone, from its registration to its disappearance."""

from collections.abc import Iterator

import pytest

from telephony import device_states
from telephony.ami import AmiSession
from telephony.link import AmiAddress
from telephony.wire import Message
from tests.asterisk.conftest import Calling
from tests.support.agi_stub import AgiStub
from tests.support.exchange import LiveExchange
from tests.support.phone import DeskPhone, eventually_idle
from tests.support.wait import wait_for


class Heard:
    """The extensions that our session heard of, and what the exchange answers about them."""

    def __init__(self, exchange: LiveExchange) -> None:
        plan = exchange.plan
        address = AmiAddress(plan.ami.host, plan.ami.port, plan.ami_user, plan.ami_secret)
        self.extensions: list[str] = []
        self.session = AmiSession(address, on_event=self._hear)

    def _hear(self, message: Message) -> None:
        extension = device_states.changed_extension(message)
        if extension is not None:
            self.extensions.append(extension)

    def becomes(self, extension: str, state: str) -> None:
        """The exchange says so, and has told of a change of that extension."""
        wait_for(lambda: device_states.ask(self.session, extension) == state, 10, f"{extension} to be {state}")
        wait_for(lambda: extension in self.extensions, 10, f"a word about {extension}")
        self.extensions.clear()


@pytest.fixture
def heard(exchange: LiveExchange) -> Iterator[Heard]:
    heard = Heard(exchange)
    heard.session.start()
    wait_for(lambda: heard.session.link.up, 10)
    yield heard
    heard.session.stop()


def test_a_telephone_s_life_is_told_and_answered(
    exchange: LiveExchange, heard: Heard, agi: AgiStub, call: Calling
) -> None:
    assert device_states.ask(heard.session, "101") == "off"
    assert device_states.ask(heard.session, "999") is None
    with DeskPhone(exchange.plan.desk_bind, "101") as phone:
        exchange.wait_available("101")
        heard.becomes("101", "idle")
        caller = call(hold_ms=1500)
        phone.wait_ringing()
        heard.becomes("101", "ringing")
        phone.answer()
        heard.becomes("101", "busy")
        assert caller.finish() == 0, caller.errors()
        eventually_idle(phone)
        heard.becomes("101", "idle")
