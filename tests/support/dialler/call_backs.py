"""Missed calls and promises to call back: entered, promised, taken, called, closed (`crm.missed`)."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import select
from sqlalchemy.orm import Session

from callflow.dialler.rules import PROMISED
from crm.dialler.history import CALLING_BACK
from crm.errors import RecordsError
from crm.missed import claiming, closing, opening, promising
from crm.missed.opening import ByHand
from crm.missed.tables import MissedCall
from crm.outgoing import asking
from tests.support.dialler.by_people import CLOCKS
from tests.support.dialler.invariants import Ban

if TYPE_CHECKING:
    from tests.support.dialler.world import World

PROMISE, CALLS_BACK = "somebody has promised to call", "somebody calls back"


def is_missed(world: World, family: int, promised_in: int) -> None:
    """A family did not get through on another line; `promised_in` minutes, 0 for none, it is to be called."""
    if not world.desk.clock_is_right:
        return
    world.booked += 1
    at = world.ours
    wanted = ByHand(
        service_id=1,
        number=world.whom(family)[2],
        family_id=world.family_id(family),
        promised_for=at + timedelta(minutes=promised_in) if promised_in else None,
        mine=bool(promised_in % 2),
        form_key=f"missed-{world.booked}",
    )
    with suppress(RecordsError), world.database.transaction() as session:
        opening.by_hand(session, wanted, world.desk.who(family), at)
    note(world)


def promise(world: World, place: int, minutes: int) -> None:
    """Another time is promised, or none (0)."""
    row = _some(world, place)
    if row is not None and world.desk.clock_is_right:
        when = world.ours + timedelta(minutes=minutes) if minutes else None
        with suppress(RecordsError), world.database.transaction() as session:
            promising.promise(session, row.id, when, "просили", world.desk.who(place), world.ours)
    note(world)


def take(world: World, place: int, who: int, *, back: bool) -> None:
    """«Я перезваниваю», or not after all."""
    row = _some(world, place)
    if row is not None and world.desk.clock_is_right:
        with suppress(RecordsError), world.database.transaction() as session:
            (claiming.release if back else claiming.claim)(session, row.id, world.desk.who(who), world.ours)
    note(world)


def call(world: World, place: int, who: int) -> None:
    """She presses «Позвонить» on one of them, whatever else goes on."""
    row = _some(world, place)
    if row is not None and world.desk.clock_is_right:
        her, at = world.desk.who(who), world.ours
        world.desk.ask(
            lambda session: asking.ask(
                session,
                her,
                number=row.number or "",
                family_id=row.family_id,
                missed_id=row.id,
                reason="просили перезвонить",
                at=at,
            )
        )
    note(world)


def close(world: World, place: int) -> None:
    """Nobody needs to call any more."""
    row = _some(world, place)
    if row is not None:
        with suppress(RecordsError), world.database.transaction() as session:
            closing.by_reason(session, row.id, "other", "зашли сами", world.desk.who(place), world.ours)
    note(world)


def note(world: World) -> None:
    """What the rows forbid now, by true time: until they are closed, or say something else."""
    with world.database.reading() as session:
        wanted = [one for row in _open(session) for one in _bans(world, row)]
    stands = {(one.why, one.task_ids, one.number, one.family_id, one.until) for one in wanted}
    kept = []
    for ban in world.bans:
        over = ban.why in (PROMISE, CALLS_BACK) and _key(ban) not in stands
        kept.append(replace(ban, until=min(ban.until or world.now, world.now)) if over else ban)
    known = {_key(one) for one in kept}
    world.bans = [*kept, *(one for one in wanted if _key(one) not in known)]


def _key(ban: Ban) -> tuple[object, ...]:
    return ban.why, ban.task_ids, ban.number, ban.family_id, ban.until


def _bans(world: World, row: MissedCall) -> list[Ban]:
    whose = {"number": row.number or "", "family_id": row.family_id}
    found = []
    if row.promised_for is not None:
        since, until = row.promised_for - PROMISED + CLOCKS, row.promised_for + PROMISED - CLOCKS
        found.append(Ban(max(world.now, since), PROMISE, until=until, **whose))  # type: ignore[arg-type]
    if row.claimed_at is not None:
        until = row.claimed_at + CALLING_BACK - CLOCKS
        found.append(Ban(world.now, CALLS_BACK, until=until, **whose))  # type: ignore[arg-type]
    return [one for one in found if one.until is not None and one.until > world.now]


def _some(world: World, place: int) -> MissedCall | None:
    with world.database.reading() as session:
        rows = _open(session)
    return rows[place % len(rows)] if rows else None


def _open(session: Session) -> Sequence[MissedCall]:
    return session.scalars(select(MissedCall).where(MissedCall.closed_at.is_(None)).order_by(MissedCall.id)).all()
