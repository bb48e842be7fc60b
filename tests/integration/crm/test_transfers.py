"""A caller is connected: what is asked, what the exchange says, who has the call, who took part. On both engines."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from callflow.dialplan_word import DialplanWord, Subject
from callflow.live import CallState, LiveCall
from crm import calls, db, journal, presence
from crm.audit import AuditEvent
from crm.call_recording import record
from crm.errors import Incomplete, NotFound, RecordsError
from crm.family_tables import Family
from crm.journal_tables import JournalEntry
from crm.transfers import asking, following, holding, packets, participants, reading
from crm.transfers.tables import CallParticipant, Transfer
from tests.integration.crm.scenario import (
    after,
    answered,
    arrived,
    employee,
    ended,
    identified,
    play,
    released,
    returning,
    ringing,
    waiting,
)

TALK = [arrived(), identified(), waiting(), ringing(), answered()]


def said(state: str, seconds: float, order: object = "", detail: str = "", uniqueid: str = "sp.1") -> DialplanWord:
    return DialplanWord(
        subject=Subject.TRANSFER, call="1.1", at=after(seconds), order=str(order), state=state, detail=detail,
        uniqueid=uniqueid,
    )  # fmt: skip


def ask(session: Session, seconds: float = 10, **changes: Any) -> Transfer:
    smirnova = employee(session, "smirnova")
    given = {"kind": "attended", "to_employee_id": smirnova.id, "packet": "Спрашивает: пособие", "at": after(seconds)}
    call_id = changes.pop("call_id", None) or calls.current_call(session, employee(session, "lavrova").id).id
    return asking.ask(session, call_id, employee(session, "lavrova"), **given | changes)


@pytest.fixture
def talk(town: db.Database) -> db.Database:
    """Lavrova, ready, talks with Kuznetsova."""
    with town.transaction() as session:
        presence.set_ready(session, employee(session, "lavrova").id, after(-10))
        play(session, TALK)
    return town


def test_a_wish_is_a_row_once_and_in_the_audit_log(talk: db.Database) -> None:
    with talk.transaction() as session:
        first, second = ask(session), ask(session, 11)
        assert first.id == second.id
        assert (first.state, first.from_extension, first.to_extension) == ("requested", "101", "201")
    with talk.reading() as session:
        logged = session.scalars(select(AuditEvent).where(AuditEvent.action == "transfer.ask")).all()
        assert len(logged) == 1
        assert "пособие" not in logged[0].details


@pytest.mark.parametrize("wrong", [
    {"kind": "whisper"}, {"to_employee_id": None}, {"to_employee_id": None, "to_number": "112"},
    {"to_employee_id": None, "to_number": "100&PJSIP/200"}, {"to_employee_id": None, "to_number": "+79161234567",
    "mode": "demo"}, {"to_employee_id": None, "to_number": "8 10 44 20 7946 0958"},
    {"to_employee_id": None, "to_number": "+79070009001", "mode": "demo"},
])  # fmt: skip
def test_nowhere_is_nowhere(talk: db.Database, wrong: dict[str, Any]) -> None:
    with talk.transaction() as session, pytest.raises(Incomplete):
        ask(session, **wrong)


@pytest.mark.parametrize("employee_id", [-1, 0, 2**63, 999_999])
def test_nobody_is_nobody(talk: db.Database, employee_id: int) -> None:
    with talk.transaction() as session, pytest.raises(NotFound):
        ask(session, to_employee_id=employee_id)


def test_only_the_operator_who_talks_may_ask(talk: db.Database) -> None:
    with talk.transaction() as session:
        call_id = calls.current_call(session, employee(session, "lavrova").id).id
        with pytest.raises(NotFound):
            asking.ask(
                session, call_id, employee(session, "zayac"), kind="blind", to_number="+79070009101", at=after(9)
            )
        with pytest.raises(RecordsError):
            ask(session, to_employee_id=employee(session, "lavrova").id)
        ask(session)
        with pytest.raises(RecordsError, match="уже идёт"):
            ask(session, to_employee_id=employee(session, "zayac").id)
        play(session, [ended(20)])
        with pytest.raises(RecordsError):
            ask(session, 21, call_id=call_id)


def test_a_packet_loses_what_nobody_can_read(talk: db.Database) -> None:
    with talk.transaction() as session:
        row = ask(session, packet="Вопрос\x00\x1b[31m о \u202eпособии " + "я" * 5000)
        assert len(row.packet) <= packets.LONGEST_PACKET
        assert not set(row.packet) & {"\x00", "\x1b"}


def test_consultation_keeps_the_operators_talk_until_the_caller_is_the_specialists(talk: db.Database) -> None:
    with talk.transaction() as session:
        row = ask(session)
        lavrova, smirnova = employee(session, "lavrova"), employee(session, "smirnova")
        for word in (said("ringing", 11, row.id, "201"), said("answered", 14, row.id)):
            following.follow(session, word)
        assert reading.holds_talk(session, row.call_id)
        # Her page was refreshed: the queue says that her talk is over, the dialplan brings her back.
        record(session, released(seconds=20))
        assert presence.presence_of(session, lavrova.id, after(21)).state == "ready"
        assert calls.current_call(session, lavrova.id).id == row.call_id
        assert calls.current_call(session, smirnova.id) is None
        moved = following.follow(session, said("completed", 30, row.id))
        assert moved.recorded
        assert (row.state, row.leg, row.ended_at) == ("completed", "sp.1", after(30))
        assert calls.current_call(session, smirnova.id).id == row.call_id
        assert presence.presence_of(session, lavrova.id, after(31)).state == "wrapup"
        following.follow(session, said("gone", 90, row.id))
        play(session, [ended(90)])
        assert row.state == "completed"
        assert len(session.scalars(select(JournalEntry).where(JournalEntry.call_id == row.call_id)).all()) == 1
        people = participants.of_call(session, row.call_id)
        assert [(one.name.split()[0], one.talked) for one in people] == [("Лаврова", True), ("Смирнова", True)]


def test_words_said_twice_and_late_change_nothing(talk: db.Database) -> None:
    with talk.transaction() as session:
        row = ask(session)
        story = [said("ringing", 11, row.id), said("answered", 14, row.id), said("back", 20, row.id, "LEFT")]
        for word in (*story, *story, said("completed", 25, row.id)):
            following.follow(session, word)
        assert (row.state, row.reason) == ("returned", "left")
        assert calls.current_call(session, employee(session, "lavrova").id).id == row.call_id
        assert session.scalar(select(func.count()).select_from(CallParticipant)) == 1
        assert participants.words(participants.of_call(session, row.call_id)).endswith("консультация диспетчеру)")


@pytest.mark.parametrize("word", [
    said("ringing", 11, "999999"), said("ringing", 11, "9" * 30), said("dance", 11), said("answered", 11),
    said("ringing", 11, "", "999"),
])  # fmt: skip
def test_words_about_nothing_make_no_row(talk: db.Database, word: DialplanWord) -> None:
    with talk.transaction() as session:
        assert following.follow(session, word).transfer is None
        assert session.scalar(select(func.count()).select_from(Transfer)) == 0


def test_a_blind_transfer_ends_the_operators_talk_and_gives_it_back(talk: db.Database) -> None:
    with talk.transaction() as session:
        lavrova = employee(session, "lavrova")
        row = ask(session, kind="blind")
        following.follow(session, said("ringing", 11, row.id))
        assert presence.presence_of(session, lavrova.id, after(12)).state == "wrapup"
        following.follow(session, said("returned", 36, row.id, "NOANSWER"))
        play(session, [returning(seconds=36.1), ringing(leg="leg.2", seconds=36.2)])
        assert row.reason == "no_answer"
        assert presence.presence_of(session, lavrova.id, after(37)).state == "ready"
        assert reading.of_call(session, row.call_id).reason.title == "нет ответа"


def test_a_telephones_own_transfer_gets_its_row(talk: db.Database) -> None:
    with talk.transaction() as session:
        moved = following.follow(session, said("ringing", 11, "", "201"))
        assert moved.transfer is not None
        assert moved.transfer.asked_by_id == employee(session, "lavrova").id
        following.follow(session, said("answered", 13))
        assert calls.current_call(session, employee(session, "smirnova").id).id == moved.transfer.call_id


@pytest.mark.parametrize(("what", "reason"), [("later", "later"), ("note", "note")])
def test_the_specialist_answers_on_her_packet(talk: db.Database, what: asking.Answer, reason: str) -> None:
    with talk.transaction() as session:
        row, smirnova = ask(session), employee(session, "smirnova")
        following.follow(session, said("ringing", 11, row.id))
        with pytest.raises(NotFound):
            asking.answer(session, row.id, what, employee(session, "durnovo"), after(12))
        asking.answer(session, row.id, what, smirnova, after(12))
        asking.answer(session, row.id, what, smirnova, after(12.5))
        assert (row.wish, row.wish_sent_at) == (asking.DISMISS, None)
        following.follow(session, said("back", 13, row.id, "CHANUNAVAIL"))
        assert row.reason == reason


def test_a_wish_of_the_operator_fits_the_state(talk: db.Database) -> None:
    with talk.transaction() as session:
        lavrova = employee(session, "lavrova")
        row = ask(session)
        with pytest.raises(RecordsError):
            asking.wish(session, row.call_id, row.id, "complete", lavrova, after(11))
        with pytest.raises(NotFound):
            asking.wish(session, row.call_id, row.id, "back", employee(session, "zayac"), after(11))
        asking.wish(session, row.call_id, row.id, "back", lavrova, after(11))
        assert (row.state, row.reason) == ("failed", "taken_back")
        second = ask(session, 12)
        following.follow(session, said("answered", 14, second.id))
        asking.wish(session, row.call_id, second.id, "join", lavrova, after(15))
        assert second.wish == "join"


def test_the_end_of_the_call_ends_its_transfer(talk: db.Database) -> None:
    with talk.transaction() as session:
        row = ask(session)
        play(session, [ended(20)])
        assert (row.state, row.ended_at) == ("gone", after(20))
        assert presence.presence_of(session, employee(session, "lavrova").id, after(21)).state == "wrapup"


@pytest.mark.parametrize(("talking", "state"), [("201", "completed"), ("101", "returned"), (None, "consulting")])
def test_a_snapshot_after_an_outage_tells_what_became_of_it(talk: db.Database, talking: str | None, state: str) -> None:
    with talk.transaction() as session:
        row = ask(session)
        row.state, row.sent_at = "sent", after(10)
        following.follow(session, said("answered", 14, row.id))
        at: datetime = after(40)
        live = LiveCall("1.1", None, after(0), CallState.TALKING if talking else CallState.ARRIVED, (), talking)
        calls.reconcile(session, [live], at)
        assert row.state == state
        has = {"201": "smirnova", "101": "lavrova", None: "lavrova"}[talking]
        assert calls.current_call(session, employee(session, has).id).id == row.call_id


def test_a_restricted_card_does_not_go_with_the_caller_to_who_is_not_entitled(talk: db.Database) -> None:
    with talk.transaction() as session:
        call = calls.current_call(session, employee(session, "lavrova").id)
        entry = journal.entry_of_call(session, call.id)
        entry.substance = "Спрашивает о разводе"
        smirnova = employee(session, "smirnova")
        assert "разводе" in packets.suggested(session, call, entry, smirnova)
        session.get_one(Family, call.family_id).restricted = True
        session.flush()
        assert packets.suggested(session, call, entry, smirnova) == ""
        row = ask(session)
        packet = reading.packet_of(session, row.id, smirnova)
        assert packet.restricted
        assert "Елена" not in str(packet.who)


def test_a_packet_is_its_receivers_alone(talk: db.Database) -> None:
    with talk.transaction() as session:
        row = ask(session)
        assert reading.incoming(session, employee(session, "smirnova").id).id == row.id
        assert reading.incoming(session, employee(session, "durnovo").id) is None
        for transfer_id in (row.id, -1, 0, 2**63):
            with pytest.raises(NotFound):
                reading.packet_of(session, transfer_id, employee(session, "durnovo"))
        play(session, [ended(20)])
        assert reading.incoming(session, employee(session, "smirnova").id) is None


def test_the_talk_is_held_for_a_consultation_only(talk: db.Database) -> None:
    with talk.transaction() as session:
        call = calls.current_call(session, employee(session, "lavrova").id)
        assert not holding.is_held_back(session, call, released())
        ask(session, kind="blind")
        assert not holding.is_held_back(session, call, released())
