"""One supervised process: its birth, its signs of life, its end."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
from pathlib import Path

from workers.supervisor.logs import Lines, LogFile
from workers.supervisor.plan import Plan, Process

_PR_SET_PDEATHSIG = 1  # prctl(2)
_libc = ctypes.CDLL(None, use_errno=True)

WAITING, STARTING, HEALTHY, RESTING, STOPPED = "waiting", "starting", "healthy", "resting", "stopped"


class Child:
    """A process of the plan and what has become of it. Times are seconds of the monotonic clock.

    waiting   for its predecessors        starting  runs, not healthy yet        healthy
    resting   ended, back-off runs        stopped   ended because we said so
    """

    def __init__(self, process: Process, plan: Plan) -> None:
        self.process = process
        self.name = process.name
        self.log = LogFile(Path(plan.data_dir) / "log" / f"{process.name}.log", plan.log_bytes)
        self.lines = Lines()
        self.state = WAITING
        self.popen: subprocess.Popen[bytes] | None = None
        self.since = 0.0  # when the present state began
        self.next_look = 0.0
        self.failures = 0  # ends and time-outs since it last was healthy for long
        self.first, self.longest = plan.backoff_first, plan.backoff_longest

    @property
    def pid(self) -> int:
        """The process id while it runs, else 0."""
        return self.popen.pid if self.popen else 0

    def pause(self) -> float:
        """Seconds to rest after the present number of failures: 0.25, 0.5, 1 … 10."""
        return min(self.first * float(1 << min(self.failures - 1, 30)), self.longest)

    def spawn(self) -> int:
        """Start it in its own session and return the descriptor that its output is read from.

        Raises:
            OSError: the program cannot be started.
        """
        supervisor = os.getpid()
        death = getattr(signal, self.process.death_signal) if self.process.death_signal else 0

        def in_the_child() -> None:
            signal.set_wakeup_fd(-1)
            if death:
                _libc.prctl(_PR_SET_PDEATHSIG, int(death))
                if os.getppid() != supervisor:  # it died before the kernel knew what to do then
                    os._exit(1)

        reader, writer = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
        os.set_blocking(writer, True)
        try:
            self.popen = subprocess.Popen(
                self.process.command,
                stdin=subprocess.DEVNULL,
                stdout=writer,
                stderr=writer,
                env={**os.environ, **self.process.env, "DISPATCH_SUPERVISOR_PID": str(supervisor)},
                start_new_session=True,  # the terminal's Ctrl-C reaches the supervisor only
                preexec_fn=in_the_child,  # noqa: PLW1509 - this process has one thread
            )
        except BaseException:
            os.close(reader)
            raise
        finally:
            os.close(writer)
        return reader

    def send(self, name: str) -> None:
        """Send the signal of that name to the process, if it still runs."""
        if self.popen is not None:
            self.popen.send_signal(getattr(signal, name))

    def kill_group(self) -> None:
        """SIGKILL to the process and to whatever it started in its own session."""
        if self.popen is not None:
            try:
                os.killpg(self.popen.pid, signal.SIGKILL)
            except ProcessLookupError:
                return  # nobody left, which is what was wanted

    def ended(self) -> int | None:
        """The exit code once it has ended (negative: by that signal), None while it runs.

        Its group is killed before it is reaped: as long as the zombie holds the number, nobody else can have it.
        """
        if self.popen is None:
            return None
        if os.waitid(os.P_PID, self.popen.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None:
            return None
        self.kill_group()
        code = self.popen.wait()
        self.popen = None
        return code
