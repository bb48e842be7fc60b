"""What the pages say of consents: the matrix of a card, the line of the workplace, in words (domain.md §4.1)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from callflow.names import full_name
from crm import families
from crm.consents import rules
from crm.consents.rules import Answer, Standing
from crm.consents.tables import PURPOSES, Consent, ConsentText
from crm.errors import NotFound
from crm.family_tables import Family, Person
from crm.staff import Employee
from web.words import Clock

SHORT = {
    "processing": "обработка данных",
    "special": "сведения о здоровье",
    "auto_calls": "автоматические звонки",
    "recording": "запись разговора",
    "transfer": "передача другим",
}
OF_CHILDREN = ("processing", "special", "transfer")
"""Nobody rings a child automatically or records him."""

_TONES = {"oral": "ok", "written": "ok", "refused": "bad", "withdrawn": "bad", "expired": "warn", "none": ""}
_ICONS = {
    "oral": "phone",
    "written": "file-text",
    "refused": "x",
    "withdrawn": "x",
    "expired": "clock",
    "none": "circle",
}
_STATES = {
    "none": "не спрашивали",
    "oral": "да, устно",
    "written": "да, письменно",
    "refused": "отказ",
    "withdrawn": "отозвано",
    "expired": "срок истёк",
}


@dataclass(frozen=True)
class Cell:
    """One purpose of one person. `words` «устно», `about` «12.10.2026, Лаврова Н. А., текст № 1»."""

    purpose: str
    title: str
    answer: Answer
    words: str
    about: str
    tone: str
    drawing: str


@dataclass(frozen=True)
class Row:
    """One person of the card. `represented`: somebody else answers for him, a parent, a guardian."""

    person: Person
    name: str
    child: bool
    represented: bool
    cells: list[Cell]

    def cell(self, purpose: str) -> Cell | None:
        """The cell of this purpose; None where a child is never asked."""
        return next((one for one in self.cells if one.purpose == purpose), None)


def matrix(session: Session, family: Family, clock: Clock) -> list[Row]:
    """Every member of the card with what he allows: grown-ups first, then children."""
    people = [person for person in family.people if person.left_at is None]
    known = rules.standings(session, [person.id for person in people], clock.at)
    names, texts = _names(session, known.values()), _versions(session)
    today = rules.local_date(session, clock.at)
    rows = []
    for person in people:
        child = rules.is_minor(person, today)
        purposes = OF_CHILDREN if child else tuple(PURPOSES)
        cells = [_cell(one, known[person.id].of(one), names, texts, clock.zone) for one in purposes]
        name = full_name(person.surname, person.name, person.patronymic)
        rows.append(Row(person, name, child, not rules.answers_himself(person, today), cells))
    return sorted(rows, key=lambda row: row.child)


def member(session: Session, family_id: int, person_id: int, viewer: Employee) -> Person:
    """A member of this very card: ids of two cards never meet in one form. Raises NotFound."""
    person = families.fetch_person(session, person_id, viewer)
    if person.family_id != family_id:
        raise NotFound("Такого человека нет в карточке.")
    return person


def history(session: Session, person_id: int, purpose: str) -> list[Consent]:
    """Every answer of this person to this purpose, newest first; nothing is ever taken away."""
    statement = select(Consent).where(Consent.person_id == person_id, Consent.purpose == purpose)
    return list(session.scalars(statement.order_by(Consent.at.desc(), Consent.id.desc())))


def told(consent: Consent, names: dict[int, str], texts: dict[int, int], zone: ZoneInfo) -> str:
    """One answer in words: «да, устно 12.10.2026, Лаврова Н. А., текст № 1; отозвано …»."""
    form = ("да, письменно" if consent.form == "written" else "да, устно") if consent.given else "отказ"
    return f"{form}: {_about(consent, names, texts, zone)}{_ended(consent)}"


def names_and_versions(session: Session, consents: Iterable[Consent]) -> tuple[dict[int, str], dict[int, int]]:
    """Who took these answers, and the versions of the texts."""
    return _employees(session, {one.taken_by_id for one in consents}), _versions(session)


@dataclass(frozen=True)
class ConsentLine:
    """The line of the workplace's card. `pieces`: (words, tone); `asked`: whether processing has an answer at all."""

    pieces: list[tuple[str, str]]
    asked: bool
    stopped: bool


def line(session: Session, person_ids: Iterable[int], at: datetime) -> ConsentLine:
    """«ПДн устно 12.10 · робот: да · запись: нет» of the first of these people: who calls, or the applicant."""
    ids = list(person_ids)[:1]
    known = rules.standings(session, ids, at).get(ids[0], Standing()) if ids else Standing()
    answer = known.of("processing")
    row = answer.consent
    day = (row.signed_on or rules.local_date(session, row.at)) if row else None
    words = {"oral": "устно", "written": "письменно"}.get(answer.state, _STATES[answer.state])
    pieces = [(f"ПДн: {words}{f' {day:%d.%m.%Y}' if day else ''}", _TONES[answer.state])]
    for purpose, title in (("auto_calls", "робот"), ("recording", "запись")):
        pieces.append((f"{title}: {'да' if known.of(purpose).is_given else 'нет'}", ""))
    return ConsentLine(pieces, answer.is_given, answer.state in rules.STOPPING)


def _cell(purpose: str, answer: Answer, names: dict[int, str], texts: dict[int, int], zone: ZoneInfo) -> Cell:
    consent = answer.consent
    about = (_about(consent, names, texts, zone) + _ended(consent)) if consent else ""
    return Cell(
        purpose, SHORT[purpose], answer, _STATES[answer.state], about, _TONES[answer.state], _ICONS[answer.state]
    )


def _about(consent: Consent, names: dict[int, str], texts: dict[int, int], zone: ZoneInfo) -> str:
    day = consent.signed_on or consent.at.astimezone(zone).date()
    parts = [
        consent.document,
        f"{day:%d.%m.%Y}",
        f"за него: {consent.representative}" if consent.representative else "",
        names.get(consent.taken_by_id, ""),
        f"текст № {texts.get(consent.text_id, 1)}",
        f"до {consent.valid_until:%d.%m.%Y}" if consent.valid_until else "",
    ]
    return ", ".join(part for part in parts if part)


def _ended(consent: Consent) -> str:
    if consent.withdrawn_on is None:
        return ""
    return f"; отозвано {consent.withdrawn_on:%d.%m.%Y}: {consent.withdrawn_how}"


def _names(session: Session, known: Iterable[Standing]) -> dict[int, str]:
    answers = (answer.consent for one in known for answer in one.answers.values())
    return _employees(session, {consent.taken_by_id for consent in answers if consent})


def _employees(session: Session, ids: set[int]) -> dict[int, str]:
    return {one.id: one.short_name for one in session.scalars(select(Employee).where(Employee.id.in_(ids)))}


def _versions(session: Session) -> dict[int, int]:
    rows = session.execute(select(ConsentText.id, ConsentText.version))
    return {row.id: row.version for row in rows}
