"""What is done with a tip: call, note an attempt, write, visit, talk; the danger, and the head's part (§6.3)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, Response
from sqlalchemy.orm import Session

from crm import families
from crm.errors import Incomplete, RecordsError
from crm.staff import Role
from crm.tips import attempts, calling, cards, duties, head, next_steps, talking
from crm.tips.access import fetch_tip
from web import workplace
from web.access import ON_CALLS, Visitor, allow
from web.desk import desk_of
from web.forms import BadForm, Fields, Form, Model, fill, posted
from web.found import note_search
from web.missed import read_day
from web.pages import back_to
from web.routes.outgoing import DIALLING
from web.routes.tips import in_place, tip_page
from web.tips import Attempt, Call, Card, Informed, Reason, Talk, Visit, Written
from web.tried import trying
from workers.feed import Notice, NoticeKind
from workers.queues import Wake

router = APIRouter(prefix="/tips/{tip_id}", default_response_class=HTMLResponse)
Posted = Annotated[Form, Depends(posted)]
FOUND = 6


@router.post("/call")
def call(request: Request, tip_id: int, form: Posted, visitor: Visitor = allow(*ON_CALLS)) -> Response:
    """Her phone rings first, then the program dials; one of the three attempts."""
    desk, sent = desk_of(request), _read(Call, form)

    def act(session: Session, at: datetime) -> object:
        if trouble := workplace.link_trouble(session, at):
            raise RecordsError(trouble)
        mode = desk.settings.mode
        return calling.call(
            session, tip_id, visitor.employee, number=sent.number, phone_id=sent.phone_id, reason=sent.reason,
            mode=mode, at=at, ip=visitor.ip,
        )  # fmt: skip

    answer = _do(request, visitor, tip_id, act, DIALLING, form="call", sent=sent)
    desk.wake(Wake.ORDER)
    return answer


@router.post("/attempt")
def attempt(request: Request, tip_id: int, form: Posted, visitor: Visitor = allow(*ON_CALLS)) -> Response:
    """From another telephone, or nobody of age came to ours."""
    sent = _read(Attempt, form)
    return _do(
        request, visitor, tip_id,
        lambda session, at: attempts.note_by_hand(
            session, tip_id, sent.result, sent.number, sent.note, visitor.employee, at, form_key=sent.form_key,
            ip=visitor.ip,
        ),
        "Попытка записана. Часы идут, пока не поговорили со взрослым.", form="attempt", sent=sent,
    )  # fmt: skip


@router.post("/talk")
def talk(request: Request, tip_id: int, form: Posted, visitor: Visitor = allow(*ON_CALLS)) -> Response:
    """«Поговорили со взрослым»: the clock stops, the journal row goes on as any appeal."""
    sent = _read(Talk, form)
    wish = talking.Talk(sent.how, sent.who, sent.person_id, sent.adult, sent.call_id, sent.note)
    entry: dict[str, int] = {}

    def act(session: Session, at: datetime) -> object:
        entry["id"] = talking.talked(session, tip_id, wish, visitor.employee, at, ip=visitor.ip).entry_id
        return None

    return _do(request, visitor, tip_id, act, "Записано: семья на связи. Дальше как обычное обращение.", form="talk",
               sent=sent, path=lambda: f"/journal/{entry['id']}")  # fmt: skip


@router.post("/letter")
def letter(request: Request, tip_id: int, form: Posted, visitor: Visitor = allow(*ON_CALLS)) -> Response:
    """Nobody answered: a letter or an e-mail went out."""
    sent = _read(Written, form)
    return _do(
        request, visitor, tip_id,
        lambda session, at: next_steps.written(session, tip_id, sent.how, visitor.employee, at, ip=visitor.ip),
        "Записано. Следующий шаг: выезд.", form="letter", sent=sent,
    )  # fmt: skip


@router.post("/visit")
def visit(request: Request, tip_id: int, form: Posted, visitor: Visitor = allow(*ON_CALLS)) -> Response:
    """Somebody goes there on the next working day; the head is told."""
    desk, sent = desk_of(request), _read(Visit, form)

    def act(session: Session, at: datetime) -> object:
        day = read_day(sent.day, at.astimezone(desk.zone).date()) if sent.day else None
        if sent.day and day is None:
            raise Incomplete({"day": "День не распознан: например 25.11."})
        return next_steps.visit(session, tip_id, sent.who, sent.address, day, visitor.employee, at, ip=visitor.ip)

    return _do(request, visitor, tip_id, act, "Выезд назначен, заведующий видит.", form="visit", sent=sent)


@router.post("/risk")
def risk(request: Request, tip_id: int, form: Posted, visitor: Visitor = allow(*ON_CALLS)) -> Response:
    """The danger became known later."""
    sent = _read(Fields, form)
    return _do(
        request, visitor, tip_id,
        lambda session, at: duties.risk_found(session, tip_id, visitor.employee, at, ip=visitor.ip),
        "Заведующий извещён. Сообщите в КДН, опеку и полицию и отметьте это.", form="risk", sent=sent,
    )  # fmt: skip


@router.post("/informed")
def informed(request: Request, tip_id: int, form: Posted, visitor: Visitor = allow(*ON_CALLS)) -> Response:
    """КДН, the guardianship or the police were told."""
    sent = _read(Informed, form)
    return _do(
        request, visitor, tip_id,
        lambda session, at: duties.informed(
            session, tip_id, sent.body, sent.whom(), sent.note, visitor.employee, at, ip=visitor.ip
        ),
        "Отмечено, кому и когда сообщили.", form="informed", sent=sent,
    )  # fmt: skip


@router.post("/card")
def card(request: Request, tip_id: int, form: Posted, visitor: Visitor = allow(*ON_CALLS)) -> Response:
    """Look for the family's card, or tie the tip to the one that was found."""
    sent = _read(Card, form)
    if sent.family_id is None:
        desk = desk_of(request)
        with desk.database.transaction() as session:
            fetch_tip(session, tip_id, visitor.employee)
            found = families.search(session, sent.text, visitor.employee, FOUND)
            note_search(session, visitor, sent.text, len(found))
        return in_place(tip_page(request, visitor, tip_id, form="card", text=sent.text, found=found))
    wanted, kept = sent.family_id, {"id": tip_id}

    def act(session: Session, at: datetime) -> object:
        kept["id"] = cards.attach(session, tip_id, wanted, visitor.employee, at, ip=visitor.ip).id
        return None

    return _do(request, visitor, tip_id, act, "Карточка связана.", form="card", sent=sent,
               path=lambda: f"/tips/{kept['id']}")  # fmt: skip


@router.post("/seen")
def seen(request: Request, tip_id: int, form: Posted, visitor: Visitor = allow(Role.HEAD)) -> Response:
    """The head has taken notice."""
    sent = _read(Fields, form)
    return _do(
        request, visitor, tip_id,
        lambda session, at: head.seen(session, tip_id, visitor.employee, at, ip=visitor.ip),
        "Отмечено: вы в курсе.", form="seen", sent=sent,
    )  # fmt: skip


@router.post("/give-up")
def give_up(request: Request, tip_id: int, form: Posted, visitor: Visitor = allow(Role.HEAD)) -> Response:
    """The head ends what no talk can end."""
    sent = _read(Reason, form)
    return _do(
        request, visitor, tip_id,
        lambda session, at: talking.given_up(session, tip_id, sent.reason, visitor.employee, at, ip=visitor.ip),
        "Закончено, причина записана.", form="give-up", sent=sent,
    )  # fmt: skip


def _do(
    request: Request,
    visitor: Visitor,
    tip_id: int,
    act: Callable[[Session, datetime], object],
    said: str,
    *,
    form: str,
    sent: Fields,
    path: Callable[[], str] | None = None,
) -> Response:
    """Carry it out and tell everybody; what is refused comes back beside its form, with what was typed."""
    desk, at = desk_of(request), datetime.now(UTC)
    with trying(desk) as (session, tried):
        service_id = fetch_tip(session, tip_id, visitor.employee).service_id
        act(session, at)
    if tried.refused:
        typed: dict[str, Any] = sent.model_dump()
        return tip_page(request, visitor, tip_id, tried.status, errors=tried.errors, form=form, sent=typed)
    desk.publish(Notice(NoticeKind.TIP, service_id=service_id))
    return back_to(request, path() if path else f"/tips/{tip_id}", said)


def _read(model: type[Model], form: Form) -> Model:
    sent, _problems = fill(model, form)
    if sent is None:
        raise BadForm
    return sent
