"""Registers such as institutions have, made by code: invented families only."""

from __future__ import annotations

import zipfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import xlsxwriter

_SURNAMES = "Алексеев Баранов Виноградов Герасимов Денисов Ермаков Зуев Исаев Лазарев Медведев Назаров Осипов Поляков"
_WOMEN = "Анна Ольга Ирина Мария Татьяна Наталья Юлия Алёна Вера Дарья Полина Ксения Светлана Оксана"
_MEN = "Александр Дмитрий Максим Иван Артём Михаил Никита Егор Илья Фёдор Павел Степан Лев Тимур"
_FATHERS = "Александр Иван Роман Виктор Борис Антон Павел Степан"
_STREETS = "Лесная Садовая Мира Кирова Школьная Полевая Речная Победы Заводская Набережная"
SURNAMES, WOMEN, MEN, FATHERS, STREETS = (text.split() for text in (_SURNAMES, _WOMEN, _MEN, _FATHERS, _STREETS))
HEADINGS = (
    "№ п/п",
    "Состав семьи",
    "Адрес проживания",
    "Контактные данные (телефон, эл. почта)",
    "Краткая информация о семье",
)
FLAT = ("ФИО", "Дата рождения", "Телефон", "Эл. почта", "Адрес", "Статус", "ФИО детей", "Примечание")


def workbook(path: Path, rows: Iterable[Sequence[Any]], *, title: str = "Лист1") -> Path:
    """An .xlsx with these rows, each value as Excel would keep it."""
    book = xlsxwriter.Workbook(path, {"default_date_format": "dd.mm.yyyy"})
    sheet = book.add_worksheet(title)
    for number, row in enumerate(rows):
        for column, value in enumerate(row):
            if value is not None:
                sheet.write(number, column, value)
    book.close()
    return path


def registry(path: Path, rows: Iterable[Sequence[Any]]) -> Path:
    """The registry of five columns as B-5 words it, with a title and the numbering row."""
    return workbook(path, [("РЕЕСТР многодетных семей",), (), HEADINGS, (1, 2, 3, 4, 5), *rows])


def invented(count: int) -> list[tuple[Any, ...]]:
    """`count` different families in five columns; numbers of DEF code 943, never allocated (domain.md §10.6)."""
    rows = []
    for number in range(count):
        surname = SURNAMES[number % len(SURNAMES)]
        mother = f"{surname}а {WOMEN[number // 7 % len(WOMEN)]} {FATHERS[number // 3 % len(FATHERS)]}овна"
        born = f"{number % 28 + 1:02d}.{number // 28 % 12 + 1:02d}.{1970 + number // 336 % 30}"
        boy = MEN[number // 11 % len(MEN)]
        people = f"{mother}, {born} – мать; дети: {boy} {number % 28 + 1:02d}.03.2015, Анна 04.05.2018"
        address = f"с. Заречное, ул. {STREETS[number % len(STREETS)]}, д. {number % 200 + 1}"
        rows.append((number + 1, people, address, f"8 943 {number:07d}, s{number}@example.ru", "многодетная, дом свой"))
    return rows


def with_part(path: Path, target: Path, name: str, content: bytes) -> Path:
    """A copy of the package with one part more, or with that part replaced."""
    with zipfile.ZipFile(path) as source, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as copy:
        for part in source.infolist():
            if part.filename != name:
                copy.writestr(part.filename, source.read(part.filename))
        copy.writestr(name, content)
    return target
