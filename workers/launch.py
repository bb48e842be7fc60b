"""What `family-dispatch up` hands to the supervisor: which processes, what each waits for, what each listens on.

Only as much order as there is need: the records and the queue before those who use them, the exchange before those who
ask it. No process is essential: where one cannot start, the page must still come up and say so.
"""

from __future__ import annotations

import json
import os
import sys
from dataclasses import asdict
from pathlib import Path

from telephony.console import ConsoleCommand
from workers.provision.asterisk import ExchangeProgram
from workers.settings import Bind, ServiceSettings, bind
from workers.supervisor.guard import Spec
from workers.supervisor.plan import Listen, Plan, Process, Ready

GRACE_SECONDS = 60.0
FOREIGN = ("valkey", "exchange")
SPARE_MEMORY = {"MALLOC_ARENA_MAX": "1"}
"""glibc keeps a heap for each of eight threads a core, and Python runs one thread at a time: 14 MB less in all."""
LONGEST_SOCKET_PATH = 107  # sockaddr_un.sun_path, unix(7)


def python(module: str) -> list[str]:
    """The command of one of our processes; `-P` keeps a folder `web` in the working directory from shadowing ours."""
    return [sys.executable, "-P", "-m", module]


def make_plan(
    settings: ServiceSettings,
    http_address: Bind,
    *,
    valkey: list[str] | None,
    guard_spec: Path | None,
    announcement: str = "",
) -> Plan:
    """The processes of this installation; without `valkey` or `guard_spec` these parts are somebody else's."""
    run = settings.run_dir
    processes = []
    if valkey:
        pong = Ready("unix", str(run / "valkey.sock"), send="PING\r\n", expect="+PONG")
        processes.append(Process("valkey", valkey, ready=pong, after=[], essential=False))
    if guard_spec:
        processes.append(
            Process(
                "exchange",
                [*python("workers.supervisor.guard"), str(guard_spec)],
                ready=Ready("file", str(run / "exchange.ready"), timeout=60),
                stop_timeout=25,
                hurry_signal="SIGQUIT",  # it ends Asterisk first; SIGKILL would leave Asterisk alone
                death_signal="",
                after=[],
                essential=False,
                listens=exchange_listens(settings),
            )
        )
    before = [process.name for process in processes]
    agi = _reachable(settings.agi_address)
    web = _reachable(http_address)
    processes += [
        _ours("agi", "workers.agi_server", Ready("tcp", agi), before, _listen(settings, "agi")),
        _ours("listener", "workers.listener", Ready("file", str(run / "listener.ready")), before),
        _ours("worker", "workers.rq_worker", Ready("file", str(run / "worker.ready")), before),
        _ours("ticker", "workers.ticker", Ready("file", str(run / "ticker.ready")), before),
        _ours(
            "web",
            "web.main",
            Ready("http", f"http://{web}/login"),
            before,
            Listen(f"{_host(http_address)}:{http_address.port}", "tcp", "страниц", "DISPATCH_HTTP_BIND"),
        ),
    ]
    environment = {"DISPATCH_DATA_DIR": str(settings.data_dir), "DISPATCH_MODE": settings.mode}
    for process in processes:
        process.env = environment if process.name in FOREIGN else {**environment, **SPARE_MEMORY}
    return Plan(str(settings.data_dir), processes, announcement)


def _ours(name: str, module: str, ready: Ready, after: list[str], *listens: Listen) -> Process:
    return Process(name, python(module), ready=ready, after=after, essential=False, listens=list(listens))


def _listen(settings: ServiceSettings, what: str) -> Listen:
    field, words = {"agi": ("agi_bind", "связи с АТС (AGI)")}[what]
    address = bind(getattr(settings, field))
    return Listen(f"{_host(address)}:{address.port}", "tcp", words, f"DISPATCH_{field.upper()}")


def exchange_listens(settings: ServiceSettings) -> list[Listen]:
    """The embedded exchange's addresses; not looked at while our own exchange answers on its control socket."""
    control = str(settings.exchange_run_dir / "asterisk.ctl")
    wanted = [
        (f"{settings.ami_host}:{settings.ami_port}", "tcp", "управления АТС (AMI)", "DISPATCH_AMI_PORT"),
        (settings.phone_ws_bind, "tcp", "телефона в браузере", "DISPATCH_PHONE_WS_BIND"),
        (settings.sip_bind, "udp", "настольных телефонов (SIP)", "DISPATCH_SIP_BIND"),
        (settings.trunk_bind, "udp", "городской линии (SIP)", "DISPATCH_TRUNK_BIND"),
    ]
    if settings.mode == "demo":
        wanted.append((settings.town_bind, "udp", "учебного города (SIP)", "DISPATCH_TOWN_BIND"))
    return [Listen(*address, unless_answers=control) for address in wanted]


def write_guard_spec(settings: ServiceSettings, program: ExchangeProgram, config: Path, control_socket: Path) -> Path:
    """Tell the guard how this exchange is started and spoken to; the file is ours alone."""
    asterisk = [*program.command, "-C", str(config)]
    spec = Spec(
        data_dir=str(settings.data_dir),
        command=[*asterisk, "-f"],
        console=asterisk,
        control_socket=str(control_socket),
        ready_file=str(settings.run_dir / "exchange.ready"),
        env=program.env,
        grace=GRACE_SECONDS,
        adopted=[command.value for command in ConsoleCommand if command.name.startswith("RELOAD_")],
        listens=[],  # looked at before anything starts; the guard's own start must not fail on our own dying exchange
    )
    path = settings.run_dir / "guard.json"
    path.unlink(missing_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(asdict(spec), file)
    return path


def _host(address: Bind) -> str:
    return f"[{address.host}]" if ":" in address.host else address.host


def _reachable(address: Bind) -> str:
    """Where we reach ourselves: nobody connects to 0.0.0.0."""
    host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(address.host, _host(address))  # noqa: S104
    return f"{host}:{address.port}"
