"""For the clerk who carries orders out (`workers.outgoing`): what to do next, and what came of it."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from sqlalchemy import Select, or_, select, update
from sqlalchemy.orm import Session

from callflow.outgoing import OrderState, Result
from callflow.phone import refusal
from crm import institution
from crm.dialler import refusals
from crm.outgoing.settling import settle
from crm.outgoing.tables import OutgoingCall
from crm.recordings.reading import refused_by_number
from crm.recordings.settings import recorded_queues

STALE = timedelta(seconds=10)
"""An order that could not be carried out for so long (no exchange) is not carried out later: she has gone on."""
SILENT = {
    OrderState.PLACING: timedelta(seconds=15),
    OrderState.PLACED: timedelta(seconds=15),
    OrderState.RINGING_OPERATOR: timedelta(seconds=40),
    OrderState.RINGING: timedelta(seconds=60),
}
"""How long the dialplan may say nothing: longer than a phone rings, so that the exchange is asked."""


@dataclass(frozen=True)
class Order:
    """One claimed order, as the wire needs it."""

    id: int
    channel_id: str
    extension: str
    number: str
    shown_number: str
    against_recording: bool = False
    """The family has refused once and for all."""


def asked() -> Select[int]:
    """Orders to be carried out, and calls to be ended, of which the exchange has not been told."""
    requested = OutgoingCall.state == OrderState.REQUESTED.value
    to_end = OutgoingCall.hangup_asked_at.is_not(None) & OutgoingCall.hangup_done_at.is_(None)
    return select(OutgoingCall.id).where(OutgoingCall.live, or_(requested, to_end))


def claim(session: Session, at: datetime, *, mode: Literal["demo", "live"]) -> Order | None:
    """Take the oldest order to carry out; None when there is none, or it is too late for it.

    The number is judged once more: what was allowed when the page was drawn may be refused now (reliability.md I8).
    """
    oldest = select(OutgoingCall.id).where(OutgoingCall.state == OrderState.REQUESTED.value, OutgoingCall.live)
    next_one = session.scalars(oldest.order_by(OutgoingCall.id)).first()
    if next_one is None:
        return None
    statement = update(OutgoingCall).where(
        OutgoingCall.id == next_one, OutgoingCall.state == OrderState.REQUESTED.value, OutgoingCall.live
    )
    values = {"state": OrderState.PLACING.value, "placed_at": at, "changed_at": at}
    claimed = session.execute(statement.values(**values).returning(OutgoingCall.id)).scalar_one_or_none()
    if claimed is None:
        return None
    order = session.get_one(OutgoingCall, claimed, populate_existing=True)
    refused = refusal(order.number, mode=mode, own_dids=institution.dids(session)) is not None
    if at - order.requested_at > STALE or refused or _called_off(session, order):
        order.placed_at = None
        settle(session, order, Result.NOT_PLACED, at)
        return None
    against = bool(recorded_queues(session)) and refused_by_number(session, order.number, at)
    return Order(order.id, order.channel_id, order.extension, order.number, order.shown_number, against)


def _called_off(session: Session, order: OutgoingCall) -> bool:
    """The family has refused calls since she pressed. A call outside the lists she has given a reason for."""
    if order.task_id is None:
        return False
    known = refusals.of(session, order.number, order.person_id, order.family_id)
    return order.hangup_asked_at is not None or known.everything


def note_placed(session: Session, order_id: int, at: datetime) -> None:
    """The exchange has taken the order; words of the dialplan that were quicker stay."""
    _move(session, order_id, OrderState.PLACED, at)


def note_not_placed(session: Session, order_id: int, at: datetime) -> None:
    """The exchange refused, or was not told: nobody was called."""
    _settle_unheard(session, order_id, Result.NOT_PLACED, at)


def note_unknown(session: Session, order_id: int, at: datetime) -> None:
    """Told, and no answer: perhaps it rings. Never told again; the exchange is asked (`overdue`)."""
    # The row stays «placing»: the dialplan's words, or their absence after 15 s, say more.
    session.execute(update(OutgoingCall).where(OutgoingCall.id == order_id).values(changed_at=at))


def to_hang_up(session: Session) -> Sequence[tuple[int, str, str]]:
    """Live calls whose operator pressed «Завершить»: (order, channel id, her extension), each told once."""
    statement = (
        select(OutgoingCall)
        .where(OutgoingCall.live, OutgoingCall.hangup_asked_at.is_not(None), OutgoingCall.hangup_done_at.is_(None))
        .where(OutgoingCall.state != OrderState.REQUESTED.value)
    )
    return [(order.id, order.channel_id, order.extension) for order in session.scalars(statement)]


def note_hung_up(session: Session, order_id: int, at: datetime) -> None:
    """The exchange was told to end the call."""
    session.execute(update(OutgoingCall).where(OutgoingCall.id == order_id).values(hangup_done_at=at))


def overdue(session: Session, at: datetime) -> Sequence[tuple[int, str]]:
    """Live orders of which the dialplan has said nothing for too long: (order, channel id)."""
    rows = session.scalars(select(OutgoingCall).where(OutgoingCall.live)).all()
    return [
        (row.id, row.channel_id)
        for row in rows
        if (limit := SILENT.get(OrderState(row.state))) is not None and at - row.changed_at > limit
    ]


def note_there(session: Session, orders: Collection[int], at: datetime) -> None:
    """The exchange still has these calls: ask again after another while."""
    session.execute(update(OutgoingCall).where(OutgoingCall.id.in_(orders)).values(changed_at=at))


def note_gone(session: Session, orders: Collection[int], at: datetime) -> list[OutgoingCall]:
    """The exchange has no such call and nobody heard how it ended: a person decides what to do."""
    gone = []
    for order_id in orders:
        order = session.get(OutgoingCall, order_id, with_for_update=True, populate_existing=True)
        if order is not None and order.live:
            settle(session, order, Result.UNKNOWN, at)
            gone.append(order)
    return gone


def _move(session: Session, order_id: int, state: OrderState, at: datetime) -> None:
    statement = update(OutgoingCall).where(OutgoingCall.id == order_id, OutgoingCall.state == OrderState.PLACING.value)
    session.execute(statement.values(state=state.value, changed_at=at))


def _settle_unheard(session: Session, order_id: int, result: Result, at: datetime) -> None:
    order = session.get(OutgoingCall, order_id, with_for_update=True, populate_existing=True)
    if order is not None and order.live and order.state == OrderState.PLACING:
        settle(session, order, result, at)
