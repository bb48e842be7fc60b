"""The embedded Valkey listens on its socket only, keeps its data, and is our own child."""

from __future__ import annotations

import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis

from workers.provision.errors import ProvisionError
from workers.provision.valkey import valkey_command


@pytest.fixture
def folder() -> Iterator[Path]:
    """A short path: a socket's has 107 bytes at most, which pytest's own folders come near."""
    with tempfile.TemporaryDirectory(prefix="dispatch-valkey-") as name:
        yield Path(name)


def _connected(process: subprocess.Popen[bytes], socket: Path) -> redis.Redis:
    client = redis.Redis(unix_socket_path=str(socket))
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        assert process.poll() is None, "Valkey ended"
        try:
            client.ping()
        except redis.ConnectionError:
            time.sleep(0.01)
        else:
            return client
    raise AssertionError("Valkey did not answer")


def test_it_has_no_port_never_drops_a_key_and_remembers_across_a_kill(folder: Path) -> None:
    socket = folder / "run/valkey.sock"
    for round_number in range(2):
        process = subprocess.Popen(valkey_command(folder / "valkey", socket), stdout=subprocess.DEVNULL)
        try:
            client = _connected(process, socket)
            assert client.config_get("port") == {"port": "0"}
            assert client.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}
            if round_number == 0:
                client.set("due", "1")
                client.execute_command("WAITAOF", 1, 0, 5000)
            else:
                assert client.get("due") == b"1"
        finally:
            process.kill()
            process.wait()


def test_other_users_cannot_reach_the_queues(folder: Path) -> None:
    valkey_command(folder / "valkey", folder / "run/valkey.sock")
    assert [oct((folder / name).stat().st_mode & 0o777) for name in ("valkey", "run")] == ["0o700", "0o700"]


def test_a_socket_path_that_the_system_would_cut_is_refused_with_a_sentence(folder: Path) -> None:
    with pytest.raises(ProvisionError, match="слишком длинный"):
        valkey_command(folder, folder / ("д" * 60) / "valkey.sock")
