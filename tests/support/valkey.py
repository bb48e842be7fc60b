"""A private Valkey for tests, on a unix socket, started and killed at will."""

from __future__ import annotations

import subprocess
import time
from pathlib import Path

import redis

from workers.provision.valkey import valkey_command


class TemporaryValkey:
    """Start in `folder` (short path: the socket's name must fit 107 bytes); `.url` is its address."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.socket = folder / "valkey.sock"
        self.url = f"unix://{self.socket}"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> TemporaryValkey:
        self.process = subprocess.Popen(
            valkey_command(self._folder / "data", self.socket), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        deadline = time.monotonic() + 10
        client = redis.Redis(unix_socket_path=str(self.socket))
        while True:
            try:
                client.ping()
                return self
            except redis.RedisError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.02)

    def kill(self) -> None:
        """As kill -9 would; the data folder stays."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None

    def __enter__(self) -> TemporaryValkey:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.kill()
