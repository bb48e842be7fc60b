"""Calls that came and went while nobody listened: the exchange's own files tell them whole (`workers.missed`)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import partial

import pytest

from callflow.call import Call as CallState
from callflow.call import Disposition, apply
from callflow.caller_id import CallerKind
from callflow.dialplan_word import DialplanWord
from telephony.translate import TrunkNames, caller_of
from tests.asterisk.conftest import Calling
from tests.support.agi_stub import AgiStub
from tests.support.exchange import DID, LiveExchange
from tests.support.phone import DeskPhone
from tests.support.wait import wait_for
from workers.missed import Files, missed_events, read_files

HIDDEN = '"Anonymous" <sip:anonymous@anonymous.invalid>'


def files_of(exchange: LiveExchange, since: datetime) -> Files:
    return read_files(exchange.plan.log_dir, since - timedelta(seconds=2))


def told(exchange: LiveExchange, since: datetime, known: set[str]) -> CallState:
    """The one call that is not `known`, by the files alone, once its CDR is there."""

    def ended() -> bool:
        files = files_of(exchange, since)
        return any(record.uniqueid not in known and record.uniqueid in files.arrivals for record in files.records)

    wait_for(ended, 10, "the call's CDR")
    files = files_of(exchange, since)
    (name,) = set(files.arrivals) - known
    identify = partial(caller_of, trunk=TrunkNames(own_numbers=frozenset([DID])))
    call = None
    for event in missed_events(files, {name: files.arrivals[name]}, set(), identify):
        if not isinstance(event, DialplanWord):
            call, _ = apply(call, event)
    assert call is not None
    return call


def test_a_queue_talk_is_told_by_the_files(
    exchange: LiveExchange, agi: AgiStub, phone: DeskPhone, call: Calling
) -> None:
    since = datetime.now(UTC)
    known = set(files_of(exchange, since).arrivals)
    caller = call(hold_ms=1500)
    phone.wait_ringing()
    phone.answer()
    assert caller.finish() == 0, caller.errors()
    talk = told(exchange, since, known)
    assert talk.disposition is Disposition.ANSWERED
    assert [leg.extension for leg in talk.legs] == ["101"]


def test_a_talk_of_a_rescued_caller_is_told_by_the_files(
    exchange: LiveExchange, phone: DeskPhone, call: Calling
) -> None:
    """No program of ours lives: after a while every phone rings, past the queue, and queue_log would not know."""
    since = datetime.now(UTC)
    known = set(files_of(exchange, since).arrivals)
    exchange.console("queue pause member Local/101@sd-operator queue family")
    caller = call(hold_ms=1500)
    try:
        phone.wait_ringing(15)
        phone.answer()
        assert caller.finish() == 0, caller.errors()
    finally:
        exchange.console("queue unpause member Local/101@sd-operator queue family")
    talk = told(exchange, since, known)
    assert talk.disposition is Disposition.ANSWERED
    assert [leg.extension for leg in talk.legs] == ["101"]


@pytest.mark.parametrize(("presented", "kind"), [(None, CallerKind.NUMBER), (HIDDEN, CallerKind.HIDDEN)])
def test_a_caller_who_hung_up_unheard_is_told_by_the_files(
    exchange: LiveExchange, call: Calling, presented: str | None, kind: CallerKind
) -> None:
    since = datetime.now(UTC)
    known = set(files_of(exchange, since).arrivals)
    caller = call(cancel_ms=1500) if presented is None else call(cancel_ms=1500, from_header=presented)
    caller.finish()
    missed = told(exchange, since, known)
    assert (missed.did, missed.disposition) == (DID, Disposition.ABANDONED)
    assert missed.caller is not None
    assert missed.caller.kind is kind
    assert since - timedelta(seconds=2) <= missed.arrived_at <= missed.ended_at <= datetime.now(UTC)
