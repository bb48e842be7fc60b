"""The programs that tests run against and that the product does not need: PostgreSQL, SIPp, Chromium, LibreOffice.

Each is the machine's own where that is suitable, else it comes from a private tree of the machine's own Debian release,
made once in the XDG cache (`workers.provision.debian_tree`). DISPATCH_PRIVATE_TOOLS=1 takes the tree in any case.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from workers.provision import machine
from workers.provision.debian_tree import Tree, ensure_tree
from workers.provision.errors import ProvisionError
from workers.provision.private_apt import Progress

OLDEST_POSTGRES = 15
_CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
_FONTS_CONF = """<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <dir prefix="relative">../../usr/share/fonts</dir>
  <cachedir prefix="xdg">fontconfig</cachedir>
  <alias><family>system-ui</family><prefer><family>DejaVu Sans</family></prefer></alias>
  <alias><family>sans-serif</family><prefer><family>DejaVu Sans</family></prefer></alias>
  <alias><family>serif</family><prefer><family>DejaVu Serif</family></prefer></alias>
  <alias><family>monospace</family><prefer><family>DejaVu Sans Mono</family></prefer></alias>
</fontconfig>
"""


@dataclass(frozen=True)
class Tool:
    """A program ready to run: `[*command, …]` with `env` added to the environment, and where it is from."""

    name: str
    version: str
    origin: str
    command: list[str]
    env: dict[str, str] = field(default_factory=dict)

    def environment(self) -> dict[str, str]:
        """The whole environment for `subprocess`."""
        return {**os.environ, **self.env}


@dataclass(frozen=True)
class Postgres(Tool):
    """`command` is the server; `bin_dir` has initdb. `tree_root` is None for the machine's own."""

    bin_dir: Path = Path()
    tree_root: Path | None = None


@dataclass(frozen=True)
class Sipp(Tool):
    """`pcap_dir` holds the DTMF and G.711 captures that scenarios name as `pcap/…`, relative to the working folder."""

    pcap_dir: Path = Path()

    def prepare(self, folder: Path) -> Path:
        """Make `folder/pcap` lead to the captures, so that SIPp started in `folder` finds them. Returns `folder`."""
        if not (folder / "pcap").exists():
            (folder / "pcap").symlink_to(self.pcap_dir)
        return folder


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


class Tools:
    """Finds the tools. Raises ProvisionError where one can neither be found nor downloaded: tests fail, never skip."""

    def __init__(self, cache: Path | None = None, progress: Progress = _say) -> None:
        self._cache = cache or machine.cache_folder()
        self._progress = progress
        self._private_only = bool(os.environ.get("DISPATCH_PRIVATE_TOOLS"))

    def postgres(self) -> Postgres:
        """PostgreSQL of at least version 15."""
        if not self._private_only:
            folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=_number, reverse=True)
            on_path = shutil.which("initdb")
            for folder in [*folders, *([Path(on_path).resolve().parent] if on_path else [])]:
                version = _version([str(folder / "postgres"), "--version"], {})
                if version and int(version.split(".")[0]) >= OLDEST_POSTGRES and (folder / "initdb").exists():
                    return Postgres("PostgreSQL", version, "machine", [str(folder / "postgres")], {}, folder)
        tree = self._tree("postgresql", ["postgresql"], "PostgreSQL для проверок")
        (folder,) = tree.root.glob("usr/lib/postgresql/*/bin")
        program = [str(folder / "postgres")]
        version = _version([*program, "--version"], tree.env())
        return Postgres("PostgreSQL", version, _origin(tree), program, tree.env(), folder, tree.root)

    def sipp(self) -> Sipp:
        """SIPp, with its captures: they are not in every distribution's package, hence looked for."""
        own = shutil.which("sipp")
        captures = Path("/usr/share/sip-tester")
        if own and captures.is_dir() and not self._private_only:
            return Sipp("SIPp", _version([own, "-v"], {}), "machine", [own], {}, captures)
        tree = self._tree("sip-tester", ["sip-tester"], "SIPp для проверок")
        command = tree.command("/usr/bin/sipp")
        version = _version([*command, "-v"], tree.env())
        return Sipp("SIPp", version, _origin(tree), command, tree.env(), tree.path("/usr/share/sip-tester"))

    def chromium(self) -> Tool:
        """Chromium for playwright: `executable_path=command[0]`, `env=environment()`, `args=["--no-sandbox"]`."""
        own = next(filter(None, map(shutil.which, _CHROMIUM_NAMES)), None)
        if own and not self._private_only and (version := _version([own, "--version"], {})):
            return Tool("Chromium", version, "machine", [own])
        if machine.release()[0] == "ubuntu":
            raise ProvisionError(
                "В Ubuntu нет пакета Chromium (только snap). Для проверок установите Chromium или Google Chrome.",
                "Ubuntu's chromium package is a stub that installs a snap",
            )
        tree = self._tree("chromium", ["chromium", "fonts-dejavu-core"], "Chromium для проверок", _write_fonts_conf)
        env = {**tree.env(), "FONTCONFIG_FILE": str(tree.path(_FONTS_FILE))}
        # Not /usr/bin/chromium: that is a shell script which looks for the machine's folders.
        command = tree.command("/usr/lib/chromium/chromium")
        return Tool("Chromium", _version([*command, "--version"], env), _origin(tree), command, env)

    def libreoffice(self) -> Tool:
        """LibreOffice's Calc without a window; see `tests.support.libreoffice`."""
        own = next(filter(None, map(shutil.which, ("soffice", "libreoffice"))), None)
        if own and not self._private_only and (version := _version([own, "--version"], {})):
            return Tool("LibreOffice", version, "machine", [own])
        packages = ["libreoffice-calc-nogui", "fonts-dejavu-core"]
        tree = self._tree("libreoffice", packages, "LibreOffice для проверок", _write_fonts_conf)
        home = tree.path("/usr/lib/libreoffice")
        # Debian's settings name absolute folders; what is said here comes before them (-env:, see soffice --help).
        layers = "xcsxcu:${BRAND_BASE_DIR}/share/.registry res:${BRAND_BASE_DIR}/share/.registry"
        user = "user:!${$BRAND_BASE_DIR/program/bootstraprc:UserInstallation}/user/registrymodifications.xcu"
        command = [
            *tree.command("/usr/lib/libreoffice/program/soffice.bin"),
            f"-env:BRAND_BASE_DIR=file://{home}",
            f"-env:CONFIGURATION_LAYERS={layers} {user}",
        ]
        libraries = f"{home / 'program'}:{tree.library_path()}"
        env = {"LD_LIBRARY_PATH": libraries, "FONTCONFIG_FILE": str(tree.path(_FONTS_FILE))}
        version = re.split("[:-]", tree.versions["libreoffice-calc-nogui"])[1]
        return Tool("LibreOffice", version, _origin(tree), command, env)

    def _tree(self, name: str, packages: list[str], what: str, finish: Callable[[Path], None] | None = None) -> Tree:
        return ensure_tree(
            name, packages, suite=None, cache=self._cache, progress=self._progress, what=what, finish=finish
        )


_FONTS_FILE = "etc/fonts/dispatch.conf"


def _write_fonts_conf(root: Path) -> None:
    (root / _FONTS_FILE).parent.mkdir(parents=True, exist_ok=True)
    (root / _FONTS_FILE).write_text(_FONTS_CONF)


def _origin(tree: Tree) -> str:
    return f"private tree, {tree.suite}"


def _number(folder: Path) -> int:
    return int(folder.parent.name) if folder.parent.name.isdigit() else 0


def _version(command: list[str], env: dict[str, str]) -> str:
    """The first dotted number of what the program says; empty if it does not run. SIPp says it with exit code 99."""
    try:
        said = subprocess.run(
            command, capture_output=True, text=True, timeout=30, check=False, env={**os.environ, **env}
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    found = re.search(r"\d+(?:\.\d+)+", said.stdout + said.stderr)
    return found[0] if found else ""
