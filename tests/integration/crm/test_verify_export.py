"""A tampered file is told from a genuine one (B-19; reliability.md S21)."""

from __future__ import annotations

import os
import shutil
import zipfile
from datetime import timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import openpyxl
import pytest
from sqlalchemy import select

from crm.audit import Actor, AuditEvent
from crm.db import Database
from crm.papers import exporting, forgetting
from crm.papers.tables import ExportedFile
from crm.papers.verdict_words import sentence
from crm.papers.verify import Outcome, Verdict, verified, verify
from crm.papers.workbook import Sheet, Stamp, write_workbook
from tests.support import papers
from tests.support.papers import NOON, add_rows, export, person

MOSCOW = ZoneInfo("Europe/Moscow")


class Desk:
    """One export, made, and a copy of it in somebody's hands."""

    def __init__(self, database: Database, tmp_path: Path) -> None:
        self.database, self.folder = database, exporting.folder_of(tmp_path)
        with database.transaction() as session:
            papers.empty_journal(session)
            add_rows(session, 3)
        self.made: ExportedFile = export(database, self.folder, "roshchina")
        self.copy = tmp_path / "copy.xlsx"
        shutil.copyfile(self.folder / self.made.stored_as, self.copy)

    def judge(self, login: str = "roshchina", path: Path | None = None, largest: int | None = None) -> Verdict:
        with self.database.reading() as session:
            viewer = person(session, login)
            return verify(session, path or self.copy, self.folder, viewer, largest=largest)

    def change(self, **cells: str) -> None:
        book = openpyxl.load_workbook(self.copy)
        for cell, text in cells.items():
            book.active[cell] = text
        book.save(self.copy)


@pytest.fixture
def desk(town: Database, tmp_path: Path) -> Desk:
    return Desk(town, tmp_path)


def test_the_file_as_it_was_given_out_is_genuine(desk: Desk) -> None:
    verdict = desk.judge("zayac")
    assert (verdict.outcome, verdict.export and verdict.export.id) == (Outcome.GENUINE, desk.made.id)
    assert sentence(verdict, MOSCOW) == "Подлинный: выгрузка № 1 («Журнал»), 12.11.2026 12:00, Рощина В. П."


def test_a_file_saved_again_keeps_its_contents(desk: Desk) -> None:
    desk.change()
    verdict = desk.judge()
    assert (verdict.outcome, verdict.export and verdict.export.id) == (Outcome.RESAVED, desk.made.id)
    assert "все ячейки прежние" in sentence(verdict, MOSCOW)


def test_a_changed_cell_is_named(desk: Desk) -> None:
    desk.change(E7="12.11.2026 12:02. Совсем другое", H6="10")
    verdict = desk.judge()
    assert (verdict.outcome, verdict.count, verdict.readable) == (Outcome.CHANGED, 2, True)
    assert [(one.cell, one.ours, one.theirs) for one in verdict.differences] == [
        ("H6", "", "10"),
        ("E7", "12.11.2026 12:02. Вопрос 2", "12.11.2026 12:02. Совсем другое"),
    ]
    assert "Отличается ячеек: 2." in sentence(verdict, MOSCOW)


def test_a_removed_row_is_seen(desk: Desk) -> None:
    book = openpyxl.load_workbook(desk.copy)
    book.active.delete_rows(8)
    book.save(desk.copy)
    verdict = desk.judge()
    assert verdict.outcome is Outcome.CHANGED
    assert verdict.count == 5


def test_what_stood_in_the_cells_is_for_those_who_may_read_it(desk: Desk) -> None:
    desk.change(E7="другое")
    assert desk.judge("chernykh").readable
    assert not desk.judge("gromova").readable


def test_without_our_copy_the_change_is_still_seen(desk: Desk) -> None:
    desk.change(E7="другое")
    forgetting.forget_old(desk.database, desk.folder, NOON + timedelta(days=8))
    verdict = desk.judge()
    assert (verdict.outcome, verdict.compared, verdict.differences) == (Outcome.CHANGED, False, ())
    assert "Наша копия удалена 20.11.2026" in sentence(verdict, MOSCOW)


def test_a_file_of_somebody_else_is_not_ours(desk: Desk, tmp_path: Path) -> None:
    other = tmp_path / "other.xlsx"
    write_workbook(other, Sheet("Журнал", ("a",), (5,)), [("1",)])
    assert desk.judge(path=other).outcome is Outcome.FOREIGN
    assert sentence(desk.judge(path=other), MOSCOW).startswith("Не наш файл")
    write_workbook(other, Sheet("Журнал", ("a",), (5,)), [("1",)], stamp=Stamp(99, "X", NOON))
    assert desk.judge(path=other).outcome is Outcome.FOREIGN, "a number that we never gave"


def test_a_forged_number_of_ours_does_not_make_it_genuine(desk: Desk, tmp_path: Path) -> None:
    forged = tmp_path / "forged.xlsx"
    write_workbook(forged, Sheet("Журнал", ("a",), (5,)), [("1",)], stamp=Stamp(desk.made.id, "X", NOON))
    assert desk.judge(path=forged).outcome is Outcome.CHANGED


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"%PDF-1.7", b"\xd0\xcf\x11\xe0" * 200, b"\0" * 5000])
def test_what_is_no_workbook_is_not_ours(desk: Desk, tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "x.xlsx"
    path.write_bytes(content)
    assert desk.judge(path=path).outcome is Outcome.FOREIGN


def test_a_bomb_is_not_unpacked(desk: Desk, tmp_path: Path) -> None:
    path = tmp_path / "bomb.xlsx"
    shutil.copyfile(desk.copy, path)
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as package:
        package.writestr("xl/media/x.bin", b"0" * 60_000_000)
    assert desk.judge(path=path).outcome is Outcome.FOREIGN


def test_words_that_would_fill_the_memory_are_not_unpacked(desk: Desk, tmp_path: Path, monkeypatch: Any) -> None:
    path = tmp_path / "words.xlsx"
    with zipfile.ZipFile(desk.copy) as source, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as target:
        for part in source.infolist():
            target.writestr(part.filename, source.read(part))
        target.writestr("xl/media/picture.png", os.urandom(400_000))  # or the whole would be packed too well
        target.writestr("xl/sharedStrings.xml", b"<sst>" + b"<si><t>x</t></si>" * 2_000_000 + b"</sst>")
    monkeypatch.setattr(openpyxl, "load_workbook", lambda *_, **__: pytest.fail("opened"))
    assert desk.judge(path=path).outcome is Outcome.FOREIGN


def test_an_entity_is_not_resolved(desk: Desk, tmp_path: Path) -> None:
    path = tmp_path / "entity.xlsx"
    with zipfile.ZipFile(desk.copy) as source, zipfile.ZipFile(path, "w") as target:
        for part in source.infolist():
            text = source.read(part)
            if part.filename == "xl/worksheets/sheet1.xml":
                declared = b'?>\n<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/hostname">]>'
                text = text.replace(b"?>", declared, 1).replace("Вопрос 2".encode(), b"&e;")
            target.writestr(part.filename, text)
    assert desk.judge(path=path).outcome is Outcome.FOREIGN


def test_a_large_changed_file_is_left_to_the_command_line(desk: Desk) -> None:
    assert desk.judge(largest=10).outcome is Outcome.GENUINE
    desk.change(E7="другое")
    assert desk.judge(largest=10).outcome is Outcome.TOO_LARGE
    assert "family-dispatch export verify" in sentence(desk.judge(largest=10), MOSCOW)


def test_every_judgement_is_in_the_audit_log(desk: Desk) -> None:
    verdict = desk.judge("zayac")
    with desk.database.transaction() as session:
        verified(session, verdict, Actor.of(person(session, "zayac"), "10.0.0.1"), NOON)
    with desk.database.reading() as session:
        event = session.scalars(select(AuditEvent).where(AuditEvent.action == "export.verify")).one()
        assert (event.subject, event.subject_id) == ("exported_file", str(desk.made.id))
        assert '"outcome":"genuine"' in event.details
