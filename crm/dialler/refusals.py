"""Who is not called, with the proof of it: «не звоните мне роботом», a number that does not exist, a stranger's number.

A refusal holds from its commit on, for every task that waits: the rules ask here at the moment of every order.
"""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sqlalchemy import BindParameter, ColumnElement, and_, bindparam, exists, func, or_, select
from sqlalchemy.orm import Session

from callflow.text import clean_line
from crm.audit import Actor, write
from crm.base import Id, fetch
from crm.dialler import calling_off
from crm.dialler.tables import CallRefusal, NumberMark
from crm.errors import Incomplete, NotFound
from crm.family_tables import Person
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


@dataclass(frozen=True)
class Proof:
    """How we know of a refusal: the robot's attempt, the talk, or the letter, and the words in which it was said."""

    attempt_id: str | None = None
    call_id: int | None = None
    letter_number: str = ""
    letter_on: date | None = None
    note: str = ""


NO_PROOF = Proof()


def _theirs(number: Any, person_id: Any, family_id: Any) -> ColumnElement[bool]:
    """The refusals that hold for a person at a number: of the number, of the person wherever he is, of the family."""
    return and_(
        CallRefusal.ended_at.is_(None),
        or_(
            and_(
                CallRefusal.number == number,
                CallRefusal.family_id.is_(None),
                or_(CallRefusal.person_id.is_(None), CallRefusal.person_id == person_id),
            ),
            and_(CallRefusal.person_id == person_id, CallRefusal.number == ""),
            CallRefusal.family_id == family_id,
        ),
    )


_NUMBER: BindParameter[str] = bindparam("number")
_PERSON: BindParameter[int | None] = bindparam("person", type_=Id)
_FAMILY: BindParameter[int | None] = bindparam("family", type_=Id)
_his_family = func.coalesce(_FAMILY, select(Person.family_id).where(Person.id == _PERSON).scalar_subquery())
_refusal = exists().where(_theirs(_NUMBER, _PERSON, _his_family))
_mark = exists().where(NumberMark.number == _NUMBER, NumberMark.cleared_at.is_(None))
_KNOWN = select(
    _refusal.label("robot"),
    _refusal.where(CallRefusal.scope == ALL).label("everything"),
    _mark.where(NumberMark.kind == BAD).label("bad"),
    _mark.where(NumberMark.kind == WRONG_PERSON, NumberMark.person_id.is_not_distinct_from(_PERSON)).label(
        "wrong_person"
    ),
)


def of(session: Session, number: str, person_id: int | None, family_id: int | None = None) -> Known:
    """What stands against calling this person at this number. `family_id` where nobody knows which person it is."""
    asked = {"number": number, "person": person_id, "family": family_id}
    return Known(*session.execute(_KNOWN, asked).one())


def against(number: Any, person_id: Any, family_id: Any) -> ColumnElement[bool]:
    """The condition on rows with these columns that calls of every kind are refused there: as `of` finds it."""
    return exists().where(_theirs(number, person_id, family_id), CallRefusal.scope == ALL)


def against_robots(number: Any, person_id: Any, family_id: Any) -> ColumnElement[bool]:
    """The condition on rows with these columns that the robot's calls, or all, are refused there."""
    return exists().where(_theirs(number, person_id, family_id))


@dataclass(frozen=True)
class Standing:
    """Refusals of many families at once, for whoever plans calls in bulk (`crm.campaigns.reach`)."""

    _of_number: dict[str, list[CallRefusal]] = field(default_factory=dict)
    _of_person: dict[int, list[CallRefusal]] = field(default_factory=dict)
    _of_family: dict[int, list[CallRefusal]] = field(default_factory=dict)

    def scopes(self, number: str, person_id: int, family_id: int) -> set[str]:
        """The scopes refused by this person at this number: as `of` finds them."""
        by_number = self._of_number.get(number, ())
        found = {row.scope for row in by_number if row.person_id in (None, person_id)}
        others = (*self._of_person.get(person_id, ()), *self._of_family.get(family_id, ()))
        return found | {row.scope for row in others}


def standing(
    session: Session, numbers: Collection[str], person_ids: Collection[int], family_ids: Collection[int]
) -> Standing:
    """The refusals that hold for any of these numbers, people or families."""
    found = Standing()
    theirs = (
        CallRefusal.number.in_(numbers),
        CallRefusal.person_id.in_(person_ids),
        CallRefusal.family_id.in_(family_ids),
    )
    for condition in theirs:  # one index each
        for row in session.scalars(select(CallRefusal).where(condition, CallRefusal.ended_at.is_(None))):
            if row.family_id is not None:
                found._of_family.setdefault(row.family_id, []).append(row)
            elif row.number:
                found._of_number.setdefault(row.number, []).append(row)
            elif row.person_id is not None:
                found._of_person.setdefault(row.person_id, []).append(row)
    return found


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
    whole_family: bool = False,
    proof: Proof = NO_PROOF,
) -> CallRefusal:
    """Write a refusal down; the same one again is the one that stands. From the commit on nobody is called against it.

    `number` "" refuses for whatever telephone the person has; `whole_family` for everybody of `family_id`. Calls on
    their way end (`crm.dialler.calling_off`), the lists of people lose them at once. `employee_id`: who wrote it down;
    a call of a list that she holds herself stays hers to finish.
    """
    family = family_id if whole_family else None
    if family is not None:
        number, person_id = "", None
    standing_one = session.scalars(
        select(CallRefusal).where(
            CallRefusal.number == number,
            CallRefusal.person_id.is_not_distinct_from(person_id),
            CallRefusal.family_id.is_not_distinct_from(family),
            CallRefusal.scope == scope,
            CallRefusal.ended_at.is_(None),
        )
    ).first()
    if standing_one is not None:
        return standing_one
    row = CallRefusal(
        number=number,
        person_id=person_id,
        family_id=family,
        scope=scope,
        source=source,
        attempt_id=attempt_id or proof.attempt_id,
        call_id=proof.call_id,
        letter_number=proof.letter_number,
        letter_on=proof.letter_on,
        note=proof.note,
        employee_id=employee_id,
        at=at,
    )
    session.add(row)
    session.flush()
    whom = calling_off.Whom(number, person_id, family)
    calling_off.silence(session, whom, at)
    if scope == ALL:
        calling_off.take_off_lists(session, whom, at, employee_id=employee_id)
    details = {"scope": scope, "source": source, **({"whole_family": "да"} if family is not None else {})}
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
