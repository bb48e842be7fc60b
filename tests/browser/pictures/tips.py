"""The pictures of the guide's chapter on information from third parties."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.browser.pictures.story import Story


def tips_new(story: Story) -> None:
    """The form, filled in as a neighbour tells."""
    page = story.open("lavrova", "Информация от третьих лиц")
    page.click("text=Принять информацию")
    expect(page.locator("#risk-title")).to_be_visible()
    page.check("input[name=risk][value=no]")
    page.fill("#f-about_name", "Тихомировы")
    page.fill("#f-about_address", "ул. Новая, д. 3")
    page.fill("#f-words", "Дети вторые сутки одни, младший плачет.")
    story.take("tips-new", page)


def tips_one(story: Story) -> None:
    """One tip of the demo with the script beside it."""
    page = story.open("gromova", "Информация от третьих лиц")
    page.click("#tips-rows tbody tr:first-child a[href^='/tips/']")
    expect(page.locator("#talk")).to_be_visible()
    story.take("tips-one", page)
