"""The .xlsx itself: text cells, protection, paper, the same bytes for the same rows (B-17, B-19; B27, B56)."""

import zipfile
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import openpyxl
import pytest

from crm.papers import workbook
from crm.papers.verify import cells_of
from crm.papers.workbook import LONGEST_CELL, Sheet, Stamp, Struck, TooManyRows, cell_text, write_workbook

SHEET = Sheet(
    "Журнал: учёт/обращений",
    ("№ п/п", "ФИО заявителя", "Содержание"),
    (6, 20, 40),
    ("Журнал", "Учреждение"),
    footer_lines=("Подпись ______",),
)
ROWS = [("1", "Иванова Анна", "Узнать о пособии"), Struck(("2", "Петров Пётр", "Ошибка")), ("3", "", "")]
STAMP = Stamp(12, "Лаврова Н. А. & Ко", datetime(2026, 11, 22, 10, 15), "password")  # noqa: DTZ001 - local by design
FORMULAS = ['=HYPERLINK("http://x","y")', "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\0=1", "=cmd|' /C calc'!A0", "{=1}"]


def test_headings_numbering_rows_and_what_stands_around_them(tmp_path: Path) -> None:
    written = write_workbook(tmp_path / "a.xlsx", SHEET, ROWS)
    assert written.rows == 3
    page = openpyxl.load_workbook(tmp_path / "a.xlsx").active
    lines = [[cell.value or "" for cell in row] for row in page.iter_rows()]
    assert lines == [
        ["Журнал", "", ""],
        ["Учреждение", "", ""],
        ["№ п/п", "ФИО заявителя", "Содержание"],
        ["1", "2", "3"],
        ["1", "Иванова Анна", "Узнать о пособии"],
        ["2", "Петров Пётр", "Ошибка"],
        ["3", "", ""],
        ["Подпись ______", "", ""],
    ]
    assert page["A6"].font.strike
    assert not page["A5"].font.strike


def test_the_sheet_is_protected_and_fits_the_paper(tmp_path: Path) -> None:
    write_workbook(tmp_path / "a.xlsx", SHEET, ROWS, stamp=STAMP)
    book = openpyxl.load_workbook(tmp_path / "a.xlsx")
    page = book.active
    assert page.protection.sheet
    assert page.protection.password
    assert page["B5"].protection.locked
    assert page.freeze_panes == "A5"
    assert page.print_title_rows == "$3:$4"
    assert (page.page_setup.orientation, page.page_setup.paperSize) == ("landscape", 9)
    assert page.page_setup.fitToWidth in (None, 1)  # 1 is the default of the format
    assert page.page_setup.fitToHeight == 0
    assert page.sheet_properties.pageSetUpPr.fitToPage
    footer = page.oddFooter
    assert "Выгрузка № 12, 22.11.2026 10:15" in footer.left.text
    assert "Страница &P из &N" in footer.right.text.replace("&[Page]", "&P").replace("&[Pages]", "&N")
    assert page.title == "Журнал  учёт обращений"


@pytest.mark.parametrize("text", FORMULAS)
def test_what_looks_like_a_formula_stays_text(tmp_path: Path, text: str) -> None:
    write_workbook(tmp_path / "a.xlsx", SHEET, [("1", text, text)])
    cell = openpyxl.load_workbook(tmp_path / "a.xlsx").active["B5"]
    assert cell.data_type == "s"
    assert cell.value.strip() == cell_text(text).strip()
    with zipfile.ZipFile(tmp_path / "a.xlsx") as package:
        assert b"<f>" not in package.read("xl/worksheets/sheet1.xml")


def test_markup_of_the_writer_itself_is_written_as_text(tmp_path: Path) -> None:
    hostile = '<r><t>x</t></r></is></c><c r="Z1"><f>1+1</f></c><r></r>'
    write_workbook(tmp_path / "a.xlsx", SHEET, [("1", hostile, "<b>&amp;")])
    page = openpyxl.load_workbook(tmp_path / "a.xlsx").active
    assert page["B5"].value.strip() == hostile
    assert page["C5"].value == "<b>&amp;"
    assert page["Z1"].value is None


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("a\x0bb\x00c\x1f", "abc"),
        ("x\ud800y\udfffz", "xyz"),
        ("a\r\nb\rc", "a\nb\nc"),
        ("\ufffe\uffff", ""),
        ("таб\tостаётся", "таб\tостаётся"),
    ],
)
def test_what_a_cell_cannot_hold_is_left_out(text: str, kept: str) -> None:
    assert cell_text(text) == kept


@pytest.mark.parametrize("letter", ["ы", "😀"])
def test_a_long_text_is_cut_to_what_excel_takes(tmp_path: Path, letter: str) -> None:
    cut = cell_text(letter * 40_000)
    assert len(cut.encode("utf-16-le")) // 2 <= LONGEST_CELL
    assert cut.endswith("…")
    assert cell_text("ы" * LONGEST_CELL) == "ы" * LONGEST_CELL
    write_workbook(tmp_path / "a.xlsx", SHEET, [("1", letter * 40_000, "")])
    assert openpyxl.load_workbook(tmp_path / "a.xlsx").active["B5"].value == cut


def test_the_same_rows_give_the_same_bytes(tmp_path: Path) -> None:
    first = write_workbook(tmp_path / "a.xlsx", SHEET, ROWS, stamp=STAMP)
    again = write_workbook(tmp_path / "b.xlsx", SHEET, iter(ROWS), stamp=STAMP)
    assert first == again
    assert (tmp_path / "a.xlsx").read_bytes() == (tmp_path / "b.xlsx").read_bytes()


def test_another_export_of_the_same_rows_has_the_same_cells_and_says_its_own_number(tmp_path: Path) -> None:
    first = write_workbook(tmp_path / "a.xlsx", SHEET, ROWS, stamp=STAMP)
    other = Stamp(13, "Громова А. Ю.", datetime(2026, 11, 23, 9, 0), "password")  # noqa: DTZ001
    again = write_workbook(tmp_path / "b.xlsx", SHEET, ROWS, stamp=other)
    assert first.content_sha256 == again.content_sha256
    assert first.sha256 != again.sha256
    assert list(cells_of(tmp_path / "a.xlsx")) == list(cells_of(tmp_path / "b.xlsx"))


@pytest.mark.parametrize(
    "changed", [("1", "Иванова Анна", ""), ("1", "Иванова АннаУ", "знать о пособии"), ("1", "", "")]
)
def test_other_cells_have_another_hash(tmp_path: Path, changed: tuple[str, ...]) -> None:
    first = write_workbook(tmp_path / "a.xlsx", SHEET, ROWS)
    other = write_workbook(tmp_path / "b.xlsx", SHEET, [changed, *ROWS[1:]])
    assert first.content_sha256 != other.content_sha256


def test_text_like_an_escape_of_excel_survives(tmp_path: Path) -> None:
    write_workbook(tmp_path / "a.xlsx", SHEET, [("1", "_x0041_", " два  пробела ")])
    assert list(cells_of(tmp_path / "a.xlsx"))[4] == ("1", "_x0041_", " два  пробела ")


def test_only_the_owner_reads_the_file_and_no_half_made_part_stays(tmp_path: Path) -> None:
    write_workbook(tmp_path / "a.xlsx", SHEET, ROWS)
    assert (tmp_path / "a.xlsx").stat().st_mode & 0o777 == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["a.xlsx"]


def test_progress_is_told(tmp_path: Path) -> None:
    told: list[int] = []
    write_workbook(tmp_path / "a.xlsx", SHEET, (("1", "", "") for _ in range(2500)), on_progress=told.append)
    assert told == [1000, 2000]


def test_more_rows_than_a_sheet_holds_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workbook, "MOST_ROWS", 3)
    assert write_workbook(tmp_path / "a.xlsx", SHEET, ROWS).rows == 3
    with pytest.raises(TooManyRows):
        write_workbook(tmp_path / "b.xlsx", SHEET, [*ROWS, ROWS[0]])


def test_a_folder_that_cannot_be_written_is_an_oserror(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="No such file"):
        write_workbook(tmp_path / "nowhere" / "a.xlsx", SHEET, ROWS)


def test_counts_can_be_added_up_and_the_cells_read_the_same(tmp_path: Path) -> None:
    rows = [("12", "=1+1", "007"), ("не задано", "12", "")]
    counting = Sheet("А", ("I", "II", "III"), (9, 9, 9), numbered=False, counts=frozenset({0, 1}))
    counted = write_workbook(tmp_path / "a.xlsx", counting, rows)
    plain = write_workbook(tmp_path / "b.xlsx", replace(counting, counts=frozenset()), rows)
    page = openpyxl.load_workbook(tmp_path / "a.xlsx").active
    assert [[cell.value for cell in row] for row in page.iter_rows(min_row=2)] == [
        [12, "=1+1", "007"],
        ["не задано", 12, ""],
    ]
    assert page["B2"].data_type == "s"
    assert counted.content_sha256 == plain.content_sha256
    assert list(cells_of(tmp_path / "a.xlsx")) == list(cells_of(tmp_path / "b.xlsx"))
