"""How soon a service calls back, set by the head."""

from datetime import datetime

from sqlalchemy.orm import Session

from crm.audit import Actor, write
from crm.base import fetch
from crm.errors import Incomplete, NotFound
from crm.institution import Service
from crm.missed.clock import set_clocks_again
from crm.missed.tables import MissedSetting
from crm.staff import Employee

MINUTES = range(5, 481)
CLAIM_MINUTES = range(5, 121)


def set_terms(  # noqa: PLR0917 - whose, what, who, when: as in every verb
    session: Session,
    service_id: int,
    minutes: int,
    claim_minutes: int,
    employee: Employee,
    at: datetime,
    *,
    ip: str = "",
) -> None:
    """Set the working minutes for a call-back and how long a claim holds; open rows follow at once.

    Raises Incomplete by field, NotFound for no service.
    """
    if fetch(session, Service, service_id) is None:
        raise NotFound("Такой службы нет.")
    problems = {}
    if minutes not in MINUTES:
        problems["minutes"] = "От 5 до 480 минут."
    if claim_minutes not in CLAIM_MINUTES:
        problems["claim_minutes"] = "От 5 до 120 минут."
    if problems:
        raise Incomplete(problems)
    row = session.get(MissedSetting, service_id, with_for_update=True)
    if row is None:
        row = MissedSetting(service_id=service_id)
        session.add(row)
    row.minutes, row.claim_minutes = minutes, claim_minutes
    session.flush()
    set_clocks_again(session)
    details = {"service": service_id, "minutes": minutes, "claim_minutes": claim_minutes}
    actor = Actor.of(employee, ip)
    write(session, actor, "missed.terms", subject="service", subject_id=service_id, details=details, at=at)
