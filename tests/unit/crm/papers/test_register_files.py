"""Files that people bring, friendly and hostile (reliability.md B51–B54, S27)."""

import subprocess
import sys
import time
import zipfile
from datetime import date

import openpyxl
import pytest

from crm.papers.reading import MAX_ROWS, FileRefused, rows_of
from tests.support.registers import registry, with_part, workbook


def texts(path):
    _about, rows = rows_of(path)
    return [[cell.text for cell in row.cells] for row in rows]


def refusal(path):
    with pytest.raises(FileRefused) as refused:
        texts(path)
    return str(refused.value)


def test_every_kind_of_cell_becomes_text(tmp_path):
    path = workbook(tmp_path / "x", [("Анна", 79910970168.0, 1.5, date(1985, 3, 12), True, None, "  край ")])
    assert texts(path) == [["Анна", "79910970168", "1.5", "12.03.1985", "да", "", "край"]]


def test_a_row_keeps_the_number_that_the_person_sees(tmp_path):
    path = registry(tmp_path / "x", [(1, "Иванова Мария")])
    _about, rows = rows_of(path)
    assert [row.number for row in rows] == [1, 3, 4, 5]


def test_b53_formulas_give_their_stored_result_or_are_an_error(tmp_path):
    book = openpyxl.Workbook()
    book.active.append(["Иванова", "=A1"])
    book.save(tmp_path / "none.xlsx")  # openpyxl stores no results
    _about, rows = rows_of(tmp_path / "none.xlsx")
    [row] = rows
    assert row.cells[1].problem
    assert texts(workbook(tmp_path / "stored", [("Иванова", "=1+1")])) == [["Иванова", "0"]]


def test_b53_a_hidden_sheet_is_not_read_and_is_named(tmp_path):
    book = openpyxl.Workbook()
    book.active.append(["Иванова"])
    book.create_sheet("Тайный").append(["Петрова"])
    book["Тайный"].sheet_state = "hidden"
    book.save(tmp_path / "x")
    about, rows = rows_of(tmp_path / "x")
    assert [row.cells[0].text for row in rows] == ["Иванова"]
    assert any("Тайный" in note for note in about.notes)


def test_an_excel_error_is_a_problem_not_a_text(tmp_path):
    book = openpyxl.Workbook()
    book.active.append(["#REF!", "Иванова"])
    book.save(tmp_path / "x")
    _about, rows = rows_of(tmp_path / "x")
    assert next(iter(rows)).cells[0].problem


# B51: bombs


def _sheet(start, piece, times, end=b"</sheetData></worksheet>"):
    head = b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
    return head + start + piece * times + end


@pytest.fixture
def plain(tmp_path):
    return workbook(tmp_path / "plain.xlsx", [("ФИО", "Телефон"), ("Иванова Мария", "8 943 000-01-01")])


@pytest.mark.parametrize("bomb", ["ratio", "rows", "columns", "cells", "strings", "entries", "sheets"])
def test_b51_a_bomb_is_refused_within_two_seconds_and_little_memory(plain, tmp_path, bomb):
    sheet = "xl/worksheets/sheet1.xml"
    path = tmp_path / "bomb.xlsx"
    if bomb == "ratio":
        with_part(plain, path, sheet, _sheet(b"", b" " * 1_000_000, 190))
    elif bomb == "rows":
        with_part(plain, path, sheet, _sheet(b"", b'<row r="1"><c r="A1"><v>1</v></c></row>', 1_000_000))
    elif bomb == "columns":
        end = b"</row></sheetData></worksheet>"
        with_part(plain, path, sheet, _sheet(b'<row r="1">', b'<c r="XFD1"><v>1</v></c>', 16_384, end))
    elif bomb == "cells":
        with_part(plain, path, sheet, _sheet(b"", b"<row>" + b"<c><v>1</v></c>" * 90 + b"</row>", 20_000))
    elif bomb == "strings":
        many = b"<sst><si><t>" + bytes(range(48, 58)) * 3_000_000 + b"</t></si></sst>"
        with_part(plain, path, "xl/sharedStrings.xml", many)
    elif bomb == "entries":
        with zipfile.ZipFile(path, "w") as package:
            for number in range(2_000):
                package.writestr(f"{number}.xml", b"")
    else:
        book = openpyxl.Workbook()
        for _ in range(30):
            book.create_sheet()
        book.save(path)
    script = (
        "import re, sys, time; from pathlib import Path; from crm.papers.reading import rows_of, FileRefused\n"
        "begun = time.process_time()\n"
        "try: list(rows_of(Path(sys.argv[1]))[1]); said = 'read'\n"
        "except FileRefused as refused: said = str(refused)\n"
        "print(said); print(time.process_time() - begun); "
        "print(re.search(r'VmHWM:\\s+(\\d+)', Path('/proc/self/status').read_text())[1])"  # ru_maxrss is the parent's
    )
    done = subprocess.run([sys.executable, "-c", script, str(path)], capture_output=True, text=True, check=True)
    said, seconds, kilobytes = done.stdout.splitlines()
    assert said != "read"
    assert said.endswith(".")
    assert float(seconds) <= 2  # of this process, whatever else the machine does
    assert int(kilobytes) < 200 * 1024


def test_a_table_that_is_only_long_is_refused_with_advice(tmp_path):
    path = tmp_path / "x.csv"
    path.write_text("ФИО;Телефон\n" + "Иванова;1\n" * (MAX_ROWS + 1))
    assert "Разделите его" in refusal(path)


# B52: what must not be followed


def test_b52_an_entity_is_not_resolved(plain, tmp_path):
    evil = b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>' + _sheet(
        b'<row r="1"><c r="A1" t="inlineStr"><is><t>&e;</t></is></c></row>', b"", 0
    )
    said = refusal(with_part(plain, tmp_path / "x", "xl/worksheets/sheet1.xml", evil))
    assert "root" not in said


def test_b52_a_billion_laughs_are_refused(plain, tmp_path):
    laughs = b'<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]>' + _sheet(
        b'<row r="1"><c r="A1" t="inlineStr"><is><t>&b;</t></is></c></row>', b"", 0
    )
    refusal(with_part(plain, tmp_path / "x", "xl/worksheets/sheet1.xml", laughs))


def test_b52_macros_under_another_name_are_refused(plain, tmp_path):
    assert "макросы" in refusal(with_part(plain, tmp_path / "x", "xl/vbaProject.bin", b"x"))


def test_b52_links_to_other_files_are_not_followed_and_said(plain, tmp_path):
    link = b'<externalLink xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"/>'
    path = with_part(plain, tmp_path / "x", "xl/externalLinks/externalLink1.xml", link)
    about, rows = rows_of(path)
    assert len(list(rows)) == 2
    assert any("ссылки на другие файлы" in note for note in about.notes)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (bytes.fromhex("d0cf11e0a1b11ae1") + b"\0" * 600, "сохраните как"),
        (b"PK\x03\x04 broken", "повреждён"),
        (b"<html><table><tr><td>x", "сохраните как"),
        (b"%PDF-1.7", "сохраните как"),
        (b"\x00\x01\x02\x03" * 100, "."),
        (b"\x7fELF" + bytes(range(1, 256)), "."),
    ],
)
def test_other_kinds_of_files_are_refused_with_advice(tmp_path, content, words):
    path = tmp_path / "реестр.xlsx"
    path.write_bytes(content)
    assert words in refusal(path)


def test_a_spreadsheet_of_another_office_is_refused(tmp_path):
    with zipfile.ZipFile(tmp_path / "x.ods", "w") as package:
        package.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
    assert "сохраните как" in refusal(tmp_path / "x.ods")


# B54: text tables

TABLE = 'ФИО{0}Адрес\n"Иванова{0} Мария"{0}"с. Заречное, ""дом"" 5"\n'


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1251", "utf-16", "utf-16-le"])
@pytest.mark.parametrize("separator", [";", ",", "\t"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
def test_b54_any_encoding_any_separator_any_line_end(tmp_path, encoding, separator, line_end):
    path = tmp_path / "x"
    path.write_bytes(TABLE.format(separator).replace("\n", line_end).encode(encoding))
    assert texts(path) == [["ФИО", "Адрес"], [f"Иванова{separator} Мария".strip(), 'с. Заречное, "дом" 5']]


def test_excels_own_first_line_names_the_separator(tmp_path):
    (tmp_path / "x").write_text("sep=;\nФИО;Адрес, дом\nИванова;с. Заречное, 5\n")
    assert texts(tmp_path / "x")[1] == ["Иванова", "с. Заречное, 5"]


def test_a_quote_that_is_never_closed_is_said(tmp_path):
    (tmp_path / "x").write_text('ФИО;Адрес\n"Иванова;' + "с. Заречное;\n" * 10_000)
    assert "кавычка" in refusal(tmp_path / "x")


def test_reading_ten_thousand_rows_is_no_matter_of_minutes(tmp_path):
    """Not a figure, a guard against quadratic reading: see tests/bench/bench_import.py."""
    path = tmp_path / "x"
    path.write_text("ФИО;Телефон\n" + "Иванова Мария;8 943 000-01-01\n" * 10_000)
    begun = time.process_time()
    assert len(texts(path)) == 10_001
    assert time.process_time() - begun < 20
