"""The pictures of the guide's chapter on appointments."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.browser.pictures.story import Story


def booking(story: Story) -> None:
    """A time is held, its form is open beside the specialists."""
    page = story.open("zayac", "Рабочее место")
    page.locator(".slots .slot").first.click()
    expect(page.locator("#booking")).to_contain_text("держим до")
    story.take("booking", page)
    page.click("#booking >> text=Не записывать")
    expect(page.locator("#booking")).to_be_empty()


def appointments(story: Story) -> None:
    """A day with all specialists."""
    page = story.open("lavrova", "Запись")
    while not page.locator(".cell.is-booked").count():
        before = page.url
        page.click("[data-key=later]")
        page.wait_for_url(lambda url, before=before: url != before)
        expect(page.locator(".board")).to_be_visible()
    story.take("appointments", page)


def timetable(story: Story) -> None:
    """One specialist's hours and dates."""
    page = story.open("roshchina", "Запись")
    page.click(".tabs >> text=Расписания")
    page.click("tbody >> text=Дурново")
    expect(page.locator("h1")).to_contain_text("Расписание приёма")
    story.take("timetable", page)
