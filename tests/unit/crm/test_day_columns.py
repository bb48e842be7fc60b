"""A specialist's day as a list shows it: what cannot be had for one reason is one line."""

from datetime import UTC, date, datetime, timedelta
from typing import Any, cast

from crm.appointments.reading import Cell, Column

NINE = datetime(2026, 11, 25, 9, 0, tzinfo=UTC)
SICK = "специалиста не будет (больничный)"


def cell(number: int, words: str = "", **more: Any) -> Cell:
    starts_at = NINE + timedelta(minutes=45 * number)
    return Cell(starts_at, starts_at + timedelta(minutes=45), words=words, **more)


def shown(*cells: Cell) -> list[tuple[int, int, str]]:
    column = Column(cast(Any, None), date(2026, 11, 25), cells)
    return [((one.starts_at - NINE) // timedelta(minutes=45), one.times, one.words) for one in column.shown]


def test_times_closed_for_one_reason_are_one_line_with_its_end() -> None:
    cells = [cell(0, SICK), cell(1, SICK), cell(2, SICK)]
    assert shown(*cells) == [(0, 3, SICK)]
    assert Column(cast(Any, None), date(2026, 11, 25), cells).shown[0].ends_at == cells[2].ends_at


def test_an_appointment_another_reason_or_a_hold_stands_alone() -> None:
    booked = cell(1, line=cast(Any, object()))
    assert shown(cell(0, SICK), booked, cell(2, SICK)) == [(0, 1, SICK), (1, 1, ""), (2, 1, SICK)]
    assert shown(cell(0, SICK), cell(1, "пауза")) == [(0, 1, SICK), (1, 1, "пауза")]
    held = "держит Заяц П. И."
    assert len(shown(cell(0, held, hold=cast(Any, object())), cell(1, held, hold=cast(Any, object())))) == 2
    assert len(shown(cell(0), cell(1))) == 2  # free times are pressed one by one
