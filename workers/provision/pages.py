"""The page's scripts and styles: locked npm libraries, bundled by esbuild into `web/static/build`."""

from __future__ import annotations

import os
from hashlib import sha256
from pathlib import Path

from workers.provision.node import find_node
from workers.provision.private_apt import Progress
from workers.provision.python_environment import UV_REQUIREMENTS
from workers.provision.python_tools import SYSTEM_CERTIFICATES, run

_NODE_REQUIREMENTS = "deploy/node-requirements.txt"
_BUILD = "web/assets/build.mjs"


class Pages:
    """The page build of the checkout `root`."""

    def __init__(self, root: Path, cache: Path, progress: Progress) -> None:
        self._root = root
        self._cache = cache
        self._progress = progress
        self._lock = root / "package-lock.json"
        # In the folder that `npm ci` empties: a stamp cannot outlive what it speaks of.
        self._modules_stamp = root / "node_modules/.dispatch-lock"
        self._pages_stamp = root / "node_modules/.dispatch-pages"

    def is_ready(self) -> bool:
        """Whether `web/static/build` was made from these very sources; also where there is nothing to build from."""
        if not self._lock.exists() or not (self._root / _BUILD).exists():
            return True
        built = self._root / "web/static/build"
        return built.is_dir() and any(built.iterdir()) and _read(self._pages_stamp) == self._digest()

    def build(self) -> None:
        """Install the libraries if their lock has changed, running none of their scripts, and bundle the pages.

        Raises:
            ProvisionError: no Node and none can be had, no network, or a mistake in the page's sources.
        """
        requirements = (self._root / UV_REQUIREMENTS, self._root / _NODE_REQUIREMENTS)
        node = find_node(*requirements, self._cache, self._progress)
        path = f"{node.folder}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
        env = {"PATH": path, "npm_config_update_notifier": "false"}
        if SYSTEM_CERTIFICATES.exists() and "NODE_EXTRA_CA_CERTS" not in os.environ:
            env["NODE_EXTRA_CA_CERTS"] = str(SYSTEM_CERTIFICATES)
        lock = sha256(self._lock.read_bytes()).hexdigest()
        if _read(self._modules_stamp) != lock:
            self._progress("Устанавливаю библиотеки страниц")
            install = [*node.npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
            failure = "Не удалось установить библиотеки страниц. Проверьте соединение с интернетом."
            run(install, failure, env=env, cwd=self._root, progress=self._progress)
            self._modules_stamp.write_text(lock)
        self._progress("Собираю страницы")
        digest = self._digest()
        run([*node.node, _BUILD], "Не удалось собрать страницы.", env=env, cwd=self._root)
        self._pages_stamp.write_text(digest)

    def _digest(self) -> str:
        digest = sha256()
        sources = [self._root / "package.json", self._lock, *sorted((self._root / "web/assets").rglob("*"))]
        for path in sources:
            if path.is_file():
                digest.update(f"{path.relative_to(self._root)}\0".encode() + path.read_bytes())
        return digest.hexdigest()


def _read(stamp: Path) -> str:
    return stamp.read_text() if stamp.exists() else ""
