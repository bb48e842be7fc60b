"""Found families as lines of a list: what may be shown of a card before it is opened, and the search's audit entry."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from callflow.names import full_name
from callflow.phone import normalise
from crm import audit, families
from crm.audit import AuditEvent
from crm.family_tables import Person
from crm.masked import CHILD_RELATIONS, MaskedFamily
from crm.search.families import Found
from web.access import Visitor

TYPING_PAUSE = timedelta(seconds=30)
"""Results while typing are logged once in this time, a submitted search always. By the server's clock: a page cannot
skip it."""


@dataclass(frozen=True)
class Line:
    """One line: the person whom the words name, the masked card, and the applicant where that is somebody else."""

    masked: MaskedFamily
    name: str
    applicant: str = ""
    has_phone: bool = False


def lines(session: Session, found: Iterable[Found], visitor: Visitor) -> list[Line]:
    """Return the lines in their order."""
    shown = []
    for one in found:
        phones = one.person.active_phones
        masked = families.masked(session, one.person, one.family, phones[0].number if phones else "", visitor.employee)
        members = one.family.members if one.family else []
        applicant = next((person for person in members if person.is_applicant), None)
        other = _name(applicant) if applicant is not None and applicant.id != one.person.id else ""
        shown.append(Line(masked, _name(one.person), other, bool(phones)))
    return shown


def callers(session: Session, found: Iterable[Found], visitor: Visitor) -> list[MaskedFamily]:
    """Return who may be calling, masked as the pop is: a card found by a child's name is its applicant's."""
    shown = []
    for one in found:
        person = one.person
        if one.family is not None and person.relation in CHILD_RELATIONS:
            person = next((member for member in one.family.members if member.is_applicant), person)
        shown.append(families.masked(session, person, one.family, "", visitor.employee))
    return shown


def note_search(session: Session, visitor: Visitor, text: str, found: int) -> None:
    """Log a submitted search: by what, how many, never the words."""
    kind = "phone" if normalise(text) else "text"
    audit.write(session, visitor.actor, "family.search", details={"by": kind, "found": found})


def is_typing_noted(session: Session, visitor: Visitor) -> bool:
    """Whether this person's looking has an entry of the last half minute."""
    recent = select(AuditEvent.seq).where(
        AuditEvent.at > datetime.now(UTC) - TYPING_PAUSE,
        AuditEvent.actor_id == visitor.id,
        AuditEvent.action == "family.search",
    )
    return session.scalar(recent.limit(1)) is not None


def note_typing(session: Session, visitor: Visitor) -> None:
    """Log that somebody looks through the results while typing."""
    audit.write(session, visitor.actor, "family.search", details={"by": "typing"})


def _name(person: Person) -> str:
    return full_name(person.surname, person.name, person.patronymic)
