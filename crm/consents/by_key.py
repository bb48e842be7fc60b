"""The consent to automatic calls ends by key 9, with the attempt as the proof (152-ФЗ art. 9; domain.md §3.2).

Nobody of the office does it, so no employee stands in the row.
"""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from crm.audit import Actor, write
from crm.base import fetch
from crm.cards import changes
from crm.consents import rules
from crm.consents.tables import Consent
from crm.family_tables import Family, Person

ROBOT = "робот"
PURPOSE = "auto_calls"


def withdraw(session: Session, person_id: int, attempt_id: str, at: datetime) -> int:
    """End this person's consent to automatic calls and take the robot from his numbers; return how many rows ended.

    Ended already, or never given: the numbers are closed all the same. The card is locked first, as every change does.
    """
    known = fetch(session, Person, person_id)
    family = fetch(session, Family, known.family_id, lock=True) if known is not None and known.family_id else None
    person = fetch(session, Person, person_id, lock=True)
    if person is None or family is None:
        return 0
    given = select(Consent).where(
        Consent.person_id == person_id,
        Consent.purpose == PURPOSE,
        Consent.given.is_(True),
        Consent.withdrawn_at.is_(None),
    )
    ended = list(session.scalars(given.with_for_update()))
    for row in ended:
        row.withdrawn_at, row.withdrawn_on = at, rules.local_date(session, at)
        row.withdrawn_how = f"клавишей 9 в автоматическом звонке {attempt_id}"
        write(
            session,
            Actor(None, ROBOT),
            "consent.withdraw",
            subject="person",
            subject_id=person_id,
            family_id=family.id,
            details={"purpose": PURPOSE, "form": row.form, "text": row.text_id, "attempt": attempt_id},
            at=at,
        )
    for phone in person.phones:
        if phone.robot_allowed:
            phone.robot_allowed = False
            before, after = {"robot_allowed": True}, {"robot_allowed": False}
            changes.note(session, family, "phone", phone.id, before, after, None, at, actor=Actor(None, ROBOT))
    session.flush()
    return len(ended)
