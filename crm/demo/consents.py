"""Consents of the invented town: most families agreed by telephone or on paper, and the cases of domain.md §10.3.

07 no consent to health data, 12 signed in the office, 17 and 18 were told of by others and never asked, 19 refuses
automatic calls, 29 has withdrawn: the request to destroy is open, 30 has not been asked yet.
"""

from datetime import date, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from crm.consents.deadlines import due_on
from crm.consents.tables import ORAL, WRITTEN, Consent, ConsentText, SubjectRequest
from crm.demo.hours import STATE
from crm.family_tables import Family, Person
from crm.staff import Employee

NOT_ASKED = frozenset([17, 18, 30])
SIGNED = frozenset([1, 3, 4, 6, 7, 8, 11, 12, 14, 20, 25, 27, 29])
ROBOT_YES = frozenset([1, 2, 4, 5, 6, 16, 22, 23, 24, 27])
ROBOT_NO = frozenset([12, 19, 20])
RECORDING_NO = frozenset([2, 19])
WITHDRAWN = 29


def load_consents(session: Session, at: datetime) -> None:
    """Add the answers of the demo families' applicants; the days are counted back from `at`."""
    texts = {text.purpose: text for text in session.scalars(select(ConsentText).where(ConsentText.version == 1))}
    staff = {one.login: one for one in session.scalars(select(Employee))}
    people = select(Family, Person).join(Person, Person.family_id == Family.id).where(Person.is_applicant)
    for family, person in session.execute(people.order_by(Family.id)):
        number = int(family.card_number.removeprefix("С-"))
        if number in NOT_ASKED:
            continue
        taker = staff["roshchina"] if family.restricted else staff["lavrova" if number % 3 else "zayac"]
        asked = at - timedelta(days=60 - number)
        answers = _Answers(session, texts, family, person, taker)
        answers.add("processing", True, asked)
        if number in SIGNED:
            answers.add("processing", True, asked + timedelta(days=6), document=f"согласие № {number}")
        if number in ROBOT_YES | ROBOT_NO:
            answers.add("auto_calls", number in ROBOT_YES, asked)
        if number in RECORDING_NO:
            answers.add("recording", False, asked)
        if number in ROBOT_YES:
            for phone in person.phones:
                phone.robot_allowed = phone.label != "общий"
        if number == WITHDRAWN:
            _withdraw(session, family, person, staff["roshchina"], at - timedelta(days=4))
    session.flush()


class _Answers:
    """Rows of one person."""

    def __init__(
        self, session: Session, texts: dict[str, ConsentText], family: Family, person: Person, taker: Employee
    ) -> None:
        self.session, self.texts, self.family, self.person, self.taker = session, texts, family, person, taker

    def add(self, purpose: str, given: bool, at: datetime, *, document: str = "") -> None:
        """One answer; with a document it is a signed one."""
        self.session.add(
            Consent(
                family_id=self.family.id,
                person_id=self.person.id,
                purpose=purpose,
                given=given,
                form=WRITTEN if document else ORAL,
                text_id=self.texts[purpose].id,
                document=document,
                signed_on=at.date() if document else None,
                taken_by_id=self.taker.id,
                at=at,
            )
        )


def _withdraw(session: Session, family: Family, person: Person, employee: Employee, at: datetime) -> None:
    session.flush()
    day: date = at.date()
    for consent in session.scalars(select(Consent).where(Consent.person_id == person.id, Consent.given)):
        consent.withdrawn_at, consent.withdrawn_by_id, consent.withdrawn_on = at, employee.id, day
        consent.withdrawn_how = "заявление вх. № 118"
    session.add(
        SubjectRequest(
            family_id=family.id,
            person_id=person.id,
            kind="withdraw",
            purpose="processing",
            note="Отзыв согласия: обработка персональных данных. Заявление вх. № 118.",
            received_on=day,
            due_on=due_on("withdraw", day, STATE.counts_in_terms),
            taken_by_id=employee.id,
            at=at,
        )
    )
