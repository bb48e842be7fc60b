"""The pictures of the guide's chapters on searching, likely duplicates and merging."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.browser.pictures.story import Story


def families_typing(story: Story) -> None:
    """Results while typing, the second line chosen by the arrow."""
    page = story.open("lavrova", "Семьи")
    page.locator("#f-text").press_sequentially("ова")
    expect(page.locator("#page-box [role=option]").first).to_be_visible()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    expect(page.locator("#page-box [aria-selected=true]")).to_have_count(1)
    story.take("families-typing", page)


def duplicates(story: Story) -> None:
    """Pairs with one telephone."""
    page = story.open("roshchina", "Семьи")
    page.click("text=Похожие карточки")
    expect(page.locator("tbody tr").first).to_be_visible()
    story.take("duplicates", page)


def merge(story: Story) -> None:
    """Two cards side by side."""
    page = story.page("roshchina")
    page.goto(f"{story.service.url}/families/8/merge/9")
    expect(page.locator("h1")).to_have_text("Объединить две карточки")
    story.take("merge", page)
