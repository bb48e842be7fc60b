"""A real exchange per test file, and a look for leaks around every test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from crm.db import Database
from telephony.config.plan import LinePlan, Member, QueuePlan
from tests.support.agi_stub import AgiStub
from tests.support.ami_tap import AmiTap
from tests.support.exchange import DID, FIREHOSE, LiveExchange, operator
from tests.support.listening_network import ListeningNetwork
from tests.support.network import Behaviour
from tests.support.phone import DeskPhone
from tests.support.sipp import Call, SippCaller
from tests.support.talking_robot import copy_of, demo_town
from tests.support.transfer_office import lavrova, office, smirnova  # noqa: F401 - fixtures
from tests.support.wait import wait_for
from workers.dialogue import handler, line


@pytest.fixture(scope="module")
def running() -> Iterator[LiveExchange]:
    """Short times, so that a test is over in seconds: 3 s per operator, rescue after 6 s, a phone is lost after 6 s
    (not less: Asterisk counts whole seconds, and a loaded machine lets a test's phone be silent for two)."""
    with LiveExchange(
        staff=(operator("101"), operator("102")),
        queues=(
            QueuePlan(
                name="family",
                members=(Member(extension="101"), Member(extension="102", penalty=1)),
                ring_seconds=3,
                wrapup_seconds=0,
            ),
        ),
        lines=(LinePlan(did=DID, queue="family"),),
        rescue_seconds=6,
        return_seconds=6,
        desk_rtp_timeout=6,
    ) as exchange:
        yield exchange


@pytest.fixture
def exchange(running: LiveExchange, request: pytest.FixtureRequest) -> Iterator[LiveExchange]:
    """The exchange of this file. After each test: no channel, bridge, thread or descriptor (two may be caches) more."""
    before, failures = running.load(), request.session.testsfailed
    yield running
    running.close_taps()
    running.console("queue reset stats")
    if request.session.testsfailed > failures:
        running.reset()
        return  # what a failed test left behind is no leak, and a second error would hide the first
    wait_for(lambda: not running.channels(), 10, f"channels to end: {running.channels()}")

    def settled() -> bool:
        after = running.load()
        nothing_goes_on = after.channels == 0 and after.bridges == 0
        # A few threads of Asterisk's own begin with the first call and stay; after that there is one number.
        same_threads = running.threads_after_first_call in (None, after.threads)
        return nothing_goes_on and same_threads and after.descriptors <= before.descriptors + 2

    # A ring that went to a page that was gone is given up after 32 s (RFC 3261, timer B) and holds its sockets till
    # then.
    wait_for(settled, 40, f"the load to be {before} again, it is {running.load()}")
    if running.threads_after_first_call is None and running.has_had_a_call():
        running.threads_after_first_call = running.load().threads


@pytest.fixture
def tap(exchange: LiveExchange) -> AmiTap:
    """What our listener would hear."""
    return exchange.tap()


@pytest.fixture
def firehose(exchange: LiveExchange) -> AmiTap:
    """Every event."""
    return exchange.tap(FIREHOSE)


@pytest.fixture
def agi(exchange: LiveExchange, tmp_path: Path) -> Iterator[AgiStub]:
    with AgiStub(exchange.plan.agi, tmp_path) as stub:
        yield stub


@pytest.fixture
def phone(exchange: LiveExchange) -> Iterator[DeskPhone]:
    with DeskPhone(exchange.plan.desk_bind, "101") as desk:
        exchange.wait_available("101")
        yield desk


@pytest.fixture
def second_phone(exchange: LiveExchange) -> Iterator[DeskPhone]:
    with DeskPhone(exchange.plan.desk_bind, "102") as desk:
        exchange.wait_available("102")
        yield desk


class Calling:
    """Starts SIPp callers and ends them with the test."""

    def __init__(self, exchange: LiveExchange, folder: Path) -> None:
        self._exchange, self._folder = exchange, folder
        self.callers: list[SippCaller] = []

    def __call__(self, to: str = DID, *, count: int = 1, rate: float = 10.0, **details: object) -> SippCaller:
        folder = self._folder / f"caller{len(self.callers)}"
        call = Call(to=to, **details)  # type: ignore[arg-type]
        caller = SippCaller(folder, self._exchange.plan.trunk_bind, call, count=count, rate=rate)
        self.callers.append(caller)
        return caller.__enter__()


@pytest.fixture
def call(exchange: LiveExchange, tmp_path: Path) -> Iterator[Calling]:
    calling = Calling(exchange, tmp_path)
    yield calling
    for caller in calling.callers:
        caller.__exit__(None, None, None)
    exchange.reset()


@pytest.fixture(scope="module")
def network() -> Iterator[ListeningNetwork]:
    """Families with ears; a file that uses it makes its own exchange (`talking_robot.robots_exchange`)."""
    with ListeningNetwork(Behaviour(talk=None)) as network:
        yield network


@pytest.fixture(scope="session")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo's town as of now, made once."""
    return demo_town(tmp_path_factory.mktemp("town") / "town.db")


@pytest.fixture
def records(filled: Path, tmp_path: Path) -> Iterator[Database]:
    with copy_of(filled, tmp_path) as database:
        yield database


@pytest.fixture
def patient_start(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a machine that does much else nobody is left to the dialplan's last word for being slow."""
    monkeypatch.setattr(handler, "START_SECONDS", 20.0)
    monkeypatch.setattr(handler, "END_SECONDS", 20.0)
    monkeypatch.setattr(line, "QUIET_SECONDS", 60.0)
