"""The telephony package on a real Asterisk: session, snapshot, facts of a call, FastAGI, an order to call."""

from collections.abc import Iterator
from typing import Any

import pytest

from callflow import events
from telephony import variables
from telephony.agi import AgiSession
from telephony.ami import AmiAddress, AmiSession
from telephony.fastagi import FastAgiServer
from telephony.originate import Placed, compose_originate, read_originate_response
from telephony.snapshot import Snapshot
from telephony.translate import TrunkNames, translate
from telephony.wire import Message
from tests.asterisk.conftest import Calling
from tests.support.exchange import DID, LiveExchange
from tests.support.phone import DeskPhone
from tests.support.wait import wait_for


class Listener:
    """A session with the running exchange, and the facts it heard."""

    def __init__(self, exchange: LiveExchange) -> None:
        self.facts: list[events.CallEvent] = []
        self.messages: list[Message] = []
        self.snapshots: list[Snapshot] = []
        plan = exchange.plan
        self.session = AmiSession(
            AmiAddress(plan.ami.host, plan.ami.port, plan.ami_user, plan.ami_secret),
            on_event=self._hear,
            on_connected=self.snapshots.append,
        )

    def _hear(self, message: Message) -> None:
        self.messages.append(message)
        fact = translate(message, trunk=TrunkNames())
        if fact is not None:
            self.facts.append(fact)

    def of(self, kind: type[events.CallFact]) -> list[Any]:
        return [fact for fact in list(self.facts) if isinstance(fact, kind)]


@pytest.fixture
def listener(exchange: LiveExchange) -> Iterator[Listener]:
    one = Listener(exchange)
    one.session.start()
    wait_for(lambda: one.session.link.up and one.snapshots)
    yield one
    one.session.stop()


@pytest.fixture
def asked(exchange: LiveExchange) -> Iterator[list[dict[str, str]]]:
    """The lookup script as a server of ours; what it was told by the dialplan."""
    told: list[dict[str, str]] = []

    def lookup(session: AgiSession) -> None:
        names = (variables.SD_CALL, variables.SD_DID, variables.SD_FROM, variables.SD_CHAN, "NOT_SET")
        told.append({name: session.get_variable(name) for name in names})
        session.set_variable(variables.SD_OK, "1")

    bind = (exchange.plan.agi.host, exchange.plan.agi.port)
    server = FastAgiServer(
        bind, token=exchange.plan.agi_token, allowed_peers=["127.0.0.1"], handlers={"inbound": lookup}
    )
    with server:
        yield told


def test_a_call_is_told_from_its_arrival_to_its_end(
    listener: Listener, asked: list[dict[str, str]], phone: DeskPhone, call: Calling
) -> None:
    caller = call(hold_ms=1200)
    phone.wait_ringing()
    phone.answer()
    assert caller.finish() == 0, caller.errors()
    wait_for(lambda: listener.of(events.CallEnded))
    kinds = [type(fact).__name__ for fact in listener.facts]
    assert kinds == [
        "CallArrived",
        "CallerIdentified",
        "CallerWaiting",
        "OperatorRinging",
        "OperatorAnswered",
        "OperatorReleased",
        "CallEnded",
    ]
    assert len({fact.call for fact in listener.facts}) == 1
    arrived, released = listener.of(events.CallArrived)[0], listener.of(events.OperatorReleased)[0]
    assert arrived.did == DID
    assert listener.of(events.CallerIdentified)[0].caller.number == "+79070000101"
    assert released.extension == "101"
    # The Local channel that rang has gone out of the way by then, so AgentComplete names the phone's own channel.
    assert listener.of(events.OperatorAnswered)[0].leg == listener.of(events.OperatorRinging)[0].leg
    (told,) = asked
    assert told[variables.SD_CALL] == arrived.call
    assert told[variables.SD_CHAN] == arrived.channel
    assert told[variables.SD_DID] == DID
    assert "%3Csip" in told[variables.SD_FROM]
    assert told["NOT_SET"] == ""


def test_a_missed_ring_and_a_caller_who_gives_up_are_told(
    listener: Listener, asked: list[dict[str, str]], phone: DeskPhone, call: Calling
) -> None:
    caller = call(cancel_ms=4500)
    phone.wait_ringing()
    assert caller.finish() == 0, caller.errors()
    wait_for(lambda: listener.of(events.CallEnded))
    missed = listener.of(events.OperatorMissed)[0]
    assert (missed.extension, round(missed.ring_seconds)) == ("101", 3)
    assert 4 <= listener.of(events.CallerGaveUp)[0].waited_seconds <= 6


def test_a_lost_phone_brings_the_caller_back_and_the_fact_is_told(
    listener: Listener, asked: list[dict[str, str]], phone: DeskPhone, call: Calling
) -> None:
    call(hold_ms=30_000)
    phone.wait_ringing()
    phone.answer()
    wait_for(lambda: listener.of(events.OperatorAnswered))
    phone.vanish()
    wait_for(lambda: listener.of(events.CallReturning), 20)
    returning = listener.of(events.CallReturning)[0]
    assert returning.extension == "101"
    assert returning.call == listener.of(events.CallArrived)[0].call


def test_a_new_login_in_the_middle_of_a_call_sees_it_in_the_snapshot(
    exchange: LiveExchange, listener: Listener, asked: list[dict[str, str]], phone: DeskPhone, call: Calling
) -> None:
    caller = call(hold_ms=3000)
    phone.wait_ringing()
    listener.session.manager.connection.drop("cut by the test")
    wait_for(lambda: len(listener.snapshots) == 2)
    snapshot = listener.snapshots[-1]
    (trunk,) = [one for one in snapshot.channels if one.channel.startswith("PJSIP/trunk-")]
    assert (trunk.application, trunk.state) == ("Queue", "Ring")
    assert trunk.linkedid in snapshot.calls()
    assert [one.uniqueid for one in snapshot.waiting] == [trunk.uniqueid]
    assert {one.name for one in snapshot.members} == {"101", "102"}
    assert len(snapshot.boot) == len("2026-11-21 10:00:00")
    assert snapshot.missing == ()
    phone.answer()
    assert caller.finish() == 0, caller.errors()
    wait_for(lambda: listener.of(events.CallEnded))


def test_a_townsman_is_ordered_to_call_and_a_double_order_proves_nothing(
    exchange: LiveExchange, listener: Listener, asked: list[dict[str, str]], phone: DeskPhone
) -> None:
    def order(action_id: str) -> list[tuple[str, str]]:
        return compose_originate(
            action_id=action_id,
            channel_id="test-order-1",
            exten="call",
            context=variables.TOWN_OUT,
            to_exten="talk",
            to_context=variables.TOWN_OUT,
            variables={"SD_TOWN_FROM": "+79070000101", "SD_TOWN_TO": DID, "SD_TOWN_HOLD": "2"},
        )

    def results() -> dict[str, Placed]:
        read = (read_originate_response(message) for message in list(listener.messages))
        return {result.action_id: result.placed for result in read if result is not None}

    assert listener.session.send(order("first")).succeeded
    phone.wait_ringing()
    assert listener.session.send(order("second")).succeeded
    wait_for(lambda: results() == {"second": Placed.ASK})
    phone.answer()
    wait_for(lambda: results().get("first") is Placed.ANSWERED)
    assert len(listener.of(events.CallArrived)) == 1
    wait_for(lambda: listener.of(events.CallEnded))
