"""One TCP connection to the manager interface, from the banner to the end. It is never used again after that.

One thread reads; anybody may ask. Answers find their askers by ActionID and by nothing else. Every wait has an end.
"""

import contextlib
import itertools
import socket
import struct
import threading
import time
import uuid
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence

from telephony.link import ActionRefused, AmiTimeout, AnswerUnknown, Counters, LinkDown
from telephony.wire import AmiParser, Message, ProtocolError, compose_action

Pairs = Sequence[tuple[str, str]]
ActionLike = Mapping[str, object] | Pairs

_RECEIVE = 256 * 1024
_REMEMBERED_TIMEOUTS = 1000


def as_pairs(action: ActionLike) -> list[tuple[str, str]]:
    """Headers of an action in order; a list or tuple as a value repeats its header."""
    if not isinstance(action, Mapping):
        return [(name, str(value)) for name, value in action]
    pairs: list[tuple[str, str]] = []
    for name, value in action.items():
        values = value if isinstance(value, (list, tuple)) else (value,)
        pairs.extend((name, str(one)) for one in values)
    return pairs


class _Waiter:
    """Somebody waiting for an answer, and for the list after it when `listing`."""

    __slots__ = ("abandoned", "done", "failure", "items", "listing", "response")

    def __init__(self, listing: bool) -> None:
        self.listing = listing
        self.abandoned = False
        self.done = threading.Event()
        self.response: Message | None = None
        self.items: list[Message] = []
        self.failure = ""

    def take(self, message: Message) -> None:
        if not message.event:
            self.response = message
            if not self.listing or not message.succeeded:
                self.done.set()
        elif (ending := self._ending(message)) in ("complete", "cancelled"):
            self.failure = ending if ending == "cancelled" else ""
            self.done.set()
        else:
            self.items.append(message)

    @staticmethod
    def _ending(message: Message) -> str:
        # Of a list of hundreds only the last item says this; to look for a header that is not there reads all others.
        return message.get("EventList").lower() if b"eventlist" in message.raw.lower() else ""


class AmiConnection:
    """A connected socket with its reader thread.

    `on_events` gets events in the order of arrival, many at a time, on the reader thread; `on_late` a response that
    came after its asker had given up; `on_end` the reason, once, when the stream is over.
    """

    def __init__(
        self,
        host: str,
        port: int,
        *,
        on_events: Callable[[list[Message]], None],
        on_late: Callable[[Message], None],
        on_end: Callable[[str], None],
        counters: Counters,
        connect_timeout: float = 5.0,
        send_timeout: float = 5.0,
    ) -> None:
        self._on_events = on_events
        self._on_late = on_late
        self._on_end = on_end
        self._counters = counters
        self._parser = AmiParser()
        self._lock = threading.Lock()
        self._writing = threading.Lock()
        self._waiters: dict[str, _Waiter] = {}
        self._listings = 0
        self._timed_out: OrderedDict[str, None] = OrderedDict()
        self._ids = map("{}-{:x}".format, itertools.repeat(uuid.uuid4().hex[:12]), itertools.count(1))
        self._ended = ""
        self._greeted = threading.Event()
        self._socket = socket.create_connection((host, port), timeout=connect_timeout)
        self._reader = threading.Thread(target=self._read, name="ami-reader", daemon=True)
        try:
            self._prepare(send_timeout)
            self._reader.start()
        except BaseException:
            self._socket.close()
            raise

    def _prepare(self, send_timeout: float) -> None:
        connection = self._socket
        connection.settimeout(None)
        # A peer that vanished is noticed by the kernel too, not only by our Ping.
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 10)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, 5)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT, 3)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        # The limit is for writing alone: reading may wait for ever, the watchdog ends it.
        seconds, fraction = divmod(send_timeout, 1)
        connection.setsockopt(
            socket.SOL_SOCKET, socket.SO_SNDTIMEO, struct.pack("ll", int(seconds), int(fraction * 1_000_000))
        )

    @property
    def banner(self) -> str:
        return self._parser.banner

    @property
    def ended(self) -> str:
        """Why the stream is over; empty while it lives."""
        return self._ended

    def wait_greeting(self, timeout: float) -> None:
        """Wait for the first bytes of the peer. Raises AmiTimeout or LinkDown."""
        if not self._greeted.wait(timeout):
            raise AmiTimeout("no banner")
        if self._ended:
            raise LinkDown(self._ended)

    def send(self, action: ActionLike, timeout: float = 5.0) -> Message:
        """The response to an action, whatever it says.

        Raises UnsafeValue and LinkDown before a byte is sent; AmiTimeout and AnswerUnknown after.
        """
        waiter = self._ask(action, timeout, listing=False)
        if waiter.response is None:
            raise AnswerUnknown("connection lost")
        return waiter.response

    def send_all(self, actions: Sequence[ActionLike], timeout: float = 5.0) -> list[Message]:
        """The responses to several actions, which go out together and are carried out in this order.

        Raises as `send` does; then some may have been carried out.
        """
        waiters = self._ask_all(actions, timeout, listing=False)
        return [waiter.response for waiter in waiters if waiter.response is not None]

    def collect(self, action: ActionLike, timeout: float = 5.0) -> list[Message]:
        """The events that answer a list action, without the closing one. Raises also ActionRefused."""
        waiter = self._ask(action, timeout, listing=True)
        if waiter.failure:
            raise ActionRefused("the list was cancelled")
        if waiter.response is not None and not waiter.response.succeeded:
            raise ActionRefused(waiter.response.get("Message"))
        return waiter.items

    def post(self, action: ActionLike) -> None:
        """Send without waiting; the response will be one of those that nobody asked for."""
        self._write(compose_action(as_pairs(action)))

    def drop(self, reason: str) -> None:
        """End the stream now. May be called from any thread, also the reader's."""
        self._finish(reason)
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)

    def close(self, reason: str = "closed") -> None:
        """End the stream, wait for the reader and free the socket."""
        self.drop(reason)
        if threading.current_thread() is not self._reader:
            self._reader.join()
        self._socket.close()

    def _ask(self, action: ActionLike, timeout: float, *, listing: bool) -> _Waiter:
        return self._ask_all([action], timeout, listing=listing)[0]

    def _ask_all(self, actions: Sequence[ActionLike], timeout: float, *, listing: bool) -> list[_Waiter]:
        frames = dict(self._named(action) for action in actions)
        if len(frames) < len(actions):
            raise ValueError("an ActionID twice")
        waiters = {action_id: _Waiter(listing) for action_id in frames}
        with self._lock:
            if self._ended:
                raise LinkDown(self._ended)
            if waiters.keys() & self._waiters.keys():
                raise ValueError("this ActionID is waiting already")
            self._waiters |= waiters
            self._listings += listing
        try:
            self._write(b"".join(frames.values()))
            until = time.monotonic() + timeout
            for action_id, waiter in waiters.items():
                if not waiter.done.wait(until - time.monotonic()):
                    self._give_up(action_id, waiter, timeout)
        finally:
            with self._lock:
                for action_id in waiters:
                    del self._waiters[action_id]
                self._listings -= listing
        if any(waiter.failure == "lost" or waiter.response is None for waiter in waiters.values()):
            raise AnswerUnknown(self._ended or "connection lost")
        return list(waiters.values())

    def _named(self, action: ActionLike) -> tuple[str, bytes]:
        """The action's ActionID, one of ours where it has none, and its frame."""
        pairs = as_pairs(action)
        action_id = next((value for name, value in pairs if name.lower() == "actionid"), "")
        if not action_id:
            action_id = next(self._ids)
            pairs.insert(1, ("ActionID", action_id))
        return action_id, compose_action(pairs)

    def _give_up(self, action_id: str, waiter: _Waiter, timeout: float) -> None:
        with self._lock:
            if waiter.done.is_set():
                return  # it came in the very last moment
            if waiter.response is None:
                self._timed_out[action_id] = None
                while len(self._timed_out) > _REMEMBERED_TIMEOUTS:
                    self._timed_out.popitem(last=False)
            waiter.abandoned = True
        raise AmiTimeout(f"no answer in {timeout} s")

    def _write(self, frame: bytes) -> None:
        try:
            with self._writing:
                if self._ended:
                    raise LinkDown(self._ended)
                self._socket.sendall(frame)
        except OSError as error:
            # Half a frame may be out: nothing sensible can follow it on this stream.
            self.drop(f"write failed: {type(error).__name__}")
            raise AnswerUnknown("write failed") from None

    def _read(self) -> None:
        reason = "closed by peer"
        try:
            while not self._ended:
                data = self._socket.recv(_RECEIVE)
                if not data:
                    break
                messages = self._parser.feed(data)
                if messages:
                    self._route(messages)
                self._greeted.set()
        except ProtocolError as error:
            reason = f"not AMI: {error}"
        except OSError as error:
            reason = f"read failed: {type(error).__name__}"
        finally:
            self.drop(reason)

    def _route(self, messages: list[Message]) -> None:
        if not self._listings and all([message.raw.startswith(b"Event: ") for message in messages]):  # noqa: C419 - a list is twice as fast
            self._on_events(messages)  # as nearly always
            return
        events = []
        for message in messages:
            if message.raw.startswith(b"Event: ") or message.event:
                # Only while a list is awaited may an event belong to an asker; looking for its ActionID costs time.
                if self._listings and self._give(message):
                    continue
                events.append(message)
            elif not self._give(message):
                self._unclaimed(message)
        if events:
            self._on_events(events)

    def _give(self, message: Message) -> bool:
        action_id = message.action_id
        with self._lock:
            waiter = self._waiters.get(action_id) if action_id else None
            if waiter is None or waiter.abandoned or (message.event and not waiter.listing):
                return False
            waiter.take(message)
        return True

    def _unclaimed(self, message: Message) -> None:
        if message.response == "Goodbye":
            self.drop("goodbye")
            return
        with self._lock:
            late = self._timed_out.pop(message.action_id, self) is None
        if late:
            self._counters.late_responses += 1
            if message.succeeded:
                self._on_late(message)
        else:
            self._counters.unknown_responses += 1

    def _finish(self, reason: str) -> None:
        with self._lock:
            if self._ended:
                return
            self._ended = reason
            waiters = list(self._waiters.values())
        for waiter in waiters:
            if not waiter.done.is_set():
                waiter.failure = "lost"
                waiter.done.set()
        self._greeted.set()
        self._on_end(reason)
