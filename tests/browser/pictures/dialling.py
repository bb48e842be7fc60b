"""The pictures of the guide's chapter on reminders."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.browser.pictures.story import Story


def dialling(story: Story) -> None:
    """The plan of the days ahead."""
    page = story.open("lavrova", "Обзвоны")
    expect(page.locator(".dialling-table tbody tr").first).to_be_visible()
    story.take("dialling", page)


def dialling_list(story: Story) -> None:
    """The list that people work through."""
    page = story.open("lavrova", "Обзвоны")
    page.click("text=Звонить по списку")
    expect(page.locator("h1")).to_contain_text("Звонки по списку")
    begin = page.locator("text=Начать: следующая семья")
    if begin.count():
        begin.click()
        expect(page.locator("text=Что сказать")).to_be_visible()
    story.take("dialling-list", page)


def ratings_work(story: Story) -> None:
    """The list of those who are asked for a rating."""
    page = story.open("zayac", "Обзвоны")
    page.click(".page-head >> text=Опрос")
    expect(page.locator("h1")).to_contain_text("Опрос по телефону")
    begin = page.locator("text=Начать: следующая семья")
    if begin.count():
        begin.click()
        expect(page.locator("text=Что сказать")).to_be_visible()
    story.take("ratings-work", page)


def dialling_settings(story: Story) -> None:
    """What the head decides."""
    page = story.open("roshchina", "Настройки обзвона")
    expect(page.locator("h1")).to_contain_text("Настройки обзвона")
    story.take("dialling-settings", page)
