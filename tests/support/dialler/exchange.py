"""An exchange as the engine sees one: it obeys orders as `sd-dial` does, late, twice or never, and may die."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from callflow.dialler.rules import Live
from callflow.dialler.wire import CdrLine, Evidence
from telephony.cdr_csv import CallRecord
from tests.support.dialler.operator_calls import OperatorCalls
from tests.support.dialler.wire import Invite, Wire
from workers.dialler.reconciler import lines_of

NOTHING_RANG = frozenset(
    {"NOANSWER-19-480", "CHANUNAVAIL-20-503", "CONGESTION-34-503", "CHANUNAVAIL-1-404", "NOANSWER-0-"}
)
"""Last words about a call of which the network never said that a telephone rings."""


@dataclass(frozen=True)
class Order:
    """What was sent: one Originate."""

    attempt_id: str
    number: str
    not_after: datetime


@dataclass
class Channel:
    """A call that is up."""

    invite: Invite
    rings_until: datetime
    answered: bool = False
    greeted: bool = False


@dataclass
class FakeExchange:
    """`say` takes a word of the dialplan: (attempt id, word, detail). `now` is true time."""

    wire: Wire
    now: Callable[[], datetime]
    lines: int
    ring: timedelta = timedelta(seconds=30)
    boots: int = 0
    up: bool = True
    link: bool = True
    keys: set[str] = field(default_factory=set)
    ends: dict[str, str] = field(default_factory=dict)
    """The last word about a call, as the gate has kept it."""
    stopped: bool = False
    channels: dict[str, Channel] = field(default_factory=dict)
    papers: list[CallRecord] = field(default_factory=list)
    lost: set[str] = field(default_factory=set)
    """Calls of which no paper is left: the exchange died in them."""
    words: list[tuple[str, str, str]] = field(default_factory=list)
    under_way: list[Order] = field(default_factory=list)
    waiting: int = 0
    inbound: int = 0
    gate: bool = True
    """Off: a mutant whose dialplan obeys every order."""

    def __post_init__(self) -> None:
        self.people = OperatorCalls(self.wire, self.now)

    @property
    def answers(self) -> bool:
        """Whether somebody can be told or asked something there."""
        return self.up and self.link

    @property
    def on_the_trunk(self) -> int:
        """Lines that are taken."""
        return self.inbound + len(self.channels) + self.people.on_the_trunk

    @property
    def boot_id(self) -> str:
        return f"boot-{self.boots}"

    def live(self, skew: float) -> Live:
        """What is read before an order."""
        return Live(
            link_up=self.answers,
            boot_id=self.boot_id,
            waiting=self.waiting,
            inbound=self.inbound,
            outbound=len(self.channels) + self.people.on_the_trunk,
            clock_skew=skew,
        )

    def arrive(self, place: int) -> None:
        """One order that is under way reaches the dialplan."""
        if not self.under_way or not self.up:
            return
        order = self.under_way.pop(place % len(self.under_way))
        denied = self._denied(order) if self.gate else ""
        if denied:
            self.words.append((order.attempt_id, "gate_denied", denied))
            return
        self.keys.add(order.attempt_id)
        invite = Invite(order.attempt_id, order.number, self.now())
        self.wire.invites.append(invite)
        self.channels[order.attempt_id] = Channel(invite, self.now() + self.ring)
        self.wire.most_at_once = max(self.wire.most_at_once, len(self.channels))
        self.words.append((order.attempt_id, "ringing", ""))

    def _denied(self, order: Order) -> str:
        if self.now() > order.not_after:
            return "stale"
        if order.attempt_id in self.keys:
            return "replayed"
        if self.stopped:
            return "stopped"
        return "lines" if len(self.channels) >= self.lines else ""

    def answer(self, attempt_id: str) -> None:
        """Somebody picks up."""
        channel = self.channels[attempt_id]
        if not channel.answered:
            channel.answered = True
            channel.invite.ring_ended_at = self.now()
            self.words.append((attempt_id, "answered", ""))

    def end(self, attempt_id: str, detail: str) -> None:
        """The call is over; its paper is written a moment later, which here is at once."""
        channel = self.channels.pop(attempt_id, None)
        if channel is None:
            return
        at = self.now()
        channel.invite.ring_ended_at = channel.invite.ring_ended_at or at
        channel.invite.ended_at = at
        detail = "ANSWER-16-" if channel.answered else detail
        channel.invite.rang = detail not in NOTHING_RANG
        self.papers += _papers(attempt_id, channel, detail)
        self.ends[attempt_id] = detail
        self.words.append((attempt_id, "ended", detail))

    def hang_up(self, attempt_id: str) -> None:
        """We end it."""
        self.end(attempt_id, "CANCEL-0-")

    def pass_time(self) -> None:
        """A telephone rings no longer than the dialplan lets it, a talk no longer than three minutes."""
        for attempt_id, channel in list(self.channels.items()):
            limit = channel.invite.at + timedelta(seconds=180) if channel.answered else channel.rings_until
            if self.now() >= limit:
                if not channel.answered:
                    channel.invite.ring_ended_at = limit
                self.end(attempt_id, "NOANSWER-0-180-rang")
        self.people.pass_time()

    def crash(self) -> None:
        """Killed: no paper, no word, no order under way that was not written yet; the keys of the gate may be lost."""
        at = self.now()
        for channel in self.channels.values():
            channel.invite.ring_ended_at = channel.invite.ring_ended_at or at
            channel.invite.ended_at = at
        self.lost |= self.channels.keys()
        self.channels.clear()
        self.under_way.clear()
        self.keys.clear()
        self.ends.clear()
        self.people.crash()
        self.up = False
        self.waiting = self.inbound = 0

    def start(self) -> None:
        """A new life."""
        if not self.up:
            self.up, self.boots = True, self.boots + 1

    def evidence(self, attempt_id: str) -> Evidence | None:
        """What it says when it is asked; None while there is no link."""
        if not self.answers:
            return None
        return Evidence(
            alive=attempt_id in self.channels,
            boot_id=self.boot_id,
            gate_key=attempt_id in self.keys,
            cdr=self.evident().get(attempt_id),
        )

    def evident(self) -> dict[str, CdrLine]:
        """Attempt → what its papers prove."""
        return lines_of(self.papers)


def _papers(attempt_id: str, channel: Channel, detail: str) -> list[CallRecord]:
    """An answered call leaves a record of each half, one in vain a third: only the first of the half that dialled says
    what became of it."""
    dialled = {"ANSWER": "ANSWERED", "BUSY": "BUSY"}.get(detail.partition("-")[0], "NO ANSWER")
    rows = [("", "ANSWERED"), ("-b", dialled), *([] if channel.answered else [("-b", "FAILED")])]
    return [
        CallRecord(
            uniqueid=f"{attempt_id}{half}",
            account=attempt_id,
            context="sd-dial",
            start=channel.invite.at,
            answered=channel.answered,
            duration=0,
            talked=0,
            disposition=disposition,
        )
        for half, disposition in rows
    ]
