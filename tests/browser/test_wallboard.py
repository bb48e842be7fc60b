"""The wallboard in a real browser: pushed to it, asked for where there is no stream, dark when it must be."""

import re
from datetime import UTC, datetime

import pytest
from playwright.sync_api import Page, Request, Route, expect

from crm import sign_in, staff
from crm.service_report import wall_pass
from tests.support.wait import wait_for

RINGS, TALKS = "звонит телефон", "говорит"
WAIT = 60_000
"""Milliseconds: a limit for a machine that has much else to do."""


def patient(someone):
    """The same person, whose clicks and pages have all the time they need."""
    someone.context.set_default_timeout(WAIT)
    return someone


def asks_of(page: Page) -> list[str]:
    """The paths that this page asks for from now on."""
    asked: list[str] = []

    def note(request: Request) -> None:
        asked.append(request.url.partition("//")[2].partition("/")[2])

    page.on("request", note)
    return asked


def test_the_board_changes_by_itself_and_asks_for_nothing(place, person):
    head = patient(person("roshchina"))
    page = head.page
    asked = asks_of(page)
    page.goto(f"{place.address}/wallboard")
    operator = page.locator(".board-people li", has_text="Лаврова")
    place.ring("call-1")
    expect(operator).to_contain_text(RINGS, timeout=WAIT)
    place.answer("call-1")
    expect(operator).to_contain_text(TALKS, timeout=WAIT)
    expect(operator.locator(".board-clock")).to_have_text(re.compile(r"^00:(0[1-9]|[1-5]\d)$"), timeout=WAIT)
    assert "wallboard/live" in asked
    assert "wallboard/board" not in asked


def test_the_stream_is_left_with_the_page_and_taken_up_again(place, person):
    head = patient(person("roshchina"))
    page, hub = head.page, place.server.app.state.board_hub
    with page.expect_request(lambda request: request.url.endswith("/wallboard/live")):
        page.goto(f"{place.address}/wallboard")
    wait_for(lambda: hub.is_following, 20, "the stream")
    page.click(".nav a[href='/journal']")
    page.wait_for_selector("h1:has-text('Журнал')")
    wait_for(lambda: not hub.is_following, 20, "the stream to be left")
    with page.expect_request(lambda request: request.url.endswith("/wallboard/live")):
        page.click(".nav summary:has-text('Ещё')")
        page.click(".nav a[href='/wallboard']")
    place.ring("call-1")
    expect(page.locator("#board")).to_contain_text(RINGS, timeout=WAIT)


def test_without_a_stream_it_is_asked_for(place, person):
    head = patient(person("roshchina"))
    page = head.page

    def refuse(route: Route) -> None:
        route.abort()

    page.route("**/wallboard/live", refuse)
    page.goto(f"{place.address}/wallboard?wall=1")
    place.ring("call-1")
    expect(page.locator("#board")).to_contain_text(RINGS, timeout=WAIT)
    expect(page.locator("#board-lost")).to_be_hidden(timeout=WAIT)


def test_a_server_that_is_away_is_said_and_found_again(place, person):
    head = patient(person("roshchina"))
    page = head.page
    page.goto(f"{place.address}/wallboard?wall=1")
    place.server.stop()
    expect(page.locator("#board-lost")).to_be_visible(timeout=30_000)
    place.server.start()
    expect(page.locator("#board-lost")).to_be_hidden(timeout=30_000)
    place.ring("call-1")
    expect(page.locator("#board")).to_contain_text(RINGS, timeout=WAIT)


@pytest.mark.parametrize("wall", ["", "?wall=1"])
def test_the_end_of_the_session_takes_the_board_away(place, person, wall):
    head = patient(person("roshchina"))
    page = head.page
    page.goto(f"{place.address}/wallboard{wall}")
    token = next(one["value"] for one in head.context.cookies() if one["name"] == "dispatch")
    with place.desk.database.transaction() as session:
        sign_in.sign_out(session, token, datetime.now(UTC))
    page.wait_for_url("**/login", timeout=WAIT)


def test_a_withdrawn_monitor_goes_dark(place, person):
    head = patient(person("roshchina"))
    page = head.page
    page.goto(f"{place.address}/wallboard")
    page.click("summary:has-text('Монитор на стене')")
    page.fill("[name=title]", "дежурка")
    page.click("text=Сделать этот браузер табло")
    page.wait_for_url("**/wall")
    place.ring("call-1")
    expect(page.locator("#board")).to_contain_text(RINGS, timeout=WAIT)
    with place.desk.database.transaction() as session:
        (row,) = wall_pass.standing(session, datetime.now(UTC))
        wall_pass.withdraw(session, row.id, staff.by_login(session, "roshchina"), datetime.now(UTC))
    page.wait_for_url("**/login", timeout=WAIT)
    expect(page.locator("#board")).to_have_count(0)
