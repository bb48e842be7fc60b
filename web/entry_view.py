"""The page of one journal row: eight columns as one sheet, its history, and what can be done with it now."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from fastapi import Request
from fastapi.responses import Response
from sqlalchemy.orm import Session

from crm import audit, families, journal
from crm.appeals import corrections
from crm.appeals.kinds import KINDS
from crm.appeals.printing import HEADINGS, moment_of
from crm.appeals.rows import WRITERS, measures_of
from crm.appeals.states import RESULT_KINDS, WORKING, Progress, working_moves
from crm.appeals.wording import need_words
from crm.journal import JournalEntry
from crm.journal_tables import zone_of_service
from crm.ratings.visibility import marks_seen_by
from crm.recordings import reading as recordings
from crm.specialists import consultations
from crm.staff import Employee, Role
from crm.tips import reading as tips
from crm.tips.opening import METHOD
from crm.transfers import participants
from web.access import Visitor
from web.appeal_form import choices, consultation_typed
from web.appointments import support_of
from web.desk import desk_of
from web.pages import page
from web.rating_box import rating_box


def entry_page(
    request: Request,
    visitor: Visitor,
    entry_id: int,
    *,
    draft: JournalEntry | None = None,
    errors: dict[str, str] | None = None,
    typed: dict[str, Any] | None = None,
    failed: str = "",
    conflicts: list[corrections.Changed] | None = None,
    status: int = 200,
) -> Response:
    """One row; opening a saved one is in the audit log. `draft`: the row as it was typed; `failed` names the form that
    was refused, `typed` its fields, `conflicts` what somebody else changed meanwhile.
    """
    desk, at = desk_of(request), datetime.now(UTC)
    clock = desk.clock()
    with desk.database.transaction() as session:
        entry = draft or journal.fetch_entry(session, entry_id, visitor.employee)
        context = choices(session, visitor, clock.today)
        context |= _about(session, entry, visitor, at)
        support = support_of(session, entry)
        if entry.state == journal.SAVED:
            audit.write(
                session,
                visitor.actor,
                "journal.open",
                subject="journal_entry",
                subject_id=entry.id,
                family_id=entry.family_id,
                details={"number": entry.number, "year": entry.year},
                at=at,
            )
    context |= {"entry": entry, "errors": errors or {}, "typed": typed or {}, "failed": failed, "zone": desk.zone}
    context |= {"support": support, "in_part": False}
    context["conflicts"] = conflicts or []
    context["consultation_typed"] = consultation_typed(context["typed"])
    return page(request, visitor, "entry.html", status=status, clock=clock, **context)


def _about(session: Session, entry: JournalEntry, visitor: Visitor, at: datetime) -> dict[str, Any]:
    """Everything beside the row itself; little for a draft."""
    may_write = visitor.employee.role in WRITERS
    about: dict[str, Any] = {"may_write": may_write, "card": _card(session, entry, visitor), "rating_box": None}
    if entry.state != journal.SAVED:
        return about
    now = Progress(entry.progress)
    history = corrections.changes(session, entry.id)
    measures = measures_of(session, entry.id)
    people = {one.employee_id for one in measures} | {entry.annulled_by_id or 0}
    names = {one: found.short_name for one in people if (found := session.get(Employee, one))}
    about |= {
        "headings": HEADINGS,
        "moment": moment_of(entry, zone_of_service(session, entry.service_id)),
        "progress": now,
        "is_working": now in WORKING,
        "moves": [(one.value, one.title) for one in working_moves(now)] if may_write else [],
        "result_kinds": RESULT_KINDS,
        "kinds": KINDS,
        "measures": measures,
        "names": names,
        "history": history,
        "first_words": corrections.first_words(session, history, entry),
        "mark": marks_seen_by(session, [entry], visitor.employee, at)[entry.id],
        "need_text": need_words(session, entry.need),
        "may_annul": may_write
        and now is not Progress.ANNULLED
        and (not entry.rating_mark or visitor.role is Role.HEAD),
        "took_part": participants.words(participants.of_call(session, entry.call_id)),
        "consultations": consultations.of_entry(session, entry.id),
        "rating_box": rating_box(session, entry, visitor.employee, at),
        "tip": tips.open_of_entry(session, entry.id, visitor.employee) if entry.contact_method == METHOD else None,
        "recording": recordings.of_call(session, entry.call_id, visitor.employee) if entry.call_id else None,
    }
    return about


def _card(session: Session, entry: JournalEntry, visitor: Visitor) -> families.Family | None:
    """The family's card, if this visitor may open it."""
    family = session.get(families.Family, entry.family_id) if entry.family_id else None
    return family if family is not None and families.visible_to(session, family, visitor.employee) else None
