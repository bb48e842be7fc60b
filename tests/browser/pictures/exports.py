"""The pictures of docs/ru/11-excel.md."""

from __future__ import annotations

import tempfile
from pathlib import Path

import openpyxl
from playwright.sync_api import expect

from tests.browser.pictures.story import Story


def registry(story: Story) -> None:
    """The five columns on the screen."""
    page = story.open("gromova", "Реестр")
    expect(page.locator("table.registry tbody tr").first).to_be_visible()
    story.take("registry", page)


def export(story: Story) -> None:
    """A file that is ready."""
    page = story.open("gromova", "Реестр")
    page.click("button:has-text('Excel')")
    expect(page.locator("#export a:has-text('Скачать')")).to_be_visible()
    story.take("export", page)


def export_changed(story: Story) -> None:
    """Somebody has changed a telephone in the file."""
    page = story.open("gromova", "Реестр")
    page.click("button:has-text('Excel')")
    with page.expect_download() as coming:
        page.click("#export a:has-text('Скачать')")
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "Реестр.xlsx"
        coming.value.save_as(file)
        book = openpyxl.load_workbook(file)
        book.active["D5"] = "+7 907 000-00-00"
        book.save(file)
        page.click("a:has-text('← Выгрузки')")
        page.set_input_files("#f-file", file)
        page.click("button:has-text('Проверить')")
        expect(page.locator(".export-diff")).to_be_visible()
        story.take("export-changed", page)
