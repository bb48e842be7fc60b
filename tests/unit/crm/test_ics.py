"""The calendar file, read by hand as RFC 5545 says."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from crm.appointments.ics import Event, calendar_file

START = datetime(2026, 11, 26, 14, 30, tzinfo=ZoneInfo("Europe/Moscow"))
MADE = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)


def read(text: str) -> list[tuple[str, str]]:
    """Unfold, and split every line at its first colon."""
    assert text.endswith("\r\n")
    assert "\n" not in text.replace("\r\n", "")
    lines: list[str] = []
    for line in text.split("\r\n")[:-1]:
        assert len(line.encode()) <= 75
        if line.startswith(" "):
            lines[-1] += line[1:]
        else:
            lines.append(line)
    return [(name, value) for name, _, value in (line.partition(":") for line in lines)]


def test_times_are_utc_and_every_event_is_whole() -> None:
    long = "Приём, " + "каб. 12; " * 20 + "\nвторая строка\\"
    events = [
        Event("appointment-1@here", START, START + timedelta(minutes=45), "Приём, каб. 12", "каб. 12", 3),
        Event("appointment-2@here", START, START + timedelta(minutes=45), long, is_cancelled=True),
    ]
    lines = read(calendar_file(events, MADE))
    assert lines[:2] == [("BEGIN", "VCALENDAR"), ("VERSION", "2.0")]
    assert lines[-1] == ("END", "VCALENDAR")
    assert [value for name, value in lines if name == "DTSTART"] == ["20261126T113000Z"] * 2
    assert [value for name, value in lines if name == "DTEND"] == ["20261126T121500Z"] * 2
    assert [value for name, value in lines if name == "DTSTAMP"] == ["20261122T090000Z"] * 2
    assert [value for name, value in lines if name == "STATUS"] == ["CONFIRMED", "CANCELLED"]
    assert ("SUMMARY", "Приём\\, каб. 12") in lines
    summary = [value for name, value in lines if name == "SUMMARY"][1]
    plain = summary.replace("\\n", "\n").replace("\\,", ",").replace("\\;", ";").replace("\\\\", "\\")
    assert plain == long
    assert len({value for name, value in lines if name == "UID"}) == 2


def test_a_week_without_receptions_is_still_a_calendar() -> None:
    assert [name for name, _ in read(calendar_file([], MADE))].count("BEGIN") == 1
