"""The telephone exchange: the machine's own Asterisk where it is new enough, else a private one.

Debian bookworm and trixie carry no Asterisk; sid and Ubuntu do. The private tree is never updated behind the user's
back: delete its folder in the cache to have it made anew.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from workers.provision import machine
from workers.provision.debian_tree import Tree, ensure_tree, last_good_tree
from workers.provision.errors import ProvisionError
from workers.provision.private_apt import Progress

# The AMI events and the PJSIP options that we rely on are all there since 20, the oldest LTS branch still cared for.
OLDEST_MAJOR = 20
PACKAGES = ("asterisk", "asterisk-core-sounds-ru-wav", "asterisk-moh-opsound-wav")
PRIVATE_VARIABLE = "DISPATCH_PRIVATE_ASTERISK"
# Debian links a language to its prompt set when the package is installed; nothing is installed in a private tree.
_PROMPT_SETS = {"ru": "ru_RU_f_IvrvoiceRU", "en": "en_US_f_Allison"}
_WHAT = "АТС Asterisk"


@dataclass(frozen=True)
class ExchangeProgram:
    """An Asterisk started by `[*command, "-C", our_asterisk_conf, "-f"]` with `env` added to the environment.

    `modules_dir` is for `astmoddir`; `data_dir` for `astdatadir`: read-only, with `sounds/ru`, `moh`, `documentation`
    (without the documentation Asterisk loads no module). `origin` is a Russian sentence for the screen.
    """

    version: str
    origin: str
    command: list[str]
    modules_dir: Path
    data_dir: Path
    env: dict[str, str] = field(default_factory=dict)


def find_exchange(cache: Path, progress: Progress, environment: Mapping[str, str] = os.environ) -> ExchangeProgram:
    """The machine's Asterisk, if its major version is at least 20 and DISPATCH_PRIVATE_ASTERISK is not set; else a
    private tree from sid (Ubuntu: its own release), else the last good one in `cache`, else bullseye's.

    Raises:
        ProvisionError: none of these can be had.
    """
    if not environment.get(PRIVATE_VARIABLE):
        own = machine_exchange()
        if own and major(own.version) >= OLDEST_MAJOR:
            return own
    return private_exchange(cache, progress)


def machine_exchange() -> ExchangeProgram | None:
    """The Asterisk installed on the machine, whatever its version; None without its modules or documentation."""
    program = shutil.which("asterisk", path=os.environ.get("PATH", os.defpath) + ":/usr/sbin:/usr/local/sbin")
    version = _version([program], {}) if program else ""
    if not program or not version:
        return None
    libraries = (Path("/usr/lib") / machine.triplet(), Path("/usr/lib"), Path("/usr/lib64"), Path("/usr/local/lib"))
    modules = [path for base in libraries if (path := base / "asterisk/modules").is_dir()]
    data = [
        path for path in map(Path, ("/usr/share/asterisk", "/var/lib/asterisk")) if (path / "documentation").is_dir()
    ]
    if not modules or not data:
        return None
    return ExchangeProgram(version, f"АТС Asterisk {version}, установленная в системе", [program], modules[0], data[0])


def private_exchange(cache: Path, progress: Progress) -> ExchangeProgram:
    """The private tree, from the best source that works today. Raises ProvisionError as `find_exchange` does."""
    ubuntu = machine.release()[0] == "ubuntu"
    attempts: list[tuple[Callable[[], Tree], str]] = [
        (lambda: _tree(None if ubuntu else "sid", cache, progress), "собственная копия"),
        (lambda: _last_good(cache), "последняя удачная копия из кэша: новая сегодня недоступна"),
    ]
    if not ubuntu:
        attempts.append(
            (lambda: _tree("bullseye", cache, progress), "старая версия из Debian 11: новая сегодня недоступна")
        )
    failures: list[ProvisionError] = []
    for make, remark in attempts:
        try:
            return _program(make(), remark)
        except ProvisionError as failure:
            failures.append(failure)
    raise ProvisionError(
        f"{failures[0].sentence} Можно также установить Asterisk {OLDEST_MAJOR} или новее в систему: "
        "программа найдёт его сама.",
        "\n".join(failure.detail for failure in failures),
    )


def major(version: str) -> int:
    """The major version as a number, 22 of `22.10.1`; 0 where it cannot be read."""
    digits = re.match(r"\d+", version)
    return int(digits[0]) if digits else 0


def _tree(suite: str | None, cache: Path, progress: Progress) -> Tree:
    return ensure_tree(
        "asterisk", PACKAGES, suite=suite, cache=cache, progress=progress, what=_WHAT, finish=_link_prompts
    )


def _last_good(cache: Path) -> Tree:
    tree = last_good_tree("asterisk", cache)
    if tree is None:
        raise ProvisionError("В кэше нет прежней копии АТС Asterisk.", "no complete asterisk tree in the cache")
    return tree


def _link_prompts(root: Path) -> None:
    sounds = root / "usr/share/asterisk/sounds"
    for language, prompts in _PROMPT_SETS.items():
        if (sounds / prompts).is_dir() and not (sounds / language).exists():
            (sounds / language).symlink_to(prompts)


def _program(tree: Tree, remark: str) -> ExchangeProgram:
    command, env = tree.command("/usr/sbin/asterisk"), tree.env()
    version = _version(command, env)
    modules = [
        path
        for path in (tree.path(f"usr/lib/{machine.triplet()}/asterisk/modules"), tree.path("usr/lib/asterisk/modules"))
        if path.is_dir()
    ]
    if not version or not modules:
        raise ProvisionError(
            "Загруженная АТС Asterisk не запускается на этой машине.",
            f"asterisk -V failed or no modules in {tree.root}",
        )
    origin = (
        f"АТС Asterisk {version}, {remark} (Debian {tree.suite})"
        if tree.foreign
        else f"АТС Asterisk {version}, {remark}"
    )
    return ExchangeProgram(version, origin, command, modules[0], tree.path("usr/share/asterisk"), env)


def _version(command: Sequence[str], env: Mapping[str, str]) -> str:
    """`22.10.1` of "Asterisk 22.10.1+dfsg+~cs6…"; empty if it does not run."""
    try:
        said = subprocess.run(
            [*command, "-V"], capture_output=True, text=True, timeout=20, check=False, env={**os.environ, **env}
        ).stdout
    except (OSError, subprocess.TimeoutExpired):
        return ""
    found = re.search(r"Asterisk (?:certified/)?(\d+[\d.]*)", said)
    return found[1].rstrip(".") if found else ""
