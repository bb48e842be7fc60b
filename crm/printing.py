"""Printing as the audit log knows it: who put what on paper (domain.md §4.3 «РСБ»).

The browser prints; what it shows was checked when it was shown, and is checked once more here, so that the log names
only what this person could see.
"""

from datetime import datetime

from sqlalchemy.orm import Session

from crm import families, journal
from crm.audit import Actor, write
from crm.base import fetch
from crm.consents.tables import Consent, DestructionAct
from crm.errors import NotFound
from crm.staff import Employee

OF_ONE_FAMILY = ("family", "journal_entry", "consent", "destruction_act")
LISTS = ("journal", "registry", "report", "service_report", "audit", "upkeep", "appointments", "handover")
SUBJECTS = OF_ONE_FAMILY + LISTS
"""What can be printed: a paper about one family, or a list (`subject_id` then 0 or the report's number)."""


def printed(session: Session, subject: str, subject_id: int, employee: Employee, at: datetime, *, ip: str = "") -> None:
    """Log that `employee` prints this. Raises NotFound for what is not there or not for this person's eyes."""
    if subject not in SUBJECTS:
        raise NotFound("Такого документа нет.")
    family_id = _family_of(session, subject, subject_id, employee) if subject in OF_ONE_FAMILY else None
    write(
        session,
        Actor.of(employee, ip),
        "page.print",
        subject=subject,
        subject_id=subject_id or "",
        family_id=family_id,
        at=at,
    )


def _family_of(session: Session, subject: str, subject_id: int, employee: Employee) -> int | None:
    if subject == "journal_entry":
        return journal.fetch_entry(session, subject_id, employee).family_id
    if subject == "family":
        family_id: int | None = subject_id
    elif subject == "consent":
        consent = fetch(session, Consent, subject_id)
        family_id = consent.family_id if consent else None
    else:
        act = fetch(session, DestructionAct, subject_id)
        family_id = act.family_id if act else None
    return families.fetch_family(session, family_id or 0, employee).id
