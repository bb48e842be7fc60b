"""People who call: they press «Позвонить» in a list, on a missed call or on a tip; the clerk tells the exchange, and
the records follow what it says (`crm.outgoing`).

Nothing is asked for while our clock is wrong: nothing of a person's is refused for that, and the records would say of
her call what never was.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sqlalchemy import select
from sqlalchemy.orm import Session

from callflow.call import CallState, Direction
from callflow.dialler.rules import MOST_SKEW
from callflow.dialplan_word import DialplanWord, Subject
from callflow.live import LiveCall
from crm import call_snapshot
from crm.call_tables import CallRecord
from crm.campaigns.outcomes import Outcome as Told
from crm.dialler import by_person
from crm.dialler.tables import REMINDER
from crm.errors import RecordsError
from crm.outgoing import following, orders
from crm.outgoing.tables import OutgoingCall
from crm.staff import Employee
from tests.support.dialler import lists
from tests.support.dialler.by_people import Asked

if TYPE_CHECKING:
    from tests.support.dialler.world import World


@dataclass
class Desk:
    """`asked`: every order by true time; `heard`: words that have reached the records; `lost`: one never will."""

    world: World
    asked: dict[int, Asked] = field(default_factory=dict)
    heard: list[tuple[int, str, str, str]] = field(default_factory=list)
    lost: bool = False
    boots: int = 0
    """Lives of the exchange that the listener has looked at."""
    _known: tuple[int, int] = (0, 0)

    @property
    def clock_is_right(self) -> bool:
        """Right enough for the records to be true."""
        return abs(self.world.skew.total_seconds()) <= MOST_SKEW

    @property
    def is_behind(self) -> bool:
        """Whether something has happened of which no word will come any more."""
        return self.lost or self.boots != self.world.exchange.boots

    def who(self, place: int) -> Employee:
        """One of those who call."""
        return self.world.place.operators[place % len(self.world.place.operators)]

    # --- asking

    def press(self, kind: str, place: int) -> None:
        """She takes the next of this list and presses; where a rule forbids it, she passes that family over."""
        if not self.clock_is_right:
            return
        her, at = self.who(place), self.world.ours
        with self.world.database.transaction() as session:
            task_id = lists.take(session, kind, her, at)
        if task_id is None:
            return
        refused = not self.ask(lambda session: lists.call(session, kind, task_id, her, at), gives_way=kind != REMINDER)
        if refused:
            with suppress(RecordsError), self.world.database.transaction() as session:
                by_person.give_back(session, task_id, "звонить нельзя", her, at)

    def ask(self, how: Callable[[Session], OutgoingCall], *, gives_way: bool = False) -> bool:
        """Write an order; False where the records refuse."""
        exchange = self.world.exchange
        room = (self.world.caps.trunk_lines - exchange.on_the_trunk - 1, exchange.waiting)
        try:
            with self.world.database.transaction() as session:
                order = how(session)
        except RecordsError as error:
            self.world.refusals[f"a person: {str(error)[:60]}"] += 1
            return False
        self.asked.setdefault(
            order.id,
            Asked(
                order.id,
                order.channel_id,
                order.number,
                order.family_id,
                order.task_id,
                self.world.now,
                gives_way=gives_way,
                room=room,
            ),
        )
        self.world.kinds["asked for by a person"] += 1
        return True

    # --- the clerk

    def clerk(self, *, unknown: bool = False) -> None:
        """What is asked for is told to the exchange, once; what is to end is ended; who is silent is asked after.
        `unknown`: the link broke in the middle of an order, which never arrived."""
        if not self.world.exchange.answers or not self.clock_is_right:
            return
        people, at = self.world.exchange.people, self.world.ours
        with self.world.database.transaction() as session:
            order = orders.claim(session, at, mode="demo")
        if order is not None:
            self.asked[order.id].placed_at = self.world.now
            if not unknown:
                people.under_way.append(order)
            with self.world.database.transaction() as session:
                (orders.note_unknown if unknown else orders.note_placed)(session, order.id, at)
        people.arrive()
        with self.world.database.transaction() as session:
            for order_id, _, _ in orders.to_hang_up(session):
                people.end(order_id, "CANCEL-0-")
                orders.note_hung_up(session, order_id, at)
            silent = [order_id for order_id, _ in orders.overdue(session, at)]
            orders.note_there(session, [one for one in silent if one in people.calls], at)
            orders.note_gone(session, [one for one in silent if one not in people.calls], at)

    def hear(self, place: int, *, keep: bool = False, lost: bool = False) -> None:
        """One word reaches the records: any of those that were said, again, or never."""
        words = self.world.exchange.people.words
        if not words or not self.world.exchange.link:
            return
        place %= len(words)
        word = words[place] if keep else words.pop(place)
        self.lost = self.lost or lost
        if not lost:
            self.heard.append(word)
            self._follow(word)

    def hear_all(self) -> None:
        """All that was said, in its order."""
        while self.world.exchange.people.words and self.world.exchange.link:
            self.hear(0)

    def hear_again(self) -> None:
        """Everything once more."""
        for word in self.heard:
            self._follow(word)

    def catch_up(self) -> None:
        """After a login: what is not there any more has ended (`crm.call_snapshot`)."""
        people, at = self.world.exchange.people, self.world.ours
        with self.world.database.transaction() as session:
            ids = {one.channel_id: one.extension for one in session.scalars(_LIVE)}
            alive = [(one.order.channel_id, one.since, one.talking) for one in people.calls.values()]
            live = [
                LiveCall(
                    name,
                    None,
                    since,
                    CallState.TALKING if talking else CallState.ARRIVED,
                    talking=ids.get(name) if talking else None,
                )
                for name, since, talking in alive
            ]
            callers = session.scalars(_CALLERS).all()
            live += [LiveCall(one.linkedid, None, one.arrived_at, CallState(one.state)) for one in callers]
            call_snapshot.reconcile(session, live, at)
        self.lost, self.boots = False, self.world.exchange.boots

    def settle(self) -> None:
        """Everything that was said is heard, and the clerk and the listener look."""
        self.hear_all()
        self.clerk()
        if self.is_behind:
            self.catch_up()

    # --- what she does next

    def finish(self, place: int, told: Told, points: int) -> None:
        """She writes down what the call of her list came to."""
        her, at = self.who(place), self.world.ours
        with self.world.database.reading() as session:
            held = {kind: by_person.held(session, kind, her) for kind in lists.KINDS}
        for kind, task in held.items():
            if task is not None:
                with suppress(RecordsError), self.world.database.transaction() as session:
                    lists.finish(session, kind, task.id, told, points, her, at)
                    self.world.kinds[f"{kind} finished by a person"] += 1

    def callers(self, waiting: int, inbound: int) -> None:
        """Callers from outside, as the records know them: so many wait, so many talk."""
        if self._known == (waiting, inbound):
            return
        self._known, at = (waiting, inbound), self.world.ours
        with self.world.database.transaction() as session:
            for row in session.scalars(_CALLERS):
                row.ended_at, row.state = at, CallState.ENDED.value
            states = [CallState.WAITING] * waiting + [CallState.TALKING] * inbound
            for number, state in enumerate(states):
                name = f"caller-{self.world.now.timestamp()}-{number}-{self.world.booked}"
                session.add(
                    CallRecord(
                        linkedid=name,
                        service_id=1,
                        state=state.value,
                        arrived_at=at,
                        direction=Direction.INBOUND.value,
                        caller_number="",
                    )
                )
        self.world.booked += 1

    def _follow(self, word: tuple[int, str, str, str]) -> None:
        order_id, channel_id, state, detail = word
        told = DialplanWord(
            subject=Subject.OUTGOING,
            call=channel_id,
            at=self.world.ours,
            order=str(order_id),
            state=state,
            detail=detail,
        )
        with self.world.database.transaction() as session:
            following.follow(session, told)


_LIVE = select(OutgoingCall).where(OutgoingCall.live)
_CALLERS = select(CallRecord).where(CallRecord.linkedid.startswith("caller-"), CallRecord.ended_at.is_(None))
