"""The pictures of the guide's chapter on measures of support and groups of families."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.browser.pictures.story import Story


def measures(story: Story) -> None:
    """The catalogue as everybody reads it."""
    page = story.open("roshchina", "Меры поддержки")
    expect(page.locator("h1")).to_have_text("Меры поддержки")
    story.take("measures", page)


def segment(story: Story) -> None:
    """A group with its sentence and whom it finds."""
    page = story.open("roshchina", "Группы семей")
    page.click("text=Трое и больше детей")
    expect(page.locator("#segment-found strong")).to_be_visible()
    story.take("segment", page)
