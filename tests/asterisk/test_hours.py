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
from tests.support.exchange import LiveExchange
from tests.support.hand_calendar import state_by_hand
from workers.exchange import hours_plan

MOSCOW = ZoneInfo("Europe/Moscow")
ORDINARY = (Interval(480, 720), Interval(780, 1020))
WEEK = {**dict.fromkeys(range(5), ORDINARY), 3: (Interval(480, 720), Interval(780, 1140))}
MINUTE = timedelta(minutes=1)
CHUNK = 100
PROBE = """
[hours-ask]
exten => s,1,Gosub(sd-hours,s,1(${ARG1},${ARG2}))
 same => n,Set(ASKED=$[${ASKED} + 1])
 same => n,ExecIf($["${SD_STATE}/${SD_NEXT}" != "${ARG3}"]?UserEvent(HoursWrong,At: ${ARG2},Said: ${SD_STATE}/${SD_NEXT},Wanted: ${ARG3}))
 same => n,Return()

[hours-probe]
exten => s,1,Set(ASKED=0)
 same => n,Goto(c0,1)
"""  # noqa: E501

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
    questions = list(asked)
    chunks = [questions[place : place + CHUNK] for place in range(0, len(questions), CHUNK)]
    lines = [PROBE]
    for number, chunk in enumerate(chunks):
        first, *rest = [f"Gosub(hours-ask,s,1({','.join(one)}))" for one in chunk]
        lines += [f"exten => c{number},1,{first}", *(f" same => n,{one}" for one in rest)]
        lines.append(f" same => n,Goto(c{number + 1},1)")
    lines += [f"exten => c{len(chunks)},1,UserEvent(HoursAsked,Count: ${{ASKED}})", " same => n,Hangup()", ""]
    folder = exchange.plan.config_dir
    (folder / "hours-probe.conf").write_text("\n".join(lines))
    dialplan = (folder / "extensions.conf").read_text()
    if "hours-probe.conf" not in dialplan:
        (folder / "extensions.conf").write_text(f'{dialplan}\n#include "hours-probe.conf"\n')
    exchange.console("dialplan reload")
    tap = exchange.tap()
    probe = [("Channel", "Local/s@hours-probe/n"), ("Application", "Wait"), ("Data", "100"), ("Async", "true")]
    tap.send([("Action", "Originate"), *probe])
    done = tap.wait_event("UserEvent", 60, UserEvent="HoursAsked")
    wrong = [event for event in tap.events("UserEvent") if event.get("UserEvent") == "HoursWrong"]
    exchange.close_taps()
    assert int(done["Count"]) == len(questions)
    return wrong
