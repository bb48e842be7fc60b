"""The words of a reminder call, filled in from the bookings as they are now (S-3, S-7; domain.md §9.2).

Nothing of a booking is kept: its words are made anew for every order, so that one whose room has changed is told with
its new room, and the files of the old words are nobody's (`workers.speech.cache` lets them go).
"""

from datetime import datetime

from sqlalchemy.orm import Session

from callflow.dialogues.script import PIECES, Booking, Script
from callflow.speech.pieces import OPTIONAL
from callflow.speech.templates import fill
from crm.appointments.tables import Appointment
from crm.dialler.service_words import OfService, of_service, whom
from crm.dialler.sources import booking_ahead
from crm.dialler.tables import DialTask
from crm.reminders.offer_words import when

SILENT_MACHINE = "wrong_person"
"""What an answering machine hears of a family that wants no messages: an apology, and nothing of who called."""


def script_of(session: Session, task: DialTask, at: datetime, known: OfService | None = None) -> Script:
    """Everything that may be said in a call about this task at `at` (aware), the soonest booking first. `known`: what
    every call of its service says, where that was read before.

    Raises `templates.Unresolved` for a text that wants what is not known, ValueError where nothing is left to remind
    of.
    """
    service, spoken_to = of_service(session, task.service_id, at, known), whom(session, task)
    values = {**service.values, **spoken_to.values}
    words = {name: fill(service.texts[name].text, values) for name in PIECES}
    if spoken_to.no_messages:
        words["machine"] = words[SILENT_MACHINE]
    rows = [row for one in task.subjects if (row := booking_ahead(session, one, at)) is not None]
    bookings = []
    for row in sorted(rows, key=lambda one: (one.starts_at, one.id)):
        booking = Booking(row.id)
        words[booking.piece] = fill(
            service.texts[f"remind_{row.mode}"].text, {**values, **_of_booking(service, row, at)}, optional=OPTIONAL
        )
        bookings.append(booking)
    return Script(words, tuple(bookings), human_now=service.is_open(at))


def _of_booking(service: OfService, row: Appointment, at: datetime) -> dict[str, str]:
    day, time = when(row.starts_at, service.zone, at)
    return {
        "день": day,
        "время": time,
        "адрес": service.address,
        "кабинет": f"кабинет {row.room}" if row.room else "",
    }
