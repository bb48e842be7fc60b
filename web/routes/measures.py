"""«Меры поддержки»: what families are entitled to; the head keeps it, everybody who talks to families reads it (A-18,
A-29, B-21)."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, Response
from sqlalchemy.orm import Session

from crm.base import fetch
from crm.measures import catalogue, telling
from crm.segments import lists, query, saved
from crm.segments.conditions import sentence
from crm.segments.tables import Segment
from web.access import ON_CALLS, WITH_FAMILIES, Visitor, allow
from web.attempts import Attempt, VersionedForm, save, untouched
from web.desk import desk_of
from web.forms import Form, Line, Text, posted
from web.pages import MEASURE_KEEPERS, SEGMENT_ROLES, back_to, page
from web.parts import parts
from web.routes.card_form import TypedDate

router = APIRouter(default_response_class=HTMLResponse)
Posted = Annotated[Form, Depends(posted)]
MEANWHILE = "Пока вы правили, меру изменил кто-то другой. Введённое вами осталось: сравните и сохраните ещё раз."


class MeasureForm(VersionedForm):
    """A measure as the head writes it."""

    title: Line = ""
    whom: Text = ""
    steps: Text = ""
    papers: Text = ""
    source: Line = ""
    until: TypedDate | None = None
    remote: Literal["", "yes"] = ""
    segment_id: int | None = None
    active: Literal["", "yes"] = ""


class ToldForm(VersionedForm):
    """«Сообщили о мере»."""

    measure_id: int = 0
    outcome: Line = ""
    note: Line = ""


@router.get("/measures")
def listed(request: Request, visitor: Visitor = allow(*WITH_FAMILIES)) -> Response:
    """All measures; those switched off are for the head only."""
    desk = desk_of(request)
    may_edit = visitor.may(*MEASURE_KEEPERS)
    with desk.database.reading() as session:
        rows = catalogue.listed(session, with_inactive=may_edit)
    return page(request, visitor, "measures.html", rows=rows, may_edit=may_edit)


@router.get("/measures/new")
def new(request: Request, visitor: Visitor = allow(*MEASURE_KEEPERS)) -> Response:
    """An empty form."""
    return _form(request, visitor, 0, untouched({"active": "yes"}))


@router.post("/measures")
def add(request: Request, form: Posted, visitor: Visitor = allow(*MEASURE_KEEPERS)) -> Response:
    """Add a measure."""
    made: list[int] = []

    def act(session: Session, sent: MeasureForm) -> None:
        made.append(catalogue.add(session, _fields(sent), visitor.employee, datetime.now(UTC), ip=visitor.ip).id)

    attempt = save(desk_of(request), form, MeasureForm, act)
    if attempt:
        return _form(request, visitor, 0, attempt)
    return back_to(request, f"/measures/{made[-1]}", "Мера добавлена.")


@router.get("/measures/{support_id}")
def one(request: Request, support_id: int, visitor: Visitor = allow(*WITH_FAMILIES)) -> Response:
    """One measure as it is read aloud."""
    desk = desk_of(request)
    clock = desk.clock()
    with desk.database.reading() as session:
        measure = catalogue.one(session, support_id)
        entitled = None
        if measure.segment_id and visitor.may(*SEGMENT_ROLES):
            segment = saved.one(session, measure.segment_id)
            conditions = saved.conditions_of(segment)
            words = sentence(conditions, lists.titles(session))
            entitled = segment, words, query.count(session, conditions, clock.today, viewer=visitor.employee)
    return page(
        request,
        visitor,
        "measure.html",
        clock=clock,
        measure=measure,
        entitled=entitled,
        may_edit=visitor.may(*MEASURE_KEEPERS),
    )


@router.get("/measures/{support_id}/edit")
def edit(request: Request, support_id: int, visitor: Visitor = allow(*MEASURE_KEEPERS)) -> Response:
    """The form with what is stored."""
    with desk_of(request).database.reading() as session:
        measure = catalogue.one(session, support_id)
    stored: dict[str, Any] = {name: getattr(measure, name) for name in catalogue.FIELDS}
    stored |= {name: "yes" if stored[name] else "" for name in ("remote", "active")}
    stored["until"] = f"{measure.until:%d.%m.%Y}" if measure.until else ""
    return _form(request, visitor, support_id, untouched(stored, measure.version))


@router.post("/measures/{support_id}")
def change(request: Request, support_id: int, form: Posted, visitor: Visitor = allow(*MEASURE_KEEPERS)) -> Response:
    """Save a changed measure."""

    def act(session: Session, sent: MeasureForm) -> None:
        catalogue.save(
            session, support_id, _fields(sent), sent.version, visitor.employee, datetime.now(UTC), ip=visitor.ip
        )

    attempt = save(desk_of(request), form, MeasureForm, act, meanwhile=MEANWHILE)
    if attempt:
        return _form(request, visitor, support_id, attempt)
    return back_to(request, f"/measures/{support_id}", "Мера сохранена.")


@router.post("/families/{family_id}/told")
def told(request: Request, family_id: int, form: Posted, visitor: Visitor = allow(*ON_CALLS)) -> Response:
    """«Сообщили о мере» in a talk: from the card, or beside the call on the workplace."""
    desk = desk_of(request)

    def act(session: Session, sent: ToldForm) -> None:
        telling.tell_in_talk(
            session, family_id, sent.measure_id, sent.outcome, sent.note, visitor.employee, datetime.now(UTC),
            ip=visitor.ip,
        )  # fmt: skip

    attempt = save(desk, form, ToldForm, act)
    said = "Отмечено в карточке семьи."
    if attempt:
        said = next(iter(attempt.errors.values()), "Не отмечено: выберите меру.")
    if request.headers.get("hx-target") == "parts":
        return parts(desk, visitor, at_workplace=True, force=True, said=said)
    return back_to(request, f"/families/{family_id}", said)


def _fields(sent: MeasureForm) -> dict[str, Any]:
    return sent.sent() | {"remote": sent.remote == "yes", "active": sent.active == "yes"}


def _form(request: Request, visitor: Visitor, measure_id: int, attempt: Attempt) -> Response:
    with desk_of(request).database.reading() as session:
        if measure_id:
            catalogue.one(session, measure_id)
        segments = [(row.id, row.title) for row in saved.listed(session)]
        chosen = attempt.values.get("segment_id")
        if str(chosen or "").isdecimal() and int(str(chosen)) not in dict(segments):
            kept = fetch(session, Segment, int(str(chosen)))
            segments += [(kept.id, kept.title)] if kept else []
    return page(
        request, visitor, "measure_edit.html", status=attempt.status, measure_id=measure_id, attempt=attempt,
        segments=segments,
    )  # fmt: skip
