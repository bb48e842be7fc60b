"""The voice of the invented town: the machine's own espeak-ng, else one in a private tree (13 MB).

Robotic, but small, quick and without network; reminder calls get a better voice by an engine of their own.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass, field
from pathlib import Path

from workers.provision import machine
from workers.provision.debian_tree import ensure_tree
from workers.provision.private_apt import Progress

PACKAGES = ("espeak-ng", "espeak-ng-data")


@dataclass(frozen=True)
class SpeechProgram:
    """An espeak-ng that can be started with `[*command, …]` and `env` added to the environment."""

    command: list[str]
    env: dict[str, str] = field(default_factory=dict)


def find_speech(cache: Path, progress: Progress) -> SpeechProgram:
    """The machine's espeak-ng, else a private one, made at the first call.

    Raises:
        ProvisionError: neither can be had.
    """
    own = shutil.which("espeak-ng")
    if own:
        return SpeechProgram([own])
    tree = ensure_tree("speech", PACKAGES, suite=None, cache=cache, progress=progress, what="голос espeak-ng")
    data = next(
        path
        for base in (f"usr/lib/{machine.triplet()}", "usr/share")
        if (path := tree.path(f"{base}/espeak-ng-data")).is_dir()
    )
    return SpeechProgram([*tree.command("/usr/bin/espeak-ng"), f"--path={data.parent}"], tree.env())
