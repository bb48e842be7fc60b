"""Pictures of the guide's chapter «Часы и календарь» (docs/ru/14-calendar.md)."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.browser.pictures.story import Story


def calendar(story: Story) -> None:
    """February 2027, with its moved day off and its working Saturday, and what is heard on it after four."""
    page = story.open("chernykh", "Часы и календарь")
    page.goto(f"{story.service.url}/settings/calendar?month=2027-02&day=2027-02-20&time=16:00")
    expect(page.locator("#probe .strong")).to_contain_text("24 февраля")
    story.take("calendar", page)


def calendar_days(story: Story) -> None:
    """The form of a day that differs."""
    page = story.open("chernykh", "Часы и календарь")
    page.click("#days summary")
    page.fill("#f-day-title", "Выходной региона")
    page.check("#days input[value=hours]")
    page.fill("#f-day-hours", "9:00–13:00")
    page.locator("#days").scroll_into_view_if_needed()
    story.take("calendar-days", page)
