"""Pictures of the guide's chapters «Оценки и отчёты» and «Актуализация» (docs/ru/09-reports.md, 10-upkeep.md)."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.browser.pictures.story import Story


def survey(story: Story) -> None:
    """A solved appeal of the demo that waits for its survey, as the colleague who asks sees it."""
    page = story.open("zayac", "Журнал")
    page.goto(f"{story.service.url}/journal?progress=survey")
    services = page.locator("#f-service")
    if services.count():
        services.select_option(label="Социальный координатор для многодетных семей")
        page.wait_for_timeout(500)
    page.click("tbody a[href^='/journal/'] >> nth=0")
    expect(page.locator("#rating-title")).to_have_text("Опрос заявителя")
    page.check("input[name=answer][value='9']", force=True)
    page.locator("#rating").scroll_into_view_if_needed()
    story.take("survey", page)


def report(story: Story) -> None:
    """The third quarter of the demo: 75,5, not closed yet."""
    page = story.open("roshchina", "Отчёты")
    page.select_option("#f-service", label="Социальный координатор для многодетных семей")
    page.wait_for_timeout(500)
    page.select_option("#f-quarter", label="III квартал 2026 года")
    expect(page.locator(".verdict-k strong")).to_have_text("75,5")
    story.take("report", page)


def upkeep(story: Story) -> None:
    """Whom to call."""
    page = story.open("gromova", "Актуализация")
    expect(page.locator(".upkeep-kinds a[aria-current]")).to_contain_text("Не подтверждены")
    story.take("upkeep", page)
