"""The specialists as a dispatcher sees them this minute: who, about what, behind which number, free or not (A-24)."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from callflow.call import LegState
from callflow.text import search_key
from crm.appointments import timetable
from crm.appointments.timetable import Known
from crm.call_tables import CallLegRecord, CallRecord
from crm.institution import Institution
from crm.presence import Presence
from crm.specialists import absences
from crm.specialists.presence_words import Away, Device, Facts, Own, Said, State, say
from crm.specialists.tables import Absence, DeviceState, Specialist
from crm.staff import Employee, EmployeeService, Extension, Role


@dataclass(frozen=True)
class SpecialistLine:
    """One specialist on the screen. `state`: see `presence_words.State`; `until` (UTC) until when it holds, if known.

    `outside_number` is E.164 or ''; `substitute` serves in his place while he is absent; `hours`: his
    timetable, if he has one.
    """

    employee: Employee
    extension: str | None
    outside_number: str
    state: str
    words: str
    until: datetime | None
    advises_on: str
    substitute: Employee | None
    service_ids: frozenset[int] = field(default_factory=frozenset)
    phone_off: bool = False
    hours: Known | None = None

    @property
    def is_free(self) -> bool:
        """Whether connecting makes sense now."""
        return self.state == State.FREE.value

    @property
    def rings(self) -> bool:
        """Whether any telephone would ring: his own that is on, or the number in town."""
        return bool((self.extension and not self.phone_off) or self.outside_number)


def specialists(session: Session, viewer: Employee, at: datetime) -> list[SpecialistLine]:
    """Return every active specialist but the viewer himself: those of the viewer's services first, then by surname."""
    own = set(session.scalars(select(EmployeeService.service_id).where(EmployeeService.employee_id == viewer.id)))
    found = [one for one in lines(session, at) if one.employee.id != viewer.id]
    return sorted(found, key=lambda one: not (own & one.service_ids)) if own else found


def lines(session: Session, at: datetime, *, only: int | None = None) -> list[SpecialistLine]:
    """Every active specialist by surname; with `only` this one, if he is one."""
    statement = select(Employee).where(Employee.active, Employee.role == Role.SPECIALIST.value)
    if only is not None:
        statement = statement.where(Employee.id == only)
    people = session.scalars(statement.order_by(Employee.surname, Employee.name, Employee.id)).all()
    ids = [one.id for one in people]
    zone = zone_of(session)
    extensions, settings, services = _extensions(session, ids), _settings(session, ids), _services(session, ids)
    devices, talking = _devices(session, extensions.values()), _talking(session, ids)
    presences = {one.employee_id: one for one in session.scalars(select(Presence).where(Presence.employee_id.in_(ids)))}
    hours = timetable.known_of(session, ids)
    away, substitutes = absences.away_at(session, ids, at), absences.substitutes_now(session, at)
    shown = []
    for one in people:
        number, outside = extensions.get(one.id), settings[one.id].outside_number if one.id in settings else ""
        substitute = substitutes.get(one.id)
        facts = Facts(
            own=_own(presences.get(one.id)),
            device=devices.get(number or ""),
            talks=one.id in talking,
            away=_away(away.get(one.id), substitute),
            works=_works(hours.get(one.id), at),
            has_outside_number=bool(outside),
        )
        said = say(facts, at.astimezone(zone))
        shown.append(
            _line(one, number, outside, said, substitute, services.get(one.id, frozenset()), hours.get(one.id))
        )
    return shown


def matching(found: Sequence[SpecialistLine], words: str) -> list[SpecialistLine]:
    """Those who advise on all these words («пособия»), by topic, position or name; every word may be unfinished."""
    wanted = search_key(words).split()
    return [one for one in found if all(word in search_key(_searched(one)) for word in wanted)]


def zone_of(session: Session) -> tzinfo:
    """The institution's zone."""
    name = session.scalars(select(Institution.timezone).order_by(Institution.id)).first()
    return ZoneInfo(name or "Europe/Moscow")


def _searched(one: SpecialistLine) -> str:
    return f"{one.advises_on} {one.employee.position} {one.employee.full_name}"


def _line(  # noqa: PLR0917 - what is known of one person
    one: Employee,
    number: str | None,
    outside: str,
    said: Said,
    substitute: Employee | None,
    services: frozenset[int],
    hours: Known | None,
) -> SpecialistLine:
    absent = said.state in (State.ABSENT, State.OUT)
    return SpecialistLine(
        employee=one,
        extension=number,
        outside_number=outside,
        state=said.state.value,
        words=said.words,
        until=said.until,
        advises_on=one.advises_on,
        substitute=substitute if absent else None,
        service_ids=services,
        phone_off=said.phone_off,
        hours=hours,
    )


def _own(row: Presence | None) -> Own | None:
    return Own(row.state, row.reason, row.since) if row is not None else None


def _away(row: Absence | None, substitute: Employee | None) -> Away | None:
    if row is None:
        return None
    return Away(row.kind, row.until, row.entered_at, substitute.short_name if substitute else "")


def _works(hours: Known | None, at: datetime) -> tuple[bool, datetime | None] | None:
    """Whether he receives by his timetable; None where nothing is known: no timetable, or no hours for a fortnight."""
    works = timetable.works(hours, at)
    return None if works == (False, None) else works


def _extensions(session: Session, ids: Collection[int]) -> dict[int, str]:
    rows = select(Extension.employee_id, Extension.number).where(Extension.employee_id.in_(ids))
    numbers: dict[int, str] = {}
    for employee_id, number in session.execute(rows.order_by(Extension.number)):
        if employee_id is not None:
            numbers.setdefault(employee_id, number)
    return numbers


def _settings(session: Session, ids: Collection[int]) -> dict[int, Specialist]:
    return {one.employee_id: one for one in session.scalars(select(Specialist).where(Specialist.employee_id.in_(ids)))}


def _services(session: Session, ids: Collection[int]) -> dict[int, frozenset[int]]:
    rows = select(EmployeeService.employee_id, EmployeeService.service_id).where(EmployeeService.employee_id.in_(ids))
    found: dict[int, frozenset[int]] = {}
    for employee_id, service_id in session.execute(rows):
        found[employee_id] = found.get(employee_id, frozenset()) | {service_id}
    return found


def _devices(session: Session, numbers: Collection[str]) -> dict[str, Device]:
    rows = session.scalars(select(DeviceState).where(DeviceState.extension.in_(list(numbers))))
    return {one.extension: Device(one.state) for one in rows}


def _talking(session: Session, ids: Collection[int]) -> set[int]:
    """Those whose telephone is in one of our calls: known even where the exchange says nothing of their devices."""
    legs = select(CallLegRecord.employee_id).join(CallRecord, CallRecord.id == CallLegRecord.call_id)
    legs = legs.where(CallLegRecord.employee_id.in_(ids), CallLegRecord.state == LegState.TALKING.value)
    live = legs.where(CallLegRecord.ended_at.is_(None), CallRecord.ended_at.is_(None))
    return {one for one in session.scalars(live) if one is not None}
