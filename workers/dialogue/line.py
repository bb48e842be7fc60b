"""Steps of a dialogue on one channel: sounds are played, keys cut them short, how far the words came is measured.

STREAM FILE tells the sample at which a key or a hang-up stopped it; a key in the first 300 ms of a step was meant for
the step before, so the sound goes on from there (domain.md §9.3).
"""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from callflow.dialogues.steps import DEAF_MILLISECONDS, Ask, Done, Heard, HungUp, Key, Say, Silence
from telephony.agi import AgiSession, CallerHungUp
from telephony.config.dialling import TALK_SECONDS
from workers.dialogue.prompts import Sound

SAMPLES_PER_MS = 8
ANY_KEY = "0123456789*#"
QUIET_SECONDS = 8.0
"""So long after the last word the exchange takes the channel back from a program that does not go on."""


class _Played(NamedTuple):
    ms: int
    of: int
    key: str = ""
    hung_up: bool = False


@dataclass
class Line:
    """One channel and the sounds that it may be played; `sounds` grows as the talk goes on. `until`: when the longest
    talk is over, on the monotonic clock."""

    agi: AgiSession
    sounds: dict[str, Sound]
    until: float = field(default_factory=lambda: time.monotonic() + TALK_SECONDS)

    @classmethod
    def on(cls, agi: AgiSession, sounds: Mapping[str, Sound]) -> Line:
        """The channel with its first sounds."""
        return cls(agi, dict(sounds))

    def allow(self, seconds: float) -> None:
        """Tell the exchange how long the next step takes: if this process is stopped in the middle of it, the dialplan
        goes on by itself (`sd-robot`, extension T) and the family does not sit in silence. Raises CallerHungUp."""
        left = min(seconds + QUIET_SECONDS, self.until - time.monotonic())
        self.agi.command("SET AUTOHANGUP", max(1, math.ceil(left)))

    def say(self, step: Say) -> Heard:
        """Play the pieces; a key of the step's cuts them short. Raises SoundMissing."""
        played = self._play(step.pieces, step.keys)
        if played.hung_up:
            return HungUp(played.ms, played.of)
        return Key(played.ms, played.of, played.key) if played.key else Done(played.ms, played.of)

    def ask(self, step: Ask) -> Heard:
        """Play the pieces, which any key cuts short but those to be passed over, then wait for one. Raises
        SoundMissing."""
        played = self._play(step.pieces, "".join(key for key in ANY_KEY if key not in step.passed_over))
        if played.hung_up:
            return HungUp(played.ms, played.of)
        key = played.key
        if not key:
            try:
                key = self._wait(step)
            except CallerHungUp:
                return HungUp(played.ms, played.of)
        return Key(played.ms, played.of, key) if key else Silence(played.ms, played.of)

    def _wait(self, step: Ask) -> str:
        """The key pressed within the step's time, or nothing; a key that is passed over makes the time no longer."""
        until = time.monotonic() + step.wait_seconds
        self.allow(step.wait_seconds)
        while (left := until - time.monotonic()) > 0:
            key = self.agi.wait_for_digit(max(1, round(left * 1000)))
            if not key or key not in step.passed_over:
                return key
        return ""

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
        self.allow(sound.ms / 1000)
        while True:
            played = self.agi.play(sound.name, keys, offset)
            ms = played.samples // SAMPLES_PER_MS
            if not played.key or before + ms >= DEAF_MILLISECONDS:
                return played.key, ms, played.hung_up
            offset = played.samples
