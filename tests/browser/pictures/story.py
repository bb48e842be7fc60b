"""The service, the people at their screens and the townspeople who call, while pictures are taken."""

from __future__ import annotations

import subprocess
from pathlib import Path

from playwright.sync_api import Browser, Page, expect

from tests.support.palette import smaller
from tests.support.service import PROGRAM, LiveService

IMAGES = Path(__file__).resolve().parents[3] / "docs" / "ru" / "images"
LIMIT = 150_000
"""Bytes of one picture: the guide is read from the repository."""
PATIENCE_MS = 30_000
# Debian's Chromium has its Russian in another package: dates as any Russian browser shows them, in the picture only.
_RUSSIAN_DATES = r"""() => document.querySelectorAll("input[type^=date]").forEach((field) => {
  const [, year, month, day, time] = field.value.match(/^(\d+)-(\d+)-(\d+)(?:T(.*))?$/) ?? [];
  field.dataset.was = JSON.stringify([field.type, field.value]);
  field.placeholder = field.type === "date" ? "дд.мм.гггг" : "дд.мм.гггг --:--";
  field.type = "text";
  field.value = year ? `${day}.${month}.${year}` + (time ? ` ${time}` : "") : "";
})"""
_DATES_BACK = """() => document.querySelectorAll("input[data-was]").forEach((field) => {
  [field.type, field.value] = JSON.parse(field.dataset.was);
  delete field.dataset.was;
})"""
CALLER, SHARED, UNKNOWN = "+79070000101", "+79070000801", "+79070003199"


class Story:
    """The service, the people at their screens, and the townspeople who call."""

    def __init__(self, service: LiveService, browser: Browser, wanted: list[str]) -> None:
        self.service, self.browser, self.wanted = service, browser, wanted
        self.pages: dict[str, Page] = {}
        self.calls: list[subprocess.Popen[bytes]] = []

    def page(self, login: str = "") -> Page:
        """The screen of this person, signed in; of nobody in particular without a name."""
        if login not in self.pages:
            context = self.browser.new_context(viewport={"width": 1366, "height": 768}, locale="ru-RU")
            context.set_default_timeout(PATIENCE_MS)
            page = context.new_page()
            page.goto(f"{self.service.url}/login")
            if login:
                page.fill("#login", login)
                page.fill("#password", f"demo-{login}-2026")
                page.click("button[type=submit]")
                page.wait_for_selector(".nav")
            self.pages[login] = page
        self.pages[login].bring_to_front()
        return self.pages[login]

    def open(self, login: str, title: str) -> Page:
        """A section of the menu; without loading the page anew, as a click does it."""
        page = self.page(login)
        link = page.locator(f".nav a:has-text('{title}')")
        if not link.is_visible():
            page.click(".nav summary")
        link.click()
        expect(page.locator(".nav a[aria-current=page]")).to_have_text(title)
        return page

    def call(self, number: str = CALLER, seconds: int = 120) -> None:
        """Somebody of the town calls the dispatchers."""
        command = [str(PROGRAM), "call-in", "--from", number, "--hold", str(seconds)]
        self.calls.append(
            subprocess.Popen(command, env=self.service.environment, cwd=self.service.folder, stdout=subprocess.DEVNULL)
        )

    def take(self, name: str, page: Page) -> None:
        """Write one picture."""
        page.evaluate("document.fonts.ready")
        if not self.wanted or name in self.wanted:
            page.evaluate(_RUSSIAN_DATES)
            picture = smaller(page.screenshot(animations="disabled", caret="hide"))
            page.evaluate(_DATES_BACK)
            (IMAGES / f"{name}.png").write_bytes(picture)
            print(f"{name}.png: {len(picture) // 1000} КБ", flush=True)
            assert len(picture) <= LIMIT, f"{name}.png has {len(picture)} bytes"

    def end(self) -> None:
        """Nobody calls any longer."""
        for call in self.calls:
            call.kill()
            call.wait()
