"""The exported journal and registry in LibreOffice: they open with the headings of the procedure, and what looks like a
formula stays text (domain.md §11 check 4; reliability.md B27, B56)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from crm.appeals.printing import HEADINGS as JOURNAL
from crm.db import Database, open_database
from crm.papers import exporting
from crm.papers.registry_sheet import HEADINGS as REGISTRY
from crm.papers.verify import Outcome, verify
from crm.settings import RecordsSettings
from tests.support import papers
from tests.support.libreoffice import LibreOffice
from tests.support.pages import SECRET, furnish
from tests.support.papers import add_rows, export, person

HOSTILE = ["=1+1", '=HYPERLINK("http://127.0.0.1/","x")', "+1+1", "-2+3", "@SUM(1)", "=cmd|' /C calc'!A0", "<r></r>"]


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> LibreOffice:
    return LibreOffice(tmp_path_factory.mktemp("libreoffice"))


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    furnish(tmp_path)
    opened = open_database(RecordsSettings(data_dir=tmp_path, secret_key=SECRET, _env_file=None))
    with opened.transaction() as session:
        papers.empty_journal(session)
        for text in HOSTILE:
            add_rows(session, 1, applicant_name=text, measures=text, final_result=f"{text}\nвторая строка")
        add_rows(
            session, 1, applicant_name="\x0b\x01Ёлкина \ud83d\ude00".encode("utf-16", "surrogatepass").decode("utf-16")
        )
        add_rows(session, 1, measures="ы" * 40_000)
    yield opened
    opened.dispose()


def test_the_journal_opens_with_its_headings_and_formulas_stay_text(
    office: LibreOffice, database: Database, tmp_path: Path
) -> None:
    folder = exporting.folder_of(tmp_path)
    made = export(database, folder, "roshchina")
    rows = office.rows(folder / made.stored_as)
    assert rows[3] == list(JOURNAL)
    assert rows[4] == list("12345678")
    shown = rows[5:]
    assert [row[0] for row in shown] == [str(number + 1) for number in range(len(HOSTILE) + 2)]
    for text, row in zip(HOSTILE, shown, strict=False):
        assert [row[1].rstrip(), row[5].rstrip(), row[6]] == [text, text, f"{text}\nвторая строка"]
    assert shown[-2][1] == "Ёлкина 😀"
    assert len(shown[-1][5]) == 32_767


def test_the_registry_opens_with_its_headings(office: LibreOffice, database: Database, tmp_path: Path) -> None:
    folder = exporting.folder_of(tmp_path)
    made = export(database, folder, "gromova", "registry")
    rows = office.rows(folder / made.stored_as)
    assert rows[2] == list(REGISTRY)
    assert rows[3] == list("12345")
    assert len(rows) == made.done_rows + 4


def test_saved_again_by_libreoffice_it_is_still_told_by_its_cells(
    office: LibreOffice, database: Database, tmp_path: Path
) -> None:
    folder = exporting.folder_of(tmp_path)
    made = export(database, folder, "gromova", "registry")
    again = office.convert(folder / made.stored_as, "xlsx")
    with database.reading() as session:
        verdict = verify(session, again, folder, person(session, "gromova"))
    assert verdict.outcome is Outcome.RESAVED
    assert verdict.export is not None
    assert verdict.export.id == made.id


def test_on_paper_it_is_as_wide_as_a_page_and_says_which_export_it_is(
    office: LibreOffice, database: Database, tmp_path: Path
) -> None:
    folder = exporting.folder_of(tmp_path)
    made = export(database, folder, "gromova", "registry")
    pdf = office.convert(folder / made.stored_as, "pdf").read_bytes()
    assert pdf.startswith(b"%PDF")
    assert 1 <= pdf.count(b"/Type/Page/") <= 6
