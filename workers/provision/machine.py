"""What the machine says about itself: its Debian release, architecture, and where its packages come from."""

from __future__ import annotations

import os
import platform
import subprocess
from dataclasses import dataclass
from pathlib import Path

# https://wiki.debian.org/Multiarch/Tuples
_TRIPLETS = {
    "amd64": "x86_64-linux-gnu",
    "arm64": "aarch64-linux-gnu",
    "armhf": "arm-linux-gnueabihf",
    "i386": "i386-linux-gnu",
    "ppc64el": "powerpc64le-linux-gnu",
    "riscv64": "riscv64-linux-gnu",
    "s390x": "s390x-linux-gnu",
}
_ARCHITECTURES = {
    "x86_64": "amd64",
    "aarch64": "arm64",
    "armv7l": "armhf",
    "i686": "i386",
    "ppc64le": "ppc64el",
    "riscv64": "riscv64",
    "s390x": "s390x",
}


@dataclass(frozen=True)
class PackageSource:
    """One line of the machine's apt sources: `site` is the mirror's address, `release` a suite or a codename."""

    site: str
    release: str
    component: str


def cache_folder() -> Path:
    """Our folder in the XDG cache (XDG Base Directory Specification: relative values are ignored)."""
    configured = Path(os.environ.get("XDG_CACHE_HOME", ""))
    base = configured if configured.is_absolute() else Path.home() / ".cache"
    return base / "family-dispatch"


def architecture() -> str:
    """Debian's name of this machine's architecture, `amd64` for one."""
    machine = platform.machine()
    return _ARCHITECTURES.get(machine, machine)


def triplet() -> str:
    """The multiarch folder's name: libraries lie in `usr/lib/<triplet>`."""
    return _TRIPLETS.get(architecture(), f"{platform.machine()}-linux-gnu")


def release() -> tuple[str, str]:
    """The distribution's id and codename, (`debian`, `bookworm`); empty strings where /etc/os-release lacks them."""
    try:
        facts = platform.freedesktop_os_release()
    except OSError:
        return "", ""
    return facts.get("ID", ""), facts.get("VERSION_CODENAME", "")


def package_sources() -> list[PackageSource]:
    """The machine's own apt sources, also where `apt-get update` was never run (a fresh container).

    Empty on a machine without apt.
    """
    try:
        listing = subprocess.run(
            [
                "apt-get",
                "indextargets",
                "--no-release-info",
                "--format",
                "$(CREATED_BY) $(SITE) $(RELEASE) $(COMPONENT)",
            ],
            capture_output=True,
            text=True,
            check=True,
            env={**os.environ, "LC_ALL": "C"},
        ).stdout
    except (OSError, subprocess.CalledProcessError):
        return []
    found: list[PackageSource] = []
    for line in listing.splitlines():
        created_by, *rest = line.split()
        if created_by == "Packages" and len(rest) == 3:
            source = PackageSource(*rest)
            if source not in found:
                found.append(source)
    return found
