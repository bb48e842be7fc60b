"""Hours as the dialplan has them: laid out by UTC days, refused where they would mean something else."""

import re
from typing import Any

import pytest

from telephony.config.check import UnsafeConfigValue
from telephony.config.files import reload_commands
from telephony.config.hours import SECONDS_OF_DAY, Edge, HoursPlan
from telephony.config.render import render
from tests.unit.telephony.config.test_render import make_plan

DAY = 20_779 * SECONDS_OF_DAY
HOUR = 3600


def hours(**changes: Any) -> HoursPlan:
    """Two days: closed, open from the fifth hour to the fourteenth, and again from the twenty-ninth."""
    values: dict[str, Any] = {
        "queue": "family",
        "edges": (
            Edge(at=DAY, state="closed", next_open=DAY + 5 * HOUR),
            Edge(at=DAY + 5 * HOUR, state="open"),
            Edge(at=DAY + 14 * HOUR, state="closed", next_open=DAY + 29 * HOUR),
            Edge(at=DAY + 29 * HOUR, state="open"),
        ),
        "until": DAY + 2 * SECONDS_OF_DAY,
    }
    return HoursPlan(**{**values, **changes})


def test_every_day_begins_with_what_holds_then() -> None:
    first, second = hours().days()
    assert (first[0], first[1].state, [edge.state for edge in first[2]]) == (20_779, "closed", ["open", "closed"])
    assert (second[0], second[1].state, second[1].next_open) == (20_780, "closed", DAY + 29 * HOUR)
    assert [edge.at for edge in second[2]] == [DAY + 29 * HOUR]


def test_an_edge_at_midnight_is_what_the_day_begins_with() -> None:
    plan = hours(edges=(Edge(at=DAY, state="open"), Edge(at=DAY + SECONDS_OF_DAY, state="closed")))
    assert [(holding.state, later) for _, holding, later in plan.days()] == [("open", ()), ("closed", ())]


def test_the_dialplan_has_every_day_exactly_and_nothing_of_a_caller() -> None:
    text = render(make_plan(hours=(hours(),)))["sd-hours.conf"]
    assert re.findall(r"^exten => (\w+),", text, re.M) == ["s", "s", "20779", "20780"]
    assert f"GotoIf($[${{AT}} < {DAY + 5 * HOUR}]?end)" in text
    assert set(re.findall(r"\$\{(\w+)", text)) == {"FILTER", "ARG1", "ARG2", "AT", "DAY", "MATH"}


def test_without_hours_there_is_a_context_that_says_open() -> None:
    text = render(make_plan())["sd-hours.conf"]
    assert "Set(SD_STATE=open)" in text
    assert text.count("[sd-hours") == 1
    assert 'include "sd-hours.conf"' in render(make_plan())["extensions.conf"]


def test_new_hours_take_a_reload_of_the_dialplan() -> None:
    assert reload_commands({"sd-hours.conf"}) == ("dialplan reload",)


@pytest.mark.parametrize(
    "changes",
    [
        {"queue": "family]\n[evil"},
        {"queue": "${SHELL(id)}"},
        {"edges": ()},
        {"edges": (Edge(at=DAY + 1, state="open"),)},
        {"edges": (Edge(at=DAY, state="open"), Edge(at=DAY, state="closed"))},
        {"edges": (Edge(at=DAY, state="open)\nexten => s,1,System(x"),)},
        {"edges": (Edge(at=DAY, state="closed", next_open=-5),)},
        {"edges": (Edge(at=DAY, state="closed", next_open="1)\nexten"),)},  # type: ignore[arg-type]
        {"until": DAY + 5},
    ],
)
def test_hours_that_would_change_the_file_are_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(UnsafeConfigValue, match="hours"):
        render(make_plan(hours=(hours(**changes),)))


def test_a_queue_has_one_table() -> None:
    with pytest.raises(UnsafeConfigValue, match="twice"):
        render(make_plan(hours=(hours(), hours())))
