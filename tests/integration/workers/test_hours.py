"""The hours on their way to the exchange: from the rows to the plan, anew every day."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from crm import exchange_state
from crm.calendar.reading import calendar_of
from crm.db import Database
from crm.institution import services
from telephony.config.plan import ExchangePlan
from tests.support.records import demo_records
from tests.support.valkey import TemporaryValkey
from workers.exchange import build_plan
from workers.feed import Feed
from workers.housekeeping import Housekeeping
from workers.provision.asterisk import ExchangeProgram
from workers.settings import ServiceSettings

KEY = "a-key-for-tests-only-0123456789abcdef"
NOON = datetime(2026, 11, 12, 9, 0, tzinfo=UTC)


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = demo_records(tmp_path / "records.db", KEY, NOON)
    yield opened
    opened.dispose()


def plan(database: Database, folder: Path, at: datetime) -> ExchangePlan:
    settings = ServiceSettings(data_dir=folder, secret_key=KEY, _env_file=None)
    program = ExchangeProgram("22.10.1", "", ["asterisk"], Path("/usr/lib/asterisk"), Path("/usr/share/asterisk"))
    with database.reading() as session:
        return build_plan(session, settings, program, at)


def test_the_plan_holds_every_services_edges_for_sixty_days(database: Database, tmp_path: Path) -> None:
    made = plan(database, tmp_path, NOON)
    with database.reading() as session:
        known = {one.queue: calendar_of(session, one.id) for one in services(session)}
    assert [hours.queue for hours in made.hours] == list(known)
    for hours in made.hours:
        assert hours.until == int(datetime(2027, 1, 11, tzinfo=UTC).timestamp())
        for edge in hours.edges:
            moment = known[hours.queue].at(datetime.fromtimestamp(edge.at, UTC))
            opens = int(moment.next_open.timestamp()) if moment.next_open else None
            assert (edge.state, edge.next_open) == (moment.state, opens)


def test_housekeeping_asks_for_a_new_table_when_the_day_is_over(
    database: Database, valkey: TemporaryValkey, tmp_path: Path
) -> None:
    keeper = Housekeeping(database, Feed(valkey.url), tmp_path / "anchors", tmp_path / "exports")
    with database.transaction() as session:
        wanted = exchange_state.exchange_state(session).wanted_version
        exchange_state.note_applied(session, wanted, NOON)
    for hours, more in ((0, 0), (14, 0), (15, 1), (16, 1)):
        keeper.run(NOON + timedelta(hours=hours))
        with database.reading() as session:
            assert exchange_state.exchange_state(session).wanted_version == wanted + more
