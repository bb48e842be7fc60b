"""What can be exported, by whom, and what each file is called."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy.orm import Session

from crm.errors import NotFound
from crm.papers import coverage_sheet, efficiency_sheet, journal_sheet, registry_sheet, service_sheet
from crm.papers.workbook import Sheet
from crm.staff import Employee, Role

Filters = Mapping[str, Any]
Prepared = tuple[Sheet, Iterator[Sequence[str]]]


@dataclass(frozen=True)
class Kind:
    """One kind of file. `clean` makes stored filters of what was asked and refuses what this person may not ask;
    `prepare` gives the sheet and its rows as this person may see them; `count` how many there will be."""

    title: str
    roles: frozenset[Role]
    clean: Callable[[Session, Filters, Employee], dict[str, Any]]
    prepare: Callable[[Session, Filters, Employee, datetime], Prepared]
    count: Callable[[Session, Filters, Employee, datetime], int]

    def file_name(self, day: date) -> str:
        """«Журнал 2026-11-22.xlsx»: what and when, never who."""
        return f"{self.title} {day.isoformat()}.xlsx"


KINDS = {
    "journal": Kind(
        "Журнал",
        frozenset({Role.DISPATCHER, Role.COORDINATOR, Role.HEAD, Role.DIRECTOR}),
        journal_sheet.clean,
        journal_sheet.prepare,
        journal_sheet.count,
    ),
    "registry": Kind(
        "Реестр многодетных семей",
        frozenset({Role.COORDINATOR, Role.HEAD, Role.DIRECTOR}),
        lambda _session, _filters, _viewer: {},
        registry_sheet.prepare,
        lambda session, _filters, viewer, _at: registry_sheet.count(session, viewer),
    ),
    "efficiency": Kind(
        "Эффективность",
        frozenset({Role.HEAD, Role.DIRECTOR}),
        journal_sheet.clean_quarter,
        lambda session, filters, viewer, _at: efficiency_sheet.prepare(session, filters, viewer),
        lambda _session, _filters, _viewer, _at: 0,
    ),
    "service": Kind(
        "Обслуживание звонков",
        frozenset({Role.HEAD, Role.DIRECTOR}),
        service_sheet.clean,
        lambda session, filters, viewer, _at: service_sheet.prepare(session, filters, viewer),
        lambda _session, _filters, _viewer, _at: 0,
    ),
    "coverage": Kind(
        "Охват мерами поддержки",
        frozenset({Role.DISPATCHER, Role.COORDINATOR, Role.HEAD, Role.DIRECTOR}),
        coverage_sheet.clean,
        coverage_sheet.prepare,
        lambda _session, _filters, _viewer, _at: 0,
    ),
}


def kind_of(name: str, employee: Employee) -> Kind:
    """Return the kind of file, if this person may have it. Raises NotFound, the same for no kind and no right."""
    kind = KINDS.get(name)
    if kind is None or not employee.active or employee.role not in {role.value for role in kind.roles}:
        raise NotFound("Такой выгрузки нет, или она не для этой роли.")
    return kind
