"""«Просит не звонить» as pages say it: the form, and a refusal in words with its proof."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Literal

from pydantic import Field
from sqlalchemy.orm import Session

from crm.dialler import refusing
from crm.dialler.refusals import ALL, SOURCES
from crm.dialler.refusing import Wanted
from crm.dialler.tables import CallRefusal
from crm.family_tables import Family, Person
from crm.staff import Employee
from web.forms import Fields, Line, Text
from web.missed import read_day
from web.words import Clock

SCOPES = {"robot": "робот не звонит, сотрудники звонят", "all": "не звонить совсем, только по срочному делу"}


class NoCalls(Fields):
    """What was asked for. `person_id`: only this one, empty the whole family; `letter_*` of a letter."""

    scope: Line = ""
    source: Literal["talk", "letter"] = "talk"
    person_id: Annotated[int, Field(ge=1, lt=2**63)] | None = None
    note: Text = ""
    letter_number: Line = ""
    letter_on: Line = ""

    def wanted(self, today: date) -> Wanted:
        """As the records take it; a date that cannot be read is none."""
        on = read_day(self.letter_on, today) if self.letter_on else None
        return Wanted(self.scope, self.source, self.person_id, self.note, self.letter_number, on)


class NoCallsAt(NoCalls):
    """Of a number, whoever has it."""

    number: Line = ""


@dataclass(frozen=True)
class RefusalLine:
    """One refusal that holds, as the card shows it."""

    words: str
    proof: str
    note: str
    is_all: bool


def lines_of(session: Session, family: Family, clock: Clock) -> Sequence[RefusalLine]:
    """Those of one card; whoever asks may see it."""
    return [_line(session, row, clock) for row in refusing.of_card(session, family)]


def proof_of(row: CallRefusal, clock: Clock) -> str:
    """How it was said: «письменно, № 12 от 10.11.2026»."""
    said = SOURCES.get(row.source, row.source)
    letter = f", № {row.letter_number} от {row.letter_on:%d.%m.%Y}" if row.letter_on is not None else ""
    return f"{clock.exact(row.at)[:16]}, {said}{letter}"


def _line(session: Session, row: CallRefusal, clock: Clock) -> RefusalLine:
    person = session.get(Person, row.person_id) if row.person_id is not None else None
    who = f"{person.name or person.surname}: " if person is not None else "" if row.family_id else "на один номер: "
    what = "просили не звонить" if row.scope == ALL else "робот не звонит: отказались"
    writer = session.get(Employee, row.employee_id) if row.employee_id is not None else None
    by = f", записал(а) {writer.short_name}" if writer is not None else ""
    words = who + what
    return RefusalLine(words[:1].upper() + words[1:], proof_of(row, clock) + by, row.note, row.scope == ALL)
