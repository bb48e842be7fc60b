"""People of ours press «Позвонить» on real pages; what rings in a network of families is counted."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.exchange import LiveExchange
from tests.support.network import Network
from tests.support.rig_office import RigOffice, office_over, offices_exchange
from tests.support.robot_rig import Rig


@pytest.fixture(scope="module")
def network() -> Iterator[Network]:
    with Network() as network:
        yield network


@pytest.fixture(scope="module")
def running(network: Network) -> Iterator[LiveExchange]:
    with offices_exchange(network) as exchange:
        yield exchange


@pytest.fixture
def office(exchange: LiveExchange, network: Network, tmp_path: Path) -> Iterator[RigOffice]:
    network.numbers.clear()
    network.calls.clear()
    with Rig(exchange, network, tmp_path) as rig:
        with office_over(rig) as office:
            yield office
        exchange.reset()
