"""The pictures of the guide's chapters on the audit log and the roles."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.browser.pictures.story import Story


def audit_family(story: Story) -> None:
    """Who looked at one family: by the eye beside its number."""
    page = story.open("roshchina", "Аудит")
    page.locator("tbody a[href^='/audit/family/']").first.click()
    expect(page.locator("h1")).to_contain_text("Кто работал с карточкой")
    expect(page.locator("tbody tr").first).to_be_visible()
    story.take("audit-family", page)


def roles(story: Story) -> None:
    """The matrix."""
    page = story.open("roshchina", "Аудит")
    page.click("text=Роли и разделы")
    expect(page.locator("h1")).to_have_text("Роли и разделы")
    story.take("roles", page)
