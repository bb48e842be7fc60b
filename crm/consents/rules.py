"""What a person's answers unlock, and what stays locked until there are any (152-ФЗ art. 6, 9, 10; domain.md §4.1).

Asked everywhere: the card's sections, robot calls, recordings, letters to other bodies. The newest answer of a purpose
counts: a «no» ends every «yes» before it, and a paper outweighs what was said by telephone.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from crm.consents.tables import ORAL, PURPOSES, WRITTEN, Consent
from crm.errors import RecordsError
from crm.family_tables import Family, Person
from crm.institution import Institution
from crm.masked import CHILD_RELATIONS, age

State = Literal["none", "oral", "written", "refused", "withdrawn", "expired"]

WRITTEN_ONLY = frozenset(["special", "transfer"])
"""Health: 152-ФЗ art. 10 ч. 2 п. 1. Passing a client's data on: 442-ФЗ art. 6 ч. 3. Neither can be had by telephone."""

STOPPING = frozenset(["refused", "withdrawn"])
"""A «no» to processing: the consultation goes on without a name, the card stands still."""

ADULT = 18
STOPPED = (
    "Согласия на обработку данных этой семьи нет: отказ или отзыв. Карточку можно изменить после нового согласия "
    "(вкладка «Согласия»)."
)


@dataclass(frozen=True)
class Answer:
    """How one purpose stands; `consent` is the row that decides it, None where nobody has asked."""

    state: State = "none"
    consent: Consent | None = None

    @property
    def is_given(self) -> bool:
        """Whether there is a consent in force, in any form."""
        return self.state in (ORAL, WRITTEN)


@dataclass(frozen=True)
class Standing:
    """What one person allows today. `answers` holds the same by purpose, for those who show it."""

    processing: State = "none"
    special: bool = False
    auto_calls: bool = False
    recording: bool = False
    transfer: bool = False
    answers: Mapping[str, Answer] = field(default_factory=dict)

    def of(self, purpose: str) -> Answer:
        """The answer for this purpose."""
        return self.answers.get(purpose, Answer())


def answer_of(consents: Iterable[Consent], *, by_himself: bool, today: date) -> Answer:
    """Decide one purpose of one person from all his answers to it. `today` is the institution's date.

    `by_himself`: a grown-up who can answer for himself, so what a parent once signed no longer binds him.
    """
    rows = sorted(consents, key=lambda row: (row.at, row.id))
    refusals = [index for index, row in enumerate(rows) if not row.given]
    since = rows[refusals[-1] + 1 :] if refusals else rows
    holding = [row for row in since if _holds(row, by_himself, today)]
    for form, state in ((WRITTEN, "written"), (ORAL, "oral")):
        of_form = [row for row in holding if row.form == form]
        if of_form:
            return Answer("written" if state == "written" else "oral", of_form[-1])
    if since:
        last = since[-1]
        return Answer("withdrawn" if last.withdrawn_at else "expired", last)
    return Answer("refused", rows[refusals[-1]]) if refusals else Answer()


def _holds(row: Consent, by_himself: bool, today: date) -> bool:
    in_time = row.valid_until is None or today <= row.valid_until
    return row.withdrawn_at is None and in_time and not (by_himself and row.representative)


def is_minor(person: Person, today: date) -> bool:
    """Whether a parent or guardian answers for this person; without a birth date the relation tells."""
    years = age(person, today)
    return person.relation in CHILD_RELATIONS if years is None else years < ADULT


def answers_himself(person: Person, today: date) -> bool:
    """Whether only this person's own signature counts (art. 9 ч. 6)."""
    return not person.incapable and not is_minor(person, today)


def local_date(session: Session, at: datetime) -> date:
    """The institution's date at this instant."""
    zone = session.scalars(select(Institution.timezone).order_by(Institution.id)).first()
    return at.astimezone(ZoneInfo(zone or "Europe/Moscow")).date()


def standings(session: Session, person_ids: Iterable[int], at: datetime) -> dict[int, Standing]:
    """Return what each of these people allows at `at`; two queries, however many people."""
    wanted = list(person_ids)
    if not wanted:
        return {}
    rows: dict[int, dict[str, list[Consent]]] = defaultdict(lambda: defaultdict(list))
    for consent in session.scalars(select(Consent).where(Consent.person_id.in_(wanted))):
        rows[consent.person_id][consent.purpose].append(consent)
    today = local_date(session, at)
    people = {person.id: person for person in session.scalars(select(Person).where(Person.id.in_(wanted)))}
    return {one: _standing(rows[one], people.get(one), today) for one in wanted}


def standing(session: Session, person_id: int, at: datetime) -> Standing:
    """Return what this person allows at `at`; a stranger allows nothing."""
    return standings(session, [person_id], at)[person_id]


def _standing(rows: Mapping[str, Sequence[Consent]], person: Person | None, today: date) -> Standing:
    by_himself = person is None or answers_himself(person, today)
    answers = {purpose: answer_of(rows.get(purpose, ()), by_himself=by_himself, today=today) for purpose in PURPOSES}
    return Standing(
        processing=answers["processing"].state,
        special=answers["special"].state == WRITTEN,
        auto_calls=answers["auto_calls"].is_given,
        recording=answers["recording"].is_given,
        transfer=answers["transfer"].state == WRITTEN,
        answers=answers,
    )


def may_hold_health(session: Session, person_id: int, at: datetime) -> bool:
    """Tell whether health data of this person may be written down: a signed consent in force, for a child signed by
    the parent or guardian (art. 10 ч. 2 п. 1, art. 9 ч. 6)."""
    known = standing(session, person_id, at)
    consent = known.of("special").consent
    if not known.special or consent is None:
        return False
    person = session.get(Person, person_id)
    return person is not None and (answers_himself(person, local_date(session, at)) or bool(consent.representative))


def locked(session: Session, family: Family, at: datetime) -> set[str]:
    """Return what of this card is locked now, as names of sections:

    «health» no member has signed for health data; «robot» nobody allows automatic calls; «transfer» nobody allows
    passing data on; «card» the applicant refused or withdrew processing, so nothing may be added to the card.
    """
    people = [person for person in family.people if person.left_at is None]
    known = standings(session, [person.id for person in people], at)
    found = set()
    if not any(one.special for one in known.values()):
        found.add("health")
    if not any(one.auto_calls for one in known.values()):
        found.add("robot")
    if not any(one.transfer for one in known.values()):
        found.add("transfer")
    if any(known[person.id].processing in STOPPING for person in people if person.is_applicant):
        found.add("card")
    return found


def refuse_if_stopped(session: Session, family: Family, at: datetime) -> None:
    """Raise RecordsError where the applicant has refused or withdrawn the consent to processing (art. 21 ч. 5)."""
    if "card" in locked(session, family, at):
        raise RecordsError(STOPPED)
