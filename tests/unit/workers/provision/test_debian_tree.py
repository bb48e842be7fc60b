"""A private tree appears whole or not at all, once, and later without the network."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.support.scripted_apt import ScriptedApt
from workers.provision import machine
from workers.provision.debian_tree import Tree, ensure_tree, known_tree, last_good_tree
from workers.provision.errors import ProvisionError
from workers.provision.private_apt import source_lines


def _make(cache: Path, said: list[str], packages: tuple[str, ...] = ("greeter",), suite: str | None = None) -> Tree:
    return ensure_tree("greeter", packages, suite=suite, cache=cache, progress=said.append, what="приветствие")


def test_a_tree_is_made_once_and_found_again_without_apt(apt: ScriptedApt, tmp_path: Path) -> None:
    said: list[str] = []
    tree = _make(tmp_path / "cache", said)
    assert tree.path("/usr/bin/greet").read_text() == "echo hello\n"
    assert tree.versions == {"greeter": "1:2.0"}
    assert said[0] == "Загружаю приветствие: читаю список пакетов"
    assert said[-1] == "Распаковываю приветствие"
    (apt.folder / "apt-get").unlink()
    again: list[str] = []
    assert _make(tmp_path / "cache", again) == tree
    assert again == []


def test_two_starters_at_once_download_once(apt: ScriptedApt, tmp_path: Path) -> None:
    said: list[str] = []
    with ThreadPoolExecutor(2) as pool:
        first, second = pool.map(lambda _: _make(tmp_path / "cache", said), range(2))
    assert first == second
    assert apt.asked("--download-only") == 1
    assert "Загружаю приветствие: это уже делает другой запуск, жду его" in said


def test_a_full_disk_leaves_no_half_made_tree_and_the_next_start_makes_it(apt: ScriptedApt, tmp_path: Path) -> None:
    (apt.folder / "full-disk").touch()
    with pytest.raises(ProvisionError) as caught:
        _make(tmp_path / "cache", [])
    assert "есть ли место на диске" in caught.value.sentence
    assert "No space left on device" in caught.value.detail
    assert [path for path in (tmp_path / "cache/trees").iterdir() if path.is_dir()] == []
    (apt.folder / "full-disk").unlink()
    assert _make(tmp_path / "cache", []).path("/usr/bin/greet").exists()


def test_what_a_killed_start_left_is_swept(apt: ScriptedApt, tmp_path: Path) -> None:
    root = _make(tmp_path / "cache", []).root
    (root / ".complete.json").unlink()
    root.rename(root.with_name(f".{root.name}.killed"))
    _make(tmp_path / "cache", [])
    assert not root.with_name(f".{root.name}.killed").exists()


def test_without_a_network_the_sentence_says_so_and_the_last_good_tree_is_there(
    apt: ScriptedApt, tmp_path: Path
) -> None:
    good = _make(tmp_path / "cache", [])
    (apt.folder / "offline").touch()
    with pytest.raises(ProvisionError, match="Проверьте соединение с интернетом"):
        _make(tmp_path / "cache", [], suite="sid")
    assert last_good_tree("greeter", tmp_path / "cache") == good
    assert last_good_tree("stranger", tmp_path / "cache") is None


def test_an_unknown_package_gives_apts_own_words_as_the_detail(apt: ScriptedApt, tmp_path: Path) -> None:
    with pytest.raises(ProvisionError) as caught:
        _make(tmp_path / "cache", [], packages=("no-such-package",))
    assert caught.value.detail == "E: Unable to locate package"


def test_signatures_stay_checked(apt: ScriptedApt, tmp_path: Path) -> None:
    _make(tmp_path / "cache", [], suite="sid")
    assert apt.asked("APT::Get::AllowUnauthenticated=false") == apt.asked("Dir::State::status=")
    assert apt.asked("trusted=yes") == 0


def test_the_mirror_is_the_machines_own_and_foreign_archives_are_left_out(apt: ScriptedApt) -> None:
    assert [line.split("] ")[-1].removeprefix("deb ") for line in source_lines("sid")] == [
        "http://mirror.test/debian sid main"
    ]
    assert "other.test" not in "".join(source_lines(None))


def test_what_is_not_wholly_free_is_looked_for_only_when_asked(apt: ScriptedApt) -> None:
    parts = {line.split(" main")[-1] for line in source_lines(None)}
    assert parts <= {"", " universe"}
    assert all(line.endswith((" contrib non-free", " multiverse")) for line in source_lines(None, nonfree=True))


def test_a_tree_that_is_there_is_known_without_asking_anybody(apt: ScriptedApt, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    assert known_tree("greeter", ("greeter",), suite=None, cache=cache) is None
    tree = ensure_tree("greeter", ("greeter",), suite=None, cache=cache, progress=print)
    (apt.folder / "offline").touch()
    assert known_tree("greeter", ("greeter",), suite=None, cache=cache) == tree


def test_a_machine_without_apt_is_told_to_install_by_its_own_means(
    apt: ScriptedApt, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    with pytest.raises(ProvisionError, match="не настроены источники пакетов"):
        source_lines(None)


def test_a_foreign_tree_runs_by_its_own_loader_and_leaves_children_alone(tmp_path: Path) -> None:
    libraries = tmp_path / "usr/lib" / machine.triplet()
    libraries.mkdir(parents=True)
    (libraries / "ld-linux-x86-64.so.2").touch()
    tree = Tree(tmp_path, "sid", foreign=True, versions={})
    assert tree.command("/usr/bin/greet", "-v") == [
        f"{libraries}/ld-linux-x86-64.so.2", "--library-path", f"{libraries}", f"{tmp_path}/usr/bin/greet", "-v",
    ]  # fmt: skip
    assert tree.env() == {}


def test_a_native_tree_runs_by_the_machines_loader_with_its_libraries(tmp_path: Path) -> None:
    inside = tmp_path / "usr/lib" / machine.triplet() / "blas"
    inside.mkdir(parents=True)
    (inside / "libblas.so.3").touch()
    tree = Tree(tmp_path, "bookworm", foreign=False, versions={})
    assert tree.command("/usr/bin/greet") == [f"{tmp_path}/usr/bin/greet"]
    assert tree.env() == {"LD_LIBRARY_PATH": f"{inside.parent}:{inside}"}


def test_the_cache_follows_xdg_and_ignores_a_relative_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert machine.cache_folder() == tmp_path / "family-dispatch"
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")
    assert machine.cache_folder() == Path.home() / ".cache/family-dispatch"
