"""Which Asterisk runs, and what the screen says of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from workers.provision import asterisk, machine
from workers.provision.asterisk import ExchangeProgram, find_exchange, major
from workers.provision.debian_tree import Tree
from workers.provision.errors import ProvisionError


def _own(version: str) -> ExchangeProgram:
    return ExchangeProgram(version, "АТС установлена в системе", ["asterisk"], Path("/modules"), Path("/data"))


@pytest.fixture
def trees(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> dict[str | None, str]:
    """Suites that can be had, with the version of their Asterisk; filled by the test."""
    available: dict[str | None, str] = {}

    def ensure(_name: str, _packages: object, *, suite: str | None, finish: object, **_rest: object) -> Tree:
        assert finish
        if suite not in available:
            raise ProvisionError(f"нет {suite}", f"{suite} is absent")
        return Tree(tmp_path, suite or "noble", suite is not None, {"asterisk": available[suite]})

    (tmp_path / "usr/lib/asterisk/modules").mkdir(parents=True)
    monkeypatch.setattr(asterisk, "ensure_tree", ensure)
    monkeypatch.setattr(Tree, "command", lambda tree, _program: [tree.versions["asterisk"]])
    monkeypatch.setattr(asterisk, "_version", lambda command, _env: command[0])
    monkeypatch.setattr(asterisk, "machine_exchange", lambda: None)
    monkeypatch.setattr(asterisk, "last_good_tree", lambda _name, _cache: None)
    monkeypatch.setattr(machine, "release", lambda: ("debian", "bookworm"))
    return available


@pytest.mark.parametrize(("version", "chosen"), [("20.6.0", "20.6.0"), ("18.10.0", "22.1.0")])
def test_the_machines_asterisk_is_taken_only_if_it_is_new_enough(
    trees: dict[str | None, str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path, version: str, chosen: str
) -> None:
    trees["sid"] = "22.1.0"
    monkeypatch.setattr(asterisk, "machine_exchange", lambda: _own(version))
    assert find_exchange(tmp_path, print, {}).version == chosen


def test_a_variable_asks_for_the_private_one(
    trees: dict[str | None, str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    trees["sid"] = "22.1.0"
    monkeypatch.setattr(asterisk, "machine_exchange", lambda: _own("22.0.0"))
    assert find_exchange(tmp_path, print, {"DISPATCH_PRIVATE_ASTERISK": "1"}).version == "22.1.0"


def test_without_sid_the_last_good_copy_runs_and_the_screen_says_so(
    trees: dict[str | None, str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    trees["bullseye"] = "16.28.0"
    kept = Tree(tmp_path, "sid", True, {"asterisk": "22.0.9"})
    monkeypatch.setattr(asterisk, "last_good_tree", lambda _name, _cache: kept)
    assert find_exchange(tmp_path, print, {}).origin == (
        "АТС Asterisk 22.0.9, последняя удачная копия из кэша: новая сегодня недоступна (Debian sid)"
    )


def test_without_sid_and_cache_the_old_release_runs_and_the_screen_says_so(
    trees: dict[str | None, str], tmp_path: Path
) -> None:
    trees["bullseye"] = "16.28.0"
    found = find_exchange(tmp_path, print, {})
    assert found.version == "16.28.0"
    assert "старая версия из Debian 11" in found.origin


def test_ubuntu_takes_its_own_release(
    trees: dict[str | None, str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    trees[None] = "20.6.0"
    monkeypatch.setattr(machine, "release", lambda: ("ubuntu", "noble"))
    assert find_exchange(tmp_path, print, {}).origin == "АТС Asterisk 20.6.0, собственная копия"


def test_where_nothing_can_be_had_the_error_names_every_attempt(trees: dict[str | None, str], tmp_path: Path) -> None:
    with pytest.raises(ProvisionError) as caught:
        find_exchange(tmp_path, print, {})
    assert "установить Asterisk 20 или новее" in caught.value.sentence
    assert "sid is absent" in caught.value.detail
    assert "bullseye is absent" in caught.value.detail


@pytest.mark.parametrize(("version", "number"), [("22.10.1", 22), ("9", 9), ("", 0), ("GIT-master", 0)])
def test_the_major_version_is_a_number(version: str, number: int) -> None:
    assert major(version) == number
