"""The pass of a monitor on the wall: it opens the board of these services and nothing else.

Nobody is signed in at a monitor that everybody walks past: the head's own session would end there after half an hour of
nobody's work, as it must, or give the families' cards to whoever finds a keyboard. So the head makes a pass for that
browser: no person, no families, figures only. It ends by itself after three months, or at once when it is withdrawn.
"""

import secrets
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from hashlib import sha256

from sqlalchemy import select
from sqlalchemy.orm import Session

from callflow.text import clean_line
from crm.audit import Actor, write
from crm.base import fetch
from crm.errors import NotFound
from crm.service_report.tables import WallPass
from crm.staff import Employee

LASTS = timedelta(days=90)


def issue(
    session: Session, service_ids: Collection[int], title: str, employee: Employee, at: datetime, *, ip: str = ""
) -> str:
    """Make a pass and return its secret, which is stored nowhere."""
    token = secrets.token_urlsafe(32)
    row = WallPass(
        token_hash=_hash(token),
        service_ids=sorted(service_ids),
        title=clean_line(title, 80),
        issued_by_id=employee.id,
        issued_at=at,
        expires_at=at + LASTS,
    )
    session.add(row)
    session.flush()
    write(session, Actor.of(employee, ip), "wall.issue", subject="wall_pass", subject_id=row.id, at=at)
    return token


def opened_by(session: Session, token: str, at: datetime) -> Sequence[int] | None:
    """Return the services that this secret may show; None for one that is unknown, too old, or withdrawn."""
    if not 20 <= len(token) <= 100:
        return None
    row = session.scalars(select(WallPass).where(WallPass.token_hash == _hash(token))).one_or_none()
    if row is None or row.withdrawn_at is not None or row.expires_at <= at:
        return None
    return list(row.service_ids)


def withdraw(session: Session, pass_id: int, employee: Employee, at: datetime, *, ip: str = "") -> None:
    """The monitor shows nothing from now on; a second time changes nothing. Raises NotFound."""
    row = fetch(session, WallPass, pass_id, lock=True)
    if row is None:
        raise NotFound("Такого монитора нет.")
    if row.withdrawn_at is None:
        row.withdrawn_at, row.withdrawn_by_id = at, employee.id
        write(session, Actor.of(employee, ip), "wall.withdraw", subject="wall_pass", subject_id=row.id, at=at)
        session.flush()


def standing(session: Session, at: datetime) -> Sequence[WallPass]:
    """Return the passes that open something, the newest first."""
    statement = select(WallPass).where(WallPass.withdrawn_at.is_(None), WallPass.expires_at > at)
    return session.scalars(statement.order_by(WallPass.id.desc())).all()


def _hash(token: str) -> str:
    return sha256(token.encode()).hexdigest()
