"""The real parts of the chaos run, made once for all tests here."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.chaos.campaign import Campaign, Rigs


@pytest.fixture(scope="session")
def rigs() -> Iterator[Rigs]:
    rigs = Rigs()
    yield rigs
    rigs.close()


@pytest.fixture(scope="module")
def others() -> Iterator[Rigs]:
    """For one file only: a rig that does nothing still takes its part of the processor."""
    others = Rigs()
    yield others
    others.close()


@pytest.fixture
def campaign(rigs: Rigs) -> Iterator[Campaign]:
    """SQLite, all six processes."""
    with rigs.campaign("sqlite") as campaign:
        yield campaign


@pytest.fixture
def on_postgres(others: Rigs) -> Iterator[Campaign]:
    with others.campaign("postgresql", engine="postgresql") as campaign:
        yield campaign


@pytest.fixture
def with_a_clock(others: Rigs) -> Iterator[Campaign]:
    """Our processes have a clock of their own."""
    with others.campaign("clock", faked_clock=True) as campaign:
        yield campaign
