"""Each call has one fate; shares, waits and lights are those of a hand count."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callflow.service_level import (
    CallFact,
    Fate,
    Light,
    Tally,
    Targets,
    above,
    fate_of,
    level_light,
    lost_light,
    percent,
    tally,
)

NINE = datetime(2026, 11, 12, 6, 0, tzinfo=UTC)


def call(
    wait: float, *, answered: bool = True, talk: float | None = 60.0, outcome: str = "", failed: bool = False
) -> CallFact:
    then = NINE + timedelta(seconds=wait)
    return CallFact(NINE, then if answered else None, then, outcome, failed, talk if answered else None)


@pytest.mark.parametrize(
    ("fact", "fate"),
    [
        (call(3), Fate.ANSWERED),
        (call(3, outcome="callback"), Fate.ANSWERED),
        (call(5, answered=False), Fate.SHORT),
        (call(5.001, answered=False), Fate.LOST),
        (call(40, answered=False, outcome="overflow"), Fate.LOST),
        (call(2, answered=False, outcome="nobody"), Fate.LOST),
        (call(40, answered=False, outcome="callback"), Fate.CALLBACK),
        (call(40, answered=False, outcome="voicemail"), Fate.VOICEMAIL),
        (call(40, answered=False, outcome="break"), Fate.BREAK),
        (call(40, answered=False, outcome="closed"), Fate.CLOSED),
        (call(40, answered=False, failed=True), Fate.FAILED),
    ],
)
def test_the_fate_of_a_call(fact: CallFact, fate: Fate) -> None:
    assert fate_of(fact) is fate


def test_a_hand_count() -> None:
    calls = [call(4), call(20), call(20.5), call(61, talk=120.0), call(3, answered=False), call(30, answered=False),
             call(200, answered=False), call(9, answered=False, outcome="closed")]  # fmt: skip
    found = tally(calls)
    assert (found.total, found.offered, found.answered, found.lost, found.in_time) == (8, 6, 4, 2, 2)
    assert (found.level, found.lost_share) == (Decimal("33.3"), Decimal("33.3"))
    assert (found.average_wait, found.longest, found.longest_lost) == (26.375, 61.0, 200.0)
    assert found.average_talk == 75.0
    assert (found.answered_within(10), found.answered_within(30), found.lost_by_wait()) == (1, 3, [0, 1, 0, 1])


def test_nothing_is_no_figure() -> None:
    empty = Tally()
    assert (empty.level, empty.average_wait, empty.average_talk, empty.lost_share) == (None, None, None, None)
    assert (level_light(empty), lost_light(empty)) == (Light.NONE, Light.NONE)


@given(st.lists(st.tuples(st.floats(0, 4000), st.booleans(), st.sampled_from(["", "closed", "callback", "overflow"]))))
def test_the_fates_add_up_whatever_the_calls(stories: list[tuple[float, bool, str]]) -> None:
    calls = [call(wait, answered=answered, outcome=outcome) for wait, answered, outcome in stories]
    found = tally(calls)
    assert found.total == len(calls)
    assert found.in_time <= found.answered <= found.offered <= found.total
    assert sum(found.lost_by_wait()) == found.lost
    assert found.level is None or 0 <= found.level <= 100


def test_a_half_is_rounded_up() -> None:
    assert percent(1, 16) == Decimal("6.3")
    assert percent(1, 8) == Decimal("12.5")


def test_the_lights_turn_at_their_thresholds() -> None:
    assert [above(value, 3, 6) for value in (2, 3, 5, 6)] == [Light.GREEN, Light.YELLOW, Light.YELLOW, Light.RED]
    targets = Targets(answer_seconds=20, level_percent=80, abandoned_percent=10)
    good, late, lost = call(1), call(100), call(100, answered=False)
    assert level_light(tally([good] * 8 + [late] * 2, targets)) is Light.GREEN
    assert level_light(tally([good] * 7 + [late] * 3, targets)) is Light.YELLOW
    assert level_light(tally([good] * 6 + [late] * 4, targets)) is Light.RED
    assert lost_light(tally([good] * 9 + [lost], targets)) is Light.GREEN
    assert lost_light(tally([good] * 8 + [lost] * 2, targets)) is Light.YELLOW
    assert lost_light(tally([good] * 7 + [lost] * 3, targets)) is Light.RED
    assert all(light.words for light in Light if light is not Light.NONE)


def test_what_needs_somebody_now_is_urgent_and_a_share_of_a_past_day_is_not() -> None:
    assert [one.words for one in Light] == ["норма", "внимание", "срочно", ""]
    assert [one.target_words for one in Light] == ["норма", "внимание", "хуже цели", ""]
