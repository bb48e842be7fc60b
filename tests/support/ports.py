"""Ports for programs that a test starts.

They are not of the range from which the kernel serves whoever asks for any (ip(7), `ip_local_port_range`), nor of the
range in which the exchanges' sound is: else somebody has taken one before the program that it is for has started.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import socket

_FIRST, _COUNT = 10_000, 10_000
_FIRST_RTP, _RTP_PART, _PROCESSES = 20_000, 12_000, 3


def free_port(host: str = "127.0.0.1", kind: int = socket.SOCK_STREAM) -> int:
    """A port that nobody listens on now."""
    while True:
        port = _FIRST + secrets.randbelow(_COUNT)
        with socket.socket(socket.AF_INET, kind) as probe, contextlib.suppress(OSError):
            probe.bind((host, port))
            return port


def first_rtp_port(count: int = 200) -> int:
    """Where `count` ports for sound begin: by chance, and elsewhere for each of three test processes (xdist)."""
    part = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) % _PROCESSES
    return _FIRST_RTP + part * _RTP_PART + secrets.randbelow(_RTP_PART // count) * count
