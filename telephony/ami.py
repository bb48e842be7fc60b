"""The manager interface of Asterisk for the rest of the program.

`AmiManager` is pyst2's Manager with its wire replaced: the actions keep their names, one object is one connection.
`AmiSession` outlives connections: it logs in again for ever, asks for a snapshot after every login, and hands out
events in order. It never repeats an action by itself: a call placed twice is a citizen disturbed twice.

Longer than other files because the two belong together and pyst2 may be known to this file and `agi` only.
"""

import logging
import random
import threading
import time
from collections.abc import Callable, Collection, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Any

from asterisk.manager import Manager

from telephony.connection import ActionLike, AmiConnection
from telephony.dispatch import Dispatcher
from telephony.link import (
    ActionRefused,
    AmiAddress,
    AmiError,
    AmiTimeout,
    AnswerUnknown,
    Backoff,
    Counters,
    Link,
    LinkDown,
    LinkState,
    LoginRefused,
)
from telephony.snapshot import Snapshot, take_snapshot
from telephony.wire import Message, UnsafeValue

__all__ = [
    "ActionRefused",
    "AmiAddress",
    "AmiError",
    "AmiManager",
    "AmiSession",
    "AmiTimeout",
    "AnswerUnknown",
    "Counters",
    "Link",
    "LinkDown",
    "LinkState",
    "LoginRefused",
    "Message",
    "Snapshot",
    "UnsafeValue",
]

log = logging.getLogger(__name__)

_BOOTED_WITHIN = 60.0


def _ignore(_: object) -> None:
    pass


class AmiManager(Manager):
    """pyst2's vocabulary (hangup, redirect, originate, status…) over one `AmiConnection`.

    Every action raises UnsafeValue or LinkDown when nothing was sent, AmiTimeout or AnswerUnknown when nobody knows.
    """

    def __init__(
        self,
        *,
        on_events: Callable[[list[Message]], None] = _ignore,
        on_late: Callable[[Message], None] = _ignore,
        on_end: Callable[[str], None] = _ignore,
        counters: Counters | None = None,
        timeout: float = 5.0,
    ) -> None:
        # pyst2's own constructor makes queues and threads that this class has no use for, so it is not called.
        self._connection: AmiConnection | None = None
        self._callbacks = {"on_events": on_events, "on_late": on_late, "on_end": on_end}
        self._counters = counters or Counters()
        self._timeout = timeout

    def __del__(self) -> None:
        """pyst2 logs off here, which may hang whichever thread collects the garbage."""

    @property
    def connection(self) -> AmiConnection:
        """The open connection. Raises LinkDown before `connect`."""
        if self._connection is None:
            raise LinkDown("not connected")
        return self._connection

    def connect(self, host: str, port: int = 5038) -> str:
        """Open the one connection this object will have; the banner. Raises OSError, AmiTimeout, LinkDown."""
        if self._connection is not None:
            raise LinkDown("an AmiManager connects once")
        callbacks: dict[str, Any] = self._callbacks
        self._connection = AmiConnection(
            host, port, counters=self._counters, connect_timeout=self._timeout, send_timeout=self._timeout, **callbacks
        )
        self._connection.wait_greeting(self._timeout)
        return self._connection.banner

    def connected(self) -> bool:
        return self._connection is not None and not self._connection.ended

    def close(self, reason: str = "closed") -> None:
        """End the connection without waiting for the peer's consent."""
        if self._connection is not None:
            self._connection.close(reason)

    def send_action(self, cdict: Any = (), **kwargs: Any) -> Message:
        action = dict(cdict) | kwargs
        return self.connection.send(action, self._timeout)

    def collect(self, action: ActionLike, timeout: float = 5.0) -> list[Message]:
        return self.connection.collect(action, timeout)

    def login(self, username: str, secret: str) -> Message:
        """Log in. Raises LoginRefused, whose text is Asterisk's and never holds the secret."""
        answer = self.send_action([("Action", "Login"), ("Username", username), ("Secret", secret), ("Events", "on")])
        if not answer.succeeded:
            raise LoginRefused(answer.get("Message") or "refused")
        return answer

    def status(self, channel: str = "") -> list[Message]:
        """The `Status` events of one channel, or of all."""
        action = {"Action": "Status"} | ({"Channel": channel} if channel else {})
        return self.collect(action, self._timeout)

    def originate(self, channel: str, exten: str, *args: Any, **kwargs: Any) -> Message:
        """As pyst2's, but asynchronous (else Asterisk holds the whole session until somebody answers) and without
        EarlyMedia, unless asked for."""
        options: dict[str, Any] = {"run_async": True, "earlymedia": ""} | kwargs
        answer: Message = super().originate(channel, exten, *args, **options)
        return answer


class AmiSession:
    """A conversation with the exchange that survives its connections.

    Callbacks run one at a time on one thread, in this order after every login: `on_connected(snapshot)`, `on_link(UP)`,
    then the events that came meanwhile, then the live ones. `link` and `send` may be used from any thread.

    `events` limits `on_event` to these names. `login_pause` (seconds) keeps a wrong secret under six tries a minute.
    """

    def __init__(
        self,
        address: AmiAddress,
        *,
        on_event: Callable[[Message], None],
        on_link: Callable[[LinkState], None] = _ignore,
        on_connected: Callable[[Snapshot], None] | None = None,
        on_late: Callable[[Message], None] = _ignore,
        events: Collection[str] | None = None,
        backoff: Backoff | None = None,
        login_pause: float = 12.0,
        ping_every: float = 5.0,
        ping_limit: float = 5.0,
        queue_limit: int = 10_000,
        booted_within: float = _BOOTED_WITHIN,
    ) -> None:
        self._address = address
        self._on_link = on_link
        self._on_connected = on_connected
        self._on_late = on_late
        self._wanted = None if events is None else frozenset(events)
        self._backoff = backoff or Backoff()
        self._login_pause = login_pause
        self._ping_every = ping_every
        self._ping_limit = ping_limit
        self._queue_limit = queue_limit
        self._booted_within = booted_within
        self.counters = Counters()
        self.clock_skew: float | None = None
        """Seconds by which the exchange's clock is ahead of ours at the last Ping."""
        self._dispatcher = Dispatcher(on_event, self.counters, queue_limit)
        self._link = LinkState(Link.DOWN, datetime.now(UTC), "not started")
        self._lock = threading.Lock()
        self._early: list[Message] | None = []
        self._manager: AmiManager | None = None
        self._booted = threading.Event()
        self._ended = threading.Event()
        self._stopping = threading.Event()
        self._keeper = threading.Thread(target=self._keep, name="ami-keeper", daemon=True)

    def start(self) -> None:
        """Begin to connect; returns at once."""
        self._dispatcher.start()
        self._keeper.start()

    def stop(self) -> None:
        """End the connection and all threads; actions in flight raise AnswerUnknown."""
        self._stopping.set()
        self._ended.set()
        self._booted.set()
        self._drop("stopped")
        if self._keeper.is_alive():
            self._keeper.join()
        self._dispatcher.stop()

    @property
    def link(self) -> LinkState:
        return self._link

    @property
    def manager(self) -> AmiManager:
        """pyst2's vocabulary on the present connection. Raises LinkDown while there is none."""
        manager = self._manager
        if manager is None or not self._link.up:
            raise LinkDown(self._link.reason or "down")
        return manager

    def send(self, action: ActionLike, timeout: float = 5.0) -> Message:
        """The response to one action, sent once (see `AmiConnection.send` for what it raises)."""
        return self.manager.connection.send(action, timeout)

    def send_all(self, actions: Sequence[ActionLike], timeout: float = 5.0) -> list[Message]:
        """The responses to several actions that go out together (see `AmiConnection.send_all`)."""
        return self.manager.connection.send_all(actions, timeout)

    def collect(self, action: ActionLike, timeout: float = 5.0) -> list[Message]:
        """The events of a list action. Raises also ActionRefused."""
        return self.manager.connection.collect(action, timeout)

    # --- the keeper's thread: connect, watch, wait, again

    def _keep(self) -> None:
        while not self._stopping.is_set():
            pause = None
            manager = self._new_manager()
            try:
                self._connect(manager)
                self._backoff.reset()
                self._watch(manager)
            except LoginRefused as error:
                self._lost(f"login refused: {error}")
                pause = self._login_pause * (1 + 0.2 * random.random())  # noqa: S311 - spreads tries, hides nothing
            except ActionRefused as error:
                self._lost(f"permission missing: {error}")
                pause = self._login_pause
            except (OSError, AmiError) as error:
                self._lost(str(error) if isinstance(error, AmiError) else f"no connection: {type(error).__name__}")
            finally:
                self._manager = None
                manager.close(self._link.reason)
            self._stopping.wait(self._backoff.next() if pause is None else pause)
        self._lost("stopped")

    def _new_manager(self) -> AmiManager:
        with self._lock:
            self._early = []
        self._booted.clear()
        self._ended.clear()
        return AmiManager(
            on_events=self._receive, on_late=self._late, on_end=self._end, counters=self.counters, timeout=5.0
        )

    def _connect(self, manager: AmiManager) -> None:
        self._manager = manager
        manager.connect(self._address.host, self._address.port)
        manager.login(self._address.user, self._address.secret)
        self.counters.logins += 1
        if not self._booted.wait(self._booted_within):
            raise AmiTimeout("FullyBooted not seen: the account needs read=system")
        snapshot = take_snapshot(manager.connection) if self._on_connected else None
        self._up(manager, snapshot)

    def _up(self, manager: AmiManager, snapshot: Snapshot | None) -> None:
        state = LinkState(Link.UP, datetime.now(UTC))
        steps: list[Callable[[], None]] = [partial(self._on_link, state)]
        if snapshot is not None and self._on_connected is not None:
            steps.insert(0, partial(self._on_connected, snapshot))
        with self._lock:
            if manager.connection.ended or self._stopping.is_set():
                raise LinkDown(manager.connection.ended)
            self.counters.reconnects += self.counters.logins > 1
            self._link = state
            self._dispatcher.put_steps(steps)
            early, self._early = self._early or [], None
            if early and not self._dispatcher.put(early):
                raise LinkDown("event queue overflow")
        log.info("AMI link up")

    def _watch(self, manager: AmiManager) -> None:
        while not self._stopping.is_set() and not manager.connection.ended:
            if not self._ended.wait(self._ping_every):
                try:
                    answer = manager.connection.send([("Action", "Ping")], self._ping_limit)
                except AmiTimeout:
                    raise LinkDown("ping not answered") from None
                self._read_clock(answer.get("Timestamp"))
        self._lost(manager.connection.ended)

    def _read_clock(self, stamp: str) -> None:
        try:
            self.clock_skew = float(stamp) - time.time()
        except ValueError:
            self.clock_skew = None

    # --- the reader's thread

    def _receive(self, events: list[Message]) -> None:
        for event in events:
            if event.raw.startswith((b"Event: FullyBooted", b"Event: Shutdown")):
                self._notice(event)
        if self._wanted is not None:
            events = [event for event in events if event.event in self._wanted]
            if not events:
                return
        with self._lock:
            early = self._early
            if early is not None:
                early.extend(events)
                fits = len(early) <= self._queue_limit
            else:
                fits = self._dispatcher.put(events)
        if not fits:
            self.counters.overflows += 1
            self.counters.dropped += self._dispatcher.clear() + len(events)
            self._drop("event queue overflow")

    def _notice(self, event: Message) -> None:
        if event.event == "FullyBooted":
            self._booted.set()
        elif event.single("Privilege"):
            self._drop("exchange shutting down")

    def _drop(self, reason: str) -> None:
        manager = self._manager
        if manager is not None and manager.connected():
            manager.connection.drop(reason)

    def _late(self, response: Message) -> None:
        self._dispatcher.put_steps([partial(self._on_late, response)])

    def _end(self, reason: str) -> None:
        self._lost(reason)
        self._booted.set()
        self._ended.set()

    def _lost(self, reason: str) -> None:
        with self._lock:
            before = self._link
            state = LinkState(Link.DOWN, datetime.now(UTC) if before.up else before.since, reason)
            if before == state:
                return
            self._link = state
            if before.up or reason != before.reason:
                self._dispatcher.put_steps([partial(self._on_link, state)])
        if before.up:
            log.warning("AMI link down: %s", reason)
