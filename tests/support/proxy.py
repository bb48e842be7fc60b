"""A TCP proxy that does what networks do: cut, reset, swallow, delay, chop, repeat, truncate.

with Proxy(peer.port) as proxy:
    proxy.chunk = 1              # one byte at a time, from now on
    proxy.cut(reset=True)        # every connection, now
    proxy.blackhole = True       # nothing passes, nothing closes
"""

import contextlib
import socket
import struct
import threading
import time
from collections.abc import Callable


class Proxy:
    """Listens on a free loopback port. Faults apply to the direction from the server to the client (and `blackhole`
    to both); they may be changed while connections live."""

    def __init__(self, target_port: int, target_host: str = "127.0.0.1") -> None:
        self._target = (target_host, target_port)
        self.chunk = 0
        """Bytes per write; 0: as they come."""
        self.delay = 0.0
        """Seconds before each write."""
        self.blackhole = False
        self.duplicate = False
        """Write everything twice."""
        self.truncate_after: int | None = None
        """Cut the connection after so many bytes."""
        self.refuse = False
        """Close new connections at once."""
        self.mangle: Callable[[], Callable[[bytes], bytes]] | None = None
        """Makes for every new connection what its bytes pass through."""
        self.accepted = 0
        self._lock = threading.Lock()
        self._open: set[socket.socket] = set()
        self._threads: list[threading.Thread] = []
        self._closing = False
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._acceptor = threading.Thread(target=self._accept, daemon=True)
        self._acceptor.start()

    @property
    def port(self) -> int:
        return int(self._listener.getsockname()[1])

    def cut(self, *, reset: bool = False) -> None:
        """End every connection now, with FIN or with RST."""
        with self._lock:
            connections = list(self._open)
        for connection in connections:
            with contextlib.suppress(OSError):
                if reset:
                    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                    # The pump holds the socket in recv: connecting to nowhere is how Linux aborts it at once.
                    _disconnect(connection)
                else:
                    connection.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        self._closing = True
        self.blackhole = False
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._acceptor.join(5)
        self.cut()
        for thread in self._threads:
            thread.join(5)

    def __enter__(self) -> "Proxy":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            self.accepted += 1
            if self.refuse:
                client.close()
                continue
            try:
                server = socket.create_connection(self._target, timeout=5)
            except OSError:
                client.close()
                continue
            server.settimeout(None)
            for end in (client, server):  # both real ends do so too: no delay but the one that is asked for
                end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with self._lock:
                self._open |= {client, server}
            self._threads = [one for one in self._threads if one.is_alive()]
            ends = [0]
            for source, sink, faulty in ((server, client, True), (client, server, False)):
                thread = threading.Thread(target=self._pump, args=(source, sink, faulty, ends), daemon=True)
                self._threads.append(thread)
                thread.start()

    def _pump(self, source: socket.socket, sink: socket.socket, faulty: bool, ends: list[int]) -> None:
        passed = 0
        mangled = self.mangle() if self.mangle is not None and faulty else None
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                while self.blackhole and not self._closing:
                    time.sleep(0.01)
                if not faulty:
                    sink.sendall(data)
                    continue
                if mangled is not None:
                    data = mangled(data)
                if self.truncate_after is not None:
                    data = data[: max(0, self.truncate_after - passed)]
                    passed += len(data)
                step = self.chunk or len(data) or 1
                for start in range(0, len(data), step):
                    if self.delay:
                        time.sleep(self.delay)
                    sink.sendall(data[start : start + step] * (2 if self.duplicate else 1))
                if self.truncate_after is not None and passed >= self.truncate_after:
                    break
        for one in (source, sink):
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
        with self._lock:
            ends[0] += 1
            if ends[0] == 2:
                self._open -= {source, sink}
                source.close()
                sink.close()


def _disconnect(connection: socket.socket) -> None:
    import ctypes

    libc = ctypes.CDLL(None, use_errno=True)
    unspecified = struct.pack("H14x", socket.AF_UNSPEC)
    libc.connect(connection.fileno(), unspecified, len(unspecified))
    connection.shutdown(socket.SHUT_RDWR)
