"""Outcomes, voice messages, assignments and settings of lines, on both engines."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select

from callflow import events
from callflow.caller_id import CallerId, CallerKind
from callflow.dialplan_word import DialplanWord, Subject
from crm import calls, exchange_state, institution
from crm.audit import AuditEvent
from crm.calls import CallRecord
from crm.db import Database
from crm.errors import Incomplete, NotFound, RecordsError, StaleVersion
from crm.institution import Line
from crm.lines import assignments, following, ring_order, settings, voice
from crm.lines.tables import MAIN, SUBSTITUTE, LineAssignment, VoiceMessage
from crm.specialists import absences
from tests.integration.crm.scenario import employee
from workers import line_words

NOON = datetime(2026, 11, 12, 9, 0, tzinfo=UTC)
TODAY = NOON.date()
DID_A, DID_B = "+79070009001", "+74924800001"
CALL = "dispatch-1795333673.3"


def arrive(database: Database, number: str | None = "+79070000101", did: str = DID_A) -> int:
    """A caller, up to the queue."""
    kind = CallerKind.NUMBER if number else CallerKind.HIDDEN
    with database.transaction() as session:
        calls.record(session, events.CallArrived(call=CALL, at=NOON, did=did, channel="PJSIP/trunk-00000001"))
        caller = CallerId(kind, number, "", "")
        return calls.record(session, events.CallerIdentified(call=CALL, at=NOON, caller=caller, did=did)).call_id


def say(database: Database, state: str, detail: str = "", after: int = 5) -> list[str]:
    """A word of the dialplan; the kinds of the notices it gave."""
    word = DialplanWord(
        subject=Subject.LINE, call=CALL, at=NOON + timedelta(seconds=after), order="", state=state, detail=detail
    )
    with database.transaction() as session:
        return [notice.kind.value for notice in line_words.follow(session, word)]


def row_of(database: Database) -> CallRecord:
    with database.reading() as session:
        return session.scalars(select(CallRecord).where(CallRecord.linkedid == CALL)).one()


@pytest.mark.parametrize(
    ("words", "outcome"),
    [
        (["closed"], "closed"),
        (["closed", "callback"], "callback"),
        (["break", "voicemail", "callback"], "voicemail"),
        (["nobody", "overflow"], "overflow"),
        (["overflow", "nobody"], "overflow"),
        (["callback", "closed"], "callback"),
        (["dances"], ""),
    ],
)
def test_the_strongest_outcome_stays(town: Database, words: list[str], outcome: str) -> None:
    arrive(town)
    for word in words:
        say(town, word)
    assert row_of(town).outcome == outcome


def test_a_word_said_twice_is_one_change_and_of_an_unknown_call_none(town: Database) -> None:
    assert say(town, "callback") == []
    arrive(town)
    assert "missed" in say(town, "callback")
    version = row_of(town).version
    assert say(town, "callback") == []
    assert row_of(town).version == version


@pytest.mark.parametrize(
    ("typed", "kept"),
    [("89070000101", "+79070000101"), ("21234", "+74924821234"), ("123", None), (DID_A[1:], None), ("", None)],
)
def test_a_typed_number_is_judged_here(town: Database, typed: str, kept: str | None) -> None:
    arrive(town, None)
    say(town, "callback", typed)
    row = row_of(town)
    assert (row.outcome, row.callback_number) == ("callback", kept)


def test_a_request_from_the_queue_takes_the_card_off_the_screen(town: Database) -> None:
    arrive(town)
    with town.transaction() as session:
        calls.record(session, events.CallerWaiting(call=CALL, at=NOON, queue="dispatch", position=1))
        ring = events.OperatorRinging(call=CALL, at=NOON, leg="1.5", extension="101", queue="dispatch")
        calls.record(session, ring)
    assert "withdrawn" in say(town, "callback")
    assert [leg.state for leg in row_of(town).legs] == ["cancelled"]
    with town.reading() as session:
        assert calls.waiting(session, [1]) == []


def test_who_is_told_that_the_line_is_closed_waits_for_nobody(town: Database) -> None:
    arrive(town)
    with town.reading() as session:
        assert len(calls.waiting(session, [1])) == 1
    say(town, "break")
    with town.reading() as session:
        assert calls.waiting(session, [1]) == []
    assert following.TURNED_AWAY < following.NOT_WAITING


# --- voice messages


def leave(database: Database, linkedid: str = CALL) -> VoiceMessage | None:
    with database.transaction() as session:
        return voice.store(session, linkedid, file="a.wav", seconds=7, sha256="0" * 64, left_at=NOON)


def test_a_message_finds_its_call_and_is_kept_once(town: Database) -> None:
    call_id = arrive(town)
    assert leave(town) is not None
    assert leave(town) is None
    with town.reading() as session:
        assert list(voice.messages(session, [call_id])) == [call_id]
    assert row_of(town).outcome == "voicemail"


def test_a_message_that_came_before_its_call_is_connected_later(town: Database) -> None:
    leave(town)
    with town.transaction() as session:
        assert voice.connect_strays(session) == 0
    call_id = arrive(town)
    with town.transaction() as session:
        assert voice.connect_strays(session) == 1
        assert session.scalars(select(VoiceMessage)).one().call_id == call_id


@pytest.mark.parametrize(
    ("login", "services", "allowed"),
    [
        ("lavrova", [1], True),
        ("roshchina", [1, 2], True),
        ("chernykh", [], True),
        ("gromova", [2], False),
        ("kim", [1], False),
    ],
)
def test_only_the_service_that_sees_families_hears_a_message(
    town: Database, login: str, services: list[int], allowed: bool
) -> None:
    arrive(town)
    message = leave(town)
    assert message is not None
    with town.transaction() as session:
        viewer = employee(session, login)
        if not allowed:
            with pytest.raises(NotFound):
                voice.open_message(session, message.id, viewer, services)
            return
        found = voice.open_message(session, message.id, viewer, services)
        voice.heard(session, found, viewer, NOON)
        voice.heard(session, found, viewer, NOON + timedelta(hours=1))
    with town.reading() as session:
        assert session.get_one(VoiceMessage, message.id).heard_at == NOON
        events_written = session.scalars(select(AuditEvent.action).where(AuditEvent.action == "voice.listen")).all()
        assert len(events_written) == 2


def test_a_message_of_a_hidden_family_is_hidden(town: Database) -> None:
    call_id = arrive(town)
    message = leave(town)
    assert message is not None
    with town.transaction() as session:
        row = session.get_one(CallRecord, call_id)
        from crm.family_tables import Family

        hidden = session.scalars(select(Family).where(Family.restricted)).first()
        assert hidden is not None
        row.family_id = hidden.id
    with town.reading() as session, pytest.raises(NotFound):
        voice.open_message(session, message.id, employee(session, "lavrova"), [1])


@pytest.mark.parametrize("message_id", [-1, 0, 2**63, 999])
def test_a_message_that_is_none_is_not_found(town: Database, message_id: int) -> None:
    with town.reading() as session, pytest.raises(NotFound):
        voice.open_message(session, message_id, employee(session, "roshchina"), [1])


def test_the_sound_goes_with_the_journals_term(town: Database) -> None:
    leave(town)
    with town.reading() as session:
        assert not voice.expired(session, NOON + voice.KEEP)
        assert len(voice.expired(session, NOON + voice.KEEP + timedelta(seconds=1))) == 1


# --- assignments and ring order


def line_b(database: Database) -> int:
    with database.reading() as session:
        found = institution.line_of(session, DID_B)
        assert found is not None
        return found.id


@pytest.fixture
def assign(town: Database) -> Callable[..., LineAssignment]:
    """Assigns somebody to the first line of service B, from which the demo's own assignments were taken away."""
    with town.transaction() as session:
        for row in session.scalars(select(LineAssignment)):
            row.revoked_at = NOON

    def act(
        login: str, part: str, since: date = TODAY, until: date | None = None, order: str = "17-ОД"
    ) -> LineAssignment:
        with town.transaction() as session:
            person, head = employee(session, login), employee(session, "roshchina")
            line = institution.line_of(session, DID_B)
            assert line is not None
            return assignments.assign(
                session, line.id, person.id, part, since, until, head, NOON, order_number=order, order_date=None
            )

    return act


def order_at(database: Database, at: datetime = NOON) -> tuple[str, ...]:
    with database.reading() as session:
        found = ring_order.orders(session, at).get(line_b(database))
        return found.extensions if found else ()


def test_a_line_rings_its_assigned_then_the_substitute_then_the_others(
    town: Database, assign: Callable[..., LineAssignment]
) -> None:
    assert order_at(town) == ()
    assign("zayac", MAIN)
    assert order_at(town) == ("102", "111")
    assign("lavrova", SUBSTITUTE)
    assert order_at(town) == ("102", "101", "111")


def test_an_absence_makes_the_substitute_the_first_and_another_queue(
    town: Database, assign: Callable[..., LineAssignment]
) -> None:
    assign("gromova", MAIN)
    assign("zayac", SUBSTITUTE)
    with town.reading() as session:
        before = ring_order.orders(session, NOON)[line_b(town)].queue
    with town.transaction() as session:
        away = employee(session, "gromova")
        since, until = NOON - timedelta(hours=1), NOON + timedelta(days=2)
        absences.enter(session, away.id, "sick", since, until, None, away, NOON)
    assert order_at(town) == ("102", "111")
    assert order_at(town, NOON + timedelta(days=3)) == ("111", "102")
    with town.reading() as session:
        after = ring_order.orders(session, NOON)[line_b(town)].queue
        assert after != before
        assert institution.service_id_of_queue(session, after) == 2


def test_who_stands_in_for_the_absent_one_comes_before_the_others(
    town: Database, assign: Callable[..., LineAssignment]
) -> None:
    assign("gromova", MAIN)
    with town.transaction() as session:
        away, instead = employee(session, "gromova"), employee(session, "lavrova")
        absences.enter(session, away.id, "sick", NOON, NOON + timedelta(days=2), instead.id, away, NOON)
    assert order_at(town) == ("101", "102", "111")


def test_dates_are_whole_local_days(town: Database, assign: Callable[..., LineAssignment]) -> None:
    assign("zayac", MAIN, TODAY, TODAY)
    evening = datetime(2026, 11, 12, 20, 59, tzinfo=UTC)
    assert order_at(town, evening) == ("102", "111")
    assert order_at(town, evening + timedelta(minutes=1)) == ()


def test_a_successor_ends_the_predecessor_the_day_before(town: Database, assign: Callable[..., LineAssignment]) -> None:
    first = assign("gromova", MAIN, TODAY - timedelta(days=30))
    assign("zayac", MAIN, TODAY)
    with town.reading() as session:
        assert session.get_one(LineAssignment, first.id).until == TODAY - timedelta(days=1)
    assert order_at(town) == ("102", "111")


def test_the_same_assignment_twice_is_one_and_contradictions_are_refused(
    town: Database, assign: Callable[..., LineAssignment]
) -> None:
    first = assign("zayac", MAIN)
    assert assign("zayac", MAIN).id == first.id
    with pytest.raises(RecordsError, match="уже закреплён"):
        assign("zayac", SUBSTITUTE)
    with pytest.raises(Incomplete) as refused:
        assign("lavrova", SUBSTITUTE, TODAY, TODAY - timedelta(days=1), order=" ")
    assert set(refused.value.fields) == {"until", "order_number"}
    with pytest.raises(NotFound):
        assign("smirnova", MAIN)


def test_a_revoked_assignment_rings_no_more_and_stays_in_the_list(
    town: Database, assign: Callable[..., LineAssignment]
) -> None:
    row = assign("zayac", MAIN)
    with town.transaction() as session:
        head = employee(session, "roshchina")
        with pytest.raises(Incomplete):
            assignments.revoke(session, row.id, " ", head, NOON)
        assignments.revoke(session, row.id, "ошибка", head, NOON)
        assignments.revoke(session, row.id, "ещё раз", head, NOON)
    assert order_at(town) == ()
    with town.reading() as session:
        kept = next(one for one in assignments.of_lines(session, [line_b(town)]) if one.id == row.id)
        assert kept.revoked_reason == "ошибка"


def test_a_line_off_the_exchange_is_not_rendered(town: Database) -> None:
    with town.transaction() as session:
        session.get_one(Line, line_b(town)).on_exchange = False
    with town.reading() as session:
        assert DID_B not in [line.did for line in institution.active_lines(session)]
        assert DID_B in [line.did for line in institution.every_line(session)]
        assert institution.line_of(session, DID_B) is not None


# --- settings


def test_settings_are_changed_once_and_ask_for_a_new_rendering(town: Database) -> None:
    with town.transaction() as session:
        head, service = employee(session, "roshchina"), settings.service_of(session, 1)
        before = settings.voice_of(session, 1)
        wanted = exchange_state.exchange_state(session).wanted_version
        values = {"greeting": "Добрый день!", "overflow_seconds": 120}
        after = settings.change(session, service, values, head, NOON, version=before.version)
        assert (after.greeting, after.overflow_seconds) == ("Добрый день!", 120)
        assert exchange_state.exchange_state(session).wanted_version == wanted + 1
        again = settings.change(session, service, values, head, NOON, version=before.version)
        assert again == after
        with pytest.raises(StaleVersion):
            settings.change(session, service, {"greeting": "Иначе"}, head, NOON, version=before.version)


def test_a_service_without_settings_has_the_defaults_and_may_get_some(database: Database) -> None:
    with database.reading() as session:
        assert settings.voice_of(session, 7) == settings.VoiceSettings()


@pytest.mark.parametrize(
    ("values", "field"),
    [({"announce_seconds": 5}, "announce_seconds"), ({"overflow_seconds": 10}, "overflow_seconds"),
     ({"voicemail_seconds": 100_000}, "voicemail_seconds")],
)  # fmt: skip
def test_settings_that_would_not_do_are_refused(town: Database, values: dict[str, int], field: str) -> None:
    with town.transaction() as session:
        head, service = employee(session, "roshchina"), settings.service_of(session, 1)
        version = settings.voice_of(session, 1).version
        with pytest.raises(Incomplete) as refused:
            settings.change(session, service, values, head, NOON, version=version)
    assert list(refused.value.fields) == [field]
