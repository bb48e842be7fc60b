"""Asking for consent: given by telephone, signed on paper, refused, withdrawn (152-ФЗ art. 9; domain.md §4.1).

Every verb locks the card and the person first: the same form sent twice, or by two people at once, makes one row.
What a withdrawal closes is closed in its own transaction.
"""

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from callflow.text import clean_line
from crm.audit import Actor, write
from crm.base import fetch
from crm.calls import CallRecord
from crm.cards import changes
from crm.cards.tables import HealthRecord
from crm.consents import requests, rules
from crm.consents.tables import ORAL, PURPOSES, WRITTEN, Consent, ConsentText
from crm.dialler import calling_off
from crm.dialler.calling_off import Whom
from crm.errors import Incomplete, NotFound, RecordsError
from crm.families import fetch_family
from crm.family_tables import ACTIVE, Family, Person
from crm.staff import Employee

EARLIEST = date(1990, 1, 1)
NOT_THERE = "Такого человека нет в карточке."
ONLY_ON_PAPER = "По телефону это согласие взять нельзя: закон требует подписи. Распечатайте бланк к визиту."


@dataclass(frozen=True)
class Paper:
    """A signed document. `representative` and `authority`: who signed for a child or an incapable person, by what."""

    document: str
    signed_on: date
    representative: str = ""
    authority: str = ""
    valid_until: date | None = None


def give(
    session: Session,
    person_id: int,
    text_id: int,
    employee: Employee,
    at: datetime,
    *,
    paper: Paper | None = None,
    call_id: int | None = None,
    representative: str = "",
    ip: str = "",
) -> Consent:
    """Write down a «yes» to this text: spoken without `paper`, signed with it. The same again returns the same row.

    `representative` is the parent who said yes for a child by telephone. Raises Incomplete by field, NotFound, and
    RecordsError where the purpose needs a signature.
    """
    family, person = _person(session, person_id, employee)
    text = _text(session, text_id)
    today = rules.local_date(session, at)
    if paper is None and text.purpose in rules.WRITTEN_ONLY:
        raise RecordsError(ONLY_ON_PAPER)
    details = _cleaned(paper, today) if paper else Paper("", today, clean_line(representative, 200))
    if not rules.answers_himself(person, today) and not details.representative:
        raise Incomplete({"representative": "Укажите, кто из родителей или опекунов отвечает за этого человека."})
    form = WRITTEN if paper else ORAL
    standing = rules.standing(session, person.id, at).of(text.purpose)
    same = _same(session, person.id, text, form, details) if standing.is_given else None
    if same is not None:
        return same
    row = Consent(
        family_id=family.id,
        person_id=person.id,
        purpose=text.purpose,
        given=True,
        form=form,
        text_id=text.id,
        representative=details.representative,
        authority=details.authority,
        document=details.document,
        signed_on=details.signed_on if paper else None,
        valid_until=details.valid_until,
        call_id=_call(session, call_id),
        taken_by_id=employee.id,
        at=at,
    )
    session.add(row)
    session.flush()
    _log(session, "consent.give", row, employee, at, ip=ip)
    return row


def refuse(
    session: Session,
    person_id: int,
    text_id: int,
    employee: Employee,
    at: datetime,
    *,
    call_id: int | None = None,
    ip: str = "",
) -> Consent:
    """Write down a «no». A «no» after a «yes» withdraws it; a «no» to processing asks the head what may stay."""
    family, person = _person(session, person_id, employee)
    text = _text(session, text_id)
    standing = rules.standing(session, person.id, at).of(text.purpose)
    if standing.is_given:
        return withdraw(session, person.id, text.purpose, employee, at, how="отказ в разговоре", ip=ip)
    if standing.state == "refused" and standing.consent is not None:
        return standing.consent
    row = Consent(
        family_id=family.id,
        person_id=person.id,
        purpose=text.purpose,
        given=False,
        form=ORAL,
        text_id=text.id,
        call_id=_call(session, call_id),
        taken_by_id=employee.id,
        at=at,
    )
    session.add(row)
    session.flush()
    _log(session, "consent.refuse", row, employee, at, ip=ip)
    if text.purpose == "processing":
        today = rules.local_date(session, at)
        note = "Отказ от обработки: решить, что вправе храниться по закону, остальное уничтожить."
        requests.open_for(session, person, "stop", today, employee, at, purpose="processing", note=note, ip=ip)
    return row


def withdraw(
    session: Session,
    person_id: int,
    purpose: str,
    employee: Employee,
    at: datetime,
    *,
    how: str,
    received_on: date | None = None,
    ip: str = "",
) -> Consent:
    """End every consent to this purpose, and what it unlocked, at once: robot calls off, health locked, processing
    stopped with a request to destroy within 30 days. Twice is once.

    `how` in words («заявление вх. № 12»), `received_on` the day it reached us. Withdrawing processing ends every other
    consent of this person too. Raises RecordsError where there is nothing to withdraw.
    """
    _family, person = _person(session, person_id, employee)
    if purpose not in PURPOSES:
        raise NotFound("Такого согласия нет.")
    today = rules.local_date(session, at)
    day, words = _withdrawal(how, received_on, today)
    ended = [
        _end(session, person.id, one, (day, words), employee, at)
        for one in (PURPOSES if purpose == "processing" else [purpose])
    ]
    last = next((rows[-1] for rows in ended if rows and rows[-1].purpose == purpose), None)
    if last is None:
        known = rules.standing(session, person.id, at).of(purpose)
        if known.state == "withdrawn" and known.consent is not None:
            return known.consent
        raise RecordsError("Отзывать нечего: этого согласия человек не давал.")
    for row in (row for rows in ended for row in rows[-1:]):
        _close(session, person, row.purpose, employee, at, ip=ip)
        _log(session, "consent.withdraw", row, employee, at, ip=ip)
    if purpose == "processing" or (purpose == "special" and _holds_health(session, person.id)):
        note = f"Отзыв согласия: {PURPOSES[purpose]}. {words}"
        requests.open_for(session, person, "withdraw", day, employee, at, purpose=purpose, note=note, ip=ip)
    return last


def _withdrawal(how: str, received_on: date | None, today: date) -> tuple[date, str]:
    day = received_on or today
    words = clean_line(how, 200)
    problems = {} if words else {"how": "Укажите, как отозвано: заявление, устно, по телефону."}
    if not EARLIEST <= day <= today:
        problems["received_on"] = "Дата отзыва не может быть позже сегодняшней."
    if problems:
        raise Incomplete(problems)
    return day, words


def _end(  # noqa: PLR0917 - who, what, when: as in every verb
    session: Session, person_id: int, purpose: str, when_how: tuple[date, str], employee: Employee, at: datetime
) -> list[Consent]:
    """Mark every «yes» to this purpose that has not been withdrawn; return those that were marked, oldest first."""
    statement = select(Consent).where(
        Consent.person_id == person_id,
        Consent.purpose == purpose,
        Consent.given.is_(True),
        Consent.withdrawn_at.is_(None),
    )
    rows = list(session.scalars(statement.order_by(Consent.at, Consent.id)))
    for row in rows:
        row.withdrawn_at, row.withdrawn_by_id = at, employee.id
        row.withdrawn_on, row.withdrawn_how = when_how
    session.flush()
    return rows


def _close(session: Session, person: Person, purpose: str, employee: Employee, at: datetime, *, ip: str) -> None:
    """Switch off what the purpose had unlocked on the card, and end a robot's call that is on its way to this person;
    health is locked by `rules.may_hold_health` itself."""
    family = person.family
    if purpose != "auto_calls" or family is None:
        return
    calling_off.silence(session, Whom(person_id=person.id), at)
    for phone in person.phones:
        if phone.robot_allowed:
            phone.robot_allowed = False
            before, after = {"robot_allowed": True}, {"robot_allowed": False}
            changes.note(session, family, "phone", phone.id, before, after, employee, at, ip=ip)


def _holds_health(session: Session, person_id: int) -> bool:
    statement = select(HealthRecord.id).where(HealthRecord.person_id == person_id).limit(1)
    return session.scalar(statement) is not None


def _person(session: Session, person_id: int, employee: Employee) -> tuple[Family, Person]:
    """The person and his card, both locked until the commit: the card first, as every change of a card does.

    Raises NotFound where this employee may not know him, or he has left the card meanwhile.
    """
    known = fetch(session, Person, person_id)
    if known is None or known.family_id is None:
        raise NotFound(NOT_THERE)
    family_id = fetch_family(session, known.family_id, employee).id
    family = fetch(session, Family, family_id, lock=True)
    person = fetch(session, Person, person_id, lock=True)
    if family is None or family.state != ACTIVE:
        raise NotFound("Такой карточки нет.")
    if person is None or person.family_id != family.id or person.left_at is not None:
        raise NotFound(NOT_THERE)
    return family, person


def _text(session: Session, text_id: int) -> ConsentText:
    text = fetch(session, ConsentText, text_id)
    if text is None:
        raise NotFound("Такого текста согласия нет.")
    return text


def _call(session: Session, call_id: int | None) -> int | None:
    return call_id if call_id is not None and fetch(session, CallRecord, call_id) is not None else None


def _cleaned(paper: Paper, today: date) -> Paper:
    document, representative, authority = (
        clean_line(text, 200) for text in (paper.document, paper.representative, paper.authority)
    )
    problems = {} if document else {"document": "Укажите номер или название документа."}
    if not EARLIEST <= paper.signed_on <= today:
        problems["signed_on"] = "Дата подписи не может быть позже сегодняшней."
    if paper.valid_until is not None and paper.valid_until < today:
        problems["valid_until"] = "Срок уже прошёл."
    if representative and not authority:
        problems["authority"] = "Укажите, на каком основании: свидетельство о рождении, акт опеки, доверенность."
    if problems:
        raise Incomplete(problems)
    return Paper(document, paper.signed_on, representative, authority, paper.valid_until)


def _same(session: Session, person_id: int, text: ConsentText, form: str, paper: Paper) -> Consent | None:
    """The row that says exactly this and is still in force."""
    statement = select(Consent).where(
        Consent.person_id == person_id,
        Consent.purpose == text.purpose,
        Consent.given.is_(True),
        Consent.withdrawn_at.is_(None),
        Consent.form == form,
        Consent.text_id == text.id,
        Consent.document == paper.document,
        Consent.representative == paper.representative,
    )
    return session.scalars(statement.order_by(Consent.id.desc()).limit(1)).one_or_none()


def _log(session: Session, action: str, row: Consent, employee: Employee, at: datetime, *, ip: str) -> None:
    details = {"purpose": row.purpose, "form": row.form, "text": row.text_id}
    actor = Actor.of(employee, ip)
    write(
        session,
        actor,
        action,
        subject="person",
        subject_id=row.person_id,
        family_id=row.family_id,
        details=details,
        at=at,
    )
