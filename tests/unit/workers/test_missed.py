"""Asterisk's files as events, for the time when nobody listened."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from callflow.call import Call, CallState, Disposition, apply
from callflow.events import CallEvent
from workers.missed import missed_events

CALL = "dispatch-1790000000.1"
ARRIVED = datetime.fromtimestamp(1790000000, UTC)
QUEUE_LOG = """\
1790000001|dispatch-1790000000.1|dispatch|NONE|ENTERQUEUE||+79070000101|1
1790000002|dispatch-1790000099.9|dispatch|NONE|ENTERQUEUE||+79070000202|1
1790000009|dispatch-1790000000.1|dispatch|101|CONNECT|8|dispatch-1790000000.4|7
1790000069|dispatch-1790000000.1|dispatch|101|COMPLETECALLER|8|60|1
"""
ENDED = ARRIVED + timedelta(seconds=69)
CDR = (
    '"","+79070000101","s","sd-inbound","","PJSIP/trunk-1","PJSIP/101-2","Queue","dispatch",'
    f'"{ARRIVED:%Y-%m-%d %H:%M:%S}","{ARRIVED:%Y-%m-%d %H:%M:%S}","{ENDED:%Y-%m-%d %H:%M:%S}",'
    '69,60,"ANSWERED","DOCUMENTATION","dispatch-1790000000.1",""\n'
)


@pytest.fixture
def logs(tmp_path: Path) -> Path:
    (tmp_path / "queue_log").write_text(QUEUE_LOG)
    (tmp_path / "cdr-csv").mkdir()
    (tmp_path / "cdr-csv/Master.csv").write_text(CDR)
    return tmp_path


def told(found: tuple[CallEvent, ...]) -> Call:
    call = None
    for event in found:
        call, _ = apply(call, event)
    assert call is not None
    return call


def test_a_call_that_came_and_went_unheard_gets_its_true_times_and_its_operator(logs: Path) -> None:
    call = told(missed_events(logs, {CALL: ARRIVED}, live=set()))
    assert (call.state, call.disposition) == (CallState.ENDED, Disposition.ANSWERED)
    assert (call.answered_at, call.ended_at) == (ARRIVED + timedelta(seconds=9), ENDED)
    ((leg),) = call.legs
    assert (leg.extension, leg.uniqueid) == ("101", "dispatch-1790000000.4")


def test_a_call_that_is_still_alive_is_not_ended(logs: Path) -> None:
    found = missed_events(logs, {CALL: ARRIVED}, live={CALL})
    assert told(found).ended_at is None


def test_calls_that_our_records_do_not_hold_open_are_left_alone(logs: Path) -> None:
    assert missed_events(logs, {}, live=set()) == ()
    assert {event.call for event in missed_events(logs, {CALL: ARRIVED}, live=set())} == {CALL}


def test_a_caller_who_left_is_an_abandoned_call(logs: Path) -> None:
    lines = QUEUE_LOG.splitlines()[0] + "\n1790000031|dispatch-1790000000.1|dispatch|NONE|ABANDON|1|1|30\n"
    (logs / "queue_log").write_text(lines)
    (logs / "cdr-csv/Master.csv").write_text(CDR.replace("ANSWERED", "NO ANSWER"))
    call = told(missed_events(logs, {CALL: ARRIVED}, live=set()))
    assert call.disposition is Disposition.ABANDONED


def test_without_files_nothing_is_told(tmp_path: Path) -> None:
    assert missed_events(tmp_path, {CALL: ARRIVED}, live=set()) == ()


def test_a_damaged_file_tells_what_is_whole(logs: Path) -> None:
    (logs / "queue_log").write_bytes(b"\xff\xfe|||\n" + QUEUE_LOG.encode() + b"17900")
    assert told(missed_events(logs, {CALL: ARRIVED}, live=set())).answered_at == ARRIVED + timedelta(seconds=9)
