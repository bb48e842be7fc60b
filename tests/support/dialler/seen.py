"""A run of the state machine as the invariants want it: what the wire saw, what the records say."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, select

from callflow.outgoing import OrderState
from crm.dialler import following
from crm.dialler.tables import DialAttempt, DialEvent, DialTask, LineSlot
from crm.outgoing.tables import OutgoingCall
from tests.support.dialler.invariants import Run

if TYPE_CHECKING:
    from tests.support.dialler.world import World


def fingerprint(world: World) -> tuple[object, ...]:
    """Differs whenever something happened that an invariant could judge otherwise."""
    wire = world.wire
    calls = [(one.attempt_id, one.ring_ended_at) for one in (*wire.invites, *wire.by_people)]
    up = len(world.exchange.channels), len(world.exchange.people.calls)
    return world.town.changes, calls, up, len(world.bans), len(world.ordered_at)


def run(world: World) -> Run:
    """What holds at every step is judged of this; the story only grows, so no line of it is read twice."""
    with world.database.reading() as session:
        known = world.told[-1].id if world.told else 0
        world.told += session.execute(_TOLD, {"known": known})
        attempts = session.execute(_ATTEMPTS).all()
    lines = [one for one in attempts if one.line is not None]
    world.lines_taken = len(lines)
    return _run(world, (), attempts, world.told, lines)


def whole_run(world: World) -> Run:
    """Everything, read anew: for the end."""
    with world.database.reading() as session:
        found = _run(
            world,
            session.scalars(select(DialTask)).all(),
            session.scalars(select(DialAttempt)).all(),
            session.scalars(select(DialEvent).order_by(DialEvent.id)).all(),
            session.scalars(select(LineSlot)).all(),
        )
        found.orders_live = session.scalars(select(OutgoingCall.id).where(OutgoingCall.live)).all()
    return found


def replay(world: World) -> bool:
    """Hear everything once more; whether that changed anything (I17)."""
    before, ended = _attempts(world), _ended_orders(world)
    for word in world.heard:
        with world.database.transaction() as session:
            following.heard(session, *word, world.ours)
    world.desk.hear_again()
    return _attempts(world) != before or not ended <= _ended_orders(world)


def _run(
    world: World, tasks: Sequence[Any], attempts: Sequence[Any], events: Sequence[Any], slots: Sequence[Any]
) -> Run:
    return Run(
        wire=world.wire,
        calendar=world.calendar,
        hours=world.hours,
        caps=world.caps,
        tasks=tasks,
        attempts=attempts,
        events=events,
        slots=slots,
        now=world.now,
        ordered_at=world.ordered_at,
        room=world.room,
        numbers=world.numbers,
        alive=list(world.exchange.channels),
        bans=world.bans,
        speechless=world.speechless,
        asked=list(world.desk.asked.values()),
    )


def _attempts(world: World) -> list[tuple[object, ...]]:
    found = select(DialAttempt.id, DialAttempt.state, DialAttempt.disposition).order_by(DialAttempt.id)
    with world.database.reading() as session:
        return [tuple(row) for row in session.execute(found)]


def _ended_orders(world: World) -> set[tuple[object, ...]]:
    """Without those of which nobody knows: a word more is evidence there."""
    ended = OutgoingCall.state == OrderState.ENDED.value
    with world.database.reading() as session:
        return {tuple(row) for row in session.execute(select(OutgoingCall.id, OutgoingCall.result).where(ended))}


_TOLD = select(*DialEvent.__table__.columns).where(DialEvent.id > bindparam("known")).order_by(DialEvent.id)
_ATTEMPTS = select(
    DialAttempt.id,
    DialAttempt.id.label("attempt_id"),
    DialAttempt.task_id,
    DialAttempt.family_id,
    DialAttempt.number,
    DialAttempt.state,
    DialAttempt.live,
    DialAttempt.disposition,
    DialAttempt.rang,
    LineSlot.number.label("line"),
).outerjoin(LineSlot, LineSlot.attempt_id == DialAttempt.id)
