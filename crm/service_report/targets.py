"""What each service promises: read by report and wallboard, set by the head."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime

from sqlalchemy.orm import Session

from callflow.service_level import DEFAULTS, Targets
from crm.audit import Actor, write
from crm.base import fetch
from crm.errors import Incomplete, NotFound, StaleVersion
from crm.institution import Service
from crm.missed.clock import terms_of
from crm.service_report.tables import ServiceTarget
from crm.staff import Employee

LIMITS = {
    "answer_seconds": (5, 600),
    "level_percent": (1, 100),
    "short_seconds": (0, 60),
    "abandoned_percent": (0, 100),
    "missed_percent": (1, 100),
    "queue_yellow": (1, 100),
    "queue_red": (1, 100),
    "wait_yellow": (5, 3600),
    "wait_red": (5, 3600),
    "wrapup_yellow": (1, 120),
    "wrapup_red": (1, 120),
}
"""What may be set, and between which numbers; the deadline of call-backs is set in `crm.missed.terms`."""


def targets_of(session: Session, service_id: int) -> Targets:
    """Return the service's targets, the usual ones where nobody set others."""
    row = session.get(ServiceTarget, service_id)
    own = {name: getattr(row, name) for name in LIMITS} if row else {}
    return Targets(**{**asdict(DEFAULTS), **own, "missed_minutes": terms_of(session, service_id).minutes})


def version_of(session: Session, service_id: int) -> int:
    """Return the version that a form must send back; 0 before the first change."""
    row = session.get(ServiceTarget, service_id)
    return row.version if row else 0


def set_targets(  # noqa: PLR0917 - whose, what, who, when: as in every verb
    session: Session,
    service_id: int,
    values: Mapping[str, int],
    version: int,
    employee: Employee,
    at: datetime,
    *,
    ip: str = "",
) -> Targets:
    """Set the targets of one service. Raises NotFound, Incomplete by field, StaleVersion."""
    if fetch(session, Service, service_id) is None:
        raise NotFound("Такой службы нет.")
    problems = {
        name: f"От {low} до {high}."
        for name, (low, high) in LIMITS.items()
        if not low <= values.get(name, low - 1) <= high
    }
    for name in ("queue", "wait", "wrapup"):
        if not problems and values[f"{name}_red"] < values[f"{name}_yellow"]:
            problems[f"{name}_red"] = "«Срочно» не может наступать раньше, чем «внимание»."
    if problems:
        raise Incomplete(problems)
    row = session.get(ServiceTarget, service_id, with_for_update=True, populate_existing=True)
    if (row.version if row else 0) != version:
        current = {name: getattr(row, name) for name in LIMITS} if row else asdict(DEFAULTS)
        raise StaleVersion(current, row.version if row else 0)
    if row is None:
        row = ServiceTarget(service_id=service_id, version=0)
        session.add(row)
    for name in LIMITS:
        setattr(row, name, values[name])
    row.version += 1
    row.changed_at, row.changed_by_id = at, employee.id
    session.flush()
    changed = {name: values[name] for name in LIMITS}
    write(session, Actor.of(employee, ip), "targets.save", subject="service", subject_id=service_id,
          details=changed, at=at)  # fmt: skip
    return targets_of(session, service_id)
