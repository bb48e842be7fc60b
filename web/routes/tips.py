"""«Информация от третьего лица»: who is to be reached, by when, what was tried; one tip whole (B-32, B-33, §6.3)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

from crm.masked import masked
from crm.staff import Employee
from crm.tips import clock as tip_clock
from crm.tips import informants, reading, talking
from crm.tips.informants import Informant
from crm.tips.rules import ATTEMPTS, BODIES, BY_HAND, LETTERS, TALKS, Step
from crm.tips.tables import Tip
from web.access import Visitor, allow
from web.desk import desk_of
from web.found import callers
from web.missed import by_when
from web.pages import JOURNAL_ROLES, page
from web.tips import ENDED_DAYS, SHOWN, clock_of, script_of

router = APIRouter(prefix="/tips", default_response_class=HTMLResponse)


@router.get("")
def listing(request: Request, show: str = "open", visitor: Visitor = allow(*JOURNAL_ROLES)) -> Response:
    """Who is to be reached, dangers first; for the head what waits for her eye, above all."""
    desk = desk_of(request)
    clock = desk.clock()
    show = show if show in SHOWN else "open"
    with desk.database.reading() as session:
        since = clock.at - timedelta(days=ENDED_DAYS)
        found = (
            reading.ended_tips(session, visitor.employee, clock.at, since=since)
            if show == "ended"
            else reading.open_tips(session, visitor.employee, clock.at)
        )
        context: dict[str, Any] = {
            "rows": found,
            "head_rows": reading.for_head(session, visitor.employee, clock.at),
            "count": reading.count(session, visitor.employee, clock.at),
        }
    return page(request, visitor, "tips.html", clock=clock, clock_of=clock_of, by_when=by_when, show=show, shown=SHOWN,
                days=ENDED_DAYS, most=reading.MOST, ATTEMPTS=ATTEMPTS, **context)  # fmt: skip


@router.get("/{tip_id}")
def whole(request: Request, tip_id: int, visitor: Visitor = allow(*JOURNAL_ROLES)) -> Response:
    """One tip with the script beside it, and everything that can be done with it."""
    return tip_page(request, visitor, tip_id)


@router.post("/{tip_id}/informants")
def who(request: Request, tip_id: int, visitor: Visitor = allow(*JOURNAL_ROLES)) -> Response:
    """Who told us, for whoever took it, the head and the director; every look is logged. Nowhere else is it shown."""
    desk = desk_of(request)
    with desk.database.transaction() as session:
        found = informants.shown(session, tip_id, visitor.employee, datetime.now(UTC), ip=visitor.ip)
    return in_place(tip_page(request, visitor, tip_id, known=found))


def in_place(answer: Response) -> Response:
    """What a form shows for a moment is no address to come back to."""
    answer.headers["HX-Push-Url"] = "false"
    return answer


def tip_page(
    request: Request,
    visitor: Visitor,
    tip_id: int,
    status: int = 200,
    *,
    errors: dict[str, str] | None = None,
    form: str = "",
    sent: dict[str, Any] | None = None,
    known: dict[int, Informant] | None = None,
    text: str = "",
    found: Any = None,
) -> Response:
    """The page of one tip; `form`: which of its forms was refused, `found`: cards that somebody looked for."""
    desk = desk_of(request)
    clock = desk.clock()
    with desk.database.transaction() as session:
        one = reading.open_whole(session, tip_id, visitor.employee, clock.at, ip=visitor.ip)
        tip, family = one.line.tip, one.line.family
        applicant = next((person for person in family.members if person.is_applicant), None) if family else None
        likely = reading.likely_cards(session, one, visitor.employee)
        context: dict[str, Any] = {
            "card": masked(session, applicant, family, "", visitor.employee) if applicant and family else None,
            "likely": [_masked(session, other, visitor.employee) for other in likely],
            "found": callers(session, found, visitor) if found is not None else None,
            "calls": talking.talks_of(session, tip, visitor.employee),
            "adults": talking.adults_of(family, clock.at),
            "script": script_of(session, one, visitor.employee),
            "visit_day": tip_clock.next_working_day(session, tip.service_id, clock.at),
            "joined": session.get(Tip, tip.joined_to_id) if tip.joined_to_id else None,
        }
    return page(
        request,
        visitor,
        "tips_one.html",
        status=status,
        clock=clock,
        whole=one,
        row=one.line,
        tip=tip,
        clock_of=clock_of,
        by_when=by_when,
        Step=Step,
        ATTEMPTS=ATTEMPTS,
        bodies=BODIES,
        letters=LETTERS,
        talks=TALKS,
        by_hand=BY_HAND,
        errors=errors or {},
        form=form,
        sent=sent or {},
        known=known or {},
        text=text,
        key=uuid4().hex,
        **context,
    )


def _masked(session: Any, family: Any, viewer: Employee) -> Any:
    person = next((one for one in family.members if one.is_applicant), family.members[0])
    return masked(session, person, family, "", viewer)
