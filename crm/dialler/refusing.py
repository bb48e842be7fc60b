"""«Просит не звонить»: what a family says in a talk or writes in a letter, with the proof of it (domain.md §3.2).

From the commit on no robot calls; with the scope «all» no list does either. A person may still call for an urgent
reason, which she writes down (`crm.outgoing.asking`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from callflow.caller_id import CallerKind
from callflow.phone import normalise
from callflow.text import clean_line, clean_text
from crm import families, institution
from crm.audit import Actor
from crm.call_tables import CallRecord
from crm.consents.rules import local_date
from crm.dialler import refusals
from crm.dialler.refusals import ALL, ROBOT, Proof
from crm.dialler.tables import CallRefusal
from crm.errors import Incomplete
from crm.family_tables import Family, Person, Phone
from crm.staff import Employee
from crm.visibility import visible_to

TALK, LETTER = "talk", "letter"
OLDEST_LETTER: Final = 366
"""Days; an older letter is a slip of the pen."""


@dataclass(frozen=True)
class Wanted:
    """What was asked for. `scope`: robot or all; `person_id`: only this member of the family, None the whole family;
    `letter_*`: of a letter, `note`: the words."""

    scope: str
    source: str = TALK
    person_id: int | None = None
    note: str = ""
    letter_number: str = ""
    letter_on: date | None = None


def of_family(
    session: Session,
    family_id: int,
    wanted: Wanted,
    employee: Employee,
    at: datetime,
    *,
    call_id: int | None = None,
    ip: str = "",
) -> CallRefusal:
    """The family, or one of its members, is not called any more. The same again is the one that stands.

    Raises NotFound for a card that she may not see, Incomplete field by field.
    """
    family = families.fetch_family(session, family_id, employee)
    person = next((one for one in family.members if one.id == wanted.person_id), None)
    problems = _problems(session, wanted, at)
    if wanted.person_id is not None and person is None:
        problems["person_id"] = "Выберите, кому не звонить."
    if problems:
        raise Incomplete(problems)
    return refusals.refuse(
        session,
        "",
        person.id if person is not None else None,
        wanted.scope,
        wanted.source,
        at,
        by=Actor.of(employee, ip),
        employee_id=employee.id,
        family_id=family.id,
        whole_family=person is None,
        proof=_proof(wanted, call_id),
    )


def of_number(
    session: Session,
    number: str,
    wanted: Wanted,
    employee: Employee,
    at: datetime,
    *,
    call_id: int | None = None,
    ip: str = "",
) -> CallRefusal:
    """Whoever has this number (as somebody wrote it) is not called at it. Raises Incomplete field by field."""
    problems = _problems(session, wanted, at)
    known = normalise(number, institution.area_code(session))
    if known is None:
        problems["number"] = "Номер не распознан: нужно 11 цифр, например 8 907 000-01-01."
    if problems or known is None:
        raise Incomplete(problems)
    return refusals.refuse(
        session,
        known.e164,
        None,
        wanted.scope,
        wanted.source,
        at,
        by=Actor.of(employee, ip),
        employee_id=employee.id,
        family_id=_only_family(session, known.e164),
        proof=_proof(wanted, call_id),
    )


def in_talk(
    session: Session, call: CallRecord, wanted: Wanted, employee: Employee, at: datetime, *, ip: str = ""
) -> CallRefusal:
    """Said in this talk of hers: of the family that it is with; where nobody knows which, of the number.

    Raises Incomplete, also where neither is known.
    """
    family = session.get(Family, call.family_id) if call.family_id is not None else None
    if family is not None and visible_to(session, family, employee):
        return of_family(session, family.id, wanted, employee, at, call_id=call.id, ip=ip)
    number = call.caller_number if call.caller_kind == CallerKind.NUMBER.value else None
    if not number:
        raise Incomplete({"scope": "Номер неизвестен: сначала отметьте, кто звонит, или найдите карточку."})
    return of_number(session, number, wanted, employee, at, call_id=call.id, ip=ip)


def of_card(session: Session, family: Family) -> Sequence[CallRefusal]:
    """The refusals that hold for this family: its own, its members', its telephones'; the newest first. Whoever asks
    may see the card."""
    members = select(Person.id).where(Person.family_id == family.id, Person.left_at.is_(None))
    numbers = select(Phone.number).where(Phone.person_id.in_(members), Phone.removed_at.is_(None))
    found = select(CallRefusal).where(
        CallRefusal.ended_at.is_(None),
        or_(
            CallRefusal.family_id == family.id,
            CallRefusal.person_id.in_(members),
            CallRefusal.number.in_(numbers) & CallRefusal.person_id.is_(None) & CallRefusal.family_id.is_(None),
        ),
    )
    return session.scalars(found.order_by(CallRefusal.at.desc(), CallRefusal.id.desc())).all()


def _problems(session: Session, wanted: Wanted, at: datetime) -> dict[str, str]:
    problems = {}
    if wanted.scope not in (ROBOT, ALL):
        problems["scope"] = "Выберите: робот или все звонки."
    if wanted.source not in (TALK, LETTER):
        problems["source"] = "Выберите, как сказано."
    if wanted.source == LETTER:
        today = local_date(session, at)
        if not clean_line(wanted.letter_number, 60):
            problems["letter_number"] = "Номер письма: как в журнале входящих; если номера нет, «б/н»."
        if wanted.letter_on is None or not 0 <= (today - wanted.letter_on).days <= OLDEST_LETTER:
            problems["letter_on"] = "Дата письма: не позже сегодня и не старше года."
    return problems


def _proof(wanted: Wanted, call_id: int | None) -> Proof:
    is_letter = wanted.source == LETTER
    return Proof(
        call_id=call_id,
        letter_number=clean_line(wanted.letter_number, 60) if is_letter else "",
        letter_on=wanted.letter_on if is_letter else None,
        note=clean_text(wanted.note, 500),
    )


def _only_family(session: Session, number: str) -> int | None:
    """For the audit log: whose card it concerns, where that is beyond doubt."""
    owners = families.owners(session, number)
    return next(iter(owners)) if len(owners) == 1 else None
