"""What the pages of «Информация от третьего лица» say: forms as models, the clock in words, S-6 filled in."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field
from sqlalchemy.orm import Session

from callflow.names import address_form
from callflow.phone import normalise
from crm import institution
from crm.institution import Service
from crm.staff import Employee
from crm.tips.reading import TipLine, TipWhole
from crm.tips.script import Script, script
from web.forms import Fields, Line, Text
from web.missed import ClockWords, spell
from web.words import plural

RecordId = Annotated[int, Field(ge=1, lt=2**63)]
SHOWN = {"open": "Открытые", "ended": "Законченные"}
"""The filter of the list."""
ENDED_DAYS = 90


class Told(Fields):
    """What somebody tells us. `find`, `forget`: buttons of the same form that look for the card, and take it away."""

    service_id: RecordId | None = None
    risk: Line = ""
    said_112: bool = False
    words: Text = ""
    family: RecordId | None = None
    text: Line = ""
    about_name: Line = ""
    about_address: Line = ""
    about_children: Line = ""
    numbers: Line = ""
    informant_name: Line = ""
    informant_organisation: Line = ""
    informant_phone: Line = ""
    stays_unknown: bool = False
    call: RecordId | None = None
    form_key: Line = ""
    find: Line = ""
    forget: Line = ""


class Call(Fields):
    """Which of the family's telephones; `reason` for whoever asked not to be called."""

    number: Line = ""
    phone_id: RecordId | None = None
    reason: Line = ""


class Attempt(Fields):
    """An attempt from another telephone, or to which nobody of age came."""

    result: Line = ""
    number: Line = ""
    note: Text = ""
    form_key: Line = ""


class Talk(Fields):
    """«Поговорили со взрослым: кто»."""

    how: Line = ""
    call_id: RecordId | None = None
    person_id: RecordId | None = None
    who: Line = ""
    adult: bool = False
    note: Text = ""


class Written(Fields):
    """How the family was written to."""

    how: Line = ""


class Visit(Fields):
    """Who goes where, and on which day."""

    who: Line = ""
    address: Line = ""
    day: Line = ""


class Informed(Fields):
    """A body was told of the danger; each has a field of its own on the page."""

    body: Line = ""
    whom_kdn: Line = ""
    whom_guardianship: Line = ""
    whom_police: Line = ""
    note: Text = ""

    def whom(self) -> str:
        """Who took it there."""
        given = {"kdn": self.whom_kdn, "guardianship": self.whom_guardianship, "police": self.whom_police}
        return given.get(self.body, "")


class Card(Fields):
    """Words to find a card by, or the card that was found."""

    text: Line = ""
    family_id: RecordId | None = None


class Reason(Fields):
    """Why the head gives up."""

    reason: Text = ""


def clock_of(line: TipLine) -> ClockWords:
    """«осталось 12 рабочих минут», «просрочено на 25 мин»: in open time, as the deadline counts."""
    if line.next.due_at is None:
        return ClockWords("ok", "circle-check", "закончено")
    if line.is_late:
        late = spell(-line.minutes)
        return ClockWords("bad", "circle-alert", f"просрочено на {late}" if line.minutes else "срок вышел")
    if line.minutes < 60:
        left = plural(line.minutes, "рабочая минута", "рабочие минуты", "рабочих минут")
        return ClockWords("warn" if line.minutes <= 15 else "ok", "clock", f"осталось {left}")
    return ClockWords("ok", "clock", f"осталось {spell(line.minutes)} рабочего времени")


def script_of(session: Session, whole: TipWhole, employee: Employee) -> Script:
    """S-6 with the names of this tip: of a card, the applicant's; else nobody's."""
    tip, family = whole.line.tip, whole.line.family
    service = session.get_one(Service, tip.service_id)
    members = family.members if family else []
    applicant = next((one for one in members if one.is_applicant), None)
    return script(
        employee=employee.full_name,
        service=service.name,
        institution=service.institution.name,
        person=address_form(applicant.surname, applicant.name, applicant.patronymic) if applicant else "",
        number=_ours(session, service),
    )


def _ours(session: Session, service: Service) -> str:
    """The telephone on which this service is called."""
    line = next((one for one in institution.active_lines(session) if one.service_id == service.id), None)
    known = normalise(line.did) if line else None
    return known.display if known else ""
