"""An Excel file holds what its asker may see: the canary's row for some, for others not a letter of it (S13)."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from openpyxl import load_workbook

from crm.errors import RecordsError
from crm.papers import exporting, making
from crm.papers.kinds import KINDS
from crm.papers.tables import ExportedFile
from crm.staff import by_login
from tests.integration.web import caged, canary

_DAY = canary.CONTACT.date().isoformat()
WANTED = {
    "journal": {"service_id": 1},
    "registry": {},
    "efficiency": {"service_id": 1, "year": canary.CONTACT.year, "quarter": (canary.CONTACT.month + 2) // 3},
    "service": {
        "service_id": 1,
        "since": canary.CONTACT.date().isoformat(),
        "until": canary.CONTACT.date().isoformat(),
    },
    "coverage": {},
}
"""Of every kind the file in which the canary stands, if it stands in any."""


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, str]]:
    folder = tmp_path_factory.mktemp("caged")
    return folder, caged.cage(folder)


@pytest.fixture
def cage(planted: tuple[Path, dict[str, str]], tmp_path: Path) -> Iterator[caged.Caged]:
    with caged.opened(planted[0], tmp_path, planted[1]) as opened:
        yield opened


def exported(cage: caged.Caged, login: str, kind: str, folder: Path, **more: object) -> str | None:
    """Everything in the file that this person gets, its parts and properties too; None where it is refused."""
    at = datetime.now(UTC)
    try:
        with cage.desk.database.transaction() as session:
            viewer = by_login(session, login)
            assert viewer is not None
            asked = exporting.ask(session, kind, {**WANTED[kind], **more}, viewer, at)
    except RecordsError:
        return None
    making.make(cage.desk.database, asked.id, folder, at)
    with cage.desk.database.reading() as session:
        row = session.get_one(ExportedFile, asked.id)
    assert row.state == "ready", row.error
    path = folder / row.stored_as
    cells = [
        str(cell)
        for sheet in load_workbook(path)
        for line in sheet.iter_rows(values_only=True)
        for cell in line
        if cell
    ]
    with zipfile.ZipFile(path) as parts:
        raw = [parts.read(name).decode(errors="replace") for name in parts.namelist()]
    return "\n".join([*cells, *raw, row.file_name])


def test_every_kind_of_export_is_asked_for_here():
    assert set(WANTED) == set(KINDS)


@pytest.mark.parametrize("kind", list(KINDS))
@pytest.mark.parametrize("login", canary.STRANGERS)
def test_a_stranger_gets_a_file_without_a_trace_of_the_family(cage, login, kind, tmp_path):
    text = exported(cage, login, kind, exporting.folder_of(tmp_path))
    if text is not None:
        assert not canary.leaks(text)
        assert len(text) > 1000


@pytest.mark.parametrize("text", [canary.NAME, canary.STREET, "тайна"])
def test_searching_the_journal_into_a_file_tells_a_stranger_nothing(cage, text, tmp_path):
    found = exported(cage, "lavrova", "journal", exporting.folder_of(tmp_path), text=text)
    assert found is not None
    assert "сведения ограничены" not in found, "that the row answers the words is told already"
    assert not canary.leaks(found.replace(text, ""))


def test_the_journal_of_a_stranger_has_no_gap_where_the_row_stands(cage, tmp_path):
    text = exported(cage, "lavrova", "journal", exporting.folder_of(tmp_path))
    assert text is not None
    assert "сведения ограничены" in text


@pytest.mark.parametrize(
    ("login", "kind"),
    [("roshchina", "journal"), ("chernykh", "journal"), ("zayac", "journal"), ("roshchina", "registry"),
     ("chernykh", "registry")],
)  # fmt: skip
def test_who_is_entitled_gets_the_row(cage, login, kind, tmp_path):
    """Without this the others would pass on an empty file too."""
    assert canary.leaks(exported(cage, login, kind, exporting.folder_of(tmp_path)) or "")


@pytest.mark.parametrize("login", ["kim", "auditor", "smirnova"])
def test_who_has_no_journal_has_no_export(cage, login, tmp_path):
    assert [exported(cage, login, kind, exporting.folder_of(tmp_path)) for kind in KINDS] == [None] * len(KINDS)
