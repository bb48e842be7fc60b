"""apt with its own directories: resolves and downloads packages without root and without touching the machine's state.

The closure is complete because dpkg's status file is an empty one of ours; signatures stay checked, by the archive
keyring of the machine. See apt.conf(5), section DIRECTORIES.
"""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from hashlib import sha256
from pathlib import Path

from workers.provision import machine
from workers.provision.errors import ProvisionError

Progress = Callable[[str], None]

# Package lists younger than this are used as they are: several trees made in a row download them once.
_LISTS_FRESH_SECONDS = 3600.0
_KEYRINGS = {
    "debian": Path("/usr/share/keyrings/debian-archive-keyring.gpg"),
    "ubuntu": Path("/usr/share/keyrings/ubuntu-archive-keyring.gpg"),
}


def source_lines(suite: str | None, *, nonfree: bool = False) -> list[str]:
    """The `sources.list` of a private apt: the machine's own release for None, else one line for `suite`.

    The mirror's address is always the one the machine uses. `nonfree`: with the parts of the archive whose programs are
    not wholly free (a voice that was trained, for one), whether the machine itself uses them or not.

    Raises:
        ProvisionError: there is no apt here, or it has no source of the machine's own release.
    """
    distribution, codename = machine.release()
    own = [source for source in machine.package_sources() if codename and source.release.startswith(codename)]
    if not own:
        raise ProvisionError(
            "На этой машине не настроены источники пакетов Debian или Ubuntu, поэтому загрузить программу неоткуда. "
            "Установите её средствами вашей системы.",
            "apt-get indextargets lists no source of this release",
        )
    keyring = _KEYRINGS.get(distribution)
    option = f"[signed-by={keyring}] " if keyring and keyring.exists() else ""
    # Ubuntu keeps Asterisk and most tools in universe, which a minimal image may not have switched on.
    components = "main universe" if distribution == "ubuntu" else "main"
    if nonfree:
        components += " multiverse" if distribution == "ubuntu" else " contrib non-free"
    if suite is None:
        pairs = dict.fromkeys((source.site, source.release) for source in own)
    else:
        main_site = next((source.site for source in own if source.release == codename), own[0].site)
        pairs = dict.fromkeys([(main_site, suite)])
    return [f"deb {option}{site} {release} {components}" for site, release in pairs]


class PrivateApt:
    """One private apt state, shared by all trees made from the same sources and locked while in use."""

    def __init__(self, cache: Path, sources: Sequence[str], progress: Progress) -> None:
        digest = sha256("\n".join([machine.architecture(), *sources]).encode()).hexdigest()[:12]
        self.folder = cache / "apt" / digest
        self._sources = sources
        self._progress = progress

    def fetch(self, packages: Sequence[str], what: str) -> list[Path]:
        """Download `packages` with everything they depend on; `what` names them in the progress lines, in Russian.

        Returns the .deb files, in a folder of ours that the caller empties by `discard`.

        Raises:
            ProvisionError: no network, no such package, or a signature that does not verify.
        """
        for name in ("lists/partial", "archives/partial", "nothing/partial"):
            (self.folder / name).mkdir(parents=True, exist_ok=True)
        (self.folder / "status").touch()
        (self.folder / "sources.list").write_text("\n".join(self._sources) + "\n")
        self._update(what)
        planned = self._plan(packages, what)
        self._download(packages, what, planned)
        return [self._archives / name for name in sorted(planned)]

    def discard(self) -> None:
        """Remove the downloaded packages once they are unpacked: the tree is what is kept."""
        for archive in self._archives.glob("*.deb"):
            archive.unlink()

    @property
    def _archives(self) -> Path:
        return self.folder / "archives"

    def _command(self, *command: str, archives: Path | None = None) -> list[str]:
        options: dict[str, object] = {
            "Dir::Etc::sourcelist": self.folder / "sources.list",
            "Dir::Etc::sourceparts": self.folder / "nothing",
            "Dir::State": self.folder,
            "Dir::State::lists": self.folder / "lists",
            "Dir::State::status": self.folder / "status",
            "Dir::Cache": self.folder,
            "Dir::Cache::archives": archives or self._archives,
            "Dir::Cache::pkgcache": "",
            "Dir::Cache::srcpkgcache": "",
            "APT::Architecture": machine.architecture(),
            "APT::Architectures": machine.architecture(),
            "APT::Install-Recommends": "false",
            "APT::Install-Suggests": "false",
            # As root apt drops to the user _apt, who cannot write into a folder of ours.
            "APT::Sandbox::User": "",
            "APT::Get::AllowUnauthenticated": "false",
            "APT::Keep-Downloaded-Packages": "true",
            "Acquire::AllowInsecureRepositories": "false",
            "Acquire::Languages": "none",
            "Acquire::GzipIndexes": "true",
            "Acquire::Retries": "3",
            "Acquire::http::Timeout": "30",
            "Acquire::https::Timeout": "30",
            # By default apt calls an update that reached no mirror a success.
            "APT::Update::Error-Mode": "any",
        }
        arguments = ["apt-get", "-q", "-y"]
        for name, value in options.items():
            arguments += ["-o", f"{name}={value}"]
        return [*arguments, *command]

    def _start(self, command: list[str], failure: str) -> subprocess.Popen[str]:
        environment = {**os.environ, "LC_ALL": "C", "DEBIAN_FRONTEND": "noninteractive"}
        try:
            return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment)
        except OSError as error:
            raise ProvisionError(failure, str(error)) from error

    def _finish(self, process: subprocess.Popen[str], failure: str) -> str:
        stdout, stderr = process.communicate()
        if process.returncode != 0:
            raise ProvisionError(failure, "\n".join((stderr or stdout).splitlines()[-12:]))
        return stdout

    def _update(self, what: str) -> None:
        stamp = self.folder / "updated"
        if stamp.exists() and time.time() - stamp.stat().st_mtime < _LISTS_FRESH_SECONDS:
            return
        self._progress(f"Загружаю {what}: читаю список пакетов")
        failure = f"Не удалось загрузить {what}: список пакетов недоступен. Проверьте соединение с интернетом."
        self._finish(self._start(self._command("update"), failure), failure)
        stamp.touch()

    def _plan(self, packages: Sequence[str], what: str) -> dict[str, int]:
        """File names of the closure with their sizes in bytes; against an empty archive: apt leaves out what it has."""
        failure = f"Не удалось загрузить {what}: пакеты не складываются в рабочий набор."
        command = self._command("--print-uris", "install", *packages, archives=self.folder / "nothing")
        planned: dict[str, int] = {}
        for line in self._finish(self._start(command, failure), failure).splitlines():
            if line.startswith("'"):
                _, name, size, *_ = line.split(" ")
                planned[name] = int(size)
        return planned

    def _download(self, packages: Sequence[str], what: str, planned: dict[str, int]) -> None:
        failure = f"Не удалось загрузить {what}: загрузка прервалась. Повторите запуск, он продолжит с того же места."
        total = sum(planned.values())
        with ThreadPoolExecutor(max_workers=1) as reader:
            process = self._start(self._command("--download-only", "install", *packages), failure)
            outcome = reader.submit(self._finish, process, failure)
            said = -1
            while True:
                done, _ = wait([outcome], timeout=0.5)
                arrived = min(total, sum(_size(self._archives / name) for name in planned) + self._partial())
                if arrived * 20 // max(total, 1) != said:
                    said = arrived * 20 // max(total, 1)
                    self._progress(f"Загружаю {what}: {_megabytes(arrived)} из {_megabytes(total)} МБ")
                if done:
                    break
            outcome.result()

    def _partial(self) -> int:
        return sum(_size(part) for part in (self._archives / "partial").iterdir() if part.name != "lock")


def _size(path: Path) -> int:
    """Zero for a file that apt has just moved from `partial` to its place."""
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def _megabytes(size: int) -> int:
    return round(size / 1_000_000)
