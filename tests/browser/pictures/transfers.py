"""A caller is connected with a specialist: the page «Соединить», the consultation, the packet."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.browser.pictures import call
from tests.browser.pictures.story import Story

QUESTION = "Вопрос: положено ли пособие на третьего ребёнка, какие нужны справки.\nОбещано: ответить сегодня."


def connect(story: Story) -> None:
    """What goes along with the caller. Stands in a talk of Lavrova's, whose colleague Zayac is at his screen."""
    other = story.page("zayac")
    expect(other.locator("#phone-state")).to_contain_text("на связи")
    page = story.page("lavrova")
    page.wait_for_timeout(1500)  # the exchange lets calls through again
    expect(page.locator(".toast")).to_have_count(0)
    story.call()
    page.click("#b-answer")
    expect(page.locator(".call-panel.talking")).to_be_visible()
    page.click("#part-call [data-key=connect]")
    page.click("a:has-text('Заяц')")
    expect(page.locator("h1")).to_contain_text("Соединить: Заяц")
    page.fill("#f-packet", QUESTION)
    story.take("connect", page)
    page.click("text=Сначала поговорить")
    expect(page.locator("#part-call .transfer")).to_contain_text("Звоним")


def packet(story: Story) -> None:
    """Before the answer."""
    page = story.page("zayac")
    page.click("text=Кто и о чём")
    expect(page.locator("#b-packet-answer")).to_be_enabled()
    story.take("packet", page)
    page.click("#b-packet-answer")


def transfer_consulting(story: Story) -> None:
    """The three buttons; afterwards the talk ends, and nothing is left of it."""
    page = story.page("lavrova")
    expect(page.locator("#b-transfer-complete")).to_be_visible()
    story.take("transfer-consulting", page)
    page.click("#b-transfer-back")
    expect(page.locator("#b-transfer-complete")).to_have_count(0)
    call._finish_without_entry(page)
