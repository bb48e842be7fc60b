"""The pictures of the guide's chapter «Согласия»; run with the others by `make screenshots`."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.browser.pictures.story import Story


def consents(story: Story) -> None:
    """The matrix of a card, with the forms of one answer open."""
    page = story.page("lavrova")
    page.goto(f"{story.service.url}/families/1/consents?person=1&purpose=auto_calls")
    expect(page.locator("#answer-title")).to_be_visible()
    story.take("consents", page)


def consent_blank(story: Story) -> None:
    """The document to sign."""
    page = story.page("lavrova")
    page.goto(f"{story.service.url}/families/1/consents/1/processing/print")
    expect(page.locator(".paper")).to_be_visible()
    story.take("consent-blank", page)


def subjects(story: Story) -> None:
    """The register of requests with its terms."""
    page = story.open("roshchina", "Обращения о данных")
    expect(page.locator("h1")).to_have_text("Обращения о персональных данных")
    story.take("subjects", page)


def subject_rights(story: Story) -> None:
    """What the head can do for the people of one card."""
    page = story.page("roshchina")
    page.goto(f"{story.service.url}/families/29/subject")
    expect(page.locator("#destroy-title")).to_be_visible()
    story.take("subject-rights", page)
