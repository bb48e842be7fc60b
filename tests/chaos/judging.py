"""A chaos run as the invariants want it: what the network saw, what the records say."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from unittest import mock

from sqlalchemy import select

from callflow.dialler import window
from callflow.dialler.states import Channel, TaskState
from crm.calendar.reading import calendar_of
from crm.db import Database
from crm.dialler.settings import settings_of
from crm.dialler.tables import DialAttempt, DialEvent, DialTask, LineSlot
from crm.outgoing.tables import OutgoingCall
from tests.chaos.inside import ROOM, hours_of
from tests.support.dialler import by_people, invariants
from tests.support.dialler.by_people import Asked
from tests.support.dialler.invariants import Ban, Run
from tests.support.dialler.wire import Invite, Wire
from tests.support.network import Arrived

SOON = timedelta(seconds=65)
"""What a rule has put off for seconds, or a refusal of the gate for a minute, still moves."""


@dataclass
class Truth:
    """What happened outside of the records: calls at the network, deaths of the exchange, what was forbidden when.
    `first_seen`: attempt → when somebody from outside first read its row."""

    calls: Sequence[Arrived] = ()
    deaths: list[float] = field(default_factory=list)
    bans: list[Ban] = field(default_factory=list)
    first_seen: dict[str, datetime] = field(default_factory=dict)
    began: datetime = field(default_factory=lambda: datetime.now(UTC))
    leaks: list[str] = field(default_factory=list)
    """Calls that had no line in the records while they were up (I16)."""
    clocks_agree: bool = True
    """Whether our processes know the true time (`Rig.faked_clock`)."""


@dataclass(frozen=True)
class Verdict:
    """What is printed of a run. `broken`: the invariant that does not hold, "" if all do."""

    broken: str
    attempts: int
    invites: int
    by_people: int
    dispositions: dict[str, int]
    tasks: dict[str, int]
    unknown: int


def moment(epoch: float) -> datetime:
    """The instant of an epoch."""
    return datetime.fromtimestamp(epoch, UTC)


def ended_at(call: Arrived, truth: Truth) -> float:
    """When a call was over: its telephone rings no longer than the exchange lives. 0: it goes on."""
    died = [at for at in truth.deaths if at > call.at]
    return min([one for one in (call.ended_at, *died[:1]) if one], default=0.0)


def wire_of(truth: Truth, attempts: Iterable[DialAttempt], orders: Iterable[OutgoingCall] = ()) -> Wire:
    """The INVITEs, each with the attempt, or the person's order, of its number that had been written last.

    A person's order counts from when it was about to be sent: whoever presses again while a colleague's call is being
    given up has pressed before that one rang in vain, and may be told to call after it.
    """
    wire = Wire()
    begun = [(one.sending_at, one.number, one.id) for one in attempts]
    for one in orders:
        written_at = one.placed_at if truth.clocks_agree and one.placed_at is not None else one.requested_at
        begun.append((written_at, one.number, one.channel_id))
    by_number: dict[str, list[tuple[datetime, str]]] = {}
    for at, number, name in sorted(begun):
        by_number.setdefault(number, []).append((at, name))
    edges: list[tuple[float, int]] = []
    for call in truth.calls:
        whose = [name for at, name in by_number.get(call.number, ()) if at <= moment(call.at)][-1:]
        of_a_person = bool(whose) and not whose[0].startswith("att-")
        over = ended_at(call, truth)
        silent_from = min([one for one in (call.answered_at, over) if one], default=0.0)
        (wire.by_people if of_a_person else wire.invites).append(
            Invite(
                whose[0] if whose else "",
                call.number,
                moment(call.at),
                moment(silent_from) if silent_from else None,
                moment(over) if over else None,
                rang=call.rang,
                given_up=of_a_person and call.ended_by == "CANCEL",
            )
        )
        if not of_a_person:
            edges += [(call.at, 1), *([(over, -1)] if over else [])]
    live = 0
    for _, step in sorted(edges):
        live += step
        wire.most_at_once = max(wire.most_at_once, live)
    return wire


def run_of(database: Database, truth: Truth, folder: Path) -> Run:
    """Everything that is judged, as of now."""
    with database.reading() as session:
        settings = settings_of(session, 1)
        attempts = session.scalars(select(DialAttempt)).all()
        ids = {one.id for one in attempts}
        orders = session.scalars(select(OutgoingCall).where(OutgoingCall.requested_at >= truth.began)).all()
        return Run(
            wire=wire_of(truth, attempts, orders),
            calendar=calendar_of(session, 1),
            hours=settings.hours,
            caps=settings.caps,
            tasks=session.scalars(select(DialTask)).all(),
            attempts=attempts,
            events=session.scalars(select(DialEvent).order_by(DialEvent.id)).all(),
            slots=session.scalars(select(LineSlot)).all(),
            now=datetime.now(UTC),
            ordered_at={one.id: min(one.sending_at, truth.first_seen.get(one.id, one.sending_at)) for one in attempts},
            room={name: room for name, room in _room(folder, settings.caps.trunk_lines) if name in ids},
            bans=truth.bans,
            asked=[_asked(one) for one in orders],
            orders_live=[one.id for one in orders if one.live],
        )


def _asked(order: OutgoingCall) -> Asked:
    """By the clock of whoever pressed: that of the listener may be another one (`Rig.faked_clock`)."""
    placed_at = order.requested_at if order.placed_at is not None else None
    return Asked(
        order.id,
        order.channel_id,
        order.number,
        order.family_id,
        order.task_id,
        order.requested_at,
        placed_at=placed_at,
    )


def judge(database: Database, truth: Truth, folder: Path, *, at_rest: str) -> Verdict:
    """Hold the run against the invariants. `at_rest`: why it did not come to rest, "" if it did."""
    run = run_of(database, truth, folder)
    broken = "" if not truth.leaks else f"I16: calls without a line in the records: {truth.leaks}"
    with ExitStack() as stack:
        for module in (window, invariants, by_people):
            stack.enter_context(mock.patch.object(module, "spans", hours_of(folder)))
        try:
            invariants.always(run)
            if not at_rest:
                invariants.at_rest(run)
        except AssertionError as error:
            broken = broken or str(error)
    if at_rest:
        broken = broken or f"I9: {at_rest}"
    return Verdict(
        broken=broken,
        attempts=len(run.attempts),
        invites=len(run.wire.invites),
        by_people=len(run.wire.by_people),
        dispositions=dict(Counter(one.disposition or one.state for one in run.attempts)),
        tasks=dict(Counter(f"{one.kind} {one.channel}/{one.state}" for one in run.tasks)),
        unknown=sum(one.state == "unknown" for one in run.attempts),
    )


def unrest(database: Database, may_ring: bool) -> str:
    """What still moves, "" when nothing does: a live attempt, a taken line, a claim, a reminder that is due."""
    with database.reading() as session:
        live = session.scalars(select(DialAttempt.id).where(DialAttempt.live)).all()
        lines = session.scalars(select(LineSlot.attempt_id).where(LineSlot.attempt_id.is_not(None))).all()
        moving = session.scalars(
            select(DialTask.id).where(DialTask.state.in_((TaskState.CLAIMED.value, TaskState.CALLING.value)))
        ).all()
        due = session.scalars(
            select(DialTask.id).where(
                DialTask.state == TaskState.DUE.value,
                DialTask.channel == Channel.ROBOT.value,
                DialTask.due_at <= datetime.now(UTC) + SOON,
            )
        ).all()
        people = session.scalars(select(OutgoingCall.id).where(OutgoingCall.live)).all()
    parts = {"live": live, "people": people, "lines": lines, "moving": moving, "due": due if may_ring else ()}
    return ", ".join(f"{name} {list(found)[:5]}" for name, found in parts.items() if found)


def _room(folder: Path, trunk_lines: int) -> Iterable[tuple[str, tuple[int, int]]]:
    file = folder / ROOM
    for line in file.read_text().splitlines() if file.exists() else []:
        name, inbound, outbound, waiting = json.loads(line)
        yield name, (trunk_lines - inbound - outbound - 1, waiting)
