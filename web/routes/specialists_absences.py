"""«Отсутствия»: who is away from when to when and who stands in; entered by the head, or by the person himself."""

from __future__ import annotations

import re
from datetime import UTC, datetime, time, timedelta
from typing import Annotated
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, Response
from sqlalchemy.orm import Session

from crm.errors import Incomplete
from crm.specialists import absences
from crm.specialists.absence_rules import KINDS
from web.access import Visitor, allow
from web.appeal_form import identifier
from web.attempts import Attempt, VersionedForm, save, untouched
from web.desk import desk_of
from web.forms import Form, Line, posted
from web.identity import read_date
from web.pages import back_to, page
from web.routes.specialists import MANAGE, SEE
from web.specialists import absence_lines
from workers.feed import Notice, NoticeKind

router = APIRouter(prefix="/absences", default_response_class=HTMLResponse)
Posted = Annotated[Form, Depends(posted)]


class AbsenceForm(VersionedForm):
    """Days, with times where it is not whole days."""

    employee_id: Line = ""
    kind: Line = ""
    since_on: Line = ""
    since_time: Line = ""
    until_on: Line = ""
    until_time: Line = ""
    substitute_id: Line = ""

    def period(self, zone: ZoneInfo) -> tuple[datetime, datetime]:
        """[since, until) of the institution; the last day is whole unless a time is given. Raises Incomplete."""
        wrong: dict[str, str] = {}
        since = _moment(self.since_on, self.since_time, "since", zone, wrong)
        until = _moment(self.until_on or self.since_on, self.until_time, "until", zone, wrong)
        if since is None or until is None:
            raise Incomplete(wrong)
        return since, until if self.until_time else until + timedelta(days=1)


class Withdrawal(VersionedForm):
    """Why it does not hold."""

    reason: Line = ""


@router.get("")
def listed(request: Request, visitor: Visitor = allow(*SEE)) -> Response:
    """What holds now and what is coming."""
    return _page(request, visitor)


@router.post("")
def enter(request: Request, form: Posted, visitor: Visitor = allow(*SEE)) -> Response:
    """Write an absence down: of anybody by those who manage, else one's own."""
    desk, at = desk_of(request), datetime.now(UTC)

    def act(session: Session, sent: AbsenceForm) -> None:
        since, until = sent.period(desk.zone)
        whose = identifier(sent.employee_id) if visitor.may(*MANAGE) and sent.employee_id else visitor.id
        if sent.kind not in KINDS:
            raise Incomplete({"kind": "Выберите причину."})
        other, by, ip = identifier(sent.substitute_id), visitor.employee, visitor.ip
        try:
            absences.enter(session, whose or 0, sent.kind, since, until, other, by, at, ip=ip)
        except Incomplete as problem:
            names = {"since": "since_on", "until": "until_on"}
            raise Incomplete({names.get(name, name): words for name, words in problem.fields.items()}) from problem

    attempt = save(desk, form, AbsenceForm, act, form_name="new")
    if attempt is not None:
        return _page(request, visitor, attempt)
    desk.publish(Notice(NoticeKind.PRESENCE), Notice(NoticeKind.BOOKING))
    return back_to(request, "/absences", "Отсутствие записано.")


@router.post("/{absence_id}/withdraw")
def withdraw(request: Request, absence_id: int, form: Posted, visitor: Visitor = allow(*SEE)) -> Response:
    """It does not hold any more; it stays in the history with its reason."""
    desk, at = desk_of(request), datetime.now(UTC)

    def act(session: Session, sent: Withdrawal) -> None:
        absences.withdraw(session, absence_id, sent.reason, visitor.employee, at, ip=visitor.ip)

    attempt = save(desk, form, Withdrawal, act, form_name=f"withdraw-{absence_id}")
    if attempt is not None:
        return _page(request, visitor, attempt)
    desk.publish(Notice(NoticeKind.PRESENCE), Notice(NoticeKind.BOOKING))
    return back_to(request, "/absences", "Запись снята.")


def _moment(day: str, clock: str, field: str, zone: ZoneInfo, wrong: dict[str, str]) -> datetime | None:
    on = read_date(day)
    match = re.fullmatch(r"\s*([01]?[0-9]|2[0-3])[:.]([0-5][0-9])\s*", clock) if clock else None
    if on is None:
        wrong[f"{field}_on"] = "Нужна дата, например 12.11.2026."
    if clock and match is None:
        wrong[f"{field}_time"] = "Нужно время, например 15:00."
    if on is None or (clock and match is None):
        return None
    return datetime.combine(on, time(int(match[1]), int(match[2])) if match else time(0), tzinfo=zone)


def _page(request: Request, visitor: Visitor, attempt: Attempt | None = None) -> Response:
    desk = desk_of(request)
    clock = desk.clock()
    attempt = attempt or untouched()
    with desk.database.reading() as session:
        people = {one.id: one for one in absences.everybody(session)}
        context = {
            "people": people,
            "substitutes": absences.possible_substitutes(session),
            "coming": absence_lines(session, absences.coming(session, people, clock.at), desk.zone),
            "withdrawn": absence_lines(session, absences.withdrawn_lately(session, clock.at), desk.zone),
        }
    return page(
        request,
        visitor,
        "specialists_absences.html",
        status=attempt.status,
        clock=clock,
        attempt=attempt,
        kinds=KINDS,
        may_manage=visitor.may(*MANAGE),
        **context,
    )
