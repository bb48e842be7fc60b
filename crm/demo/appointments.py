"""§10.2: the specialists' timetables, what is booked with them, one full day, somebody who waits for a time."""

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from callflow.names import full_name
from callflow.slots import Slot
from crm.appeals.states import Progress
from crm.appointments.tables import (
    CANCELLED,
    CONFIRMED,
    DONE,
    NO_SHOW,
    PLANNED,
    Appointment,
    AppointmentEvent,
    Timetable,
    TimetableException,
    TimetableInterval,
    WaitingWish,
)
from crm.appointments.timetable import Known, known_of
from crm.family_tables import Family
from crm.journal_tables import JournalEntry
from crm.staff import Employee

_MON, _TUE, _WED, _THU, _FRI = range(5)

_HOURS = {
    "smirnova": [(_TUE, 9, 12, ["office", "phone"]), (_THU, 14, 19, ["office", "phone"])],
    "durnovo": [
        (_MON, 9, 17, ["office", "video"]),
        (_WED, 9, 17, ["office", "video"]),
        (_THU, 13, 19, ["office", "phone"]),
    ],
    "vorobey": [(day, 8, 19 if day == _THU else 17, ["office", "phone"]) for day in range(5)],
    "oganesyan": [(_WED, 15, 17, ["video", "phone"]), (_FRI, 9, 16, ["office"])],
}
"""Weekday, from hour, until hour, ways of meeting. The break from 12 to 13 is the specialist's own too."""


def load_appointments(session: Session, at: datetime) -> None:
    """Timetables, and bookings around `at`: of every state, one day of the lawyer full to the last time."""
    people = {one.login: one for one in session.scalars(select(Employee).where(Employee.login.in_(_PEOPLE)))}
    for login, hours in _HOURS.items():
        _timetable(session, people[login], hours, at)
    session.flush()
    _training_day(session, people["vorobey"], at)
    session.flush()
    known = known_of(session, [people[login].id for login in _HOURS])
    families = {one.card_number: one for one in session.scalars(select(Family))}
    book = _Book(session, people, known, families, at)
    book.full_day("smirnova")
    book.some("vorobey", ahead=1, numbers=("01", "15"), state=CONFIRMED)
    book.some("durnovo", ahead=2, numbers=("10",), state=PLANNED)
    book.some("oganesyan", ahead=1, numbers=("07",), state=PLANNED)
    book.past("vorobey", "02", DONE)
    book.past("durnovo", "28", NO_SHOW)
    book.past("smirnova", "22", CANCELLED)
    book.waits("14", "юрист", "жильё, документы")


_PEOPLE = (*_HOURS, "lavrova", "gromova")


class _Book:
    """What the bookings of the demo share."""

    def __init__(
        self,
        session: Session,
        people: dict[str, Employee],
        known: dict[int, Known],
        families: dict[str, Family],
        at: datetime,
    ) -> None:
        self.session, self.people, self.known, self.families, self.at = session, people, known, families, at
        waiting = select(JournalEntry).where(JournalEntry.progress == Progress.APPOINTMENT.value)
        self.entries = {one.family_id: one.id for one in session.scalars(waiting)}

    def full_day(self, login: str) -> None:
        """Every time of the first day of reception at least two days ahead."""
        times = self._times(login, 2)
        for number, slot in zip(("11", "16", "04", "10", "05", "22", "25", "28"), times, strict=False):
            self._add(login, number, slot, PLANNED)

    def some(self, login: str, ahead: int, numbers: tuple[str, ...], state: str) -> None:
        """The first times of the first day of reception so many days ahead."""
        for number, slot in zip(numbers, self._times(login, ahead)[1:], strict=False):
            self._add(login, number, slot, state)

    def past(self, login: str, number: str, state: str) -> None:
        """A time of the last day of reception before a week ago."""
        self._add(login, number, self._times(login, -7, step=-1)[0], state)

    def waits(self, number: str, profession: str, topic: str) -> None:
        """Somebody for whom no time suited: only mornings."""
        family = self.families[f"С-000{number}"]
        person = family.people[0]
        self.session.add(
            WaitingWish(
                profession=profession,
                weekdays=[_TUE, _THU],
                starts=9 * 60,
                ends=17 * 60,
                family_id=family.id,
                person_id=person.id,
                applicant_name=full_name(person.surname, person.name, person.patronymic),
                topic=topic,
                state_at=self.at - timedelta(hours=20),
                entered_by_id=self.people["lavrova"].id,
                entered_at=self.at - timedelta(hours=20),
            )
        )

    def _times(self, login: str, ahead: int, step: int = 1) -> list[Slot]:
        known = self.known[self.people[login].id]
        day = self.at.astimezone(known.calendar.zone).date() + timedelta(days=ahead)
        for _ in range(40):
            found = known.slots_of(day)
            if len(found) > 2:
                return found
            day += timedelta(days=step)
        return []

    def _add(self, login: str, number: str, slot: Slot, state: str) -> None:
        family = self.families[f"С-000{number}"]
        person = family.people[0]
        by = self.people["lavrova"]
        booked_at = min(self.at, slot.starts_at) - timedelta(days=2)
        row = Appointment(
            employee_id=self.people[login].id,
            starts_at=slot.starts_at,
            ends_at=slot.ends_at,
            mode=slot.modes[0],
            room=slot.room if slot.modes[0] == "office" else "",
            state=state,
            state_at=booked_at,
            state_reason="заболел ребёнок" if state == CANCELLED else "",
            cancelled_by="family" if state == CANCELLED else "",
            family_id=family.id,
            person_id=person.id,
            applicant_name=full_name(person.surname, person.name, person.patronymic),
            topic=_TOPICS.get(login, ""),
            entry_id=self.entries.get(family.id),
            booked_by_id=by.id,
            booked_at=booked_at,
        )
        self.session.add(row)
        self.session.flush()
        for one in dict.fromkeys((PLANNED, state)):
            self.session.add(AppointmentEvent(appointment_id=row.id, at=booked_at, employee_id=by.id, state=one))


_TOPICS = {
    "smirnova": "пособия и документы",
    "durnovo": "отношения в семье",
    "vorobey": "социальные услуги",
    "oganesyan": "речь ребёнка",
}


def _timetable(
    session: Session, employee: Employee, hours: list[tuple[int, int, int, list[str]]], at: datetime
) -> None:
    session.add(Timetable(employee_id=employee.id, changed_at=at))
    session.flush()
    for weekday, first, last, modes in hours:
        whole_day = first < 12 and last > 13
        session.add(
            TimetableInterval(
                employee_id=employee.id,
                weekday=weekday,
                starts=first * 60,
                ends=last * 60,
                break_starts=12 * 60 if whole_day else None,
                break_ends=13 * 60 if whole_day else None,
                modes=modes,
                room=employee.room,
                entered_at=at,
            )
        )


def _training_day(session: Session, employee: Employee, at: datetime) -> None:
    """A date that differs: the specialist is at a training on the second Wednesday from now."""
    today = at.date()
    day = today + timedelta(days=(_WED - today.weekday()) % 7 + 7)
    session.add(
        TimetableException(
            employee_id=employee.id, day=day, kind="closed", modes=[], reason="семинар в областном центре",
            entered_at=at,
        )
    )  # fmt: skip
