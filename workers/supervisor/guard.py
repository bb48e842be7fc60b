"""The exchange's guard: `python -m workers.supervisor.guard SPEC.json`.

Everything else may die with the supervisor; the telephone exchange may not: people are talking over it, and callers
must reach an operator's phone even if all of our software is dead. So Asterisk lives in a session of its own, and this
small process starts it, adopts the one that already runs on this data folder, and sees to it that none is left behind.

Asterisk ends          the guard exits with 1, and the supervisor starts a new guard
the guard is killed    Asterisk lives; the next guard adopts it
the supervisor dies    the guard waits `grace` seconds for a successor (which says so with SIGUSR1), then asks for
                       `core stop when convenient`: it ends once nobody is on a line, and until then whoever waits is
                       still rung for (`gracefully` would refuse the ring, and with it the caller); after `drain_limit`,
                       `core stop now`
SIGTERM, SIGINT        `core stop now`, SIGTERM, SIGKILL, each after its time
SIGQUIT, a second one  straight to SIGKILL; a signal of its own, for two of one kind may arrive as one
"""

from __future__ import annotations

import json
import os
import select
import signal
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any

from workers.supervisor import lock, ports
from workers.supervisor.exchange import Exchange
from workers.supervisor.logs import LogFile
from workers.supervisor.plan import Listen

LOOK_EVERY = 0.25
HAND_OVER_SECONDS = 5.0
DYING_SECONDS = 1.5


@dataclass
class Spec:
    """How to run the exchange. Times in seconds.

    command         starts it in the foreground (`asterisk -C … -f`)
    console         its remote console; `-rx <command>` is added
    control_socket  `asterisk.ctl`: whoever answers there is the exchange of this data folder
    ready_file      written once the exchange takes calls
    adopted         console commands for an exchange that already runs: the files may be newer than what it has read
    """

    data_dir: str
    command: list[str]
    console: list[str]
    control_socket: str
    ready_file: str
    env: dict[str, str] = field(default_factory=dict)
    grace: float = 60.0
    drain_limit: float = 7200.0
    start_timeout: float = 30.0
    stop_timeout: float = 5.0
    adopted: list[str] = field(default_factory=list)
    listens: list[Listen] = field(default_factory=list)


def read_spec(path: Path) -> Spec:
    """Load the guard's specification.

    Raises:
        ValueError, TypeError, OSError: the file is not one.
    """
    raw: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return Spec(**{**raw, "listens": [Listen(**listen) for listen in raw.get("listens", [])]})


class Guard:
    """One life of the guard. `supervisor` is the process id whose death starts the grace time."""

    def __init__(self, spec: Spec, supervisor: int) -> None:
        self.spec = spec
        self.supervisor = supervisor
        self.exchange = Exchange(spec.command, spec.console, spec.control_socket, spec.env, Path(spec.data_dir))
        self.stop_requests = 0
        self.hurried = False
        self.handed_over = False
        self.log = LogFile(Path(spec.data_dir) / "log" / "guard.log", 1_000_000)
        self.wake, self._wake_writer = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)

    def run(self) -> int:
        """Take over, adopt or start, watch. The exit code: 0 asked to end, 1 the exchange ended by itself."""
        signal.set_wakeup_fd(self._wake_writer, warn_on_full_buffer=False)
        signal.signal(signal.SIGTERM, self._on_stop)
        signal.signal(signal.SIGINT, self._on_stop)
        signal.signal(signal.SIGQUIT, self._on_hurry)
        signal.signal(signal.SIGUSR1, self._on_hand_over)
        signal.signal(signal.SIGCHLD, lambda _number, _frame: None)
        self._take_over()
        if not self._adopt() and not self._start():
            return 0 if self.stop_requests else 1
        Path(self.spec.ready_file).write_text(f"{self.exchange.pid}\n", encoding="ascii")
        return self._watch()

    def say(self, text: str) -> None:
        """To the supervisor's stream; to a file of our own when the supervisor is no more."""
        try:
            os.write(1, f"{text}\n".encode())
        except OSError:
            self.log.line(text)

    def _on_stop(self, _number: int, _frame: FrameType | None) -> None:
        self.hurried = self.hurried or self.stop_requests > 0
        self.stop_requests += 1

    def _on_hurry(self, _number: int, _frame: FrameType | None) -> None:
        self.hurried = True
        self.stop_requests += 1

    def _on_hand_over(self, _number: int, _frame: FrameType | None) -> None:
        self.handed_over = True

    def _pause(self, seconds: float = LOOK_EVERY) -> None:
        """Wait; any signal ends the wait."""
        if select.select([self.wake], [], [], seconds)[0]:
            os.read(self.wake, 4096)

    # ------------------------------------------------------------------ getting the exchange

    def _take_over(self) -> None:
        """Hold the guard's lock; an older guard, whose supervisor died, is told to leave the exchange to us."""
        lock_file = Path(self.spec.data_dir) / "run" / "guard.lock"
        deadline = time.monotonic() + HAND_OVER_SECONDS
        asked = False
        while True:
            try:
                self._lock = lock.take(Path(self.spec.data_dir), name="guard")
            except lock.AlreadyRunning:
                holder = _guard_process(lock_file)
                late = time.monotonic() > deadline
                if holder and (late or not asked):
                    os.kill(holder, signal.SIGKILL if late else signal.SIGUSR1)
                    asked = True
                self._pause(0.05)
            else:
                return

    def _adopt(self) -> bool:
        """Take the exchange that runs on this data folder, if one does, and call off its shutdown."""
        deadline = time.monotonic() + self.spec.start_timeout
        while self.exchange.find() and not self.stop_requests:
            if self.exchange.tell("core show uptime"):
                for command in ("core abort shutdown", *self.spec.adopted):
                    self.exchange.tell(command)
                self.say(f"АТС уже работает (процесс {self.exchange.pid}), разговоры не прерваны")
                return True
            if time.monotonic() > deadline:
                self.say(f"АТС (процесс {self.exchange.pid}) не отвечает {self.spec.start_timeout:g} с и завершается")
                self.exchange.kill()
            self._pause()
        return False

    def _start(self) -> bool:
        if sentences := ports.taken(self.spec.listens, patience=DYING_SECONDS):
            for sentence in sentences:
                self.say(sentence)
            return False
        try:
            self.exchange.start()
        except OSError as error:
            self.say(f"АТС не запускается: {error.strerror} ({error.filename})")
            return False
        deadline = time.monotonic() + self.spec.start_timeout
        while not self.stop_requests:
            if not self.exchange.alive():
                self.say(f"АТС завершилась при запуске. Последние строки:\n{self.exchange.last_words()}")
                return False
            if self.exchange.takes_calls():
                self.say(f"АТС принимает звонки (процесс {self.exchange.pid})")
                return True
            if time.monotonic() > deadline:
                self.say(f"АТС не готова за {self.spec.start_timeout:g} с. {self.exchange.last_words()}")
                break
            self._pause(0.1)
        self.exchange.kill()
        return False

    # ------------------------------------------------------------------ keeping it

    def _watch(self) -> int:
        orphan_since: float | None = None
        draining_since: float | None = None
        while True:
            now = time.monotonic()
            if self.handed_over:
                self.say("АТС передана новому сторожу")
                return 0
            if not self.exchange.alive():
                self.say("АТС завершилась")
                return 0 if draining_since is not None else 1
            if self.stop_requests:
                self._stop()
                return 0
            if orphan_since is None and os.getppid() != self.supervisor:
                orphan_since = now
                self.say(f"служба погибла; АТС ждёт её {self.spec.grace:g} с, потом доведёт разговоры и остановится")
            if orphan_since is not None and draining_since is None and now - orphan_since >= self.spec.grace:
                draining_since = now
                self.say("служба не вернулась: АТС доводит разговоры и останавливается")
                self.exchange.tell("core stop when convenient")
            if draining_since is not None and now - draining_since >= self.spec.drain_limit:
                self.say("разговоры не закончились за отведённое время, АТС останавливается")
                self._stop()
                return 0
            self._pause()

    def _stop(self) -> None:
        """Stop the exchange now; leave only when it is gone."""
        for means in (lambda: self.exchange.tell("core stop now"), self.exchange.terminate, self.exchange.kill):
            if not self.hurried:
                means()
            deadline = time.monotonic() + self.spec.stop_timeout
            while self.exchange.alive() and time.monotonic() < deadline:
                if self.hurried:
                    self.exchange.kill()
                self._pause(0.05)
            if not self.exchange.alive():
                self.say("АТС остановлена")
                return


def _guard_process(lock_file: Path) -> int:
    """The process id in the lock file if it is a guard indeed: a number alone may meanwhile be somebody else's."""
    try:
        pid = int(lock_file.read_text(encoding="ascii"))
        command = Path(f"/proc/{pid}/cmdline").read_bytes()
    except (OSError, ValueError):
        return 0
    return pid if b"supervisor.guard" in command else 0


def main(arguments: list[str]) -> int:
    """Run one guard."""
    try:
        spec = read_spec(Path(arguments[0]))
    except (IndexError, OSError, ValueError, TypeError) as error:
        sys.stderr.write(f"usage: python -m workers.supervisor.guard SPEC.json ({error})\n")
        return 2
    supervisor = int(os.environ.get("DISPATCH_SUPERVISOR_PID", os.getppid()))
    return Guard(spec, supervisor).run()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
