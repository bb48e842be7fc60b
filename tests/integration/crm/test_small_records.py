"""Training calls, the exchange's state and heartbeats."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from crm import exchange_state, heartbeat, training
from crm.db import Database
from crm.training import TrainingCall
from tests.integration.crm.scenario import DID, KUZNETSOVA, NOON, after


def asked(database: Database) -> TrainingCall:
    with database.transaction() as session:
        return training.request_call(session, from_number=KUZNETSOVA, to_did=DID, at=NOON)


def test_a_training_call_is_taken_by_one_worker(database: Database) -> None:
    wanted = asked(database)

    def take(_: int) -> bool:
        with database.transaction() as session:
            return training.claim(session, wanted.id) is not None

    with ThreadPoolExecutor(6) as pool:
        assert sum(pool.map(take, range(6))) == 1


def test_an_ended_training_call_does_not_ring_again(database: Database) -> None:
    wanted = asked(database)
    with database.transaction() as session:
        assert training.settle(session, wanted.channel_id, "ringing", after(1))
        assert training.settle(session, wanted.channel_id, "failed", after(2), "busy")
        assert not training.settle(session, wanted.channel_id, "ringing", after(3))
        stored = training.recent_training(session)[0]
        assert (stored.state, stored.error, stored.ended_at) == ("failed", "busy", after(2))
        assert training.claim(session, 2**62) is None


def test_wishes_for_the_exchange_are_counted_and_an_old_answer_does_not_undo_a_new_one(database: Database) -> None:
    with database.transaction() as session:
        assert [exchange_state.touch(session), exchange_state.touch(session)] == [2, 3]
        exchange_state.note_applied(session, 3, NOON)
        exchange_state.note_applied(session, 2, after(1))
        state = exchange_state.exchange_state(session)
        assert (state.wanted_version, state.applied_version, state.applied_at, state.error) == (3, 3, NOON, "")
        exchange_state.note_applied(session, 3, after(2), "АТС не отвечает")
        state = exchange_state.exchange_state(session)
        assert (state.applied_version, state.error) == (3, "АТС не отвечает")


def test_wishes_at_once_are_all_counted(database: Database) -> None:
    def wish(_: int) -> int:
        with database.transaction() as session:
            return exchange_state.touch(session)

    with ThreadPoolExecutor(6) as pool:
        assert sorted(pool.map(wish, range(6))) == [2, 3, 4, 5, 6, 7]


def test_the_link_changes_its_time_only_when_it_changes(database: Database) -> None:
    with database.transaction() as session:
        assert exchange_state.exchange_state(session).link == "down"
        assert exchange_state.note_link(session, up=True, reason="", at=NOON)
        assert not exchange_state.note_link(session, up=True, reason="again", at=after(5))
        state = exchange_state.exchange_state(session)
        assert (state.link, state.link_since, state.link_reason) == ("up", NOON, "again")
        assert exchange_state.note_link(session, up=False, reason="cut", at=after(9))


def test_a_silent_process_is_stale(database: Database) -> None:
    with database.transaction() as session:
        heartbeat.beat(session, "listener", NOON)
        heartbeat.beat(session, "agi", NOON)
        heartbeat.beat(session, "agi", after(25), "3 calls")
        assert heartbeat.stale(session, after(29)) == []
        assert heartbeat.stale(session, after(31)) == ["listener"]
        assert [row.detail for row in heartbeat.heartbeats(session)] == ["3 calls", ""]
