"""The engine's records with everything around them faked: exchange, clock, workers that die. One method, one event.

Drives `crm.dialler` as `workers.dialler` does: claim, gate and commit, send, follow, reconcile, sweep. Whoever calls
the methods, in whatever order, may then ask `run` for what the invariants judge.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import Row, select

from callflow.dialler.rules import MOST_SKEW
from callflow.dialler.states import Disposition
from callflow.dialler.window import may_ring, next_start, spans
from crm.audit import Actor
from crm.db import Database
from crm.dialler import claiming, following, gating, reconciling, sweeping, switches
from crm.dialler.tables import DialAttempt
from crm.outgoing.tables import OutgoingCall
from tests.support.dialler import call_backs, others
from tests.support.dialler.desk import Desk
from tests.support.dialler.exchange import FakeExchange, Order
from tests.support.dialler.invariants import Ban
from tests.support.dialler.place import FAMILIES, FAMILY_IDS, START, Place
from tests.support.dialler.wire import Wire
from workers.dialler.reconciler import PROOF_AFTER

if TYPE_CHECKING:
    from tests.support.dialler.records import Town

CLOCKS_MAY_DIFFER = timedelta(seconds=MOST_SKEW)
HELD_BACK = ("stopped", "paused")
FOR_EVER = datetime.max.replace(tzinfo=UTC)


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
    kinds: Counter[str] = field(default_factory=Counter)
    """What was begun and finished, for those who count."""
    booked: int = FAMILIES
    lines_taken: int = 0

    def __post_init__(self) -> None:
        self.database: Database = self.town
        self.calendar, self.employee = self.place.calendar, self.place.employee
        self.hours, self.caps = self.place.settings.hours, self.place.settings.caps
        self.families = list(self.place.families)
        self.exchange = FakeExchange(self.wire, lambda: self.now, self.caps.lines, self.caps.ring)
        self.desk = Desk(self)

    # --- time

    @property
    def ours(self) -> datetime:
        """What our clock shows."""
        return self.now + self.skew

    def pass_time(self, seconds: float) -> None:
        """The true time goes on, and calls with it."""
        end = self.now + timedelta(seconds=seconds)
        while self.now < end:
            busy = self.exchange.channels or self.exchange.people.calls
            self.now = min(end, self.now + timedelta(seconds=10)) if busy else end
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

    # --- families

    def whom(self, family: int) -> tuple[int, int, str]:
        """Person, telephone and number of this family as they are now."""
        return self.families[family % FAMILIES]

    def family_id(self, family: int) -> int:
        """Of the demo town."""
        return FAMILY_IDS[family % FAMILIES]

    def families_call(self, waiting: int, inbound: int) -> None:
        """So many callers from outside wait, so many talk."""
        self.exchange.waiting, self.exchange.inbound = waiting, inbound
        self.desk.callers(waiting, inbound)

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
        self.kinds[f"{attempt.kind} by the robot"] += 1
        self.room[attempt.id] = (self.caps.trunk_lines - self.exchange.on_the_trunk - 1, self.exchange.waiting)
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
        if not self.exchange.answers:
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
        self.bans.append(Ban(self.now, "stopped", until=FOR_EVER, robots_only=True))
        if self.exchange.answers:
            self.exchange.stopped = True

    @property
    def is_held_back(self) -> bool:
        """Whether the red button or a pause stands."""
        return any(one.why in HELD_BACK and one.until and one.until > self.now for one in self.bans)

    def resume(self) -> None:
        """Go on."""
        with self.database.transaction() as session:
            switches.resume(session, self.employee, self.ours)
        self._go_on(*HELD_BACK)
        self.exchange.stopped = False

    def pause(self, seconds: float) -> None:
        """A person holds the robot back for a while; what she said before does not count any more."""
        until = self.ours + timedelta(seconds=seconds)
        with self.database.transaction() as session:
            switches.pause(
                session, until, "совещание", self.ours, by=Actor.of(self.employee),
                employee_id=self.employee.id,
            )  # fmt: skip
        self._go_on("paused")
        self.bans.append(Ban(self.now, "paused", until=until - CLOCKS_MAY_DIFFER, robots_only=True))

    def _go_on(self, *what: str) -> None:
        self.bans = [
            replace(one, until=min(one.until, self.now)) if one.until is not None and one.why in what else one
            for one in self.bans
        ]

    def hang_up(self) -> None:
        """The clerk ends what nobody needs any more."""
        if not self.exchange.answers:
            return
        with self.database.transaction() as session:
            wanted = switches.to_hang_up(session)
            for attempt_id in wanted:
                switches.note_hung_up(session, attempt_id, self.ours)
        for attempt_id in wanted:
            self.exchange.hang_up(attempt_id)

    def log_in(self) -> None:
        """The link stands again; the listener looks what has become of the calls that it knows."""
        was_away = not self.exchange.answers or self.desk.is_behind
        self.exchange.start()
        self.exchange.link = True
        if was_away:
            self.pass_time(0.1)
            self.desk.hear_all()
            self.desk.catch_up()
            call_backs.note(self)

    # --- the end

    def come_to_rest(self) -> None:
        """Everything works again, and time passes until nothing moves."""
        self.skew = timedelta()
        self.log_in()
        for number in range(len(self.workers)):
            self.kill(number)
        while self.exchange.under_way:
            self.exchange.arrive(0)
        for order_id in list(self.exchange.people.calls):
            self.exchange.people.end(order_id, "CANCEL-0-")
        for _ in range(80):
            while self.exchange.words:
                self.hear(0)
            self.desk.settle()
            self.pass_time(5)
            self.hang_up()
            self.reconcile()
            self.sweep()
            if not self.exchange.channels and not self._live():
                break
        self.pass_time(40 * 24 * 3600)
        self.sweep()
        others.settle(self)

    def _live(self) -> bool:
        with self.database.reading() as session:
            robots = session.scalars(select(DialAttempt.id).where(DialAttempt.live).limit(1)).first()
            people = session.scalars(select(OutgoingCall.id).where(OutgoingCall.live).limit(1)).first()
            return robots is not None or people is not None

    def _working(self, worker: int) -> Worker | None:
        who = self.workers[worker % len(self.workers)]
        return None if who.stopped else who
