"""A private tree of Debian packages: programs that the machine lacks, unpacked in the cache without root.

`ensure_tree` makes a tree once; every later call finds it complete and touches no network. A tree of the machine's own
release runs with LD_LIBRARY_PATH; a tree of another release ("foreign": sid on bookworm) runs by its own dynamic
loader, because its programs want a newer C library than the machine's.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from workers.provision import machine
from workers.provision.errors import ProvisionError
from workers.provision.locking import locked
from workers.provision.private_apt import PrivateApt, Progress, source_lines

# Raise it when the way of unpacking changes: older trees are then made anew.
_FORMAT = 1
_MARKER = ".complete.json"
# A native tree takes the machine's C library: the loader of one point release may refuse the libc of another.
_LEFT_TO_THE_MACHINE = ("libc6_", "libc-bin_")


@dataclass(frozen=True)
class Tree:
    """An unpacked tree. `versions` maps package names to their Debian versions."""

    root: Path
    suite: str
    foreign: bool
    versions: dict[str, str]

    def path(self, inside: str) -> Path:
        """The place of an absolute path of the packages, `/usr/sbin/asterisk` for one, in this tree."""
        return self.root / inside.lstrip("/")

    def command(self, program: str, *arguments: str) -> list[str]:
        """How to start `program`, an absolute path as the package has it. Native trees also need `env()`."""
        program_path = str(self.path(program))
        if not self.foreign:
            return [program_path, *arguments]
        return [str(self._loader()), "--library-path", self.library_path(), program_path, *arguments]

    def env(self) -> dict[str, str]:
        """Variables to add to the environment of the program. Empty for foreign trees, so that a child process which is
        the machine's own (a shell, our AGI script) does not load libraries of another release."""
        return {} if self.foreign else {"LD_LIBRARY_PATH": self.library_path()}

    def library_path(self) -> str:
        """The library folders: by architecture, those inside that Debian reaches by links made at installation,
        and the old common ones."""
        folders: list[Path] = []
        for base in ("usr/lib", "lib"):
            architecture = self.root / base / machine.triplet()
            if architecture.is_dir():
                inside = (path for path in architecture.iterdir() if path.is_dir())
                folders += [architecture, *sorted(path for path in inside if _holds_libraries(path))]
        folders += [common for base in ("usr/lib", "lib") if _holds_libraries(common := self.root / base)]
        return ":".join(dict.fromkeys(str(folder.resolve()) for folder in folders))

    def _loader(self) -> Path:
        for pattern in (
            f"usr/lib/{machine.triplet()}/ld-linux*.so.*",
            f"lib/{machine.triplet()}/ld-linux*.so.*",
            "lib/ld-linux*.so.*",
        ):
            for loader in sorted(self.root.glob(pattern)):
                return loader
        raise ProvisionError(
            "Загруженная программа повреждена: в ней нет загрузчика. Удалите её папку и запустите снова.",
            f"no ld-linux in {self.root}",
        )


def ensure_tree(
    name: str,
    packages: Sequence[str],
    *,
    suite: str | None,
    cache: Path,
    progress: Progress,
    what: str | None = None,
    finish: Callable[[Path], None] | None = None,
    nonfree: bool = False,
) -> Tree:
    """The tree `name` with `packages` and their closure, made if it is not in `cache` yet.

    `suite` is a Debian suite such as `sid`, or None for the machine's own release. `what` names the thing for the
    progress lines, in Russian. `finish` may add and remove files of the tree before it becomes visible. `nonfree`: see
    `source_lines`.

    Raises:
        ProvisionError: the packages cannot be had (no apt, no network, a closure that does not resolve, a bad
            signature, a full disk). Nothing half-made is left visible.
    """
    _, codename = machine.release()
    root = _root(name, packages, suite, cache)
    if found := _complete(root):
        return found
    label = what or name
    with locked(
        cache / "trees" / f"{name}.lock", lambda: progress(f"Загружаю {label}: это уже делает другой запуск, жду его")
    ):
        if found := _complete(root):
            return found
        sources = source_lines(suite, nonfree=nonfree)
        apt = PrivateApt(cache, sources, progress)
        with locked(apt.folder.with_suffix(".lock"), lambda: progress(f"Загружаю {label}: жду другую загрузку")):
            archives = apt.fetch(packages, label)
            progress(f"Распаковываю {label}")
            try:
                _unpack(root, archives, suite, codename, finish)
            except OSError as error:
                raise ProvisionError(f"Не удалось распаковать {label}: {error.strerror}.", str(error)) from error
            apt.discard()
    tree = _complete(root)
    if tree is None:
        raise ProvisionError(f"Не удалось распаковать {label}.", f"{root} has no {_MARKER}")
    return tree


def known_tree(name: str, packages: Sequence[str], *, suite: str | None, cache: Path) -> Tree | None:
    """The same tree if it is there already; nothing is fetched."""
    return _complete(_root(name, packages, suite, cache))


def _root(name: str, packages: Sequence[str], suite: str | None, cache: Path) -> Path:
    distribution, codename = machine.release()
    identity = json.dumps([_FORMAT, sorted(packages), suite, machine.architecture(), distribution, codename])
    return cache / "trees" / f"{name}-{sha256(identity.encode()).hexdigest()[:12]}"


def last_good_tree(name: str, cache: Path) -> Tree | None:
    """The newest complete tree of that name, whatever packages or release it was made for."""
    trees = [tree for root in (cache / "trees").glob(f"{name}-*") if (tree := _complete(root))]
    return max(trees, key=lambda tree: (tree.root / _MARKER).stat().st_mtime, default=None)


def _holds_libraries(folder: Path) -> bool:
    return any(folder.glob("lib*.so.[0-9]*"))


def _complete(root: Path) -> Tree | None:
    try:
        facts = json.loads((root / _MARKER).read_text())
    except FileNotFoundError:
        return None
    return Tree(root, facts["suite"], facts["foreign"], facts["versions"])


def _unpack(
    root: Path, archives: Sequence[Path], suite: str | None, codename: str, finish: Callable[[Path], None] | None
) -> None:
    foreign = suite is not None and suite != codename
    wanted = [path for path in archives if foreign or not path.name.startswith(_LEFT_TO_THE_MACHINE)]
    root.parent.mkdir(parents=True, exist_ok=True)
    # On the same file system as `root`, so that the rename below is atomic; swept if an earlier start was killed here.
    prefix = f".{root.name}."
    for abandoned in root.parent.glob(f"{prefix}*"):
        shutil.rmtree(abandoned)
    making = Path(tempfile.mkdtemp(prefix=prefix, dir=root.parent))
    try:
        making.chmod(0o755)
        with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
            list(pool.map(lambda archive: _extract(archive, making), wanted))
        if finish:
            finish(making)
        versions = dict(path.name.split("_")[:2] for path in archives)
        marker = {
            "suite": suite or codename,
            "foreign": foreign,
            "versions": {key: value.replace("%3a", ":") for key, value in versions.items()},
        }
        (making / _MARKER).write_text(json.dumps(marker, indent=1))
        making.rename(root)
    except BaseException:
        shutil.rmtree(making, ignore_errors=True)
        raise


def _extract(archive: Path, folder: Path) -> None:
    done = subprocess.run(["dpkg-deb", "-x", str(archive), str(folder)], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise ProvisionError(
            "Не удалось распаковать загруженный пакет. Проверьте, есть ли место на диске.",
            f"{archive.name}: {done.stderr.strip()}",
        )
