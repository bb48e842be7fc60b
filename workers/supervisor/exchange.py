"""The exchange as the guard sees it: a process behind a control socket, ours or one that an earlier guard started."""

from __future__ import annotations

import os
import signal
import socket
import struct
import subprocess
from pathlib import Path

CONSOLE_SECONDS = 5.0


class Exchange:
    """Start it, find it, speak to its console, end it."""

    def __init__(
        self, command: list[str], console: list[str], control_socket: str, env: dict[str, str], data_dir: Path
    ) -> None:
        self.command = command
        self.console = console
        self.control_socket = control_socket
        self.env = {**os.environ, **env}
        self.output = data_dir / "log" / "exchange-start.log"
        self.noted = data_dir / "run" / "exchange.pid"  # survives a guard that dies before the socket answers
        self.pid = 0
        self._born = ""
        self._popen: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it in a session of its own, so that neither our death nor the terminal's Ctrl-C reaches it.

        Raises:
            OSError: there is no such program.
        """
        self.output.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(self.output, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        try:
            self._popen = subprocess.Popen(
                self.command,
                stdin=subprocess.DEVNULL,
                stdout=descriptor,
                stderr=descriptor,
                env=self.env,
                start_new_session=True,
            )
        finally:
            os.close(descriptor)
        self._is(self._popen.pid)
        self.noted.write_text(f"{self.pid} {self._born}\n", encoding="ascii")

    def find(self) -> bool:
        """Look for the one that runs on this data folder; the kernel tells its number (unix(7), SO_PEERCRED)."""
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(1.0)
            try:
                client.connect(self.control_socket)
                packed = client.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
            except OSError:
                return self._find_noted()
        self._is(struct.unpack("3i", packed)[0])
        return self.alive()

    def _find_noted(self) -> bool:
        """One that was started and does not answer yet."""
        try:
            pid, born = self.noted.read_text(encoding="ascii").split()
        except (OSError, ValueError):
            return False
        if _start_time(int(pid)) != born:
            return False
        self._is(int(pid))
        return True

    def _is(self, pid: int) -> None:
        self.pid, self._born = pid, _start_time(pid)

    def alive(self) -> bool:
        """Whether that very process still runs (a later one with the same number does not count)."""
        if self._popen is not None and self._popen.pid == self.pid:
            return self._popen.poll() is None
        return bool(self._born) and _start_time(self.pid) == self._born

    def tell(self, command: str) -> bool:
        """Give a console command; False if the exchange did not take it in five seconds."""
        return self._ask(command) is not None

    def takes_calls(self) -> bool:
        """Whether all of its modules are up (`core waitfullybooted` answers at once then)."""
        return self.find() and self._ask("core waitfullybooted") is not None

    def _ask(self, command: str) -> str | None:
        try:
            answer = subprocess.run(
                [*self.console, "-rx", command],
                stdin=subprocess.DEVNULL,
                capture_output=True,
                env=self.env,
                timeout=CONSOLE_SECONDS,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired):
            return None
        return answer.stdout.decode("utf-8", "replace") if answer.returncode == 0 else None

    def terminate(self) -> None:
        """SIGTERM: for Asterisk the same as `core stop now`, without the console."""
        self._signal(signal.SIGTERM)

    def kill(self) -> None:
        """SIGKILL, the last resort."""
        self._signal(signal.SIGKILL)

    def _signal(self, number: int) -> None:
        if self.alive():
            os.kill(self.pid, number)

    def last_words(self) -> str:
        """The end of what it printed since its start."""
        try:
            return "\n".join(self.output.read_text(encoding="utf-8", errors="replace").splitlines()[-15:])
        except OSError:
            return ""


def _start_time(pid: int) -> str:
    """Field 22 of /proc/<pid>/stat (proc(5)): with the number it names one process of all times; "" for none."""
    try:
        after_name = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
    except OSError:
        return ""
    return "" if after_name[0] in "ZX" else after_name[19]
