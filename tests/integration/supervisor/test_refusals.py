"""A second copy, a taken address, a broken plan: refused at once with a sentence."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys

import pytest

from tests.support.supervised import LIVES, Service, python
from tests.support.wait import wait_for


def test_a_second_copy_on_the_same_data_is_refused_and_told_the_process(service, tmp_path) -> None:
    first = service([{"name": "one", "command": python(LIVES)}]).start()
    first.says("все процессы работают")
    second = Service(tmp_path, [{"name": "one", "command": python(LIVES)}])
    second.screen = tmp_path / "second.txt"
    second.start()
    assert second.wait() == 2
    assert f"процесс {first.pid}" in second.text()
    assert "уже работает" in second.text()
    assert len(first.children()) == 1


def test_a_crashed_supervisor_does_not_lock_the_data(service) -> None:
    supervised = service([{"name": "one", "command": python(LIVES)}]).start()
    supervised.says("все процессы работают")
    os.kill(supervised.pid, signal.SIGKILL)
    supervised.wait()
    supervised.start()
    supervised.says("все процессы работают", times=2)


@pytest.mark.parametrize("protocol", ["tcp", "udp"])
@pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0"])
def test_a_taken_address_is_named_with_its_holder(service, protocol: str, host: str) -> None:
    code = f"""
import socket, time
taken = socket.socket(socket.AF_INET, socket.SOCK_{"STREAM" if protocol == "tcp" else "DGRAM"})
taken.bind(("{host}", 0))
{"taken.listen()" if protocol == "tcp" else ""}
print(taken.getsockname()[1], flush=True)
time.sleep(600)
"""
    with subprocess.Popen(python(code), stdout=subprocess.PIPE, text=True) as holder:
        try:
            port = int(holder.stdout.readline())
            listens = [
                {
                    "address": f"127.0.0.1:{port}",
                    "protocol": protocol,
                    "what": "страницы",
                    "setting": "DISPATCH_HTTP_BIND",
                }
            ]
            supervised = service([{"name": "web", "command": python(LIVES), "listens": listens}]).start()
            assert supervised.wait() == 2
            text = supervised.text()
            assert f"Адрес 127.0.0.1:{port} ({protocol.upper()}) нужен для страницы" in text
            assert f"его занимает процесс {holder.pid} ({sys.executable}" in text
            assert "DISPATCH_HTTP_BIND" in text
        finally:
            holder.kill()


def test_the_holder_is_named_on_ipv6_too() -> None:
    from workers.supervisor import ports

    with socket.create_server(("::1", 0), family=socket.AF_INET6) as server:
        port = server.getsockname()[1]
        assert f"процесс {os.getpid()} (" in ports.owner("::1", port, "tcp")


def test_an_address_of_another_machine_is_told(service) -> None:
    listens = [{"address": "192.0.2.7:8080", "what": "страницы", "setting": "DISPATCH_HTTP_BIND"}]
    supervised = service([{"name": "web", "command": python(LIVES), "listens": listens}]).start()
    assert supervised.wait() == 2
    assert "Адреса 192.0.2.7 нет на этом компьютере" in supervised.text()


def test_addresses_of_our_own_living_exchange_are_not_refused(service, tmp_path) -> None:
    control = tmp_path / "asterisk.ctl"
    with socket.socket(socket.AF_UNIX) as ours, socket.create_server(("127.0.0.1", 0)) as taken:
        ours.bind(str(control))
        ours.listen()
        listens = [{"address": f"127.0.0.1:{taken.getsockname()[1]}", "unless_answers": str(control)}]
        supervised = service([{"name": "exchange", "command": python(LIVES), "listens": listens}]).start()
        supervised.says("все процессы работают")


@pytest.mark.parametrize(
    "processes",
    [
        [{"name": "a", "command": ["true"]}, {"name": "a", "command": ["true"]}],
        [{"name": "a", "command": ["true"], "after": ["b"]}],
        [{"name": "../a", "command": ["true"]}],
        [{"name": "a", "command": ["true"], "unknown": 1}],
        [{"name": "a", "command": []}],
    ],
)
def test_a_plan_that_makes_no_sense_is_refused(service, processes) -> None:
    supervised = service(processes).start()
    assert supervised.wait() == 2
    assert "Traceback" not in supervised.text()
    wait_for(lambda: not supervised.children())
