"""The exchange's own guard of the hours agrees with the table written by hand, at every edge of 2026 (issue 5).

The stretches are made by the records as for a running exchange, then one channel asks the gate's own subroutine.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta

import pytest

from callflow.dialler import window
from callflow.dialler.window import CallingHours
from telephony.config.dialling import DiallingPlan, WindowPlan
from tests.support import dialplan_probe
from tests.support.exchange import LiveExchange
from tests.unit.crm.test_year_of_calls import MARGIN, MOSCOW, RING, YEAR, allowed_by_hand, calendar_of, days_of

QUEUES = {"A": "family", "B": "coordinator"}
ASK_WINDOW = f"""
[ask-window]
exten => s,1,Set(SD_SERVICE=${{ARG1}})
 same => n,Set(RING={RING})
 same => n,Gosub(sd-dial-window,s,1(${{ARG2}}))
 same => n,Return()
"""


@pytest.fixture(scope="module")
def running() -> Iterator[LiveExchange]:
    with LiveExchange(queues=(), lines=()) as exchange:
        yield exchange


@pytest.mark.parametrize("quarter", [1, 2, 3, 4])
def test_the_gate_lets_no_ring_out_of_the_hours(running: LiveExchange, quarter: int) -> None:
    days = [day for month in range(3 * quarter - 2, 3 * quarter + 1) for day in days_of(month)]
    windows = tuple(WindowPlan(queue=QUEUES[code], spans=spans_of(code, days)) for code in QUEUES)
    running.apply(dialling=DiallingPlan(lines=1, trunk_lines=3, windows=windows))
    asked = [question for code in QUEUES for day in days for question in questions(code, day)]
    said = "0${WINDOW}"
    assert dialplan_probe.ask(running, "ask-window,s,1(${ARG1},${ARG2})", said, asked, context=ASK_WINDOW) == []


def test_a_day_that_was_not_rendered_is_closed(running: LiveExchange) -> None:
    days = days_of(3)
    windows = (WindowPlan(queue="family", spans=spans_of("A", days)),)
    running.apply(dialling=DiallingPlan(lines=1, trunk_lines=3, windows=windows))
    noon = [datetime.combine(date(YEAR, month, 17), time(10), MOSCOW) for month in (2, 4)]
    asked = [("family", epoch_of(at), "0") for at in noon] + [("coordinator", epoch_of(noon[0]), "0")]
    inside = datetime.combine(date(YEAR, 3, 17), time(10), MOSCOW)
    asked.append(("family", epoch_of(inside), "01"))
    said = "0${WINDOW}"
    assert dialplan_probe.ask(running, "ask-window,s,1(${ARG1},${ARG2})", said, asked, context=ASK_WINDOW) == []


def spans_of(code: str, days: list[date]) -> tuple[tuple[int, int], ...]:
    """What the records tell the exchange about these days."""
    calendar = calendar_of(code)
    found = [span for day in days for span in window.spans(calendar, CallingHours(), day)]
    return tuple((int(one.timestamp()), int(end.timestamp())) for one, end in found)


def questions(code: str, day: date) -> Iterator[tuple[str, str, str]]:
    """Every edge of the day, by hand, to the second; and midnight, morning, the break, the evening."""
    midnight = datetime.combine(day, time(), MOSCOW).astimezone(UTC)
    allowed = allowed_by_hand(code, day)
    looked = {0, 8 * 3600, 9 * 3600, 12 * 3600 + 1800, 16 * 3600 + 45 * 60, 18 * 3600, 86_399}
    for first, last in allowed:
        looked |= {first - 1, first, last, last + 1, last + RING, last + RING + MARGIN}
    for second in sorted(looked):
        may = any(first <= second <= last for first, last in allowed)
        yield QUEUES[code], epoch_of(midnight + timedelta(seconds=second)), "01" if may else "0"


def epoch_of(at: datetime) -> str:
    return str(int(at.timestamp()))
