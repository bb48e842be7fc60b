"""«Отчёт об эффективности» as an Excel file: the figures of the page, line by line (B-36; domain.md §5.7).

Three columns (section, what, how many), so that a head can sort and copy them; the verdict stands above the table, the
method and the places for signatures below.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from crm.errors import NotFound
from crm.journal_tables import CONTACT_METHODS
from crm.papers.workbook import Sheet
from crm.ratings import reports
from crm.ratings.efficiency import METHOD, days
from crm.ratings.figures import QuarterFigures
from crm.ratings.tables import QuarterReport
from crm.ratings.visibility import SEE_ALL
from crm.staff import Employee

HEADINGS = ("Раздел", "Показатель", "Значение")
WIDTHS = (34.0, 62.0, 26.0)
SIGNATURES = (
    "Заведующий отделением _______________________ / _______________________ /",
    "Директор _______________________ / _______________________ /",
)


def prepare(session: Session, filters: Mapping[str, Any], viewer: Employee) -> tuple[Sheet, Iterator[Sequence[str]]]:
    """Return the sheet and its rows for `filters` (service_id, year, quarter).

    Raises NotFound for a quarter or a service that is not there, and for whoever may not read the report.
    """
    if viewer.role not in SEE_ALL:
        raise NotFound("Такого отчёта нет.")
    try:
        service_id, year, quarter = (int(filters[name]) for name in ("service_id", "year", "quarter"))
    except (KeyError, TypeError, ValueError):
        raise NotFound("Такого отчёта нет.") from None
    figures = reports.report(session, service_id, year, quarter)
    closed = reports.closed_report(session, service_id, year, quarter)
    zone = reports.zone_of(reports.service_of(session, service_id))
    return _sheet(figures, closed, zone), iter(lines_of(figures))


def standing_of(closed: QuarterReport | None, zone: ZoneInfo) -> str:
    """«Отчёт № 3 от 05.10.2026», or that the figures are not final yet."""
    if closed is None:
        return "Квартал не закрыт: данные предварительные"
    return f"Отчёт № {closed.number} от {closed.closed_at.astimezone(zone):%d.%m.%Y}"


def lines_of(figures: QuarterFigures) -> list[tuple[str, str, str]]:
    """Return every figure of the report as (section, what, how many), in the order of the page."""
    result = figures.efficiency
    lines = [("Обращения", title, str(figures.appeals.get(key, 0))) for key, title in CONTACT_METHODS.items()]
    lines += [
        ("Обращения", "всего", str(figures.all_appeals)),
        ("Обращения", "закрыто", str(figures.closed)),
        ("Опрос", "опрошено", str(figures.surveyed)),
        ("Опрос", "оценили", str(figures.rated)),
        ("Опрос", "отказались от оценки", str(figures.refused)),
        ("Опрос", "не удалось связаться", str(figures.unreached)),
        ("Опрос", "опрос провёл сам оцениваемый", str(figures.self_taken)),
        ("Эффективность", "Сб — сумма баллов", str(result.total)),
        ("Эффективность", "Кг — количество оценок", str(result.raters)),
        ("Эффективность", "Кэф", result.shown),
        ("Эффективность", "Вывод", result.sentence or "—"),
    ]
    lines += [("Распределение оценок", str(score), str(n)) for score, n in enumerate(figures.distribution, start=1)]
    for one in figures.specialists:
        own = one.efficiency
        lines += [
            (f"Специалист: {one.name}", "оценок", str(one.raters)),
            (f"Специалист: {one.name}", "сумма баллов", str(one.total)),
            (f"Специалист: {one.name}", "Кэф по его обращениям", own.shown),
            (f"Специалист: {one.name}", "отказались / не удалось связаться", f"{one.refused} / {one.unreached}"),
        ]
    lines += [("Предыдущие кварталы (Кэф)", one.title, one.efficiency.shown) for one in figures.earlier]
    return lines


def _sheet(figures: QuarterFigures, closed: QuarterReport | None, zone: ZoneInfo) -> Sheet:
    since, until = days(figures.year, figures.quarter)
    result = figures.efficiency
    lines = (
        "Отчёт об эффективности работы Сервиса",
        f"{figures.institution}. {figures.department}".rstrip(". "),
        f"«{figures.service}», {figures.title} ({since:%d.%m.%Y} — {until:%d.%m.%Y})",
        standing_of(closed, zone),
        f"Кэф: {result.shown}. {result.sentence}".strip(),
    )
    seal = (f"Контрольная сумма закрытого отчёта (SHA-256): {closed.sha256}",) if closed else ()
    return Sheet(
        title="Эффективность",
        headings=HEADINGS,
        widths=WIDTHS,
        heading_lines=lines,
        numbered=False,
        footer_lines=(METHOD, *seal, *SIGNATURES),
    )
