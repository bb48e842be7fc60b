"""The human list of «Обзвоны»: one family after another, with the words, the booking and the outcome in one key."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, Response
from sqlalchemy.orm import Session

from crm.appointments.reading import as_lines
from crm.cards.safe_contact import warnings_of
from crm.dialler import by_person, calling_off, claiming, next_hours, reading
from crm.dialler.tables import REMINDER, DialTask
from crm.errors import RecordsError
from crm.family_tables import Person
from crm.masked import masked_number
from crm.reminders import calling, human_list, next_up, spoken_by_person, why
from crm.reminders.human_list import Item, Outcome
from web import workplace
from web.access import ON_CALLS, Visitor, allow
from web.appointments import place_words
from web.desk import desk_of
from web.dialling import LIVE_FOR_PAGES, TONES
from web.forms import Fields, Form, Line, Text, posted
from web.pages import back_to, page
from web.tried import NOTHING_TRIED, Tried, trying
from web.worklists import DIALLING, STOPPED, Skipped, later_moment, read_form
from workers.feed import Notice, NoticeKind
from workers.queues import Wake

router = APIRouter(prefix="/dialling/list", default_response_class=HTMLResponse)
Posted = Annotated[Form, Depends(posted)]
HERE = "/dialling/list"
NOBODY = "Список пройден: звонить больше некому."


class Finished(Fields):
    """What the call came to; `day` and `time` for «позже»."""

    outcome: Literal["confirmed", "told", "declined", "later", "no_answer", "wrong_number", "do_not_call"]
    note: Text = ""
    time: Line = ""
    day: Line = ""


@router.get("")
def working(request: Request, visitor: Visitor = allow(*ON_CALLS)) -> Response:
    """The family that she works on, or the list."""
    return _page(request, visitor)


@router.post("/next")
def take_next(request: Request, form: Posted, visitor: Visitor = allow(*ON_CALLS)) -> Response:
    """The most urgent one that nobody has."""
    read_form(Fields, form)
    desk, at = desk_of(request), datetime.now(UTC)
    with trying(desk) as (session, tried):
        said = _take_next(session, visitor, at, desk.settings.mode)
    return _after(request, visitor, tried, said if not tried.refused else "")


@router.post("/{task_id}/take")
def take(request: Request, task_id: int, form: Posted, visitor: Visitor = allow(*ON_CALLS)) -> Response:
    """This one; the one she held goes back."""
    read_form(Fields, form)
    desk, at = desk_of(request), datetime.now(UTC)
    with trying(desk) as (session, tried):
        held = next_up.held(session, visitor.employee, at)
        if held is not None and held.task.id != task_id:
            claiming.give_back(session, held.task, claiming.owner_of(visitor.employee), at)
        by_person.take(session, task_id, visitor.employee, at, ip=visitor.ip)
    return _after(request, visitor, tried)


@router.post("/{task_id}/call")
def call(request: Request, task_id: int, form: Posted, visitor: Visitor = allow(*ON_CALLS)) -> Response:
    """Her own phone rings first; every rule is asked at this moment."""
    read_form(Fields, form)
    desk, at = desk_of(request), datetime.now(UTC)
    with trying(desk) as (session, tried):
        _hold(session, task_id, visitor, at)
        if trouble := workplace.link_trouble(session, at):
            raise RecordsError(trouble)
        mode = desk.settings.mode
        calling.call(session, task_id, visitor.employee, LIVE_FOR_PAGES, mode=mode, at=at, ip=visitor.ip)
    if not tried.refused:
        desk.wake(Wake.ORDER)
    return _after(request, visitor, tried, DIALLING)


@router.post("/{task_id}/outcome")
def outcome(request: Request, task_id: int, form: Posted, visitor: Visitor = allow(*ON_CALLS)) -> Response:
    """What it came to; the next family comes up by itself."""
    sent = read_form(Finished, form)
    desk, at = desk_of(request), datetime.now(UTC)

    def act(session: Session) -> str:
        moment = None
        if sent.outcome == Outcome.LATER.value:
            moment = later_moment(sent.day, sent.time, desk.zone, at)
        _hold(session, task_id, visitor, at)
        human_list.finish(
            session, task_id, Outcome(sent.outcome), sent.note, visitor.employee, at, call_at=moment, ip=visitor.ip
        )
        said = f"{Outcome(sent.outcome).title}: записано."
        return f"{said} {_take_next(session, visitor, at, desk.settings.mode)}".strip()

    return _done(request, visitor, act, sent.model_dump())


@router.post("/{task_id}/skip")
def skip(request: Request, task_id: int, form: Posted, visitor: Visitor = allow(*ON_CALLS)) -> Response:
    """Passed over with a reason: a colleague may take it at once."""
    sent = read_form(Skipped, form)
    desk, at = desk_of(request), datetime.now(UTC)

    def act(session: Session) -> str:
        by_person.give_back(session, task_id, sent.words, visitor.employee, at, ip=visitor.ip)
        return STOPPED if sent.stop else _take_next(session, visitor, at, desk.settings.mode)

    return _done(request, visitor, act, sent.model_dump())


def _done(request: Request, visitor: Visitor, act: Callable[[Session], str], sent: dict[str, Any]) -> Response:
    with trying(desk_of(request)) as (session, tried):
        said = act(session)
    return _after(request, visitor, tried, said if not tried.refused else "", sent=sent)


def _hold(session: Session, task_id: int, visitor: Visitor, at: datetime) -> None:
    """Hers for another quarter of an hour; also after her claim has run out, unless a colleague has it."""
    by_person.take(session, task_id, visitor.employee, at, ip=visitor.ip)


def _take_next(session: Session, visitor: Visitor, at: datetime, mode: Literal["demo", "live"]) -> str:
    item = next_up.next_up(session, visitor.employee, at, LIVE_FOR_PAGES, mode=mode)
    if item is None:
        return NOBODY
    by_person.take(session, item.task.id, visitor.employee, at, ip=visitor.ip)
    return ""


def _after(
    request: Request, visitor: Visitor, tried: Tried, said: str = "", *, sent: dict[str, Any] | None = None
) -> Response:
    if tried.refused:
        return _page(request, visitor, tried, sent)
    desk_of(request).publish(Notice(NoticeKind.DIAL), Notice(NoticeKind.BOOKING))
    return back_to(request, HERE, said)


def _page(
    request: Request, visitor: Visitor, tried: Tried = NOTHING_TRIED, sent: dict[str, Any] | None = None
) -> Response:
    desk = desk_of(request)
    clock = desk.clock()
    with desk.database.reading() as session:
        item = next_up.held(session, visitor.employee, clock.at)
        context = _one(session, visitor, item, clock.at, desk.settings.mode) if item else {}
        waiting = human_list.items(session, visitor.employee, clock.at)
        later = human_list.later(session, visitor.employee, clock.at)
        others = [one for one in waiting if item is None or one.task.id != item.task.id]
        rows = reading.rows_of(session, [one.task for one in others], visitor.employee)
        rows_later = reading.rows_of(session, [one.task for one in later], visitor.employee)
        order = workplace.bar_state(session, visitor, clock.at).order
        gone = calling_off.sentence_for(session, REMINDER, visitor.employee, clock.at) if item is None else ""
        opens_at = next_hours.opens_at(session, visitor.employee, clock.at) if item is None else None
    return page(
        request,
        visitor,
        "dialling_list.html",
        status=tried.status,
        clock=clock,
        item=item,
        gone=gone,
        opens_at=opens_at,
        rows=rows,
        rows_later=rows_later,
        order=order,
        errors=tried.errors,
        sent=sent or {},
        outcomes=list(Outcome),
        tones=TONES,
        place=place_words,
        **context,
    )


def _one(session: Session, visitor: Visitor, item: Item, at: datetime, mode: Literal["demo", "live"]) -> dict[str, Any]:
    task: DialTask = item.task
    person = session.get(Person, task.person_id) if task.person_id else None
    phone = next((one for one in person.phones if one.id == task.phone_id), None) if person else None
    reason = why.of_task(session, task, at, LIVE_FOR_PAGES, mode=mode)
    return {
        "words": spoken_by_person.words_of(session, item, visitor.employee),
        "called": spoken_by_person.name_of(session, task),
        "number": masked_number(task.number),
        "warnings": warnings_of(item.family, phone, person=person) if item.family else (),
        "lines": as_lines(session, item.appointments, visitor.employee),
        "why": reason,
        "may_call": reason.rule is None,
    }
