"""Calls that an operator asked for: the clerk who tells the exchange, and the follower who hears what became of it.

The row is claimed and committed, then the exchange is told once (Originate with our own ChannelId), then the answer is
written. If nobody knows whether it was told (a time-out, a lost link, a kill in between), it is never told again: the
dialplan's words say what happens, and if there are none, the exchange is asked which calls it has (reliability.md M5,
M12, M14).
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from sqlalchemy.orm import Session

from callflow.dialplan_word import DialplanWord
from callflow.outgoing import OPERATOR_SECONDS
from crm.outgoing import following, orders
from crm.outgoing.orders import Order
from crm.outgoing.tables import OutgoingCall
from telephony.exchange_notes import spoken_law
from telephony.link import ActionRefused, AmiError, AnswerUnknown
from telephony.originate import Law, compose_originate
from telephony.variables import SD_DID, SD_NORECORD, SD_NUM, SD_ORDER, SD_OUTGOING, SD_OUTGOING_CALL
from telephony.wire import Message
from workers.feed import Notice, NoticeKind
from workers.notices import notices_of

if TYPE_CHECKING:
    from workers.orders import Counter  # it knows its clerks by name

log = logging.getLogger(__name__)


def carry_out(counter: Counter) -> None:
    """Place what was asked for, end what was asked to be ended, ask after what has gone silent."""
    while (order := _claim(counter)) is not None:
        _place(counter, order)
    _hang_up(counter)
    _look_for_the_silent(counter)


def follow(session: Session, word: DialplanWord) -> Sequence[Notice]:
    """A word of the dialplan about a call of ours."""
    order, recorded = following.follow(session, word)
    if order is None:
        return []
    return [*(notice for change in recorded for notice in notices_of(session, change)), _notice(order)]


def _notice(order: OutgoingCall) -> Notice:
    return Notice(NoticeKind.TALK, employee_id=order.employee_id, call_id=order.call_id)


def _claim(counter: Counter) -> Order | None:
    with counter.database.transaction() as session:
        return orders.claim(session, datetime.now(UTC), mode=counter.settings.mode)


def _place(counter: Counter, order: Order) -> None:
    try:
        answer = counter.exchange.send(order_headers(order, _law(counter)))
        note = orders.note_placed if answer.succeeded else orders.note_not_placed
    except AnswerUnknown as error:
        log.warning("outgoing call %s: nobody knows whether it was placed (%s)", order.id, type(error).__name__)
        note = orders.note_unknown
    except AmiError as error:  # nothing was sent
        log.warning("outgoing call %s not placed: %s", order.id, type(error).__name__)
        note = orders.note_not_placed
    with counter.database.transaction() as session:
        note(session, order.id, datetime.now(UTC))
        row = session.get_one(OutgoingCall, order.id)
        notice = _notice(row)
    counter.feed.publish([notice])


def _law(counter: Counter) -> Law:
    try:
        return spoken_law(counter.exchange)
    except AmiError:
        return "alaw"  # the order itself will tell how the link is


def order_headers(order: Order, law: Law = "alaw") -> list[tuple[str, str]]:
    """The one action that places an order; `law`: what the provider speaks."""
    return compose_originate(
        action_id=f"{order.channel_id}-order",
        channel_id=order.channel_id,
        exten=order.extension,
        context=SD_OUTGOING,
        to_exten="call",
        to_context=SD_OUTGOING_CALL,
        variables={
            f"__{SD_ORDER}": str(order.id),
            f"__{SD_NUM}": order.number,
            f"__{SD_DID}": order.shown_number,
            **({f"__{SD_NORECORD}": "1"} if order.against_recording else {}),
        },
        # As the trunk speaks: where Asterisk has to translate, it goes by the numbers of the packets and drops those
        # of another phone as late, for minutes (asterisk issue 507): after a transfer the family would hear nobody.
        codec=law,
        # The dialplan ends the ring of her phone by itself; this is for an exchange that lost the leg.
        timeout_seconds=OPERATOR_SECONDS + 10,
    )


def _hang_up(counter: Counter) -> None:
    with counter.database.reading() as session:
        wanted = orders.to_hang_up(session)
    if not wanted:
        return
    channels = _channels(counter)
    for order_id, channel_id, extension in wanted:
        name = _channel_to_end(channels, channel_id, extension)
        if name:
            try:
                counter.exchange.send({"Action": "Hangup", "Channel": name, "Cause": "16"})
            except ActionRefused:
                log.info("outgoing call %s had ended by itself", order_id)
        with counter.database.transaction() as session:
            orders.note_hung_up(session, order_id, datetime.now(UTC))


def _channels(counter: Counter) -> list[Message]:
    return counter.exchange.collect([("Action", "CoreShowChannels")])


def _channel_to_end(channels: Sequence[Message], channel_id: str, extension: str) -> str:
    """Her phone, with which the call ends, unless the family talks with somebody else by now; else the call's own."""
    own = [one for one in channels if one.get("Linkedid") == channel_id]
    phones = (f"PJSIP/{extension}-",)
    names = [name for one in own if (name := one.get("Channel")).startswith(phones)]
    names += [one.get("Channel") for one in own if one.get("Uniqueid") == channel_id]
    return names[0] if names else ""


def _look_for_the_silent(counter: Counter) -> None:
    at = datetime.now(UTC)
    with counter.database.reading() as session:
        silent = orders.overdue(session, at)
    if not silent:
        return
    there = {one.get("Linkedid") for one in _channels(counter)}
    gone = [order_id for order_id, channel_id in silent if channel_id not in there]
    with counter.database.transaction() as session:
        orders.note_there(session, [order_id for order_id, _ in silent if order_id not in gone], at)
        notices = [_notice(row) for row in orders.note_gone(session, gone, at)]
    counter.feed.publish(notices)
