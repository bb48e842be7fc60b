"""Events become rows: in order, repeated, shuffled, late and from two threads."""

from __future__ import annotations

import itertools
import random
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import func, select

from callflow.call import CallClosed, CallState, Disposition, PopShown, TalkEnded, TalkStarted
from callflow.caller_id import CallerKind
from crm import calls, journal, presence
from crm.calls import CallLegRecord, CallRecord
from crm.db import Database
from crm.errors import NotFound, RecordsError
from crm.families import find_by_number
from crm.journal import JournalEntry
from tests.integration.crm import scenario as s


def facts(row: CallRecord) -> tuple[object, ...]:
    """What a statistician would ask of the call, without row numbers."""
    legs = sorted(
        (leg.uniqueid, leg.extension, leg.state, leg.rang_at, leg.answered_at, leg.ended_at) for leg in row.legs
    )
    return (row.state, row.disposition, row.did, row.arrived_at, row.answered_at, row.ended_at, row.employee_id, *legs)


def test_a_whole_talk_leaves_a_true_record_a_draft_and_a_wrapup(town: Database) -> None:
    with town.transaction() as session:
        lavrova = s.employee(session, "lavrova")
        presence.set_ready(session, lavrova.id, s.NOON)
        row = s.play(session, s.whole_talk())
    with town.reading() as session:
        row = session.get_one(CallRecord, row.id)
        assert (row.state, row.disposition) == (CallState.ENDED, Disposition.ANSWERED)
        assert (row.arrived_at, row.answered_at, row.ended_at) == (s.NOON, s.after(5), s.after(65.1))
        assert row.end_evidence == "event"
        assert row.employee_id == lavrova.id
        assert row.service_id is not None
        assert row.caller_number == s.KUZNETSOVA
        entry = journal.entry_of_call(session, row.id)
        assert entry is not None
        assert (entry.state, entry.number, entry.author_id) == ("draft", None, lavrova.id)
        assert entry.person_id == row.person_id
        assert (entry.applicant_name, entry.family_brief) == ("", ""), "caller id is not identity"
        state = session.get_one(presence.Presence, lavrova.id)
        assert (state.state, state.call_id) == ("wrapup", row.id)
        current = calls.current_call(session, lavrova.id)
        assert current is not None
        assert current.id == row.id


def test_the_draft_is_open_as_soon_as_the_talk_begins(town: Database) -> None:
    with town.transaction() as session:
        row = s.play(session, s.whole_talk()[:5])
        assert journal.entry_of_call(session, row.id) is not None
        assert presence.presence_of(session, s.employee(session, "lavrova").id, s.NOON).state == "offline"


def test_effects_name_the_screens_that_change(town: Database) -> None:
    with town.transaction() as session:
        effects = [calls.record(session, event).effects for event in s.whole_talk()]
    flat = list(itertools.chain(*effects))
    own = [effect for effect in flat if isinstance(effect, PopShown | TalkStarted | TalkEnded | CallClosed)]
    assert own == [PopShown("101"), TalkStarted("101"), TalkEnded("101"), CallClosed(Disposition.ANSWERED)]


def test_every_event_twice_changes_nothing_and_moves_no_screen(town: Database) -> None:
    with town.transaction() as session:
        for event in s.whole_talk():
            first = calls.record(session, event)
            version = session.get_one(CallRecord, first.call_id).version
            again = calls.record(session, event)
            assert again.effects == ()
            assert session.get_one(CallRecord, first.call_id).version == version
        assert session.scalar(select(func.count()).where(JournalEntry.call_id.is_not(None))) == 1


@pytest.mark.parametrize("seed", range(12))
def test_any_order_of_events_tells_the_same_story(town: Database, seed: int) -> None:
    shuffled = s.whole_talk()
    random.Random(seed).shuffle(shuffled)  # noqa: S311
    with town.transaction() as session:
        row = s.play(session, shuffled)
        assert (row.state, row.disposition, row.answered_at, row.ended_at) == (
            CallState.ENDED,
            Disposition.ANSWERED,
            s.after(5),
            s.after(65.1),
        )
        assert row.employee_id == s.employee(session, "lavrova").id
        assert journal.entry_of_call(session, row.id) is not None
        assert row.caller_number == s.KUZNETSOVA
        assert len(row.legs) == 1


def test_a_call_first_heard_of_at_its_end_has_a_row(town: Database) -> None:
    with town.transaction() as session:
        row = s.play(session, [s.ended()])
        assert (row.state, row.did, row.service_id) == (CallState.ENDED, None, None)


def test_a_queue_names_the_service_of_a_call_whose_arrival_was_missed(town: Database) -> None:
    with town.transaction() as session:
        row = s.play(session, [s.ringing()])
        assert row.service_id is not None
        assert [waiting.id for waiting in calls.waiting(session, [row.service_id])] == [row.id]


def test_threads_that_record_the_same_call_at_once_make_one_row(town: Database) -> None:
    def record(event: object) -> int:
        with town.transaction() as session:
            return calls.record(session, event).call_id  # type: ignore[arg-type]

    story = [s.arrived(), s.identified(), s.waiting(), s.ringing()] * 4
    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(record, story))) == 1
    with town.reading() as session:
        assert session.scalar(select(func.count()).select_from(CallRecord)) == 1
        assert session.scalar(select(func.count()).select_from(CallLegRecord)) == 1


def test_an_abandoned_call_is_on_record_and_on_nobodys_screen(town: Database) -> None:
    with town.transaction() as session:
        row = s.play(session, [s.arrived(), s.identified(), s.waiting(), s.ringing(), s.ended(9)])
        assert row.disposition == Disposition.ABANDONED
        assert calls.current_call(session, s.employee(session, "lavrova").id) is None
        assert journal.entry_of_call(session, row.id) is None


def test_a_ring_moves_from_the_first_operator_to_the_second(town: Database) -> None:
    with town.transaction() as session:
        lavrova, zayac = s.employee(session, "lavrova").id, s.employee(session, "zayac").id
        story = [s.arrived(), s.waiting(), s.ringing(), s.missed(), s.ringing("102", "leg.2", 22)]
        row = s.play(session, story)
        assert calls.current_call(session, lavrova) is None
        current = calls.current_call(session, zayac)
        assert current is not None
        assert current.id == row.id
        assert [call.id for call in calls.recent(session, employee_id=lavrova)] == [row.id]


@pytest.mark.parametrize("release_first", [True, False])
def test_a_refreshed_page_starts_no_wrapup_and_the_same_operator_may_answer_again(
    town: Database, release_first: bool
) -> None:
    lost = [s.released(seconds=30), s.returning(seconds=30.01)]
    story = [*s.whole_talk()[:3], s.ringing(), s.answered(), *(lost if release_first else reversed(lost))]
    with town.transaction() as session:
        lavrova = s.employee(session, "lavrova").id
        presence.set_ready(session, lavrova, s.NOON)
        row = s.play(session, story)
        assert row.returning
        assert presence.presence_of(session, lavrova, s.NOON).state == "ready"
        row = s.play(session, [s.ringing(leg="leg.2", seconds=31), s.answered(leg="leg.2", seconds=32)])
        assert not row.returning
        assert session.scalar(select(func.count()).where(JournalEntry.call_id.is_not(None))) == 1
        s.play(session, [s.released(leg="leg.2", seconds=90)])
        assert presence.presence_of(session, lavrova, s.NOON).state == "wrapup"


def test_a_wrapup_does_not_begin_when_the_row_was_saved_during_the_talk(town: Database) -> None:
    with town.transaction() as session:
        lavrova = s.employee(session, "lavrova")
        presence.set_ready(session, lavrova.id, s.NOON)
        row = s.play(session, s.whole_talk()[:5])
        entry = journal.entry_of_call(session, row.id)
        assert entry is not None
        calls.confirm_identity(session, row.id, 2, ["name"], lavrova, s.after(40))
        journal.save_entry(session, entry.id, {"substance": "Спросила о пособии."}, entry.version, lavrova, s.after(50))
        s.play(session, s.whole_talk()[5:])
        assert presence.presence_of(session, lavrova.id, s.NOON).state == "ready"


@pytest.mark.parametrize("kind", [CallerKind.SUSPICIOUS, CallerKind.OWN])
def test_a_number_that_cannot_be_believed_identifies_nobody(town: Database, kind: CallerKind) -> None:
    with town.transaction() as session:
        row = s.play(session, [s.arrived(), s.identified(kind=kind)])
        assert (row.person_id, row.family_id, row.identity_level) == (None, None, 0)


def test_a_number_of_one_person_matches_at_level_one(town: Database) -> None:
    with town.transaction() as session:
        row = s.play(session, [s.arrived(), s.identified()])
        assert row.person_id is not None
        assert row.identity_level == 1


def test_of_several_people_with_the_number_the_chosen_one_is_remembered(town: Database) -> None:
    shared = "+79070000801"
    with town.transaction() as session:
        lavrova = s.employee(session, "lavrova")
        row = s.play(session, [s.arrived(), s.identified(shared), s.ringing(), s.answered()])
        assert row.person_id is None
        grandmother, father = find_by_number(session, shared)
        assert not grandmother.remembered
        calls.choose_person(session, row.id, grandmother.person.id, lavrova, s.after(6))
        calls.choose_person(session, row.id, father.person.id, lavrova, s.after(7))
        assert row.identity_level == 1
        entry = journal.entry_of_call(session, row.id)
        assert entry is not None
        assert entry.person_id == father.person.id
        calls.confirm_identity(session, row.id, 2, ["name"], lavrova, s.after(8))
        assert entry.applicant_name.startswith("Гусев Андрей")
        assert [one.remembered for one in find_by_number(session, shared)] == [True, False]
        assert find_by_number(session, shared)[0].person.id == father.person.id


def test_identity_needs_two_facts_and_another_person_loses_it(town: Database) -> None:
    with town.transaction() as session:
        lavrova = s.employee(session, "lavrova")
        hidden = s.play(session, [s.arrived(), s.identified(None, kind=CallerKind.HIDDEN)])
        with pytest.raises(RecordsError, match="Сначала выберите"):
            calls.confirm_identity(session, hidden.id, 2, ["name"], lavrova, s.NOON)
        person = find_by_number(session, s.KUZNETSOVA)[0].person
        calls.choose_person(session, hidden.id, person.id, lavrova, s.NOON)
        assert hidden.identity_level == 0
        for level, given in ((2, ["name"]), (3, ["name"]), (2, ["name", "shoe size"]), (4, ["name", "voice"])):
            with pytest.raises(RecordsError):
                calls.confirm_identity(session, hidden.id, level, given, lavrova, s.NOON)
        calls.confirm_identity(session, hidden.id, 3, ["name", "birth_date"], lavrova, s.NOON)
        assert (hidden.identity_level, hidden.identified_by_id) == (3, lavrova.id)
        other = find_by_number(session, "+79070000201")[0].person
        calls.choose_person(session, hidden.id, other.id, lavrova, s.NOON)
        assert (hidden.identity_level, hidden.identified_by_id) == (0, None)


def test_nobody_can_be_chosen_out_of_a_restricted_card_by_guessing_its_number(town: Database) -> None:
    with town.transaction() as session:
        secret = find_by_number(session, "+79070001201")[0].person
        row = s.play(session, [s.arrived(), s.identified()])
        with pytest.raises(NotFound):
            calls.choose_person(session, row.id, secret.id, s.employee(session, "lavrova"), s.NOON)
        with pytest.raises(NotFound):
            calls.attach_family(session, row.id, secret.family_id or 0, s.employee(session, "lavrova"), s.NOON)
        calls.choose_person(session, row.id, secret.id, s.employee(session, "roshchina"), s.NOON)


def test_ids_that_no_row_can_have_are_not_found(town: Database) -> None:
    with town.transaction() as session:
        for number in (-1, 0, 2**63, 10**30):
            assert calls.fetch_call(session, number) is None
            with pytest.raises(NotFound):
                calls.choose_person(session, number, number, s.employee(session, "lavrova"), s.NOON)
