"""The pictures of the guide's chapter on the journal."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.browser.pictures.story import Story


def journal_new(story: Story) -> None:
    """A row by hand, the applicant found among the cards."""
    page = story.open("gromova", "Журнал")
    page.click("text=Новая запись")
    page.fill("#applicant-search", "орлова татьяна")
    page.click("main button:has-text('Найти')")
    page.click("#applicant-results button:has-text('Это заявитель')")
    expect(page.locator("#a-name")).to_have_value("Орлова Татьяна Сергеевна")
    page.fill("#a-substance", "Принесла документы, просит помочь заполнить заявление.")
    page.check("input[name=explained]")
    story.take("journal-new", page)


def journal_entry(story: Story) -> None:
    """One row with its measures and what can be done."""
    page = story.open("gromova", "Журнал")
    page.click("text=Контроль")
    page.click(".journal-tabs >> text=Ждём ответа")
    page.locator("tbody tr", has_text="ждём ответа органа").locator("a").first.click()
    expect(page.locator("h1")).to_contain_text("Обращение №")
    story.take("journal-entry", page)


def journal_control(story: Story) -> None:
    """What is late."""
    page = story.open("gromova", "Журнал")
    page.click("text=Контроль")
    expect(page.locator("tbody tr").first).to_be_visible()
    story.take("journal-control", page)
