"""The pages as people reach them: a real server on a free port, a real Valkey, the demo's people and families.

`Place` plays the listener too: what the exchange would report goes into the records, and the notices into the feed.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import uvicorn

from callflow import events
from callflow.caller_id import CallerId, CallerKind
from crm import calls, exchange_state, heartbeat, institution, sign_in
from crm.staff import by_login, service_ids_of
from tests.support.desks import desk_over
from tests.support.ports import free_port
from tests.support.records import demo_records
from tests.support.valkey import TemporaryValkey
from web.app import create_app
from web.desk import Desk
from web.settings import WebSettings
from workers.feed import Feed
from workers.notices import notices_of

SECRET = "0123456789abcdef" * 4


def furnish(folder: Path) -> Path:
    """Put the demo's records into a folder."""
    demo_records(folder / "records.db", SECRET).dispose()
    return folder


class Server:
    """The pages in a thread; may be stopped and started again on the same port."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk

    def start(self) -> None:
        """Serve, and wait until it does."""
        self.app = create_app(desk=self.desk)
        port = self.desk.settings.http_address.port
        config = uvicorn.Config(self.app, port=port, log_level="error", timeout_graceful_shutdown=3)
        self.server = uvicorn.Server(config)
        self.thread = threading.Thread(target=self.server.run, daemon=True)
        self.thread.start()
        while not self.server.started:
            time.sleep(0.01)

    def stop(self) -> None:
        """As SIGTERM does."""
        self.app.state.streams.stop()
        self.server.should_exit = True
        self.thread.join(10)
        assert not self.thread.is_alive()


class Place:
    """A running office."""

    def __init__(self, desk: Desk, valkey: TemporaryValkey) -> None:
        self.desk, self.valkey = desk, valkey
        self.port = desk.settings.http_address.port
        self.address = f"http://127.0.0.1:{self.port}"
        self.feed = Feed(valkey.url)
        self.server = Server(desk)
        self.ids: dict[str, int] = {}
        self.beat()

    def sign_in(self, login: str) -> str:
        """A session without a page; return its cookie."""
        with self.desk.database.transaction() as session:
            result = sign_in.sign_in(session, login, f"demo-{login}-2026", "127.0.0.1", "test", datetime.now(UTC))
            assert isinstance(result, sign_in.SignedIn)
            self.ids[login] = result.employee.id
            return result.token

    def beat(self, *, link: bool = True) -> None:
        """The other processes say that they live."""
        at = datetime.now(UTC)
        with self.desk.database.transaction() as session:
            for process in ("listener", "agi", "worker", "exchange"):
                heartbeat.beat(session, process, at)
            exchange_state.note_link(session, up=link, reason="", at=at)

    def fact(self, kind: type, **fields: object) -> None:
        """The exchange reports something; whoever it concerns is told."""
        with self.desk.database.transaction() as session:
            recorded = calls.record(session, kind(at=datetime.now(UTC), **fields))
            notices = notices_of(session, recorded)
        self.feed.publish(notices)

    def ring(self, call: str, number: str | None = "+79070000101", *, name: str = "", extension: str = "101") -> None:
        """Somebody calls the first service, and this extension rings."""
        with self.desk.database.reading() as session:
            lavrova = by_login(session, "lavrova")
            assert lavrova is not None
            first = service_ids_of(session, lavrova.id)[0]
            line = next(line for line in institution.active_lines(session) if line.service_id == first)
        kind = CallerKind.NUMBER if number else CallerKind.HIDDEN
        self.fact(events.CallArrived, call=call, did=line.did, channel="PJSIP/trunk-1")
        self.fact(events.CallerIdentified, call=call, did=line.did, caller=CallerId(kind, number, name))
        self.fact(events.CallerWaiting, call=call, queue=line.service.queue, position=1)
        leg = f"{call}-{extension}"
        self.fact(events.OperatorRinging, call=call, leg=leg, extension=extension, queue=line.service.queue)

    def answer(self, call: str, extension: str = "101") -> None:
        """The operator picks up."""
        leg = f"{call}-{extension}"
        self.fact(events.OperatorAnswered, call=call, leg=leg, extension=extension, wait_seconds=3.0)

    def hang_up(self, call: str, extension: str = "101") -> None:
        """The talk is over."""
        leg = f"{call}-{extension}"
        self.fact(events.OperatorReleased, call=call, leg=leg, extension=extension, reason="caller", talk_seconds=9.0)
        self.fact(events.CallEnded, call=call, cause=16)

    def give_up(self, call: str) -> None:
        """The caller hangs up while it still rings."""
        self.fact(events.CallerGaveUp, call=call, waited_seconds=5.0)
        self.fact(events.CallEnded, call=call, cause=16)


@contextmanager
def running_place(furnished: Path, folder: Path, **settings_given: str) -> Iterator[Place]:
    """A copy of the furnished records, served until the end of the block."""
    for file in furnished.glob("records.db*"):
        (folder / file.name).write_bytes(file.read_bytes())
    with TemporaryDirectory(prefix="sd-") as sockets, TemporaryValkey(Path(sockets)) as valkey:
        settings = WebSettings(
            data_dir=folder,
            secret_key=SECRET,
            redis_url=valkey.url,
            http_bind=f"127.0.0.1:{free_port()}",
            _env_file=None,
            **settings_given,
        )
        desk = desk_over(settings)
        place = Place(desk, valkey)
        place.server.start()
        try:
            yield place
        finally:
            place.server.stop()
            desk.close()
