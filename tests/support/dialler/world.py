"""The engine's records with everything around them faked: exchange, clock, workers that die. One method, one event.

Drives `crm.dialler` as `workers.dialler` does: claim, gate and commit, send, follow, reconcile, sweep. Whoever calls
the methods, in whatever order, may then ask `run` for what the invariants judge.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import Row, bindparam, select, update
from sqlalchemy.orm import Session

from callflow.calendar import ServiceCalendar
from callflow.dialler.rules import MOST_SKEW
from callflow.dialler.states import Channel, Disposition, TaskState
from callflow.dialler.window import may_ring, next_start, spans
from crm.appointments.tables import AHEAD, CANCELLED, PLANNED, Appointment
from crm.calendar.reading import calendar_of
from crm.db import Database
from crm.dialler import by_person, claiming, following, gating, reconciling, refusals, sweeping, switches, withdrawing
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
from crm.errors import RecordsError
from crm.family_tables import Person, Phone
from crm.reminders import human_list, next_up
from crm.staff import Employee
from tests.support.dialler import others
from tests.support.dialler.exchange import FakeExchange, Order
from tests.support.dialler.invariants import Ban, Run
from tests.support.dialler.wire import Wire
from tests.support.dialling import agrees, robot_on
from workers.dialler.reconciler import PROOF_AFTER

if TYPE_CHECKING:
    from tests.support.dialler.records import Town

CLOCKS_MAY_DIFFER = timedelta(seconds=MOST_SKEW)
FOR_EVER = datetime.max.replace(tzinfo=UTC)
START = datetime(2026, 11, 12, 10, 0, tzinfo=UTC)
"""Thursday, 13:00 in Moscow."""
FAMILY_IDS = (1, 3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 14)
"""Of the demo town: those whom a robot may call by day once they agree."""
FAMILIES = len(FAMILY_IDS)
TABLES = (NumberMark, CallRefusal, DialEvent, LineSlot, DialAttempt, DialSubject, DialTask, DiallerSwitch)


@dataclass
class Worker:
    """One worker: which task it has claimed, which order it has written and not sent yet."""

    name: str
    claimed: int | None = None
    written: Order | None = None
    stopped: bool = False


@dataclass(frozen=True)
class Place:
    """What no run changes, read once. `families`: person, telephone and its number of each that may be called."""

    calendar: ServiceCalendar
    settings: EngineSettings
    employee: Employee
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
                logins["vorobey"].id,
                tuple(_whom(session, family) for family in FAMILY_IDS),
            )


def _whom(session: Session, family_id: int) -> tuple[int, int, str]:
    first = select(Phone).join(Person).where(Person.family_id == family_id).order_by(Person.id, Phone.id)
    phone = session.scalars(first).first()
    assert phone is not None
    return phone.person_id, phone.id, phone.number


@dataclass
class World:
    """A demo town whose first families agree to robots. `skew` is how far our clock is from the true time."""

    town: Town
    place: Place
    now: datetime = START
    skew: timedelta = timedelta()
    workers: list[Worker] = field(default_factory=lambda: [Worker(f"worker-{number}") for number in range(3)])
    wire: Wire = field(default_factory=Wire)
    ordered_at: dict[str, datetime] = field(default_factory=dict)
    room: dict[str, tuple[int, int]] = field(default_factory=dict)
    numbers: dict[str, str] = field(default_factory=dict)
    bans: list[Ban] = field(default_factory=list)
    heard: list[tuple[str, str, str]] = field(default_factory=list)
    told: list[Row[Any]] = field(default_factory=list)
    speechless: set[str] = field(default_factory=set)
    refusals: Counter[str] = field(default_factory=Counter)
    booked: int = FAMILIES
    lines_taken: int = 0

    def __post_init__(self) -> None:
        self.database: Database = self.town
        self.calendar, self.employee = self.place.calendar, self.place.employee
        self.hours, self.caps = self.place.settings.hours, self.place.settings.caps
        self.families = list(self.place.families)
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

    @property
    def may_ring(self) -> bool:
        """Whether a telephone may ring now."""
        return may_ring(self.calendar, self.hours, self.now, self.caps.ring)

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
        person_id, phone_id, number = self.families[family % FAMILIES]
        self.booked += 1
        starts = self.now + timedelta(hours=in_hours, microseconds=self.booked)  # one specialist, one time once
        with self.database.transaction() as session:
            row = Appointment(
                employee_id=self.place.specialist,
                starts_at=starts,
                ends_at=starts + timedelta(hours=1),
                state=PLANNED,
                state_at=self.now,
                family_id=FAMILY_IDS[family % FAMILIES],
                person_id=person_id,
                booked_by_id=self.employee.id,
                booked_at=self.now,
            )
            task = DialTask(
                service_id=1,
                family_id=row.family_id,
                person_id=person_id,
                phone_id=phone_id,
                number=number,
                channel=Channel.ROBOT.value,
                state=TaskState.DUE.value,
                state_at=self.now,
                due_at=self.now,
                deadline=starts - timedelta(minutes=60),
                planned_at=self.now,
            )
            session.add_all((row, task))
            session.flush()
            session.add(DialSubject(task_id=task.id, appointment_id=row.id, occasion="reminder"))

    def whom(self, family: int) -> tuple[int, int, str]:
        """Person, telephone and number of this family as they are now."""
        return self.families[family % FAMILIES]

    def family_id(self, family: int) -> int:
        """Of the demo town."""
        return FAMILY_IDS[family % FAMILIES]

    def call_off(self, place: int) -> None:
        """A booking is cancelled, or moved, as `crm.appointments.steps` leaves it."""
        with self.database.transaction() as session:
            ahead = session.scalars(
                select(Appointment)
                .join(DialSubject)
                .where(Appointment.state.in_(AHEAD), Appointment.starts_at > self.ours)
                .order_by(Appointment.id)
            ).all()
            if not ahead:
                return
            row = ahead[place % len(ahead)]
            tasks = frozenset(session.scalars(select(DialSubject.task_id).where(DialSubject.appointment_id == row.id)))
            row.state, row.state_at = CANCELLED, self.ours
            session.flush()
            withdrawing.withdraw(session, row.id, "отменили", self.ours, source="person")
        self.bans.append(Ban(self.now, "cancelled", task_ids=tasks))

    def refuse(self, family: int, everything: bool) -> None:
        """The family wants no robot, or no call at all."""
        person_id, _, number = self.families[family % FAMILIES]
        with self.database.transaction() as session:
            refusals.refuse(
                session, number, person_id, refusals.ALL if everything else refusals.ROBOT, "talk", self.ours,
                by=human_list.Actor.of(self.employee), employee_id=self.employee.id,
            )  # fmt: skip
        self.bans.append(Ban(self.now, "refused", number=number))

    def change_number(self, family: int) -> None:
        """The card has another number from now on."""
        person_id, phone_id, number = self.families[family % FAMILIES]
        other = f"{number[:-1]}{(int(number[-1]) + 5) % 10}"
        with self.database.transaction() as session:
            session.execute(update(Phone).where(Phone.id == phone_id).values(number=other, raw=other))
        self.families[family % FAMILIES] = (person_id, phone_id, other)

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
                self.refusals[gated.verdict.rule if gated.verdict and gated.verdict.rule else "claim lost"] += 1
                return
        self.numbers[attempt.id] = next(number for person, _, number in self.families if person == attempt.person_id)
        if not prompts:
            self.speechless.add(attempt.id)
        self.ordered_at[attempt.id] = self.now
        taken = self.exchange.inbound + len(self.exchange.channels)
        self.room[attempt.id] = (self.caps.trunk_lines - taken - 1, self.exchange.waiting)
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
                attempt = following.heard(session, *word, self.ours)
            if attempt is not None and attempt.disposition == Disposition.BAD_NUMBER:
                self.bans.append(Ban(self.now, "no such number", number=attempt.number))

    def talk(self, place: int, ending: str, *, lingers: bool = False) -> None:
        """The script greets whoever answered; `ending` is how far it comes. `lingers`: it has said its result, and the
        call is not down yet."""
        answered = [name for name, one in self.exchange.channels.items() if one.answered and not one.greeted]
        if not answered:
            return
        attempt_id = answered[place % len(answered)]
        self.exchange.channels[attempt_id].greeted = True
        with self.database.transaction() as session:
            taken = following.answered(session, attempt_id, self.ours)
        if not taken:
            self.exchange.end(attempt_id, "")
            return
        if ending == "killed":
            return
        heard = {"delivered": ("played",), "confirmed": ("played", "confirm")}.get(ending, ())
        with self.database.transaction() as session:
            for what in ("identified", *heard):
                following.step(session, attempt_id, what, "", self.ours)
            if others.keep(session, attempt_id, ending, self.ours) and ending in others.HEARD:
                ending = Disposition.DELIVERED.value  # only a booking is confirmed
            if ending != "gone":
                following.settle(session, attempt_id, Disposition(ending), self.ours, following.SCRIPT)
        if ending != "gone" and not lingers:
            self.exchange.end(attempt_id, "")

    def reconcile(self) -> None:
        """Ask the exchange about every silent attempt, as `workers.dialler.reconciler` does."""
        if not (self.exchange.up and self.exchange.link):
            return
        with self.database.reading() as session:
            silent = {one.id: one.not_after for one in reconciling.silent(session, self.ours)}
            lingering = reconciling.lingering(session)
        for attempt_id in lingering:
            if attempt_id not in self.exchange.channels:
                with self.database.transaction() as session:
                    following.gone(session, attempt_id)
        if abs(self.skew.total_seconds()) > MOST_SKEW:
            return
        for attempt_id, not_after in silent.items():
            seen = self.exchange.evidence(attempt_id)
            if attempt_id in self.exchange.ends:
                with self.database.transaction() as session:
                    word = (attempt_id, "ended", self.exchange.ends[attempt_id])
                    if following.heard(session, *word, self.ours) is not None:
                        continue
            if self.ours <= not_after + PROOF_AFTER:
                seen = replace(seen, gate_key=None)
            with self.database.transaction() as session:
                reconciling.apply(session, attempt_id, seen, self.ours)

    def sweep(self) -> None:
        """What the ticker does every five seconds."""
        with self.database.transaction() as session:
            sweeping.sweep(session, self.ours)

    def stop(self) -> None:
        """The red button, and the clerk who tells the exchange."""
        with self.database.transaction() as session:
            switches.stop(session, self.employee, self.ours)
        self.bans.append(Ban(self.now, "stopped", until=FOR_EVER))
        if self.exchange.up and self.exchange.link:
            self.exchange.stopped = True

    @property
    def is_held_back(self) -> bool:
        """Whether the red button or a pause stands."""
        return any(one.until is not None and one.until > self.now for one in self.bans)

    def resume(self) -> None:
        """Go on."""
        with self.database.transaction() as session:
            switches.resume(session, self.employee, self.ours)
        self._go_on()
        self.exchange.stopped = False

    def pause(self, seconds: float) -> None:
        """A person holds the robot back for a while; what she said before does not count any more."""
        until = self.ours + timedelta(seconds=seconds)
        with self.database.transaction() as session:
            switches.pause(
                session, until, "совещание", self.ours, by=human_list.Actor.of(self.employee),
                employee_id=self.employee.id,
            )  # fmt: skip
        self._go_on("paused")
        self.bans.append(Ban(self.now, "paused", until=until - CLOCKS_MAY_DIFFER))

    def _go_on(self, *what: str) -> None:
        self.bans = [
            replace(one, until=min(one.until, self.now))
            if one.until is not None and (one.why in what or not what)
            else one
            for one in self.bans
        ]

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
                by_person.take(session, item.task.id, self.employee, self.ours)
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
        others.settle(self)

    def replay(self) -> bool:
        """Hear everything once more; whether that changed anything (I17)."""
        before = self._states()
        for word in self.heard:
            with self.database.transaction() as session:
                following.heard(session, *word, self.ours)
        return self._states() != before

    def fingerprint(self) -> tuple[object, ...]:
        """Differs whenever something happened that an invariant could judge otherwise."""
        calls = [(one.attempt_id, one.ring_ended_at) for one in self.wire.invites]
        return self.town.changes, calls, len(self.exchange.channels), len(self.bans), len(self.ordered_at)

    def run(self) -> Run:
        """What holds at every step is judged of this; the story only grows, so no line of it is read twice."""
        with self.database.reading() as session:
            known = self.told[-1].id if self.told else 0
            self.told += session.execute(_TOLD, {"known": known})
            attempts = session.execute(_ATTEMPTS).all()
        lines = [one for one in attempts if one.line is not None]
        self.lines_taken = len(lines)
        return self._run((), attempts, self.told, lines)

    def whole_run(self) -> Run:
        """Everything, read anew: for the end."""
        with self.database.reading() as session:
            return self._run(
                session.scalars(select(DialTask)).all(),
                session.scalars(select(DialAttempt)).all(),
                session.scalars(select(DialEvent).order_by(DialEvent.id)).all(),
                session.scalars(select(LineSlot)).all(),
            )

    def _run(self, tasks: Sequence[Any], attempts: Sequence[Any], events: Sequence[Any], slots: Sequence[Any]) -> Run:
        return Run(
            wire=self.wire,
            calendar=self.calendar,
            hours=self.hours,
            caps=self.caps,
            tasks=tasks,
            attempts=attempts,
            events=events,
            slots=slots,
            now=self.now,
            ordered_at=self.ordered_at,
            room=self.room,
            numbers=self.numbers,
            alive=list(self.exchange.channels),
            bans=self.bans,
            speechless=self.speechless,
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


_TOLD = select(*DialEvent.__table__.columns).where(DialEvent.id > bindparam("known")).order_by(DialEvent.id)
_ATTEMPTS = select(
    DialAttempt.id,
    DialAttempt.id.label("attempt_id"),
    DialAttempt.task_id,
    DialAttempt.number,
    DialAttempt.state,
    DialAttempt.live,
    DialAttempt.disposition,
    DialAttempt.rang,
    LineSlot.number.label("line"),
).outerjoin(LineSlot, LineSlot.attempt_id == DialAttempt.id)


def prepare(database: Database) -> None:
    """Let the first families agree to robots, and nothing else be booked."""
    with database.transaction() as session:
        robot_on(session, 1, START)
        session.execute(update(Appointment).where(Appointment.state.in_(AHEAD)).values(state="done"))
        for family in FAMILY_IDS:
            person = session.scalars(select(Person).where(Person.family_id == family).order_by(Person.id)).first()
            agrees(session, person, START)
