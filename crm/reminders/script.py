"""The words of a reminder call, filled in from the bookings as they are now (S-3, S-7; domain.md §9.2).

Nothing is kept: the words are made anew for every order, so that a booking whose room has changed is told with its new
room, and the files of the old words are nobody's (`workers.speech.cache` lets them go).
"""

from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from callflow.calendar import LineState
from callflow.dialogues.script import PIECES, Booking, Script
from callflow.names import address_form
from callflow.speech.pieces import OPTIONAL
from callflow.speech.templates import fill
from crm.appointments.tables import Appointment
from crm.calendar.reading import calendar_of
from crm.dialler.sources import stands
from crm.dialler.tables import DialTask
from crm.family_tables import Family, Person
from crm.institution import Service
from crm.reminders.offer_words import when
from crm.speech import texts
from crm.speech.values import common

SILENT_MACHINE = "wrong_person"
"""What an answering machine hears of a family that wants no messages: an apology, and nothing of who called."""


def script_of(session: Session, task: DialTask, at: datetime) -> Script:
    """Everything that may be said in a call about this task at `at` (aware), the soonest booking first.

    Raises `templates.Unresolved` for a text that wants what is not known, ValueError where nothing is left to remind
    of.
    """
    service = session.get_one(Service, task.service_id)
    person = session.get(Person, task.person_id) if task.person_id else None
    family = session.get(Family, task.family_id) if task.family_id else None
    values = common(session, service, at)
    if person is not None:
        values["имя"] = address_form(person.surname, person.name, person.patronymic)
    worded = texts.all_current(session, service.id)
    words = {name: fill(worded[name].text, values) for name in PIECES}
    if family is not None and family.no_messages:
        words["machine"] = words[SILENT_MACHINE]
    rows = [session.get_one(Appointment, one.appointment_id) for one in task.subjects if stands(session, one, at)]
    bookings = []
    for row in sorted(rows, key=lambda one: (one.starts_at, one.id)):
        booking = Booking(row.id)
        words[booking.piece] = fill(
            worded[f"remind_{row.mode}"].text, {**values, **_of_booking(service, row, at)}, optional=OPTIONAL
        )
        bookings.append(booking)
    open_now = calendar_of(session, service.id).at(at).state is LineState.OPEN
    return Script(words, tuple(bookings), human_now=open_now)


def _of_booking(service: Service, row: Appointment, at: datetime) -> dict[str, str]:
    day, time = when(row.starts_at, ZoneInfo(service.institution.timezone), at)
    return {
        "день": day,
        "время": time,
        "адрес": service.institution.address,
        "кабинет": f"кабинет {row.room}" if row.room else "",
    }
