"""Transfers at the exchange: the clerk leads the channels where a page asked, the follower writes what came of it.

An order is given once. What the exchange does with it is told by the dialplan's words; an order that nobody answered
stays «sent», and the operator may take her caller back.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import Select, or_, select
from sqlalchemy.orm import Session

from callflow.dialplan_word import DialplanWord
from callflow.transfer import Kind, Reason, State
from crm.call_tables import CallRecord
from crm.transfers import following
from crm.transfers.holding import settle
from crm.transfers.tables import Transfer
from telephony import transfer_actions as actions
from telephony import variables
from telephony.link import AmiError
from telephony.snapshot import channels_now
from telephony.transfer_actions import Action, Parties
from workers.feed import Notice, NoticeKind
from workers.notices import notices_of

if TYPE_CHECKING:
    from workers.orders import Counter

TOO_LATE = timedelta(seconds=20)
"""An order that lay about while we were away is not carried out into whatever goes on now."""
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Order:
    """What one row asks for, read once and claimed. `what`: begin, complete, join, back, dismiss; or late."""

    id: int
    what: str
    call: str
    kind: str
    from_extension: str
    to_extension: str
    to_number: str
    people: tuple[int, ...]


def carry_out(counter: Counter) -> None:
    """Act on every transfer that waits for it."""
    with counter.database.reading() as session:
        asked = session.scalars(waiting().order_by(Transfer.id)).all()
        silent = [(row, call) for row, call in session.execute(_silent())]
    for transfer_id in asked:
        order = _claim(counter, transfer_id)
        if order is not None and order.what == "late":
            _fail(counter, order)
        elif order is not None:
            _act(counter, order)
    if silent:
        _give_up_silent(counter, silent)


def follow(session: Session, word: DialplanWord) -> Sequence[Notice]:
    """Write a word of the dialplan; tell the operator, the specialist, and whose talk began or ended."""
    moved = following.follow(session, word)
    if moved.transfer is None:
        return ()
    told = [notice for change in moved.recorded for notice in notices_of(session, change)]
    wished = bool(moved.transfer.wish) and moved.transfer.wish_sent_at is None
    return [*told, *_notices(_people(moved.transfer), moved.transfer.call_id, order_waits=wished)]


def waiting() -> Select[int]:
    """Transfers of which the exchange is to be told something."""
    begin = Transfer.state == State.REQUESTED.value
    wished = (Transfer.wish != "") & Transfer.wish_sent_at.is_(None)
    return select(Transfer.id).where(Transfer.ended_at.is_(None), or_(begin, wished))


def _claim(counter: Counter, transfer_id: int) -> Order | None:
    """Take the order out of everybody else's hands before acting on it; one that comes too late is over («late»)."""
    at = datetime.now(UTC)
    with counter.database.transaction() as session:
        row = session.get(Transfer, transfer_id, with_for_update=True, populate_existing=True)
        if row is None or row.ended_at is not None:
            return None
        if row.state == State.REQUESTED:
            what = "late" if at - row.asked_at > TOO_LATE else "begin"
            row.state, row.sent_at = State.SENT.value, at
        elif row.wish and row.wish_sent_at is None:
            what, row.wish_sent_at = row.wish, at
        else:
            return None
        call = session.scalars(select(CallRecord.linkedid).where(CallRecord.id == row.call_id)).one()
        places = (row.from_extension, row.to_extension, row.to_number)
        return Order(row.id, what, call, row.kind, *places, _people(row))


def _act(counter: Counter, order: Order) -> None:
    try:
        channels = channels_now(counter.exchange, order.call)
    except AmiError:
        # Nothing was told: a transfer that would never begin must not look as if it had.
        (_fail if order.what == "begin" else _again)(counter, order)
        raise
    found = actions.parties(channels, order.call, order.from_extension, order.to_extension)
    steps = _steps(order, found)
    if not steps:
        if order.what == "begin":
            _fail(counter, order)
        else:
            _again(counter, order)
        return
    acts = _first_act(steps)
    if acts:
        counter.exchange.send_all(steps[:acts])
    for number, step in enumerate(steps[acts:]):
        answer = counter.exchange.send(step)
        if not answer.succeeded and order.what == "begin" and number == 0:
            log.warning("transfer %s: the exchange refused: %s", order.id, answer.get("Message"))
            _fail(counter, order)
            return


def _silent() -> Select[Transfer, str]:
    """Orders that were claimed, and of which the dialplan has said nothing since: we were killed before we told the
    exchange, or its answer was lost."""
    before = datetime.now(UTC) - TOO_LATE
    silent = select(Transfer, CallRecord.linkedid).join(CallRecord, CallRecord.id == Transfer.call_id)
    return silent.where(Transfer.state == State.SENT.value, Transfer.sent_at < before, Transfer.ringing_at.is_(None))


def _give_up_silent(counter: Counter, silent: Sequence[tuple[Transfer, str]]) -> None:
    """If the caller is not on his way there, it is over, and the operator is told."""
    channels = channels_now(counter.exchange)
    for row, call in silent:
        caller = actions.parties(channels, call, row.from_extension, row.to_extension).caller
        if not any(one.channel == caller and one.context == variables.SD_TRANSFER for one in channels):
            places = (row.from_extension, row.to_extension, row.to_number)
            _fail(counter, Order(row.id, "late", call, row.kind, *places, _people(row)))


def _first_act(steps: Sequence[Action]) -> int:
    """The place of the step that counts: the first that is no mere note."""
    return next((place for place, step in enumerate(steps) if ("Action", "Setvar") not in step), len(steps))


def _steps(order: Order, found: Parties) -> list[Action]:
    """The actions for one order, in their sequence; none where those whom it concerns are gone."""
    match order.what:
        case "begin":
            return _begin(order, found)
        case "complete":
            return [actions.compose_hangup(found.operator)] if found.operator else []
        case "join":
            if not (found.caller and found.dialling):
                return []
            place = "join" if found.dialling == found.operator else "partner"
            note = actions.compose_note(found.caller, variables.SD_T_JOIN, "1")
            return [note, actions.compose_redirect(found.dialling, place)]
        case "back":
            return [actions.compose_hangup(channel) for channel in found.specialist]
        case _:
            return [actions.compose_hangup(channel, 17) for channel in found.specialist]


def _begin(order: Order, found: Parties) -> list[Action]:
    if not (found.caller and found.operator):
        return []
    values = {
        variables.SD_T_ORDER: str(order.id),
        variables.SD_T_FROM: order.from_extension,
        variables.SD_T_TO: order.to_extension,
        variables.SD_T_OUT: order.to_number,
        variables.SD_T_JOIN: "",
        variables.SD_T_SP: "",
        variables.SD_T_OP: "" if order.kind == Kind.BLIND else found.operator,
    }
    notes = [actions.compose_note(found.caller, name, value) for name, value in values.items()]
    if order.kind == Kind.BLIND:
        # Whoever was in a room with the caller stays there alone; out of the queue's bridge she is let go by herself.
        return [*notes, actions.compose_redirect(found.caller, "blind"), actions.compose_hangup(found.operator)]
    return [*notes, actions.compose_consult(found.caller, found.operator)]


def _again(counter: Counter, order: Order) -> None:
    """Nobody is there yet whom the wish concerns (her telephone is about to ring): looked at again in a second."""
    with counter.database.transaction() as session:
        row = session.get_one(Transfer, order.id, with_for_update=True, populate_existing=True)
        if row.ended_at is None and row.wish == order.what:
            row.wish_sent_at = None


def _fail(counter: Counter, order: Order) -> None:
    with counter.database.transaction() as session:
        row = session.get_one(Transfer, order.id, with_for_update=True, populate_existing=True)
        if row.state == State.SENT:
            settle(row, State.FAILED, datetime.now(UTC), Reason.UNREACHABLE)
        call_id = row.call_id
    counter.feed.publish(_notices(order.people, call_id))


def _people(row: Transfer) -> tuple[int, ...]:
    return tuple(one for one in (row.asked_by_id, row.to_employee_id) if one is not None)


def _notices(people: Sequence[int], call_id: int, *, order_waits: bool = False) -> list[Notice]:
    return [Notice(NoticeKind.TRANSFER, employee_id=one, call_id=call_id, order_waits=order_waits) for one in people]
