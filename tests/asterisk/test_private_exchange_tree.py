"""The private tree of packages on real parts: an Asterisk that starts, and a SIPp that rings another."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
from pathlib import Path

import pytest

from tests.support.ports import free_port
from tests.support.tools import Tools
from workers.provision.asterisk import OLDEST_MAJOR, ExchangeProgram, major, private_exchange
from workers.provision.debian_tree import ensure_tree
from workers.provision.machine import cache_folder


def _unexpected(line: str) -> None:
    raise AssertionError(f"a second start must not download: {line}")


@pytest.fixture(scope="module")
def exchange() -> ExchangeProgram:
    return private_exchange(cache_folder(), print)


def test_the_private_asterisk_is_new_enough_and_has_russian_prompts(exchange: ExchangeProgram) -> None:
    assert major(exchange.version) >= OLDEST_MAJOR
    assert (exchange.data_dir / "sounds/ru/queue-thankyou.wav").is_file()
    assert (exchange.data_dir / "documentation").is_dir()
    assert list((exchange.data_dir / "moh").glob("*.wav"))
    assert (exchange.modules_dir / "res_pjsip.so").is_file()


def test_the_private_asterisk_starts_answers_the_console_and_stops(exchange: ExchangeProgram, tmp_path: Path) -> None:
    for name in ("etc", "run", "spool", "log", "db"):
        (tmp_path / name).mkdir()
    (tmp_path / "etc/asterisk.conf").write_text(
        f"[directories]\nastetcdir={tmp_path}/etc\nastmoddir={exchange.modules_dir}\nastvarlibdir={tmp_path}\n"
        f"astdbdir={tmp_path}/db\nastdatadir={exchange.data_dir}\nastspooldir={tmp_path}/spool\n"
        f"astrundir={tmp_path}/run\nastlogdir={tmp_path}/log\n"
    )
    (tmp_path / "etc/modules.conf").write_text("[modules]\nautoload=no\nload=pbx_config.so\nload=res_pjproject.so\n")
    (tmp_path / "etc/extensions.conf").write_text("[general]\nstatic=yes\n[proof]\nexten => 100,1,NoOp()\n")
    command = [*exchange.command, "-C", str(tmp_path / "etc/asterisk.conf")]
    environment = {**os.environ, **exchange.env}
    server = subprocess.Popen([*command, "-f"], env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        assert "fully booted" in _console(command, environment, server, "core waitfullybooted")
        assert "'100' =>" in _console(command, environment, server, "dialplan show proof")
    finally:
        server.send_signal(signal.SIGTERM)
        assert server.wait(20) is not None


def test_a_complete_tree_is_found_again_without_a_word_or_a_download(
    exchange: ExchangeProgram, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    assert private_exchange(cache_folder(), _unexpected) == exchange


def test_two_private_sipps_exchange_one_call(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DISPATCH_PRIVATE_TOOLS", "1")
    sipp = Tools().sipp()
    assert sipp.origin != "machine"
    assert (sipp.prepare(tmp_path) / "pcap/dtmf_2833_1.pcap").is_file()
    port, other = free_port(kind=socket.SOCK_DGRAM), free_port(kind=socket.SOCK_DGRAM)
    common = ["-nostdin", "-i", "127.0.0.1", "-m", "1", "-timeout", "20", "-timeout_error"]
    called = subprocess.Popen(
        [*sipp.command, "-sn", "uas", "-p", str(port), *common],
        cwd=tmp_path, env=sipp.environment(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        caller = subprocess.run(
            [*sipp.command, "-sn", "uac", "-d", "100", "-p", str(other), f"127.0.0.1:{port}", *common],
            cwd=tmp_path, env=sipp.environment(), capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
        assert caller.returncode == 0, caller.stdout[-2000:] + caller.stderr
        assert called.wait(20) == 0
    finally:
        if called.poll() is None:
            called.kill()
            called.wait()


def test_a_tree_of_the_machines_own_release_runs_its_program(tmp_path: Path) -> None:
    said: list[str] = []
    tree = ensure_tree("proof", ["hello"], suite=None, cache=tmp_path, progress=said.append, what="hello")
    greeting = subprocess.run(
        tree.command("/usr/bin/hello"), env={**os.environ, **tree.env()}, capture_output=True, text=True, check=True
    )
    assert greeting.stdout == "Hello, world!\n"
    assert "Распаковываю hello" in said
    assert not list(tmp_path.rglob("*.deb")), "the downloaded packages are not kept"


def _console(command: list[str], environment: dict[str, str], server: subprocess.Popen[bytes], line: str) -> str:
    """What the console says; until its socket is there, the command fails with exit code 1."""
    while True:
        assert server.poll() is None, "Asterisk ended"
        done = subprocess.run([*command, "-rx", line], env=environment, capture_output=True, text=True, check=False)
        if done.returncode == 0:
            return done.stdout
