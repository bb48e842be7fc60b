"""The ledger of missed calls: what opens a row, whose it is, what closes it, in any order of hearing of it."""

from __future__ import annotations

import random
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from callflow import events
from callflow.caller_id import CallerKind
from callflow.dialplan_word import DialplanWord, Subject
from crm import calls, families
from crm.base import Base
from crm.call_tables import CallRecord
from crm.cards import merging
from crm.cards.merging import Choices
from crm.db import Database
from crm.family_tables import Family, Phone
from crm.lines import following
from crm.missed import opening, rows
from crm.missed.rules import duties
from crm.missed.tables import MissedCall, MissedContact
from tests.integration.crm import scenario as s
from tests.integration.crm.missed import ledger as g
from workers import line_words


def test_an_abandoned_call_is_a_row_with_its_place_in_line(town: Database) -> None:
    with town.transaction() as session:
        call = g.play(session, g.missed_call("1", 0), g.missed_call("2", 7))
        (row,) = g.open_rows(session)
        assert (row.first_at, row.last_at, row.times) == (g.minute(0), g.minute(7), 2)
        assert row.due_at == g.minute(30), "the clock of the first call"
        assert row.family_id == call.family_id is not None
        assert row.reasons == ["abandoned"]
        assert g.calls_in(session, row) == ["1", "2"]


def test_a_talk_closes_it_and_a_new_call_is_a_new_row(town: Database) -> None:
    with town.transaction() as session:
        talk = g.play(session, g.missed_call("1", 0), g.talk("2", 5))
        assert g.open_rows(session) == []
        (row,) = g.rows(session)
        assert (row.closed_how, row.closed_at, row.closed_call_id) == ("talk", g.minute(5), talk.id)
        assert row.closed_by_id == s.employee(session, "lavrova").id
        g.play(session, g.missed_call("3", 9))
        (again,) = g.open_rows(session)
        assert again.id != row.id
        assert again.first_at == g.minute(9)


def test_two_telephones_of_one_family_are_one_row(town: Database) -> None:
    with town.transaction() as session:
        first = g.play(session, g.missed_call("1", 0))
        other = session.scalars(
            select(Phone.number)
            .join(Phone.person)
            .where(Phone.number != s.KUZNETSOVA, Phone.person.has(family_id=first.family_id))
        ).first()
        assert other is not None
        g.play(session, g.missed_call("2", 3, other))
        (row,) = g.open_rows(session)
        assert row.times == 2
        assert row.number in (s.KUZNETSOVA, other)
        g.play(session, g.talk("3", 4, other))
        assert g.open_rows(session) == []


def test_a_shared_number_never_merges_families(town: Database) -> None:
    with town.transaction() as session:
        shared = session.scalars(
            select(Phone.number).group_by(Phone.number).having(func.count(Phone.person_id.distinct()) > 1)
        ).first()
        assert shared is not None
        g.play(session, g.missed_call("1", 0, shared), g.missed_call("2", 1, shared))
        (row,) = g.open_rows(session)
        assert (row.family_id, row.number, row.times) == (None, shared, 2)
        g.play(session, g.talk("3", 2, shared))
        assert g.open_rows(session) == []


@pytest.mark.parametrize(
    ("kind", "number"),
    [
        (CallerKind.HIDDEN, None),
        (CallerKind.SUSPICIOUS, s.KUZNETSOVA),
        (CallerKind.OWN, g.STRANGER),
    ],
)
def test_hidden_and_forged_numbers_stand_alone(town: Database, kind: CallerKind, number: str | None) -> None:
    with town.transaction() as session:
        g.play(session, g.missed_call("1", 0, number, kind=kind), g.missed_call("2", 1, number, kind=kind))
        two = g.open_rows(session)
        assert [(row.family_id, row.times) for row in two] == [(None, 1), (None, 1)]
        g.play(session, g.talk("3", 2, number, kind=kind))
        assert len(g.open_rows(session)) == 2, "a doubtful talk settles nothing"
        g.play(session, g.talk("4", 3, number or s.KUZNETSOVA))
        assert len(g.open_rows(session)) == 2, "nor does one with the true owner of the number"


def test_a_doubtful_talk_leaves_the_true_row_open(town: Database) -> None:
    with town.transaction() as session:
        g.play(session, g.missed_call("1", 0), g.talk("2", 1, kind=CallerKind.SUSPICIOUS))
        assert len(g.open_rows(session)) == 1


def test_whom_the_operator_names_in_a_talk_is_called_back(town: Database) -> None:
    """A hidden number, but she says who she is: her family's row is closed; a wrong choice is undone."""
    with town.transaction() as session:
        lavrova = s.employee(session, "lavrova")
        own = g.play(session, g.missed_call("1", 0))
        other = g.play(session, g.missed_call("2", 1, "+79070000401"))
        assert own.family_id is not None
        assert other.family_id is not None
        hidden = g.play(session, g.talk("3", 5, None, kind=CallerKind.HIDDEN))
        assert len(g.open_rows(session)) == 2
        calls.attach_family(session, hidden.id, other.family_id, lavrova, g.minute(6))
        assert [row.family_id for row in g.open_rows(session)] == [own.family_id]
        calls.attach_family(session, hidden.id, own.family_id, lavrova, g.minute(7))
        assert [row.family_id for row in g.open_rows(session)] == [other.family_id]


def test_a_number_that_gets_a_card_meanwhile_becomes_the_familys(town: Database) -> None:
    with town.transaction() as session:
        lavrova = s.employee(session, "lavrova")
        g.play(session, g.missed_call("1", 0, g.STRANGER))
        card = families.new_card(
            session, surname="Новых", employee=lavrova, at=g.minute(2), phones=[g.STRANGER, "+79070009956"]
        )
        g.play(session, g.missed_call("2", 3, "+79070009956"), g.missed_call("3", 4, g.STRANGER))
        (row,) = g.open_rows(session)
        assert (row.family_id, row.times, row.first_at) == (card.id, 3, g.minute(0))


def test_what_the_dialplan_told_is_the_reason(town: Database) -> None:
    with town.transaction() as session:
        story = g.missed_call("1", 0)
        g.play(session, story[:3])
        row = session.scalars(select(CallRecord)).one()
        row.outcome = "voicemail"
        g.play(session, story[3:])
        (missed,) = g.open_rows(session)
        assert missed.reasons == ["voicemail"]
        row.outcome = "callback"
        opening.from_call(session, row, g.minute(2))
        assert missed.reasons == ["callback"], "told again, it is better known"
        assert missed.times == 1


@pytest.mark.parametrize(("word", "reason"), [("callback", "callback"), ("voicemail", "voicemail"), ("", "failed")])
def test_who_is_cut_off_and_leaves_the_line_again_is_owed_a_call(town: Database, word: str, reason: str) -> None:
    """Her page was lost, the caller came back into the queue: he pressed 1, left a message, or gave up."""
    with town.transaction() as session:
        lavrova = s.employee(session, "lavrova")
        g.play(session, g.missed_call("0", -5), g.talk("1", 0)[:5])
        calls.record(session, events.CallReturning(call="1", at=g.minute(1), extension="101"))
        calls.record(session, events.CallerWaiting(call="1", at=g.minute(1.5), queue=s.QUEUE, position=1))
        if word:
            said = DialplanWord(subject=Subject.LINE, call="1", at=g.minute(2), order="", state=word)
            line_words.follow(session, said)
        for _ in range(2):
            call = g.play(session, [events.CallEnded(call="1", at=g.minute(3), cause=16)])
        (row,) = g.open_rows(session)
        assert (row.family_id, row.first_at, row.reasons) == (call.family_id, g.minute(3), [reason])
        assert g.calls_in(session, row) == ["1"]
        assert call.family_id is not None
        calls.attach_family(session, call.id, call.family_id, lavrova, g.minute(4))
        assert g.open_rows(session) == [row], "who she says it was changes nothing in that"
        g.play(session, g.talk("2", 6))
        assert g.open_rows(session) == []


def test_who_asks_again_after_a_talk_and_is_heard_of_late_is_owed_a_call(town: Database) -> None:
    with town.transaction() as session:
        g.play(session, g.talk("1", 0))
        assert g.open_rows(session) == []
        word = DialplanWord(subject=Subject.LINE, call="1", at=g.minute(1), order="", state="callback")
        line_words.follow(session, word)
        assert [row.reasons for row in g.open_rows(session)] == [["callback"]]


def test_a_word_that_comes_after_the_hangup_is_the_reason_too(town: Database) -> None:
    with town.transaction() as session:
        call = g.play(session, g.missed_call("1", 0))
        word = DialplanWord(subject=Subject.LINE, call=call.linkedid, at=g.minute(1), order="", state="voicemail")
        following.follow(session, word)
        (row,) = g.open_rows(session)
        assert row.reasons == ["voicemail"]


def test_two_cards_made_one_have_one_open_row(town: Database) -> None:
    with town.transaction() as session:
        lavrova = s.employee(session, "lavrova")
        first = g.play(session, g.missed_call("1", 0))
        second = g.play(session, g.missed_call("2", 5, "+79070000401"))
        assert first.family_id is not None
        assert second.family_id is not None
        kept, other = (session.get_one(Family, one) for one in (second.family_id, first.family_id))
        choices = Choices((kept.version, other.version))
        merging.merge(session, kept.id, other.id, choices, lavrova, g.minute(6), reason="одна семья")
        (row,) = g.open_rows(session)
        assert (row.family_id, row.times, row.first_at) == (kept.id, 2, g.minute(0))
        g.play(session, g.missed_call("3", 7, "+79070000401"), g.missed_call("4", 8))
        (row,) = g.open_rows(session)
        assert row.times == 4
        g.play(session, g.talk("5", 9))
        assert g.open_rows(session) == []


def test_the_answer_heard_after_the_hangup_takes_the_row_back(town: Database) -> None:
    with town.transaction() as session:
        story = g.talk("1", 0)
        late = [event for event in story if isinstance(event, events.OperatorAnswered | events.OperatorReleased)]
        early = [event for event in story if event not in late]
        g.play(session, early)
        assert len(g.open_rows(session)) == 1
        g.play(session, late)
        assert g.rows(session) == []
        assert session.scalars(select(MissedCall.closed_how)).all() == ["answered"]


def test_a_caller_known_after_the_end_is_filed_where_he_belongs(town: Database) -> None:
    with town.transaction() as session:
        g.play(session, g.missed_call("1", 0))
        story = g.missed_call("2", 1)
        g.play(session, [story[0], *story[2:], story[1]])
        (row,) = g.open_rows(session)
        assert g.calls_in(session, row) == ["1", "2"]


def test_twice_is_once(town: Database) -> None:
    with town.transaction() as session:
        story = [*g.missed_call("1", 0), *g.talk("2", 3), *g.missed_call("3", 6)]
        g.play(session, story)
        before = [(row.id, row.times, row.closed_at, row.version) for row in g.rows(session)]
        g.play(session, story, story)
        assert [(row.id, row.times, row.closed_at, row.version) for row in g.rows(session)] == before


@pytest.mark.parametrize("seed", range(12))
def test_in_any_order_the_ledger_comes_to_the_same(town: Database, seed: int) -> None:
    """Whole calls in any order, each with its own true times: the rows are those of the pure state table."""
    chance = random.Random(seed)  # noqa: S311 - a shuffle, not a secret
    plan = [(minute, chance.random() < 0.4) for minute in chance.sample(range(100), 9)]
    shuffled = chance.sample(plan, len(plan))
    with town.transaction() as session:
        for minute, is_talk in shuffled:
            g.play(session, (g.talk if is_talk else g.missed_call)(f"c{minute}", minute))
        wanted = duties(
            [g.minute(minute) for minute, is_talk in plan if not is_talk],
            [g.minute(minute) for minute, is_talk in plan if is_talk],
        )
        found = [
            (
                tuple(
                    session.scalars(
                        select(MissedContact.at)
                        .where(MissedContact.missed_id == row.id, MissedContact.withdrawn.is_(False))
                        .order_by(MissedContact.at)
                    )
                ),
                row.closed_at,
            )
            for row in g.rows(session)
        ]
        assert found == [(duty.calls, duty.closed_at) for duty in wanted]
        assert sum(row.closed_at is None for row in g.rows(session)) <= 1


def test_two_recorders_open_one_row(town: Database) -> None:
    """The listener and a second one that is being stopped, or a page entering the same number by hand."""

    def hear(number: int) -> None:
        with town.transaction() as session:
            g.play(session, g.missed_call(f"c{number}", number, g.STRANGER))

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(hear, range(12)))
    with town.reading() as session:
        (row,) = g.open_rows(session)
        assert (row.times, row.first_at) == (12, g.minute(0))


@pytest.mark.parametrize("how", ["closed", "in the way"])
def test_a_row_that_is_closed_while_another_call_opens_it_makes_room_for_a_new_one(
    town: Database, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    """Between not finding his row and having it: somebody else's is made, stands in the way of ours, and is closed."""
    real, turns = rows.insert_missing, []

    def insert(session: Session, model: type[Base], values: dict[str, Any], unique: Sequence[str]) -> bool:
        if model is not MissedCall or turns:
            return real(session, model, values, unique)
        turns.append(values["open_key"])
        if how == "closed":
            real(session, model, values, unique)
            other = session.scalars(select(MissedCall).where(MissedCall.open_key == values["open_key"])).one()
            rows.end(other, rows.BY_REASON, g.minute(1))
            session.flush()
        return False

    monkeypatch.setattr(rows, "insert_missing", insert)
    with town.transaction() as session:
        g.play(session, g.missed_call("1", 0, g.STRANGER))
        (row,) = g.open_rows(session)
        assert g.calls_in(session, row) == ["1"]
    assert turns
