"""Who is speaking: the operator picks a person, asks, and says how sure she is. Each step is audited (reliability.md
S15).
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import update
from sqlalchemy.orm import Session

from callflow.identity import IdentityLevel
from crm import families, journal
from crm.audit import Actor, write
from crm.base import fetch
from crm.call_tables import CallRecord
from crm.errors import NotFound, RecordsError
from crm.families import CallerChoice, Family, Person
from crm.missed import closing
from crm.staff import Employee
from crm.upsert import insert_missing

FACTS = {
    "name": "назвал(а) фамилию, имя, отчество",
    "birth_date": "дата рождения",
    "address": "улица проживания",
    "children": "имена детей",
    "document": "документ",
    "voice": "знаком(а) лично",
}
"""What an operator may have compared; only these words are kept, never what was said."""


def choose_person(
    session: Session, call_id: int, person_id: int, employee: Employee, at: datetime, *, ip: str = ""
) -> CallRecord:
    """Say who is calling; among people who share the number the choice is remembered for next time.

    Another person means another identity: the level falls back to what the number alone says. Raises NotFound also for
    somebody whom this employee could not have found.
    """
    call = _locked_call(session, call_id)
    person = fetch(session, Person, person_id)
    if person is None:
        raise NotFound("Такого человека нет в картотеке.")
    shares_number = call.caller_number is not None and person_id in {
        candidate.person.id for candidate in families.find_by_number(session, call.caller_number)
    }
    family = session.get(Family, person.family_id) if person.family_id else None
    if not shares_number and family is not None and not families.visible_to(session, family, employee):
        raise NotFound("Такого человека нет в картотеке.")
    if call.person_id != person_id:
        level = IdentityLevel.CALLER_NUMBER if shares_number and call.caller_kind == "number" else IdentityLevel.UNKNOWN
        call.person_id, call.family_id, call.identity_level = person_id, person.family_id, level.value
        call.identified_by_id = None
        call.version += 1
    if shares_number:
        _remember(session, str(call.caller_number), person_id, employee.id, at)
    journal.follow_caller(session, call, person, family, at)
    closing.talked_with(session, call, at)
    _audit(session, call, employee, "caller.choose", at, ip, {"person": person_id})
    return call


def confirm_identity(  # noqa: PLR0917 - who, what, when: as in every verb
    session: Session,
    call_id: int,
    level: int,
    facts: Sequence[str],
    employee: Employee,
    at: datetime,
    *,
    ip: str = "",
) -> CallRecord:
    """Say how sure the employee is (callflow.identity) and by which `facts` (keys of FACTS).

    Two facts open a card: the number's match counts as one for level 2 (CONFIRMED); level 3 takes two answers. Raises
    RecordsError with the sentence where that is not given, or nobody was chosen.
    """
    call = _locked_call(session, call_id)
    wanted = IdentityLevel(level)
    compared = {fact for fact in facts if fact in FACTS}
    if call.person_id is None and call.family_id is None:
        raise RecordsError("Сначала выберите, кто звонит, или заведите карточку.")
    if len(compared) < _facts_needed(wanted, call.identity_level):
        raise RecordsError("Для подтверждения личности нужно сверить два признака.")
    if wanted is IdentityLevel.DOCUMENT and "document" not in compared:
        raise RecordsError("Этот уровень ставится только по документу.")
    if call.identity_level != wanted or call.identified_by_id != employee.id:
        call.identity_level, call.identified_by_id = wanted.value, employee.id
        call.version += 1
    journal.identity_confirmed(session, call)
    _audit(session, call, employee, "identity.confirm", at, ip, {"level": wanted.value, "facts": sorted(compared)})
    return call


def _facts_needed(wanted: IdentityLevel, now: int) -> int:
    if wanted <= IdentityLevel.CALLER_NUMBER:
        return 0
    if wanted is IdentityLevel.CONTROL_QUESTIONS:
        return 2
    return 1 if wanted is IdentityLevel.DOCUMENT or now >= IdentityLevel.CALLER_NUMBER else 2


def attach_family(
    session: Session, call_id: int, family_id: int, employee: Employee, at: datetime, *, ip: str = ""
) -> CallRecord:
    """Tie the call to a card («связать с существующей», or the card just made) without saying which member speaks.

    A card that was merged meanwhile stands for the one that was kept. Raises NotFound.
    """
    call = _locked_call(session, call_id)
    family = families.fetch_family(session, family_id, employee)
    if call.family_id != family.id:
        call.family_id, call.person_id = family.id, None
        call.identity_level, call.identified_by_id = IdentityLevel.UNKNOWN.value, None
        call.version += 1
    journal.follow_caller(session, call, None, family, at)
    closing.talked_with(session, call, at)
    _audit(session, call, employee, "call.attach", at, ip, {})
    return call


def _locked_call(session: Session, call_id: int) -> CallRecord:
    call = fetch(session, CallRecord, call_id, lock=True)
    if call is None:
        raise NotFound("Такого звонка нет.")
    return call


def _remember(session: Session, number: str, person_id: int, employee_id: int, at: datetime) -> None:
    values = {"person_id": person_id, "employee_id": employee_id, "at": at}
    if not insert_missing(session, CallerChoice, {"number": number, **values}, ["number"]):
        session.execute(update(CallerChoice).where(CallerChoice.number == number).values(**values))


def _audit(  # noqa: PLR0917 - who, what, when: as in every verb
    session: Session,
    call: CallRecord,
    employee: Employee,
    action: str,
    at: datetime,
    ip: str,
    details: dict[str, object],
) -> None:
    write(
        session,
        Actor.of(employee, ip),
        action,
        subject="call",
        subject_id=call.id,
        family_id=call.family_id,
        details=details,
        at=at,
    )
