"""What the page of one family shows, gathered in one reading: the card, its people, needs, and what is locked.

Rows are read in full here: the page is drawn after the session has closed.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from crm.cards import catalogues, editing, health, needs, restricting, risks, statuses
from crm.cards.family_rules import Child, eldest_of, measures_until, studies_on
from crm.cards.people import keeps_little
from crm.cards.safe_contact import Contact, warnings_of, when_allowed
from crm.cards.tables import FamilyMerge, HealthRecord, NeedAssessment, RiskFlag
from crm.consents.rules import may_hold_health, standings
from crm.consents.tables import DestructionAct
from crm.family_tables import ACTIVE, SOURCES, Family, FamilyStatus, Person, Phone
from crm.journal import JournalEntry
from crm.masked import children_of
from crm.staff import Employee
from web.access import Visitor
from web.words import Clock
from web.workplace import history_of

CATALOGUES = ("ground", "service_form", "service_kind", "status", "risk", "housing", "income", "transport")


@dataclass(frozen=True)
class Measures:
    """How long the measures for a large family last, and why until then."""

    until: date
    words: str


@dataclass
class Card:
    """Everything of one family's page. `names`: employees by id; `titles`: the lists' words by catalogue and code."""

    family: Family
    people: list[Person]
    left: list[Person]
    warnings: Sequence[str]
    contact: Contact
    measures: Measures | None
    titles: dict[str, dict[str, str]]
    names: dict[int, str]
    need: NeedAssessment | None = None
    risks: Sequence[RiskFlag] = ()
    records: Sequence[HealthRecord] = ()
    unlocked: frozenset[int] = frozenset()
    robot: frozenset[int] = frozenset()
    entrusted: Sequence[Employee] = ()
    history: Sequence[JournalEntry] = ()
    may_edit: bool = False
    may_restrict: bool = False
    merged: Sequence[str] = ()
    act: DestructionAct | None = None
    today: date = field(default_factory=date.today)

    def name(self, employee_id: int | None) -> str:
        """«Заяц П. И.», or nothing."""
        return self.names.get(employee_id or 0, "")

    def title(self, catalogue: str, code: str) -> str:
        """What a code stands for."""
        return self.titles[catalogue].get(code, code)

    def is_running(self, status: FamilyStatus) -> bool:
        """Whether the status holds today."""
        return statuses.is_running(status, self.today)

    def is_child(self, person: Person) -> bool:
        """Whether little may be kept about this person."""
        return keeps_little(person, self.today)

    def shown_phones(self, person: Person) -> list[Phone]:
        """The numbers under which the person can be reached."""
        return person.active_phones

    def person(self, person_id: int) -> Person:
        """One of the family, whether still in it or not."""
        return next(one for one in self.family.people if one.id == person_id)

    def has_record(self, person: Person) -> bool:
        """Whether the person's disability is written down and may be shown."""
        return any(record.person_id == person.id for record in self.records)

    @staticmethod
    def health_words(record: HealthRecord) -> str:
        """«инвалид, II группа, до 01.09.2027, справка № 17»."""
        parts = [health.KINDS.get(record.kind, record.kind), health.GROUPS.get(record.group, "")]
        parts.append(f"до {record.valid_to:%d.%m.%Y}" if record.valid_to else "бессрочно")
        parts.append(f"справка {record.certificate}" if record.certificate else "")
        return ", ".join(part for part in parts if part)

    @property
    def source(self) -> str:
        """«обратились сами»."""
        return SOURCES.get(self.family.source, "")

    @property
    def claimed_health(self) -> bool:
        """Whether somebody said by telephone what may not be written down yet."""
        return any(one.type in statuses.HEALTH_STATUSES for one in self.family.standing_statuses)

    @property
    def is_old(self) -> bool:
        """Whether nobody has confirmed the card for a year."""
        confirmed = self.family.actualized_on or self.family.created_at.date()
        return (self.today - confirmed).days > 365


def read_card(session: Session, family: Family, visitor: Visitor, clock: Clock) -> Card:
    """Gather the page."""
    people = [person for person in family.people if person.left_at is None]
    known = standings(session, [person.id for person in people], clock.at)
    history = history_of(session, family.id, visitor, limit=5)
    need, flags = needs.current_need(session, family.id), risks.risks_of(session, family.id)
    is_active = family.state == ACTIVE
    return Card(
        family=family,
        people=people,
        left=[person for person in family.people if person.left_at is not None],
        warnings=warnings_of(family, person=next((one for one in people if one.is_applicant), None)),
        contact=when_allowed(family.contact_from, family.contact_until, clock.at.astimezone(clock.zone)),
        measures=measures_of(family),
        titles={name: catalogues.titles(session, name) for name in CATALOGUES},
        names=_names(session, family, need, flags),
        need=need,
        risks=flags,
        records=health.records_of(session, family, clock.at),
        unlocked=frozenset(
            one for one, standing in known.items() if standing.special and may_hold_health(session, one, clock.at)
        ),
        robot=frozenset(person_id for person_id, standing in known.items() if standing.auto_calls),
        entrusted=restricting.entrusted(session, family.id) if family.restricted else (),
        history=history,
        may_edit=is_active and visitor.employee.role in editing.EDITORS,
        may_restrict=is_active and visitor.employee.role in editing.GUARDIANS,
        merged=_merged_into(session, family),
        act=_act_of(session, family) if not is_active else None,
        today=clock.today,
    )


def measures_of(family: Family) -> Measures | None:
    """How long the measures last; None where the family has no status «многодетная» or no child's birth date."""
    if not any(status.type == statuses.LARGE for status in family.standing_statuses):
        return None
    children = [
        Child(child.birth_date, child.full_time_student_until, child.id)
        for child in children_of(family)
        if child.birth_date
    ]
    until = measures_until(children)
    if until is None:
        return None
    eldest = eldest_of(children)
    if not studies_on(eldest):
        return Measures(until, "старшему ребёнку исполнится 18 лет")
    return Measures(until, "старший ребёнок учится очно; не дольше чем до 23 лет, нужна справка каждый год")


def _names(session: Session, family: Family, need: NeedAssessment | None, flags: Sequence[RiskFlag]) -> dict[int, str]:
    wanted: set[int | None] = {family.responsible_id, family.actualized_by_id, family.created_by_id}
    wanted |= {status.verified_by_id for status in family.statuses}
    wanted |= {need.assessed_by_id} if need else set()
    wanted |= {flag.raised_by_id for flag in flags}
    return names_of(session, wanted)


def names_of(session: Session, ids: Iterable[int | None]) -> dict[int, str]:
    """Employees' short names by id."""
    known = session.scalars(select(Employee).where(Employee.id.in_({one for one in ids if one})))
    return {employee.id: employee.short_name for employee in known}


def _merged_into(session: Session, family: Family) -> Sequence[str]:
    """The numbers of the cards that were made one with this."""
    statement = select(Family.card_number).join(FamilyMerge, FamilyMerge.merged_id == Family.id)
    return session.scalars(statement.where(FamilyMerge.kept_id == family.id).order_by(FamilyMerge.id)).all()


def _act_of(session: Session, family: Family) -> DestructionAct | None:
    statement = select(DestructionAct).where(DestructionAct.family_id == family.id)
    return session.scalars(statement.order_by(DestructionAct.id.desc())).first()


def options(session: Session, catalogue: str, stored: str = "") -> list[tuple[str, str]]:
    """(code, title) of a list in its order, with the stored code even where it was switched off."""
    found = [(item.code, item.title) for item in catalogues.items(session, catalogue)]
    if stored and stored not in dict(found):
        found.append((stored, catalogues.title(session, catalogue, stored)))
    return found
