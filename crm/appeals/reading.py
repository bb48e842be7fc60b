"""Reading the journal: a page of it, all of it for a file, one row as it is printed.

Rows stand in the journal's order (year, number). A restricted family's row is shown to whoever may not see the family
as its number and «сведения ограничены»: the journal has no gap. A filter that would tell what stands in such a row
leaves it out, in the rows and in the count alike.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from sqlalchemy.orm import Session

from crm.appeals.access import hidden_rows, masked, readable_services
from crm.appeals.listing import Cursor, Listing
from crm.journal_tables import JournalEntry, zone_of_service
from crm.staff import Employee

PAGE = 50


@dataclass(frozen=True)
class JournalFilters:
    """What the reader asks for. `since` and `until` are days of the institution, both included, of the contact itself.

    `overdue`: open rows whose control date has passed. `text` is words from the row. Empty: everything.
    """

    service_id: int | None = None
    since: date | None = None
    until: date | None = None
    progress: str = ""
    contact_method: str = ""
    responsible_id: int | None = None
    author_id: int | None = None
    topic: str = ""
    overdue: bool = False
    text: str = ""
    number: int | None = None

    @property
    def tells(self) -> bool:
        """Whether being in the result says more of a row than its number does: then restricted rows are left out."""
        return bool(self.progress or self.responsible_id or self.author_id or self.topic or self.overdue or self.text)


@dataclass(frozen=True)
class JournalPage:
    """Some rows, newest first, and how to go on: `newer` and `older` are cursors or ''.

    `hidden`: ids of the rows of which only the number is shown. Without `count_is_exact` there are at least `count`.
    """

    rows: Sequence[JournalEntry] = ()
    newer: str = ""
    older: str = ""
    count: int = 0
    count_is_exact: bool = True
    hidden: frozenset[int] = field(default_factory=frozenset)


def page(
    session: Session, viewer: Employee, filters: JournalFilters, cursor: str = "", *, limit: int = PAGE, today: date
) -> JournalPage:
    """Return one page of the rows that the viewer reads. `today` is the institution's, for `overdue`.

    `cursor` is «o2026-412» (older than this number), «n2026-412» (newer), «a2026-412» (from this number on), or ''.
    """
    if filters.service_id not in readable_services(session, viewer):
        return JournalPage()
    listing = Listing(session, filters, viewer, today)
    place = Cursor.read(cursor)
    rows, more = listing.rows(place, limit)
    if not rows and place is not None and place.newer:  # nothing newer: the beginning of the list
        place = None
        rows, more = listing.rows(place, limit)
    count, exact = listing.count()
    count = count if exact else max(count, len(rows))
    newer = older = ""
    if rows:
        backwards = place is not None and place.newer
        if place is not None and (more or not backwards):
            newer = Cursor(rows[0].year, rows[0].number or 0, newer=True).text
        if more or backwards:
            older = Cursor(rows[-1].year, rows[-1].number or 0).text
    hidden = hidden_rows(session, rows, viewer)
    shown = [masked(row) if row.id in hidden else row for row in rows]
    return JournalPage(shown, newer, older, count, exact, frozenset(hidden))


def stream(
    session: Session, viewer: Employee, filters: JournalFilters, *, today: date | None = None, batch: int = 1000
) -> Iterator[JournalEntry]:
    """Yield every row that `page` shows, oldest first, for a file: restricted ones masked, so that no number is missing
    where the list has none missing. `today` (the institution's) is for `overdue`. Memory holds one batch.
    """
    if filters.service_id not in readable_services(session, viewer):
        return
    day = today or datetime.now(zone_of_service(session, filters.service_id or 0)).date()
    listing = Listing(session, filters, viewer, day)
    place: Cursor | None = None
    more = True
    while more:
        rows, more = listing.rows(place, batch, oldest_first=True, only_printed=True)
        hidden = hidden_rows(session, rows, viewer)
        for row in rows:
            yield masked(row) if row.id in hidden else row
        if rows:
            place = Cursor(rows[-1].year, rows[-1].number or 0, newer=True)
