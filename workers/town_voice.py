"""What townspeople say in training calls: Russian text as a sound file that Asterisk plays.

8 kHz mono PCM, named for the text's hash, so that the same sentence is spoken once. Text goes to the speech program on
its standard input: nothing a caller «says» can become an option or a command.
"""

from __future__ import annotations

import os
import subprocess
import tempfile
import wave
from array import array
from hashlib import sha256
from io import BytesIO
from itertools import pairwise
from pathlib import Path

from workers.provision.speech import SpeechProgram

RATE = 8000
SPEECH_SECONDS = 10  # espeak-ng needs 16 ms for a sentence; longer means that it hangs
LONGEST_TEXT = 500


class VoiceError(Exception):
    """The text could not be spoken, or the file is no sound we can play."""


def speak(program: SpeechProgram, text: str, folder: Path) -> str:
    """The name, without ending, of the file in `folder` that says `text`. Raises VoiceError."""
    name = "say-" + sha256(text.encode()).hexdigest()[:24]
    target = folder / f"{name}.wav"
    if not target.exists():
        store(sound_of(program, text[:LONGEST_TEXT]), target)
    return name


def sound_of(program: SpeechProgram, text: str) -> bytes:
    """`text` as a WAV file of 8 kHz mono. Raises VoiceError."""
    try:
        done = subprocess.run(
            [*program.command, "-v", "ru", "-s", "150", "--stdin", "--stdout"],
            input=text.encode(),
            capture_output=True,
            timeout=SPEECH_SECONDS,
            check=True,
            env={**os.environ, **program.env},
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise VoiceError(type(error).__name__) from error
    return telephone_sound(done.stdout)


def telephone_sound(wav: bytes) -> bytes:
    """A WAV file of any rate and any number of channels, 16 bits a sample, as one of 8 kHz mono. Raises VoiceError."""
    try:
        with wave.open(BytesIO(_with_honest_sizes(wav))) as source:
            channels, rate = source.getnchannels(), source.getframerate()
            if source.getsampwidth() != 2:
                raise VoiceError("not 16 bits a sample")
            samples = array("h", source.readframes(source.getnframes()))
    except (wave.Error, EOFError) as error:
        raise VoiceError("not a WAV file") from error
    if not samples or not 8000 <= rate <= 192_000:
        raise VoiceError("no sound in it")
    out = BytesIO()
    with wave.open(out, "wb") as target:
        target.setnchannels(1)
        target.setsampwidth(2)
        target.setframerate(RATE)
        target.writeframes(_resampled(samples[::channels], rate).tobytes())
    return out.getvalue()


def _resampled(samples: array[int], rate: int) -> array[int]:
    """Each new sample is the mean of the old ones it stands for: a simple low-pass that speech does not mind."""
    step = rate / RATE
    count = int(len(samples) / step)
    bounds = [round(index * step) for index in range(count + 1)]
    return array("h", (sum(samples[a:b]) // (b - a) if b > a else samples[a] for a, b in pairwise(bounds)))


def _with_honest_sizes(wav: bytes) -> bytes:
    """espeak-ng cannot seek in a pipe and leaves huge sizes in the header; the real ones are known now."""
    at = wav.find(b"data", 12)
    if wav[:4] != b"RIFF" or at < 0:
        return wav
    head = wav[:4] + (len(wav) - 8).to_bytes(4, "little") + wav[8 : at + 4]
    return head + (len(wav) - at - 8).to_bytes(4, "little") + wav[at + 8 :]


def store(content: bytes, target: Path) -> None:
    """Whole or not at all: Asterisk may open it at any moment."""
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=target.parent)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
    Path(name).replace(target)
