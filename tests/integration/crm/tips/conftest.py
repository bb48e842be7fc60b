"""What every test of the tips begins with."""

import pytest

from crm.db import Database
from tests.integration.crm.tips import tipped as t


@pytest.fixture
def town(town: Database) -> Database:
    """Without the demo's tips."""
    with town.transaction() as session:
        t.clear(session)
    return town
