"""Calls of people at the exchange as `sd-outgoing` makes them: her own telephone first, then the family's."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from callflow.outgoing import OPERATOR_SECONDS, RING_SECONDS
from crm.outgoing.orders import Order
from tests.support.dialler.wire import Invite, Wire

LONGEST_TALK = timedelta(minutes=10)


@dataclass
class OperatorCall:
    """One call that is up. `invite`: the family's telephone rings, or she talks with it."""

    order: Order
    since: datetime
    invite: Invite | None = None
    talking: bool = False


@dataclass
class OperatorCalls:
    """`words`: what the dialplan has said and nobody has heard yet: (order, channel id, word, detail)."""

    wire: Wire
    now: Callable[[], datetime]
    under_way: list[Order] = field(default_factory=list)
    calls: dict[int, OperatorCall] = field(default_factory=dict)
    words: list[tuple[int, str, str, str]] = field(default_factory=list)

    @property
    def on_the_trunk(self) -> int:
        """Telephones of families that ring or talk."""
        return sum(one.invite is not None for one in self.calls.values())

    def arrive(self) -> None:
        """What was ordered rings at her desk."""
        for order in self.under_way:
            self.calls[order.id] = OperatorCall(order, self.now())
            self._say(order, "ringing_operator")
        self.under_way.clear()

    def take(self, order_id: int) -> None:
        """She lifts her receiver, and the family is called."""
        call = self.calls[order_id]
        if call.invite is None:
            call.invite, call.since = Invite(call.order.channel_id, call.order.number, self.now()), self.now()
            self.wire.by_people.append(call.invite)
            self._say(call.order, "ringing")

    def answer(self, order_id: int) -> None:
        """The family picks up."""
        call = self.calls[order_id]
        if call.invite is not None and not call.talking:
            call.talking, call.since = True, self.now()
            call.invite.ring_ended_at = self.now()
            self._say(call.order, "answered")

    def end(self, order_id: int, detail: str = "") -> None:
        """It is over: she hung up, or `detail` came from the network."""
        call = self.calls.pop(order_id, None)
        if call is None:
            return
        if call.invite is not None:
            call.invite.ring_ended_at = call.invite.ring_ended_at or self.now()
            call.invite.ended_at = self.now()
            call.invite.given_up = not call.talking and detail in ("", "CANCEL-0-")
        told = ("ended", "ANSWER-16-" if call.talking else detail) if call.invite else ("operator_no_answer", "")
        self._say(call.order, *told)

    def pass_time(self) -> None:
        """No telephone rings for ever, and no talk lasts as long."""
        for order_id, call in list(self.calls.items()):
            limit = timedelta(seconds=RING_SECONDS if call.invite else OPERATOR_SECONDS)
            if self.now() >= call.since + (LONGEST_TALK if call.talking else limit):
                self.end(order_id, "NOANSWER-0-180")

    def crash(self) -> None:
        """The exchange is killed."""
        for call in self.calls.values():
            if call.invite is not None:
                call.invite.ring_ended_at = call.invite.ring_ended_at or self.now()
                call.invite.ended_at = self.now()
        self.calls.clear()
        self.under_way.clear()

    def _say(self, order: Order, word: str, detail: str = "") -> None:
        self.words.append((order.id, order.channel_id, word, detail))
