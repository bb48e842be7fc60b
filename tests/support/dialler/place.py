"""What no run of the state machine changes: the demo town's calendar, rules, people and families."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from callflow.calendar import ServiceCalendar
from crm.appointments.tables import AHEAD, Appointment
from crm.calendar.reading import calendar_of
from crm.campaigns.tables import DONE, Campaign
from crm.db import Database
from crm.dialler.settings import EngineSettings, settings_of
from crm.dialler.tables import (
    CallRefusal,
    DialAttempt,
    DialEvent,
    DiallerSwitch,
    DialSubject,
    DialTask,
    LineSlot,
    NumberMark,
)
from crm.family_tables import Person, Phone
from crm.missed.tables import MissedAttempt, MissedCall, MissedContact
from crm.outgoing.tables import OutgoingCall
from crm.staff import Employee
from crm.tips.tables import Tip, TipAttempt, TipDuty, TipInformant, TipReport
from tests.support.dialling import agrees, robot_on

START = datetime(2026, 11, 12, 10, 0, tzinfo=UTC)
"""Thursday, 13:00 in Moscow."""
FAMILY_IDS = (1, 3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 14)
"""Of the demo town: those whom a robot may call by day once they agree."""
FAMILIES = len(FAMILY_IDS)
OPERATORS = ("lavrova", "zayac")
TABLES = (NumberMark, CallRefusal, DialEvent, LineSlot, DialAttempt, DialSubject, DialTask, DiallerSwitch)
"""What the engine itself keeps."""
DUTIES = (TipInformant, TipReport, TipAttempt, TipDuty, Tip, MissedContact, MissedAttempt, MissedCall)
"""What people owe calls for beside it."""


@dataclass(frozen=True)
class Place:
    """Read once. `families`: person, telephone and its number of each that may be called; `operators`: who calls."""

    calendar: ServiceCalendar
    settings: EngineSettings
    employee: Employee
    operators: tuple[Employee, ...]
    specialist: int
    families: tuple[tuple[int, int, str], ...]

    @classmethod
    def of(cls, database: Database) -> Place:
        """The demo town."""
        with database.reading() as session:
            logins = {one.login: one for one in session.scalars(select(Employee))}
            return cls(
                calendar_of(session, 1),
                settings_of(session, 1),
                logins["roshchina"],
                tuple(logins[one] for one in OPERATORS),
                logins["vorobey"].id,
                tuple(_whom(session, family) for family in FAMILY_IDS),
            )


def _whom(session: Session, family_id: int) -> tuple[int, int, str]:
    first = select(Phone).join(Person).where(Person.family_id == family_id).order_by(Person.id, Phone.id)
    phone = session.scalars(first).first()
    assert phone is not None
    return phone.person_id, phone.id, phone.number


def prepare(database: Database) -> None:
    """Let the first families agree to robots, and let nothing else be booked or owed."""
    with database.transaction() as session:
        robot_on(session, 1, START)
        session.execute(update(Appointment).where(Appointment.state.in_(AHEAD)).values(state="done"))
        session.execute(update(Campaign).values(state=DONE))
        session.execute(update(OutgoingCall).values(missed_id=None))
        for table in DUTIES:
            session.execute(delete(table))
        for family in FAMILY_IDS:
            person = session.scalars(select(Person).where(Person.family_id == family).order_by(Person.id)).first()
            agrees(session, person, START)
