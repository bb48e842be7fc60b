"""Who is rung first on a line that somebody is assigned to (B-3): the assigned, the substitute, then the others.

A line without assignments rings as its service does. The order is part of the name of the line's queue: a running
Asterisk keeps the places of a queue's members for good, whatever a reload says, but it makes a new queue at once.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from crm import institution, staff
from crm.institution import LINE_QUEUE, Line
from crm.lines import assignments
from crm.lines.tables import MAIN
from crm.specialists import absences


@dataclass(frozen=True)
class RingOrder:
    """The queue of one line and the inner numbers it rings, in this order."""

    line_id: int
    queue: str
    extensions: tuple[str, ...]


def orders(session: Session, at: datetime) -> dict[int, RingOrder]:
    """The lines that have a ring order of their own at `at`, by line id."""
    found: dict[int, RingOrder] = {}
    for line in institution.active_lines(session):
        day = at.astimezone(ZoneInfo(line.service.institution.timezone)).date()
        holding = assignments.holding(session, line.id, day)
        if not holding:
            continue
        people = {one.employee_id: one.part for one in holding}
        phones = {employee.id: number.number for employee, number in staff.active_extensions(session)}
        away = set(absences.away_at(session, list(people), at))
        others = [(number.number, penalty) for _, number, penalty in staff.operators(session, line.service_id)]
        instead = [one.id for who in people if who in away and (one := absences.substitute_of(session, who, at))]
        extensions = ring_order(people, phones, away, others, instead)
        if extensions:
            found[line.id] = RingOrder(line.id, queue_name(line, extensions), extensions)
    return found


def ring_order(
    assigned: Mapping[int, str],
    phones: Mapping[int, str],
    away: Collection[int],
    others: Sequence[tuple[str, int]],
    instead: Sequence[int] = (),
) -> tuple[str, ...]:
    """Inner numbers, each once: those assigned, the line's substitutes, who stands in for an absent one (`instead`),
    the service's others by their penalty; who is away comes last, for he may have come back sooner. Pure.

    `assigned` is employee → "main" or "substitute" in the order of assignment, `phones` employee → inner number.
    """
    present = [one for one in assigned if one in phones and one not in away]
    first = sorted(present, key=lambda one: assigned[one] != MAIN)
    last = [phones[one] for one in assigned if one in phones and one in away]
    rest = [number for number, _ in sorted(others, key=lambda other: other[1]) if number not in last]
    helping = [phones[one] for one in instead if one in phones and phones[one] not in last]
    return tuple(dict.fromkeys([*(phones[one] for one in first), *helping, *rest, *last]))


def queue_name(line: Line, extensions: Sequence[str]) -> str:
    """The name of the line's queue for this order: «coordinator-line2-1f3a9c»."""
    digest = sha256("-".join(extensions).encode()).hexdigest()[:6]
    return f"{line.service.queue}{LINE_QUEUE}{line.id}-{digest}"
