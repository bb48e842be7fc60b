"""The words in which free times are read out and the new time is repeated (pieces `moved_offer`, `moved`)."""

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from callflow.speech.dates import at_time, on_day
from callflow.speech.templates import fill
from crm.institution import Service
from crm.speech import texts
from crm.speech.values import common


def when(starts_at: datetime, zone: ZoneInfo, at: datetime) -> tuple[str, str]:
    """«в четверг, двадцать шестого ноября» and «в четырнадцать часов тридцать минут», in the institution's zone."""
    local = starts_at.astimezone(zone)
    return on_day(local.date(), at.astimezone(zone).date()), at_time(local.hour * 60 + local.minute)


def offered(session: Session, service_id: int, times: Sequence[datetime], at: datetime) -> str:
    """The question which of these times suits: one or two. Raises `templates.Unresolved`."""
    service = session.get_one(Service, service_id)
    zone = ZoneInfo(service.institution.timezone)
    values = common(session, service, at)
    for name, one in zip(("первое", "второе"), times, strict=False):
        values[name] = ", ".join(when(one, zone, at))
    piece = "moved_offer" if len(times) > 1 else "moved_offer_one"
    return fill(texts.current(session, service_id, piece).text, values)


def moved(session: Session, service_id: int, starts_at: datetime, room: str, at: datetime) -> str:
    """«Ваша запись перенесена: …». Raises `templates.Unresolved`."""
    service = session.get_one(Service, service_id)
    day, time = when(starts_at, ZoneInfo(service.institution.timezone), at)
    values = {**common(session, service, at), "день": day, "время": time, "адрес": service.institution.address}
    values["кабинет"] = f"кабинет {room}" if room else ""
    return fill(texts.current(session, service_id, "moved").text, values)
