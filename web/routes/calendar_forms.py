"""The forms of «Часы и календарь»: a week from a date on, special days, a confirmed year."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, Response
from pydantic import BeforeValidator, Field
from sqlalchemy.orm import Session

from callflow.calendar import Interval
from callflow.calendar.typed import EXAMPLE, read_intervals
from crm import institution
from crm.calendar import days, hours, years
from crm.errors import Incomplete
from web.access import Visitor, allow
from web.attempts import Attempt, VersionedForm, save
from web.desk import desk_of
from web.forms import Form, Line, posted
from web.pages import back_to
from web.routes.calendar_page import KEEPERS, calendar_page
from web.routes.card_form import TypedDate
from workers.queues import Wake

router = APIRouter(prefix="/settings/calendar", default_response_class=HTMLResponse)
Posted = Annotated[Form, Depends(posted)]
Number = Annotated[int, Field(ge=1, lt=2**63)]
Hours = Annotated[Sequence[Interval], BeforeValidator(read_intervals)]
FOLLOWS = "Сохранено. АТС применит изменение через несколько секунд."
CHANGED = "Пока вы правили, календарь изменили. Сравните и сохраните ещё раз: введённое вами осталось в форме."


class WeekFields(VersionedForm):
    """Seven lines of hours, Monday first."""

    service: Number
    starts_on: TypedDate
    shorten_minutes: Annotated[int, Field(ge=0, le=hours.LONGEST_SHORTENING)] = 60
    day_0: Hours = ()
    day_1: Hours = ()
    day_2: Hours = ()
    day_3: Hours = ()
    day_4: Hours = ()
    day_5: Hours = ()
    day_6: Hours = ()

    def week(self) -> list[tuple[Interval, ...]]:
        """The hours of each weekday, Monday first."""
        return [tuple(getattr(self, f"day_{weekday}")) for weekday in range(7)]


class DayFields(VersionedForm):
    """Days that differ. `kind`: closed, or other hours."""

    service: Number
    first: TypedDate
    last: TypedDate | None = None
    kind: Literal["closed", "hours"] = "closed"
    hours: Line = ""
    title: Line = ""
    everywhere: Literal["", "yes"] = ""


class ServiceFields(VersionedForm):
    """Which calendar, as it was seen."""

    service: Number


class YearFields(VersionedForm):
    """Which year; the service only says which page to come back to."""

    service: Number
    year: Annotated[int, Field(ge=2000, le=2200)]


@router.post("/hours")
def save_week(request: Request, form: Posted, visitor: Visitor = allow(*KEEPERS)) -> Response:
    """New hours from a date on."""

    def act(session: Session, sent: WeekFields) -> None:
        hours.set_week(
            session,
            sent.service,
            sent.week(),
            sent.starts_on,
            visitor.employee,
            datetime.now(UTC),
            version=sent.version,
            shorten_minutes=sent.shorten_minutes,
            ip=visitor.ip,
        )

    return _save(request, visitor, form, "week", WeekFields, act)


@router.post("/hours/{hours_id}/cancel")
def cancel_week(request: Request, hours_id: int, form: Posted, visitor: Visitor = allow(*KEEPERS)) -> Response:
    """A planned week will not come."""

    def act(session: Session, sent: ServiceFields) -> None:
        now = datetime.now(UTC)
        hours.cancel_week(session, hours_id, visitor.employee, now, version=sent.version, ip=visitor.ip)

    return _save(request, visitor, form, "cancel", ServiceFields, act)


@router.post("/days")
def save_days(request: Request, form: Posted, visitor: Visitor = allow(*KEEPERS)) -> Response:
    """Days that are closed or have other hours."""
    month = ""

    def act(session: Session, sent: DayFields) -> None:
        nonlocal month
        month = f"{sent.first:%Y-%m}"
        intervals = _other_hours(sent)
        others = [one.id for one in institution.services(session) if one.id != sent.service]
        for service_id in (sent.service, *(others if sent.everywhere else ())):
            days.set_days(
                session,
                service_id,
                sent.first,
                sent.last or sent.first,
                intervals,
                sent.title,
                visitor.employee,
                datetime.now(UTC),
                version=sent.version if service_id == sent.service else None,
                ip=visitor.ip,
            )

    attempt = save(desk_of(request), form, DayFields, act, form_name="day", meanwhile=CHANGED)
    return _answer(request, visitor, form, attempt, month=month)


@router.post("/days/{day_id}/cancel")
def cancel_day(request: Request, day_id: int, form: Posted, visitor: Visitor = allow(*KEEPERS)) -> Response:
    """The day follows the general rule again."""

    def act(session: Session, sent: ServiceFields) -> None:
        now = datetime.now(UTC)
        days.cancel_day(session, day_id, visitor.employee, now, version=sent.version, ip=visitor.ip)

    return _save(request, visitor, form, "cancel", ServiceFields, act)


@router.post("/years")
def confirm_year(request: Request, form: Posted, visitor: Visitor = allow(*KEEPERS)) -> Response:
    """The transfers of this year have been looked up and entered."""

    def act(session: Session, sent: YearFields) -> None:
        years.confirm(session, sent.year, visitor.employee, datetime.now(UTC), ip=visitor.ip)

    return _save(request, visitor, form, "year", YearFields, act, "Записано.")


@router.post("/years/withdraw")
def withdraw_year(request: Request, form: Posted, visitor: Visitor = allow(*KEEPERS)) -> Response:
    """It was said by mistake."""

    def act(session: Session, sent: YearFields) -> None:
        years.withdraw(session, sent.year, visitor.employee, datetime.now(UTC), ip=visitor.ip)

    return _save(request, visitor, form, "year", YearFields, act, "Записано.")


def _other_hours(sent: DayFields) -> tuple[Interval, ...]:
    """The hours of a day that is not closed. Raises Incomplete for what cannot be read as such."""
    if sent.kind == "closed":
        return ()
    try:
        intervals = read_intervals(sent.hours)
    except ValueError as problem:
        raise Incomplete({"hours": str(problem)}) from problem
    if not intervals:
        raise Incomplete({"hours": f"Укажите часы, {EXAMPLE}; если день закрыт, выберите «закрыто»."})
    return intervals


def _save(  # noqa: PLR0917 - a page's form, its act, what to say
    request: Request,
    visitor: Visitor,
    form: Form,
    name: str,
    model: type[Any],
    act: Callable[[Session, Any], None],
    said: str = FOLLOWS,
) -> Response:
    attempt = save(desk_of(request), form, model, act, form_name=name, meanwhile=CHANGED)
    return _answer(request, visitor, form, attempt, said)


def _answer(
    request: Request, visitor: Visitor, form: Form, attempt: Attempt | None, said: str = FOLLOWS, *, month: str = ""
) -> Response:
    if attempt is not None:
        return calendar_page(request, visitor, form.first("service"), attempt=attempt)
    desk_of(request).wake(Wake.EXCHANGE)
    shown = f"&month={month}" if month else ""
    return back_to(request, f"/settings/calendar?service={int(form.first('service'))}{shown}", said)
