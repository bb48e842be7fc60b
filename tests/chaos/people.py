"""Who is called in a chaos run: families, what each is called about, and what their telephones do."""

from __future__ import annotations

import itertools
import random
import threading
import time
from collections.abc import Iterator
from datetime import datetime, timedelta

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from callflow.dialler.states import Channel, TaskState
from crm.appointments.tables import AHEAD, PLANNED, Appointment
from crm.campaigns.tables import PLANNED as TARGET_PLANNED
from crm.campaigns.tables import RUNNING, Campaign, CampaignTarget, CampaignText
from crm.dialler.tables import CAMPAIGN, RATING, REMINDER, DialSubject, DialTask
from crm.family_tables import Family, Person, Phone
from crm.journal_tables import JournalEntry
from crm.outgoing.tables import OutgoingCall
from crm.staff import Employee
from tests.support.dialler.place import DUTIES, TABLES
from tests.support.dialling import agrees, robot_on
from tests.support.listening_network import ListeningNetwork
from tests.support.network import Arrived, Behaviour

LISTENS = Behaviour(ring=0.4, talk=None)
BEHAVIOURS = (
    (45, LISTENS),
    (10, Behaviour(ring=0.3, talk=1.0)),
    (8, Behaviour(ring=0.3, talk=0.05)),
    (10, Behaviour(ring=0.5, status=486)),
    (12, Behaviour(ring=None)),
    (4, Behaviour(ring=0, status=404)),
    (4, Behaviour(ring=0.3, status=480)),
    (4, Behaviour(ring=0.2, status=603)),
    (3, Behaviour(ring=0, status=503)),
)
"""Weight, and what the telephone does."""
PRIORITIES = {REMINDER: 5, RATING: 7, CAMPAIGN: 9}
"""As their planners give them (`crm.ratings.planning`, `crm.campaigns.planning`)."""
FIRST_CASE = 700_000
"""Numbers of cases in the journal that no other row has."""
MOBILES, HOMES = 4_000, 9_000
"""How many of their telephones are in +7 907 000 (up to the service's own numbers) and in +7 473 670."""
CAPS = {"per_day": 2, "per_week": 4, "per_month": 16, "per_service_day": 9000, "attempts": 2}


def number_of(place: int) -> str:
    """The telephone of a family; all of the demo's invented ranges (domain.md §10.6), which end: the robot would
    rightly call no number beyond them. Raises ValueError there."""
    if place < MOBILES:
        return f"+7907000{5_000 + place}"
    if place < MOBILES + HOMES:
        return f"+7473670{10_000 - HOMES + place - MOBILES}"
    raise ValueError(f"there are {MOBILES + HOMES} invented telephones")


def fill(session: Session, count: int, at: datetime, *, mixed: bool = False, **settings: int) -> list[int]:
    """Let `count` families be called by the robot now, and nobody else; the tasks. `mixed`: not only because of
    bookings; what people call about is `desks.fill`."""
    session.execute(update(OutgoingCall).values(missed_id=None))
    for table in (*TABLES, *DUTIES):
        session.execute(delete(table))
    session.execute(update(Appointment).where(Appointment.state.in_(AHEAD)).values(state="done"))
    waiting = update(JournalEntry).where(JournalEntry.progress == "survey").values(progress="in_work")
    session.execute(waiting.execution_options(synchronize_session=False))
    robot_on(session, 1, at, **{**CAPS, **settings})
    kinds = (kind_of(place) if mixed else REMINDER for place in range(count))
    return [owe(session, family(session, place, at), kind, at) for place, kind in enumerate(kinds)]


def kind_of(place: int) -> str:
    """What this family is called about where calls are mixed: three of five about a booking."""
    return (REMINDER, CAMPAIGN, REMINDER, RATING, REMINDER)[place % 5]


def family(session: Session, place: int, at: datetime) -> Phone:
    """One more family that agrees to robots; its telephone."""
    number = number_of(place)
    made = Family(card_number=f"ХАОС-{place}", name=f"Учебная {place}", created_at=at)
    session.add(made)
    session.flush()
    person = Person(
        family_id=made.id, surname=f"Учебная-{place}", search_key=number, birth_date=at.date().replace(year=1990)
    )
    person.phones.append(Phone(number=number, robot_allowed=True))
    session.add(person)
    session.flush()
    agrees(session, person, at)
    return person.phones[0]


def owe(session: Session, phone: Phone, kind: str, at: datetime, *, by_people: bool = False, later: int = 0) -> int:
    """A call of this kind to this telephone, due now; the task. `later`: so many days, for another booking."""
    starts = at + timedelta(hours=30, seconds=phone.id, days=later)
    channel = Channel.HUMAN if by_people else Channel.ROBOT
    task = DialTask(
        kind=kind,
        service_id=1,
        family_id=phone.person.family_id,
        person_id=phone.person_id,
        phone_id=phone.id,
        number=phone.number,
        channel=channel.value,
        state=TaskState.DUE.value,
        state_at=at,
        priority=PRIORITIES[kind],
        due_at=at,
        deadline=starts - timedelta(hours=1),
        planned_at=at,
    )
    session.add(task)
    session.flush()
    about = {REMINDER: _booking, CAMPAIGN: _target, RATING: _case}[kind]
    session.add(DialSubject(task_id=task.id, occasion="day_before", **about(session, phone, channel, at, starts)))
    session.flush()
    return task.id


def _booking(session: Session, phone: Phone, _: Channel, at: datetime, starts: datetime) -> dict[str, int]:
    by_id = session.scalars(select(Employee.id).where(Employee.login == "roshchina")).one()
    row = Appointment(
        employee_id=_specialist(session),
        starts_at=starts,
        ends_at=starts + timedelta(hours=1),
        state=PLANNED,
        state_at=at,
        family_id=phone.person.family_id,
        person_id=phone.person_id,
        booked_by_id=by_id,
        booked_at=at,
    )
    session.add(row)
    session.flush()
    return {"appointment_id": row.id}


def _target(session: Session, phone: Phone, channel: Channel, at: datetime, _: datetime) -> dict[str, int]:
    """All families of one channel are told the same."""
    title = f"Кампания хаоса: {channel.value}"
    campaign = session.scalars(select(Campaign).where(Campaign.title == title)).first()
    if campaign is None:
        campaign = Campaign(
            service_id=1,
            title=title,
            kind="free",
            channel=channel.value,
            starts_on=at.date() - timedelta(days=1),
            ends_on=at.date() + timedelta(days=9),
            state=RUNNING,
            state_at=at,
            heard_at=at,
            heard_version=1,
            created_at=at,
        )
        session.add(campaign)
        session.flush()
        session.add(CampaignText(campaign_id=campaign.id, version=1, text="Есть новая мера.", created_at=at))
    target = CampaignTarget(
        campaign_id=campaign.id,
        family_id=phone.person.family_id,
        counted_as=phone.person.family_id,
        person_id=phone.person_id,
        phone_id=phone.id,
        channel=channel.value,
        state=TARGET_PLANNED,
        state_at=at,
        added_at=at,
    )
    session.add(target)
    session.flush()
    return {"target_id": target.id}


def _case(session: Session, phone: Phone, _: Channel, at: datetime, __: datetime) -> dict[str, int]:
    entry = JournalEntry(
        service_id=1,
        year=at.year,
        number=FIRST_CASE + phone.id,
        family_id=phone.person.family_id,
        person_id=phone.person_id,
        state="saved",
        substance="Просит разъяснить порядок",
        author_id=_specialist(session),
        created_at=at - timedelta(days=2),
        occurred_at=at - timedelta(days=2),
        saved_at=at - timedelta(days=2),
        progress="survey",
        measures="Разъяснён порядок.",
        final_result="Оформлено",
        resolved_at=at - timedelta(days=1),
    )
    session.add(entry)
    session.flush()
    return {"entry_id": entry.id}


def _specialist(session: Session) -> int:
    return session.scalars(select(Employee.id).where(Employee.login == "vorobey")).one()


class People:
    """The network, and fingers: those who listen press 1, and 1 again, until the robot says good-bye; whoever is asked
    for a rating presses 5 between."""

    def __init__(self, seed: int, count: int, *, mixed: bool = False) -> None:
        rng = random.Random(f"people {seed}")  # noqa: S311 - to be repeated, not to be secret
        self.network = ListeningNetwork(LISTENS)
        weights = [weight for weight, _ in BEHAVIOURS]
        for place in range(count):
            self.network.numbers[number_of(place)] = rng.choices([one for _, one in BEHAVIOURS], weights)[0]
        self._silent = {number_of(place) for place in range(count) if rng.random() < 0.1}
        self._rated = {number_of(place) for place in range(count) if mixed and kind_of(place) == RATING}
        self._stopping = threading.Event()
        self._fingers = threading.Thread(target=self._press, daemon=True)

    def __enter__(self) -> People:
        self.network.__enter__()
        self._fingers.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._stopping.set()
        self._fingers.join(5)
        self.network.__exit__(None, None, None)

    def _press(self) -> None:
        pressed: dict[str, float] = {}
        keys: dict[str, Iterator[str]] = {}
        while not self._stopping.wait(0.1):
            for call in self.network.live:
                last = pressed.get(call.call_id, call.answered_at)
                if self._listens(call) and time.time() - last > 1.2:
                    pressed[call.call_id] = time.time()
                    cycle = keys.setdefault(call.call_id, itertools.cycle("15" if call.number in self._rated else "1"))
                    self.network.press(call, next(cycle))

    def _listens(self, call: Arrived) -> bool:
        behaves = self.network.numbers.get(call.number)
        return bool(call.answered_at) and behaves is LISTENS and call.number not in self._silent
