"""Which address is taken, and by what: a sentence instead of EADDRINUSE.

The kernel's tables (`/proc/net/tcp`, proc(5)) name the socket, `/proc/<pid>/fd` its owner, where we may look.
"""

from __future__ import annotations

import errno
import os
import socket
import time
from pathlib import Path

from workers.supervisor.plan import Listen

_LISTENING = {"tcp": "0A", "udp": "07"}  # include/net/tcp_states.h


def sentence(listen: Listen) -> str | None:
    """What prevents listening there, in Russian; None when nothing does."""
    if listen.unless_answers and unix_answers(listen.unless_answers):
        return None
    host, _, port = listen.address.rpartition(":")
    host = host.strip("[]")
    reason = _why_not(host, int(port), listen.protocol)
    if reason is None:
        return None
    what = listen.what or "службы"
    if reason == errno.EADDRINUSE:
        holder = owner(host, int(port), listen.protocol)
        taken_by = f"его занимает {holder}" if holder else "его занимает процесс другого пользователя"
        text = f"Адрес {listen.address} ({listen.protocol.upper()}) нужен для {what}, но {taken_by}."
        hint = "Остановите этот процесс"
        return f"{text} {hint} или выберите другой адрес: {listen.setting}." if listen.setting else f"{text} {hint}."
    if reason == errno.EADDRNOTAVAIL:
        text = f"Адреса {host} нет на этом компьютере, а он нужен для {what}."
    elif reason == errno.EACCES:
        text = f"Порт {port} ({what}) меньше 1024 и разрешён только администратору."
    else:
        text = f"Адрес {listen.address} для {what} не открывается: {os.strerror(reason)}."
    return f"{text} Измените {listen.setting}." if listen.setting else text


def taken(listens: list[Listen], *, patience: float = 0.0) -> list[str]:
    """A sentence for each address that cannot be had within `patience` seconds (predecessors may still be dying)."""
    deadline = time.monotonic() + patience
    while True:
        sentences = [text for listen in listens if (text := sentence(listen))]
        if not sentences or time.monotonic() >= deadline:
            return sentences
        time.sleep(0.1)


def unix_answers(path: str) -> bool:
    """Whether somebody listens on this unix socket."""
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(0.5)
        try:
            client.connect(path)
        except BlockingIOError:
            return True  # EAGAIN, unix(7): it listens, and its backlog (Asterisk's is 2) is full for the moment
        except OSError:
            return False
        return True


def _why_not(host: str, port: int, protocol: str) -> int | None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    kind = socket.SOCK_DGRAM if protocol == "udp" else socket.SOCK_STREAM
    with socket.socket(family, kind) as probe:
        if protocol == "tcp":
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as the servers themselves do
        try:
            probe.bind((host, port))
            if protocol == "tcp":
                probe.listen(1)
        except socket.gaierror:
            return errno.EADDRNOTAVAIL
        except OSError as error:
            return error.errno
    return None


def owner(host: str, port: int, protocol: str) -> str | None:
    """`процесс 812 (asterisk -f)`, or None where we may not look."""
    try:
        address = socket.gethostbyname(host) if ":" not in host else host
    except OSError:
        address = host
    inodes = {
        inode
        for table in (protocol, f"{protocol}6")
        for local, local_port, inode in _sockets(table, _LISTENING[protocol])
        if local_port == port and (local in (address, "0.0.0.0", "::") or address in ("0.0.0.0", "::"))  # noqa: S104
    }
    if not inodes:
        return None
    wanted = {f"socket:[{inode}]" for inode in inodes}
    for process in Path("/proc").iterdir():
        if process.name.isdecimal() and _holds(process, wanted):
            return f"процесс {process.name} ({_command(process)})"
    return None


def _sockets(table: str, state: str) -> list[tuple[str, int, str]]:
    found = []
    try:
        lines = Path("/proc/net", table).read_text(encoding="ascii").splitlines()[1:]
    except OSError:
        return []
    for line in lines:
        columns = line.split()
        if columns[3] == state:
            address, _, port = columns[1].partition(":")
            found.append((_readable(address), int(port, 16), columns[9]))
    return found


def _readable(address: str) -> str:
    """The kernel prints addresses as 32-bit words in the machine's byte order (little endian on what we run on)."""
    words = [bytes.fromhex(address[start : start + 8])[::-1] for start in range(0, len(address), 8)]
    packed = b"".join(words)
    if packed[:12] == b"\0" * 10 + b"\xff\xff":
        packed = packed[12:]
    return socket.inet_ntop(socket.AF_INET if len(packed) == 4 else socket.AF_INET6, packed)


def _holds(process: Path, wanted: set[str]) -> bool:
    try:
        return any(_link(descriptor) in wanted for descriptor in (process / "fd").iterdir())
    except OSError:
        return False  # ended meanwhile, or belongs to another user


def _link(descriptor: Path) -> str:
    try:
        return os.readlink(descriptor)  # noqa: PTH115 - the target is no path
    except OSError:
        return ""


def _command(process: Path) -> str:
    try:
        command = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace").strip()
        return (command or (process / "comm").read_text(encoding="utf-8").strip())[:80]
    except OSError:
        return "?"
