"""From a task that is due to a telephone that rings once, on real parts: records, Valkey, RQ, AMI, dialplan, SIP.

What arrived at the network is counted (reliability.md I1, I2, F1, F16, F17, F19, F21, F22, F35).
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from callflow.call import CallState
from callflow.dialler.states import AttemptState, Channel, Disposition, TaskState
from callflow.dialler.wire import Judged
from crm.call_tables import CallRecord
from crm.dialler import switches, withdrawing
from crm.staff import by_login
from telephony.agi import AgiSession
from telephony.config.dialling import DiallingPlan, WindowPlan
from telephony.config.plan import LinePlan, Member, QueuePlan, TrunkPlan
from telephony.dial_orders import DialOrder, order_headers
from tests.support.exchange import LiveExchange, operator
from tests.support.network import Behaviour, Network
from tests.support.phone import DeskPhone
from tests.support.robot_rig import DEMO_LINE, LIMIT, Rig
from tests.support.wait import wait_for
from workers.dialler.sender import POINTS
from workers.queues import connect

ANNA = "+79070001101"
NEVER = Behaviour(ring=None)


@pytest.fixture(scope="module")
def network() -> Iterator[Network]:
    with Network() as network:
        yield network


@pytest.fixture(scope="module")
def running(network: Network) -> Iterator[LiveExchange]:
    now = int(time.time())
    with LiveExchange(
        town_bind=None,
        town=(),
        trunk=TrunkPlan(peers=("127.0.0.2",), contact=network.address),
        staff=(operator("101"), operator("102")),
        queues=(QueuePlan(name="family", members=(Member(extension="101"), Member(extension="102"))),),
        lines=(LinePlan(did=DEMO_LINE, queue="family"),),
        dialling=DiallingPlan(
            lines=3,
            trunk_lines=20,
            synthetic=True,
            windows=(WindowPlan(queue="family", spans=((now - 3600, now + 7200),)),),
        ),
    ) as exchange:
        yield exchange


@pytest.fixture
def rig(exchange: LiveExchange, network: Network, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    network.numbers.clear()
    network.calls.clear()
    network.most_live = 0
    network.behaves = Behaviour(ring=0.2, talk=None)
    with Rig(exchange, network, _short(tmp_path_factory)) as rig:
        yield rig
        exchange.reset()


def _short(factory: pytest.TempPathFactory) -> Path:
    """The name of Valkey's socket has 107 bytes."""
    folder = factory.mktemp("r", numbered=True)
    (folder / "v").mkdir()
    return folder


def test_a_due_task_rings_once_and_is_over(rig: Rig) -> None:
    task_id = rig.owe(ANNA)
    rig.start_ticker()
    rig.start_worker()
    assert rig.wait_state(task_id, TaskState.DELIVERED).state == TaskState.DELIVERED
    rig.wait_free()
    (attempt,) = rig.attempts(task_id)
    (called,) = rig.network.to(ANNA)
    assert (called.number, called.shown) == (ANNA, DEMO_LINE)
    assert attempt.sending_at.timestamp() <= called.at  # I1
    assert (attempt.state, attempt.disposition) == (AttemptState.ENDED, Disposition.DELIVERED)
    assert None not in (attempt.told_at, attempt.ringing_at, attempt.answered_at, attempt.ended_at)
    assert rig.dialogues == [attempt.id]


def test_what_is_not_due_yet_waits(rig: Rig) -> None:
    later = rig.owe(ANNA, in_seconds=3600)
    task_id = rig.owe("+79070001102")
    rig.start_ticker()
    rig.start_worker()
    rig.wait_state(task_id, TaskState.DELIVERED)
    rig.wait_free()
    assert rig.task(later).state == TaskState.DUE
    assert not rig.network.to(ANNA)


def test_five_tickers_forty_calls_three_lines(rig: Rig) -> None:
    """Nobody twice, nobody forgotten, never more than three at once (F22)."""
    rig.network.behaves = Behaviour(ring=0.1, talk=None)
    numbers = [f"+790700012{nth:02}" for nth in range(40)]
    tasks = [rig.owe(number) for number in numbers]
    rig.start_ticker(copies=5)
    rig.start_worker()
    rig.start_worker()
    for task_id in tasks:
        rig.wait_state(task_id, TaskState.DELIVERED)
    rig.wait_free()
    assert sorted(call.number for call in rig.network.calls) == numbers
    assert rig.network.most_live <= 3


def test_redis_forgets_everything_and_nothing_is_lost(rig: Rig) -> None:
    """FLUSHALL while jobs wait and nobody works (F17)."""
    tasks = [rig.owe(f"+790700013{nth:02}") for nth in range(6)]
    rig.start_ticker()
    with connect(rig.valkey.url) as client:
        for _ in range(3):
            wait_for(lambda: client.dbsize() > 0, LIMIT, "jobs")  # type: ignore[operator]
            client.flushall()
    rig.start_worker()
    for task_id in tasks:
        rig.wait_state(task_id, TaskState.DELIVERED)
    rig.wait_free()
    assert len(rig.network.calls) == 6


def test_without_redis_nobody_is_called_and_then_everybody_once(rig: Rig) -> None:
    """F16."""
    rig.start_ticker()
    rig.start_worker()
    rig.valkey.kill()
    task_id = rig.owe(ANNA)
    for _ in range(30):
        assert not rig.network.calls
        time.sleep(0.05)
    rig.valkey.start()
    rig.wait_state(task_id, TaskState.DELIVERED)
    rig.wait_free()
    assert len(rig.network.to(ANNA)) == 1


@pytest.mark.parametrize("point", POINTS)
def test_a_worker_that_dies_anywhere_calls_once(rig: Rig, point: str) -> None:
    """Killed at every named point; time passes; what is not proved is never repeated (F19)."""
    task_id = rig.owe(ANNA)
    rig.killed_at = point
    rig.start_worker()
    rig.start_ticker()
    wait_for(lambda: not rig.killed_at, LIMIT, "the worker to die")
    if point in ("in_claim", "before_claim", "in_gate", "before_commit", "after_claim", "after_words", "after_asking"):
        # Nothing was written, or a claim that runs out.
        assert all(not attempt.told_at for attempt in rig.attempts(task_id))
        _let_the_lease_run_out(rig, task_id)
    elif point in ("after_commit", "before_send"):
        # It never left: proved by the same life of the exchange, no note at the gate, and an order that is void by now.
        wait_for(
            lambda: rig.reconcile(ahead=20).get(rig.attempts(task_id)[0].id) is Judged.NOT_SENT, LIMIT, "the proof"
        )
    rig.wait_state(task_id, TaskState.DELIVERED)
    rig.wait_free()
    assert len(rig.network.to(ANNA)) == 1
    assert sum(attempt.disposition == Disposition.DELIVERED for attempt in rig.attempts(task_id)) == 1


def _let_the_lease_run_out(rig: Rig, task_id: int) -> None:
    if rig.task(task_id).state == TaskState.CLAIMED:
        with rig.database.transaction() as session:
            session.get_one(type(rig.task(task_id)), task_id).lease_until = datetime.now(UTC)


def test_a_worker_that_was_stopped_for_long_sends_in_vain(rig: Rig) -> None:
    """Between commit and send; meanwhile the attempt was proved not to have left, and another one made (F21)."""
    task_id = rig.owe(ANNA)
    rig.killed_at = "before_send"
    rig.start_worker()
    rig.start_ticker()
    wait_for(lambda: not rig.killed_at, LIMIT, "the worker to stop")
    (stopped,) = rig.attempts(task_id)
    with rig.database.transaction() as session:
        row = session.get_one(type(stopped), stopped.id)
        row.not_after = datetime.fromtimestamp(time.time() - 30, UTC)
        stopped.not_after = row.not_after
    wait_for(lambda: rig.reconcile(ahead=10).get(stopped.id) is Judged.NOT_SENT, LIMIT, "the proof")
    late = DialOrder(stopped.id, stopped.number, stopped.not_after, stopped.shown_number, 5)
    rig.session.send(order_headers(late))  # it was at the very last line when it was stopped
    rig.sender._send(stopped)  # a line before
    rig.wait_state(task_id, TaskState.DELIVERED)
    rig.wait_free()
    assert len(rig.network.to(ANNA)) == 1
    assert rig.attempts(task_id)[0].state == AttemptState.NOT_SENT


@pytest.mark.parametrize(("witness", "kept"), [("word", True), ("cdr", False)])
def test_nobody_listens_and_what_the_exchange_kept_tells(rig: Rig, witness: str, kept: bool) -> None:
    """The listener is dead all through a call that nobody takes: the gate's note, or the call record, says its end."""
    rig.hears = False
    rig.network.behaves = Behaviour(status=486)
    task_id = rig.owe(ANNA)
    rig.start_worker()
    rig.start_ticker()
    wait_for(lambda: rig.network.to(ANNA), LIMIT, "the call")
    wait_for(lambda: not rig.exchange.channels(), LIMIT, "its end")
    if not kept:
        rig.exchange.console(f"database del sd {rig.attempts(task_id)[0].id}")
    wait_for(lambda: rig.reconcile(ahead=4) and not rig.attempts(task_id)[0].live, LIMIT, "the verdict")
    (attempt,) = rig.attempts(task_id)
    assert (attempt.disposition, attempt.evidence) == (Disposition.BUSY, witness)
    assert rig.task(task_id).state == TaskState.DUE
    assert rig.lines_taken() == 0


def test_a_call_that_goes_on_is_left_alone(rig: Rig) -> None:
    rig.hears = False
    rig.network.behaves = NEVER
    task_id = rig.owe(ANNA)
    rig.start_worker()
    rig.start_ticker()
    wait_for(lambda: rig.network.to(ANNA), LIMIT, "the call")
    (attempt,) = rig.attempts(task_id)
    assert rig.reconcile(ahead=4) == {attempt.id: Judged.ALIVE}
    assert rig.attempts(task_id)[0].live


def test_the_exchange_dies_in_a_call_and_nobody_is_called_again(rig: Rig) -> None:
    """F1: no call record is left, so nobody knows, and a person decides."""
    rig.network.behaves = NEVER
    task_id = rig.owe(ANNA)
    rig.start_worker()
    rig.start_ticker()
    wait_for(lambda: rig.network.to(ANNA), LIMIT, "the call")
    rig.exchange.kill()
    wait_for(lambda: not rig.session.link.up, LIMIT, "the link to be down")
    rig.exchange.start()
    wait_for(lambda: rig.session.link.up, LIMIT, "the link")
    wait_for(lambda: rig.reconcile(ahead=40) is not None and not rig.attempts(task_id)[0].live, LIMIT, "the verdict")
    (attempt,) = rig.attempts(task_id)
    task = rig.task(task_id)
    assert attempt.state == AttemptState.UNKNOWN
    assert (task.channel, task.state) == (Channel.HUMAN, TaskState.DUE)
    assert len(rig.network.to(ANNA)) == 1
    assert rig.lines_taken() == 0


def test_while_the_exchange_is_away_nothing_is_burnt(rig: Rig) -> None:
    """F3: a task waits, and no attempt is made of it."""
    rig.exchange.stop()
    wait_for(lambda: not rig.session.link.up, LIMIT, "the link to be down")
    task_id = rig.owe(ANNA)
    rig.start_worker()
    rig.start_ticker()
    wait_for(lambda: rig.task(task_id).rule == "no_link", LIMIT, "the rule")
    assert not rig.attempts(task_id)
    rig.exchange.start()
    rig.wait_state(task_id, TaskState.DELIVERED)
    rig.wait_free()
    assert len(rig.network.to(ANNA)) == 1


def test_the_red_button(rig: Rig) -> None:
    """What rings is ended, what is due stays due, the exchange itself refuses; then everything goes on."""
    rig.network.behaves = NEVER
    ringing = rig.owe(ANNA)
    rig.start_worker()
    rig.start_ticker()
    wait_for(lambda: rig.network.to(ANNA), LIMIT, "the call")
    with rig.database.transaction() as session:
        head = by_login(session, "roshchina")
        assert head is not None
        switches.stop(session, head, datetime.now(UTC))
    waiting = rig.owe("+79070001102")
    wait_for(lambda: rig.clerk() or rig.network.to(ANNA)[0].ended_by == "CANCEL", LIMIT, "the telephone to be silent")
    wait_for(lambda: rig.clerk() or _exchange_stopped(rig), LIMIT, "the exchange to be told")
    assert "stop" in rig.exchange.console("database show sd")
    wait_for(lambda: not rig.attempts(ringing)[0].live, LIMIT, "the attempt to be over")
    assert rig.room() == 0
    assert rig.due()[-1:] == [waiting]
    rig.network.behaves = Behaviour(ring=0.1)
    with rig.database.transaction() as session:
        head = by_login(session, "roshchina")
        assert head is not None
        switches.resume(session, head, datetime.now(UTC))
    wait_for(lambda: rig.clerk() or not _exchange_stopped(rig), LIMIT, "the exchange to be told")
    rig.wait_state(waiting, TaskState.DELIVERED)
    rig.wait_free()
    assert len(rig.network.to("+79070001102")) == 1


def _exchange_stopped(rig: Rig) -> bool:
    with rig.database.reading() as session:
        return bool(switches.current(session).exchange_stopped)


def test_a_booking_that_was_called_off_stops_ringing(rig: Rig) -> None:
    """F35."""
    rig.network.behaves = NEVER
    task_id = rig.owe(ANNA)
    rig.start_worker()
    rig.start_ticker()
    wait_for(lambda: rig.network.to(ANNA), LIMIT, "the call")
    with rig.database.transaction() as session:
        withdrawing.withdraw(session, rig.appointment_id, "отменили", datetime.now(UTC), source="test")
    wait_for(lambda: rig.clerk() or rig.network.to(ANNA)[0].ended_by == "CANCEL", LIMIT, "the telephone to be silent")
    wait_for(lambda: not rig.attempts(task_id)[0].live, LIMIT, "the attempt to be over")
    assert rig.task(task_id).state == TaskState.CANCELLED
    rig.wait_free()
    assert len(rig.network.to(ANNA)) == 1


def test_a_dialogue_that_never_begins_ends_the_call_and_a_person_calls(rig: Rig) -> None:
    """The FastAGI process is dead: he is not left in silence."""
    rig.agi.stop()
    task_id = rig.owe(ANNA)
    rig.start_worker()
    rig.start_ticker()
    wait_for(lambda: rig.network.to(ANNA) and rig.network.to(ANNA)[0].ended_by == "BYE", LIMIT, "the end")
    wait_for(lambda: rig.reconcile(ahead=4) is not None and not rig.attempts(task_id)[0].live, LIMIT, "the verdict")
    task = rig.task(task_id)
    assert (task.channel, task.state) == (Channel.HUMAN, TaskState.DUE)
    assert rig.attempts(task_id)[0].disposition == Disposition.HUNG_UP


def test_a_dialogue_that_hangs_is_left_after_two_seconds(rig: Rig) -> None:
    """The process is stopped in the middle of its first word."""

    def hang(agi: AgiSession) -> None:
        agi.command("SET AUTOHANGUP", 2)
        wait_for(lambda: not rig.network.to(ANNA)[0].live, LIMIT, "to be left")

    rig.says = hang
    task_id = rig.owe(ANNA)
    rig.start_worker()
    rig.start_ticker()
    wait_for(lambda: rig.network.to(ANNA) and rig.network.to(ANNA)[0].ended_by == "BYE", LIMIT, "the end")
    call = rig.network.to(ANNA)[0]
    assert call.ended_at - call.answered_at > 1.5
    wait_for(lambda: rig.reconcile(ahead=4) is not None and not rig.lines_taken(), LIMIT, "the verdict")
    assert rig.attempts(task_id)[0].disposition == Disposition.HUNG_UP


def test_key_zero_makes_a_caller_of_him(rig: Rig) -> None:
    """He comes to the operators with his own number: her telephone shows it, the call is recorded as his."""
    rig.says = rig.asks_for_a_person
    task_id = rig.owe(ANNA)
    with DeskPhone(rig.exchange.plan.desk_bind, "101") as phone:
        rig.exchange.wait_available("101")
        rig.start_worker()
        rig.start_ticker()
        invite = phone.wait_ringing(LIMIT)
        assert ANNA in invite.headers["from"]
        phone.answer()
        (attempt,) = rig.attempts(task_id)
        wait_for(lambda: _call(rig, attempt.id).state == CallState.TALKING, LIMIT, "the talk")
        call = _call(rig, attempt.id)
        assert (call.caller_number, call.did, call.direction) == (ANNA, DEMO_LINE, "inbound")
        assert rig.lines_taken() == 1
        phone.hang_up()
        wait_for(lambda: _call(rig, attempt.id).ended_at, LIMIT, "the end of the call")
    rig.wait_free()
    assert _call(rig, attempt.id).disposition == "answered"
    assert rig.attempts(task_id)[0].disposition == Disposition.HUMAN


def test_key_zero_with_nobody_there(rig: Rig) -> None:
    """No phone is registered: he is told so and let go; no call is recorded that nobody could take."""
    rig.says = rig.asks_for_a_person
    rig.owe(ANNA)
    rig.start_worker()
    rig.start_ticker()
    wait_for(lambda: rig.network.to(ANNA) and rig.network.to(ANNA)[0].ended_by == "BYE", LIMIT, "the end")
    rig.wait_free()
    with rig.database.reading() as session:
        assert not session.query(CallRecord).filter(CallRecord.linkedid.like("att-%")).count()


def _call(rig: Rig, attempt_id: str) -> CallRecord:
    with rig.database.reading() as session:
        found = session.query(CallRecord).filter(CallRecord.linkedid == attempt_id).one_or_none()
        return found or CallRecord(state="", linkedid="")
