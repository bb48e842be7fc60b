"""«Часы и календарь»: the month, special days, hours of the week, and what callers hear at a given time (§7).

One page with three forms; a form that was refused comes back in it with everything that was typed.
"""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response
from sqlalchemy.orm import Session

from callflow.calendar import ServiceCalendar, words
from callflow.greetings import spoken
from crm import institution
from crm.calendar import changing, reading, years
from crm.institution import Service
from crm.lines.settings import spoken_of, voice_of
from crm.recordings.settings import notice_of
from crm.speech.texts import worded
from crm.staff import Role
from web.access import Visitor, allow
from web.attempts import Attempt, untouched
from web.calendar_view import LEGEND, STATE_CLASSES, Probe, is_near, local, month_of, probe_at, read_time
from web.desk import desk_of
from web.identity import read_date
from web.pages import page
from web.words import Clock

router = APIRouter(prefix="/settings/calendar", default_response_class=HTMLResponse)
KEEPERS = (Role.HEAD, Role.DIRECTOR, Role.ADMINISTRATOR)


@router.get("")
def overview(  # noqa: PLR0917 - what the address may say
    request: Request,
    service: str = "",
    month: str = "",
    day: str = "",
    time: str = "",  # as the address has it
    visitor: Visitor = allow(*KEEPERS),
) -> Response:
    """The calendar of one service; `day` and `time` are the instant to ask about, now without them."""
    return calendar_page(request, visitor, service, month, day, time)


def calendar_page(  # noqa: PLR0917 - what the address may say
    request: Request,
    visitor: Visitor,
    service_key: str,
    month_key: str = "",
    day_text: str = "",
    time_text: str = "",
    attempt: Attempt | None = None,
) -> Response:
    """The page; `attempt` is the form that was not saved, shown again."""
    attempt = attempt or untouched()
    desk = desk_of(request)
    clock = desk.clock()
    with desk.database.reading() as session:
        services = institution.services(session)
        if not services:
            return page(request, visitor, "calendar_empty.html")
        chosen = next((one for one in services if str(one.id) == service_key), services[0])
        calendar = reading.calendar_of(session, chosen.id)
        probe, probe_errors = _probe(calendar, day_text, time_text, clock)
        context: dict[str, Any] = {
            "services": services,
            "chosen": chosen,
            "calendar": calendar,
            "version": attempt.version or reading.version_of(session, chosen.id),
            "weeks": reading.hours_rows(session, chosen.id),
            "special": [row for row in reading.day_rows(session, chosen.id) if row.day >= clock.today],
            "history": changing.history(session, chosen.id),
            "unknown_year": years.unknown_year(calendar, clock.today),
            "confirmed": [row for row in _confirmed(session, clock) if row],
            "probe": probe,
            "heard": _heard(session, chosen, calendar, probe),
        }
    meant = read_date(day_text) or read_date(attempt.values.get("first", ""))
    if not month_key and meant:
        month_key = f"{meant:%Y-%m}"
    context |= {
        "month": month_of(calendar, month_key, clock.today),
        "probe_errors": probe_errors,
        "probe_typed": {"day": day_text, "time": time_text},
        "tomorrow": (clock.today + timedelta(days=1)).isoformat(),
        "week_now": calendar.week_on(clock.today) if calendar.weeks else None,
        "attempt": attempt,
        "legend": LEGEND,
        "state_classes": STATE_CLASSES,
        "words": words,
        "local": local,
    }
    status = 422 if probe_errors else attempt.status
    return page(request, visitor, "calendar.html", status=status, clock=clock, **context)


def _probe(calendar: ServiceCalendar, day_text: str, time_text: str, clock: Clock) -> tuple[Probe, dict[str, str]]:
    """The instant that was asked about, or now; a sentence for each part that cannot be read."""
    now = datetime.now(UTC).astimezone(calendar.zone)
    day = read_date(day_text) if day_text else now.date()
    minute = read_time(time_text) if time_text else (time(9) if day_text else now.time().replace(second=0))
    errors = {}
    if day is None or not is_near(day, clock.today):
        errors["day"] = "Нужна дата не дальше пяти лет, например 31.12.2026."
    if minute is None:
        errors["time"] = "Нужно время, например 12:30."
    if day is None or minute is None or errors:
        return probe_at(calendar, now.date(), now.time()), errors
    return probe_at(calendar, day, minute), {}


def _heard(session: Session, service: Service, calendar: ServiceCalendar, probe: Probe) -> str:
    """The words that the exchange says in this state (domain.md §9.2 S-1, S-4)."""
    notice = notice_of(session, service.id)
    texts = worded(session, service.id)
    voice = spoken_of(service, voice_of(session, service.id), calendar, probe.day.day, notice=notice, texts=texts)
    return spoken(probe.moment.state, voice, probe.moment)


def _confirmed(session: Session, clock: Clock) -> list[Any]:
    return [reading.year_row(session, clock.today.year + ahead) for ahead in range(3)]
