"""The checkout's `.venv`: the locked requirements, hashes checked, and the project itself as a link to the checkout."""

from __future__ import annotations

import sys
from hashlib import sha256
from pathlib import Path

from workers.provision.private_apt import Progress
from workers.provision.python_tools import find_uv, run, uv_settings

OLDEST_PYTHON = (3, 11)
LOCKS = {"run": "requirements.lock", "dev": "requirements-dev.lock"}
UV_REQUIREMENTS = "deploy/bootstrap-requirements.txt"
_BUILD_CONSTRAINTS = "deploy/build-constraints.txt"
_NO_NETWORK = "Проверьте соединение с интернетом."


class PythonEnvironment:
    """`kind` is `run` or `dev` everywhere; a development environment also serves a plain run."""

    def __init__(self, root: Path, cache: Path, progress: Progress) -> None:
        self._root = root
        self._cache = cache
        self._progress = progress
        self._venv = root / ".venv"
        self._python = self._venv / "bin/python"
        self._stamp = self._venv / "dispatch-stamp"

    def is_ready(self, kind: str) -> bool:
        """Whether the environment was made from these very files; not if its interpreter has gone (system upgrade)."""
        if not self._stamp.exists() or not self._python.exists():
            return False
        stamped, _, digest = self._stamp.read_text().partition(" ")
        return stamped in {kind, "dev"} and digest == self._digest()

    def make(self, kind: str) -> None:
        """Make it, or bring it up to date.

        Raises:
            ProvisionError: no pip and no uv, no network, or a hash that does not match.
        """
        uv = str(find_uv(self._root / UV_REQUIREMENTS, self._cache, self._progress))
        settings = uv_settings(self._root, self._cache, self._progress)
        if self._stamp.exists():
            # What a development environment has more is kept: `make run` after `make test` must not tear it down.
            kind = "dev" if self._stamp.read_text().startswith("dev") else kind
            self._stamp.unlink()
        if not self._is_usable():
            self._progress(f"Создаю окружение Python {sys.version_info.major}.{sys.version_info.minor} в .venv")
            create = [uv, "venv", "--quiet", "--clear", "--no-project", "--python", sys.executable, str(self._venv)]
            run(create, "Не удалось создать окружение Python в .venv.", env=settings)
        lock = self._root / LOCKS[kind]
        count = sum("==" in line for line in lock.read_text(encoding="utf-8").splitlines())
        self._progress(f"Устанавливаю библиотеки Python (не больше {count})")
        sync = [uv, "pip", "sync", "--require-hashes", "--python", str(self._python), str(lock)]
        run(sync, f"Не удалось установить библиотеки Python. {_NO_NETWORK}", env=settings, progress=self._progress)
        self._progress("Устанавливаю саму программу")
        link = [uv, "pip", "install", "--python", str(self._python), "--no-deps", "--editable", str(self._root)]
        constraints = ["--build-constraints", str(self._root / _BUILD_CONSTRAINTS)]
        failure = f"Не удалось установить саму программу. {_NO_NETWORK}"
        run([*link, *constraints], failure, env=settings, progress=self._progress)
        self._stamp.write_text(f"{kind} {self._digest()}")

    def _digest(self) -> str:
        """What the environment was made from; the checkout's place counts, because the project is a link to it."""
        digest = sha256(str(self._root).encode())
        for name in (*LOCKS.values(), "pyproject.toml", _BUILD_CONSTRAINTS, ".venv/pyvenv.cfg"):
            path = self._root / name
            digest.update(path.read_bytes() if path.exists() else b"absent")
        return digest.hexdigest()

    def _is_usable(self) -> bool:
        """Whether the interpreter that made the environment is still there, and new enough."""
        try:
            text = (self._venv / "pyvenv.cfg").read_text(encoding="utf-8")
        except FileNotFoundError:
            return False
        facts = dict(line.split(" = ", 1) for line in text.splitlines() if " = " in line)
        version = facts.get("version_info", facts.get("version", "0.0"))
        return self._python.exists() and tuple(map(int, version.split(".")[:2])) >= OLDEST_PYTHON
