"""Who is not called, with the proof of it: «не звоните мне роботом», a number that does not exist, a stranger's number.

A refusal holds from its commit on, for every task that waits: the rules ask here at the moment of every order.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session

from callflow.text import clean_line
from crm.audit import Actor, write
from crm.base import fetch
from crm.dialler.tables import CallRefusal, NumberMark
from crm.errors import Incomplete, NotFound
from crm.staff import Employee

ROBOT, ALL = "robot", "all"
BAD, WRONG_PERSON = "bad", "wrong_person"
SOURCES = {"key": "клавишей в разговоре с роботом", "talk": "в разговоре", "letter": "письменно"}


@dataclass(frozen=True)
class Known:
    """What stands against calling a number."""

    robot: bool = False
    everything: bool = False
    bad: bool = False
    wrong_person: bool = False


def of(session: Session, number: str, person_id: int | None) -> Known:
    """What stands against calling this person at this number."""
    whose: ColumnElement[bool] = CallRefusal.person_id.is_(None)
    if person_id is not None:
        whose = or_(whose, CallRefusal.person_id == person_id)
    scopes = set(
        session.scalars(
            select(CallRefusal.scope).where(CallRefusal.number == number, CallRefusal.ended_at.is_(None), whose)
        )
    )
    marks = session.execute(
        select(NumberMark.kind, NumberMark.person_id).where(
            NumberMark.number == number, NumberMark.cleared_at.is_(None)
        )
    ).all()
    return Known(
        robot=bool(scopes),
        everything=ALL in scopes,
        bad=any(kind == BAD for kind, _ in marks),
        wrong_person=any(kind == WRONG_PERSON and whom == person_id for kind, whom in marks),
    )


def refuse(  # noqa: PLR0917 - which number, whose, what, how we know, when
    session: Session,
    number: str,
    person_id: int | None,
    scope: str,
    source: str,
    at: datetime,
    *,
    by: Actor,
    attempt_id: str | None = None,
    employee_id: int | None = None,
    family_id: int | None = None,
) -> CallRefusal:
    """Write a refusal down; the same one again is the one that stands."""
    standing = session.scalars(
        select(CallRefusal).where(
            CallRefusal.number == number,
            CallRefusal.person_id.is_(None) if person_id is None else CallRefusal.person_id == person_id,
            CallRefusal.scope == scope,
            CallRefusal.ended_at.is_(None),
        )
    ).first()
    if standing is not None:
        return standing
    row = CallRefusal(
        number=number,
        person_id=person_id,
        scope=scope,
        source=source,
        attempt_id=attempt_id,
        employee_id=employee_id,
        at=at,
    )
    session.add(row)
    session.flush()
    details = {"scope": scope, "source": source}
    write(
        session, by, "dialler.refuse", subject="call_refusal", subject_id=row.id, family_id=family_id, details=details,
        at=at,
    )  # fmt: skip
    return row


def end_refusal(
    session: Session, refusal_id: int, reason: str, employee: Employee, at: datetime, *, ip: str = ""
) -> CallRefusal:
    """The family allows calls again: a named person says so, with a reason. Raises NotFound, Incomplete."""
    row = fetch(session, CallRefusal, refusal_id, lock=True)
    if row is None:
        raise NotFound("Такого отказа нет.")
    why = clean_line(reason, 300)
    if not why:
        raise Incomplete({"reason": "Напишите, когда и как семья разрешила звонить."})
    if row.ended_at is None:
        row.ended_at, row.ended_by_id, row.ended_reason = at, employee.id, why
        write(session, Actor.of(employee, ip), "dialler.refusal_end", subject="call_refusal", subject_id=row.id, at=at)
    return row


def mark(  # noqa: PLR0917 - which number, whose, what, when
    session: Session, number: str, person_id: int | None, kind: str, at: datetime, attempt_id: str | None
) -> None:
    """Remember what a call has taught us about the number."""
    standing = session.scalars(
        select(NumberMark.id).where(
            NumberMark.number == number,
            NumberMark.kind == kind,
            NumberMark.cleared_at.is_(None),
            NumberMark.person_id.is_(None) if person_id is None else NumberMark.person_id == person_id,
        )
    ).first()
    if standing is None:
        session.add(NumberMark(number=number, person_id=person_id, kind=kind, at=at, attempt_id=attempt_id))
        session.flush()


def clear_mark(session: Session, mark_id: int, employee: Employee, at: datetime, *, ip: str = "") -> None:
    """Somebody has asked: the number is right. Raises NotFound."""
    row = fetch(session, NumberMark, mark_id, lock=True)
    if row is None:
        raise NotFound("Такой отметки нет.")
    if row.cleared_at is None:
        row.cleared_at, row.cleared_by_id = at, employee.id
        write(session, Actor.of(employee, ip), "dialler.mark_clear", subject="number_mark", subject_id=row.id, at=at)
