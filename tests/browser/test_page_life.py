"""What happens to a page must not happen to the caller: refresh, crash, two tabs, a background tab, no microphone."""

import contextlib
import re

import pytest
from playwright.sync_api import Dialog, Page, Playwright, Route, expect
from playwright.sync_api import Error as PlaywrightError

from tests.browser.conftest import launched
from tests.support.live_office import LiveOffice, Person, eventually

RETURNED = 15_000
"""Milliseconds for the exchange to notice a silent page (4 s) and ring again."""


def answered(office: LiveOffice, login: str = "lavrova", number: str = "+79070000101") -> Person:
    person = office.person(login).ready()
    office.call(number=number)
    person.page.click("#b-answer")
    expect(person.page.locator(".call-panel.talking")).to_be_visible()
    person.hears()
    return person


def crash(page: Page) -> None:
    """The renderer dies without a word, as in «Опаньки…»."""
    session = page.context.new_cdp_session(page)
    with page.expect_event("crash"), contextlib.suppress(Exception):
        session.send("Page.crash", timeout=500)


def test_a_refresh_in_a_talk_gives_the_caller_back_to_the_same_operator(office: LiveOffice) -> None:
    anna = answered(office)
    pyotr = office.person("zayac").ready()
    call = office.last_call()
    anna.page.fill("#a-substance", "Просит справку")
    asked: list[str] = []

    def confirm(dialog: Dialog) -> None:
        asked.append(dialog.type)
        dialog.accept()

    anna.page.on("dialog", confirm)
    anna.page.reload()
    expect(anna.page.locator("#phone-state")).to_contain_text("101 разговор", timeout=RETURNED)
    expect(anna.page.locator(".call-panel.talking")).to_be_visible()
    anna.hears()
    assert asked == ["beforeunload"]
    expect(anna.page.locator("#a-substance")).to_have_value("Просит справку")
    expect(pyotr.page.locator("#part-call")).to_contain_text("Звонков нет")
    anna.page.click("#b-hangup")
    expect(anna.page.locator(".call-panel.wrapup")).to_be_visible()
    ended = eventually(lambda: office.last_call(id=call.id, state="ended"))
    assert {leg.extension for leg in ended.legs} == {"101"}
    assert len(office.entries(call.id)) == 1


def test_a_crashed_page_gets_its_caller_back_when_it_is_opened_again(office: LiveOffice) -> None:
    anna = answered(office)
    call = office.last_call()
    crash(anna.page)
    anna.page = anna.open("/workplace")
    expect(anna.page.locator("#phone-state")).to_contain_text("101 разговор", timeout=RETURNED)
    expect(anna.page.locator(".call-panel.talking")).to_be_visible()
    anna.hears()
    assert office.last_call().id == call.id
    anna.page.click("#b-hangup")
    expect(anna.page.locator(".call-panel.wrapup")).to_be_visible()


def test_a_caller_whose_operator_does_not_come_back_is_offered_to_the_next(office: LiveOffice) -> None:
    anna = answered(office)
    pyotr = office.person("zayac").ready()
    call = office.last_call()
    anna.context.close()
    # She is waited for for 20 s; then the queue has the caller back, at its head.
    expect(pyotr.page.locator(".call-panel.ringing")).to_be_visible(timeout=40_000)
    pyotr.page.click("#b-answer")
    expect(pyotr.page.locator(".call-panel.talking")).to_be_visible()
    pyotr.hears()
    row = office.last_call()
    assert (row.id, row.state) == (call.id, "talking")
    assert [leg.extension for leg in row.legs if leg.state == "talking"] == ["102"]
    assert len(office.entries(call.id)) == 1


def test_two_tabs_have_one_telephone_and_either_answers(office: LiveOffice) -> None:
    anna = office.person("lavrova").ready()
    second = anna.open("/workplace")
    expect(second.locator("#phone-state")).to_contain_text("101 на связи")
    office.call()
    for page in (anna.page, second):
        expect(page.locator(".call-panel.ringing")).to_be_visible()
    contacts = office.console("pjsip show contacts").splitlines()
    assert len([line for line in contacts if "101-web/" in line]) == 1
    second.bring_to_front()
    second.click("#b-answer")
    for page in (anna.page, second):
        expect(page.locator(".call-panel.talking")).to_be_visible()
        expect(page.locator("#phone-state")).to_contain_text("101 разговор")
    anna.hears(anna.page)  # the tab that leads holds the telephone
    assert second.evaluate("window.__connections.length") == 0
    second.click("#b-hangup")
    for page in (anna.page, second):
        expect(page.locator(".call-panel.wrapup")).to_be_visible()


def test_a_tab_in_the_background_shows_the_call_in_its_title(office: LiveOffice) -> None:
    anna = office.person("lavrova").ready()
    other = anna.open("/journal")
    other.bring_to_front()
    office.call()
    expect(anna.page).to_have_title("☎ Входящий звонок — Рабочее место — Семейная диспетчерская")
    expect(other).to_have_title("☎ Входящий звонок — Журнал — Семейная диспетчерская")
    other.click(".strip [data-do=answer]")
    expect(other.locator(".strip")).to_contain_text("Идёт разговор")
    anna.hears()
    expect(anna.page).to_have_title("Рабочее место — Семейная диспетчерская")
    anna.page.bring_to_front()
    anna.page.click("#b-hangup")


def test_a_refused_microphone_is_said_and_nobody_is_sent_to_a_deaf_telephone(
    office: LiveOffice, playwright: Playwright
) -> None:
    refusing = launched(playwright, "--use-fake-device-for-media-stream")  # and nobody to press «Разрешить»
    try:
        anna = office.person("lavrova", browser=refusing)
        expect(anna.page.locator("#phone-state")).to_contain_text("нет микрофона")
        expect(anna.page.locator("#phone-help")).to_contain_text("не разрешает микрофон")
        pyotr = office.person("zayac").ready()
        anna.page.locator("#part-call button[value=ready]").click()
        expect(anna.page.locator("#status-menu")).to_contain_text("Готов")
        office.call()
        expect(pyotr.page.locator(".call-panel.ringing")).to_be_visible()
        expect(anna.page.locator("#part-call")).to_contain_text("Звонков нет")
        anna.context.close()
    finally:
        refusing.close()


@pytest.mark.parametrize("state", ["ringing", "talking"])
def test_a_look_elsewhere_and_back_changes_nothing(office: LiveOffice, state: str) -> None:
    anna = office.person("lavrova").ready()
    office.call()
    expect(anna.page.locator(".call-panel.ringing")).to_be_visible()
    if state == "talking":
        anna.page.click("#b-answer")
        expect(anna.page.locator(".call-panel.talking")).to_be_visible()
    anna.page.click(".nav >> text=Семьи")
    expect(anna.page.locator("h1")).to_have_text("Семьи")
    anna.page.click(".strip a")
    expect(anna.page.locator(f".call-panel.{state}")).to_be_visible()
    if state == "talking":
        anna.hears()


def test_the_page_asked_for_last_is_the_page_that_comes(office: LiveOffice) -> None:
    """A link followed while another page is on its way, which takes the link itself away."""
    anna = office.person("lavrova").ready()
    page = anna.page
    page.click(".nav >> text=Журнал")
    expect(page.locator("h1")).to_contain_text("Журнал")
    anna.forgiven.append("htmx:(sendAbort|afterRequest)")
    kept: list[Route] = []

    def keep(route: Route) -> None:
        kept.append(route)

    page.route(re.compile("/journal"), keep)
    for link, path in ((".nav >> text=Журнал", r"/journal(\?|$)"), ("#main >> text=Контроль", "/journal/control")):
        with page.expect_request(re.compile(path)):
            page.click(link)
    page.unroute_all()
    for route in kept:
        with contextlib.suppress(PlaywrightError):  # the page has given it up
            route.continue_()
    expect(page.locator("h1")).to_have_text("Контроль обращений")
    expect(page).to_have_url(re.compile("/journal/control"))
