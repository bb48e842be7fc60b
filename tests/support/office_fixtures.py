"""Fixtures of the tests that need the whole service; tests/browser/conftest.py takes them in."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests.support.live_office import LiveOffice
from tests.support.service import LiveService
from tests.support.wait import wait_for

MORE_DESCRIPTORS = 12
"""What a process may have more at the end than after its first test: SQLite's pool keeps five connections, each with
the file and its log, and the first test may have needed only one of them. A leak of one in five tests is still seen."""
MORE_THREADS = 3


@pytest.fixture(scope="session")
def running_office(chromium: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveOffice]:
    """One service for the session. At its end nothing has grown: descriptors and threads of each process of ours."""
    with LiveService() as service:
        office = LiveOffice(service, chromium, tmp_path_factory.mktemp("office"))
        yield office
        before = office.load_after_first_test

        def grown() -> dict[str, object]:
            after = office.load()
            return {
                name: (before[name], after[name])
                for name in before
                if after[name][0] > before[name][0] + MORE_DESCRIPTORS
                or after[name][1] > before[name][1] + MORE_THREADS
            }

        # Idle worker threads of the pages go away by themselves after ten seconds.
        wait_for(lambda: not grown(), 15, f"no process to have grown: {grown()}", pause=0.5)
        office.database.dispose()


@pytest.fixture
def office(running_office: LiveOffice) -> Iterator[LiveOffice]:
    """The service with nobody signed in. After the test: no error on any page, no channel, bridge or open call left."""
    running_office.tidy()
    yield running_office
    errors = [error for person in running_office.people for error in person.unforgiven()]
    running_office.reset()
    if not running_office.load_after_first_test:
        running_office.load_after_first_test = running_office.load()
    assert not errors, "\n".join(errors)
