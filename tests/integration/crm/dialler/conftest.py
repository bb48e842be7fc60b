"""What several tests of the engine begin with."""

from __future__ import annotations

from datetime import timedelta

import pytest

from crm.db import Database
from crm.family_tables import Person
from tests.integration.crm.booking import booked
from tests.integration.crm.dialler.ordering import AFTERNOON
from tests.integration.crm.scenario import NOON
from tests.support.dialling import agrees, robot_on, task_for


@pytest.fixture
def task_id(town: Database) -> int:
    """A booking of tomorrow, of which its family is to be reminded this afternoon by the robot."""
    with town.transaction() as session:
        robot_on(session, 1, NOON)
        row = booked(session, at=NOON + timedelta(days=1))
        agrees(session, session.get_one(Person, row.person_id), NOON)
        return task_for(session, row, AFTERNOON).id
