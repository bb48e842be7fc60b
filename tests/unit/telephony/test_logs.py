"""queue_log and the call records: evidence of what happened while nobody listened."""

import io
from datetime import UTC, datetime

import pytest

from telephony.cdr_csv import parse_records
from telephony.queue_log import QueueEvent, parse_line, parse_lines

AT = datetime.fromtimestamp(1763712000, UTC)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("1763712000|1763711990.1|family|NONE|ENTERQUEUE||+79001234567|3", {"event": QueueEvent.JOINED, "position": 3}),
        ("1763712000|1763711990.1|family|101|CONNECT|7|1763711995.2|3",
         {"event": QueueEvent.CONNECTED, "waited": 7, "rang": 3.0, "leg": "1763711995.2", "agent": "101"}),
        ("1763712000|1763711990.1|family|101|COMPLETEAGENT|7|61|1",
         {"event": QueueEvent.ENDED_BY_AGENT, "waited": 7, "talked": 61}),
        ("1763712000|1763711990.1|family|101|COMPLETECALLER|7|61|1",
         {"event": QueueEvent.ENDED_BY_CALLER, "talked": 61}),
        ("1763712000|1763711990.1|family|NONE|ABANDON|1|2|33",
         {"event": QueueEvent.ABANDONED, "waited": 33, "agent": ""}),
        ("1763712000|1763711990.1|family|101|RINGNOANSWER|15000", {"event": QueueEvent.MISSED, "rang": 15.0}),
        ("1763712000|1763711990.1|family|NONE|EXITWITHTIMEOUT|1|1|60", {"event": QueueEvent.TIMED_OUT, "waited": 60}),
        ("1763712000|1763711990.1|family|NONE|EXITWITHKEY|1|2|2|40", {"event": QueueEvent.LEFT_BY_KEY, "waited": 40}),
    ],
)  # fmt: skip
def test_a_line_of_the_queue_log_becomes_a_fact(line: str, expected: dict[str, object]) -> None:
    fact = parse_line(line + "\n")
    assert fact is not None
    assert (fact.at, fact.uniqueid, fact.queue) == (AT, "1763711990.1", "family")
    assert {name: getattr(fact, name) for name in expected} == expected


@pytest.mark.parametrize(
    "line",
    ["", "x|y", "1763712000|NONE|NONE|NONE|QUEUESTART|", "now|1.1|q|a|CONNECT|1", "1763712000|a b|q|a|CONNECT"],
)
def test_a_damaged_or_idle_line_is_no_fact(line: str) -> None:
    assert parse_line(line) is None


def test_lines_before_the_moment_asked_for_are_left_out() -> None:
    lines = [f"{epoch}|1.1|q|101|CONNECT|1|1.2|1" for epoch in (1763711999, 1763712000, 1763712001)]
    assert [fact.at.timestamp() for fact in parse_lines(lines, since=AT)] == [1763712000, 1763712001]


ROW = (
    '"att-1","0000","go","sd-dial","""Иванова"" <0000>","Local/go@sd-dial-1;1","","Dial","x",'
    '"2026-11-21 10:00:00","2026-11-21 10:00:05","2026-11-21 10:01:00",60,55,"ANSWERED","DOCUMENTATION","att-1",""\n'
)


def test_a_call_record_is_read() -> None:
    (record,) = parse_records(io.StringIO(ROW, newline=""))
    assert (record.uniqueid, record.account, record.answered, record.talked) == ("att-1", "att-1", True, 55)
    assert record.start == datetime(2026, 11, 21, 10, tzinfo=UTC)


def test_a_record_forged_by_a_line_break_in_the_callers_name_stays_inside_its_field_m7() -> None:
    forged = ROW.replace("Иванова", "x\r\n" + ROW.strip().replace("att-1", "att-2").replace('"', '""'))
    records = list(parse_records(io.StringIO(forged + ROW, newline="")))
    assert [record.uniqueid for record in records] == ["att-1", "att-1"]


def test_a_row_that_does_not_look_like_itself_is_no_evidence() -> None:
    broken = ROW.replace("2026-11-21 10:00:00", "yesterday") + ROW.replace("ANSWERED", "MAYBE") + "a,b\n" + ROW
    assert len(list(parse_records(io.StringIO(broken, newline="")))) == 1
