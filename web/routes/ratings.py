"""The survey of an appeal: its answer, its correction (column 8)."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, Response

from crm import journal
from crm.base import fetch
from crm.errors import NotFound
from crm.ratings import giving
from crm.ratings.tables import Rating
from web.access import Visitor, allow
from web.desk import desk_of
from web.forms import Fields, Form, Line, Text, fill, posted
from web.identity import read_date
from web.pages import JOURNAL_ROLES, back_to, page
from web.rating_box import rating_box
from web.tried import trying

router = APIRouter(default_response_class=HTMLResponse)
Posted = Annotated[Form, Depends(posted)]
Choice = Literal["", "1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "refused", "unreached"]


class SurveyFields(Fields):
    """What the applicant answered, and how he was asked. `attempt`: which call the form stood for."""

    answer: Choice = ""
    channel: Literal["human_call", "in_person", "paper"] = "human_call"
    given_on: Line = ""
    attempt: int = 1


class CorrectionFields(Fields):
    """Another answer in place of the one written down."""

    answer: Choice = ""
    reason: Text = ""


@router.get("/journal/{entry_id}/rating")
def survey(request: Request, entry_id: int, visitor: Visitor = allow(*JOURNAL_ROLES)) -> Response:
    """The survey on a page of its own."""
    return _page(request, visitor, entry_id)


@router.post("/journal/{entry_id}/rating")
def give(request: Request, entry_id: int, form: Posted, visitor: Visitor = allow(*JOURNAL_ROLES)) -> Response:
    """Write column 8 and close the appeal; the first unanswered call only counts."""
    desk, at = desk_of(request), datetime.now(UTC)
    fields, errors = fill(SurveyFields, form)
    day = _day(fields.given_on if fields else "", at.astimezone(desk.zone).date(), errors)
    if fields is None or day is None:
        return _page(request, visitor, entry_id, form=form, errors=_beside(errors), status=422)
    with trying(desk) as (session, tried):
        entry = journal.fetch_entry(session, entry_id, visitor.employee)
        outcome, score = _outcome(fields.answer)
        rating = giving.give(
            session,
            entry_id,
            outcome=outcome,
            score=score,
            channel=fields.channel,
            taken_by=visitor.employee,
            given_at=giving.moment_of(day, entry, at, desk.zone),
            at=at,
            ip=visitor.ip,
            attempt=fields.attempt,
        )
    if tried.refused:
        return _page(request, visitor, entry_id, form=form, errors=_beside(tried.errors), status=tried.status)
    said = (
        f"Отмечено: не дозвонились, попытка {fields.attempt} из {giving.ATTEMPTS}. Обращение ждёт опроса."
        if rating.outcome == giving.MISSED
        else "Отметка внесена в столбец 8, обращение закрыто."
    )
    return back_to(request, f"/journal/{entry_id}", said)


@router.post("/ratings/{rating_id}/correct")
def correct(request: Request, rating_id: int, form: Posted, visitor: Visitor = allow(*JOURNAL_ROLES)) -> Response:
    """Another mark in place of this one, with a reason; the old one stays in the history."""
    desk, at = desk_of(request), datetime.now(UTC)
    with desk.database.reading() as session:
        old = fetch(session, Rating, rating_id)
    if old is None:
        raise NotFound("Такой оценки нет.")
    fields, errors = fill(CorrectionFields, form)
    if fields is None:
        return _page(request, visitor, old.entry_id, form=form, errors=errors, status=422, correcting=True)
    with trying(desk) as (session, tried):
        outcome, score = _outcome(fields.answer)
        giving.correct(
            session,
            rating_id,
            outcome=outcome,
            score=score,
            reason=fields.reason,
            employee=visitor.employee,
            at=at,
            ip=visitor.ip,
        )
    if tried.refused:
        found = _beside(tried.errors)
        return _page(request, visitor, old.entry_id, form=form, errors=found, status=tried.status, correcting=True)
    return back_to(request, f"/journal/{old.entry_id}", "Отметка исправлена, прежняя осталась в истории.")


def _page(
    request: Request,
    visitor: Visitor,
    entry_id: int,
    *,
    form: Form | None = None,
    errors: dict[str, str] | None = None,
    status: int = 200,
    correcting: bool = False,
) -> Response:
    """The survey alone, with what was chosen and the sentences beside it."""
    with desk_of(request).database.reading() as session:
        entry = journal.fetch_entry(session, entry_id, visitor.employee)
        box = rating_box(session, entry, visitor.employee, datetime.now(UTC))
    if box is None:
        if errors is None:
            raise NotFound("Опроса по этому обращению ещё нет.")
        errors = {"": errors.get("", giving.NO_SURVEY)}
    context = {"entry": entry, "rating_box": box, "rating_errors": errors or {}, "correcting": correcting}
    sent = {name: values[0] for name, values in (form or {}).items()}
    return page(request, visitor, "rating.html", status=status, rating_values=sent, **context)


def _outcome(answer: str) -> tuple[str, int | None]:
    return (giving.SCORE, int(answer)) if answer.isdecimal() else (answer, None)


def _day(text: str, today: date, errors: dict[str, str]) -> date | None:
    """The day of the answer; today if nothing was typed. A sentence goes into `errors` for what is no date."""
    if not text:
        return today
    day = read_date(text)
    if day is None or day.year < 2000:
        errors["given_on"] = "Нужна дата, например 12.11.2026."
        return None
    return day


def _beside(errors: dict[str, str]) -> dict[str, str]:
    """The records name the score, the form asks for an answer."""
    return {"answer" if name == "score" else name: sentence for name, sentence in errors.items()}
