"""A little FastAGI server in a process of its own, so that a test may stop or kill it in the middle of a word.

`answers`: sets SD_OK as the product's lookup does. `stalls`: reads the environment and says no more. `refuses`: as
`answers`, for a family that has refused recording. Every line it was
sent lands in `heard`, so that a test can look for forged ones.
"""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
from pathlib import Path
from types import TracebackType
from urllib.parse import unquote

from telephony.config.plan import Address
from tests.support.wait import wait_for

_SERVER = """
import socketserver, sys
host, port, mode, heard = sys.argv[1], int(sys.argv[2]), sys.argv[3], sys.argv[4]
log = open(heard, "ab", buffering=0)

class Script(socketserver.StreamRequestHandler):
    def say(self, line):
        self.wfile.write(line.encode() + b"\\n")
        log.write(b"> " + self.rfile.readline())

    def handle(self):
        asked = False
        while (line := self.rfile.readline()).strip():
            asked = True
            log.write(line)
        if not asked:
            return
        if mode == "stalls":
            log.write(b"stalled\\n")
            self.rfile.read()
            return
        self.say("GET VARIABLE SD_FROM")
        self.say("GET VARIABLE SD_PAI")
        if mode == "refuses":
            self.say("SET VARIABLE SD_NORECORD 1")
        self.say("SET VARIABLE SD_OK 1")
        log.write(b"done\\n")

class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 128

Server((host, port), Script).serve_forever()
"""


class AgiStub:
    """A context manager; `with AgiStub(exchange.plan.agi, folder) as agi`."""

    def __init__(self, address: Address, folder: Path, mode: str = "answers") -> None:
        self.heard = folder / f"agi-{address.port}-{mode}.log"
        self.heard.write_bytes(b"")
        self._address = address
        self._process = subprocess.Popen(
            [sys.executable, "-c", _SERVER, address.host, str(address.port), mode, str(self.heard)]
        )

    def __enter__(self) -> AgiStub:
        wait_for(self._listens, 5, "the AGI server")
        self.heard.write_bytes(b"")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.kill()

    def _listens(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex((self._address.host, self._address.port)) == 0

    def lines(self) -> list[str]:
        return self.heard.read_text(errors="replace").splitlines()

    def variables(self) -> list[str]:
        """Values of the variables that were asked for, decoded: SD_FROM, SD_PAI, …"""
        return [
            unquote(line.partition("(")[2].rstrip(")")) for line in self.lines() if line.startswith("> 200 result=1 (")
        ]

    def stop(self) -> None:
        """SIGSTOP: the port is open, nobody is there."""
        self._process.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        self._process.send_signal(signal.SIGCONT)

    def kill(self) -> None:
        self._process.kill()
        self._process.wait(5)
