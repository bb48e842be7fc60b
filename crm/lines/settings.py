"""What callers of a service hear and may choose: read by the exchange's plan and the prompts, changed by the head."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from datetime import date, datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from callflow.greetings import Spoken
from callflow.text import clean_line, clean_text
from crm import audit, exchange_state, staff
from crm.errors import Incomplete, NotFound, StaleVersion
from crm.institution import Service
from crm.lines.tables import ServiceVoice
from crm.staff import Employee
from crm.upsert import insert_missing

if TYPE_CHECKING:
    from callflow.calendar import ServiceCalendar

LIMITS: Mapping[str, tuple[int, int]] = {
    "announce_seconds": (20, 600),
    "voicemail_seconds": (20, 300),
    "voicemail_silence": (2, 30),
    "overflow_seconds": (0, 3600),
}
SHORTEST_OVERFLOW = 30
LONGEST_TEXT = 600


@dataclass(frozen=True)
class VoiceSettings:
    """One service's settings, with the defaults where nobody set any. Seconds; `overflow_seconds` 0: never."""

    spoken_name: str = ""
    spoken_institution: str = ""
    greeting_on: bool = True
    greeting: str = ""
    position_on: bool = True
    announce_seconds: int = 45
    callback_on: bool = True
    voicemail_on: bool = True
    voicemail_seconds: int = 120
    voicemail_silence: int = 6
    overflow_seconds: int = 0
    overflow_to_id: int | None = None
    version: int = 0


def voice_of(session: Session, service_id: int) -> VoiceSettings:
    """The settings of this service; the defaults where there is no row yet (`version` 0)."""
    row = session.get(ServiceVoice, service_id, populate_existing=True)
    if row is None:
        return VoiceSettings()
    return VoiceSettings(**{one.name: getattr(row, one.name) for one in fields(VoiceSettings)})


def change(
    session: Session,
    service: Service,
    values: Mapping[str, Any],
    employee: Employee,
    at: datetime,
    *,
    version: int,
    ip: str = "",
) -> VoiceSettings:
    """Store new settings of a service and ask for a new rendering; the head's business.

    The same values again write nothing. Raises Incomplete with a sentence per field, StaleVersion if somebody else
    changed them since `version`, NotFound for a substitute who may not stand in.
    """
    insert_missing(session, ServiceVoice, {"service_id": service.id, **_first_values()}, ["service_id"])
    before = voice_of(session, service.id)
    wanted = VoiceSettings(**{**asdict(before), **_cleaned(values)})
    if wanted == before:
        return before
    errors = _errors(wanted)
    if errors:
        raise Incomplete(errors)
    if wanted.overflow_to_id is not None and wanted.overflow_to_id not in substitutes(session):
        raise NotFound("Такого сотрудника с телефоном нет. Выберите из списка.")
    new = {name: value for name, value in asdict(wanted).items() if name != "version"}
    statement = update(ServiceVoice).where(ServiceVoice.service_id == service.id, ServiceVoice.version == version)
    changed = session.execute(statement.values(**new, version=version + 1).returning(ServiceVoice.version))
    if changed.scalar_one_or_none() is None:
        raise StaleVersion(asdict(before), before.version)
    named = sorted(name for name, value in new.items() if value != getattr(before, name))
    audit.write(
        session,
        audit.Actor.of(employee, ip),
        "line.voice",
        subject="service",
        subject_id=service.id,
        details={"fields": named},
        at=at,
    )
    exchange_state.touch(session)
    return voice_of(session, service.id)


def substitutes(session: Session) -> dict[int, tuple[Employee, str]]:
    """Who may take calls over: everybody with an inner number, by employee id, with that number."""
    return {employee.id: (employee, extension.number) for employee, extension in staff.active_extensions(session)}


def spoken_of(
    service: Service,
    voice: VoiceSettings,
    calendar: ServiceCalendar,
    today: date,
    *,
    notice: str = "",
    texts: Mapping[str, str] | None = None,
) -> Spoken:
    """The service as its callers hear of it. `notice` is the sentence on recording, "" while nothing is recorded;
    `texts` the pieces that the head has worded anew (`crm.speech.texts.worded`)."""
    return Spoken(
        named=voice.spoken_name or f"в службу «{service.name}»",
        institution=voice.spoken_institution or service.institution.short_name,
        zone=ZoneInfo(service.institution.timezone),
        week=_week(calendar, today),
        callback=voice.callback_on,
        voicemail=voice.voicemail_on,
        position=voice.position_on,
        notice=notice,
        greeting=voice.greeting,
        texts=texts or {},
    )


def service_of(session: Session, service_id: int) -> Service:
    """The service, or NotFound."""
    found = session.scalars(select(Service).where(Service.id == service_id)).one_or_none()
    if found is None:
        raise NotFound
    return found


def _week(calendar: ServiceCalendar, today: date) -> tuple[tuple[Any, ...], ...]:
    """The hours that hold today, Monday first; nothing where the service never closes."""
    holding = [week for week in calendar.weeks if week.starts_on <= today] or list(calendar.weeks[:1])
    return holding[-1].days if holding else ()


def _first_values() -> dict[str, Any]:
    return {name: value for name, value in asdict(VoiceSettings()).items() if name != "version"} | {"version": 0}


def _cleaned(values: Mapping[str, Any]) -> dict[str, Any]:
    clean = dict(values)
    for name in ("spoken_name", "spoken_institution"):
        if name in clean:
            clean[name] = clean_line(clean[name], limit=200)
    if "greeting" in clean:
        clean["greeting"] = clean_text(clean["greeting"], limit=LONGEST_TEXT)
    return clean


def _errors(wanted: VoiceSettings) -> dict[str, str]:
    errors = {
        name: f"От {low} до {high} секунд."
        for name, (low, high) in LIMITS.items()
        if not low <= getattr(wanted, name) <= high
    }
    if 0 < wanted.overflow_seconds < SHORTEST_OVERFLOW:
        errors["overflow_seconds"] = f"Не меньше {SHORTEST_OVERFLOW} секунд; 0 – ждать можно сколько угодно."
    return errors
