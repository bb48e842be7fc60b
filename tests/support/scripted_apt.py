"""A machine with a scripted apt: `apt-get` and `dpkg-deb` are small shell scripts that log what they were asked for."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

_APT = """#!/bin/sh
echo "$*" >> "{log}"
archives=$(printf '%s\\n' "$@" | sed -n 's/^Dir::Cache::archives=//p')
case "$*" in
  *indextargets*) echo 'Packages http://mirror.test/debian bookworm main'
                  echo 'Packages http://other.test/tools stable main' ;;
  *" update") test ! -e "{folder}/offline" ;;
  *no-such-package*) echo 'E: Unable to locate package' >&2; exit 100 ;;
  *--print-uris*) echo "'http://mirror.test/a.deb' greeter_1%3a2.0_all.deb 6 SHA256:0" ;;
  *--download-only*) sleep 0.2; echo 123456 > "$archives/greeter_1%3a2.0_all.deb" ;;
esac
"""
_DPKG = """#!/bin/sh
test ! -e "{folder}/full-disk" || {{ echo 'No space left on device' >&2; exit 2; }}
mkdir -p "$3/usr/bin" && echo 'echo hello' > "$3/usr/bin/greet"
"""


@dataclass(frozen=True)
class ScriptedApt:
    """`folder/offline` makes updates fail, `folder/full-disk` makes unpacking fail."""

    folder: Path

    def asked(self, word: str) -> int:
        """How many times apt was called with `word`."""
        log = self.folder / "log"
        return sum(word in line for line in log.read_text().splitlines()) if log.exists() else 0


def install(folder: Path) -> ScriptedApt:
    """Write the two programs into `folder`, which the caller puts on PATH."""
    folder.mkdir()
    for name, script in (("apt-get", _APT), ("dpkg-deb", _DPKG)):
        (folder / name).write_text(script.format(log=folder / "log", folder=folder))
        (folder / name).chmod(0o755)
    return ScriptedApt(folder)
