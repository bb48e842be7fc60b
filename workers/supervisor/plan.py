"""The plan: which processes run, in which order, how each shows that it is healthy and how it is asked to stop.

Written by `family-dispatch up` (0600: environments may hold secrets), read by the supervisor.
"""

from __future__ import annotations

import dataclasses
import json
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass
class Ready:
    """How to see that a process is healthy.

    kind     none (it runs), file (it wrote `address`), tcp (`host:port` accepts), unix (the socket accepts), http (200)
    send     for unix and tcp: bytes to write first; `expect` is what the answer must begin with (valkey: PING, +PONG)
    timeout  seconds until a process that is not healthy is stopped and started anew
    """

    kind: str = "none"
    address: str = ""
    timeout: float = 30.0
    send: str = ""
    expect: str = ""


@dataclass
class Listen:
    """An address that a process is going to listen on, and the setting that changes it."""

    address: str
    protocol: str = "tcp"
    what: str = ""
    setting: str = ""
    unless_answers: str = ""  # not checked while this unix socket answers: then the holder is our own exchange


@dataclass
class Process:
    """One supervised process. Times in seconds, signals by name.

    after         must be healthy before the first start; None means the process before it in the list
    essential     False: those after it start even if it failed once, so that the page can say what is wrong
    death_signal  what the kernel sends it when the supervisor dies; "" for the exchange guard, which sees it itself
    hurry_signal  what the second Ctrl-C sends
    """

    name: str
    command: list[str]
    env: dict[str, str] = field(default_factory=dict)
    ready: Ready = field(default_factory=Ready)
    stop_signal: str = "SIGTERM"
    stop_timeout: float = 10.0
    hurry_signal: str = "SIGKILL"
    death_signal: str = "SIGKILL"
    after: list[str] | None = None
    essential: bool = True
    listens: list[Listen] = field(default_factory=list)


@dataclass
class Plan:
    """Everything that runs on one data folder; `announcement` is printed once all of it is healthy."""

    data_dir: str
    processes: list[Process]
    announcement: str = ""
    log_bytes: int = 5_000_000  # of one log file; two older ones are kept beside it
    backoff_first: float = 0.25
    backoff_longest: float = 10.0
    healthy_after: float = 30.0  # seconds of health after which the back-off starts from the beginning


class PlanError(ValueError):
    """The plan cannot be carried out."""


def write(plan: Plan, path: Path) -> None:
    """Store the plan, readable by the owner only."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(dataclasses.asdict(plan), file, ensure_ascii=False, indent=1)


def read(path: Path) -> Plan:
    """Load and check a plan.

    Raises:
        PlanError: not JSON, unknown keys, two processes of one name, or an `after` that names none before it.
    """
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
        processes = [_process(entry) for entry in raw.pop("processes")]
        plan = Plan(processes=processes, **raw)
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise PlanError(f"{path}: {error}") from error
    names: list[str] = []
    for process in plan.processes:
        if process.name in names or "/" in process.name or not process.name or not process.command:
            raise PlanError(f"process {process.name!r}: its name must be new and plain, its command not empty")
        if process.after is None:
            process.after = names[-1:]
        if missing := [name for name in process.after if name not in names]:
            raise PlanError(f"process {process.name!r} waits for {missing}, which do not stand before it")
        names.append(process.name)
    return plan


def _process(raw: dict[str, Any]) -> Process:
    return Process(
        **{
            **raw,
            "ready": Ready(**raw.get("ready", {})),
            "listens": [Listen(**listen) for listen in raw.get("listens", [])],
        }
    )
