"""Real Chromium before the real pages."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Playwright, sync_playwright

from tests.support.office_fixtures import office, running_office  # noqa: F401 - fixtures
from tests.support.pages import Place, furnish, running_place
from tests.support.tools import Tools


@pytest.fixture(scope="session")
def furnished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo's records, made once."""
    return furnish(tmp_path_factory.mktemp("furnished"))


@pytest.fixture
def place(furnished: Path, tmp_path: Path) -> Iterator[Place]:
    """A running office."""
    with running_place(furnished, tmp_path) as place:
        yield place


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    """Playwright's driver, once."""
    with sync_playwright() as playwright:
        yield playwright


def launched(playwright: Playwright, *arguments: str) -> Browser:
    """The machine's Chromium."""
    tool = Tools().chromium()
    return playwright.chromium.launch(
        executable_path=tool.command[0],
        args=[*tool.command[1:], "--no-sandbox", "--disable-background-networking", *arguments],
        env=tool.environment(),
    )


@pytest.fixture(scope="session")
def chromium(playwright: Playwright) -> Iterator[Browser]:
    """A browser with a microphone that hums."""
    browser = launched(playwright, "--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream")
    yield browser
    browser.close()


@pytest.fixture(scope="session")
def chromium_without_microphone(playwright: Playwright) -> Iterator[Browser]:
    """A browser that has no microphone."""
    browser = launched(playwright)
    yield browser
    browser.close()


class Person:
    """Somebody at a screen of 1366×768."""

    def __init__(self, place: Place, context: BrowserContext, login: str) -> None:
        self.place, self.context = place, context
        self.errors: list[str] = []
        self.page = self.open("/login")
        self.page.fill("#login", login)
        self.page.fill("#password", f"demo-{login}-2026")
        self.page.click("button[type=submit]")
        self.page.wait_for_selector(".nav")

    def open(self, path: str) -> Page:
        """A new tab."""
        page = self.context.new_page()
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.goto(self.place.address + path)
        return page


@pytest.fixture
def person(place: Place, chromium: Browser) -> Iterator[object]:
    """Signs somebody in, in a browser profile of their own. After the test no page may have had a script error."""
    people: list[Person] = []

    def sign_in(login: str) -> Person:
        context = chromium.new_context(viewport={"width": 1366, "height": 768}, locale="ru-RU")
        context.set_default_timeout(10_000)
        people.append(Person(place, context, login))
        return people[-1]

    yield sign_in
    errors = [error for one in people for error in one.errors]
    for one in people:
        one.context.close()
    assert errors == []
