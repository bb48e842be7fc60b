"""The dialplan knows the hours by itself: no process of ours runs here, and it says what the program says.

One channel asks for thousands of instants in a row; only wrong answers are told, and how many were asked.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from callflow.calendar import Interval, Override, ServiceCalendar
from crm.calendar.exchange_hours import DAYS_AHEAD, table_of
from tests.support import dialplan_probe
from tests.support.exchange import LiveExchange
from tests.support.hand_calendar import state_by_hand
from workers.exchange import hours_plan

MOSCOW = ZoneInfo("Europe/Moscow")
ORDINARY = (Interval(480, 720), Interval(780, 1020))
WEEK = {**dict.fromkeys(range(5), ORDINARY), 3: (Interval(480, 720), Interval(780, 1140))}
MINUTE = timedelta(minutes=1)
Question = tuple[str, str, str]
"""Queue, epoch, and what must be answered: «state/next opening»."""


@pytest.fixture(scope="module")
def running() -> Iterator[LiveExchange]:
    with LiveExchange(queues=(), lines=()) as exchange:
        yield exchange


def test_three_years_of_edges_are_answered_as_the_table_written_by_hand_has_them(running: LiveExchange) -> None:
    calendar = ServiceCalendar(MOSCOW, WEEK)
    since, until = datetime(2025, 1, 1, tzinfo=UTC), datetime(2028, 1, 1, tzinfo=UTC)
    table = table_of(calendar, "family", since, until)
    running.apply(hours=(hours_plan(table),))
    around = [at + off for at, _ in table.edges for off in (-MINUTE, -MINUTE / 60, MINUTE * 0, MINUTE)]
    asked = [question(calendar, "family", at) for at in around if since <= at < until]
    for _, epoch, answer in asked:
        local = datetime.fromtimestamp(int(epoch), MOSCOW)
        by_hand = state_by_hand(local.date(), local.hour * 60 + local.minute)
        if local.year < 2028:
            assert answer.split("/")[0] == by_hand, local
    assert ask(running, asked) == []


def test_sixty_days_in_other_zones_with_days_that_differ(running: LiveExchange) -> None:
    """Both ways of the clocks, an evening that lasts over midnight of UTC, a day that is shut, one round the clock."""
    since = datetime(2026, 10, 1, tzinfo=UTC)
    until = since + timedelta(days=DAYS_AHEAD)
    shut = {datetime(2026, 10, 14).date(): Override((), "Ремонт")}  # noqa: DTZ001 - a date
    whole = {datetime(2026, 10, 15).date(): Override((Interval(0, 1440),), "Дежурство")}  # noqa: DTZ001
    calendars = {
        "berlin": ServiceCalendar(ZoneInfo("Europe/Berlin"), {**WEEK, 6: (Interval(60, 200),)}, shut),
        "kamchatka": ServiceCalendar(ZoneInfo("Asia/Kamchatka"), WEEK, whole),
        "cairo": ServiceCalendar(ZoneInfo("Africa/Cairo"), dict.fromkeys(range(7), (Interval(0, 90),))),
    }
    tables = [table_of(calendar, queue, since, until) for queue, calendar in calendars.items()]
    running.apply(hours=tuple(hours_plan(table) for table in tables))
    asked = [
        question(calendars[table.queue], table.queue, at + off)
        for table in tables
        for at, _ in table.edges
        for off in (-MINUTE / 60, MINUTE * 0, 29 * MINUTE)
        if since <= at + off < until
    ]
    assert ask(running, asked) == []


def test_whatever_is_not_known_is_open(running: LiveExchange) -> None:
    calendar = ServiceCalendar(MOSCOW, WEEK)
    since = datetime(2026, 11, 17, tzinfo=UTC)
    until = since + timedelta(days=3)
    running.apply(hours=(hours_plan(table_of(calendar, "family", since, until)),))
    night = since + timedelta(hours=1)
    asked = [
        question(calendar, "family", night),
        ("elsewhere", epoch_of(night), "open/"),
        ("family", epoch_of(since - MINUTE), "open/"),
        ("family", epoch_of(until), "open/"),
        ("family", epoch_of(until + timedelta(days=4000)), "open/"),
        ("family", "", "open/"),
        ("family", "now", "open/"),
        ("", epoch_of(night), "open/"),
    ]
    assert question(calendar, "family", night)[2].startswith("closed/")
    assert ask(running, asked) == []


def test_a_wrong_answer_would_be_noticed(running: LiveExchange) -> None:
    assert [wrong["Said"] for wrong in ask(running, [("nobody", "1795323600", "closed/1")])] == ["open/"]


def question(calendar: ServiceCalendar, queue: str, at: datetime) -> Question:
    """What the program answers at this instant."""
    moment = calendar.at(at)
    opens = epoch_of(moment.next_open) if moment.next_open else ""
    return queue, epoch_of(at), f"{moment.state}/{opens}"


def epoch_of(at: datetime) -> str:
    return str(int(at.timestamp()))


def ask(exchange: LiveExchange, asked: Iterable[Question]) -> list[dict[str, str]]:
    """Let one channel ask all of it; the answers that were not the expected ones."""
    return dialplan_probe.ask(exchange, "sd-hours,s,1(${ARG1},${ARG2})", "${SD_STATE}/${SD_NEXT}", asked)
