"""Who may hear a recording, and how it is deleted when its time is over; through a kill at every step."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from crm.consents import destruction
from crm.db import Database
from crm.errors import Incomplete, NotFound, RecordsError
from crm.recordings import files, keeping, listening, reading
from crm.recordings.tables import RecordingState
from tests.integration.crm.recordings.recorded import (
    EXPIRED,
    LATER,
    actions,
    only,
    stored,
)
from tests.integration.crm.scenario import (
    employee,
)
from workers.recordings import Filing


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
