"""Recording is on where the director ordered it, with everything that the order must say."""

from __future__ import annotations

import pytest

from crm import exchange_state
from crm.db import Database
from crm.errors import Incomplete, RecordsError, StaleVersion
from crm.recordings import settings
from tests.integration.crm.recordings.recorded import (
    WANTED,
    actions,
    turn_on,
)
from tests.integration.crm.scenario import (
    after,
    employee,
)


def test_recording_is_off_by_default_everywhere(town: Database) -> None:
    with town.reading() as session:
        assert settings.recorded_queues(session) == []
        assert settings.notice_of(session, 1) == ""


def test_the_head_proposes_and_the_director_turns_on(town: Database) -> None:
    with town.transaction() as session:
        before = exchange_state.exchange_state(session).wanted_version
        settings.propose(session, 1, WANTED, employee(session, "roshchina"), after(0), version=1)
        assert settings.recorded_queues(session) == []
        rule = settings.propose(session, 1, WANTED, employee(session, "chernykh"), after(1), version=2)
        assert (rule.state, settings.recorded_queues(session)) == ("on", ["dispatch"])
        assert "нажмите девять" in settings.notice_of(session, 1)
        assert exchange_state.exchange_state(session).wanted_version > before
        again = settings.propose(session, 1, WANTED, employee(session, "chernykh"), after(2), version=2)
        assert again.version == rule.version, "the same form twice"
        settings.turn_off(session, 1, employee(session, "roshchina"), after(3))
        assert settings.recorded_queues(session) == []
    with town.reading() as session:
        assert [one for one in actions(session) if one.startswith("recording")] == [
            "recording.propose", "recording.on", "recording.off",
        ]  # fmt: skip


@pytest.mark.parametrize("missing", ["order_number", "order_date", "ground", "notice", "keep_days"])
def test_nothing_of_the_order_may_be_missing(town: Database, missing: str) -> None:
    values = {name: getattr(WANTED, name) for name in ("order_number", "order_date", "ground", "notice", "keep_days")}
    values[missing] = {"order_date": None, "keep_days": 0}.get(missing, " ")
    with town.transaction() as session, pytest.raises(Incomplete) as refused:
        settings.propose(session, 1, settings.Wanted(**values), employee(session, "chernykh"), after(0), version=1)
    assert list(refused.value.fields) == [missing]


def test_a_notice_must_say_how_to_refuse(town: Database) -> None:
    wanted = settings.Wanted("1", after(0).date(), "закон", "Разговор записывается.", 90)
    with town.transaction() as session, pytest.raises(Incomplete):
        settings.propose(session, 1, wanted, employee(session, "chernykh"), after(0), version=1)


@pytest.mark.parametrize("login", ["lavrova", "gromova", "smirnova", "kim"])
def test_nobody_else_decides(town: Database, login: str) -> None:
    with town.transaction() as session:
        with pytest.raises(RecordsError):
            settings.propose(session, 1, WANTED, employee(session, login), after(0), version=1)
        with pytest.raises(RecordsError):
            settings.turn_off(session, 1, employee(session, login), after(0))


def test_a_form_that_was_open_too_long_changes_nothing(town: Database) -> None:
    with town.transaction() as session:
        turn_on(session)
        other = settings.Wanted("13", after(0).date(), "иное", settings.FIRST_NOTICE, 30)
        with pytest.raises(StaleVersion):
            settings.propose(session, 1, other, employee(session, "chernykh"), after(1), version=1)
