"""Who does not want to be recorded is not, and whoever talks with him may end it."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest

from crm.consents import giving
from crm.db import Database
from crm.errors import NotFound
from crm.recordings import following, reading, refusing
from crm.recordings.tables import RecordingState
from telephony.wire import Message
from tests.integration.crm.recordings.recorded import (
    actions,
    leave_file,
    only,
    word,
)
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
from workers.recordings import carry_out, remove_refused

CALLER = "PJSIP/trunk-0000000a"


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
