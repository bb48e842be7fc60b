"""What is to be done: open rows by their control date, so that whoever is late stands first (B-23; screens.md)."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.orm import Session

from crm.appeals.access import readable_services, shown_to
from crm.appeals.states import Progress
from crm.journal_tables import JournalEntry
from crm.staff import Employee

SHOWN = 100
COUNTED = 1_000

VIEWS = {
    "overdue": "Просрочено",
    "mine": "Мои",
    "waiting": "Ждём ответа",
    "survey": "Опрос",
    "open": "Все открытые",
}
_WAITING = (Progress.WAITING_APPLICANT.value, Progress.WAITING_BODY.value, Progress.APPOINTMENT.value)


@dataclass(frozen=True)
class Board:
    """One view's rows, and how many each view has (no further than COUNTED)."""

    rows: Sequence[JournalEntry] = ()
    counts: dict[str, int] = field(default_factory=dict)


def board(session: Session, viewer: Employee, service_id: int, view: str, today: date) -> Board:
    """Return the open rows of a service that this viewer reads and may know of, the longest overdue first."""
    if service_id not in readable_services(session, viewer):
        return Board(counts=dict.fromkeys(VIEWS, 0))
    counts = {name: _count(session, _of(name, viewer, service_id, today)) for name in VIEWS}
    statement = _of(view if view in VIEWS else "overdue", viewer, service_id, today)
    order = (JournalEntry.next_check_on, JournalEntry.id)
    return Board(session.scalars(statement.order_by(*order).limit(SHOWN)).all(), counts)


def _of(view: str, viewer: Employee, service_id: int, today: date) -> Select[JournalEntry]:
    # Open is whatever has a control date: a partial index holds just these.
    statement = select(JournalEntry).where(
        JournalEntry.service_id == service_id, JournalEntry.next_check_on.is_not(None)
    )
    conditions: dict[str, ColumnElement[bool]] = {
        "overdue": JournalEntry.next_check_on < today,
        "mine": JournalEntry.responsible_id == viewer.id,
        "waiting": JournalEntry.progress.in_(_WAITING),
        "survey": JournalEntry.progress == Progress.SURVEY.value,
    }
    if view in conditions:
        statement = statement.where(conditions[view])
    shown = shown_to(viewer)
    return statement if shown is None else statement.where(shown)


def _count(session: Session, statement: Select[JournalEntry]) -> int:
    some = statement.with_only_columns(JournalEntry.id).limit(COUNTED).subquery()
    return session.scalar(select(func.count()).select_from(some)) or 0
