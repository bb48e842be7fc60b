"""A robot that talks with families over a real exchange: what every test of its dialogues begins with."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from crm.db import Database
from tests.support.ami_tap import AmiTap
from tests.support.exchange import LiveExchange
from tests.support.listening_network import ListeningNetwork
from tests.support.network import Behaviour
from tests.support.talking_robot import robots_exchange, voice_and_dialogue


@pytest.fixture(scope="module")
def running(network: ListeningNetwork) -> Iterator[LiveExchange]:
    with robots_exchange(network) as exchange:
        yield exchange


@pytest.fixture
def robot_of(
    exchange: LiveExchange, tap: AmiTap, network: ListeningNetwork, records: Database, tmp_path: Path
) -> Iterator[Callable[[type[Any]], Any]]:
    """Makes the robot of this class, which says what it is called for; families answer at once and listen."""
    network.behaves = Behaviour(talk=None)
    with voice_and_dialogue(exchange, records, tmp_path) as (voice, tones, dialogue):
        yield lambda kind: kind(exchange, tap, network, records, voice, tones, dialogue)
