"""«Позвонить»: her own phone rings first, then the program dials. What must be known before is asked on a page."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, Response
from pydantic import Field
from sqlalchemy.orm import Session

from crm import audit
from crm.errors import Incomplete, RecordsError
from crm.families import masked
from crm.masked import MaskedFamily
from crm.missed import dialling
from crm.outgoing import asking, reading, target
from crm.outgoing.target import Target
from web import workplace
from web.access import ON_CALLS, Visitor, allow
from web.desk import desk_of
from web.forms import BadForm, Fields, Form, Line, fill, posted
from web.pages import back_to, page
from web.tried import Tried, trying
from workers.queues import Wake

router = APIRouter(prefix="/outgoing", default_response_class=HTMLResponse)
Posted = Annotated[Form, Depends(posted)]
RecordId = Annotated[int, Field(ge=1, lt=2**63)]
DIALLING = "Звоним: как только ваш телефон ответит, программа наберёт номер."


class Wish(Fields):
    """Whom to call. `confirmed`: she has read the warnings."""

    number: Line = ""
    phone_id: RecordId | None = None
    family_id: RecordId | None = None
    person_id: Annotated[int, Field(ge=0, lt=2**63)] | None = None
    missed_id: RecordId | None = None
    purpose: Line = ""
    reason: Line = ""
    confirmed: bool = False


@dataclass
class Question:
    """What the page asks before it dials."""

    wish: Wish
    target: Target | None = None
    people: list[MaskedFamily] = field(default_factory=list)
    errors: dict[str, str] = field(default_factory=dict)


@router.get("")
def calls(request: Request, visitor: Visitor = allow(*ON_CALLS)) -> Response:
    """A number to dial by hand, and her own last calls."""
    return _page(request, visitor, Question(Wish()))


@router.post("")
def call(request: Request, form: Posted, visitor: Visitor = allow(*ON_CALLS)) -> Response:
    """Ask what must be asked, or write the order and wake the clerk."""
    desk, at = desk_of(request), datetime.now(UTC)
    wish, errors = fill(Wish, form)
    if wish is None:
        return _page(request, visitor, Question(Wish(), errors=errors), 422)
    with trying(desk) as (session, tried):
        if wish.missed_id is not None:
            wish.number = dialling.begin(session, wish.missed_id, visitor.employee, at, ip=visitor.ip)
        question = _question(session, visitor, wish, at)
        if question is None and (trouble := workplace.link_trouble(session, at)):
            raise RecordsError(trouble)
        if question is None:
            _ask(session, visitor, wish, desk.settings.mode, at)
    if tried.refused:
        return _page(request, visitor, _refused(request, visitor, wish, tried, at), tried.status)
    if question is not None:
        return _page(request, visitor, question, 422)
    desk.wake(Wake.ORDER)
    return back_to(request, "/workplace", DIALLING)


@router.post("/{order_id}/hangup")
def hang_up(request: Request, order_id: int, form: Posted, visitor: Visitor = allow(*ON_CALLS)) -> Response:
    """End one's own call."""
    if set(form) - {"csrf"}:
        raise BadForm
    desk = desk_of(request)
    with desk.database.transaction() as session:
        asking.hang_up(session, order_id, visitor.employee, datetime.now(UTC), ip=visitor.ip)
    desk.wake(Wake.ORDER)
    return back_to(request, "/workplace", "Звонок завершается.")


def _refused(request: Request, visitor: Visitor, wish: Wish, tried: Tried, at: datetime) -> Question:
    """What stands against the call; where a reason lifts it (a colleague calls back, or has promised to), it is asked
    for beside whom she meant to call."""
    if "reason" not in tried.errors:
        return Question(wish, errors=tried.errors)
    with desk_of(request).database.reading() as session:
        meant = target.find(session, visitor.employee, at, number=wish.number, phone_id=wish.phone_id,
                            family_id=wish.family_id, person_id=wish.person_id)  # fmt: skip
        people = [masked(session, one.person, one.family, one.phone, visitor.employee) for one in meant.people]
    return Question(wish, meant, people, tried.errors)


def _ask(session: Session, visitor: Visitor, wish: Wish, mode: Literal["demo", "live"], at: datetime) -> None:
    asking.ask(
        session,
        visitor.employee,
        number=wish.number,
        phone_id=wish.phone_id,
        family_id=wish.family_id,
        person_id=wish.person_id,
        missed_id=wish.missed_id,
        purpose=wish.purpose,
        reason=wish.reason,
        mode=mode,
        at=at,
        ip=visitor.ip,
    )


def _question(session: Session, visitor: Visitor, wish: Wish, at: datetime) -> Question | None:
    """What she must read or say first; None when she may call at once."""
    try:
        meant = target.find(
            session,
            visitor.employee,
            at,
            number=wish.number,
            phone_id=wish.phone_id,
            family_id=wish.family_id,
            person_id=wish.person_id,
        )
    except Incomplete as error:
        return Question(wish, errors=error.fields)
    errors = asking.unsaid(meant, wish.reason) if wish.confirmed else {}
    asks = meant.must_choose or not meant.welcome or bool(meant.warnings)
    if not asks or (wish.confirmed and not errors):
        return None
    for family_id in {one.family.id for one in meant.people if one.family is not None}:
        audit.write(
            session, visitor.actor, "outgoing.warned", subject="family", subject_id=family_id, family_id=family_id
        )
    people = [masked(session, one.person, one.family, one.phone, visitor.employee) for one in meant.people]
    return Question(wish, meant, people, errors)


def _page(request: Request, visitor: Visitor, question: Question, status: int = 200) -> Response:
    desk = desk_of(request)
    with desk.database.reading() as session:
        orders = reading.own_orders(session, visitor.employee)
        names = reading.names_of(session, orders, visitor.employee)
    context = {"question": question, "orders": orders, "names": names}
    return page(request, visitor, "outgoing.html", status=status, **context)
