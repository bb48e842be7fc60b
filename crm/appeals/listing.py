"""How the list of the journal stays quick at a million rows, with any filter, on any page, on both engines.

Every filter has an index that goes on with (year, number), the list's order (`crm.journal_tables`). What remains is to
choose which of several filters leads, and neither engine chooses well by itself: SQLite keeps no statistics. So each
filter's rows are counted first, no further than NARROW. If one has fewer, those rows are taken out and sorted; if all
have more, the list is walked in its order, and fifty rows that fit come soon. Pages go by the last row's number, not by
an offset: page 10,000 costs what page 1 does.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Select, and_, false, func, select, tuple_
from sqlalchemy.orm import Session, lazyload, load_only

from crm.appeals.access import shown_to
from crm.base import MAX_ID
from crm.journal_tables import JournalCounter, JournalEntry, zone_of_service
from crm.search.journal import row_holds, rows_of, word_ids
from crm.search.tables import EntryWord
from crm.staff import Employee

if TYPE_CHECKING:
    from crm.appeals.reading import JournalFilters

NARROW = 3_000
"""So many rows are sorted in some ten milliseconds on either engine."""

WALKED = 2_000
"""With several filters, none of them narrow, so many rows are looked through for the count: «не меньше …»."""

COUNTED = 10_000
"""Counting stops here: «больше 10 000» says enough."""

_COLUMNS = (
    "id",
    "service_id",
    "year",
    "number",
    "progress",
    "contact_method",
    "topic",
    "author_id",
    "responsible_id",
    "occurred_at",
    "next_check_on",
    "family_id",
)

Conditions = Callable[[Any], list[ColumnElement[bool]]]
"""The same filter on the table and on rows taken out of it: `columns` is `JournalEntry` or a subquery's `c`."""


@dataclass(frozen=True)
class Cursor:
    """Where a page begins: older than a number, newer than it, or (`inclusive`) from it on."""

    year: int
    number: int
    newer: bool = False
    inclusive: bool = False

    @classmethod
    def read(cls, text: str) -> Cursor | None:
        """The cursor in an address; None for anything that we did not write."""
        match = re.fullmatch(r"([ona])([0-9]{4})-([0-9]{1,12})", text)
        if match is None:
            return None
        return cls(int(match[2]), int(match[3]), newer=match[1] == "n", inclusive=match[1] == "a")

    @property
    def text(self) -> str:
        """«o2026-412», as `read` takes it."""
        return f"{'n' if self.newer else 'a' if self.inclusive else 'o'}{self.year}-{self.number}"


class Listing:
    """One list: its filters read once, then asked for rows and for their count."""

    def __init__(self, session: Session, filters: JournalFilters, viewer: Employee, today: date) -> None:
        self._session = session
        self._service_id = filters.service_id or 0
        found = word_ids(session, filters.text)
        self._words = {f"word{place}": ids for place, ids in enumerate(found)}
        self._nothing = bool(filters.text.strip()) and (not found or not all(found))
        self._days = _days(filters, zone_of_service(session, self._service_id))
        self._filters = _conditions(filters, self._days, today)
        self._filters |= {name: _holding(ids) for name, ids in self._words.items()}
        if filters.number is not None:
            years = list(session.scalars(select(JournalCounter.year).where(_of_service(self._service_id))))
            number = min(max(filters.number, 0), MAX_ID)
            self._filters["number"] = lambda c: [c.year.in_(years), c.number == number]
        self._viewer = viewer if filters.tells else None
        self._narrow: str | None = None
        self._wide: str | None = None
        if not self._nothing:
            self._choose()

    def rows(
        self, place: Cursor | None, limit: int, *, oldest_first: bool = False, only_printed: bool = False
    ) -> tuple[list[JournalEntry], bool]:
        """Return up to `limit` rows at this place, newest first (or oldest first), and whether there are more.

        `only_printed` leaves out what the eight columns do not need: a fifth of an export's time.
        """
        if self._nothing:
            return [], False
        rising = oldest_first or (place is not None and place.newer)
        statement, columns = self._statement()
        statement = statement.where(*self._span(place).conditions(columns))
        order = (columns.year, columns.number) if rising else (columns.year.desc(), columns.number.desc())
        ids = list(self._session.scalars(statement.order_by(*order).limit(limit + 1)))
        more, ids = len(ids) > limit, ids[:limit]
        wanted = select(JournalEntry).where(JournalEntry.id.in_(ids))
        found = self._session.scalars(wanted.options(*_PRINTED) if only_printed else wanted)
        by_id = {row.id: row for row in found}
        rows = [by_id[one] for one in ids]
        return (rows if oldest_first or not rising else rows[::-1]), more

    def count(self) -> tuple[int, bool]:
        """Return how many rows there are and whether that is all of them; counts no further than COUNTED."""
        if self._nothing:
            return 0, True
        if not self._filters:
            last = select(func.sum(JournalCounter.last)).where(_of_service(self._service_id))
            return int(self._session.scalar(last) or 0), True  # the numbers have no gap
        if self._narrow is not None:
            statement, _ = self._statement()
            return self._session.scalar(select(func.count()).select_from(statement.subquery())) or 0, True
        leading = self._wide or ""
        others = len(self._filters) > 1 or bool(self._shown(JournalEntry))
        walked = self._taken(leading).limit(WALKED if others else COUNTED).subquery()
        rest = select(func.count()).select_from(walked).where(*self._others(walked.c, leading))
        return self._session.scalar(rest) or 0, False

    def _choose(self) -> None:
        """Find the filter with the fewest rows; a narrow one leads."""
        sizes = {name: self._size(conditions) for name, conditions in self._filters.items() if name not in self._words}
        sizes |= {name: rows_of(self._session, ids) for name, ids in self._words.items()}
        if not sizes:
            return
        smallest = min(sizes, key=lambda name: sizes[name])
        if sizes[smallest] <= NARROW:
            self._narrow = smallest
        self._wide = smallest

    def _size(self, conditions: Conditions) -> int:
        some = self._base(select(JournalEntry.id)).where(*conditions(JournalEntry)).limit(NARROW + 1).subquery()
        return self._session.scalar(select(func.count()).select_from(some)) or 0

    def _statement(self) -> tuple[Select[Any], Any]:
        """The ids of the list's rows without order, and the columns to order and cut them by."""
        if self._narrow is None:
            every = [condition for name in self._filters for condition in self._walked(name)]
            return self._base(select(JournalEntry.id)).where(*every, *self._shown(JournalEntry)), JournalEntry
        picked = self._taken(self._narrow).cte("picked").prefix_with("MATERIALIZED")
        return select(picked.c.id).where(*self._others(picked.c, self._narrow)), picked.c

    def _taken(self, leading: str) -> Select[Any]:
        """The rows of the leading filter alone, with every column that the others ask for."""
        taken = select(*(getattr(JournalEntry, name) for name in _COLUMNS)).where(*self._filters[leading](JournalEntry))
        if leading in self._words:  # the service's index would go through the whole journal
            service_id = func.coalesce(JournalEntry.service_id, JournalEntry.service_id)
            return taken.where(service_id == self._service_id, JournalEntry.number.is_not(None))
        return self._base(taken)

    def _base(self, statement: Any) -> Select[Any]:
        rows: Select[Any] = statement
        return rows.where(JournalEntry.service_id == self._service_id, JournalEntry.number.is_not(None))

    def _others(self, columns: Any, leading: str) -> list[ColumnElement[bool]]:
        rest = [one for name, conditions in self._filters.items() if name != leading for one in conditions(columns)]
        return rest + self._shown(columns)

    def _walked(self, name: str) -> list[ColumnElement[bool]]:
        """The filter for walking in the list's order; only the leading one may offer its index."""
        return self._filters[name](JournalEntry if name == self._wide and name in _IN_ORDER else _Veiled())

    def _span(self, place: Cursor | None) -> _Span:
        """Where to walk: beyond the cursor, and no further than rows of the wanted days can stand."""
        low, high, with_high = None, None, False
        if self._days is not None and self._narrow is None:
            low, high = self._around(*self._days)
        if place is not None:
            here = (place.year, place.number)
            if place.newer:
                low = max(low or here, here)
            elif high is None or here < high:
                high, with_high = here, place.inclusive
        return _Span(low, high, with_high)

    def _around(self, first: datetime, last: datetime) -> tuple[tuple[int, int] | None, tuple[int, int] | None]:
        """The numbers between which every row of these days stands. A row that was entered on its day stands after
        those of earlier days and before those of later ones; one that was entered later can only stand further on.
        """
        at, order = JournalEntry.occurred_at, (JournalEntry.year.desc(), JournalEntry.number.desc())
        numbered: Select[Any] = self._base(select(JournalEntry.year, JournalEntry.number))
        on_time = numbered.where(JournalEntry.entered_late.is_(False))
        before = self._session.execute(on_time.where(at < first).order_by(at.desc()).limit(1)).first()
        after = self._session.execute(on_time.where(at >= last).order_by(at).limit(1)).first()
        if after is None:
            return (tuple(before) if before else None), None
        late = numbered.where(JournalEntry.entered_late, and_(at >= first, at < last)).order_by(*order).limit(1)
        latest = self._session.execute(late).first()
        high = max(tuple(after), (latest.year, latest.number + 1) if latest else tuple(after))
        return (tuple(before) if before else None), high

    def _shown(self, columns: Any) -> list[ColumnElement[bool]]:
        condition = shown_to(self._viewer, columns) if self._viewer is not None else None
        return [] if condition is None else [condition]


_PRINTED = (
    load_only(
        JournalEntry.service_id,
        JournalEntry.year,
        JournalEntry.number,
        JournalEntry.family_id,
        JournalEntry.author_id,
        JournalEntry.state,
        JournalEntry.progress,
        JournalEntry.applicant_name,
        JournalEntry.family_brief,
        JournalEntry.contact_method,
        JournalEntry.substance,
        JournalEntry.measures,
        JournalEntry.final_result,
        JournalEntry.rating_mark,
        JournalEntry.occurred_at,
        JournalEntry.entered_late,
        JournalEntry.created_at,
        JournalEntry.saved_at,
        JournalEntry.annulled_at,
        JournalEntry.annul_reason,
        JournalEntry.version,
    ),
    lazyload(JournalEntry.author),
    lazyload(JournalEntry.responsible),
)
_IN_ORDER = frozenset({"progress", "method", "topic", "author", "responsible", "number"})
"""Filters whose index goes on in the list's order."""


class _Veiled:
    """The table's columns such that no index is used for them: `coalesce(x, x)` is x to both engines, and no index."""

    def __getattr__(self, name: str) -> Any:
        column = getattr(JournalEntry, name)
        return column if name == "id" else func.coalesce(column, column)


def _of_service(service_id: int) -> ColumnElement[bool]:
    return JournalCounter.service_id == service_id


@dataclass(frozen=True)
class _Span:
    """The part of the list to be walked, as (year, number); each end is excluded unless it says otherwise."""

    low: tuple[int, int] | None = None
    high: tuple[int, int] | None = None
    with_high: bool = False

    def conditions(self, columns: Any) -> list[ColumnElement[bool]]:
        here = tuple_(columns.year, columns.number)
        found: list[ColumnElement[bool]] = []
        if self.low is not None:
            found.append(here > tuple_(*self.low))
        if self.high is not None:
            found.append(here <= tuple_(*self.high) if self.with_high else here < tuple_(*self.high))
        return found


def _days(filters: JournalFilters, zone: ZoneInfo) -> tuple[datetime, datetime] | None:
    """The moments between which the contact took place; None: any day."""
    if filters.since is None and filters.until is None:
        return None
    first = _start(filters.since or date(1900, 1, 1), zone)
    return first, _start(min(filters.until or date(9998, 1, 1), date(9998, 1, 1)) + timedelta(days=1), zone)


def _conditions(filters: JournalFilters, days: tuple[datetime, datetime] | None, today: date) -> dict[str, Conditions]:
    found: dict[str, Conditions] = {}
    if filters.progress:
        found["progress"] = lambda c: [c.progress == filters.progress]
    if filters.contact_method:
        found["method"] = lambda c: [c.contact_method == filters.contact_method]
    if filters.topic:
        found["topic"] = lambda c: [c.topic == filters.topic]
    if filters.author_id is not None:
        found["author"] = lambda c: [c.author_id == filters.author_id]
    if filters.responsible_id is not None:
        found["responsible"] = lambda c: [c.responsible_id == filters.responsible_id]
    if filters.overdue:
        found["overdue"] = lambda c: [c.next_check_on < today]
    if days is not None:
        found["dates"] = lambda c: [c.occurred_at >= days[0], c.occurred_at < days[1]]
    return found


def _holding(ids: Sequence[int]) -> Conditions:
    def conditions(columns: Any) -> list[ColumnElement[bool]]:
        if columns is JournalEntry:  # made from the word's rows
            rows = select(EntryWord.entry_id).where(EntryWord.word_id.in_(ids))
            return [JournalEntry.id.in_(rows.limit(COUNTED))]  # all of them where it leads; some, to be counted
        return [row_holds(ids, columns.id)]

    return conditions if ids else lambda _: [false()]


def _start(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), zone).astimezone(UTC)
