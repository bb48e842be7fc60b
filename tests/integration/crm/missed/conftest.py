"""What every test of the missed calls begins with."""

import pytest

from crm.db import Database
from tests.integration.crm.missed import ledger as g


@pytest.fixture
def town(town: Database) -> Database:
    """Without the demo's missed calls."""
    with town.transaction() as session:
        g.clear(session)
    return town
