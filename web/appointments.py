"""What the pages of «Запись» share: the little form of a held time, what it offers, what is read aloud after it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from secrets import token_hex
from typing import Any

from fastapi import Request
from sqlalchemy.orm import Session

from callflow.identity import IdentityLevel, may_see_full_card
from callflow.names import full_name
from callflow.slots import Slot
from crm import journal, staff
from crm.appointments import slots, support, timetable
from crm.appointments.tables import MODES, Appointment, SlotHold
from crm.base import fetch
from crm.calls import CallRecord
from crm.consents import rules, texts
from crm.family_tables import ACTIVE, Family, Person
from crm.institution import Institution, Service
from crm.journal_tables import JournalEntry
from crm.staff import Employee
from crm.visibility import seen_family
from web.access import Visitor

BOX = "booking"
"""The place on the workplace where a held time opens: beside the specialists, outside of every part that is redrawn."""


@dataclass
class Dialog:
    """The form of a held time."""

    hold: SlotHold
    specialist: Employee
    slot: Slot
    form_key: str
    family: Family | None = None
    people: list[Person] = field(default_factory=list)
    values: dict[str, Any] = field(default_factory=dict)
    reminder: str = ""
    """The consent text to read, '' where there is nobody to ask or he has answered."""
    reminder_known: str = ""

    @property
    def modes(self) -> list[tuple[str, str]]:
        """The ways of meeting at this time."""
        return [(code, title) for code, title in MODES.items() if code in self.slot.modes]


def in_box(request: Request) -> bool:
    """Whether the workplace asks for the box, not a browser for a page."""
    return request.headers.get("hx-target") == BOX


def dialog_of(session: Session, hold: SlotHold, visitor: Visitor, at: datetime) -> Dialog:
    """The form with what is known: of the call's family once its caller is confirmed, of the card it came from."""
    specialist = session.get_one(Employee, hold.employee_id)
    slot = slots.slot_at(session, hold.employee_id, hold.starts_at) or Slot(hold.starts_at, hold.ends_at)
    dialog = Dialog(hold, specialist, slot, token_hex(16))
    call = fetch(session, CallRecord, hold.call_id) if hold.call_id else None
    person_id, family_id = None, hold.family_id
    if call is not None and family_id is None and may_see_full_card(IdentityLevel(call.identity_level)):
        person_id, family_id = call.person_id, call.family_id
    family = seen_family(session, family_id, visitor.employee) if family_id else None
    entry = journal.entry_of_call(session, call.id) if call else None
    applicant = entry.applicant_name if entry else ""
    if family is not None and family.state == ACTIVE:
        dialog.family = family
        dialog.people = [one for one in family.members if not rules.is_minor(one, rules.local_date(session, at))]
        chosen = next((one for one in dialog.people if one.id == person_id), None)
        chosen = chosen or next((one for one in dialog.people if one.is_applicant), None)
        if chosen is not None:
            person_id = chosen.id
            applicant = full_name(chosen.surname, chosen.name, chosen.patronymic)
            _reminder(session, dialog, chosen, visitor, at)
    dialog.values = {
        "applicant_name": applicant,
        "person_id": str(person_id) if dialog.family and person_id else "",
        "topic": entry.topic if entry else "",
        "mode": dialog.slot.modes[0] if dialog.slot.modes else "office",
    }
    return dialog


def _reminder(session: Session, dialog: Dialog, person: Person, visitor: Visitor, at: datetime) -> None:
    """«Можно напомнить автоматическим звонком?»: the words of the consent, unless he has said yes already (A-19)."""
    if rules.standing(session, person.id, at).auto_calls:
        dialog.reminder_known = "согласие на автоматические звонки есть"
        return
    operator = texts.operator_values(texts.institution_of(session, visitor.employee))
    dialog.reminder = texts.filled(texts.current(session, "auto_calls").spoken, operator)


def support_of(session: Session, entry: JournalEntry | None) -> tuple[bool, bool]:
    """Whether the appeal needs long support, and whether its applicant is booked (A-26)."""
    if entry is None:
        return False, False
    return support.is_needed(session, entry.id), support.is_booked(session, entry.id)


def address_of(session: Session, employee_id: int) -> str:
    """Where the specialist receives people."""
    service_ids = staff.service_ids_of(session, employee_id)
    service = session.get(Service, service_ids[0]) if service_ids else None
    institution = service.institution if service else session.get(Institution, 1)
    return institution.address if institution else ""


def offered(
    session: Session, at: datetime, count: int = 6, *, but: int | None = None
) -> list[tuple[Employee, list[Slot]]]:
    """Every specialist with his nearest free times, for the page where one is chosen."""
    people = [one for one in timetable.specialists(session) if one.id != but]
    nearest = slots.nearest(session, [one.id for one in people], at, count)
    return [(one, nearest[one.id]) for one in people]


def held_beside(session: Session, employee_ids: list[int], at: datetime) -> dict[int, list[tuple[SlotHold, str]]]:
    """Who holds which time of these specialists: «держит Заяц П. И.» beside the free ones, those of two days."""
    found: dict[int, list[tuple[SlotHold, str]]] = {}
    for hold, holder in slots.live_holds(session, employee_ids, at):
        if holder is not None and hold.starts_at < at + timedelta(days=60):
            found.setdefault(hold.employee_id, []).append((hold, holder.short_name))
    return found


def place_words(row: Appointment) -> str:
    """«каб. 12», «по телефону»."""
    return f"каб. {row.room}" if row.mode == "office" and row.room else MODES.get(row.mode, "")
