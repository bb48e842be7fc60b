"""Processes start in order, each after its predecessors are healthy."""

from __future__ import annotations

import re
import sys
from pathlib import Path

from tests.support.ports import free_port
from tests.support.supervised import LIVES, python, running
from tests.support.wait import wait_for

MARK_LATER = """
import sys, time, pathlib
print("first begins", flush=True)
while not pathlib.Path(sys.argv[2]).exists(): time.sleep(0.02)
pathlib.Path(sys.argv[1]).write_text("ready")
while True: time.sleep(60)
"""


def test_the_second_process_waits_for_the_health_of_the_first(service, tmp_path: Path) -> None:
    ready, permission = tmp_path / "ready", tmp_path / "permission"
    supervised = service(
        [
            {
                "name": "first",
                "command": python(MARK_LATER, str(ready), str(permission)),
                "ready": {"kind": "file", "address": str(ready)},
            },
            {"name": "second", "command": python("print('second begins', flush=True)\n" + LIVES)},
        ],
        announcement="Откройте страницу",
    ).start()
    supervised.says("first begins")
    assert "second begins" not in supervised.text()
    assert "Откройте страницу" not in supervised.text()
    permission.touch()
    supervised.says("second begins")
    supervised.says("Откройте страницу")
    assert len(supervised.children()) == 2


def test_a_ready_mark_of_a_former_life_is_not_believed(service, tmp_path: Path) -> None:
    ready = tmp_path / "ready"
    ready.write_text("stale")
    supervised = service(
        [
            {
                "name": "first",
                "command": python("print('first begins', flush=True)\n" + LIVES),
                "ready": {"kind": "file", "address": str(ready)},
            },
            {"name": "second", "command": python("print('second begins', flush=True)\n" + LIVES)},
        ]
    ).start()
    supervised.says("first begins")
    assert not ready.exists()
    assert "second begins" not in supervised.text()


def test_health_is_seen_over_tcp_unix_and_http(service, tmp_path: Path) -> None:
    tcp, http, path = free_port(), free_port(), tmp_path / "peer.sock"
    answering = """
import socket, sys
family, address, says = sys.argv[1:]
server = socket.socket(socket.AF_UNIX if family == "unix" else socket.AF_INET)
server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
server.bind(address if family == "unix" else ("127.0.0.1", int(address)))
server.listen()
while True:
    peer, _ = server.accept()
    if says: peer.recv(1000); peer.sendall(says.encode().decode("unicode_escape").encode())
    peer.close()
"""
    processes = [
        {
            "name": "valkey",
            "command": python(answering, "unix", str(path), "+PONG\\r\\n"),
            "ready": {"kind": "unix", "address": str(path), "send": "PING\r\n", "expect": "+PONG"},
        },
        {
            "name": "agi",
            "command": python(answering, "tcp", str(tcp), ""),
            "ready": {"kind": "tcp", "address": f"127.0.0.1:{tcp}"},
        },
        {
            "name": "web",
            "command": python(answering, "tcp", str(http), "HTTP/1.1 200 OK\\r\\n\\r\\n"),
            "ready": {"kind": "http", "address": f"http://127.0.0.1:{http}/health"},
        },
    ]
    supervised = service(processes).start()
    supervised.says("все процессы работают")
    order = re.findall(r"(\w+): работает", supervised.text())
    assert order == ["valkey", "agi", "web"]


def test_a_page_that_answers_500_is_not_healthy_and_is_started_anew(service) -> None:
    port = free_port()
    failing = f"""
import socket
server = socket.create_server(("127.0.0.1", {port}))
while True:
    peer, _ = server.accept(); peer.recv(1000); peer.sendall(b"HTTP/1.1 500 no\\r\\n\\r\\n"); peer.close()
"""
    ready = {"kind": "http", "address": f"http://127.0.0.1:{port}/health", "timeout": 0.5}
    supervised = service([{"name": "web", "command": python(failing), "ready": ready}]).start()
    supervised.says("web: не готов за 0.5 с", times=2)
    assert "web: работает" not in supervised.text()


def test_what_is_not_essential_does_not_hold_back_those_after_it(service) -> None:
    supervised = service(
        [
            {"name": "exchange", "command": python("raise SystemExit(3)"), "essential": False},
            {"name": "web", "command": python("print('web begins', flush=True)\n" + LIVES), "after": ["exchange"]},
        ]
    ).start()
    supervised.says("web begins")
    supervised.says("exchange: завершился (код 3)")


def test_an_essential_process_that_fails_holds_back_those_after_it(service) -> None:
    ready = {"kind": "tcp", "address": f"127.0.0.1:{free_port()}"}
    supervised = service(
        [
            {"name": "valkey", "command": python("raise SystemExit(3)"), "ready": ready},
            {"name": "web", "command": python("print('web begins', flush=True)\n" + LIVES)},
        ]
    ).start()
    supervised.says("valkey: завершился (код 3)", times=3)
    assert "web begins" not in supervised.text()


def test_the_supervisor_takes_less_than_twenty_megabytes(service) -> None:
    supervised = service([{"name": "one", "command": python(LIVES)}]).start()
    supervised.says("все процессы работают")
    status = Path(f"/proc/{supervised.pid}/status").read_text()
    resident = int(re.search(r"VmRSS:\s+(\d+) kB", status)[1])
    print(f"supervisor: {resident} kB resident on Python {sys.version_info[0]}.{sys.version_info[1]}")
    assert resident <= 20 * 1024


def test_a_program_that_does_not_exist_is_told_and_tried_again(service) -> None:
    supervised = service([{"name": "ghost", "command": ["/nonexistent/program"]}]).start()
    supervised.says("ghost: не запускается: No such file or directory (/nonexistent/program)", times=2)
    assert running(supervised.pid)
    wait_for(lambda: not supervised.children())
