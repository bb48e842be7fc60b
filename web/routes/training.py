"""«Учебный звонок»: a real call from the invented town to one of our lines, for training and for trying things."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, Response
from pydantic import Field

from crm import audit, institution, training
from crm.demo.town import FAMILIES, mobile_of
from crm.errors import RecordsError
from web.access import Forbidden, Visitor, allow
from web.desk import desk_of
from web.forms import Fields, Form, Line, Text, fill, posted
from web.pages import TRAINING_ROLES, back_to, may_train, page
from workers.queues import enqueue_training_call

router = APIRouter(prefix="/training", default_response_class=HTMLResponse)
STATES = {
    "requested": "в очереди",
    "placing": "набирается",
    "ringing": "идёт",
    "ended": "завершён",
    "failed": "не удался",
}


class Wish(Fields):
    """Who calls, where, what they say."""

    from_number: Line
    from_name: Line = ""
    to_did: Line
    say: Text = ""
    keys: Annotated[Line, Field(pattern=r"^[0-9*#]{0,20}$")] = ""
    hold_seconds: Annotated[int, Field(ge=5, le=600)] = 120
    hours: Literal["open", "break", "closed"] = "open"


def _page(request: Request, visitor: Visitor, values: dict[str, str], errors: dict[str, str], status: int) -> Response:
    desk = desk_of(request)
    with desk.database.reading() as session:
        lines = institution.active_lines(session)
        recent = training.recent_training(session)
    context: dict[str, Any] = {"lines": lines, "recent": recent, "states": STATES, "values": values, "errors": errors}
    return page(request, visitor, "training.html", status=status, town=_town(), hours=training.HOURS, **context)


def _town() -> list[tuple[str, str]]:
    """Numbers of the invented town with the family that each belongs to."""
    return [(mobile_of(family, 1), family.name) for family in FAMILIES]


def _check(request: Request, visitor: Visitor) -> None:
    if not may_train(desk_of(request), visitor):
        raise Forbidden


@router.get("")
def form(request: Request, visitor: Visitor = allow(*TRAINING_ROLES)) -> Response:
    """The form and the last calls."""
    _check(request, visitor)
    return _page(request, visitor, {}, {}, 200)


@router.post("")
def request_call(
    request: Request, form: Annotated[Form, Depends(posted)], visitor: Visitor = allow(*TRAINING_ROLES)
) -> Response:
    """Write the wish down, then wake the worker: row first, act second."""
    _check(request, visitor)
    desk = desk_of(request)
    wish, errors = fill(Wish, form)
    if wish is None:
        return _page(request, visitor, {name: sent[0] for name, sent in form.items()}, errors, 422)
    at = datetime.now(UTC)
    with desk.database.transaction() as session:
        dids = [line.did for line in institution.active_lines(session)]
        caller, errors = _caller(wish, dids)
        if not errors:
            call = training.request_call(
                session,
                from_number=caller,
                from_name=wish.from_name,
                to_did=wish.to_did,
                say=wish.say,
                keys=wish.keys,
                hold_seconds=wish.hold_seconds,
                hours=wish.hours,
                requested_by_id=visitor.id,
                at=at,
            )
            audit.write(session, visitor.actor, "training.request", subject="training_call", subject_id=call.id)
    if errors:
        return _page(request, visitor, {name: sent[0] for name, sent in form.items()}, errors, 422)
    placed = enqueue_training_call(desk.settings.redis_address(), call.id)
    return back_to(request, "/training", "Звонок заказан." if placed else "Звонок записан; очередь заданий недоступна.")


def _caller(wish: Wish, dids: list[str]) -> tuple[str, dict[str, str]]:
    """Who calls ("" for a hidden number), and a sentence for each field that will not do."""
    errors: dict[str, str] = {}
    caller = ""
    try:
        caller = training.caller_of(wish.from_number, dids)
    except RecordsError as error:
        errors["from_number"] = str(error)
    if wish.to_did not in dids:
        errors["to_did"] = "Выберите линию из списка."
    return caller, errors
