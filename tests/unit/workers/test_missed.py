"""Asterisk's files as events, for the time when nobody listened."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from callflow.call import Call, CallState, Disposition, apply
from callflow.caller_id import CallerId, CallerKind
from callflow.dialplan_word import DialplanWord
from callflow.events import CallEnded, CallerIdentified
from telephony.translate import TrunkNames, caller_of
from workers import missed
from workers.missed import Told, read_files

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


def identify(presented: str, asserted: str) -> CallerId:
    return caller_of(presented, asserted, TrunkNames(own_numbers=frozenset(["+79070009001"])))


def missed_events(log_dir: Path, calls: dict[str, datetime], live: set[str]) -> tuple[Told, ...]:
    return missed.missed_events(read_files(log_dir, ARRIVED - timedelta(days=1)), calls, live, identify)


def told(found: tuple[Told, ...]) -> Call:
    call = None
    for event in found:
        if not isinstance(event, DialplanWord):
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


FROM = "%22%22%20%3Csip%3A%2B79070000101%40example.com%3E%3Btag%3D1"
NEW = "dispatch-1790000100.1"
NEW_LOG = f"""\
1790000100|{NEW}|dispatch|+79070009001|SDCALLER|{FROM}|
1790000101|{NEW}|dispatch|NONE|ENTERQUEUE||+79070000101|1
1790000130|{NEW}|dispatch|NONE|ABANDON|1|1|29
"""
NEW_END = datetime.fromtimestamp(1790000131, UTC)


def cdr(call: str, began: datetime, seconds: int, userfield: str = "") -> str:
    """A record with all 21 columns, as our cdr.conf writes them."""
    moment = f"{began:%Y-%m-%d %H:%M:%S}"
    return (
        f'"","+79070000101","s","sd-inbound","","PJSIP/trunk-1","","Queue","dispatch","{moment}",,"{moment}",'
        f'{seconds},0,"NO ANSWER","DOCUMENTATION","{call}","{userfield}","","{call}",3\n'
    )


def test_a_call_that_our_records_never_heard_of_is_told_whole(logs: Path) -> None:
    with (logs / "queue_log").open("a") as file:
        file.write(NEW_LOG)
    with (logs / "cdr-csv/Master.csv").open("a") as file:
        file.write(cdr(NEW, datetime.fromtimestamp(1790000100, UTC), 31))
    files = read_files(logs, ARRIVED)
    assert files.arrivals == {NEW: datetime.fromtimestamp(1790000100, UTC)}
    call = told(missed.missed_events(files, files.arrivals, set(), identify))
    assert (call.arrived_at, call.ended_at) == (datetime.fromtimestamp(1790000100, UTC), NEW_END)
    assert (call.did, call.disposition) == ("+79070009001", Disposition.ABANDONED)
    assert call.caller is not None
    assert (call.caller.kind, call.caller.number) == (CallerKind.NUMBER, "+79070000101")


@pytest.mark.parametrize(
    "header",
    ["", "%22x%22%20%3Csip%3Aanonymous%40anonymous.invalid%3E", "sip%3A%2B79070009001%40x", "%FF%7C%0A" * 40],
)
def test_a_hidden_or_forged_header_stays_so_in_the_file(logs: Path, header: str) -> None:
    (logs / "queue_log").write_text(NEW_LOG.replace(FROM, header))
    files = read_files(logs, ARRIVED)
    found = missed.missed_events(files, files.arrivals, set(), identify)
    (identified,) = [event for event in found if isinstance(event, CallerIdentified)]
    assert identified.caller.kind is not CallerKind.NUMBER


def test_what_the_caller_chose_is_told_before_the_end(logs: Path) -> None:
    (logs / "queue_log").write_text(NEW_LOG)
    (logs / "cdr-csv/Master.csv").write_text(
        cdr(NEW, datetime.fromtimestamp(1790000100, UTC), 31, "callback:89070000101")
        + cdr(NEW, datetime.fromtimestamp(1790000100, UTC), 5, "; DROP")
    )
    files = read_files(logs, ARRIVED)
    found = missed.missed_events(files, files.arrivals, set(), identify)
    *_, word, end = found
    assert isinstance(word, DialplanWord)
    assert (word.call, word.state, word.detail) == (NEW, "callback", "89070000101")
    assert isinstance(end, CallEnded)


def test_a_talk_outside_the_queue_is_told_too(logs: Path) -> None:
    (logs / "queue_log").write_text(NEW_LOG.splitlines()[0] + f"\n1790000110|{NEW}|dispatch|101|SDANSWERED|d.7\n")
    (logs / "cdr-csv/Master.csv").write_text(cdr(NEW, datetime.fromtimestamp(1790000100, UTC), 31))
    files = read_files(logs, ARRIVED)
    call = told(missed.missed_events(files, files.arrivals, set(), identify))
    assert (call.disposition, call.answered_at) == (Disposition.ANSWERED, datetime.fromtimestamp(1790000110, UTC))


def test_files_from_long_ago_are_left_alone(logs: Path) -> None:
    (logs / "queue_log").write_text(NEW_LOG)
    assert read_files(logs, NEW_END).arrivals == {}
