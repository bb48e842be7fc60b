"""«Группы семей»: conditions in plain words, a live count, a sentence, and a name to save them under (A-18)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, Response
from sqlalchemy import select
from sqlalchemy.orm import Session

from callflow.text import clean_line
from crm import audit
from crm.family_tables import Family
from crm.segments import lists, query, reasons, saved
from crm.segments.conditions import sentence
from web.access import Visitor, allow
from web.desk import desk_of
from web.forms import BadForm, Form, posted
from web.pages import SEGMENT_KEEPERS, SEGMENT_ROLES, back_to, page
from web.segment_form import Typed, changed, kinds_to_add, shown, typed
from web.tried import trying
from web.words import Clock

router = APIRouter(prefix="/segments", default_response_class=HTMLResponse)
Posted = Annotated[Form, Depends(posted)]
OWN = frozenset(["title", "segment", "version", "active", "add", "act"])
FIRST = 10
MEANWHILE = "Пока вы правили, группу изменил кто-то другой. Введённое вами осталось: сравните и сохраните ещё раз."


@dataclass(frozen=True)
class Head:
    """What the form holds beside its rows. `id` 0: not saved yet."""

    id: int = 0
    title: str = ""
    version: int = 0
    active: bool = True


@router.get("")
def listed(request: Request, visitor: Visitor = allow(*SEGMENT_ROLES)) -> Response:
    """All groups with their sentences and how many families are in each today."""
    desk = desk_of(request)
    clock = desk.clock()
    with desk.database.reading() as session:
        titles = lists.titles(session)
        rows = []
        for one in saved.listed(session, with_inactive=True):
            conditions = saved.conditions_of(one)
            found = query.count(session, conditions, clock.today, viewer=visitor.employee) if one.active else None
            rows.append((one, sentence(conditions, titles), found))
    return page(request, visitor, "segments.html", clock=clock, rows=rows, may_edit=visitor.may(*SEGMENT_KEEPERS))


@router.get("/new")
def new(request: Request, visitor: Visitor = allow(*SEGMENT_KEEPERS)) -> Response:
    """An empty group."""
    return _page(request, visitor, Head(), Typed([]))


@router.post("/draw")
def draw(request: Request, form: Posted, visitor: Visitor = allow(*SEGMENT_ROLES)) -> Response:
    """The form with a row more or less, and how many families it finds. Nothing is saved.

    While somebody types, only the sentence and the count are asked for (`#segment-found`).
    """
    head, rows = _read(request, form)
    with desk_of(request).database.reading() as session:
        options = lists.options(session)
    rows = changed(rows, form.first("act"), form.first("add"), options)
    if request.headers.get("hx-target") == "segment-found":
        desk = desk_of(request)
        with desk.database.reading() as session:
            text = desk.render("parts/segment_found.html", names=None, **_found(session, visitor, rows, desk.clock()))
        return HTMLResponse(text)
    return _page(request, visitor, head, rows)


@router.post("")
def add(request: Request, form: Posted, visitor: Visitor = allow(*SEGMENT_KEEPERS)) -> Response:
    """Save a new group."""
    head, rows = _read(request, form)
    if rows.is_wrong:
        return _page(request, visitor, head, rows, {"": "Исправьте отмеченные условия."}, 422)
    with trying(desk_of(request)) as (session, tried):
        segment = saved.add(session, head.title, rows.conditions, visitor.employee, datetime.now(UTC), ip=visitor.ip)
    if tried.refused:
        return _page(request, visitor, head, rows, tried.errors, tried.status)
    return back_to(request, f"/segments/{segment.id}", "Группа сохранена.")


@router.get("/{segment_id}")
def one(request: Request, segment_id: int, visitor: Visitor = allow(*SEGMENT_ROLES)) -> Response:
    """A saved group, ready to be changed by who may."""
    with desk_of(request).database.reading() as session:
        segment = saved.one(session, segment_id)
        conditions = saved.conditions_of(segment)
        rows = shown(conditions, lists.options(session, conditions))
    return _page(request, visitor, Head(segment.id, segment.title, segment.version, segment.active), rows)


@router.post("/{segment_id}")
def save(request: Request, segment_id: int, form: Posted, visitor: Visitor = allow(*SEGMENT_KEEPERS)) -> Response:
    """Save a changed group."""
    head, rows = _read(request, form, segment_id)
    if rows.is_wrong:
        return _page(request, visitor, head, rows, {"": "Исправьте отмеченные условия."}, 422)
    at = datetime.now(UTC)
    with trying(desk_of(request), stale=MEANWHILE) as (session, tried):
        saved.save(
            session, segment_id, head.title, rows.conditions, head.version, visitor.employee, at,
            active=head.active, ip=visitor.ip,
        )  # fmt: skip
    if tried.refused:
        if tried.stale:
            head = Head(head.id, head.title, tried.stale.version, head.active)
        return _page(request, visitor, head, rows, tried.errors, tried.status)
    return back_to(request, f"/segments/{segment_id}", "Группа сохранена.")


def _read(request: Request, form: Form, segment_id: int | None = None) -> tuple[Head, Typed]:
    sent_id = _number(form.first("segment")) if segment_id is None else segment_id
    with desk_of(request).database.reading() as session:
        held = saved.conditions_of(saved.one(session, sent_id)) if sent_id else ()
        rows = typed(form, lists.options(session, held), OWN)
    active = form.first("active") == "yes" if sent_id else True
    return Head(sent_id, clean_line(form.first("title"), 120), _number(form.first("version")), active), rows


def _number(text: str) -> int:
    if text and not (text.isascii() and text.isdecimal() and len(text) < 19):
        raise BadForm
    return int(text or 0)


def _found(session: Session, visitor: Visitor, rows: Typed, clock: Clock) -> dict[str, Any]:
    conditions = rows.conditions
    return {
        "sentence": sentence(conditions, lists.titles(session)),
        "found": None if rows.is_wrong else query.count(session, conditions, clock.today, viewer=visitor.employee),
    }


def _page(  # noqa: PLR0917 - what the form holds, and what is wrong with it
    request: Request,
    visitor: Visitor,
    head: Head,
    rows: Typed,
    errors: dict[str, str] | None = None,
    status: int = 200,
) -> Response:
    desk = desk_of(request)
    clock = desk.clock()
    with desk.database.reading() as session:  # may take a second of a million families: nobody's turn to write
        context = _found(session, visitor, rows, clock)
        names = [] if rows.is_wrong or not rows.rows else _first(session, visitor, rows, clock.today)
        options = lists.options(session, rows.conditions)
    details = {"shown": len(names), "conditions": len(rows.rows)}
    with desk.database.transaction() as session:
        audit.write(session, visitor.actor, "segment.list", subject="segment", subject_id=head.id, details=details)
    answer = page(
        request,
        visitor,
        "segment.html",
        status=status,
        clock=clock,
        head=head,
        typed=rows,
        focus=rows.added,
        options=options,
        kinds=kinds_to_add(),
        errors=errors or {},
        names=names,
        may_edit=visitor.may(*SEGMENT_KEEPERS),
        **context,
    )
    if request.method == "POST":
        answer.headers["HX-Push-Url"] = "false"  # the form's address is no page to come back to
    return answer


def _first(session: Session, visitor: Visitor, rows: Typed, today: date) -> Sequence[tuple[Family, str]]:
    """The first families by name, and why each is among them."""
    found = query.families(rows.conditions, today, viewer=visitor.employee)
    ids = list(session.scalars(found.order_by(Family.id).limit(FIRST)))
    families = session.scalars(select(Family).where(Family.id.in_(ids)).order_by(Family.name, Family.id)).all()
    why = reasons.whys(session, ids, rows.conditions, today)
    return [(family, why[family.id]) for family in families]
