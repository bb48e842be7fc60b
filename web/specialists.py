"""«Специалисты и коллеги» beside a call: who is there, about what, free or not; and their nearest free times."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from callflow.call import LegState
from crm.appointments import slots
from crm.calls import CallLegRecord, CallRecord
from crm.presence import Presence, PresenceState
from crm.specialists import reading
from crm.specialists.absence_rules import TITLES, period_words
from crm.specialists.presence_words import State
from crm.specialists.tables import Absence
from crm.staff import Employee, Extension, Role
from web.access import Visitor
from web.appointments import held_beside

LATE_WRAPUP = timedelta(minutes=3)
"""After this long a wrap-up is called long: softly, to the operator and to the head. It never ends by itself."""

LOOKS = {
    State.FREE.value: ("ok", "circle-check"),
    State.RINGING.value: ("accent", "phone-incoming"),
    State.TALKING.value: ("accent", "phone-call"),
    State.BREAK.value: ("warn", "coffee"),
    State.NO_PHONE.value: ("none", "phone-off"),
    State.OUT.value: ("none", "clock"),
    State.ABSENT.value: ("none", "circle-x"),
    State.UNKNOWN.value: ("none", "circle"),
}
"""Tone and icon of a specialist's state: never the colour alone."""
_COLLEAGUES = (Role.DISPATCHER.value, Role.COORDINATOR.value, Role.HEAD.value)


@dataclass(frozen=True)
class Colleague:
    """A line of «Коллеги»: who, behind which extension, in which state, and whether a wrap-up takes long."""

    employee: Employee
    extension: str | None
    state: str
    words: str
    since: datetime | None
    is_late: bool = False


@dataclass(frozen=True)
class AbsenceLine:
    """One absence as a list shows it. `substitute`, `by`: short names, '' where there is nobody."""

    absence: Absence
    who: Employee
    title: str
    period: str
    substitute: str
    by: str


def absence_lines(session: Session, rows: Sequence[Absence], zone: ZoneInfo) -> list[AbsenceLine]:
    """The absences in words; days are the institution's."""
    ids = {one for row in rows for one in (row.employee_id, row.substitute_id, row.entered_by_id) if one}
    known = {one.id: one for one in session.scalars(select(Employee).where(Employee.id.in_(ids)))}
    return [
        AbsenceLine(
            row,
            known[row.employee_id],
            TITLES[row.kind],
            period_words(row.since.astimezone(zone), row.until.astimezone(zone)),
            known[row.substitute_id].short_name if row.substitute_id else "",
            known[row.entered_by_id].short_name,
        )
        for row in rows
    ]


def people(session: Session, visitor: Visitor, at: datetime) -> dict[str, Any]:
    """What parts/people.html shows."""
    found = reading.specialists(session, visitor.employee, at)
    ids = [one.employee.id for one in found]
    hours = {one.employee.id: one.hours for one in found if one.hours is not None}
    return {
        "specialists": found,
        "looks": LOOKS,
        "slots": slots.nearest(session, ids, at, known=hours),
        "held": held_beside(session, ids, at),
        "people": colleagues(session, visitor, at),
    }


def colleagues(session: Session, visitor: Visitor, at: datetime) -> list[Colleague]:
    """Those who answer calls and their head, in this order; never oneself."""
    rows = session.execute(
        select(Employee, Extension.number, Presence)
        .outerjoin(Extension, Extension.employee_id == Employee.id)
        .outerjoin(Presence, Presence.employee_id == Employee.id)
        .where(Employee.active, Employee.id != visitor.id, Employee.role.in_(_COLLEAGUES))
        .order_by(Employee.surname, Extension.number)
    ).all()
    talking = _talking(session)
    known: dict[int, Colleague] = {}
    for employee, number, presence in rows:
        if employee.id not in known:
            known[employee.id] = _colleague(employee, number, presence, employee.id in talking, at)
    return sorted(known.values(), key=lambda one: (_COLLEAGUES.index(one.employee.role), one.employee.surname))


def _talking(session: Session) -> Sequence[int | None]:
    live = select(CallLegRecord.employee_id).join(CallRecord, CallRecord.id == CallLegRecord.call_id)
    live = live.where(CallLegRecord.state == LegState.TALKING.value, CallLegRecord.ended_at.is_(None))
    return session.scalars(live.where(CallRecord.ended_at.is_(None))).all()


def _colleague(
    employee: Employee, number: str | None, presence: Presence | None, talks: bool, at: datetime
) -> Colleague:
    if talks:
        return Colleague(employee, number, "talking", "говорит", None)
    if presence is None or presence.state == PresenceState.OFFLINE:
        return Colleague(employee, number, "offline", "не на линии", None)
    state = PresenceState(presence.state)
    if state is PresenceState.WRAPUP and at - presence.since >= LATE_WRAPUP:
        return Colleague(employee, number, state.value, "обработка дольше 3 минут", presence.since, is_late=True)
    # «готов» would have to agree with the person's gender, which nobody asked for.
    words = presence.reason or ("на линии" if state is PresenceState.READY else state.title)
    return Colleague(employee, number, state.value, words, presence.since)
