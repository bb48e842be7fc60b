"""People who call in a chaos run: two at real desk phones, by real click-to-call, from the lists and the missed calls.

What the pages do is done here in their place; the listener's clerk tells the exchange, her telephone rings, then the
family's. They go on whatever breaks, and put down at the end what they hold.
"""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from types import TracebackType
from typing import TYPE_CHECKING

from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from callflow.outgoing import OrderState
from crm import keys, staff
from crm.campaigns.outcomes import Outcome
from crm.dialler import by_person
from crm.dialler.tables import CAMPAIGN, RATING, REMINDER
from crm.errors import RecordsError
from crm.missed import opening
from crm.missed.opening import ByHand
from crm.missed.tables import MissedCall
from crm.outgoing import asking
from crm.outgoing.tables import OutgoingCall
from crm.staff import Employee, by_login
from tests.chaos import people
from tests.support.dialler import lists
from tests.support.dialler.call_backs import PROMISE
from tests.support.dialler.invariants import Ban
from tests.support.dialler.place import OPERATORS
from tests.support.phone import DeskPhone

if TYPE_CHECKING:
    from tests.chaos.parts import Rig

FIRST_PLACE = 3_500
"""Of the families whom people call; their numbers are the invented town's too."""
LISTED = (CAMPAIGN, RATING, REMINDER, CAMPAIGN, RATING)
MISSED = 3
PROMISED_IN = timedelta(minutes=30)
TALKS_FOR = 1.5
REGISTERED_FOR = 15.0
LIMIT = 60.0
BROKEN = (SQLAlchemyError, RecordsError, AssertionError, OSError, TimeoutError)
"""What a page would say «попробуйте ещё раз» to."""


def fill(session: Session, robots: int, at: datetime) -> list[Ban]:
    """Let people call about everything, and let some families be called back, one of them at a promised time: it is
    among the robot's `robots` families, and the robot leaves it to them. What is forbidden by that."""
    her = by_login(session, OPERATORS[0])
    assert her is not None
    for place, kind in enumerate(LISTED, FIRST_PLACE):
        people.owe(session, people.family(session, place, at), kind, at, by_people=True)
    for place in range(FIRST_PLACE + len(LISTED), FIRST_PLACE + len(LISTED) + MISSED):
        phone = people.family(session, place, at)
        opening.by_hand(session, ByHand(service_id=1, number=phone.number, family_id=phone.person.family_id), her, at)
    if robots == 0:
        return []
    number = people.number_of(robots - 1)
    wanted = ByHand(service_id=1, number=number, promised_for=at + PROMISED_IN)
    row = opening.by_hand(session, wanted, her, at)
    return [Ban(at, PROMISE, number=number, family_id=row.family_id)]


def numbers() -> list[str]:
    """Of the families that only people call."""
    return [people.number_of(FIRST_PLACE + place) for place in range(len(LISTED) + MISSED)]


@dataclass
class Desk:
    """One of them, at her telephone. `calls`: how many she has asked for."""

    rig: Rig
    login: str
    phone: DeskPhone
    rng: random.Random
    calls: int = 0
    troubles: Counter[str] = field(default_factory=Counter)
    """What kept her from it."""
    _registered: float = 0.0
    _talks_since: float = field(default=0.0)

    def turn(self) -> None:
        """She looks what there is to do. Raises one of BROKEN."""
        self._register()
        order = self._order()
        if order is not None:
            self._hang_up_after_a_while()
            return
        self._forget()
        self._write_down()
        self._press()

    def put_down(self) -> bool:
        """No more calls: end what there is, and give back what she holds; whether that is done."""
        self._hang_up_after_a_while()
        if self._order() is not None:
            return False
        self._forget()
        for _, task_id in self._held():
            with self.rig.database.transaction() as session:
                by_person.give_back(session, task_id, "смена окончена", self._her(session), datetime.now(UTC))
        return True

    def _her(self, session: Session) -> Employee:
        her = by_login(session, self.login)
        assert her is not None
        return her

    def _register(self) -> None:
        if time.monotonic() - self._registered > REGISTERED_FOR and self.phone.state == "idle":
            assert self.phone.register() == 200
            self._registered = time.monotonic()

    def _order(self) -> OutgoingCall | None:
        with self.rig.database.reading() as session:
            hers = select(OutgoingCall).where(OutgoingCall.employee_id == self._her(session).id, OutgoingCall.live)
            return session.scalars(hers).first()

    def _hang_up_after_a_while(self) -> None:
        if self.phone.state != "talking":
            self._talks_since = 0.0
            return
        self._talks_since = self._talks_since or time.monotonic()
        if time.monotonic() - self._talks_since > TALKS_FOR + self.rng.random() * 4:
            self.phone.hang_up()

    def _forget(self) -> None:
        """The exchange died in her call, or the call was not hers to make."""
        if self.phone.state == "talking":
            with suppress(AssertionError):
                self.phone.hang_up()

    def _held(self) -> Iterator[tuple[str, int]]:
        for kind in lists.KINDS:
            with self.rig.database.reading() as session:
                task = by_person.held(session, kind, self._her(session))
            if task is not None:
                yield kind, task.id

    def _write_down(self) -> None:
        """What became of the call that is over, as its order says."""
        for kind, task_id in self._held():
            with self.rig.database.transaction() as session:
                last = select(OutgoingCall).where(OutgoingCall.task_id == task_id).order_by(OutgoingCall.id.desc())
                order = session.scalars(last).first()
                her, at = self._her(session), datetime.now(UTC)
                if order is None or order.state == OrderState.UNKNOWN.value:
                    by_person.give_back(session, task_id, "итог неизвестен", her, at)
                    continue
                talked = order.result == "answered"
                told = Outcome.TOLD if talked else Outcome.NOT_REACHED
                lists.finish(session, kind, task_id, told, 9 if talked else 0, her, at)

    def _press(self) -> None:
        what = self.rng.choice((*lists.KINDS, "missed"))
        with self.rig.database.transaction() as session:
            her, at = self._her(session), datetime.now(UTC)
            if what == "missed":
                self._call_back(session, her, at)
                return
            task_id = lists.take(session, what, her, at)
        if task_id is None:
            return
        try:
            with self.rig.database.transaction() as session:
                lists.call(session, what, task_id, self._her(session), datetime.now(UTC))
            self.calls += 1
        except RecordsError:
            with self.rig.database.transaction() as session:
                by_person.give_back(session, task_id, "звонить нельзя", self._her(session), datetime.now(UTC))

    def _call_back(self, session: Session, her: Employee, at: datetime) -> None:
        rows = session.scalars(select(MissedCall).where(MissedCall.closed_at.is_(None))).all()
        if rows:
            row = self.rng.choice(rows)
            number = row.number or ""
            asking.ask(session, her, number=number, missed_id=row.id, reason="просили перезвонить", at=at)
            self.calls += 1


class Desks:
    """A context manager: both of them, each in a thread of her own."""

    def __init__(self, rig: Rig, seed: int) -> None:
        self._rig, self._seed = rig, seed
        self._stack = ExitStack()
        self._stopping = threading.Event()
        self.desks: Sequence[Desk] = ()

    def __enter__(self) -> Desks:
        with self._rig.database.reading() as session:
            key = keys.key_of(session, "desk-phone")
            extensions = {login: staff.extension_of(session, _id_of(session, login)) for login in OPERATORS}
            secrets = {login: (one.number, staff.desk_secret(one, key)) for login, one in extensions.items() if one}
        made = []
        for login, (number, secret) in secrets.items():
            phone = DeskPhone(self._rig.exchange.plan.desk_bind, number, secret=secret, answers=True)
            self._stack.callback(phone.vanish)
            rng = random.Random(f"{login} {self._seed}")  # noqa: S311 - to be repeated, not to be secret
            made.append(Desk(self._rig, login, phone, rng))
        self.desks = made
        self._threads = [threading.Thread(target=self._work, args=(desk,), daemon=True) for desk in made]
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop()
        self._stack.close()

    @property
    def calls(self) -> int:
        """How many they have asked for."""
        return sum(desk.calls for desk in self.desks)

    def put_down(self) -> None:
        """Nobody presses any more, and nobody holds anything. Everything works again when this is asked."""
        self._stop()
        for desk in self.desks:
            self._rig.wait(partial(_quietly, desk.put_down), f"{desk.login} to put down what she has", LIMIT)

    def _stop(self) -> None:
        self._stopping.set()
        for thread in self._threads:
            thread.join(30)

    def _work(self, desk: Desk) -> None:
        while not self._stopping.wait(0.5):
            try:
                desk.turn()
            except BROKEN as error:
                desk.troubles[f"{type(error).__name__}: {str(error)[:60]}"] += 1


def _quietly(what: Callable[[], bool]) -> bool:
    try:
        return what()
    except BROKEN:
        return False


def _id_of(session: Session, login: str) -> int:
    found = by_login(session, login)
    assert found is not None
    return found.id
