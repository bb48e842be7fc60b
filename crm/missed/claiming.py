"""«Я перезваниваю»: one person at a time, seen by the others at once, never for ever (anchors.md complaints 5, 23)."""

from datetime import datetime

from sqlalchemy.orm import Session

from callflow.text import clean_line
from crm.audit import Actor, write
from crm.errors import RecordsError
from crm.missed.access import fetch_row
from crm.missed.clock import terms_of
from crm.missed.keeping import keeper_of
from crm.missed.rules import TAKEN_OVER, claim_holds
from crm.missed.tables import MissedAttempt, MissedCall
from crm.presence import Presence, PresenceState
from crm.staff import Employee


class Claimed(RecordsError):
    """Somebody else is calling back just now, or has promised to; whoever must all the same takes over with a reason.

    `why_not`: the sentence without what to do.
    """

    def __init__(self, holder: str, *, promised: bool = False) -> None:
        self.why_not = f"Перезвонить обещает {holder}" if promised else f"Уже перезванивает {holder}"
        super().__init__(f"{self.why_not} Можно взять себе, указав причину.")
        self.holder = holder


def claim(
    session: Session, missed_id: int, employee: Employee, at: datetime, *, reason: str = "", ip: str = ""
) -> MissedCall:
    """Take the row for oneself; `reason` takes it from a colleague. Again by the same person: the time starts anew.

    Raises NotFound, Claimed, and RecordsError where the row is closed.
    """
    row = fetch_row(session, missed_id, employee, lock=True)
    if row.closed_at is not None:
        raise RecordsError("Строка уже закрыта: перезванивать не нужно. Обновите список.")
    holder = holder_of(session, row, at)
    other = holder or keeper_of(session, row, at)
    taken = other is not None and other.id != employee.id
    why = clean_line(reason, 200)
    if other is not None and taken and not why:
        raise Claimed(other.short_name, promised=holder is None)
    if holder is None or taken:
        row.claimed_by_id = employee.id
        row.version += 1
        details: dict[str, object] = {"from": other.id} if other is not None and taken else {}
        if taken:
            row.owner_id = employee.id if row.owner_id is not None else None
            story = MissedAttempt(missed_id=row.id, employee_id=employee.id, at=at, result=TAKEN_OVER, note=why)
            session.add(story)
        _audit(session, row, "missed.take_over" if taken else "missed.claim", details, employee, at, ip)
    row.claimed_at = at
    session.flush()
    return row


def release(session: Session, missed_id: int, employee: Employee, at: datetime, *, ip: str = "") -> MissedCall:
    """Give the row back; nothing happens where it is not one's own. Raises NotFound."""
    row = fetch_row(session, missed_id, employee, lock=True)
    if row.claimed_by_id == employee.id:
        row.claimed_by_id, row.claimed_at = None, None
        row.version += 1
        _audit(session, row, "missed.release", {}, employee, at, ip)
        session.flush()
    return row


def holder_of(session: Session, row: MissedCall, at: datetime) -> Employee | None:
    """Who is calling back now; None where nobody claimed it or the claim has run out."""
    if row.claimed_by_id is None:
        return None
    presence = session.get(Presence, row.claimed_by_id)
    away_since = presence.since if presence is not None and presence.state == PresenceState.OFFLINE else None
    if not claim_holds(row.claimed_at, away_since, at, terms_of(session, row.service_id).claim_minutes):
        return None
    return session.get(Employee, row.claimed_by_id)


def refuse_if_claimed(session: Session, row: MissedCall, employee: Employee, at: datetime) -> None:
    """Raise Claimed where somebody else is calling back just now, or keeps a promise to."""
    holder = holder_of(session, row, at)
    other = holder or keeper_of(session, row, at)
    if other is not None and other.id != employee.id:
        raise Claimed(other.short_name, promised=holder is None)


def _audit(  # noqa: PLR0917 - who, what, when: as in every verb
    session: Session,
    row: MissedCall,
    action: str,
    details: dict[str, object],
    employee: Employee,
    at: datetime,
    ip: str,
) -> None:
    actor = Actor.of(employee, ip)
    write(session, actor, action, subject="missed", subject_id=row.id, family_id=row.family_id, details=details, at=at)
