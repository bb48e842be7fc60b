"""«Не звонить» on the family's card: what was refused, with its proof, and the form for what is said or written."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, Response

from crm import families
from crm.dialler import refusing
from web.access import ON_CALLS, Visitor, allow
from web.desk import desk_of
from web.forms import Form, fill, posted
from web.no_calls import SCOPES, NoCalls, lines_of
from web.pages import back_to, page
from web.tried import trying
from web.workplace import load_people
from workers.feed import Notice, NoticeKind
from workers.queues import Wake

router = APIRouter(prefix="/families/{family_id}/no-calls", default_response_class=HTMLResponse)
Posted = Annotated[Form, Depends(posted)]


@router.get("")
def form(request: Request, family_id: int, visitor: Visitor = allow(*ON_CALLS)) -> Response:
    """What holds, and one form for a talk and a letter."""
    return _page(request, visitor, family_id, NoCalls())


@router.post("")
def refuse(request: Request, family_id: int, form: Posted, visitor: Visitor = allow(*ON_CALLS)) -> Response:
    """From now on, everywhere."""
    sent, problems = fill(NoCalls, form)
    if sent is None:
        return _page(request, visitor, family_id, NoCalls(), problems, 422)
    desk, at = desk_of(request), datetime.now(UTC)
    with trying(desk) as (session, tried):
        wanted = sent.wanted(desk.clock().today)
        refusing.of_family(session, family_id, wanted, visitor.employee, at, ip=visitor.ip)
    if tried.refused:
        return _page(request, visitor, family_id, sent, tried.errors, tried.status)
    desk.wake(Wake.ORDER)
    desk.publish(Notice(NoticeKind.DIAL))
    return back_to(request, f"/families/{family_id}", "Отказ записан и уже действует.")


def _page(  # noqa: PLR0917 - whose card, what was sent, what is wrong with it
    request: Request,
    visitor: Visitor,
    family_id: int,
    sent: NoCalls,
    errors: dict[str, str] | None = None,
    status: int = 200,
) -> Response:
    desk = desk_of(request)
    clock = desk.clock()
    with desk.database.transaction() as session:
        family = families.open_card(session, family_id, visitor.employee, clock.at, ip=visitor.ip)
        people = [one for one in load_people(family) if one.left_at is None]
        known = lines_of(session, family, clock)
    return page(
        request,
        visitor,
        "card_no_calls.html",
        status=status,
        family=family,
        people=people,
        known=known,
        sent=sent,
        errors=errors or {},
        scopes=SCOPES,
    )
