"""The pictures of the guide's chapter on imports: the form for a file, and what the program understood of it."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

from playwright.sync_api import expect

from tests.browser.pictures.story import Story
from tests.support.registers import invented, registry


def imports(story: Story) -> None:
    """Where a file is chosen."""
    page = story.open("roshchina", "Реестр")
    page.click("text=Загрузить из файла")
    expect(page.locator("h1")).to_have_text("Загрузка семей из файла")
    story.take("imports", page)


def import_ready(story: Story) -> None:
    """A file that was read and waits for a decision; the import is given up afterwards."""
    rows = invented(12)
    rows[4] = (5, "Белова Ирина Олеговна, мать, и пятеро её детей", rows[4][2], rows[4][3], rows[4][4])
    page = story.open("roshchina", "Реестр")
    page.click("text=Загрузить из файла")
    with TemporaryDirectory() as folder:
        file = registry(Path(folder) / "Реестр многодетных семей.xlsx", rows)
        page.set_input_files("#f-file", file)
        page.click("text=Прочитать файл")
        expect(page.locator("h2").first).to_have_text("Что будет загружено", timeout=30_000)
    story.take("import", page)
    page.click("text=Отменить и удалить файл")
    expect(page.locator("h1")).to_have_text("Загрузка семей из файла")
