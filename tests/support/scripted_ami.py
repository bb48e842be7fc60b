"""A scripted Asterisk manager interface on a real socket: answers as it is told to, and remembers what it heard.

with ScriptedAmi() as peer:
    peer.on("Originate", lambda request: [response(request, "Success")])
    session = AmiSession(peer.address(), ...)
    peer.emit(event("Hangup", Uniqueid="1.1", ...))
"""

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Sequence

from telephony.link import AmiAddress

Request = dict[str, str]
Headers = Sequence[tuple[str, str]]
USER, SECRET = "family", "s3cret-word"


def frame(headers: Headers) -> bytes:
    return "".join(f"{name}: {value}\r\n" for name, value in headers).encode() + b"\r\n"


def response(request: Request, result: str, **headers: str) -> bytes:
    """A response that carries its request's ActionID."""
    action_id = [("ActionID", request["ActionID"])] if "ActionID" in request else []
    return frame([("Response", result), *action_id, *headers.items()])


def event(name: str, **headers: str) -> bytes:
    """An event with just these headers."""
    return frame([("Event", name), *headers.items()])


def channel_event(
    name: str, *, uniqueid: str, linkedid: str | None = None, timestamp: float = 1_763_712_000.25, **headers: str
) -> bytes:
    """An event with the whole channel snapshot, in Asterisk's order, as real ones have; keywords replace or add."""
    snapshot = {
        "Privilege": "call,all",
        "Timestamp": f"{timestamp:.6f}",
        "Channel": "PJSIP/trunk-00000001",
        "ChannelState": "6",
        "ChannelStateDesc": "Up",
        "CallerIDNum": "0000",
        "CallerIDName": "trunk",
        "ConnectedLineNum": "<unknown>",
        "ConnectedLineName": "<unknown>",
        "Language": "ru",
        "AccountCode": "",
        "Context": "from-trunk",
        "Exten": "4736721000",
        "Priority": "1",
        "Uniqueid": uniqueid,
        "Linkedid": linkedid or uniqueid,
    }
    return event(name, **(snapshot | headers))


class ScriptedAmi:
    """Serves any number of connections; `on(action, answer)` scripts an action, the usual ones are scripted already."""

    def __init__(
        self,
        *,
        banner: bytes = b"Asterisk Call Manager/9.0.0\r\n",
        secret: str = SECRET,
        fully_booted: bool = True,
        boot: str = "2026-11-21",
    ) -> None:
        self.banner = banner
        self.secret = secret
        self.fully_booted = fully_booted
        self.boot = boot
        self.requests: list[Request] = []
        self.received = bytearray()
        self.logins: list[float] = []
        self.connections = 0
        self.silent = False
        """Reads and answers nothing, as a stopped Asterisk does."""
        self._answers: dict[str, Callable[[Request], bytes | Sequence[bytes]]] = {
            "Login": self._login,
            "Ping": lambda request: response(request, "Success", Ping="Pong", Timestamp=f"{time.time():.6f}"),
            "Logoff": lambda request: response(request, "Goodbye", Message="Thanks for all the fish."),
            "CoreStatus": lambda request: response(
                request, "Success", CoreStartupDate=self.boot, CoreStartupTime="10:00:00"
            ),
            "CoreShowChannels": lambda request: self.listing(request, "CoreShowChannelsComplete", self.channels),
            "QueueStatus": lambda request: self.listing(request, "QueueStatusComplete", self.queues),
        }
        self.channels: list[Headers] = []
        """Events of CoreShowChannels: `[("Event", "CoreShowChannel"), ...]`."""
        self.queues: list[Headers] = []
        self._lock = threading.Lock()
        self._open: set[socket.socket] = set()
        self._logged_in: set[socket.socket] = set()
        self._threads: list[threading.Thread] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._acceptor = threading.Thread(target=self._accept, daemon=True)
        self._acceptor.start()

    @property
    def port(self) -> int:
        return int(self._listener.getsockname()[1])

    def address(self, secret: str = SECRET) -> AmiAddress:
        return AmiAddress("127.0.0.1", self.port, USER, secret)

    def on(self, action: str, answer: Callable[[Request], bytes | Sequence[bytes]]) -> None:
        """Answer an action with these bytes; pieces of a list are written one by one; b"" is no answer."""
        self._answers[action] = answer

    def emit(self, data: bytes) -> None:
        """Write to every connection that has logged in."""
        with self._lock:
            connections = list(self._logged_in)
        for connection in connections:
            with contextlib.suppress(OSError):
                connection.sendall(data)

    def cut(self, *, reset: bool = False) -> None:
        """End every connection, with FIN or RST."""
        with self._lock:
            connections, self._open, self._logged_in = list(self._open), set(), set()
        for connection in connections:
            with contextlib.suppress(OSError):
                if reset:
                    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
                    connection.shutdown(socket.SHUT_RD)
                else:
                    connection.shutdown(socket.SHUT_RDWR)
            connection.close()

    def actions(self, name: str) -> list[Request]:
        return [request for request in list(self.requests) if request.get("Action") == name]

    def listing(self, request: Request, complete: str, events: Sequence[Headers]) -> list[bytes]:
        """A list answer: response, events, closing event, all with the ActionID."""
        action_id = ("ActionID", request.get("ActionID", ""))
        return [
            response(request, "Success", EventList="start", Message="List will follow"),
            *(frame([headers[0], action_id, *headers[1:]]) for headers in events),
            frame([("Event", complete), action_id, ("EventList", "Complete"), ("ListItems", str(len(events)))]),
        ]

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.cut()
        self._acceptor.join(5)
        for thread in self._threads:
            thread.join(5)

    def __enter__(self) -> "ScriptedAmi":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _login(self, request: Request) -> list[bytes]:
        self.logins.append(time.monotonic())
        if request.get("Secret") != self.secret:
            return [response(request, "Error", Message="Authentication failed")]
        return [response(request, "Success", Message="Authentication accepted")]

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with self._lock:
                self._open.add(connection)
                self.connections += 1
            thread = threading.Thread(target=self._serve, args=(connection,), daemon=True)
            self._threads = [one for one in self._threads if one.is_alive()] + [thread]
            thread.start()

    def _serve(self, connection: socket.socket) -> None:
        with contextlib.suppress(OSError), connection.makefile("rb") as lines:
            if self.banner:
                connection.sendall(self.banner)
            request: Request = {}
            for line in lines:
                self.received += line
                text = line.decode("utf-8", "replace").rstrip("\r\n")
                if text:
                    name, _, value = text.partition(": ")
                    request[name] = value
                elif request:
                    self.requests.append(request)
                    if not self.silent:
                        self._answer(connection, request)
                    request = {}
        with self._lock:
            self._open.discard(connection)
            self._logged_in.discard(connection)
        connection.close()

    def _answer(self, connection: socket.socket, request: Request) -> None:
        action = request.get("Action", "")
        accepted = action == "Login" and request.get("Secret") == self.secret
        if accepted:  # before the answer, so that whoever has logged in hears what is emitted next
            with self._lock:
                self._logged_in.add(connection)
        default = lambda one: response(one, "Success", Message="done")  # noqa: E731
        answer = self._answers.get(action, default)(request)
        for piece in [answer] if isinstance(answer, bytes) else answer:
            connection.sendall(piece)
        if accepted:
            if self.fully_booted:
                connection.sendall(event("FullyBooted", Privilege="system,all", Status="Fully Booted"))
        elif action in ("Login", "Logoff"):
            connection.shutdown(socket.SHUT_RDWR)
