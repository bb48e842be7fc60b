"""The state table of an appeal, its days, and the words of its measures: no clock, no records."""

from __future__ import annotations

from datetime import UTC, date, datetime
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from crm.appeals.kinds import HELP_WITH_OBSTACLES, KINDS, cleaned, missing, overlap, sentence_of
from crm.appeals.states import FINAL, MOVES, OPEN, TITLES, WORKING, Progress, may_move, working_moves
from crm.appeals.terms import is_late

MOSCOW = ZoneInfo("Europe/Moscow")


def test_every_state_has_a_title_and_its_moves() -> None:
    assert {state.value for state in Progress} == set(TITLES)
    assert set(MOVES) == set(Progress)


def test_the_way_of_the_procedure_is_allowed() -> None:
    way = [Progress.NEW, Progress.IN_WORK, Progress.WAITING_BODY, Progress.RESOLVED, Progress.SURVEY, Progress.CLOSED]
    assert all(may_move(now, then) for now, then in pairwise(way))


def test_nobody_jumps_over_the_result_and_the_survey() -> None:
    for state in WORKING:
        assert not may_move(state, Progress.CLOSED)
        assert not may_move(state, Progress.SURVEY)


def test_what_is_final_is_only_annulled_and_annulled_stays() -> None:
    for state in FINAL - {Progress.ANNULLED}:
        assert MOVES[state] == {Progress.ANNULLED}
    assert MOVES[Progress.ANNULLED] == frozenset()
    assert set(Progress) == OPEN | FINAL


def test_buttons_are_only_for_allowed_moves() -> None:
    for state in Progress:
        assert all(may_move(state, then) and then in WORKING for then in working_moves(state))
    assert working_moves(Progress.SURVEY) == []


def test_a_row_is_late_when_it_was_entered_on_another_day_of_the_institution() -> None:
    evening = datetime(2026, 11, 12, 20, 50, tzinfo=UTC)  # 23:50 in Moscow
    assert is_late(evening, datetime(2026, 11, 12, 21, 10, tzinfo=UTC), MOSCOW)
    assert not is_late(evening, datetime(2026, 11, 12, 20, 59, tzinfo=UTC), MOSCOW)


def test_the_measures_against_obstacles_are_those_of_the_procedure() -> None:
    assert {"home_visit", "sitter", "represent", "transport", "request"} == HELP_WITH_OBSTACLES


@pytest.mark.parametrize("code", sorted(KINDS))
def test_each_kind_asks_for_what_it_needs(code: str) -> None:
    kind = KINDS[code]
    lacking = missing(kind, {}, None)
    assert {one.name for one in kind.details if one.required} <= set(lacking)
    assert ("planned_on" in lacking) is bool(kind.day)


def test_a_representative_needs_a_power_of_attorney() -> None:
    assert {"power_number", "power_date"} <= set(missing(KINDS["represent"], {"employee": "Воробей"}, None))


def test_a_measure_is_printed_in_the_words_of_the_procedure() -> None:
    details = cleaned(KINDS["transport"], {"vehicle": "Ларгус", "driver": "Панов", "route": "Лесное", "where": "чужое"})
    text = sentence_of(KINDS["transport"], details, date(2026, 11, 14), "Заехать к 9.")
    assert text == (
        "Предоставление транспортного средства: день поездки 14.11.2026, машина Ларгус, водитель Панов, "
        "маршрут Лесное. Заехать к 9"
    )


def test_engagements_overlap_by_time_and_without_times_take_the_day() -> None:
    morning, noon = {"start": "09:00", "end": "12:00"}, {"start": "12:00", "end": "13:00"}
    assert not overlap(morning, noon)
    assert overlap(morning, {"start": "11:59", "end": "12:30"})
    assert overlap(morning, {})
    assert missing(KINDS["sitter"], {"worker": "Орехова", "start": "12:00", "end": "10:00"}, date(2026, 11, 14))
