"""The FastAGI server: Asterisk connects, says which script it wants, and a handler drives the channel.

A connection first waits in a lobby, kept by one thread, until it has said all of its environment; only then does it get
a worker. So whoever connects and keeps silent costs a socket for three seconds, and never a call's place.

The script's address carries a token of this installation, `agi://host:port/<script>?t=<token>&name=value…`; the rest of
the query is handed to the handler. `agi_arg_…` is not used: a caller can write some into his own number (B20).
"""

import contextlib
import hmac
import ipaddress
import logging
import queue
import selectors
import socket
import threading
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlsplit

from telephony.agi import AgiProtocolError, AgiSession, AgiTimeout, CallerHungUp
from telephony.agi_lines import SocketLines
from telephony.agi_wire import ENVIRONMENT_LIMIT, Environment, parse_environment

log = logging.getLogger(__name__)

Handler = Callable[[AgiSession], None]

BACKLOG = 1024
"""Of the listening socket. With the 5 of socketserver fifty calls at once wait a second for their handshake; with 128 a
thousand idle strangers make one call in ten do so."""


@dataclass(slots=True)
class FastAgiCounters:
    """What became of the connections."""

    accepted: int = 0
    served: int = 0
    hung_up: int = 0
    refused_peer: int = 0
    refused_token: int = 0
    refused_busy: int = 0
    bad_environment: int = 0
    idle: int = 0
    errors: int = 0


@dataclass(slots=True)
class _Guest:
    connection: socket.socket
    deadline: float
    said: bytes = b""


class FastAgiServer:
    """Serves `handlers` (script name → function) until `stop`.

    `allowed_peers` are addresses or networks. Over `max_connections` calls at once, a new one is closed at once and the
    dialplan goes on without us. `command_seconds` limits every quick command of a session.
    """

    def __init__(
        self,
        bind: tuple[str, int],
        *,
        token: str,
        allowed_peers: Collection[str],
        handlers: Mapping[str, Handler],
        max_connections: int = 200,
        environment_seconds: float = 3.0,
        command_seconds: float = 5.0,
        media_seconds: float = 180.0,
    ) -> None:
        if not token:
            raise ValueError("a FastAGI server without a token")
        self._token = token.encode()
        self._peers = [ipaddress.ip_network(peer) for peer in allowed_peers]
        self._handlers = dict(handlers)
        self._max = max_connections
        self._environment_seconds = environment_seconds
        self._command_seconds = command_seconds
        self._media_seconds = media_seconds
        self.counters = FastAgiCounters()
        family = socket.AF_INET6 if ":" in bind[0] else socket.AF_INET
        self._listener = socket.create_server(bind, family=family, backlog=BACKLOG)
        self._listener.setblocking(False)
        self._selector = selectors.DefaultSelector()
        self._knock, self._door = socket.socketpair()
        self._lobby: dict[socket.socket, _Guest] = {}
        self._work: queue.SimpleQueue[tuple[socket.socket, Environment, bytes, Handler, dict[str, str]] | None] = (
            queue.SimpleQueue()
        )
        self._lock = threading.Lock()
        self._busy: set[socket.socket] = set()
        self._workers: list[threading.Thread] = []
        self._stopping = False
        self._host = threading.Thread(target=self._receive, name="fastagi-lobby", daemon=True)

    @property
    def address(self) -> tuple[str, int]:
        """Where it listens."""
        host, port = self._listener.getsockname()[:2]
        return host, port

    def start(self) -> None:
        self._host.start()

    def stop(self, timeout: float = 5.0) -> None:
        """Accept nothing more, let running scripts end for `timeout` seconds, then cut them and end all threads."""
        self._stopping = True
        self._knock.send(b"x")
        self._host.join()
        end = time.monotonic() + timeout
        while self._busy and time.monotonic() < end:
            time.sleep(0.01)
        with self._lock:
            for connection in self._busy:
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)
        for _ in self._workers:
            self._work.put(None)
        for worker in self._workers:
            worker.join(self._command_seconds)
        self._knock.close()
        self._door.close()

    def __enter__(self) -> "FastAgiServer":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    # --- the lobby's thread

    def _receive(self) -> None:
        self._selector.register(self._listener, selectors.EVENT_READ)
        self._selector.register(self._door, selectors.EVENT_READ)
        while not self._stopping:
            for key, _ in self._selector.select(self._patience()):
                if key.fileobj is self._listener:
                    self._accept_all()
                elif key.data is not None:
                    self._listen_to(key.data)
            self._send_away_idle()
        for guest in list(self._lobby.values()):
            self._leave(guest)
            guest.connection.close()
        self._selector.close()
        self._listener.close()

    def _patience(self) -> float | None:
        for guest in self._lobby.values():
            return max(0.0, guest.deadline - time.monotonic())
        return None

    def _accept_all(self) -> None:
        for _ in range(BACKLOG):
            try:
                connection, peer = self._listener.accept()
            except BlockingIOError:
                return
            except OSError as error:
                log.error("FastAGI cannot accept: %s", type(error).__name__)
                return
            self.counters.accepted += 1
            if not self._is_allowed(peer[0]):
                self.counters.refused_peer += 1
                log.warning("FastAGI connection from an address that is not allowed")
                connection.close()
                continue
            self._welcome(connection)

    def _is_allowed(self, peer: str) -> bool:
        address = ipaddress.ip_address(peer.partition("%")[0])
        mapped = getattr(address, "ipv4_mapped", None)
        return any((mapped or address) in network for network in self._peers)

    def _welcome(self, connection: socket.socket) -> None:
        connection.setblocking(False)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if len(self._lobby) >= self._max:
            oldest = next(iter(self._lobby.values()))
            self.counters.idle += 1
            self._leave(oldest)
            oldest.connection.close()
        guest = _Guest(connection, time.monotonic() + self._environment_seconds)
        self._lobby[connection] = guest
        self._selector.register(connection, selectors.EVENT_READ, guest)

    def _leave(self, guest: _Guest) -> None:
        del self._lobby[guest.connection]
        self._selector.unregister(guest.connection)

    def _send_away_idle(self) -> None:
        now = time.monotonic()
        for guest in list(self._lobby.values()):
            if guest.deadline > now:
                return
            self.counters.idle += 1
            self._leave(guest)
            guest.connection.close()

    def _listen_to(self, guest: _Guest) -> None:
        if guest.connection not in self._lobby:
            return
        try:
            data = guest.connection.recv(ENVIRONMENT_LIMIT)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        guest.said += data
        values, blank, rest = guest.said.partition(b"\n\n")
        begins_well = guest.said.startswith(b"agi_"[: len(guest.said)])
        if data and begins_well and not blank and len(guest.said) <= ENVIRONMENT_LIMIT:
            return
        self._leave(guest)
        if not (blank and begins_well) or len(values) > ENVIRONMENT_LIMIT or rest not in (b"", b"HANGUP\n"):
            self.counters.bad_environment += 1
            guest.connection.close()
            return
        self._admit(guest.connection, parse_environment(values), rest)

    def _admit(self, connection: socket.socket, environment: Environment, rest: bytes) -> None:
        script, parameters = _request(environment)
        handler = self._handlers.get(script)
        if not environment.complete:
            self.counters.bad_environment += 1
        elif handler is None or not hmac.compare_digest(parameters.pop("t", "").encode(), self._token):
            self.counters.refused_token += 1
            log.warning("FastAGI request without a known script and its token")
        elif len(self._busy) >= self._max:
            self.counters.refused_busy += 1
        else:
            if environment.repeated:
                log.warning("FastAGI environment says a thing twice: forged caller number")
            connection.setblocking(True)
            with self._lock:
                self._busy.add(connection)
            if len(self._workers) < min(len(self._busy), self._max):
                worker = threading.Thread(target=self._serve, name="fastagi-worker", daemon=True)
                self._workers.append(worker)
                worker.start()
            self._work.put((connection, environment, rest, handler, parameters))
            return
        connection.close()

    # --- the workers' threads

    def _serve(self) -> None:
        while (job := self._work.get()) is not None:
            connection, environment, rest, handler, parameters = job
            session = AgiSession(
                SocketLines(connection, rest),
                environment,
                parameters,
                quick_seconds=self._command_seconds,
                media_seconds=self._media_seconds,
            )
            try:
                handler(session)
                self.counters.served += 1
            except CallerHungUp:
                self.counters.hung_up += 1
            except (AgiTimeout, AgiProtocolError) as error:
                self.counters.errors += 1
                log.warning("AGI script ended: %s", type(error).__name__)
            except Exception as error:
                self.counters.errors += 1
                log.error("AGI handler failed: %s", type(error).__name__)
            finally:
                with self._lock:
                    self._busy.discard(connection)
                connection.close()


def _request(environment: Environment) -> tuple[str, dict[str, str]]:
    """Script and query. Both keys are said before anything the caller can influence, and the first one counts."""
    wanted = environment.values.get("agi_network_script") or environment.values.get("agi_request", "")
    try:
        parts = urlsplit(wanted)
        parameters: dict[str, str] = {}
        for name, value in parse_qsl(parts.query, max_num_fields=20):
            parameters.setdefault(name, value)
    except ValueError:
        return "", {}
    return parts.path.strip("/"), parameters
