"""The pictures of the guide's chapter on calling back and on handing a shift over."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.browser.pictures.story import Story


def missed(story: Story) -> None:
    """Who is to be called back, the late one first."""
    page = story.open("lavrova", "Перезвонить")
    expect(page.locator("#missed-rows tbody tr").first).to_be_visible()
    story.take("missed", page)


def missed_one(story: Story) -> None:
    """One row and what can be done with it."""
    page = story.open("lavrova", "Перезвонить")
    page.click("#missed-rows tbody tr:first-child a[href^='/missed/']:not([href*='#'])")
    expect(page.locator("#missed-rows")).to_have_count(0)
    expect(page.locator("#close")).to_be_visible()
    story.take("missed-one", page)


def handover(story: Story) -> None:
    """What the next person must know."""
    page = story.open("lavrova", "Перезвонить")
    page.click("text=Передача смены")
    expect(page.locator("h1")).to_contain_text("Передача смены")
    story.take("handover", page)
