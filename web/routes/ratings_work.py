"""Ratings that people ask for by telephone: one family after another, the question, a key for every score (B-34)."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, Response
from pydantic import Field
from sqlalchemy.orm import Session

from crm.cards.safe_contact import warnings_of
from crm.dialler import by_person, calling_off, claiming, next_hours, reading
from crm.dialler.tables import RATING
from crm.errors import RecordsError
from crm.family_tables import Person
from crm.masked import masked_number
from crm.ratings import spoken_by_person, worklist
from crm.ratings.efficiency import HIGHEST, LOWEST
from crm.ratings.worklist import Item, Outcome
from crm.reminders.spoken_by_person import name_of
from web import workplace
from web.access import ON_CALLS, Visitor, allow
from web.desk import desk_of
from web.forms import Fields, Form, Line, Text, posted
from web.pages import back_to, page
from web.tried import NOTHING_TRIED, Tried, trying
from web.worklists import DIALLING, STOPPED, Skipped, later_moment, read_form
from workers.feed import Notice, NoticeKind
from workers.queues import Wake

router = APIRouter(prefix="/ratings/work", default_response_class=HTMLResponse)
Posted = Annotated[Form, Depends(posted)]
HERE = "/ratings/work"
NOBODY = "Список пройден: спрашивать больше некого."
Answer = Literal[
    "1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "refused", "later", "no_answer", "wrong_number", "do_not_call"
]


class Answered(Fields):
    """What the call came to; `attempt`: which call the form stood for; `day` and `time` for «позже»."""

    answer: Answer
    attempt: Annotated[int, Field(ge=0, le=9)] = 0
    note: Text = ""
    time: Line = ""
    day: Line = ""


@router.get("")
def working(request: Request, visitor: Visitor = allow(*ON_CALLS)) -> Response:
    """The family that she asks, or the list."""
    return _page(request, visitor)


@router.post("/next")
def take_next(request: Request, form: Posted, visitor: Visitor = allow(*ON_CALLS)) -> Response:
    """The most urgent one that nobody has, never about her own work."""
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
        held = worklist.held(session, visitor.employee)
        worklist.take(session, task_id, visitor.employee, at, ip=visitor.ip)
        if held is not None and held.task.id != task_id:
            claiming.give_back(session, held.task, claiming.owner_of(visitor.employee), at)
    return _after(request, visitor, tried)


@router.post("/{task_id}/call")
def call(request: Request, task_id: int, form: Posted, visitor: Visitor = allow(*ON_CALLS)) -> Response:
    """Her own phone rings first; refused while a caller waits."""
    read_form(Fields, form)
    desk, at = desk_of(request), datetime.now(UTC)
    with trying(desk) as (session, tried):
        if trouble := workplace.link_trouble(session, at):
            raise RecordsError(trouble)
        worklist.call(session, task_id, visitor.employee, mode=desk.settings.mode, at=at, ip=visitor.ip)
    if not tried.refused:
        desk.wake(Wake.ORDER)
        desk.wake(Wake.PRESENCE)
    return _after(request, visitor, tried, DIALLING)


@router.post("/{task_id}/outcome")
def outcome(request: Request, task_id: int, form: Posted, visitor: Visitor = allow(*ON_CALLS)) -> Response:
    """The score, or what the call came to without one; the next family comes up by itself."""
    sent = read_form(Answered, form)
    desk, at = desk_of(request), datetime.now(UTC)
    said = ""
    with trying(desk) as (session, tried):
        by_person.keep(session, task_id, visitor.employee, at)
        if sent.answer.isdecimal():
            worklist.score(session, task_id, int(sent.answer), sent.note, visitor.employee, at, ip=visitor.ip)
            said = f"Оценка {sent.answer} записана в столбец 8."
        else:
            said = _without_score(session, visitor, task_id, sent, at, desk.zone)
        said = f"{said} {_take_next(session, visitor, at, desk.settings.mode)}".strip()
    desk.wake(Wake.PRESENCE)
    return _after(request, visitor, tried, said, sent=sent.model_dump())


@router.post("/{task_id}/skip")
def skip(request: Request, task_id: int, form: Posted, visitor: Visitor = allow(*ON_CALLS)) -> Response:
    """Passed over with a reason: a colleague may take it at once."""
    sent = read_form(Skipped, form)
    desk, at = desk_of(request), datetime.now(UTC)
    said = ""
    with trying(desk) as (session, tried):
        by_person.give_back(session, task_id, sent.words, visitor.employee, at, ip=visitor.ip)
        said = STOPPED if sent.stop else _take_next(session, visitor, at, desk.settings.mode)
    return _after(request, visitor, tried, said, sent=sent.model_dump())


def _without_score(  # noqa: PLR0917 - which, what, when, in whose zone
    session: Session, visitor: Visitor, task_id: int, sent: Answered, at: datetime, zone: Any
) -> str:
    wanted, moment = Outcome(sent.answer), None
    if wanted is Outcome.LATER:
        moment = later_moment(sent.day, sent.time, zone, at)
    worklist.finish(
        session, task_id, wanted, sent.note, visitor.employee, at, attempt=sent.attempt, call_at=moment, ip=visitor.ip
    )
    return f"{wanted.title}: записано."


def _take_next(session: Session, visitor: Visitor, at: datetime, mode: Literal["demo", "live"]) -> str:
    item = worklist.next_up(session, visitor.employee, at, mode=mode)
    if item is None:
        return NOBODY
    worklist.take(session, item.task.id, visitor.employee, at, ip=visitor.ip)
    return ""


def _after(
    request: Request, visitor: Visitor, tried: Tried, said: str = "", *, sent: dict[str, Any] | None = None
) -> Response:
    if tried.refused:
        return _page(request, visitor, tried, sent)
    desk_of(request).publish(Notice(NoticeKind.DIAL))
    return back_to(request, HERE, said)


def _page(
    request: Request, visitor: Visitor, tried: Tried = NOTHING_TRIED, sent: dict[str, Any] | None = None
) -> Response:
    desk = desk_of(request)
    clock = desk.clock()
    with desk.database.reading() as session:
        item = worklist.held(session, visitor.employee)
        context = _one(session, visitor, item, clock.at, desk.settings.mode) if item else {}
        waiting = [one for one in worklist.items(session, visitor.employee, clock.at) if not one.mine]
        later = worklist.later(session, visitor.employee, clock.at)
        rows = {one.task.id: one for one in reading.rows_of(session, _tasks(waiting, later), visitor.employee)}
        bar = workplace.bar_state(session, visitor, clock.at)
        gone = calling_off.sentence_for(session, RATING, visitor.employee, clock.at) if item is None else ""
        opens_at = next_hours.opens_at(session, visitor.employee, clock.at) if item is None else None
    return page(
        request,
        visitor,
        "ratings_work.html",
        status=tried.status,
        clock=clock,
        item=item,
        gone=gone,
        opens_at=opens_at,
        now=waiting,
        later=later,
        rows=rows,
        order=bar.order,
        waiting=bar.waiting,
        errors=tried.errors,
        sent=sent or {},
        scores=range(LOWEST, HIGHEST + 1),
        outcomes=list(Outcome),
        **context,
    )


def _tasks(*lists: list[Item]) -> list[Any]:
    return [one.task for found in lists for one in found]


def _one(session: Session, visitor: Visitor, item: Item, at: datetime, mode: Literal["demo", "live"]) -> dict[str, Any]:
    task = item.task
    person = session.get(Person, task.person_id) if task.person_id else None
    phone = next((one for one in person.phones if one.id == task.phone_id), None) if person else None
    return {
        "words": spoken_by_person.words_of(session, item, visitor.employee),
        "called": name_of(session, task),
        "number": masked_number(task.number),
        "warnings": warnings_of(item.family, phone, person=person) if item.family else (),
        "verdict": worklist.may_call(session, item, visitor.employee, at, mode=mode),
    }
