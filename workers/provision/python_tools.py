"""The installer of the Python environment: a pinned `uv`, fetched once into the cache by whatever pip there is.

Debian splits pip, venv and ensurepip off its Python, and a user without root cannot add them; uv needs none of them
once it is there, and pip itself can run out of its own wheel.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path

from workers.provision.debian_tree import Tree, ensure_tree
from workers.provision.errors import ProvisionError
from workers.provision.locking import locked
from workers.provision.private_apt import Progress

# What the administrator trusts, an institution's own proxy included.
SYSTEM_CERTIFICATES = Path("/etc/ssl/certs/ca-certificates.crt")
_OWN_CERTIFICATES = "etc/ssl/dispatch-certificates.crt"
_TAIL_LINES = 40
_HEARTBEAT_SECONDS = 5.0
# pip's settings that uv has under another name. Not `extra-index-url`: uv takes a package from one index only.
_FROM_PIP = {"index-url": "UV_DEFAULT_INDEX", "cert": "SSL_CERT_FILE"}


def find_uv(requirements: Path, cache: Path, progress: Progress) -> Path:
    """The `uv` that the file `requirements` pins by hash: from `cache` if it is there, else installed into it.

    Raises:
        ProvisionError: there is no pip and none can be had, or the package index cannot be reached.
    """

    def install(target: Path) -> list[str]:
        options = ["install", "--quiet", "--disable-pip-version-check", "--no-deps", "--require-hashes"]
        return [*pip_command(cache, progress), *options, "--target", str(target), "-r", str(requirements)]

    return install_pinned("uv", requirements, cache, progress, what="установщик uv", install=install) / "bin/uv"


def install_pinned(
    name: str,
    requirements: Path,
    cache: Path,
    progress: Progress,
    *,
    what: str,
    install: Callable[[Path], list[str]],
    env: Mapping[str, str] | None = None,
) -> Path:
    """The cache folder of a pinned wheel, filled by the command that `install` gives for a target folder.

    The folder's name carries the version and the pin, so a new pin is a new folder; it appears whole or not at all.

    Raises:
        ProvisionError: the command failed; its last lines are the detail.
    """
    text = requirements.read_text(encoding="utf-8")
    version = next(line.split("==")[1].split()[0] for line in text.splitlines() if line.startswith(name))
    folder = cache / "bootstrap" / f"{name}-{version}-{sha256(text.encode()).hexdigest()[:8]}"
    if folder.is_dir():
        return folder
    with locked(
        folder.with_name(f"{name}.lock"), lambda: progress(f"Загружаю {what}: это уже делает другой запуск, жду")
    ):
        if not folder.is_dir():
            progress(f"Загружаю {what} {version}")
            making = Path(tempfile.mkdtemp(prefix=f".{name}.", dir=folder.parent))
            try:
                run(
                    install(making),
                    f"Не удалось загрузить {what}. Проверьте соединение с интернетом.",
                    env=env,
                    progress=progress,
                )
                making.chmod(0o755)
                making.rename(folder)
            finally:
                shutil.rmtree(making, ignore_errors=True)
    return folder


def pip_command(cache: Path, progress: Progress) -> list[str]:
    """How to run pip here: the interpreter's own, a wheel that Debian left on the disk, or one from a private tree.

    Raises:
        ProvisionError: none of the three.
    """
    own = [sys.executable, "-m", "pip"]
    if subprocess.run([*own, "--version"], capture_output=True, check=False).returncode == 0:
        return own
    for wheel in _wheels_on_disk():
        return [sys.executable, str(wheel / "pip")]
    try:
        tree = ensure_tree(
            "pip",
            ["python3-pip-whl"],
            suite=None,
            cache=cache,
            progress=progress,
            what="pip",
            finish=_bundle_certificates,
        )
    except ProvisionError as failure:
        raise ProvisionError(
            "На этой машине нет pip, и загрузить его не удалось. Установите пакет python3-venv и запустите снова.",
            str(failure),
        ) from failure
    return [sys.executable, str(_wheel_in(tree) / "pip"), *_certificates_from(tree)]


def uv_settings(target: Path, cache: Path, progress: Progress) -> dict[str, str]:
    """uv's settings to fill `target`: no Python of its own, and the mirror and certificates that pip is told here.

    uv reads neither pip.conf nor PIP_*; an institution behind a mirror has set only those. The user's UV_* win.
    """
    settings = {"UV_PYTHON_DOWNLOADS": "never", "UV_NO_PROGRESS": "1", "UV_LINK_MODE": _link_mode(target, cache)}
    if SYSTEM_CERTIFICATES.exists():
        settings["SSL_CERT_FILE"] = str(SYSTEM_CERTIFICATES)
    pip = [*pip_command(cache, progress), "config", "list"]
    for line in subprocess.run(pip, capture_output=True, text=True, check=False).stdout.splitlines():
        name, _, value = line.partition("=")
        if variable := _FROM_PIP.get(name.rpartition(".")[2]):
            settings[variable] = value.strip().strip("'\"")
    return {name: value for name, value in settings.items() if name not in os.environ}


def _link_mode(target: Path, cache: Path) -> str:
    """Hard links into uv's cache where it lies on the target's file system: a second clone costs no disk."""
    base = Path(os.environ.get("UV_CACHE_DIR") or cache.parent)
    try:
        return "hardlink" if base.stat().st_dev == target.stat().st_dev else "copy"
    except OSError:
        return "copy"


def run(
    command: Sequence[str],
    failure: str,
    *,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    progress: Progress | None = None,
) -> str:
    """Run `command` to its end and return what it printed; `progress` hears every few seconds that it still works.

    Raises:
        ProvisionError: it failed; `failure` is the Russian sentence, the command's last lines are the detail.
    """
    environment = {**os.environ, **(env or {})}
    try:
        process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=cwd, env=environment
        )
    except OSError as error:
        raise ProvisionError(failure, str(error)) from error
    started = time.monotonic()
    while True:
        try:
            said, _ = process.communicate(timeout=_HEARTBEAT_SECONDS)
            break
        except subprocess.TimeoutExpired:
            if progress:
                progress(f"  … идёт {time.monotonic() - started:.0f} с")
        except BaseException:
            process.kill()
            process.wait()
            raise
    if process.returncode != 0:
        raise ProvisionError(failure, "\n".join(said.splitlines()[-_TAIL_LINES:]))
    return said


def _wheels_on_disk() -> list[Path]:
    folders = [Path("/usr/share/python-wheels")]
    if bundled := find_spec("ensurepip"):
        folders += [Path(place) / "_bundled" for place in bundled.submodule_search_locations or []]
    return [wheel for folder in folders for wheel in sorted(folder.glob("pip-*.whl"))]


def _wheel_in(tree: Tree) -> Path:
    return next(tree.root.glob("usr/share/python-wheels/pip-*.whl"))


def _certificates_from(tree: Tree) -> list[str]:
    return [] if SYSTEM_CERTIFICATES.exists() else ["--cert", str(tree.path(_OWN_CERTIFICATES))]


def _bundle_certificates(root: Path) -> None:
    """One file of the authorities in the package ca-certificates: the package itself makes it when it is installed."""
    bundle = root / _OWN_CERTIFICATES
    bundle.parent.mkdir(parents=True, exist_ok=True)
    authorities = sorted((root / "usr/share/ca-certificates").rglob("*.crt"))
    bundle.write_text("".join(path.read_text() for path in authorities))
