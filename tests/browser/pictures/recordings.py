"""Pictures of the guide's chapter «Запись и прослушивание разговоров» (docs/ru/20)."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.browser.pictures.story import Story


def recording_rule(story: Story) -> None:
    """What an order says, before the head proposes it."""
    page = story.page("roshchina")
    page.goto(f"{story.service.url}/recording-rules/1")
    page.fill("#f-order_number", "12-ОД")
    page.fill("#f-order_date", "02.11.2026")
    expect(page.locator("button:has-text('Предложить директору')")).to_be_visible()
    story.take("recording-rule", page)


def recordings(story: Story) -> None:
    """Proposed, waiting for the director."""
    page = story.page("roshchina")
    page.click("button:has-text('Предложить директору')")
    expect(page.locator("main")).to_contain_text("ждёт директора")
    story.take("recordings", page)


def monitoring(story: Story) -> None:
    """The director has written the order down; nobody has signed yet."""
    page = story.page("chernykh")
    page.goto(f"{story.service.url}/monitoring")
    page.fill("#f-order_number-1", "13-ОД")
    page.fill("#f-order_date-1", "02.11.2026")
    page.click("#service-1 button:has-text('Ввести правило')")
    expect(page.locator("#service-1")).to_contain_text("введено, приказ")
    story.take("monitoring", page)
