"""The pictures of the guide's chapter on specialists, consultations and how a call ends."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.browser.pictures.story import UNKNOWN, Story


def wrapup_finish(story: Story) -> None:
    """With what a call ends when there is nothing to write down."""
    page = story.page("lavrova")
    page.wait_for_timeout(1500)  # the exchange lets calls through again
    expect(page.locator(".toast")).to_have_count(0)
    story.call(UNKNOWN)
    expect(page.locator(".call-panel.ringing")).to_be_visible()
    page.click("#b-answer")
    expect(page.locator(".call-panel.talking")).to_be_visible()
    page.click("#b-hangup")
    page.click("text=Закончить без записи в журнал")
    page.select_option("#f-disposition", label="ошибочный номер")
    story.take("wrapup-finish", page)
    page.click("text=Закончить обработку")
    expect(page.locator("#part-call")).to_contain_text("Звонков нет")


def specialists(story: Story) -> None:
    """Who is there, and about what."""
    page = story.open("roshchina", "Специалисты")
    expect(page.locator("tbody")).to_contain_text("Смирнова Ольга Петровна")
    story.take("specialists", page)


def absences(story: Story) -> None:
    """Who is away, and who stands in."""
    page = story.open("roshchina", "Специалисты")
    page.click("text=Отсутствия")
    expect(page.locator("h1")).to_have_text("Отсутствия")
    story.take("absences", page)
