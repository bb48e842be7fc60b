"""The unpacked rows of an upload: whole, or nothing of them is left."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from crm.papers import stored_rows
from crm.papers.reading import Cell, FileRefused, Row


def rows(text: str, count: int) -> Iterator[Row]:
    return (Row(0, number, (Cell(text),)) for number in range(1, count + 1))


def test_what_was_written_is_read(tmp_path: Path) -> None:
    path = stored_rows.path_of(tmp_path, "abc")
    assert stored_rows.write(path, rows("Иванова", 3)) == 3
    assert [row.cells[0].text for row in stored_rows.read(path)] == ["Иванова"] * 3
    assert list(tmp_path.iterdir()) == [path]


def test_half_a_register_is_not_left_behind(tmp_path: Path) -> None:
    def broken() -> Iterator[Row]:
        yield from rows("Иванова", 3)
        raise FileRefused("дальше не читается")

    with pytest.raises(FileRefused, match="не читается"):
        stored_rows.write(stored_rows.path_of(tmp_path, "abc"), broken())
    assert list(tmp_path.iterdir()) == []


def test_one_long_text_named_a_million_times_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stored_rows, "MAX_WRITTEN", 100_000)
    with pytest.raises(FileRefused, match="слишком много текста"):
        stored_rows.write(stored_rows.path_of(tmp_path, "abc"), rows("я" * 5_000, 1_000_000))
    assert list(tmp_path.iterdir()) == []
