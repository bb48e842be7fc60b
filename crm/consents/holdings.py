"""Where a person's data lie: whose rows they are, what they are called in Russian, what destruction leaves of them.

One declaration per table (in its package's `held.py`; `crm.consents.held_tables` has them all) serves both rights:
«дайте мне всё, что вы обо мне знаете» and «уничтожьте». A test walks every table and every column, so that a new one
cannot be forgotten in either.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from crm.base import Base
from crm.call_tables import CallRecord
from crm.cards.tables import HealthRecord
from crm.family_tables import Family, FamilyStatus, Person, Phone
from crm.journal_tables import SAVED, JournalEntry


@dataclass(frozen=True)
class Subject:
    """Whose data are meant: one person of one card, or (`whole`) everybody on it.

    `families` holds the card and every card merged into it. `applicant`: the rows that tell of the family as such are
    his too.
    """

    families: tuple[int, ...]
    people: tuple[int, ...]
    applicant: bool
    whole: bool = False


@dataclass(frozen=True)
class Holding:
    """One table. `shown`: column → Russian label, in the order of the paper. `wiped`: column → what destruction writes.

    `mine` are the rows of a subject; `wiped_where` narrows them for destruction, None where nothing is destroyed.
    `silent` names the columns that are neither shown nor wiped: they say nothing about a person.
    """

    model: type[Base]
    title: str
    mine: Callable[[Subject], ColumnElement[bool]]
    shown: Mapping[str, str]
    wiped: Mapping[str, Any] = field(default_factory=dict)
    kept: str = ""
    silent: Collection[str] = ()

    @property
    def name(self) -> str:
        """The table's name."""
        return str(self.model.__tablename__)


def subject_of(session: Session, person: Person) -> Subject:
    """Everything of one person."""
    families = cards_of(session, person.family_id) if person.family_id else ()
    return Subject(families, (person.id,), person.is_applicant)


def everybody_on(session: Session, family: Family) -> Subject:
    """Everything of everybody on a card, those who have left included."""
    families = cards_of(session, family.id)
    people = session.scalars(select(Person.id).where(Person.family_id.in_(families)).order_by(Person.id)).all()
    return Subject(families, tuple(people), applicant=True, whole=True)


def cards_of(session: Session, family_id: int) -> tuple[int, ...]:
    """The card and all cards that were ever merged into it."""
    found, wave = [family_id], [family_id]
    while wave:
        merged = select(Family.id).where(Family.merged_into_id.in_(wave), Family.id.not_in(found))
        wave = list(session.scalars(merged))
        found.extend(wave)
    return tuple(found)


def of_families(column: InstrumentedAttribute[Any]) -> Callable[[Subject], ColumnElement[bool]]:
    """Rows about the family as such: of the applicant, and of a card as a whole."""
    return lambda subject: column.in_(subject.families if subject.applicant or subject.whole else ())


def of_people(column: InstrumentedAttribute[Any]) -> Callable[[Subject], ColumnElement[bool]]:
    """Rows about the person himself."""
    return lambda subject: column.in_(subject.people)


def of_either(
    person: InstrumentedAttribute[Any], family: InstrumentedAttribute[Any]
) -> Callable[[Subject], ColumnElement[bool]]:
    """Rows that name the person, or his family without naming anybody."""

    def mine(subject: Subject) -> ColumnElement[bool]:
        if subject.whole:
            return person.in_(subject.people) | family.in_(subject.families)
        unnamed = family.in_(subject.families if subject.applicant else ()) & person.is_(None)
        return person.in_(subject.people) | unnamed

    return mine


def of_entries(column: InstrumentedAttribute[Any]) -> Callable[[Subject], ColumnElement[bool]]:
    """Rows that hang on the subject's saved journal rows."""
    entries = of_either(JournalEntry.person_id, JournalEntry.family_id)
    return lambda subject: column.in_(select(JournalEntry.id).where(JournalEntry.state == SAVED, entries(subject)))


def of_calls(column: InstrumentedAttribute[Any]) -> Callable[[Subject], ColumnElement[bool]]:
    """Rows that hang on the subject's calls."""
    calls = of_either(CallRecord.person_id, CallRecord.family_id)
    return lambda subject: column.in_(select(CallRecord.id).where(calls(subject)))


def card_changes(family: Any, subject_name: Any, subject_id: Any) -> Callable[[Subject], ColumnElement[bool]]:
    """Changes of the person's own rows; of the card's other rows too where the whole family is meant.

    Of a card with several members, a change of a row that is not this person's is never his.
    """

    def mine(subject: Subject) -> ColumnElement[bool]:
        on_card: ColumnElement[bool] = family.in_(subject.families)
        if subject.whole:
            return on_card
        phones = select(Phone.id).where(Phone.person_id.in_(subject.people))
        health = select(HealthRecord.id).where(HealthRecord.person_id.in_(subject.people))
        own: ColumnElement[bool] = (
            (subject_name == "person") & subject_id.in_(subject.people)
            | (subject_name == "phone") & subject_id.in_(phones)
            | (subject_name == "health") & subject_id.in_(health)
        )
        if subject.applicant:
            own |= subject_name.not_in(("person", "phone", "health"))
        return on_card & own

    return mine


def statuses(subject: Subject) -> ColumnElement[bool]:
    """A family's statuses are every member's; only the whole card's destruction takes them."""
    return FamilyStatus.family_id.in_(subject.families)


def at_years(moment: datetime, years: int) -> datetime:
    """The same day so many years later; 29 February becomes 1 March."""
    try:
        return moment.replace(year=moment.year + years)
    except ValueError:
        return moment.replace(year=moment.year + years, month=3, day=1)
