"""Pictures of the guide's chapters «Табло», «Обслуживание звонков», «Позвонить» (docs/ru/21…23)."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.browser.pictures.story import Story


def wallboard(story: Story) -> None:
    """The moment of both services, with what the story's calls have brought."""
    page = story.page("roshchina")
    page.goto(f"{story.service.url}/wallboard")
    expect(page.locator(".board-service").first).to_be_visible()
    story.take("wallboard", page)


def service_report(story: Story) -> None:
    """The day of the story."""
    page = story.page("roshchina")
    page.goto(f"{story.service.url}/reports/service")
    expect(page.locator(".tile").first).to_be_visible()
    story.take("service-report", page)


def service_targets(story: Story) -> None:
    """What the service promises."""
    page = story.page("roshchina")
    page.goto(f"{story.service.url}/reports/service/targets")
    expect(page.locator("#f-answer_seconds")).to_have_value("20")
    story.take("service-targets", page)


def outgoing(story: Story) -> None:
    """A number that may not be called now: why, before anything is dialled."""
    page = story.page("lavrova")
    page.goto(f"{story.service.url}/outgoing")
    expect(page.locator("#f-dial-number")).to_be_visible()
    story.take("outgoing", page)
