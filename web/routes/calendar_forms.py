"""The forms of «Часы и календарь»: a week from a date on, special days, a confirmed year."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, Response
from pydantic import Field
from sqlalchemy.orm import Session

from callflow.calendar import Interval
from callflow.calendar.typed import EXAMPLE, read_intervals
from crm import institution
from crm.calendar import days, hours, years
from web.access import Visitor, allow
from web.desk import desk_of
from web.forms import Fields, Form, Line, fill, posted
from web.pages import back_to
from web.refused import Refused, attempt
from web.routes.calendar_page import KEEPERS, calendar_page
from web.routes.card_form import TypedDate
from workers.queues import Wake

router = APIRouter(prefix="/settings/calendar", default_response_class=HTMLResponse)
Posted = Annotated[Form, Depends(posted)]
Number = Annotated[int, Field(ge=1, lt=2**63)]
Version = Annotated[int, Field(ge=0, lt=2**31)]
FOLLOWS = "Сохранено. АТС применит изменение через несколько секунд."
WEEKDAYS = tuple(f"day_{weekday}" for weekday in range(7))


class WeekFields(Fields):
    """Seven lines of hours, Monday first."""

    service: Number
    version: Version
    starts_on: TypedDate
    shorten_minutes: Annotated[int, Field(ge=0, le=hours.LONGEST_SHORTENING)] = 60
    day_0: Line = ""
    day_1: Line = ""
    day_2: Line = ""
    day_3: Line = ""
    day_4: Line = ""
    day_5: Line = ""
    day_6: Line = ""


class DayFields(Fields):
    """Days that differ. `kind`: closed, or other hours."""

    service: Number
    version: Version
    first: TypedDate
    last: TypedDate | None = None
    kind: Literal["closed", "hours"] = "closed"
    hours: Line = ""
    title: Line = ""
    everywhere: Literal["", "yes"] = ""


class ServiceFields(Fields):
    """Which calendar, as it was seen."""

    service: Number
    version: Version


class YearFields(Fields):
    """Which year; the service only says which page to come back to."""

    service: Number
    year: Annotated[int, Field(ge=2000, le=2200)]


@router.post("/hours")
def save_week(request: Request, form: Posted, visitor: Visitor = allow(*KEEPERS)) -> Response:
    """New hours from a date on."""
    fields, errors = fill(WeekFields, form)
    week: list[tuple[Interval, ...]] = []
    for name in WEEKDAYS:
        try:
            week.append(read_intervals(form.first(name)))
        except ValueError as problem:
            errors[name] = str(problem)

    def act(session: Session) -> None:
        assert fields is not None  # noqa: S101 - without fields there are errors, and `act` is not asked
        hours.set_week(
            session,
            fields.service,
            week,
            fields.starts_on,
            visitor.employee,
            datetime.now(UTC),
            version=fields.version,
            shorten_minutes=fields.shorten_minutes,
            ip=visitor.ip,
        )

    return _answer(request, visitor, form, attempt(desk_of(request), form, "week", act, errors))


@router.post("/hours/{hours_id}/cancel")
def cancel_week(request: Request, hours_id: int, form: Posted, visitor: Visitor = allow(*KEEPERS)) -> Response:
    """A planned week will not come."""
    fields, errors = fill(ServiceFields, form)

    def act(session: Session) -> None:
        assert fields is not None  # noqa: S101 - as above
        now = datetime.now(UTC)
        hours.cancel_week(session, hours_id, visitor.employee, now, version=fields.version, ip=visitor.ip)

    return _answer(request, visitor, form, attempt(desk_of(request), form, "cancel", act, errors))


@router.post("/days")
def save_days(request: Request, form: Posted, visitor: Visitor = allow(*KEEPERS)) -> Response:
    """Days that are closed or have other hours."""
    fields, errors = fill(DayFields, form)
    intervals: tuple[Interval, ...] = ()
    if form.first("kind") == "hours":
        try:
            intervals = read_intervals(form.first("hours"))
            if not intervals:
                errors["hours"] = f"Укажите часы, {EXAMPLE}; если день закрыт, выберите «закрыто»."
        except ValueError as problem:
            errors["hours"] = str(problem)

    def act(session: Session) -> None:
        assert fields is not None  # noqa: S101 - as above
        others = [one.id for one in institution.services(session) if one.id != fields.service]
        for service_id in (fields.service, *(others if fields.everywhere else ())):
            days.set_days(
                session,
                service_id,
                fields.first,
                fields.last or fields.first,
                intervals,
                fields.title,
                visitor.employee,
                datetime.now(UTC),
                version=fields.version if service_id == fields.service else None,
                ip=visitor.ip,
            )

    month = f"{fields.first:%Y-%m}" if fields else ""
    return _answer(request, visitor, form, attempt(desk_of(request), form, "day", act, errors), month=month)


@router.post("/days/{day_id}/cancel")
def cancel_day(request: Request, day_id: int, form: Posted, visitor: Visitor = allow(*KEEPERS)) -> Response:
    """The day follows the general rule again."""
    fields, errors = fill(ServiceFields, form)

    def act(session: Session) -> None:
        assert fields is not None  # noqa: S101 - as above
        now = datetime.now(UTC)
        days.cancel_day(session, day_id, visitor.employee, now, version=fields.version, ip=visitor.ip)

    return _answer(request, visitor, form, attempt(desk_of(request), form, "cancel", act, errors))


@router.post("/years")
def confirm_year(request: Request, form: Posted, visitor: Visitor = allow(*KEEPERS)) -> Response:
    """The transfers of this year have been looked up and entered."""
    return _year(request, visitor, form, confirmed=True)


@router.post("/years/withdraw")
def withdraw_year(request: Request, form: Posted, visitor: Visitor = allow(*KEEPERS)) -> Response:
    """It was said by mistake."""
    return _year(request, visitor, form, confirmed=False)


def _year(request: Request, visitor: Visitor, form: Form, *, confirmed: bool) -> Response:
    fields, errors = fill(YearFields, form)
    verb = years.confirm if confirmed else years.withdraw

    def act(session: Session) -> None:
        assert fields is not None  # noqa: S101 - as above
        verb(session, fields.year, visitor.employee, datetime.now(UTC), ip=visitor.ip)

    return _answer(request, visitor, form, attempt(desk_of(request), form, "year", act, errors), "Записано.")


def _answer(
    request: Request, visitor: Visitor, form: Form, refused: Refused | None, said: str = FOLLOWS, *, month: str = ""
) -> Response:
    if refused is not None:
        return calendar_page(request, visitor, form.first("service"), refused=refused)
    desk_of(request).wake(Wake.EXCHANGE)
    shown = f"&month={month}" if month else ""
    return back_to(request, f"/settings/calendar?service={int(form.first('service'))}{shown}", said)
