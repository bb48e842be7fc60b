"""Pictures of the guide's chapter «Тексты и голос» (docs/ru/24-speech.md)."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.browser.pictures.story import Story


def speech(story: Story) -> None:
    """Every piece of the first service."""
    page = story.open("chernykh", "Тексты и голос")
    expect(page.locator("#main")).to_contain_text("Напоминание о записи")
    story.take("speech", page)


def speech_piece(story: Story) -> None:
    """One piece, with its variables and its voice."""
    page = story.open("chernykh", "Тексты и голос")
    page.goto(f"{story.service.url}/settings/speech/1/hello")
    expect(page.locator("#main")).to_contain_text("Что слышат сейчас")
    story.take("speech-piece", page)
