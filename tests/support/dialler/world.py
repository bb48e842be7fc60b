"""The engine's records with everything around them faked: exchange, clock, workers that die. One method, one event.

Drives `crm.dialler` as `workers.dialler` does: claim, gate and commit, send, follow, reconcile, sweep. Whoever calls
the methods, in whatever order, may then ask `run` for what the invariants judge.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from callflow.dialler.states import Channel, Disposition, TaskState
from callflow.dialler.window import next_start, spans
from crm.appointments import steps
from crm.appointments.tables import AHEAD, PLANNED, Appointment, AppointmentEvent
from crm.calendar.reading import calendar_of
from crm.db import Database
from crm.dialler import claiming, following, gating, reconciling, refusals, sweeping, switches
from crm.dialler.settings import settings_of
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
from crm.errors import RecordsError
from crm.family_tables import Person, Phone
from crm.reminders import human_list, next_up
from crm.staff import Employee
from tests.support.dialler.exchange import FakeExchange, Order
from tests.support.dialler.invariants import Ban, Run
from tests.support.dialler.wire import Wire
from tests.support.dialling import agrees, robot_on

START = datetime(2026, 11, 12, 10, 0, tzinfo=UTC)
"""Thursday, 13:00 in Moscow."""
FAMILIES = 8
TABLES = (NumberMark, CallRefusal, DialEvent, LineSlot, DialAttempt, DialSubject, DialTask, DiallerSwitch)


@dataclass
class Worker:
    """One worker: which task it has claimed, which order it has written and not sent yet."""

    name: str
    claimed: int | None = None
    written: Order | None = None
    stopped: bool = False


@dataclass
class World:
    """A demo town whose first families agree to robots. `skew` is how far our clock is from the true time."""

    database: Database
    now: datetime = START
    skew: timedelta = timedelta()
    workers: list[Worker] = field(default_factory=lambda: [Worker(f"worker-{number}") for number in range(3)])
    wire: Wire = field(default_factory=Wire)
    ordered_at: dict[str, datetime] = field(default_factory=dict)
    room: dict[str, tuple[int, int]] = field(default_factory=dict)
    numbers: dict[str, str] = field(default_factory=dict)
    bans: list[Ban] = field(default_factory=list)
    heard: list[tuple[str, str, str]] = field(default_factory=list)
    booked: int = 0

    def __post_init__(self) -> None:
        with self.database.reading() as session:
            self.calendar = calendar_of(session, 1)
            settings = settings_of(session, 1)
            self.hours, self.caps = settings.hours, settings.caps
            self.employee = session.scalars(select(Employee).where(Employee.login == "roshchina")).one()
        self.exchange = FakeExchange(self.wire, lambda: self.now, self.caps.lines, self.caps.ring)

    # --- time

    @property
    def ours(self) -> datetime:
        """What our clock shows."""
        return self.now + self.skew

    def pass_time(self, seconds: float) -> None:
        """The true time goes on, and calls with it."""
        end = self.now + timedelta(seconds=seconds)
        while self.now < end:
            self.now = min(end, self.now + timedelta(seconds=10)) if self.exchange.channels else end
            self.exchange.pass_time()

    def to_the_edge(self, seconds: float) -> None:
        """So many seconds before the calling hours end: where a ring too many would be heard outside of them."""
        day = self.now.astimezone(self.calendar.zone).date()
        ends = [ends for _, ends in spans(self.calendar, self.hours, day) if ends > self.now]
        if ends and (left := (ends[0] - self.now).total_seconds() - seconds) > 0:
            self.pass_time(left)

    def to_the_next_hours(self) -> None:
        """To the next instant at which a telephone may ring, and a little beyond."""
        start = next_start(self.calendar, self.hours, self.now, self.caps.ring)
        if start is not None:
            self.pass_time((start - self.now).total_seconds() + 1.5)

    def step_clock(self, seconds: float) -> None:
        """Somebody sets our clock; 0 sets it right."""
        self.skew = timedelta(seconds=seconds)

    # --- bookings and families

    def remind(self, family: int, in_hours: int) -> None:
        """A booking of this family, and its task, due now."""
        with self.database.transaction() as session:
            person = session.scalars(select(Person).where(Person.family_id == family + 1).order_by(Person.id)).first()
            phone = session.scalars(select(Phone).where(Phone.person_id == person.id).order_by(Phone.id)).first()
            self.booked += 1
            row = Appointment(
                employee_id=self.specialist(session),
                starts_at=self.now + timedelta(hours=in_hours, seconds=self.booked),
                ends_at=self.now + timedelta(hours=in_hours + 1),
                state=PLANNED,
                state_at=self.now,
                family_id=family + 1,
                person_id=person.id,
                booked_by_id=self.employee.id,
                booked_at=self.now,
            )
            session.add(row)
            session.flush()
            task = DialTask(
                service_id=1,
                family_id=row.family_id,
                person_id=person.id,
                phone_id=phone.id,
                number=phone.number,
                channel=Channel.ROBOT.value,
                state=TaskState.DUE.value,
                state_at=self.now,
                due_at=self.now,
                deadline=row.starts_at - timedelta(minutes=60),
                planned_at=self.now,
            )
            session.add(task)
            session.flush()
            session.add(DialSubject(task_id=task.id, appointment_id=row.id, occasion="reminder"))

    def call_off(self, place: int) -> None:
        """A person cancels a booking."""
        with self.database.transaction() as session:
            rows = session.scalars(
                select(Appointment).join(DialSubject).where(Appointment.state.in_(AHEAD)).order_by(Appointment.id)
            ).all()
            ahead = [row for row in rows if row.starts_at > self.ours]
            if not ahead:
                return
            row = ahead[place % len(ahead)]
            tasks = frozenset(session.scalars(select(DialSubject.task_id).where(DialSubject.appointment_id == row.id)))
            steps.cancel(session, row.id, row.version, "family", "передумали", self.employee, self.ours)
        self.bans.append(Ban(self.now, "cancelled", task_ids=tasks))

    def refuse(self, family: int, everything: bool) -> None:
        """The family wants no robot, or no call at all."""
        with self.database.transaction() as session:
            phone = session.scalars(
                select(Phone).join(Person).where(Person.family_id == family + 1).order_by(Person.id, Phone.id)
            ).first()
            scope = refusals.ALL if everything else refusals.ROBOT
            refusals.refuse(
                session, phone.number, phone.person_id, scope, "talk", self.ours,
                by=human_list.Actor.of(self.employee), employee_id=self.employee.id,
            )  # fmt: skip
            number = phone.number
        self.bans.append(Ban(self.now, "refused", number=number))

    # --- the engine

    def claim(self, worker: int) -> bool:
        """A worker takes the next task; whether there was one."""
        who = self._working(worker)
        if who is None or who.claimed is not None or who.written is not None:
            return True
        with self.database.transaction() as session:
            task = claiming.claim(session, who.name, self.ours)
            who.claimed = task.id if task else None
        return who.claimed is not None

    def order(self, worker: int, *, prompts: bool = True) -> None:
        """It asks every rule and writes the attempt."""
        who = self._working(worker)
        if who is None or who.claimed is None:
            return
        task_id, who.claimed = who.claimed, None
        live = self.exchange.live(self.skew.total_seconds())
        with self.database.transaction() as session:
            gated = gating.gate(
                session, task_id, who.name, self.ours, live, mode="demo", prompts={} if prompts else None
            )
            attempt = gated.attempt
            if attempt is None:
                return
            phone = session.get_one(Phone, session.get_one(DialTask, task_id).phone_id)
            self.numbers[attempt.id] = phone.number
        self.ordered_at[attempt.id] = self.now
        self.room[attempt.id] = (self.caps.trunk_lines - live.inbound - live.outbound - 1, live.waiting)
        who.written = Order(attempt.id, attempt.number, attempt.not_after)

    def send(self, worker: int, *, copies: int = 1, lost: bool = False, told: bool = True) -> None:
        """It tells the exchange, once; a proxy may send it again. `lost`: the link broke before, nothing left."""
        who = self._working(worker)
        if who is None or who.written is None:
            return
        order, who.written = who.written, None
        if not lost and self.exchange.up:
            self.exchange.under_way.extend([order] * copies)
        if told:
            with self.database.transaction() as session:
                following.told(session, order.attempt_id, self.ours)

    def kill(self, worker: int) -> None:
        """It forgets everything and starts anew under another name."""
        who = self.workers[worker % len(self.workers)]
        who.claimed = who.written = None
        who.stopped, who.name = False, f"{who.name[:8]}-{len(self.heard)}"

    def freeze(self, worker: int, stopped: bool) -> None:
        """SIGSTOP, or SIGCONT: it goes on as if nothing had happened."""
        self.workers[worker % len(self.workers)].stopped = stopped

    def hear(self, place: int, *, keep: bool = False, lost: bool = False) -> None:
        """One word reaches the records: any of those that were said, again, or never."""
        if not self.exchange.words or not self.exchange.link:
            return
        place %= len(self.exchange.words)
        word = self.exchange.words[place] if keep else self.exchange.words.pop(place)
        if not lost:
            self.heard.append(word)
            with self.database.transaction() as session:
                following.heard(session, *word, self.ours)

    def talk(self, place: int, ending: str) -> None:
        """The script greets whoever answered; `ending` is how far it comes."""
        answered = [name for name, one in self.exchange.channels.items() if one.answered and not one.greeted]
        if not answered:
            return
        attempt_id = answered[place % len(answered)]
        self.exchange.channels[attempt_id].greeted = True
        with self.database.transaction() as session:
            if not following.answered(session, attempt_id, self.ours):
                self.exchange.end(attempt_id, "")
                return
        if ending == "killed":
            return
        with self.database.transaction() as session:
            following.step(session, attempt_id, "identified", "", self.ours)
            if ending in ("delivered", "confirmed"):
                following.step(session, attempt_id, "played", "", self.ours)
            if ending == "confirmed":
                following.step(session, attempt_id, "confirm", "", self.ours)
        if ending in ("delivered", "confirmed", "hung_up", "machine"):
            with self.database.transaction() as session:
                following.settle(session, attempt_id, Disposition(ending), self.ours, following.SCRIPT)
            self.exchange.end(attempt_id, "")

    def reconcile(self) -> None:
        """Ask the exchange about every silent attempt."""
        with self.database.reading() as session:
            silent = [one.id for one in reconciling.silent(session, self.ours)]
            lingering = reconciling.lingering(session)
        for attempt_id in silent:
            seen = self.exchange.evidence(attempt_id)
            if seen is not None:
                with self.database.transaction() as session:
                    reconciling.apply(session, attempt_id, seen, self.ours)
        for attempt_id in lingering:
            seen = self.exchange.evidence(attempt_id)
            if seen is not None and not seen.alive:
                with self.database.transaction() as session:
                    following.gone(session, attempt_id)

    def sweep(self) -> None:
        """What the ticker does every five seconds."""
        with self.database.transaction() as session:
            sweeping.sweep(session, self.ours)

    def stop(self) -> None:
        """The red button, and the clerk who tells the exchange."""
        with self.database.transaction() as session:
            switches.stop(session, self.employee, self.ours)
        self.bans.append(Ban(self.now, "stopped", until=datetime.max.replace(tzinfo=UTC)))
        if self.exchange.up and self.exchange.link:
            self.exchange.stopped = True

    def resume(self) -> None:
        """Go on."""
        with self.database.transaction() as session:
            switches.resume(session, self.employee, self.ours)
        self.bans = [
            Ban(one.at, one.why, until=self.now) if one.why == "stopped" and one.until > self.now else one
            for one in self.bans
        ]
        self.exchange.stopped = False

    def hang_up(self) -> None:
        """The clerk ends what nobody needs any more."""
        if not (self.exchange.up and self.exchange.link):
            return
        with self.database.transaction() as session:
            wanted = switches.to_hang_up(session)
            for attempt_id in wanted:
                switches.note_hung_up(session, attempt_id, self.ours)
        for attempt_id in wanted:
            self.exchange.hang_up(attempt_id)

    def work_the_list(self, outcome: human_list.Outcome) -> None:
        """A person takes the next reminder of the human list and ends it."""
        with suppress(RecordsError), self.database.transaction() as session:
            item = next_up.next_up(session, self.employee, self.ours)
            if item is not None:
                human_list.take(session, item.task.id, self.employee, self.ours)
                human_list.finish(session, item.task.id, outcome, "", self.employee, self.ours)

    # --- the end

    def come_to_rest(self) -> None:
        """Everything works again, and time passes until nothing moves."""
        self.skew = timedelta()
        self.exchange.start()
        self.exchange.link = True
        for number in range(len(self.workers)):
            self.kill(number)
        while self.exchange.under_way:
            self.exchange.arrive(0)
        for _ in range(80):
            while self.exchange.words:
                self.hear(0)
            self.pass_time(5)
            self.hang_up()
            self.reconcile()
            self.sweep()
            if not self.exchange.channels and not self._live():
                break
        self.pass_time(40 * 24 * 3600)
        self.sweep()

    def replay(self) -> bool:
        """Hear everything once more; whether that changed anything (I17)."""
        before = self._states()
        for word in self.heard:
            with self.database.transaction() as session:
                following.heard(session, *word, self.ours)
        return self._states() != before

    def fingerprint(self) -> tuple[object, ...]:
        """Differs whenever something happened that an invariant could judge otherwise."""
        with self.database.reading() as session:
            last = session.scalar(select(func.max(DialEvent.id)))
        calls = [(one.attempt_id, one.ring_ended_at, one.ended_at) for one in self.wire.invites]
        return last, calls, len(self.exchange.channels), len(self.bans), len(self.ordered_at)

    def run(self) -> Run:
        """What the invariants judge."""
        with self.database.reading() as session:
            return Run(
                wire=self.wire,
                calendar=self.calendar,
                hours=self.hours,
                caps=self.caps,
                tasks=session.scalars(select(DialTask)).all(),
                attempts=session.scalars(select(DialAttempt)).all(),
                events=session.scalars(select(DialEvent).order_by(DialEvent.id)).all(),
                slots=session.scalars(select(LineSlot)).all(),
                now=self.now,
                ordered_at=self.ordered_at,
                room=self.room,
                numbers=self.numbers,
                alive=list(self.exchange.channels),
                bans=self.bans,
            )

    def _states(self) -> list[tuple[str, str, str]]:
        with self.database.reading() as session:
            return [(one.id, one.state, one.disposition) for one in session.scalars(select(DialAttempt))]

    def _live(self) -> bool:
        with self.database.reading() as session:
            return session.scalars(select(DialAttempt.id).where(DialAttempt.live).limit(1)).first() is not None

    def _working(self, worker: int) -> Worker | None:
        who = self.workers[worker % len(self.workers)]
        return None if who.stopped else who

    @staticmethod
    def specialist(session: Session) -> int:
        """Whose timetable the bookings stand in."""
        return session.scalars(select(Employee.id).where(Employee.login == "vorobey")).one()


def prepare(database: Database) -> None:
    """Let the first families agree to robots, and nothing else be booked."""
    with database.transaction() as session:
        robot_on(session, 1, START)
        session.execute(update(Appointment).where(Appointment.state.in_(AHEAD)).values(state="done"))
        for family in range(1, FAMILIES + 1):
            person = session.scalars(select(Person).where(Person.family_id == family).order_by(Person.id)).first()
            agrees(session, person, START)


def forget(database: Database) -> None:
    """Begin anew: the tables of the engine are empty again, and the bookings that a run made are gone."""
    with database.transaction() as session:
        for table in TABLES:
            session.execute(delete(table))
        made = select(Appointment.id).where(Appointment.booked_at >= START)
        session.execute(delete(AppointmentEvent).where(AppointmentEvent.appointment_id.in_(made)))
        session.execute(delete(Appointment).where(Appointment.booked_at >= START))
