"""`family-dispatch export person`: one file for one person, private, logged, never over another file."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import select

from crm.audit import AuditEvent
from crm.db import Database
from crm.family_tables import Person
from tests.support.pages import SECRET, furnish


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return furnish(tmp_path_factory.mktemp("data"))


def run(data: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("DISPATCH_")}
    clean |= {"DISPATCH_DATA_DIR": str(data), "DISPATCH_SECRET_KEY": SECRET, "COLUMNS": "100", "NO_COLOR": "1"}
    done = subprocess.run(
        [sys.executable, "-c", "from workers.cli import main; main()", "export", "person", *arguments],
        env=clean, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, timeout=90,
    )  # fmt: skip
    assert "Traceback" not in done.stderr, done.stderr
    return done


def test_a_card_number_names_its_applicant(data: Path, tmp_path: Path) -> None:
    out = tmp_path / "one.json"
    done = run(data, "С-00001", "--out", str(out))
    assert done.returncode == 0, done.stderr
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    paper = json.loads(out.read_text())
    assert paper["name"] == "Кузнецова Елена Викторовна"
    assert "Кузнецова" not in done.stdout + done.stderr
    database = Database(f"sqlite:///{next(data.glob('*.db'))}", SECRET)
    with database.reading() as session:
        event = session.scalars(select(AuditEvent).where(AuditEvent.action == "person.export")).first()
        assert (event.actor_name, event.actor_id) == ("console", None)
        assert session.get(Person, int(event.subject_id)).name == "Елена"
    database.dispose()
    assert run(data, "С-00001", "--out", str(out)).returncode == 2


def test_a_latin_letter_and_a_number_of_the_records_do_as_well(data: Path, tmp_path: Path) -> None:
    assert run(data, "c-00002", "--out", str(tmp_path / "two.html")).returncode == 0
    text = (tmp_path / "two.html").read_text()
    assert text.startswith("<!doctype html>")
    assert "Рашид" in text
    assert run(data, "1", "--out", str(tmp_path / "three.html")).returncode == 0


@pytest.mark.parametrize("who", ["С-99999", "0", str(2**63), "=cmd", "'; DROP TABLE person", "Кузнецова"])
def test_nobody_is_a_sentence(data: Path, tmp_path: Path, who: str) -> None:
    done = run(data, who, "--out", str(tmp_path / "x.json"))
    assert done.returncode == 2
    assert "нет" in done.stderr
    assert not (tmp_path / "x.json").exists()


def test_the_file_says_by_its_name_what_it_is(data: Path, tmp_path: Path) -> None:
    assert "html" in run(data, "С-00001", "--out", str(tmp_path / "x.txt")).stderr
