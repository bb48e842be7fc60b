"""Recordings from the first word to the deletion, on both engines and through a kill at every step."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
from sqlalchemy import select

from crm import exchange_state
from crm.audit import AuditEvent
from crm.call_tables import CallRecord
from crm.consents import destruction, giving
from crm.db import Database
from crm.errors import Incomplete, NotFound, RecordsError, StaleVersion
from crm.recordings import files, filing, following, keeping, listening, reading, refusing, settings
from crm.recordings.tables import Recording, RecordingState
from telephony.wire import Message
from tests.integration.crm.recorded import EXPIRED, LATER, WANTED, leave_file, only, talk, turn_on, wav, word
from tests.integration.crm.scenario import (
    KUZNETSOVA,
    after,
    answered,
    arrived,
    employee,
    identified,
    play,
    ringing,
    waiting,
)
from tests.integration.crm.test_consents import text as text_id
from workers.recordings import Filing, carry_out, remove_refused

CALLER = "PJSIP/trunk-0000000a"


def actions(session) -> list[str]:
    return list(session.scalars(select(AuditEvent.action).order_by(AuditEvent.seq)))


def stored(town: Database, folder: Path, *, days: int = 90) -> int:
    """A talk that was recorded and taken in; its recording's id."""
    with town.transaction() as session:
        turn_on(session)
        settings.rule_of(session, 1).keep_days = days
        following.follow(session, word("started"))
        talk(session)
    leave_file(folder)
    Filing(town, folder).run(LATER)
    with town.reading() as session:
        row = only(session)
        assert row.state == RecordingState.STORED
        return row.id


# --- the rule


def test_recording_is_off_by_default_everywhere(town: Database) -> None:
    with town.reading() as session:
        assert settings.recorded_queues(session) == []
        assert settings.notice_of(session, 1) == ""


def test_the_head_proposes_and_the_director_turns_on(town: Database) -> None:
    with town.transaction() as session:
        before = exchange_state.exchange_state(session).wanted_version
        settings.propose(session, 1, WANTED, employee(session, "roshchina"), after(0), version=1)
        assert settings.recorded_queues(session) == []
        rule = settings.propose(session, 1, WANTED, employee(session, "chernykh"), after(1), version=2)
        assert (rule.state, settings.recorded_queues(session)) == ("on", ["dispatch"])
        assert "нажмите девять" in settings.notice_of(session, 1)
        assert exchange_state.exchange_state(session).wanted_version > before
        again = settings.propose(session, 1, WANTED, employee(session, "chernykh"), after(2), version=2)
        assert again.version == rule.version, "the same form twice"
        settings.turn_off(session, 1, employee(session, "roshchina"), after(3))
        assert settings.recorded_queues(session) == []
    with town.reading() as session:
        assert [one for one in actions(session) if one.startswith("recording")] == [
            "recording.propose", "recording.on", "recording.off",
        ]  # fmt: skip


@pytest.mark.parametrize("missing", ["order_number", "order_date", "ground", "notice", "keep_days"])
def test_nothing_of_the_order_may_be_missing(town: Database, missing: str) -> None:
    values = {name: getattr(WANTED, name) for name in ("order_number", "order_date", "ground", "notice", "keep_days")}
    values[missing] = {"order_date": None, "keep_days": 0}.get(missing, " ")
    with town.transaction() as session, pytest.raises(Incomplete) as refused:
        settings.propose(session, 1, settings.Wanted(**values), employee(session, "chernykh"), after(0), version=1)
    assert list(refused.value.fields) == [missing]


def test_a_notice_must_say_how_to_refuse(town: Database) -> None:
    wanted = settings.Wanted("1", after(0).date(), "закон", "Разговор записывается.", 90)
    with town.transaction() as session, pytest.raises(Incomplete):
        settings.propose(session, 1, wanted, employee(session, "chernykh"), after(0), version=1)


@pytest.mark.parametrize("login", ["lavrova", "gromova", "smirnova", "kim"])
def test_nobody_else_decides(town: Database, login: str) -> None:
    with town.transaction() as session:
        with pytest.raises(RecordsError):
            settings.propose(session, 1, WANTED, employee(session, login), after(0), version=1)
        with pytest.raises(RecordsError):
            settings.turn_off(session, 1, employee(session, login), after(0))


def test_a_form_that_was_open_too_long_changes_nothing(town: Database) -> None:
    with town.transaction() as session:
        turn_on(session)
        other = settings.Wanted("13", after(0).date(), "иное", settings.FIRST_NOTICE, 30)
        with pytest.raises(StaleVersion):
            settings.propose(session, 1, other, employee(session, "chernykh"), after(1), version=1)


# --- taking in


def test_a_finished_talk_is_stored_with_hash_length_and_term(town: Database, tmp_path: Path) -> None:
    stored(town, tmp_path)
    with town.reading() as session:
        row = only(session)
        path = files.stored(tmp_path, row.file_name)
        assert path is not None
        assert files.digest(path) == row.sha256
        assert (row.seconds, row.size, row.problem) == (58.0, len(wav(58)), "")
        assert row.keep_until == LATER + timedelta(days=90)
        assert "12-ОД" in row.rule
        assert (row.service_id, row.call_id) == (1, session.scalars(select(CallRecord.id)).first())
        assert row.linkedid not in row.file_name
    assert files.incoming_names(tmp_path) == []


def test_a_talk_that_goes_on_is_left_alone(town: Database, tmp_path: Path) -> None:
    with town.transaction() as session:
        turn_on(session)
        play(session, [arrived(), identified(), waiting(), ringing(), answered()])
        following.follow(session, word("started"))
    leave_file(tmp_path)
    Filing(town, tmp_path).run(LATER)
    with town.reading() as session:
        assert only(session).state == RecordingState.RECORDING


def test_who_hung_up_in_the_queue_leaves_nothing(town: Database, tmp_path: Path) -> None:
    with town.transaction() as session:
        from callflow import events

        play(session, [arrived(), waiting(), events.CallEnded(call="1.1", at=after(9), cause=16)])
        following.follow(session, word("started"))
    leave_file(tmp_path, seconds=0)
    Filing(town, tmp_path).run(LATER)
    with town.reading() as session:
        assert only(session).state == RecordingState.EMPTY
        assert reading.of_call(session, only(session).call_id, employee(session, "roshchina")) is None
    assert files.incoming_names(tmp_path) == []


def test_a_talk_without_its_file_is_said_to_be_lost(town: Database, tmp_path: Path) -> None:
    with town.transaction() as session:
        following.follow(session, word("started"))
        talk(session)
    filing_ = Filing(town, tmp_path)
    filing_.run(LATER)
    with town.reading() as session:
        assert only(session).state == RecordingState.LOST
        assert "места на диске" in only(session).problem
        assert "recording.lost" in actions(session)
    path = leave_file(tmp_path)  # the disk is there again
    os.utime(path, (LATER.timestamp(), LATER.timestamp()))
    filing_.run(LATER + timedelta(minutes=5))
    filing_.run(LATER + timedelta(minutes=6))
    with town.reading() as session:
        assert only(session).state == RecordingState.STORED


def test_a_recording_cut_short_says_so(town: Database, tmp_path: Path) -> None:
    with town.transaction() as session:
        following.follow(session, word("started"))
        talk(session)
    leave_file(tmp_path, seconds=5)
    Filing(town, tmp_path).run(LATER)
    with town.reading() as session:
        assert "короче разговора" in only(session).problem


@pytest.mark.parametrize("killed_after", ["the row", "the move", "nothing"])
def test_a_kill_at_any_step_loses_nothing(town: Database, tmp_path: Path, killed_after: str) -> None:
    with town.transaction() as session:
        following.follow(session, word("started"))
        talk(session)
    source = leave_file(tmp_path)
    if killed_after != "nothing":
        with town.transaction() as session:
            (row,) = filing.begin(session, LATER)
    if killed_after == "the move":
        target = files.stored(tmp_path, row.file_name)
        assert target is not None
        files.take_in(source, target)
    Filing(town, tmp_path).run(LATER)
    with town.reading() as session:
        assert only(session).state == RecordingState.STORED
    assert len(files.stored_names(tmp_path)) == 1


def test_a_file_whose_words_nobody_heard_is_found(town: Database, tmp_path: Path) -> None:
    with town.transaction() as session:
        talk(session)
    path = leave_file(tmp_path)
    os.utime(path, (after(60).timestamp(), after(60).timestamp()))
    filing_ = Filing(town, tmp_path)
    filing_.run(LATER + timedelta(minutes=5))
    with town.reading() as session:
        assert only(session).state == RecordingState.STORED


def test_a_file_that_belongs_to_no_call_is_the_directors(town: Database, tmp_path: Path) -> None:
    path = leave_file(tmp_path, call="9.9")
    os.utime(path, (after(0).timestamp(), after(0).timestamp()))
    filing_ = Filing(town, tmp_path)
    filing_.run(LATER + timedelta(minutes=5))
    with town.reading() as session:
        assert only(session).state == RecordingState.RECORDING, "its call may still be told"
    filing_.run(LATER + timedelta(minutes=20))
    with town.reading() as session:
        row = only(session)
        assert (row.state, row.call_id) == (RecordingState.STORED, None)
        assert "без звонка" in row.problem
        assert reading.lines(session, employee(session, "roshchina")) == []
        assert len(reading.lines(session, employee(session, "chernykh"))) == 1


def test_files_without_rows_and_rows_without_files_are_found(town: Database, tmp_path: Path) -> None:
    number = stored(town, tmp_path)
    (name,) = files.stored_names(tmp_path)
    stray = tmp_path / "2026/10" / ("a" * 32 + ".wav")
    stray.parent.mkdir(parents=True)
    (tmp_path / name).rename(stray)
    Filing(town, tmp_path).run(LATER)
    with town.reading() as session:
        states = {row.id: (row.state, row.problem) for row in session.scalars(select(Recording))}
        assert states.pop(number) == (RecordingState.LOST, "Файл исчез с диска сервера.")
        ((state, problem),) = states.values()
        assert state == RecordingState.STORED
        assert "без записи в базе" in problem
        assert {"recording.lost", "recording.found"} <= set(actions(session))


# --- refusing


def test_a_refusal_by_key_is_in_the_record_of_the_call_and_nothing_is_kept(town: Database, tmp_path: Path) -> None:
    with town.transaction() as session:
        row = play(session, [arrived(), identified()])
        for _ in range(2):
            following.follow(session, word("started"))
            following.follow(session, word("refused", detail="key"))
        shown = reading.of_call(session, row.id, employee(session, "lavrova"))
        assert shown is not None
        assert shown.words == "Разговор не записывается: собеседник отказался (клавишей 9)."
        (refused,) = refusing.to_remove(session)
        assert refusing.to_stop(session) == []
    path = leave_file(tmp_path)
    remove_refused(town, tmp_path, refused)
    assert not path.exists()
    with town.transaction() as session:
        assert only(session).state == RecordingState.REFUSED
        following.follow(session, word("started"))  # heard late
        assert only(session).state == RecordingState.REFUSED


@pytest.mark.parametrize(("why", "is_kept"), [("refused", False), ("asked", True)])
def test_the_operator_ends_the_recording(town: Database, tmp_path: Path, why: str, is_kept: bool) -> None:
    with town.transaction() as session:
        call = play(session, [arrived(), identified(), waiting(), ringing(), answered()])
        following.follow(session, word("started"))
        for _ in range(2):
            refusing.ask(session, call, why, employee(session, "lavrova"), after(10))
        (row,) = refusing.to_stop(session)
        refusing.stopped(session, row.id)
        assert refusing.to_stop(session) == []
        assert [one.id for one in refusing.to_remove(session)] == ([] if is_kept else [row.id])
    with town.reading() as session:
        assert actions(session).count(f"recording.{why}") == 1
        shown = reading.of_call(session, call.id, employee(session, "lavrova"))
        assert shown is not None
        assert not shown.running


def test_the_exchange_is_told_that_no_transfer_may_begin_it_again(town: Database, tmp_path: Path) -> None:
    """First the note on the caller's channel (sd-record.conf, `again`), then the end; a Local leg has no sound."""

    told: list[dict[str, str]] = []

    class Exchange:
        def collect(self, _action: object, _timeout: float = 5.0) -> list[Message]:
            legs = [("PJSIP/101-0000000b", "1.2"), ("Local/101@sd-operator-00000001;1", "1.3"), (CALLER, call)]
            return [
                Message.of(("Event", "CoreShowChannel"), ("Channel", name), ("Uniqueid", own), ("Linkedid", call))
                for name, own in legs
            ]

        def send(self, action: list[tuple[str, str]]) -> None:
            told.append(dict(action))

    with town.transaction() as session:
        row = play(session, [arrived(), waiting(), ringing(), answered()])
        call = row.linkedid
        following.follow(session, word("started"))
        refusing.ask(session, row, "asked", employee(session, "lavrova"), after(10))
    counter = SimpleNamespace(database=town, exchange=Exchange(), settings=SimpleNamespace(data_dir=tmp_path))
    carry_out(counter)  # type: ignore[arg-type]
    note, *ends = told
    assert note == {"Action": "Setvar", "Channel": CALLER, "Variable": "SHARED(SD_NORECORD)", "Value": "1"}
    assert [(one["Action"], one["Channel"]) for one in ends] == [
        ("StopMixMonitor", "PJSIP/101-0000000b"),
        ("StopMixMonitor", CALLER),
    ]


def test_a_refusal_after_an_end_still_deletes(town: Database) -> None:
    with town.transaction() as session:
        call = play(session, [arrived(), waiting(), ringing(), answered()])
        following.follow(session, word("started"))
        refusing.ask(session, call, "asked", employee(session, "lavrova"), after(10))
        refusing.ask(session, call, "refused", employee(session, "lavrova"), after(11))
        assert only(session).state == RecordingState.REFUSING


def test_where_nothing_is_recorded_nothing_can_be_stopped(town: Database) -> None:
    with town.transaction() as session:
        call = play(session, [arrived(), waiting(), ringing(), answered()])
        with pytest.raises(NotFound):
            refusing.ask(session, call, "refused", employee(session, "lavrova"), after(10))


@pytest.mark.parametrize("given", [True, False])
def test_a_standing_refusal_of_the_family_is_known_by_the_number(town: Database, given: bool) -> None:
    with town.transaction() as session:
        people = reading.people_of(session, [1])
        assert not reading.refused_by_number(session, KUZNETSOVA, after(0))
        answer = giving.give if given else giving.refuse
        answer(session, people[0], text_id(session, "recording"), employee(session, "lavrova"), after(0))
        session.flush()
        assert reading.refused_by_number(session, KUZNETSOVA, after(1)) is not given
        assert not reading.refused_by_number(session, "+79070009999", after(1))


# --- who may hear


@pytest.mark.parametrize(
    ("login", "may"),
    [
        ("roshchina", True),
        ("chernykh", True),
        ("lavrova", False),
        ("gromova", False),
        ("smirnova", False),
        ("kim", False),
    ],
)
def test_only_the_head_of_the_service_and_the_director_hear(
    town: Database, tmp_path: Path, login: str, may: bool
) -> None:
    number = stored(town, tmp_path)
    with town.transaction() as session:
        viewer = employee(session, login)
        if may:
            listening.open_recording(session, number, viewer, LATER)
            listening.open_recording(session, number, viewer, LATER + timedelta(seconds=2))
            assert listening.to_play(session, number, viewer, LATER).id == number
        else:
            with pytest.raises(NotFound):
                listening.open_recording(session, number, viewer, LATER)
            assert reading.lines(session, viewer) == []
        assert [one.employee.login for one in reading.heard_by(session, number)] == ([login] if may else [])
    with town.reading() as session:
        assert actions(session).count("recording.listen") == int(may)


def test_the_head_of_another_service_hears_nothing(town: Database, tmp_path: Path) -> None:
    number = stored(town, tmp_path)
    with town.transaction() as session:
        head = employee(session, "roshchina")
        from crm.staff import EmployeeService

        session.delete(session.get_one(EmployeeService, (head.id, 1)))
        session.flush()
        with pytest.raises(NotFound):
            reading.fetch_recording(session, number, head)


def test_the_sound_is_given_only_after_opening_and_for_a_while(town: Database, tmp_path: Path) -> None:
    number = stored(town, tmp_path)
    with town.transaction() as session:
        head = employee(session, "roshchina")
        with pytest.raises(RecordsError):
            listening.to_play(session, number, head, LATER)
        listening.open_recording(session, number, head, LATER)
        with pytest.raises(RecordsError):
            listening.to_play(session, number, head, LATER + timedelta(hours=2))


# --- keeping


def test_a_recording_is_deleted_when_its_time_is_over_and_the_row_tells(town: Database, tmp_path: Path) -> None:
    stored(town, tmp_path)
    keeper = Filing(town, tmp_path)
    keeper.run(EXPIRED - timedelta(seconds=2))
    assert len(files.stored_names(tmp_path)) == 1
    keeper.run(EXPIRED)
    with town.reading() as session:
        row = only(session)
        assert (row.state, row.deleted_at, row.file_name) == (RecordingState.DELETED, EXPIRED, "")
        assert row.deleted_rule == "срок хранения 90 дн., приказ № 12-ОД от 12.11.2026"
        assert actions(session).count("recording.delete") == 1
    assert files.stored_names(tmp_path) == []


def test_a_kill_between_the_row_and_the_deletion_is_made_up_for(town: Database, tmp_path: Path) -> None:
    stored(town, tmp_path)
    with town.transaction() as session:
        assert keeping.expire(session, EXPIRED) == 1
    Filing(town, tmp_path).run(EXPIRED)
    assert files.stored_names(tmp_path) == []
    with town.reading() as session:
        assert only(session).state == RecordingState.DELETED


def test_the_director_holds_a_recording_and_lets_it_go(town: Database, tmp_path: Path) -> None:
    number = stored(town, tmp_path)
    with town.transaction() as session:
        director = employee(session, "chernykh")
        with pytest.raises(RecordsError):
            keeping.hold(session, number, "жалоба", employee(session, "roshchina"), LATER)
        with pytest.raises(Incomplete):
            keeping.hold(session, number, " ", director, LATER)
        keeping.hold(session, number, "жалоба № 14", director, LATER)
    Filing(town, tmp_path).run(EXPIRED)
    with town.transaction() as session:
        assert only(session).state == RecordingState.STORED
        keeping.release(session, number, employee(session, "chernykh"), EXPIRED)
    Filing(town, tmp_path).run(EXPIRED + timedelta(seconds=2))
    with town.reading() as session:
        assert only(session).state == RecordingState.DELETED


def test_destroying_a_familys_data_takes_its_recordings_but_not_a_held_one(town: Database, tmp_path: Path) -> None:
    stored(town, tmp_path)
    with town.transaction() as session:
        head, director = employee(session, "roshchina"), employee(session, "chernykh")
        act = destruction.propose(session, 1, "family", head, LATER, ground="withdrawn")
        destruction.destroy(session, act.id, director, LATER)
        assert "Записи разговоров" in [one["title"] for one in act.destroyed]
    Filing(town, tmp_path).run(LATER)
    with town.reading() as session:
        assert only(session).state == RecordingState.DELETED
        assert "по акту" in only(session).deleted_rule
    assert files.stored_names(tmp_path) == []
