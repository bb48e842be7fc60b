"""`family-dispatch export …`: the same files and the same rights as on the pages, without a browser."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pytest

from tests.support.pages import SECRET, furnish

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    data = tmp_path / "data"
    data.mkdir(mode=0o700)
    furnish(data)
    clean = {name: value for name, value in os.environ.items() if not name.startswith("DISPATCH_")}
    clean |= {"DISPATCH_DATA_DIR": str(data), "DISPATCH_SECRET_KEY": SECRET, "COLUMNS": "100", "NO_COLOR": "1"}

    def command(*arguments: str) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [sys.executable, "-c", "from workers.cli import main; main()", "export", *arguments],
            env=clean,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=90,
            cwd=tmp_path,
        )
        assert "Traceback" not in done.stderr, done.stderr
        return done

    return command


def test_a_registry_is_written_and_told_from_a_tampered_one(run: Run, tmp_path: Path) -> None:
    done = run("registry", "--as", "gromova", "--to", "реестр.xlsx")
    assert done.returncode == 0, done.stderr
    assert "Выгрузка № 1: реестр.xlsx, строк: " in done.stdout
    file = tmp_path / "реестр.xlsx"
    assert file.stat().st_mode & 0o777 == 0o600
    genuine = run("verify", "реестр.xlsx")
    assert (genuine.returncode, genuine.stdout[:10]) == (0, "Подлинный:")
    book = openpyxl.load_workbook(file)
    book.active["D5"] = "+7 900 000-00-00"
    book.save(file)
    changed = run("verify", "реестр.xlsx")
    assert changed.returncode == 1
    assert "Отличается ячеек: 1." in changed.stdout
    assert "D5" in changed.stdout
    assert "+7 900" not in changed.stdout


def test_a_journal_of_some_days_is_written(run: Run, tmp_path: Path) -> None:
    done = run("journal", "--as", "lavrova", "--since", "2020-01-01", "--until", "2020-12-31", "--to", "журнал.xlsx")
    assert done.returncode == 0, done.stderr
    assert openpyxl.load_workbook(tmp_path / "журнал.xlsx").active["A3"].value == (
        "За период с 01.01.2020 по 31.12.2020"
    )


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["registry", "--as", "lavrova"], "не для этой роли"),
        (["journal", "--as", "kim"], "нет"),
        (["journal", "--as", "nobody"], "Сотрудника «nobody» нет"),
        (["journal", "--as", "lavrova", "--service", "B"], "Службы «B» у этого сотрудника нет"),
        (["journal", "--as", "lavrova", "--since", "вчера"], "не день"),
        (["efficiency", "--as", "lavrova", "--year", "2026", "--quarter", "3"], "не для этой роли"),
        (["registry", "--as", "gromova", "--to", "data"], "уже есть"),
        (["registry", "--as", "gromova", "--to", "nowhere/a.xlsx"], "не записан"),
        (["verify", "nothing.xlsx"], "нет"),
    ],
)
def test_a_refusal_is_a_sentence(run: Run, arguments: list[str], said: str) -> None:
    done = run(*arguments)
    assert done.returncode in (1, 2)
    assert said in done.stderr
