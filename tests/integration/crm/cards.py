"""Words of the stories about cards: a family by its number, its people by name, whoever is at work."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from crm.audit import AuditEvent
from crm.cards.tables import CardChange
from crm.consents.tables import WRITTEN, Consent, ConsentText
from crm.family_tables import Family, Person
from crm.staff import Employee
from tests.integration.crm.scenario import NOON

TODAY = NOON.date()


def employee(session: Session, login: str = "lavrova") -> Employee:
    return session.scalars(select(Employee).where(Employee.login == login)).one()


def family(session: Session, number: int) -> Family:
    return session.scalars(select(Family).where(Family.card_number == f"С-{number:05d}")).one()


def person(session: Session, number: int, name: str) -> Person:
    return next(one for one in family(session, number).people if one.name == name)


def changes(session: Session, family_id: int) -> list[tuple[str, str, str, str]]:
    rows = session.scalars(select(CardChange).where(CardChange.family_id == family_id).order_by(CardChange.id))
    return [(row.subject, row.field, row.old, row.new) for row in rows]


def audited(session: Session) -> list[AuditEvent]:
    return list(session.scalars(select(AuditEvent).order_by(AuditEvent.seq)))


def agree(
    session: Session,
    whom: Person,
    purpose: str,
    *,
    form: str = WRITTEN,
    representative: str = "",
    valid_until: date | None = None,
    at: datetime = NOON - timedelta(days=1),
) -> Consent:
    """A consent as `crm.consents.giving` would keep it."""
    text = session.scalars(select(ConsentText).where(ConsentText.purpose == purpose)).first()
    assert text is not None
    assert whom.family_id is not None
    consent = Consent(
        family_id=whom.family_id,
        person_id=whom.id,
        purpose=purpose,
        given=True,
        form=form,
        text_id=text.id,
        document="№ 1" if form == WRITTEN else "",
        signed_on=at.date() if form == WRITTEN else None,
        representative=representative,
        valid_until=valid_until,
        taken_by_id=employee(session).id,
        at=at,
    )
    session.add(consent)
    session.flush()
    return consent
