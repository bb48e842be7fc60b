"""What every speech engine is: a name, and a text that becomes a sound. One way to start a program safely."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from typing import Protocol

from callflow.speech.sound import SILENCE, BadSound, peak_of, telephone_sound

ENGINE_SECONDS = 30.0
"""RHVoice says a sentence in 0.2 s, festival in 1 s; longer means that it hangs."""
LONGEST_WORDS = 3000
"""Letters of one piece; a text of 25 seconds has about 350."""


class SpeechError(Exception):
    """The text could not be spoken; `str()` says why, without a word of it."""


class Speech(Protocol):
    """An engine with one voice."""

    @property
    def name(self) -> str:
        """Engine, voice and version: the same name says the same text in the same way («rhvoice:elena:1.8.0»)."""

    @property
    def title(self) -> str:
        """The same for people."""

    def say(self, text: str) -> bytes:
        """`text` (as `callflow.speech.speakable` gives it) as WAV, 8 kHz, mono. Raises SpeechError."""


def run(command: Sequence[str], text: str, env: Mapping[str, str]) -> bytes:
    """Start an engine without a shell, with the text on its standard input; what it writes. Raises SpeechError.

    It is niced: a call that is going on needs the processor first.
    """
    if len(text) > LONGEST_WORDS:
        raise SpeechError("too long")
    nice = ["nice", "-n", "10"] if shutil.which("nice") else []
    try:
        done = subprocess.run(
            [*nice, *command],
            input=text.encode(),
            capture_output=True,
            timeout=ENGINE_SECONDS,
            check=True,
            env={**os.environ, **env},
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise SpeechError(type(error).__name__) from error
    return done.stdout


def heard(wav: bytes) -> bytes:
    """What an engine gave as a telephone's sound. Raises SpeechError where there is no voice in it."""
    try:
        sound = telephone_sound(wav)
    except BadSound as error:
        raise SpeechError("no sound") from error
    if peak_of(sound) < SILENCE:
        raise SpeechError("silence")
    return sound
