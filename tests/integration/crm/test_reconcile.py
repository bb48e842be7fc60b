"""After an outage the records agree with what the exchange shows, by way of the same state table."""

from __future__ import annotations

from callflow.call import CallState, Disposition, PopShown, PopWithdrawn, TalkEnded, TalkStarted
from callflow.live import LiveCall
from crm import calls, journal, presence
from crm.calls import CallRecord
from crm.db import Database
from tests.integration.crm import scenario as s


def live(state: CallState, **facts: object) -> LiveCall:
    return LiveCall(linkedid="1.1", did=s.DID, since=s.NOON, state=state, **facts)  # type: ignore[arg-type]


def test_a_call_that_is_gone_is_closed_with_the_snapshot_as_evidence(town: Database) -> None:
    with town.transaction() as session:
        lavrova = s.employee(session, "lavrova").id
        presence.set_ready(session, lavrova, s.NOON)
        s.play(session, [s.arrived("2.2"), s.waiting("2.2")])
        s.play(session, s.whole_talk()[:5])
        changes = calls.reconcile(session, (), s.after(100))
        rows = {change.call_id: session.get_one(CallRecord, change.call_id) for change in changes}
        assert {row.linkedid: row.disposition for row in rows.values()} == {
            "1.1": Disposition.ANSWERED,
            "2.2": Disposition.ABANDONED,
        }
        assert {(row.end_evidence, row.ended_at) for row in rows.values()} == {("snapshot", s.after(100))}
        assert presence.presence_of(session, lavrova, s.NOON).state == "wrapup"
        assert calls.reconcile(session, (), s.after(101)) == []


def test_a_row_written_while_the_snapshot_was_taken_is_left_alone(town: Database) -> None:
    with town.transaction() as session:
        row = s.play(session, [s.arrived(at=s.after(10))])
        assert calls.reconcile(session, (), s.after(10)) == []
        assert row.ended_at is None


def test_a_call_never_heard_of_gets_a_row_and_its_operator_a_pop(town: Database) -> None:
    with town.transaction() as session:
        ringing = live(CallState.RINGING, ringing=(("leg.9", "101"),), queue=s.QUEUE)
        changes = calls.reconcile(session, [ringing], s.after(40))
        row = session.get_one(CallRecord, changes[0].call_id)
        assert (row.arrived_at, row.state, row.did) == (s.NOON, CallState.RINGING, s.DID)
        assert PopShown("101") in [effect for change in changes for effect in change.effects]
        assert calls.reconcile(session, [ringing], s.after(41)) == []


def test_an_answer_that_nobody_heard_makes_the_talk_with_its_operator(town: Database) -> None:
    with town.transaction() as session:
        lavrova = s.employee(session, "lavrova").id
        row = s.play(session, [s.arrived(), s.identified(), s.waiting(), s.ringing()])
        talk = live(CallState.TALKING, talking="101", answered_at=s.after(8))
        changes = calls.reconcile(session, [talk], s.after(40))
        assert (row.state, row.answered_at, row.employee_id) == (CallState.TALKING, s.after(8), lavrova)
        assert TalkStarted("101") in changes[0].effects
        assert journal.entry_of_call(session, row.id) is not None
        s.play(session, [s.released(), s.ended()])
        assert len(row.legs) == 1
        assert row.disposition == Disposition.ANSWERED


def test_a_talk_whose_leg_is_unknown_takes_its_true_name_from_the_next_event(town: Database) -> None:
    with town.transaction() as session:
        presence.set_ready(session, s.employee(session, "zayac").id, s.NOON)
        calls.reconcile(session, [live(CallState.TALKING, talking="102")], s.after(40))
        recorded = calls.record(session, s.released("102", "leg.7", 65))
        assert TalkEnded("102") in recorded.effects
        row = session.get_one(CallRecord, recorded.call_id)
        assert [(leg.uniqueid, leg.state) for leg in row.legs] == [("leg.7", "ended")]
        assert presence.presence_of(session, s.employee(session, "zayac").id, s.NOON).state == "wrapup"


def test_a_ring_that_is_over_is_withdrawn_and_the_new_one_shown(town: Database) -> None:
    with town.transaction() as session:
        s.play(session, [s.arrived(), s.waiting(), s.ringing()])
        moved = live(CallState.RINGING, ringing=(("leg.2", "102"),), queue=s.QUEUE)
        changes = calls.reconcile(session, [moved], s.after(40))
        effects = [effect for change in changes for effect in change.effects]
        assert PopWithdrawn("101") in effects
        assert PopShown("102") in effects


def test_a_talk_that_ended_into_the_queue_waits_again(town: Database) -> None:
    with town.transaction() as session:
        row = s.play(session, s.whole_talk()[:5])
        calls.reconcile(session, [live(CallState.WAITING, queue=s.QUEUE)], s.after(40))
        assert row.state == CallState.WAITING
        assert row.legs[0].ended_at == s.after(40)


def test_a_call_closed_by_one_snapshot_and_seen_by_the_next_is_open_again(town: Database) -> None:
    with town.transaction() as session:
        row = s.play(session, [s.arrived(), s.waiting()])
        calls.reconcile(session, (), s.after(20))
        assert row.ended_at is not None
        calls.reconcile(session, [live(CallState.WAITING, queue=s.QUEUE)], s.after(30))
        session.refresh(row)
        assert (row.ended_at, row.disposition, row.state) == (None, None, CallState.WAITING)
