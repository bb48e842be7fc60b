"""Is a process healthy yet? One short look each; no look takes longer than half a second."""

from __future__ import annotations

import socket
from pathlib import Path

from workers.supervisor.plan import Ready

LOOK_SECONDS = 0.5


def prepare(ready: Ready) -> None:
    """Take away the mark that a dead predecessor left, so that it is not believed."""
    if ready.kind == "file":
        Path(ready.address).unlink(missing_ok=True)


def is_ready(ready: Ready) -> bool:
    """Look once."""
    if ready.kind == "none":
        return True
    if ready.kind == "file":
        return Path(ready.address).exists()
    try:
        if ready.kind == "unix":
            with socket.socket(socket.AF_UNIX) as client:
                client.settimeout(LOOK_SECONDS)
                client.connect(ready.address)
                return _answers(client, ready.send.encode(), ready.expect.encode())
        if ready.kind == "tcp":
            with socket.create_connection(_pair(ready.address), timeout=LOOK_SECONDS) as client:
                return _answers(client, ready.send.encode(), ready.expect.encode())
        if ready.kind == "http":
            address, _, path = ready.address.removeprefix("http://").partition("/")
            request = f"GET /{path} HTTP/1.0\r\nHost: {address}\r\nConnection: close\r\n\r\n"
            with socket.create_connection(_pair(address), timeout=LOOK_SECONDS) as client:
                client.sendall(request.encode("ascii"))
                status = client.recv(64).split(b" ")
                return len(status) > 1 and status[0].startswith(b"HTTP/1") and status[1][:3] == b"200"
    except OSError:
        return False
    raise ValueError(f"unknown kind of readiness: {ready.kind}")


def _answers(client: socket.socket, send: bytes, expect: bytes) -> bool:
    if send:
        client.sendall(send)
    return not expect or client.recv(256).startswith(expect)


def _pair(address: str) -> tuple[str, int]:
    host, _, port = address.rpartition(":")
    return host.strip("[]"), int(port)
