"""The telephone in the page against a real Asterisk: rings, talks, holds, outlives a look elsewhere and a refresh."""

import dataclasses
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from telephony.config.plan import ExchangePlan
from tests.asterisk.conftest import agi, call, exchange, running, tap  # noqa: F401 - fixtures
from tests.browser.conftest import Person
from tests.support.agi_stub import AgiStub
from tests.support.ami_tap import AmiTap
from tests.support.exchange import BROWSER_SECRET, LiveExchange
from tests.support.pages import Place, running_place
from tests.support.sipp import SippCaller
from tests.support.wait import wait_for
from web.desk import Desk

WORKING = 15_000  # ms
RETURNED = 25_000


@pytest.fixture
def place(furnished: Path, tmp_path: Path, exchange: LiveExchange) -> Iterator[Place]:  # noqa: F811
    """An office whose browser phones find this exchange, which waits for a lost one as long as the product does, and
    rings so long that a browser on a loaded machine can answer."""
    socket = exchange.plan.websocket
    (queue,) = exchange.plan.queues
    patient = dataclasses.replace(queue, ring_seconds=40)
    exchange.apply(return_seconds=ExchangePlan.return_seconds, queues=(patient,))
    with running_place(furnished, tmp_path, phone_ws_url=f"ws://{socket.host}:{socket.port}/ws") as place:
        yield place


@dataclass
class Calling:
    """The exchange, what it says, and a caller in the town."""

    exchange: LiveExchange
    tap: AmiTap
    call: Callable[[], SippCaller]


@pytest.fixture
def calling(exchange: LiveExchange, tap: AmiTap, agi: AgiStub, call: Callable[[], SippCaller]) -> Calling:  # noqa: F811
    """Everything on the other side of the page."""
    return Calling(exchange, tap, call)


@pytest.fixture
def anna(place: Place, chromium: Browser) -> Iterator[Person]:
    """The operator of 101; the exchange of these tests has a fixed secret for her page."""
    context = chromium.new_context(viewport={"width": 1366, "height": 768}, locale="ru-RU")
    context.set_default_timeout(WORKING)
    account = credential(place.desk)
    context.route("**/phone/credential", lambda route: route.fulfill(status=200, json=account))
    yield Person(place, context, "lavrova")
    context.close()


def credential(desk: Desk) -> dict[str, object]:
    """What `POST /phone/credential` answers, with the secret that this exchange knows."""
    hour = int(time.time() * 1000) + 3_600_000
    account = {"url": desk.settings.phone_url, "user": "101-web", "realm": "family-dispatch", "extension": "101"}
    return json.loads(json.dumps({**account, "secret": BROWSER_SECRET, "expires_at": hour}))


def hears(person: Person) -> None:
    """Sound has come to the loudspeaker."""
    # Not wait_for_function: it needs eval, which the pages' policy forbids.
    clock = "document.getElementById('remote-audio').currentTime"
    wait_for(lambda: person.page.evaluate(clock) > 0.3, 10, "sound from the caller", pause=0.1)


def says(person: Person, words: str) -> None:
    """The state of the telephone in the bar."""
    expect(person.page.locator("#phone-state")).to_contain_text(words, timeout=WORKING)


def test_a_call_is_answered_held_muted_and_ended_from_the_keyboard(calling, place, anna):
    says(anna, "101 на связи")
    calling.exchange.wait_available("101")
    caller = calling.call()
    says(anna, "101 звонит")
    place.ring("1.1")
    expect(anna.page.locator(".call-panel.ringing")).to_be_visible()
    anna.page.keyboard.press("Enter")
    says(anna, "101 разговор")
    place.answer("1.1")
    calling.tap.wait_event("AgentConnect")
    hears(anna)
    # A key presses the button that is there; before the page has been told of the talk, there is none.
    expect(anna.page.locator("[data-do=mute]")).to_be_enabled(timeout=WORKING)
    anna.page.keyboard.press("Alt+m")
    says(anna, "микрофон выключен")
    anna.page.keyboard.press("Alt+m")
    anna.page.keyboard.press("Alt+h")
    says(anna, "на удержании")
    anna.page.keyboard.press("Alt+h")
    says(anna, "101 разговор")
    anna.page.keyboard.press("Alt+e")
    says(anna, "101 на связи")
    assert caller.finish() == 0, caller.errors()
    assert anna.errors == []


def test_a_look_into_the_journal_does_not_end_the_talk(calling, place, anna):
    says(anna, "101 на связи")
    calling.exchange.wait_available("101")
    caller = calling.call()
    says(anna, "101 звонит")
    place.ring("1.1")
    anna.page.click("[data-do=answer]")
    says(anna, "101 разговор")
    place.answer("1.1")
    anna.page.click(".nav >> text=Журнал")
    expect(anna.page.locator("h1")).to_contain_text("Журнал")
    expect(anna.page.locator(".strip")).to_contain_text("Идёт разговор")
    says(anna, "101 разговор")
    anna.page.go_back()
    expect(anna.page.locator(".call-panel.talking")).to_be_visible()
    says(anna, "101 разговор")
    anna.page.keyboard.press("Alt+e")
    assert caller.finish() == 0, caller.errors()


def test_a_refresh_in_mid_talk_brings_the_caller_back_to_the_same_page(calling, place, anna):
    says(anna, "101 на связи")
    calling.exchange.wait_available("101")
    caller = calling.call()
    says(anna, "101 звонит")
    place.ring("1.1")
    anna.page.click("[data-do=answer]")
    says(anna, "101 разговор")
    calling.tap.wait_event("AgentConnect")
    asked: list[str] = []
    anna.page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.accept()))
    anna.page.reload()
    calling.tap.wait_event("UserEvent", 8, UserEvent="SDReturning")
    # Nobody had to answer again. As long as the exchange waits for her: a loaded machine draws a page slowly.
    expect(anna.page.locator("#phone-state")).to_contain_text("101 разговор", timeout=RETURNED)
    assert not calling.tap.events("QueueCallerJoin")[1:], "he did not go to the queue"
    assert asked == ["beforeunload"]
    hears(anna)
    place.answer("1.1")
    anna.page.keyboard.press("Alt+e")
    assert caller.finish() == 0, caller.errors()


def test_another_tab_takes_the_telephone_over_when_the_first_is_closed(exchange, place, anna):  # noqa: F811
    says(anna, "101 на связи")
    second = anna.open("/journal")
    expect(second.locator("#phone-state")).to_contain_text("101 на связи", timeout=WORKING)
    # The answer to this request is ours to give (see `anna`), so it is waited for where playwright can give it.
    with second.expect_response("**/phone/credential"):
        anna.page.close()
    anna.page = second
    says(anna, "101 на связи")
    exchange.wait_available("101")


def test_a_missing_or_refused_microphone_is_said_with_what_to_do(place, chromium_without_microphone):
    context = chromium_without_microphone.new_context()
    person = Person(place, context, "lavrova")
    says(person, "нет микрофона")
    expect(person.page.locator("#phone-help")).to_be_visible()
    expect(person.page.locator("#phone-help")).to_contain_text("икрофон")
    context.close()


def test_whoever_chose_a_desk_phone_registers_no_browser_phone(place, anna):
    anna.page.goto(place.address + "/me")
    anna.page.check("[data-phone-choice][value=off]")
    says(anna, "настольный аппарат")
    anna.page.goto(place.address + "/workplace")
    says(anna, "настольный аппарат")
    place.ring("1.1")
    expect(anna.page.locator("#part-call")).to_contain_text("Ответьте на настольном аппарате.")
