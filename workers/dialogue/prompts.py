"""The words of a call as files (I20): spoken ahead, kept in `DialAttempt.prompts`, found again on answer.

`prompts` is piece → {"file", "sha256", "ms"}; by their names the talk knows what it is about (`kinds`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workers.dialogue.kinds import KINDS, Script
from workers.speech.cache import SpeechCache, Spoken

Speak = Callable[[str], Spoken]
"""Words → the file that says them, made now if need be. Raises `workers.speech.port.SpeechError`."""


@dataclass(frozen=True)
class Sound:
    """A file that Asterisk plays: its name without the ending, its length in milliseconds."""

    name: str
    ms: int

    @classmethod
    def of(cls, spoken: Spoken) -> Sound:
        """The sound of a spoken text."""
        return cls(str(spoken.path.with_suffix("")), round(spoken.seconds * 1000))


@dataclass(frozen=True)
class Prepared:
    """A talk that can begin: its script (the words themselves are in the files) and the sound of each piece."""

    script: Script
    sounds: Mapping[str, Sound]


def of_script(script: Script, speak: Speak) -> dict[str, dict[str, Any]]:
    """Every piece of the script as a file, for `gating.gate`. Raises SpeechError."""
    found = {}
    for name, text in script.words.items():
        spoken = speak(text)
        ms = round(spoken.seconds * 1000)
        found[name] = {"file": str(spoken.path), "sha256": spoken.sha256, "ms": ms}
    return found


def are_whole(prompts: Mapping[str, Mapping[str, Any]]) -> bool:
    """Whether every file is there and says what it said when it was made (I20)."""
    return all(SpeechCache.check(Path(one["file"]), one["sha256"]) for one in prompts.values())


def prepared(prompts: Mapping[str, Mapping[str, Any]], kind: str) -> Prepared:
    """The talk of this kind (`DialTask.kind`) that these prompts hold. Raises ValueError where a piece is missing."""
    sounds = {name: Sound(str(Path(one["file"]).with_suffix("")), int(one["ms"])) for name, one in prompts.items()}
    return Prepared(KINDS[kind].script_of({name: name for name in prompts}), sounds)
