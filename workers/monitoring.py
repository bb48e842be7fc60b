"""Carries out listening in: rings the head's phone and lets her hear the operator's channel, ends it with the talk.

A wish is claimed before anything is sent and sent once. What the dialplan says (`follow`) and what lives at the
exchange decide between them whether it is on: a word that nobody heard is made up for by looking.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy.orm import Session

from callflow.dialplan_word import DialplanWord
from crm.call_tables import CallRecord
from crm.recordings import monitoring
from crm.recordings.tables import MonitorSession, MonitorState
from crm.staff import extension_of
from telephony.link import AnswerUnknown, LinkDown
from telephony.monitor_actions import compose_change, compose_end, compose_listening, heads_leg, operators_channel
from telephony.snapshot import ChannelNow, channels_now
from telephony.wire import UnsafeValue
from workers.feed import Notice, NoticeKind

if TYPE_CHECKING:
    from workers.orders import Counter

ON_ITS_WAY = timedelta(seconds=3)
"""Until a leg that was ordered is seen among the channels."""


def follow(session: Session, word: DialplanWord) -> Sequence[Notice]:
    """Follower of the dialplan's words: the operator's screen says at once that somebody listens, or no longer."""
    row = monitoring.follow(session, word)
    return notices_of(row) if row else ()


def notices_of(row: MonitorSession) -> Sequence[Notice]:
    """The two screens that show it."""
    return [
        Notice(NoticeKind.TRANSFER, employee_id=row.target_id, call_id=row.call_id),
        Notice(NoticeKind.TRANSFER, employee_id=row.watcher_id, call_id=row.call_id),
    ]


def carry_out(counter: Counter) -> None:
    """Begin what is asked for, end what shall end, notice what has ended by itself."""
    with counter.database.reading() as session:
        if not monitoring.has_live(session):
            return
    while (row := _claim(counter)) is not None:
        _begin(counter, row)
    with counter.database.reading() as session:
        alive = monitoring.alive(session)
        forbidden = {row.id: why for row in alive if (why := monitoring.forbidden_now(session, row))}
    if alive:
        channels = channels_now(counter.exchange)
        for row in alive:
            _look_after(counter, row, channels, forbidden.get(row.id, ""))


def _claim(counter: Counter) -> MonitorSession | None:
    with counter.database.transaction() as session:
        return monitoring.claim(session, datetime.now(UTC))


def _begin(counter: Counter, row: MonitorSession) -> None:
    with counter.database.reading() as session:
        refusal = monitoring.refusal_now(session, row)
        call = session.get_one(CallRecord, row.call_id)
        own, hers = extension_of(session, row.watcher_id), extension_of(session, row.target_id)
        before = monitoring.going_on(session, row)
    if refusal or own is None or hers is None:
        _end(counter, row, refusal or monitoring.NO_PHONE)
        return
    try:
        channels = channels_now(counter.exchange)
        spied = operators_channel(channels, call.linkedid, hers.number)
        if spied is None:
            _end(counter, row, monitoring.OVER)
            return
        leg = heads_leg(channels, before.channel_id) if before else None
        if before is not None and leg is not None:
            with counter.database.transaction() as session:
                monitoring.continue_on(session, row.id, before.channel_id)
            actions = compose_change(order=row.id, mode=row.mode, channel=leg.channel, spied=spied.uniqueid)
        else:
            actions = [
                compose_listening(
                    order=row.id, mode=row.mode, channel_id=row.channel_id, extension=own.number, spied=spied.uniqueid
                )
            ]
        for action in actions:
            if not counter.exchange.send(action).succeeded:
                _end(counter, row, monitoring.NO_LINK)
                return
    except (LinkDown, UnsafeValue):
        _end(counter, row, monitoring.NO_LINK)
    except AnswerUnknown:
        pass  # sent or not: whether her leg appears will tell; it is never sent again


def _look_after(counter: Counter, row: MonitorSession, channels: Sequence[ChannelNow], forbidden: str) -> None:
    leg = heads_leg(channels, row.channel_id)
    if leg is not None:
        if forbidden and row.stop_asked_at is None:
            with counter.database.transaction() as session:
                monitoring.forbid(session, row.id, forbidden, datetime.now(UTC))
        if forbidden or row.stop_asked_at is not None:
            counter.exchange.send(compose_end(leg.channel))
        return
    fresh = row.claimed_at is not None and datetime.now(UTC) - row.claimed_at < ON_ITS_WAY
    if row.state == MonitorState.ON.value or not fresh:
        _end(counter, row, "" if row.began_at else monitoring.NO_PHONE)


def _end(counter: Counter, row: MonitorSession, error: str) -> None:
    with counter.database.transaction() as session:
        monitoring.end(session, row.id, datetime.now(UTC), error)
    counter.feed.publish(notices_of(row))
