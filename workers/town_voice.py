"""What townspeople say in training calls: Russian text as a sound file that Asterisk plays.

Spoken by espeak-ng, so that nobody takes a townsman for one of us. The file is named for the text's hash, so that the
same sentence is spoken once. Text goes to the speech program on its standard input: nothing a caller «says» can become
an option or a command.
"""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

from workers.provision.speech import SpeechProgram
from workers.speech.cache import store
from workers.speech.engines import Espeak

LONGEST_TEXT = 500


def speak(program: SpeechProgram, text: str, folder: Path) -> str:
    """The name, without ending, of the file in `folder` that says `text`. Raises SpeechError."""
    name = "say-" + sha256(text.encode()).hexdigest()[:24]
    target = folder / f"{name}.wav"
    if not target.exists():
        store(Espeak(program).say(text[:LONGEST_TEXT]), target)
    return name
