"""«Перезвонить»: who did not get through, by when to call back, who is doing it, and how it ended (issue 4 item 3)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any
from uuid import uuid4

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, Response
from sqlalchemy.orm import Session

from crm import institution
from crm.errors import Incomplete
from crm.missed import access, attempts, claiming, closing, promising, reading
from crm.missed.claiming import Claimed
from crm.missed.reading import MissedRow, MissedWhole
from crm.missed.rules import BY_HAND_RESULTS, CLOSING_REASONS, RESULTS, Reason
from web.access import ON_CALLS, Visitor, allow
from web.desk import Desk, desk_of
from web.forms import BadForm, Fields, Form, Model, fill, posted
from web.missed import (
    CLOSED_DAYS,
    SHOWN,
    WHOSE,
    Attempt,
    Claim,
    Close,
    Promise,
    by_when,
    clock_of,
    outside_hours,
    read_moment,
    spell,
)
from web.pages import back_to, page
from web.tried import trying
from workers.feed import Notice, NoticeKind

router = APIRouter(prefix="/missed", default_response_class=HTMLResponse)
Posted = Annotated[Form, Depends(posted)]


@router.get("")
def listing(
    request: Request, show: str = "open", service: str = "", days: str = "1", visitor: Visitor = allow(*ON_CALLS)
) -> Response:
    """Who is to be called back, the late ones first."""
    desk = desk_of(request)
    clock = desk.clock()
    show = show if show in SHOWN else "open"
    days = days if days in CLOSED_DAYS else "1"
    with desk.database.reading() as session:
        services = [
            one for one in institution.services(session) if one.id in access.services_of(session, visitor.employee)
        ]
        chosen = next((one.id for one in services if str(one.id) == service), None)
        if show == "closed":
            since = _midnight(desk, clock.at) - timedelta(days=int(days) - 1)
            until = clock.at + timedelta(minutes=1)
            found = reading.closed_rows(
                session, visitor.employee, clock.at, since=since, until=until, service_id=chosen
            )
        else:
            found = _narrowed(reading.open_rows(session, visitor.employee, clock.at, service_id=chosen), show, visitor)
        count = reading.count(session, [chosen] if chosen else [one.id for one in services], clock.at)
    return page(
        request,
        visitor,
        "missed.html",
        clock=clock,
        rows=found,
        clock_of=clock_of,
        by_when=by_when,
        spell=spell,
        show=show,
        shown=SHOWN,
        days=days,
        closed_days=CLOSED_DAYS,
        services=services,
        service=chosen,
        count=count,
        most=reading.MOST,
    )


@router.get("/{missed_id}")
def whole(request: Request, missed_id: int, visitor: Visitor = allow(*ON_CALLS)) -> Response:
    """One row with its number, its calls, its attempts, and everything that can be done with it."""
    return _whole(request, visitor, missed_id)


@router.post("/{missed_id}/claim")
def claim(request: Request, missed_id: int, form: Posted, visitor: Visitor = allow(*ON_CALLS)) -> Response:
    """«Беру»: the others see it at once."""
    sent = _read(Claim, form)
    return _do(
        request,
        visitor,
        missed_id,
        lambda session, at: claiming.claim(session, missed_id, visitor.employee, at, reason=sent.reason, ip=visitor.ip),
        f"/missed/{missed_id}",
        "Строка за вами: остальные видят, что перезваниваете вы.",
    )


@router.post("/{missed_id}/release")
def release(request: Request, missed_id: int, form: Posted, visitor: Visitor = allow(*ON_CALLS)) -> Response:
    """Back to everybody."""
    _read(Fields, form)
    return _do(
        request,
        visitor,
        missed_id,
        lambda session, at: claiming.release(session, missed_id, visitor.employee, at, ip=visitor.ip),
        "/missed",
        "Строка снова общая.",
    )


@router.post("/{missed_id}/close")
def close(request: Request, missed_id: int, form: Posted, visitor: Visitor = allow(*ON_CALLS)) -> Response:
    """Without a talk, with a reason."""
    sent = _read(Close, form)
    return _do(
        request,
        visitor,
        missed_id,
        lambda session, at: closing.by_reason(
            session, missed_id, sent.reason, sent.note, visitor.employee, at, ip=visitor.ip
        ),
        "/missed",
        "Закрыто, причина записана.",
        form="close",
        sent=sent.model_dump(),
    )


@router.post("/{missed_id}/attempt")
def attempt(request: Request, missed_id: int, form: Posted, visitor: Visitor = allow(*ON_CALLS)) -> Response:
    """A call from another telephone that did not come to a talk."""
    sent = _read(Attempt, form)
    return _do(
        request,
        visitor,
        missed_id,
        lambda session, at: attempts.note_by_hand(
            session, missed_id, sent.result, sent.note, visitor.employee, at, form_key=sent.form_key, ip=visitor.ip
        ),
        f"/missed/{missed_id}",
        "Попытка записана. Строка остаётся открытой.",
        form="attempt",
        sent=sent.model_dump(),
    )


@router.post("/{missed_id}/promise")
def promise(request: Request, missed_id: int, form: Posted, visitor: Visitor = allow(*ON_CALLS)) -> Response:
    """«Перезвоним в …»."""
    desk, sent = desk_of(request), _read(Promise, form)

    def act(session: Session, at: datetime) -> object:
        moment = read_moment(sent.day, sent.time, desk.zone, at) if sent.time or sent.day else None
        if moment is None and (sent.time or sent.day):
            raise Incomplete({"promised_for": "Время не распознано: например 15:00, день 25.11."})
        return promising.promise(session, missed_id, moment, sent.note, visitor.employee, at, mine=sent.whose == "mine",
                                 ip=visitor.ip)  # fmt: skip

    said = "Обещание записано: строка напомнит о себе." if sent.time else "Обещание снято."
    return _do(request, visitor, missed_id, act, "/missed", said, form="promise", sent=sent.model_dump())


def _do(  # noqa: PLR0917 - what is done to which row, and what is said then
    request: Request,
    visitor: Visitor,
    missed_id: int,
    act: Callable[[Session, datetime], object],
    path: str,
    said: str,
    *,
    form: str = "",
    sent: dict[str, Any] | None = None,
) -> Response:
    """Carry it out and tell everybody; what is refused comes back beside its form, with what was typed."""
    desk, at = desk_of(request), datetime.now(UTC)
    beside = ""
    with trying(desk) as (session, tried):
        row = access.fetch_row(session, missed_id, visitor.employee)
        service_id = row.service_id
        act(session, at)
        beside = outside_hours(session, row, desk.zone) if form == "promise" else ""
    if tried.refused:
        failed = "claim" if isinstance(tried.error, Claimed) else form
        return _whole(request, visitor, missed_id, tried.status, errors=tried.errors, form=failed, sent=sent)
    desk.publish(Notice(NoticeKind.MISSED, service_id=service_id))
    return back_to(request, path, f"{said} {beside}".strip())


def _whole(
    request: Request,
    visitor: Visitor,
    missed_id: int,
    status: int = 200,
    *,
    errors: dict[str, str] | None = None,
    form: str = "",
    sent: dict[str, Any] | None = None,
) -> Response:
    desk = desk_of(request)
    clock = desk.clock()
    with desk.database.transaction() as session:
        found: MissedWhole = reading.open_whole(session, missed_id, visitor.employee, clock.at, ip=visitor.ip)
    return page(
        request,
        visitor,
        "missed_one.html",
        status=status,
        clock=clock,
        whole=found,
        row=found.line,
        clock_of=clock_of,
        by_when=by_when,
        reasons=CLOSING_REASONS,
        reason_words={one.value: one.words for one in Reason},
        results=RESULTS,
        by_hand={one: RESULTS[one] for one in BY_HAND_RESULTS},
        whose=WHOSE,
        errors=errors or {},
        form=form,
        sent=sent or {},
        key=uuid4().hex,
    )


def _narrowed(found: list[MissedRow], show: str, visitor: Visitor) -> list[MissedRow]:
    if show == "late":
        return [one for one in found if one.overdue]
    if show == "mine":
        return [one for one in found if one.holder is not None and one.holder.id == visitor.id]
    if show == "my_promises":
        return [one for one in found if one.owner is not None and one.owner.id == visitor.id]
    if show == "promised":
        return [one for one in found if one.row.promised_for is not None]
    return found


def _midnight(desk: Desk, at: datetime) -> datetime:
    return at.astimezone(desk.zone).replace(hour=0, minute=0, second=0, microsecond=0)


def _read(model: type[Model], form: Form) -> Model:
    sent, _problems = fill(model, form)
    if sent is None:
        raise BadForm
    return sent
