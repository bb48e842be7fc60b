"""The specialists' telephones: a scripted exchange says that something changed, is asked, and its answer is kept."""

# ruff: noqa: F811 - the fixtures of test_listener.py

import threading
from collections.abc import Iterator

import pytest
from sqlalchemy import select

from crm.db import Database
from crm.specialists.tables import DeviceState
from tests.integration.workers.test_listener import SECRET, database, exchange, settings  # noqa: F401 - fixtures
from tests.support.scripted_ami import Request, ScriptedAmi, event, response
from tests.support.valkey import TemporaryValkey
from tests.support.wait import wait_for
from workers import queues
from workers.feed import STREAM, Feed
from workers.listener import Listener
from workers.settings import ServiceSettings

CODES = {"idle": "0", "busy": "1", "off": "4", "ringing": "8"}


class Phones:
    """What the exchange answers about its hints."""

    def __init__(self, peer: ScriptedAmi) -> None:
        self.states = dict.fromkeys(("201", "202", "203", "204", "101"), "idle")
        self.peer = peer
        peer.on("ExtensionState", self._answer)

    def _answer(self, request: Request) -> bytes:
        return response(request, "Success", Exten=request["Exten"], Status=CODES[self.states[request["Exten"]]])

    def say(self, extension: str, state: str, device: str = "") -> None:
        self.states[extension] = state
        self.peer.emit(
            event(
                "DeviceStateChange",
                Privilege="call,all",
                Timestamp="1763796000.100000",
                SystemName="dispatch",
                Device=device or f"PJSIP/{extension}",
                State="ANY",
            )
        )

    def asked(self) -> list[str]:
        return [request["Exten"] for request in self.peer.actions("ExtensionState")]


@pytest.fixture
def phones(exchange: ScriptedAmi) -> Phones:
    return Phones(exchange)


@pytest.fixture
def listener(
    settings: ServiceSettings,
    database: Database,
    valkey: TemporaryValkey,
    phones: Phones,
) -> Iterator[Listener]:
    running = Listener(settings, database, Feed(valkey.url))
    stopping = threading.Event()
    thread = threading.Thread(target=running.watch_devices, args=(stopping,))
    running.start()
    thread.start()
    yield running
    stopping.set()
    running._devices.look_at_everybody()
    running.stop()
    thread.join(10)


def states(opened: Database) -> dict[str, str]:
    with opened.reading() as session:
        return {row.extension: row.state for row in session.scalars(select(DeviceState))}


ALL_IDLE = dict.fromkeys(("201", "202", "203", "204"), "idle")


def test_after_a_login_every_specialist_is_asked_about_and_nobody_else(
    listener: Listener,
    phones: Phones,
    database: Database,
) -> None:
    wait_for(lambda: states(database) == ALL_IDLE)
    assert set(phones.asked()) == set(ALL_IDLE)


def test_a_change_of_either_telephone_is_kept_and_told(
    listener: Listener,
    phones: Phones,
    database: Database,
    valkey: TemporaryValkey,
) -> None:
    wait_for(lambda: states(database) == ALL_IDLE)
    phones.say("201", "busy", device="PJSIP/201-web")
    wait_for(lambda: states(database)["201"] == "busy")
    phones.say("201", "off")
    wait_for(lambda: states(database)["201"] == "off")
    with queues.connect(valkey.url) as client:
        kinds = [fields[b"kind"] for _, fields in client.xrange(STREAM)]
    assert kinds.count(b"presence") >= 3  # all of them, then each change


def test_operators_telephones_and_forged_events_ask_nothing(
    listener: Listener,
    exchange: ScriptedAmi,
    phones: Phones,
    database: Database,
) -> None:
    wait_for(lambda: states(database) == ALL_IDLE)
    exchange.requests.clear()
    phones.say("101", "busy")
    phones.states["202"] = "busy"
    exchange.emit(b"Event: DeviceStateChange\r\nDevice: PJSIP/202\r\nState: INUSE\r\nCallerIDNum: 100\r\n\r\n")
    phones.say("203", "ringing")
    wait_for(lambda: states(database)["203"] == "ringing")
    assert phones.asked() == ["203"]
    assert states(database)["202"] == "idle"


def test_many_changes_at_once_are_one_question(
    listener: Listener,
    exchange: ScriptedAmi,
    phones: Phones,
    database: Database,
) -> None:
    wait_for(lambda: states(database) == ALL_IDLE)
    exchange.requests.clear()
    for _ in range(200):
        phones.say("204", "busy")
    wait_for(lambda: states(database)["204"] == "busy")
    phones.say("201", "busy")
    wait_for(lambda: states(database)["201"] == "busy")
    assert len(phones.asked()) < 20


def test_what_was_missed_while_the_link_was_down_is_asked_for_after_it(
    listener: Listener,
    exchange: ScriptedAmi,
    phones: Phones,
    database: Database,
) -> None:
    wait_for(lambda: states(database) == ALL_IDLE)
    phones.states["202"] = "off"
    exchange.cut()
    wait_for(lambda: states(database)["202"] == "off", 15)
