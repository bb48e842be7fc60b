"""How an appeal ends, and how a row of the journal is corrected or annulled (column 7; B-26, domain.md §5.2)."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, Response

from crm.appeals import closing, corrections
from crm.appeals.rows import working
from crm.specialists import consult
from web.access import ON_CALLS, Visitor, allow
from web.appeal_form import read_moment
from web.desk import desk_of
from web.forms import Fields, Form, Line, Text, posted
from web.routes.appeal_work import act, read

router = APIRouter(prefix="/appeals/{entry_id}", default_response_class=HTMLResponse)
Posted = Annotated[Form, Depends(posted)]


class Result(Fields):
    """Column 7."""

    final_result: Text = ""
    result_kind: Line = ""
    no_measure_reason: Text = ""


class Ground(Fields):
    """Why, where to, or what was answered."""

    reason: Text = ""
    where: Text = ""
    answer: Text = ""


class Correction(Fields):
    """What was entered wrong. Column 7 is sent only where it is written."""

    version: int
    reason: Text = ""
    applicant_name: Line = ""
    family_brief: Text = ""
    contact_method: Line = ""
    substance: Text = ""
    topic: Line = ""
    occurred_at: Line = ""
    final_result: Text = ""


@router.post("/resolve")
def resolve(request: Request, entry_id: int, form: Posted, visitor: Visitor = allow(*ON_CALLS)) -> Response:
    """«Конечный результат»; the survey comes next."""
    sent = read(Result, form)
    return act(
        request,
        visitor,
        entry_id,
        form,
        "resolve",
        lambda session, at: closing.resolve(
            session,
            entry_id,
            sent.final_result,
            sent.result_kind,
            visitor.employee,
            at,
            visitor.ip,
            no_measure_reason=sent.no_measure_reason,
        ),
        "Результат записан. Остался опрос заявителя.",
    )


@router.post("/consult")
def consulted(request: Request, entry_id: int, form: Posted, visitor: Visitor = allow(*ON_CALLS)) -> Response:
    """A consultation that is written down was all: closed at once."""
    sent = read(Ground, form)
    return act(
        request,
        visitor,
        entry_id,
        form,
        "consult",
        lambda session, at: consult.close(
            session,
            working(session, entry_id, visitor.employee),
            visitor.employee,
            at,
            ip=visitor.ip,
            answer=sent.answer,
        ),
        "Обращение завершено консультацией.",
    )


@router.post("/refer")
def refer(request: Request, entry_id: int, form: Posted, visitor: Visitor = allow(*ON_CALLS)) -> Response:
    """Another organisation's question."""
    sent = read(Ground, form)
    return act(
        request,
        visitor,
        entry_id,
        form,
        "refer",
        lambda session, at: closing.referred(session, entry_id, sent.where, visitor.employee, at, visitor.ip),
        "Направление записано, обращение завершено.",
    )


@router.post("/decline")
def decline(request: Request, entry_id: int, form: Posted, visitor: Visitor = allow(*ON_CALLS)) -> Response:
    """The applicant wants no more help."""
    sent = read(Ground, form)
    return act(
        request,
        visitor,
        entry_id,
        form,
        "decline",
        lambda session, at: closing.declined(session, entry_id, sent.reason, visitor.employee, at, visitor.ip),
        "Отказ записан, обращение завершено.",
    )


@router.post("/reopen")
def reopen(request: Request, entry_id: int, form: Posted, visitor: Visitor = allow(*ON_CALLS)) -> Response:
    """The survey showed that nothing was solved."""
    sent = read(Ground, form)
    return act(
        request,
        visitor,
        entry_id,
        form,
        "reopen",
        lambda session, at: closing.reopen(session, entry_id, sent.reason, visitor.employee, at, visitor.ip),
        "Обращение снова в работе.",
    )


@router.post("/correct")
def correct(request: Request, entry_id: int, form: Posted, visitor: Visitor = allow(*ON_CALLS)) -> Response:
    """«Исправить»: the old words stay in the history; 409 shows what somebody else corrected meanwhile."""
    sent = read(Correction, form)
    fields: dict[str, Any] = sent.model_dump(include=set(form) & set(corrections.CORRECTED))
    if "occurred_at" in fields:
        fields["occurred_at"] = read_moment(sent.occurred_at, desk_of(request).zone)
    return act(
        request,
        visitor,
        entry_id,
        form,
        "correct",
        lambda session, at: corrections.correct(
            session, entry_id, fields, sent.version, sent.reason, visitor.employee, at, visitor.ip
        ),
        "Исправлено. Прежний текст сохранён в истории.",
    )


@router.post("/annul")
def annul(request: Request, entry_id: int, form: Posted, visitor: Visitor = allow(*ON_CALLS)) -> Response:
    """The row should not be there; its number stays."""
    sent = read(Ground, form)
    return act(
        request,
        visitor,
        entry_id,
        form,
        "annul",
        lambda session, at: corrections.annul(session, entry_id, sent.reason, visitor.employee, at, visitor.ip),
        "Запись аннулирована, номер сохранён.",
    )
