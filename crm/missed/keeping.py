"""Who keeps a promise to call back: the one who gave it, as long as she is there (`promise_rules`)."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from crm.missed.promise_rules import is_hers
from crm.missed.tables import MissedCall
from crm.presence import Presence, PresenceState
from crm.specialists import absences
from crm.staff import Employee


def keeper_of(session: Session, row: MissedCall, at: datetime) -> Employee | None:
    """Whom the row waits for; None where anybody calls back."""
    return keepers(session, [row], at).get(row.id)


def keepers(session: Session, found: Iterable[MissedCall], at: datetime) -> dict[int, Employee]:
    """As `keeper_of`, for many rows at once, by the row's id."""
    promised = [
        (row.id, row.owner_id, row.promised_for)
        for row in found
        if row.owner_id is not None and row.promised_for is not None and row.closed_at is None
    ]
    if not promised:
        return {}
    ids = {owner_id for _, owner_id, _ in promised}
    people = {one.id: one for one in session.scalars(select(Employee).where(Employee.id.in_(ids)))}
    states = select(Presence.employee_id, Presence.state).where(Presence.employee_id.in_(ids))
    on_line = {who for who, state in session.execute(states) if state != PresenceState.OFFLINE.value}
    last = max(at, *(promised_for for _, _, promised_for in promised)) + timedelta(seconds=1)
    away = absences.within(session, ids, at, last)
    kept = {}
    for row_id, owner_id, promised_for in promised:
        then = max(at, promised_for)
        absent = any(one.employee_id == owner_id and one.since <= then < one.until for one in away)
        owner = people[owner_id]
        if is_hers(promised_for, at, works_here=owner.active, absent=absent, off_line=owner_id not in on_line):
            kept[row_id] = owner
    return kept
