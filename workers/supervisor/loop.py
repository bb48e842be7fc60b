"""The supervisor: one thread, one selector, no shared state.

Order  A process starts when every process that it comes `after` is healthy. A predecessor that is not essential and
       has failed once does not hold the others back: a page that says «нет связи с АТС» serves better than no page.
Ends   Whatever ends is started again after 0.25 s, then 0.5 s … 10 s; 30 s of health reset the count.
Stop   SIGINT, SIGTERM, SIGHUP: all in reverse order, each with its own time limit, then SIGKILL. A second one hurries.
"""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
import time
from types import FrameType

from workers.supervisor import ready
from workers.supervisor.child import HEALTHY, RESTING, STARTING, STOPPED, WAITING, Child
from workers.supervisor.logs import Lines, LogFile, Screen
from workers.supervisor.plan import Plan

LOOK_EVERY = 0.1
OWN = "служба"
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Supervisor:
    """Carries a plan out until told to stop."""

    def __init__(self, plan: Plan, screen_descriptor: int = 1) -> None:
        self.plan = plan
        self.children = [Child(process, plan) for process in plan.processes]
        self.by_name = {child.name: child for child in self.children}
        self.screen = Screen(screen_descriptor, [OWN, *self.by_name])
        self.log = LogFile(self.children[0].log.path.with_name("supervisor.log"), plan.log_bytes)
        self.selector = selectors.DefaultSelector()
        self.stop_requests = 0
        self.announced = False

    def run(self) -> int:
        """Run until everything is stopped; the exit code is 0 then."""
        wake_reader, wake_writer = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
        signal.set_wakeup_fd(wake_writer, warn_on_full_buffer=False)
        for number in STOP_SIGNALS:
            signal.signal(number, self._on_stop)
        signal.signal(signal.SIGCHLD, lambda _number, _frame: None)  # only to wake the selector
        signal.signal(signal.SIGPIPE, signal.SIG_IGN)
        self.selector.register(wake_reader, selectors.EVENT_READ)
        while not self.stop_requests:
            self._tend()
            self._read(self._patience())
        self._stop_all()
        self.say("всё остановлено")
        return 0

    def say(self, text: str) -> None:
        """A line of the supervisor's own."""
        self.screen.line(OWN, text)
        self.log.line(text)

    def _on_stop(self, _number: int, _frame: FrameType | None) -> None:
        self.stop_requests += 1

    # ------------------------------------------------------------------ keeping alive

    def _tend(self) -> None:
        now = time.monotonic()
        for child in self.children:
            if child.popen is not None:
                code = child.ended()
                if code is not None:
                    self._failed(child, f"завершился ({_how(code)})", now)
            rested = child.state == RESTING and now >= child.since + child.pause()
            if rested or (child.state == WAITING and self._may_start(child)):
                self._start(child, now)
            elif child.state == STARTING and now >= child.next_look:
                self._look(child, now)
            elif child.state == HEALTHY and child.failures and now - child.since >= self.plan.healthy_after:
                child.failures = 0
        if not self.announced and all(child.state == HEALTHY for child in self.children):
            self.announced = True
            self.say("все процессы работают")
            if self.plan.announcement:
                self.screen.text(f"\n{self.plan.announcement}\n")

    def _may_start(self, child: Child) -> bool:
        return all(
            before.state == HEALTHY or (not before.process.essential and before.failures > 0)
            for before in (self.by_name[name] for name in child.process.after or [])
        )

    def _start(self, child: Child, now: float) -> None:
        child.lines = Lines()
        try:
            ready.prepare(child.process.ready)
            reader = child.spawn()
        except OSError as error:
            self._failed(child, f"не запускается: {error.strerror} ({error.filename})", now)
            return
        self.selector.register(reader, selectors.EVENT_READ, child)
        child.state, child.since, child.next_look = STARTING, now, now
        self._look(child, now)

    def _look(self, child: Child, now: float) -> None:
        if ready.is_ready(child.process.ready):
            child.state, child.since = HEALTHY, now
            self.say(f"{child.name}: работает (процесс {child.pid})")
        elif now - child.since > child.process.ready.timeout:
            child.kill_group()
            self._drain_until_ended(child)
            self._failed(child, f"не готов за {child.process.ready.timeout:g} с, остановлен", now)
        else:
            child.next_look = time.monotonic() + LOOK_EVERY

    def _failed(self, child: Child, what: str, now: float) -> None:
        if child.state == HEALTHY and now - child.since >= self.plan.healthy_after:
            child.failures = 0
        child.failures += 1
        child.state, child.since = RESTING, now
        self.say(f"{child.name}: {what}; новый запуск через {child.pause():g} с")

    def _patience(self) -> float:
        now = time.monotonic()
        moments = [now + 5.0]
        for child in self.children:
            if child.state == STARTING:
                moments.append(child.next_look)
            elif child.state == RESTING:
                moments.append(child.since + child.pause())
        if self.screen.waiting:
            moments.append(now + 0.1)
        return max(0.0, min(moments) - now)

    # ------------------------------------------------------------------ words

    def _read(self, patience: float) -> None:
        for key, _ in self.selector.select(patience):
            try:
                data = os.read(key.fd, 65536)
            except BlockingIOError:
                continue
            child: Child | None = key.data
            if child is None:
                continue  # a signal woke us; its handler has run
            if data:
                self._print(child, child.lines.feed(data))
            else:
                self._print(child, child.lines.end())
                self.selector.unregister(key.fd)
                os.close(key.fd)
        self.screen.flush()

    def _print(self, child: Child, lines: list[str]) -> None:
        for line in lines:
            self.screen.line(child.name, line)
            had_failed = child.log.failed
            if not child.log.line(line) and not had_failed:
                self.screen.line(
                    OWN, f"файл {child.log.path} не пишется (место на диске?), строки идут только на экран"
                )

    # ------------------------------------------------------------------ stopping

    def _stop_all(self) -> None:
        self.say("останавливается (ещё раз Ctrl-C – немедленно)")
        for child in reversed(self.children):
            self._stop(child)
            child.state = STOPPED
        self._read(0)
        for key in list(self.selector.get_map().values()):
            if key.data is not None:
                self._read(0)

    def _stop(self, child: Child) -> None:
        if child.popen is None:
            return
        hurried = self.stop_requests
        child.send(child.process.hurry_signal if hurried > 1 else child.process.stop_signal)
        deadline = time.monotonic() + child.process.stop_timeout
        while child.ended() is None:
            if self.stop_requests > hurried:
                hurried = self.stop_requests
                child.send(child.process.hurry_signal)
            if time.monotonic() > deadline:
                self.say(f"{child.name}: не остановился за {child.process.stop_timeout:g} с, завершён принудительно")
                child.kill_group()
                self._drain_until_ended(child)
                break
            self._read(0.1)
        self.say(f"{child.name}: остановлен")

    def _drain_until_ended(self, child: Child) -> None:
        """After SIGKILL: only a process in uninterruptible sleep outlives this."""
        deadline = time.monotonic() + 5
        while child.ended() is None and time.monotonic() < deadline:
            self._read(0.05)


def _how(code: int) -> str:
    if code >= 0:
        return f"код {code}"
    with contextlib.suppress(ValueError):
        return f"сигнал {signal.Signals(-code).name}"
    return f"сигнал {-code}"
