"""«Кому сообщили о мерах» as an Excel file: told and entitled, of every measure or of one by place and status (B-6)."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from crm.campaigns import coverage
from crm.campaigns.coverage import Line
from crm.consents.rules import local_date
from crm.errors import NotFound
from crm.papers.workbook import Sheet
from crm.staff import Employee, Role

HEADINGS = ("Раздел", "Показатель", "Имеют право", "Сообщили", "Из них отказались", "Охват, %")
WIDTHS = (26.0, 52.0, 14.0, 14.0, 16.0, 12.0)
READERS = (Role.DISPATCHER.value, Role.COORDINATOR.value, Role.HEAD.value, Role.DIRECTOR.value)


def clean(session: Session, filters: Mapping[str, Any], viewer: Employee) -> dict[str, Any]:
    """Return the filters as they are stored: `topic`, or nothing for all. Raises NotFound."""
    if viewer.role not in READERS:
        raise NotFound("Такого отчёта нет.")
    topic = str(filters.get("topic") or "")
    if not topic:
        return {}
    if topic not in coverage.known_topics(session, viewer):
        raise NotFound("Такой меры нет.")
    return {"topic": topic}


def prepare(
    session: Session, filters: Mapping[str, Any], viewer: Employee, at: datetime
) -> tuple[Sheet, Iterator[Sequence[str]]]:
    """Return the sheet and its rows as this person may see them at `at`. Raises NotFound."""
    if viewer.role not in READERS:
        raise NotFound("Такого отчёта нет.")
    on = local_date(session, at)
    topic = str(filters.get("topic") or "")
    title = "Все меры и службы"
    if topic:
        whole = coverage.of_topic(session, viewer, topic, on)
        title = whole.line.title
        rows = [_row("Всего", whole.line)]
        rows += [_row("По населённым пунктам", one) for one in whole.places]
        rows += [_row("По статусам", one) for one in whole.groups]
    else:
        rows = [_row("Мера или служба", one) for one in coverage.overview(session, viewer, on)]
    sheet = Sheet(
        title="Охват",
        headings=HEADINGS,
        widths=WIDTHS,
        heading_lines=("Кому сообщили о мерах поддержки", title, f"На {on:%d.%m.%Y}"),
        numbered=False,
        counts=frozenset({2, 3, 4, 5}),
        footer_lines=("Имеют право: подходят под условия меры сейчас или уже знают о ней.",),
    )
    return sheet, iter(rows)


def _row(section: str, line: Line) -> tuple[str, ...]:
    entitled = "не задано" if line.entitled is None else str(line.entitled)
    percent = "" if line.percent is None else str(line.percent)
    return section, line.title, entitled, str(line.told), str(line.refused), percent
