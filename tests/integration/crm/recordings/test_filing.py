"""A recording's file is taken in with its row, through a kill at every step."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from crm.call_tables import CallRecord
from crm.db import Database
from crm.recordings import files, filing, following, reading
from crm.recordings.tables import Recording, RecordingState
from tests.integration.crm.recordings.recorded import (
    LATER,
    actions,
    leave_file,
    only,
    stored,
    talk,
    turn_on,
    wav,
    word,
)
from tests.integration.crm.scenario import (
    after,
    answered,
    arrived,
    employee,
    identified,
    play,
    ringing,
    waiting,
)
from workers.recordings import Filing


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
