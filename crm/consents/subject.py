"""All that is held on one person, as he may be given it (152-ФЗ art. 14 ч. 7; domain.md §4.2).

Other people's data and whoever told us about the family stay out (art. 14 ч. 8 п. 4, §4.1); the paper says so.
"""

import json
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import inspect, select
from sqlalchemy.orm import Session

from callflow.names import full_name
from callflow.phone import normalise
from crm.appeals.held import ENTRY
from crm.appeals.tables import AppealMeasure, EntryChange
from crm.audit import Actor, AuditEvent, write
from crm.base import Base, fetch
from crm.call_tables import CallRecord
from crm.cards import catalogues, field_words
from crm.cards.held import FAMILY, NEED
from crm.cards.tables import CardChange
from crm.consents.held_tables import HOLDINGS
from crm.consents.holdings import Holding, Subject, subject_of
from crm.consents.paper_words import CATALOGUE_OF, WORDS, detail_labels
from crm.errors import NotFound
from crm.family_tables import Family, Person
from crm.institution import Institution
from crm.journal_tables import SAVED, JournalEntry
from crm.papers.tables import ExportedFile
from crm.staff import Employee
from crm.visibility import visible_to

WITHHELD = "не раскрывается: сведения о другом лице"
TOLD_BY_OTHERS = ("applicant_name", "substance", "family_brief")
"""Of a row about his family that somebody else's words began: who he is, and what he said."""
ABOUT_OTHERS = ("family_brief", "substance", "need", "no_measure_reason", "measures", "final_result", "annul_reason")
"""Of a row that he began himself by telling of another family: everything about that family."""

CALLER = ("caller_number", "caller_name", "caller_note")

_OUTGOING = {
    "consent.print": "напечатан бланк согласия",
    "page.print": "напечатано",
    "person.export": "выданы все сведения о человеке",
}
"""What left the program about this family, by the audit log."""


def everything_on(session: Session, person_id: int, at: datetime) -> dict[str, Any]:
    """Return the whole paper: operator, person, one section per kind of data, and what is left out and why.

    Values are Russian text in the institution's zone. Raises NotFound. Writes nothing: `hand_out` does.
    """
    person = fetch(session, Person, person_id)
    family = session.get(Family, person.family_id) if person and person.family_id else None
    if person is None or family is None:
        raise NotFound("Такого человека нет в картотеке.")
    operator = session.scalars(select(Institution).order_by(Institution.id)).first()
    zone = ZoneInfo(operator.timezone if operator else "Europe/Moscow")
    subject = subject_of(session, person)
    reader = _Reader(session, zone)
    sections = [
        {"title": one.title, "rows": reader.rows(one, subject)}
        for one in HOLDINGS
        if one is not FAMILY or subject.applicant
    ]
    sections.append({"title": "Что выдавалось и печаталось", "rows": reader.outgoing(family)})
    sections.append({"title": "Выгрузки, в которые данные могли войти", "rows": reader.exports(family)})
    return {
        "title": "Сведения о персональных данных",
        "name": full_name(person.surname, person.name, person.patronymic),
        "card_number": family.card_number,
        "made_at": reader.text(at),
        "operator": {"name": operator.name, "address": operator.address} if operator else {},
        "basis": "согласие субъекта и обязанности оператора по закону (152-ФЗ ст. 6 ч. 1 п. 1, 2, 4)",
        "sections": sections,
        "left_out": _left_out(subject),
    }


def hand_out(session: Session, person_id: int, actor: Actor, at: datetime) -> dict[str, Any]:
    """Return `everything_on` and write into the audit log that it left the program."""
    paper = everything_on(session, person_id, at)
    person = session.get_one(Person, person_id)
    write(session, actor, "person.export", subject="person", subject_id=person_id, family_id=person.family_id, at=at)
    return paper


def hand_out_to(session: Session, person_id: int, employee: Employee, at: datetime, *, ip: str = "") -> dict[str, Any]:
    """The same for somebody at a page. Raises NotFound for a person whom this employee may not know."""
    person = fetch(session, Person, person_id)
    family = session.get(Family, person.family_id) if person and person.family_id else None
    if family is None or not visible_to(session, family, employee):
        raise NotFound("Такого человека нет в картотеке.")
    return hand_out(session, person_id, Actor.of(employee, ip), at)


def as_json(paper: Mapping[str, Any]) -> str:
    """The paper for programs."""
    return json.dumps(paper, ensure_ascii=False, indent=2) + "\n"


def _left_out(subject: Subject) -> list[str]:
    sentences = [
        "Сведения о других членах семьи: каждый получает свои сам или через представителя.",
        "Кто сообщил о семье и что именно сказал: сведения о другом лице (152-ФЗ ст. 14 ч. 8 п. 4).",
        "Кто из сотрудников открывал карточку: работники оператора (152-ФЗ ст. 14 ч. 7 п. 5).",
    ]
    if not subject.applicant:
        sentences.append("Сведения о семье в целом: их получает заявитель.")
    return sentences


class _Reader:
    """Turns stored rows into labelled Russian text."""

    def __init__(self, session: Session, zone: ZoneInfo) -> None:
        self.session = session
        self.zone = zone
        self.titles = {
            name: catalogues.titles(session, name)
            for name in {*CATALOGUE_OF.values(), *field_words.CATALOGUE_OF.values()}
        }

    def rows(self, holding: Holding, subject: Subject) -> list[dict[str, str]]:
        """The subject's rows of one table, oldest first; empty fields are left away."""
        statement = select(holding.model).where(holding.mine(subject))
        if holding is ENTRY:
            statement = statement.where(JournalEntry.state == SAVED)
        statement = statement.order_by(*inspect(holding.model).primary_key)
        return [self.row(holding, one, subject) for one in self.session.scalars(statement)]

    def row(self, holding: Holding, one: Base, subject: Subject) -> dict[str, str]:
        """One row with Russian labels."""
        hidden = self._hidden(one, subject)
        shown = {}
        for column, label in holding.shown.items():
            value = WITHHELD if column in hidden else self._value(holding, one, column)
            if value:
                shown[label] = value
        return shown

    def _hidden(self, one: Base, subject: Subject) -> tuple[str, ...]:
        """What of this row is about, or from, somebody else: of rows that began with a third party's words.

        Of a call that was only tied to the card, nobody said that it was he who called: it may be a neighbour's number.
        """
        if isinstance(one, CallRecord):
            return () if one.person_id in subject.people else CALLER
        entry = one if isinstance(one, JournalEntry) else None
        if isinstance(one, AppealMeasure | EntryChange):
            entry = self.session.get(JournalEntry, one.entry_id)
        if entry is None or entry.contact_method != "third_party":
            return ()
        told_by_him = entry.person_id in subject.people and entry.family_id not in subject.families
        if isinstance(one, JournalEntry):
            return ABOUT_OTHERS if told_by_him else TOLD_BY_OTHERS
        if isinstance(one, EntryChange):
            return ("old", "new", "reason") if told_by_him or one.field in TOLD_BY_OTHERS else ()
        return ("text", "details", "annulled_reason") if told_by_him else ()

    def _value(self, holding: Holding, one: Base, column: str) -> str:
        key, value = (holding.name, column), getattr(one, column)
        if key in CATALOGUE_OF:
            words = self._titles(CATALOGUE_OF[key], value)
        elif key in WORDS:
            codes = value if isinstance(value, list) else [value]
            words = ", ".join(WORDS[key].get(code, str(code)) for code in codes if code)
        elif column in ("number", "caller_number") and isinstance(value, str):
            known = normalise(value)
            words = known.display if known else value
        elif isinstance(one, CardChange):
            words = self._of_change(one, column)
        elif isinstance(one, EntryChange) and column == "field":
            words = ENTRY.shown.get(one.field, one.field).lower()
        elif isinstance(value, dict):
            labels = detail_labels(one.kind) if isinstance(one, AppealMeasure) else NEED.shown
            named = {labels.get(name, name): self._detail(name, part) for name, part in value.items()}
            words = "; ".join(f"{label.lower()}: {part}" for label, part in named.items() if part)
        else:
            words = self.text(value)
        return words

    def _of_change(self, change: CardChange, column: str) -> str:
        if column == "field":
            return field_words.field_title(change.field, change.subject)
        value = getattr(change, column)
        catalogue = field_words.CATALOGUE_OF.get(change.field)
        if column in ("old", "new") and catalogue and value:
            return self._titles(catalogue, value.split(", "))
        return self.text(value)

    def _detail(self, name: str, value: object) -> str:
        catalogue = CATALOGUE_OF.get(("need_assessment", name))
        return self._titles(catalogue, value) if catalogue else self.text(value)

    def _titles(self, catalogue: str, value: object) -> str:
        codes = value if isinstance(value, list) else [value]
        return ", ".join(self.titles[catalogue].get(str(code), str(code)) for code in codes if code)

    def text(self, value: object) -> str:
        """A stored value as people write it; '' for nothing."""
        match value:
            case None:
                written = ""
            case bool():
                written = "да" if value else "нет"
            case datetime():
                written = f"{value.astimezone(self.zone):%d.%m.%Y %H:%M}"
            case date():
                written = f"{value:%d.%m.%Y}"
            case list():
                written = ", ".join(self.text(one) for one in value)
            case _:
                written = str(value)
        return written

    def outgoing(self, family: Family) -> list[dict[str, str]]:
        """Prints and hand-outs of this card, by the audit log."""
        statement = select(AuditEvent).where(AuditEvent.family_id == family.id, AuditEvent.action.in_(_OUTGOING))
        return [
            {"Когда": self.text(event.at), "Что": _OUTGOING[event.action]}
            for event in self.session.scalars(statement.order_by(AuditEvent.seq))
        ]

    def exports(self, family: Family) -> list[dict[str, str]]:
        """Files with many families that were made since the card exists."""
        statement = select(ExportedFile).where(ExportedFile.made_at >= family.created_at).order_by(ExportedFile.id)
        kinds = {"journal": "журнал", "registry": "реестр"}
        return [
            {"Когда": self.text(one.made_at), "Что": kinds[one.kind]}
            for one in self.session.scalars(statement)
            if one.kind in kinds
        ]
