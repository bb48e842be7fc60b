"""Steps of a dialogue on one channel: sounds are played, keys cut them short, how far the words came is measured.

STREAM FILE tells the sample at which a key or a hang-up stopped it; a key in the first 300 ms of a step was meant for
the step before, so the sound goes on from there (domain.md §9.3).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from callflow.dialogues.steps import DEAF_MILLISECONDS, Ask, Done, Heard, HungUp, Key, Say, Silence
from telephony.agi import AgiSession, CallerHungUp
from workers.dialogue.prompts import Sound

SAMPLES_PER_MS = 8
ANY_KEY = "0123456789*#"


class _Played(NamedTuple):
    ms: int
    of: int
    key: str = ""
    hung_up: bool = False


@dataclass
class Line:
    """One channel and the sounds that it may be played; `sounds` grows as the talk goes on."""

    agi: AgiSession
    sounds: dict[str, Sound]

    @classmethod
    def on(cls, agi: AgiSession, sounds: Mapping[str, Sound]) -> Line:
        """The channel with its first sounds."""
        return cls(agi, dict(sounds))

    def say(self, step: Say) -> Heard:
        """Play the pieces; a key of the step's cuts them short. Raises SoundMissing."""
        played = self._play(step.pieces, step.keys)
        if played.hung_up:
            return HungUp(played.ms, played.of)
        return Key(played.ms, played.of, played.key) if played.key else Done(played.ms, played.of)

    def ask(self, step: Ask) -> Heard:
        """Play the pieces, which any key cuts short, then wait for one. Raises SoundMissing."""
        played = self._play(step.pieces, ANY_KEY)
        if played.hung_up:
            return HungUp(played.ms, played.of)
        key = played.key
        if not key:
            try:
                key = self.agi.wait_for_digit(round(step.wait_seconds * 1000))
            except CallerHungUp:
                return HungUp(played.ms, played.of)
        return Key(played.ms, played.of, key) if key else Silence(played.ms, played.of)

    def _play(self, pieces: tuple[str, ...], keys: str) -> _Played:
        sounds = [self.sounds[piece] for piece in pieces]
        whole = sum(sound.ms for sound in sounds)
        before = 0
        for sound in sounds:
            try:
                key, ms, hung_up = self._one(sound, keys, before)
            except CallerHungUp:
                return _Played(before, whole, hung_up=True)
            before += min(ms, sound.ms)
            if key or hung_up:
                return _Played(before, whole, key, hung_up)
        return _Played(before, whole)

    def _one(self, sound: Sound, keys: str, before: int) -> tuple[str, int, bool]:
        """Play one sound: the key, the milliseconds played, whether the family hung up."""
        offset = 0
        while True:
            played = self.agi.play(sound.name, keys, offset)
            ms = played.samples // SAMPLES_PER_MS
            if not played.key or before + ms >= DEAF_MILLISECONDS:
                return played.key, ms, played.hung_up
            offset = played.samples
