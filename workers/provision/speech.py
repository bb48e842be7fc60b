"""espeak-ng: the machine's own, else one in a private tree (13 MB).

Robotic, but small, quick and without network: the voice of the invented town, and ours where no better one can be had
(`workers.speech.engines`).
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass, field
from pathlib import Path

from workers.provision import machine
from workers.provision.debian_tree import Tree, ensure_tree, known_tree
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
    return _program(ensure_tree("speech", PACKAGES, suite=None, cache=cache, progress=progress, what="голос espeak-ng"))


def known_speech(cache: Path) -> SpeechProgram | None:
    """The same if it is there already; nothing is fetched."""
    own = shutil.which("espeak-ng")
    if own:
        return SpeechProgram([own])
    tree = known_tree("speech", PACKAGES, suite=None, cache=cache)
    return _program(tree) if tree else None


def _program(tree: Tree) -> SpeechProgram:
    data = next(
        path
        for base in (f"usr/lib/{machine.triplet()}", "usr/share")
        if (path := tree.path(f"{base}/espeak-ng-data")).is_dir()
    )
    return SpeechProgram([*tree.command("/usr/bin/espeak-ng"), f"--path={data.parent}"], tree.env())
