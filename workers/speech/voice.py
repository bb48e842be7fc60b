"""The door for everybody who has something to say: a text in, a file that Asterisk plays out; recorded phrases win."""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from crm.db import Database
from crm.speech import phrases
from workers.provision.machine import cache_folder
from workers.settings import ServiceSettings
from workers.speech import engines
from workers.speech.cache import SpeechCache, Spoken
from workers.speech.port import Speech, SpeechError

LOOK_AGAIN_SECONDS = 60.0
"""How long nobody looks whether a better engine has been fetched meanwhile."""


class Voice:
    """One per process; safe for many threads. `speech` stands in for the machine's engines in tests."""

    def __init__(
        self, settings: ServiceSettings, database: Database | None = None, speech: Speech | None = None
    ) -> None:
        self._settings = settings
        self._database = database
        self._given = speech
        self._found: Speech | None = None
        self._looked = float("-inf")

    @property
    def speech(self) -> Speech:
        """The engine that speaks. Raises SpeechError while there is none: one is being fetched, or cannot be had."""
        if self._given is not None:
            return self._given
        if self._found is None or time.monotonic() - self._looked > LOOK_AGAIN_SECONDS:
            self._found = engines.present(self._settings.speech, cache_folder())
            self._looked = time.monotonic()
        if self._found is None:
            raise SpeechError("no engine")
        return self._found

    def file_of(self, text: str, service_id: int | None = None, *, personal: bool = True) -> Spoken:
        """The file that says `text`; a phrase recorded for this service with the same words wins. Raises SpeechError.

        `personal=False`: the words are the same for every family, and the file is kept (`workers.speech.cache`).
        """
        return self.cache(service_id).file_of(text, personal=personal)

    def cache(self, service_id: int | None = None) -> SpeechCache:
        """The cache with the recorded phrases of this service as they are now. Raises SpeechError."""
        recorded = self.recorded(service_id).get
        return SpeechCache(speech_folder(self._settings.data_dir), self.speech, recorded)

    def recorded(self, service_id: int | None) -> Mapping[str, Spoken]:
        """The recorded phrases of a service by their words."""
        if service_id is None or self._database is None:
            return {}
        folder = phrases_folder(self._settings.data_dir)
        with self._database.reading() as session:
            return {
                words: Spoken(folder / row.file, row.sha256, row.seconds, recorded=True)
                for words, row in phrases.by_words(session, service_id).items()
            }

    @staticmethod
    def check(path: Path, digest: str) -> bool:
        """Whether the file is there and is what it was when it was chosen (I20)."""
        return SpeechCache.check(path, digest)

    def preview(self, text: str) -> Spoken:
        """The file that says an example, kept apart from what families hear. Raises SpeechError."""
        return SpeechCache(preview_folder(self._settings.data_dir), self.speech).file_of(text)

    def sweep(self, now: datetime) -> int:
        """Delete what holds a person's words and was not used for a day (`now` aware); return how many files went."""
        folders = (speech_folder(self._settings.data_dir), preview_folder(self._settings.data_dir))
        try:
            return sum(SpeechCache(folder, self.speech).sweep(now) for folder in folders)
        except SpeechError:
            return 0


def speech_folder(data_dir: Path) -> Path:
    """Where spoken texts lie."""
    return data_dir / "speech"


def phrases_folder(data_dir: Path) -> Path:
    """Where recorded phrases lie."""
    return data_dir / "phrases"


def preview_folder(data_dir: Path) -> Path:
    """Where examples lie that somebody has listened to on the page."""
    return data_dir / "preview"
