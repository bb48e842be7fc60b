"""What is done with a saved row on its page: measures, state, control, obstacle and need (column 6; B-20…B-31)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, Response
from sqlalchemy.orm import Session

from crm.appeals import following, work
from web.access import ON_CALLS, Visitor, allow
from web.appeal_form import OBSTACLE, identifier
from web.desk import desk_of
from web.entry_view import entry_page
from web.forms import BadForm, Fields, Form, Line, Text, fill, posted
from web.identity import read_date
from web.pages import back_to
from web.tried import trying

router = APIRouter(prefix="/appeals/{entry_id}", default_response_class=HTMLResponse)
Posted = Annotated[Form, Depends(posted)]
CHANGED = "Пока вы правили, запись исправил кто-то ещё. Сравните и решите, что оставить."


class Measure(Fields):
    """One measure with the details of every kind; a kind takes its own."""

    kind: Line
    text: Text = ""
    planned_on: Line = ""
    done: Literal["", "yes"] = ""
    address: Line = ""
    employee: Line = ""
    documents: Line = ""
    worker: Line = ""
    start: Line = ""
    end: Line = ""
    power_number: Line = ""
    power_date: Line = ""
    vehicle: Line = ""
    driver: Line = ""
    route: Line = ""
    addressee: Line = ""
    subject: Line = ""
    where: Line = ""
    what: Line = ""


class Words(Fields):
    """A form of one field."""

    note: Text = ""
    reason: Text = ""


class Move(Fields):
    """A button of a state."""

    progress: Line


class Control(Fields):
    """Who answers for it, and when it is looked at next."""

    responsible_id: Line = ""
    next_check_on: Line = ""


class Clarified(Fields):
    """What was found out since intake."""

    obstacle: Literal["", "yes", "no"] = ""
    obstacles: list[Line] = []  # noqa: RUF012 - pydantic copies it
    need_ground: Line = ""
    need_form: Line = ""
    need_kinds: list[Line] = []  # noqa: RUF012


def act(  # noqa: PLR0917 - a page's form, its act, what to say
    request: Request,
    visitor: Visitor,
    entry_id: int,
    form: Form,
    name: str,
    verb: Callable[[Session, datetime], Any],
    said: str,
) -> Response:
    """Run one act in its transaction; show the row again, or the same form with sentences and everything typed.

    `name` is the form's name on the page.
    """
    typed: dict[str, Any] = {field: values[0] for field, values in form.items() if field != "csrf"}
    typed |= {field: values for field, values in form.items() if field in ("obstacles", "need_kinds")}
    again: dict[str, Any] = {"typed": typed, "failed": name}
    with trying(desk_of(request), stale=CHANGED) as (session, tried):
        verb(session, datetime.now(UTC))
    if tried.stale:
        typed["version"] = str(tried.stale.version)
        again["conflicts"] = list(tried.stale.changes)
    if tried.refused:
        return entry_page(request, visitor, entry_id, errors=tried.errors, status=tried.status, **again)
    return back_to(request, f"/journal/{entry_id}", said)


def read(model: type[Fields], form: Form) -> Any:
    """The form. Raises BadForm for what no page of ours sends."""
    fields, _ = fill(model, form)
    if fields is None:
        raise BadForm
    return fields


@router.post("/measures")
def add_measure(request: Request, entry_id: int, form: Posted, visitor: Visitor = allow(*ON_CALLS)) -> Response:
    """A measure into column 6: done, or agreed for a day."""
    sent = read(Measure, form)
    details = sent.model_dump(exclude={"kind", "text", "planned_on", "done"})
    power_date = read_date(sent.power_date)
    details["power_date"] = f"{power_date:%d.%m.%Y}" if power_date else ""

    def verb(session: Session, at: datetime) -> None:
        planned, done = read_date(sent.planned_on), sent.done == "yes"
        work.add_measure(
            session, entry_id, sent.kind, sent.text, details, planned, done, visitor.employee, at, ip=visitor.ip
        )

    return act(request, visitor, entry_id, form, f"measure-{sent.kind}", verb, "Мера записана.")


@router.post("/measures/{measure_id}/done")
def finish_measure(
    request: Request, entry_id: int, measure_id: int, form: Posted, visitor: Visitor = allow(*ON_CALLS)
) -> Response:
    """What was agreed has been carried out."""
    sent = read(Words, form)
    return act(
        request,
        visitor,
        entry_id,
        form,
        f"done-{measure_id}",
        lambda session, at: work.finish_measure(
            session, measure_id, visitor.employee, at, ip=visitor.ip, note=sent.note
        ),
        "Отмечено выполнение.",
    )


@router.post("/measures/{measure_id}/annul")
def annul_measure(
    request: Request, entry_id: int, measure_id: int, form: Posted, visitor: Visitor = allow(*ON_CALLS)
) -> Response:
    """A measure that was called off or written by mistake."""
    sent = read(Words, form)
    return act(
        request,
        visitor,
        entry_id,
        form,
        f"annul-{measure_id}",
        lambda session, at: work.annul_measure(session, measure_id, sent.reason, visitor.employee, at, ip=visitor.ip),
        "Мера аннулирована.",
    )


@router.post("/move")
def move(request: Request, entry_id: int, form: Posted, visitor: Visitor = allow(*ON_CALLS)) -> Response:
    """To work, or waiting."""
    sent = read(Move, form)
    return act(
        request,
        visitor,
        entry_id,
        form,
        "move",
        lambda session, at: following.move(session, entry_id, sent.progress, visitor.employee, at, ip=visitor.ip),
        "Состояние изменено.",
    )


@router.post("/assign")
def assign(request: Request, entry_id: int, form: Posted, visitor: Visitor = allow(*ON_CALLS)) -> Response:
    """Responsible and control date."""
    sent = read(Control, form)
    return act(
        request,
        visitor,
        entry_id,
        form,
        "assign",
        lambda session, at: following.assign(
            session,
            entry_id,
            identifier(sent.responsible_id),
            read_date(sent.next_check_on),
            visitor.employee,
            at,
            ip=visitor.ip,
        ),
        "Контроль назначен.",
    )


@router.post("/clarify")
def clarify(request: Request, entry_id: int, form: Posted, visitor: Visitor = allow(*ON_CALLS)) -> Response:
    """Obstacle and need."""
    sent = read(Clarified, form)
    need = {"ground": sent.need_ground, "form": sent.need_form, "kinds": sent.need_kinds}
    return act(
        request,
        visitor,
        entry_id,
        form,
        "clarify",
        lambda session, at: following.clarify(
            session,
            entry_id,
            OBSTACLE[sent.obstacle],
            sent.obstacles,
            need,
            visitor.employee,
            at,
            ip=visitor.ip,
        ),
        "Записано.",
    )
