"""When people may next call from the lists, by the hours of whoever asks."""

from __future__ import annotations

from datetime import timedelta

from crm.db import Database
from crm.dialler import next_hours
from tests.integration.crm.scenario import NOON, employee

HOUR = timedelta(hours=1)


def test_within_the_hours_nothing_is_said_and_outside_the_next_ones(town: Database) -> None:
    with town.reading() as session:
        lavrova, warden = employee(session, "lavrova"), employee(session, "vorobey")
        assert next_hours.opens_at(session, lavrova, NOON + HOUR) is None
        in_the_evening = next_hours.opens_at(session, lavrova, NOON + 8 * HOUR)
        on_saturday = next_hours.opens_at(session, lavrova, NOON + 48 * HOUR)
        assert next_hours.opens_at(session, warden, NOON + 8 * HOUR) is None, "she calls nobody from a list"
    assert in_the_evening == NOON + 21 * HOUR, "Friday, 9:00 in Moscow"
    assert on_saturday == NOON + (24 * 4 - 3) * HOUR, "Monday, 9:00 in Moscow"
