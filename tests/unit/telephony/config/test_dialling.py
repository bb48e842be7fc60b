"""The gate before the robot's calls, as it is rendered."""

from __future__ import annotations

import re
from typing import Any

import pytest

from telephony.config.check import UnsafeConfigValue
from telephony.config.dialling import DiallingPlan, WindowPlan
from telephony.config.files import needs_restart, reload_commands
from telephony.config.hours import SECONDS_OF_DAY
from telephony.config.render import render
from telephony.variables import ORIGINATE_CONTEXTS
from tests.unit.telephony.config.test_render import make_plan

DAY = 20_779 * SECONDS_OF_DAY
HOUR = 3600


def window(*spans: tuple[int, int]) -> WindowPlan:
    return WindowPlan(queue="family", spans=spans)


def rendered(**changes: Any) -> str:
    return render(make_plan(dialling=DiallingPlan(**changes)))["sd-dial.conf"]


def test_a_stretch_stands_in_every_day_that_it_touches() -> None:
    """East of Omsk a working day lies in two days of UTC."""
    days = dict(window((DAY + 20 * HOUR, DAY + 28 * HOUR), (DAY + 44 * HOUR, DAY + 48 * HOUR)).days())
    assert list(days) == [20_779, 20_780]
    assert [len(spans) for spans in days.values()] == [1, 2]
    assert list(window().days()) == []


def test_days_between_are_there_and_empty() -> None:
    days = dict(window((DAY, DAY + HOUR), (DAY + 72 * HOUR, DAY + 73 * HOUR)).days())
    assert [len(spans) for spans in days.values()] == [1, 0, 0, 1]


def test_as_it_stands_nothing_passes() -> None:
    text = rendered()
    assert "SD_N = 0\n" in text
    assert "sd-dial-window-" not in text


def test_demo_and_live_refuse_each_others_numbers() -> None:
    demo, live = rendered(synthetic=True), rendered(synthetic=False)
    assert 'GotoIf($["${INVENTED}" != "1"]?deny)' in demo
    assert 'GotoIf($["${INVENTED}" = "1"]?deny)' in live
    for prefix in ("+7907000", "+7492480", "+7473670", "+7809", "+7803"):
        assert f'= "{prefix}"]' in demo
        assert f'= "{prefix}"]' in live


def test_our_own_numbers_are_on_the_list() -> None:
    plan = make_plan()
    text = render(plan)["sd-dial.conf"]
    for line in plan.lines:
        assert f'"${{NUM:-10}}" = "{line.did[-10:]}"' in text


def test_the_dialogues_context_has_no_failed() -> None:
    """The losers of a doubled order would run it with the winner's variables (M5)."""
    assert not re.search(r"^exten => failed", rendered(), re.MULTILINE)


def test_nothing_but_the_gate_leads_out() -> None:
    text = rendered(windows=(window((DAY, DAY + HOUR)),))
    assert re.findall(r"Dial\(([^,]*),", text) == ["PJSIP/${NUM}@trunk"]
    assert "_X" not in text
    assert {"sd-dial", "sd-robot", "sd-switch"} <= ORIGINATE_CONTEXTS


def test_a_change_is_a_reload() -> None:
    assert reload_commands(["sd-dial.conf"]) == ("dialplan reload",)
    assert not needs_restart(["sd-dial.conf"])


@pytest.mark.parametrize(
    "bad",
    [
        {"lines": -1},
        {"lines": 101},
        {"trunk_lines": 1001},
        {"ring_seconds": 4},
        {"ring_seconds": 61},
        {"talk_seconds": 0},
        {"start_seconds": 0},
        {"windows": (WindowPlan(queue="a,b"),)},
        {"windows": (window((DAY + HOUR, DAY)),)},
        {"windows": (window((DAY, DAY + HOUR), (DAY + HOUR, DAY + 2 * HOUR)),)},
        {"windows": (window((DAY, DAY + HOUR), (DAY - HOUR, DAY - 1)),)},
        {"windows": (window((0, HOUR)),)},
        {"windows": (window((DAY, DAY + 101 * SECONDS_OF_DAY)),)},
        {"windows": (window(("1", "2")),)},  # type: ignore[arg-type]
        {"windows": (window(), window())},
    ],
)
def test_what_would_mean_something_else_is_refused(bad: dict[str, Any]) -> None:
    with pytest.raises(UnsafeConfigValue):
        rendered(**bad)
