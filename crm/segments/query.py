"""Which families meet the conditions on a day, as one question to the database (A-18, B-6).

    families(conditions, today, viewer=head)            ids, for a list, a count, a campaign
    families(…, not_told="measure-5")                   … whom nobody has told of it yet

Children and telephones are read off the card (`crm.segments.facts`). Any other condition is a set of families: `IN`, or
where there must be none a join that finds nothing. Rules that others decide (when a birthday is, which consent holds)
are written here once more as SQL; the tests compare both on the invented town and on generated families.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from itertools import chain
from typing import Any

from sqlalchemy import ColumnElement, Select, Text, and_, case, cast, exists, false, func, or_, select, true
from sqlalchemy.orm import Session, aliased

from crm.call_tables import CallRecord
from crm.cards.tables import NeedAssessment, RiskFlag
from crm.cards.upkeep_days import born_between
from crm.consents.tables import Consent
from crm.family_tables import ACTIVE, CARD_STATES, Family, FamilyStatus, Person
from crm.journal_tables import SAVED, JournalEntry
from crm.masked import CHILD_RELATIONS
from crm.measures.tables import FamilyTold
from crm.measures.topics import topic_of_measure
from crm.segments.conditions import Condition, grouped
from crm.segments.facts import CHILDREN, DIGITS, MOST_CHILDREN, OF_AGE
from crm.staff import Employee
from crm.visibility import seen_by

Ids = Select[Any]
"""Families, by id; some of them may be empty."""
_IN_USE = Family.state.not_in([state for state in CARD_STATES if state != ACTIVE])
"""As `state = active`, but SQLite would take that for a reason to read every card instead of the index (see upkeep)."""


class Without:
    """The family must not be among these."""

    def __init__(self, *ids: Ids) -> None:
        self.ids = ids


Asked = ColumnElement[bool] | Without


def families(
    conditions: Sequence[Condition], on: date, *, not_told: str = "", viewer: Employee | None = None
) -> Select[int]:
    """Return the ids of active families that meet all conditions on `on` (the institution's date).

    `not_told`: a topic; families that were told of it, or did not want to hear, are left out. Without a viewer, for
    what no person asks, every restricted card is left out (domain.md §2.6).
    """
    seen = seen_by(viewer) if viewer is not None else Family.restricted.is_(False)
    found: Select[Any] = select(Family.id).where(_IN_USE, seen)
    wanted: list[Asked] = []
    for group in grouped(conditions):
        asked = [_ASKED[one.kind](one, on) for one in group]
        wanted += asked if len(asked) == 1 else [or_(*(one for one in asked if not isinstance(one, Without)))]
    if not_told:
        wanted.append(Without(select(FamilyTold.family_id).where(FamilyTold.topic == not_told)))
    for one in wanted:
        if not isinstance(one, Without):
            found = found.where(one)
            continue
        for ids in one.ids:
            # Neither NOT IN (PostgreSQL asks a set larger than its memory again for every family) nor NOT EXISTS
            # (SQLite does so with any set): both engines join a million families with a set in one go.
            some = ids.distinct().subquery()
            found = found.outerjoin(some, some.c.family_id == Family.id).where(some.c.family_id.is_(None))
    return found


def count(
    session: Session,
    conditions: Sequence[Condition],
    on: date,
    *,
    not_told: str = "",
    viewer: Employee | None = None,
) -> int:
    """How many families `families` finds."""
    found = families(conditions, on, not_told=not_told, viewer=viewer)
    return session.scalar(found.with_only_columns(func.count())) or 0


def _some(ids: Ids) -> ColumnElement[bool]:
    return Family.id.in_(ids)


def _people(*wanted: ColumnElement[bool]) -> Ids:
    """Families of members (not of those who have left) for whom this holds."""
    return select(Person.family_id).where(Person.left_at.is_(None), Person.family_id.is_not(None), *wanted)


def _reached(age: int, on: date) -> date:
    """The last birth date of those who have reached this age on the day."""
    return born_between(age, on, on)[1]


def _birth(place: int) -> ColumnElement[str]:
    """The birth date of the n-th youngest child (from 0), '' where there is none: earlier than every date."""
    return func.substr(Family.child_births, place * DIGITS + 1, DIGITS)


def _born_between(first: date, last: date) -> ColumnElement[bool]:
    """A child born from `first` to `last`. Asks from the youngest on, and stops at the first who is too old."""
    lowest, highest = f"{first:%Y%m%d}", f"{last:%Y%m%d}"
    steps = (((_birth(place) < lowest, false()), (_birth(place) <= highest, true())) for place in range(MOST_CHILDREN))
    return case(*chain.from_iterable(steps), else_=false())


def _children(one: Condition, on: date) -> ColumnElement[bool]:
    least, number = one.word("how") == "least", one.number("count")
    of_age = f"{_reached(OF_AGE, on):%Y%m%d}"
    if not least:
        return _birth(number) <= of_age
    return _birth(number - 1) > of_age if number else Family.id.is_not(None)


def _child_age(one: Condition, on: date) -> ColumnElement[bool]:
    too_old = _reached(one.number("until") + 1, on)
    return _born_between(too_old + timedelta(days=1), _reached(one.number("since"), on))


def _turning(one: Condition, on: date) -> ColumnElement[bool]:
    return _born_between(*born_between(one.number("age"), on, on + timedelta(days=one.number("days"))))


def _study_ends(one: Condition, on: date) -> ColumnElement[bool]:
    until = on + timedelta(days=one.number("days"))
    of_children = Person.relation.in_(sorted(CHILDREN))
    return _some(_people(of_children, Person.full_time_student_until.between(on, until)))


def _holds(code: str, on: date) -> Ids:
    return select(FamilyStatus.family_id).where(
        FamilyStatus.type == code,
        FamilyStatus.revoked_at.is_(None),
        or_(FamilyStatus.valid_from.is_(None), FamilyStatus.valid_from <= on),
        or_(FamilyStatus.valid_to.is_(None), FamilyStatus.valid_to >= on),
    )


def _status(one: Condition, on: date) -> ColumnElement[bool]:
    held = _holds(one.word("code"), on)
    return _some(held.where(FamilyStatus.verified_on.is_not(None)) if one.word("proof") == "proved" else held)


def _no_status(one: Condition, on: date) -> Asked:
    return Without(_holds(one.word("code"), on))


def _paper_ends(one: Condition, on: date) -> ColumnElement[bool]:
    until = on + timedelta(days=one.number("days"))
    papers = select(FamilyStatus.family_id).where(
        FamilyStatus.valid_to.between(on, until), FamilyStatus.revoked_at.is_(None)
    )
    return _some(papers.where(FamilyStatus.type == one.word("code")) if one.word("code") else papers)


def _risk(one: Condition, _on: date) -> ColumnElement[bool]:
    return _some(select(RiskFlag.family_id).where(RiskFlag.code == one.word("code"), RiskFlag.cleared_at.is_(None)))


def _need(one: Condition, _on: date) -> ColumnElement[bool]:
    named = cast(NeedAssessment.kinds, Text).contains(f'"{one.word("code")}"', autoescape=True)
    return _some(select(NeedAssessment.family_id).where(NeedAssessment.ended_at.is_(None), named))


def _robots(one: Condition, on: date) -> Asked:
    agreed = _people(_agreed(on)).join(Consent, Consent.person_id == Person.id)
    return _some(agreed) if one.word("have") == "yes" else Without(agreed)


def _agreed(on: date) -> ColumnElement[bool]:
    """`crm.consents.rules.answer_of` for «auto_calls»: a consent in force, and no refusal after it."""
    later = aliased(Consent)
    refused = exists().where(
        later.person_id == Consent.person_id,
        later.purpose == Consent.purpose,
        later.given.is_(False),
        or_(later.at > Consent.at, and_(later.at == Consent.at, later.id > Consent.id)),
    )
    minor = or_(
        Person.birth_date > _reached(OF_AGE, on),
        and_(Person.birth_date.is_(None), Person.relation.in_(sorted(CHILD_RELATIONS))),
    )
    return and_(
        Consent.purpose == "auto_calls",
        Consent.given,
        Consent.withdrawn_at.is_(None),
        or_(Consent.valid_until.is_(None), Consent.valid_until >= on),
        or_(Consent.representative == "", Person.incapable, minor),
        ~refused,
    )


def _silent(one: Condition, on: date) -> Asked:
    # An instant and a day: a few hours of zone do not matter after so many days.
    since = datetime.combine(on - timedelta(days=one.number("days") - 1), time(), UTC)
    calls = select(CallRecord.family_id).where(CallRecord.arrived_at >= since, CallRecord.answered_at.is_not(None))
    appeals = select(JournalEntry.family_id).where(
        JournalEntry.created_at >= since, JournalEntry.state == SAVED, JournalEntry.contact_method != "third_party"
    )
    return Without(calls, appeals, select(FamilyTold.family_id).where(FamilyTold.at >= since))


def _measure(one: Condition, _on: date) -> Asked:
    how = one.word("how")
    told = select(FamilyTold.family_id).where(FamilyTold.topic == topic_of_measure(one.number("code")))
    if how == "untold":
        return Without(told)
    if how == "has_not":
        return Without(told.where(FamilyTold.outcome == "has"))
    return _some(told.where(FamilyTold.outcome == how))


_ASKED: Mapping[str, Callable[[Condition, date], Asked]] = {
    "children": _children,
    "child_age": _child_age,
    "turning": _turning,
    "study_ends": _study_ends,
    "status": _status,
    "no_status": _no_status,
    "paper_ends": _paper_ends,
    "risk": _risk,
    "need": _need,
    "place": lambda one, _on: Family.locality == one.word("code"),
    "housing": lambda one, _on: Family.housing == one.word("code"),
    "income": lambda one, _on: Family.income_band == one.word("code"),
    "transport": lambda one, _on: Family.transport == one.word("code"),
    "phone": lambda one, _on: Family.has_phone.is_(one.word("have") == "yes"),
    "robots": _robots,
    "silent": _silent,
    "measure": _measure,
}
