"""`family-dispatch import families`: the same preview and loading without a browser; nothing of the file is printed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import func, select

from crm.audit import AuditEvent
from crm.db import Database
from crm.family_tables import ACTIVE, Family
from tests.support.pages import SECRET, furnish
from tests.support.registers import invented, registry, workbook


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return furnish(tmp_path_factory.mktemp("data"))


def run(data: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("DISPATCH_")}
    clean |= {"DISPATCH_DATA_DIR": str(data), "DISPATCH_SECRET_KEY": SECRET, "COLUMNS": "100", "NO_COLOR": "1"}
    done = subprocess.run(
        [sys.executable, "-c", "from workers.cli import main; main()", "import", "families", *arguments],
        env=clean, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, timeout=90,
    )  # fmt: skip
    assert "Traceback" not in done.stderr, done.stderr
    return done


def families(data: Path) -> int:
    database = Database(f"sqlite:///{data / 'records.db'}", SECRET)
    with database.reading() as session:
        count = session.scalar(select(func.count()).select_from(Family).where(Family.state == ACTIVE))
    database.dispose()
    return count


def test_looked_at_then_loaded_then_known(data: Path, tmp_path: Path) -> None:
    rows = [*invented(6), (7, "мать с детьми", "", "", "")]
    file = str(registry(tmp_path / "реестр.xlsx", rows))
    before = families(data)
    looked = run(data, file, "--as", "roshchina", "--dry-run")
    assert looked.returncode == 0, looked.stderr
    assert "Новых семей: 6" in looked.stdout
    assert "строка 11, столбец B: НЕ ВОЙДЁТ." in looked.stdout
    assert families(data) == before
    assert list((data / "imports").iterdir()) == []
    loaded = run(data, file, "--as", "roshchina", "--yes")
    assert loaded.returncode == 0, loaded.stderr
    assert "заведено семей: 6" in loaded.stdout
    assert families(data) == before + 6
    assert list((data / "imports").iterdir()) == []
    again = run(data, file, "--as", "roshchina", "--yes")
    assert again.returncode == 0
    assert "Второй раз ничего не создано" in again.stdout
    assert families(data) == before + 6
    for said in (looked, loaded, again):
        assert "Алексеева" not in said.stdout + said.stderr
        assert "мать с детьми" not in said.stdout + said.stderr
    database = Database(f"sqlite:///{data / 'records.db'}", SECRET)
    with database.reading() as session:
        done = session.scalars(select(AuditEvent).where(AuditEvent.action == "import.done")).one()
        assert done.actor_name.startswith("Рощина")
    database.dispose()


def test_columns_named_in_a_file(data: Path, tmp_path: Path) -> None:
    table = workbook(tmp_path / "t.xlsx", [("Кто", "Куда"), ("Ковалёва Анна", "8 943 111-11-11")])
    mapping = tmp_path / "m.json"
    mapping.write_text(json.dumps({"header_row": 1, "first_row": 2, "columns": {"A": "full_name", "B": "phone"}}))
    assert "Новых семей: 1" in run(data, str(table), "--as", "gromova", "--mapping", str(mapping), "--dry-run").stdout
    mapping.write_text('{"columns": {"A": "nobody"}}')
    wrong = run(data, str(table), "--as", "gromova", "--mapping", str(mapping), "--dry-run")
    assert wrong.returncode == 2
    assert "full_name" in wrong.stderr


@pytest.mark.parametrize("login", ["kim", "lavrova", "nobody"])
def test_only_who_may_load_on_the_pages_may_here(data: Path, tmp_path: Path, login: str) -> None:
    done = run(data, str(registry(tmp_path / "r.xlsx", invented(1))), "--as", login, "--yes")
    assert done.returncode == 2
    assert list((data / "imports").iterdir()) == []


def test_what_cannot_be_read_is_a_sentence(data: Path, tmp_path: Path) -> None:
    (tmp_path / "x.xlsx").write_bytes(b"%PDF-1.7")
    done = run(data, str(tmp_path / "x.xlsx"), "--as", "roshchina", "--yes")
    assert done.returncode == 1
    assert "сохраните как" in done.stderr
    assert run(data, str(tmp_path / "none.xlsx"), "--as", "roshchina", "--yes").returncode == 2


def test_nobody_to_ask_is_no_consent(data: Path, tmp_path: Path) -> None:
    before = families(data)
    assert run(data, str(registry(tmp_path / "r.xlsx", invented(1))), "--as", "roshchina").returncode == 2
    assert families(data) == before
