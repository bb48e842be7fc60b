"""Picture of the guide's chapter «Линии и приветствия» (docs/ru/15-lines.md)."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.browser.pictures.story import Story


def lines(story: Story) -> None:
    """The coordinator's service, with its two lines."""
    page = story.open("chernykh", "Линии и приветствия")
    page.goto(f"{story.service.url}/settings/voice?service=2")
    expect(page.locator("#assignments")).to_contain_text("17-ОД")
    story.take("lines", page)
