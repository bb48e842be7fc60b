"""Two cards of one family become one, and nothing is lost (reliability.md B55).

What hangs on the other card — people, telephones, statuses, consents, needs, journal rows, calls, changes — is hung on
the kept one, whatever tables there are: the foreign keys say where to look, so that a new table is not forgotten. The
other card stays as it was, without what moved, and leads to the kept one. `FamilyMerge.moved` names every row.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from callflow.names import full_name
from callflow.text import clean_text, search_key
from crm.audit import Actor, write
from crm.cards import changes
from crm.cards.editing import set_restricted
from crm.cards.merge_moving import move_references
from crm.cards.tables import FamilyMerge, NotDuplicate
from crm.consents.rules import refuse_if_stopped
from crm.errors import Incomplete, NotFound, RecordsError, StaleVersion
from crm.families import fetch_family
from crm.family_tables import ACTIVE, MERGED, Family, Person
from crm.missed.rows import join_family
from crm.search.index import forget_family
from crm.segments import facts
from crm.staff import Employee
from crm.tips import joining as tips
from crm.upsert import insert_missing
from crm.visibility import seen_family

HEADER = (
    "name",
    "locality",
    "address",
    "warning",
    "contact_from",
    "contact_until",
    "ask_only_for",
    "preferred_channel",
    "housing",
    "income_band",
    "transport",
    "situation",
    "measures_received",
    "responsible_id",
    "next_action",
    "next_action_on",
)
"""Of these the employee chooses where the cards differ. What protects the family («сообщений не оставлять», limited
visibility) is never chosen away: it holds if either card had it."""

_OF_PERSON = (
    "name",
    "patronymic",
    "birth_date",
    "sex",
    "email",
    "registration_address",
    "special_needs",
    "study_place",
    "full_time_student_until",
)


@dataclass(frozen=True)
class Choices:
    """What the employee decided. `from_other`: fields of HEADER that the other card's value replaces.

    `same_people`: a person of the other card → the person of the kept card who is the same. `versions`: of the kept and
    of the other card, as the page showed them.
    """

    versions: tuple[int, int]
    from_other: frozenset[str] = frozenset()
    same_people: Mapping[int, int] = field(default_factory=dict)


def merge(  # noqa: PLR0917 - which cards, how, who, when: as in every verb
    session: Session,
    keep_id: int,
    other_id: int,
    choices: Choices,
    employee: Employee,
    at: datetime,
    *,
    reason: str,
    ip: str = "",
) -> FamilyMerge:
    """Hang everything of the other card on the kept one. `at` is UTC; `reason` says why they are one family.

    Raises NotFound unless the employee may see both, StaleVersion where either changed since the page was shown,
    Incomplete without a reason, RecordsError for a card that is not in use or merged already, or whose applicant has
    withdrawn the consent to processing (152-ФЗ art. 21).
    """
    kept, other = _both(session, keep_id, other_id, employee)
    for card in (kept, other):
        refuse_if_stopped(session, card, at)
    why = clean_text(reason, 500)
    if not why:
        raise Incomplete({"reason": "Напишите, почему это одна семья."})
    for card, version in zip((kept, other), choices.versions, strict=True):
        if card.version != version:
            raise StaleVersion({name: getattr(card, name) for name in HEADER}, card.version)
    same = _checked(kept, other, choices.same_people)
    has_applicant = any(person.is_applicant for person in kept.members)
    before = {name: getattr(kept, name) for name in (*HEADER, "no_messages", "restricted")}
    session.flush()
    moved = move_references(session, other.id, kept.id, same)
    if has_applicant:
        for person in session.scalars(select(Person).where(Person.id.in_(moved.ids_of("person")))):
            person.is_applicant = False
    for double, person in same.items():
        _join(session, person, double, at)
    _keep_answers(session, other.id, kept.id)
    after = _header(kept, other, choices)
    for name, value in after.items():
        setattr(kept, name, value)
    other.state, other.merged_into_id = MERGED, kept.id
    other.version += 1
    # A form of either card that is still open somewhere must not fit by chance.
    kept.version = max(kept.version, other.version)
    row = FamilyMerge(
        kept_id=kept.id, merged_id=other.id, moved=moved.as_json(), reason=why, employee_id=employee.id, at=at
    )
    session.add(row)
    session.flush()
    join_family(session, kept.id, at)
    tips.join_family(session, kept.id, at)
    set_restricted(session, kept, kept.restricted)
    session.expire(kept)
    session.expire(other)
    forget_family(session, other.id)
    facts.refresh(session, [other.id])
    changes.note(
        session,
        kept,
        "family",
        kept.id,
        {**before, "merged": ""},
        {**after, "merged": f"присоединена карточка {other.card_number}"},
        employee,
        at,
        ip=ip,
    )
    write(
        session,
        Actor.of(employee, ip),
        "family.merge",
        subject="family",
        subject_id=kept.id,
        family_id=kept.id,
        details={"merged": other.id, "rows": moved.count},
        at=at,
    )
    return row


def _both(session: Session, keep_id: int, other_id: int, employee: Employee) -> tuple[Family, Family]:
    """Both cards, locked in the order of their ids, so that two mergers of one pair cannot wait for each other."""
    if keep_id == other_id:
        raise RecordsError("Это одна и та же карточка: выберите другую.")
    for id_ in (keep_id, other_id):
        if fetch_family(session, id_, employee).id != id_:
            raise RecordsError("Эта карточка уже объединена с другой. Откройте её заново.")
    cards = {id_: seen_family(session, id_, employee, lock=True) for id_ in sorted((keep_id, other_id))}
    kept, other = cards[keep_id], cards[other_id]
    if kept is None or other is None:
        raise NotFound("Такой карточки нет.")
    if kept.state != ACTIVE or other.state != ACTIVE:
        raise RecordsError("Одна из карточек уже объединена или закрыта. Откройте её заново.")
    return kept, other


def _checked(kept: Family, other: Family, same_people: Mapping[int, int]) -> dict[Person, Person]:
    """The pairs as persons. Raises RecordsError for people of other cards, or one person taken twice."""
    ours = {person.id: person for person in kept.people}
    theirs = {person.id: person for person in other.people}
    if not set(same_people) <= set(theirs) or not set(same_people.values()) <= set(ours):
        raise RecordsError("Состав семьи изменился. Откройте объединение заново.")
    if len(set(same_people.values())) != len(same_people):
        raise RecordsError("Один человек выбран дважды: проверьте пары.")
    return {theirs[one]: ours[another] for one, another in same_people.items()}


def _join(session: Session, person: Person, double: Person, at: datetime) -> None:
    """The same person written twice: the kept entry takes what it lacks, the double stays as one who has left."""
    for name in _OF_PERSON:
        if not getattr(person, name) and getattr(double, name):
            setattr(person, name, getattr(double, name))
    person.search_key = search_key(full_name(person.surname, person.name, person.patronymic))
    person.do_not_call = person.do_not_call or double.do_not_call
    person.incapable = person.incapable or double.incapable
    double.left_at = double.left_at or at
    double.left_reason = double.left_reason or "тот же человек был записан в двух карточках"
    session.flush()
    numbers: set[str] = set()
    for phone in person.active_phones:
        if phone.number in numbers:
            phone.removed_at, phone.removed_reason = at, "повтор после объединения карточек"
        numbers.add(phone.number)
    session.flush()


def _keep_answers(session: Session, other_id: int, kept_id: int) -> None:
    """Whom somebody has called a different family than the other card is different from the kept one too."""
    answers = select(NotDuplicate).where(or_(NotDuplicate.low_id == other_id, NotDuplicate.high_id == other_id))
    for answer in session.scalars(answers).all():
        third = answer.high_id if answer.low_id == other_id else answer.low_id
        low, high = sorted((kept_id, third))
        if low != high:
            values = {"low_id": low, "high_id": high, "employee_id": answer.employee_id, "at": answer.at}
            insert_missing(session, NotDuplicate, values, ["low_id", "high_id"])


def _header(kept: Family, other: Family, choices: Choices) -> dict[str, Any]:
    """The kept card's fields after the merge: the chosen ones, and the other's where the kept one has nothing."""
    values: dict[str, Any] = {}
    for name in HEADER:
        ours, theirs = getattr(kept, name), getattr(other, name)
        values[name] = theirs if theirs and (name in choices.from_other or not ours) else ours
    values["no_messages"] = kept.no_messages or other.no_messages
    values["restricted"] = kept.restricted or other.restricted
    return values
