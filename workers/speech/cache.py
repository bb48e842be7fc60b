"""Every text spoken once and kept as a file that Asterisk plays (reliability.md I20, B74).

`<folder>/fixed/<name>.wav` for words that are the same for everybody, kept; `<folder>/own/<name>.wav` for those that
name a person or a time, deleted a day after they were last used. The name is a hash of the engine, its voice and the
words, so it tells nobody anything and another engine speaks anew. A file is whole or it is not there: it is written
beside its place, synced and moved, and a full disk leaves nothing. Any number of processes may ask at once; one speaks.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import file_digest, sha256
from pathlib import Path

from callflow.speech.sound import RATE, BadSound, samples_of
from callflow.speech.speakable import speakable
from workers.provision.locking import locked
from workers.speech.port import LONGEST_WORDS, Speech, SpeechError

VERSION = "1"
"""Changed when the same engine's same words shall sound otherwise."""
OWN_DAYS = timedelta(days=1)
LOCKS = 64
HEADER = 44
FIXED, OWN = "fixed", "own"


@dataclass(frozen=True)
class Spoken:
    """A file with a text in it: its hash in hex, its length in seconds, and whether a person has recorded it."""

    path: Path
    sha256: str
    seconds: float
    recorded: bool = False


Recorded = Callable[[str], Spoken | None]
"""Words (as `speakable` gives them) → the phrase that somebody has recorded with them."""


def nothing_recorded(words: str) -> Spoken | None:  # noqa: ARG001 - a Recorded that knows none
    """For a cache without recorded phrases."""
    return None


class SpeechCache:
    """What one engine has said, in one folder (0700); safe for many threads and processes."""

    def __init__(self, folder: Path, speech: Speech, recorded: Recorded = nothing_recorded) -> None:
        self._folder = folder
        self._speech = speech
        self._recorded = recorded

    def file_of(self, text: str, *, personal: bool = True) -> Spoken:
        """The file that says `text`, made now if nobody has made it; a recorded phrase of the same words wins.

        `personal=False`: the words are the same for everybody, and the file is kept. Raises SpeechError.
        """
        words = speakable(text)
        if not any(letter.isalpha() for letter in words):
            raise SpeechError("nothing to say")
        if len(words) > LONGEST_WORDS:
            raise SpeechError("too long")
        if (phrase := self._recorded(words)) is not None and self.check(phrase.path, phrase.sha256):
            return phrase
        name = sha256("\0".join((self._speech.name, VERSION, words)).encode()).hexdigest()[:40]
        for kind in (FIXED, OWN) if personal else (FIXED,):
            if found := _spoken(self._path(kind, name), used=kind == OWN):
                return found
        path = self._path(OWN if personal else FIXED, name)
        with locked(self._folder / "locks" / f"{int(name[:8], 16) % LOCKS}", lambda: None):
            if found := _spoken(path, used=personal):  # somebody was quicker
                return found
            store(self._speech.say(words), path)
        if found := _spoken(path):
            return found
        raise SpeechError("not written")

    @staticmethod
    def check(path: Path, digest: str) -> bool:
        """Whether the file is there and is what it was (I20)."""
        try:
            with path.open("rb") as file:
                return file_digest(file, "sha256").hexdigest() == digest
        except OSError:
            return False

    def sweep(self, now: datetime) -> int:
        """Delete what holds a person's words and has not been used for a day, and what a killed process left behind;
        return how many files went."""
        limit = (now - OWN_DAYS).timestamp()
        gone = 0
        for path in [*self._folder.glob(f"{OWN}/*.wav"), *self._folder.glob("*/*.part")]:
            try:
                if path.stat().st_mtime < limit:
                    path.unlink()
                    gone += 1
            except FileNotFoundError:
                continue
        return gone

    def _path(self, kind: str, name: str) -> Path:
        return self._folder / kind / f"{name}.wav"


def store(content: bytes, path: Path) -> None:
    """Write a file whole or not at all, for ourselves only (0600). Raises SpeechError where there is no room."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, suffix=".part")
    except OSError as error:
        raise SpeechError(f"the disk does not take it: {error.strerror}") from error
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    except OSError as error:
        Path(name).unlink(missing_ok=True)
        raise SpeechError(f"the disk does not take it: {error.strerror}") from error


def _spoken(path: Path, *, used: bool = False) -> Spoken | None:
    """The file if it is whole; `used` puts off its deletion."""
    try:
        content = path.read_bytes()
        seconds = len(samples_of(content)) / RATE
        if used:
            os.utime(path)
    except (OSError, BadSound):
        return None
    return Spoken(path, sha256(content).hexdigest(), seconds) if seconds else None
