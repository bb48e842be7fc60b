"""A real Asterisk with our own configuration, in a folder of its own, on free loopback ports.

`LiveExchange` is used as a context manager; the fixtures are in tests/asterisk/conftest.py. The town is 127.0.0.2, our
side of the trunk 127.0.0.3, phones and everything else 127.0.0.1.
"""

from __future__ import annotations

import contextlib
import dataclasses
import os
import re
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

from telephony.config.files import reload_commands, write
from telephony.config.plan import (
    Address,
    ExchangePlan,
    LinePlan,
    Member,
    OperatorPlan,
    QueuePlan,
    TownPartyPlan,
    browser_ha1,
)
from telephony.config.render import render
from tests.support.ami_tap import AmiTap
from tests.support.ports import first_rtp_port, free_port
from tests.support.wait import wait_for
from tests.support.witnesses import witness
from workers.provision.asterisk import ExchangeProgram, find_exchange
from workers.provision.machine import cache_folder

DID = "+74924800100"
SECOND_DID = "+74924800200"
DESK_SECRET = "desk-secret-for-tests-only"
BROWSER_SECRET = "browser-secret-for-tests-only"
FIREHOSE = "firehose"
_START_LIMIT = 15.0
_POOLS = ("default_tps_processing_function", "worker_start", "netconsole")


@dataclass(frozen=True)
class Load:
    """What an idle exchange holds; equal before and after a test, or something leaked."""

    channels: int
    bridges: int
    descriptors: int
    threads: int
    """Without the pools that grow and shrink by themselves, and the console that asks."""


def free_udp(host: str) -> Address:
    return Address(host=host, port=free_port(host, socket.SOCK_DGRAM))


def free_tcp(host: str = "127.0.0.1") -> Address:
    return Address(host=host, port=free_port(host))


def operator(extension: str, **changes: Any) -> Any:
    """An operator with a desk phone and a browser phone, whose secrets are the ones above."""
    values = {
        "display_name": f"Оператор {extension}",
        "desk_secret": DESK_SECRET,
        "browser_ha1": browser_ha1(extension, BROWSER_SECRET),
    }
    return OperatorPlan(extension=extension, **{**values, **changes})


def make_plan(folder: Path, program: ExchangeProgram, **changes: Any) -> ExchangePlan:
    """A plan with free ports: two operators, one service, one line, a few townspeople."""
    start = first_rtp_port()
    values: dict[str, Any] = {
        "config_dir": folder / "etc",
        "run_dir": folder / "run",
        "log_dir": folder / "log",
        "spool_dir": folder / "spool",
        "state_dir": folder / "state",
        "data_dir": program.data_dir,
        "modules_dir": program.modules_dir,
        "asterisk_version": program.version,
        "ami": free_tcp(),
        "ami_secret": secrets.token_urlsafe(24),
        "extra_ami_users": {FIREHOSE: secrets.token_urlsafe(24)},
        "agi": free_tcp(),
        "agi_token": secrets.token_urlsafe(24),
        "websocket": free_tcp(),
        "desk_bind": free_udp("127.0.0.1"),
        "trunk_bind": free_udp("127.0.0.3"),
        "town_bind": free_udp("127.0.0.2"),
        "rtp_ports": (start, start + 199),
        "staff": (operator("101"), operator("102")),
        "queues": (QueuePlan(name="family", members=(Member(extension="101"), Member(extension="102", penalty=0))),),
        "lines": (LinePlan(did=DID, queue="family", title="Семейная диспетчерская"),),
        "town": (
            TownPartyPlan(number="+79070000101"),
            TownPartyPlan(number="+79070000201", behaviour="busy"),
        ),
    }
    return ExchangePlan(**{**values, **changes})


class LiveExchange:
    """One running Asterisk. `plan` can be replaced with `apply`, which reloads as the product does."""

    def __init__(self, folder: Path | None = None, **changes: Any) -> None:
        self._own_folder = folder is None
        # Short, for the control socket's name has 107 bytes.
        self.folder = folder or Path(tempfile.mkdtemp(prefix="sdx"))
        self.program = find_exchange(cache_folder(), lambda _: None)
        self.plan = make_plan(self.folder, self.program, **changes)
        self._process: subprocess.Popen[bytes] | None = None
        self._taps: list[AmiTap] = []
        self._stack = contextlib.ExitStack()
        self.threads_after_first_call: int | None = None

    def __enter__(self) -> LiveExchange:
        self.start()
        self._stack.enter_context(witness(lambda: "Asterisk: " + "\n".join(self.output().splitlines()[-30:])))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()
        self.stop()
        if self._own_folder:
            shutil.rmtree(self.folder, ignore_errors=True)

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    @property
    def dead(self) -> bool:
        """Whether it does not run: never started, killed, or ended by itself."""
        return self._process is None or self._process.poll() is not None

    @property
    def ami_address(self) -> Address:
        return self.plan.ami

    def start(self) -> None:
        self.threads_after_first_call = None  # of another process
        for path in self.plan.folders:
            path.mkdir(parents=True, exist_ok=True)
        write(render(self.plan), self.plan.config_dir)
        with (self.folder / "asterisk.out").open("ab") as output:
            self._process = subprocess.Popen(
                [*self.program.command, "-C", str(self.plan.config_dir / "asterisk.conf"), "-f"],
                env={**os.environ, **self.program.env},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        wait_for(self._booted, _START_LIMIT, "Asterisk to boot")

    def _booted(self) -> bool:
        assert self._process is not None
        if self._process.poll() is not None:
            raise AssertionError(f"Asterisk ended:\n{self.output()}")
        return self.plan.control_socket.exists() and "fully booted" in self.console("core waitfullybooted")

    def output(self) -> str:
        """What Asterisk said on its terminal and in messages.log."""
        log = self.plan.log_dir / "messages.log"
        parts = [(self.folder / "asterisk.out").read_text(errors="replace")]
        if log.exists():
            parts.append(log.read_text(errors="replace"))
        return "\n".join(parts)

    def stop(self) -> None:
        self.close_taps()
        if self._process and self._process.poll() is None:
            self._process.send_signal(signal.SIGCONT)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.console("core stop now")
            try:
                self._process.wait(5)
            except subprocess.TimeoutExpired:
                self.kill()
        self._process = None

    def kill(self) -> None:
        """SIGKILL, as a power cut would."""
        assert self._process is not None
        self._process.kill()
        self._process.wait(5)

    def console(self, command: str) -> str:
        """The answer of Asterisk's console; empty if it does not listen."""
        done = subprocess.run(
            [*self.program.command, "-C", str(self.plan.config_dir / "asterisk.conf"), "-rx", command],
            env={**os.environ, **self.program.env},
            capture_output=True,
            timeout=15,
            check=False,
        )
        return done.stdout.decode(errors="replace").strip()

    def apply(self, **changes: Any) -> tuple[str, ...]:
        """Changes the plan, writes what differs and reloads. Returns the changed files."""
        self.plan = dataclasses.replace(self.plan, **changes)
        changed = write(render(self.plan), self.plan.config_dir)
        for command in reload_commands(changed):
            self.console(command)
        return changed

    def tap(self, user: str | None = None) -> AmiTap:
        """A logged-in AMI connection that keeps every event; as our own user, or as FIREHOSE with all of them."""
        name = user or self.plan.ami_user
        secret = self.plan.extra_ami_users[name] if user else self.plan.ami_secret
        tap = AmiTap(self.plan.ami, name, secret)
        self._taps.append(tap)
        return tap

    def close_taps(self) -> None:
        for tap in self._taps:
            tap.close()
        self._taps.clear()

    def wait_available(self, extension: str, limit: float = 5.0) -> None:
        """Waits until a queue would ring this member."""
        member = re.compile(rf"\(Local/{extension}@sd-operator .*\(Not in use\)")
        try:
            wait_for(lambda: member.search(self.console("queue show")), limit, f"{extension} to be available")
        except AssertionError as late:
            shown = [self.console(command) for command in ("queue show", "core show hints", "pjsip show contacts")]
            raise AssertionError("\n".join([str(late), *shown])) from None

    def channels(self) -> list[str]:
        """Names of the living channels."""
        lines = self.console("core show channels concise").splitlines()
        return [line.split("!")[0] for line in lines if "!" in line]

    def load(self) -> Load:
        bridges = [line for line in self.console("bridge show all").splitlines() if re.match(r"[0-9a-f]{8}-", line)]
        threads = [line for line in self.console("core show threads").splitlines() if "started at" in line]
        lasting = [line for line in threads if not any(pool in line for pool in _POOLS)]
        descriptors = list(Path(f"/proc/{self.pid}/fd").iterdir())
        return Load(len(self.channels()), len(bridges), len(descriptors), len(lasting))

    def has_had_a_call(self) -> bool:
        """Whether any call has come and gone since the start."""
        return not self.console("core show channels count").endswith("\n0 calls processed")

    def reset(self) -> None:
        """Hangs up every channel, waits until there is none."""
        if self.channels():
            self.console("channel request hangup all")
        wait_for(lambda: not self.channels(), 10, "no channel to be left")

    def town_call(self, tap: AmiTap, *, from_number: str = "+79070000101", to: str = DID, **variables: str) -> None:
        """A real SIP call of a townsman, through the address of the trunk. `hold="5"` is SD_TOWN_HOLD and so on."""
        values = {"FROM": from_number, "TO": to, **{name.upper(): value for name, value in variables.items()}}
        tap.send(
            [
                ("Action", "Originate"),
                ("Channel", "Local/call@town-out/n"),
                ("Context", "town-out"),
                ("Exten", "talk"),
                ("Priority", "1"),
                ("Timeout", "600000"),
                ("Async", "true"),
                *(("Variable", f"SD_TOWN_{name}={value}") for name, value in values.items()),
            ]
        )
