"""What callers hear, spoken ahead into files of the exchange: DATA_DIR/asterisk/prompts/<queue>/<piece>.wav.

The texts are `callflow.greetings`, one file a piece, and one for every time at which a service opens again in the weeks
that the exchange knows (`crm.calendar.exchange_hours`). A file is replaced whole; one that is missing is passed over by
the dialplan, so it does not matter when this has run last. What has not changed is not spoken again (`manifest.json`).
"""

from __future__ import annotations

import json
import logging
import wave
from array import array
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from callflow import greetings
from callflow.speech.sound import RATE, BadSound, samples_of, wav
from crm import institution
from crm.calendar.exchange_hours import Table, tables
from crm.calendar.reading import calendar_of
from crm.lines.settings import VoiceSettings, spoken_of, voice_of
from crm.recordings.settings import notice_of
from crm.speech.texts import worded
from crm.speech.values import fixed_words
from workers.speech.cache import store
from workers.speech.port import SpeechError

Speaker = Callable[[str], bytes]
"""A text as a WAV file of 8 kHz mono. Raises SpeechError."""
Marker = Callable[[str], str]
"""What tells two sounds of the same text apart: the engine's name, or the hash of a recorded phrase."""
MUSIC_PARTS = 8
LEAD_SECONDS = 0.3
"""Silence before a piece: the first packets after an answer are often lost."""
FADE_SECONDS = 0.8
VERSION = "1"
"""Changed when files shall be made anew although the same voice says the same words."""
CALLS = "speech"
"""The folder, beside those of the queues, with what an employee hears who records a phrase (sd-speech)."""
CALLS_TEXTS = {
    "ask": "Скажите фразу после сигнала. Закончив, нажмите решётку.",
    "keep": "Чтобы сохранить запись, нажмите один. Чтобы записать заново — два.",
    "kept": "Запись сохранена. До свидания.",
    "dropped": "Запись не сохранена. До свидания.",
}
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Wanted:
    """The pieces that a queue's folder should hold: name → text; `music_seconds` of each stretch of music, 0: none.

    `service_id`: whose recorded phrases win; None: nobody's. `ahead`: what the robot of this service always says.
    """

    queue: str
    texts: Mapping[str, str]
    music_seconds: int
    service_id: int | None = None
    ahead: Sequence[str] = ()


def wanted(session: Session, at: datetime) -> Iterator[Wanted]:
    """What every service should be able to say, as of `at` (aware)."""
    known = {table.queue: table for table in tables(session, at)}
    for service in institution.services(session):
        voice = voice_of(session, service.id)
        calendar = calendar_of(session, service.id)
        today = at.astimezone(ZoneInfo(service.institution.timezone)).date()
        spoken = spoken_of(
            service, voice, calendar, today, notice=notice_of(session, service.id), texts=worded(session, service.id)
        )
        texts = {name: text for name, text in greetings.pieces(spoken).items() if text}
        texts |= dict(_openings(spoken, known.get(service.queue)))
        yield Wanted(service.queue, texts, _stretch(voice), service.id, fixed_words(session, service, at))
    yield Wanted(CALLS, CALLS_TEXTS, 0)


def _openings(spoken: greetings.Spoken, table: Table | None) -> Iterator[tuple[str, str]]:
    """«closed-<epoch>», «break-<epoch>»: the sentence about the opening at that epoch, as the dialplan names it."""
    for _, moment in table.edges if table else ():
        text = greetings.next_opening(moment.state.value, spoken, moment)
        if text and moment.next_open is not None:
            yield f"{moment.state.value}-{int(moment.next_open.timestamp())}", text


def _stretch(voice: VoiceSettings) -> int:
    return min(voice.announce_seconds, 120)


def update(
    folder: Path,
    want: Wanted,
    speak: Speaker,
    music: Path | None,
    *,
    stopping: Callable[[], bool] = lambda: False,
    mark: Marker = lambda _text: "",
) -> int:
    """Bring one queue's folder to what is wanted; return how many files were made.

    A piece that cannot be spoken is left for the next time, and the old file with it. `music` is a folder with music of
    8 kHz mono, or None. `stopping` is asked before each file. A text is spoken again when its `mark` has changed.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    done = _manifest(folder)
    stretches = {f"music-{part}": f"music {part} {want.music_seconds}" for part in range(1, MUSIC_PARTS + 1)}
    recipes = {name: f"say {mark(text)} {text}" for name, text in want.texts.items()}
    recipes |= stretches if music and want.music_seconds else {}
    made = 0
    for name, recipe in recipes.items():
        digest = sha256(f"{VERSION} {recipe}".encode()).hexdigest()[:16]
        target = folder / f"{name}.wav"
        if done.get(name) == digest and target.exists():
            continue
        if stopping():
            return made
        try:
            sound = _with_lead(speak(want.texts[name])) if name in want.texts else _music(music, name, want)
        except (SpeechError, BadSound, OSError, wave.Error, EOFError) as error:
            log.warning("prompt %s of %s not made: %s", name, want.queue, type(error).__name__)
            continue
        store(sound, target)
        done[name] = digest
        made += 1
        _remember(folder, done)
    gone = [name for name in done if name not in recipes]
    for name in gone:
        (folder / f"{name}.wav").unlink(missing_ok=True)
        del done[name]
    if gone:
        _remember(folder, done)
    return made


def _music(folder: Path | None, name: str, want: Wanted) -> bytes:
    """One stretch of a piece of music, fading in and out; the stretches follow each other through the piece."""
    part = int(name.removeprefix("music-")) - 1
    files = sorted(folder.glob("*.wav")) if folder else []
    if not files:
        raise SpeechError("no music")
    with wave.open(str(files[part * len(files) // MUSIC_PARTS])) as source:
        if (source.getnchannels(), source.getsampwidth(), source.getframerate()) != (1, 2, RATE):
            raise SpeechError("music is not 8 kHz mono")
        count = want.music_seconds * RATE
        source.setpos(part * count % max(1, source.getnframes() - count))
        samples = array("h", source.readframes(count))
    fade = min(int(FADE_SECONDS * RATE), len(samples) // 2)
    for place in range(fade):
        samples[place] = samples[place] * place // fade
        samples[-1 - place] = samples[-1 - place] * place // fade
    return wav(samples)


def _with_lead(sound: bytes) -> bytes:
    return wav(array("h", bytes(2 * int(LEAD_SECONDS * RATE))) + samples_of(sound))


def _manifest(folder: Path) -> dict[str, str]:
    try:
        found = json.loads((folder / "manifest.json").read_text())
    except (OSError, ValueError):
        return {}
    return {str(name): str(digest) for name, digest in found.items()} if isinstance(found, dict) else {}


def _remember(folder: Path, done: Mapping[str, str]) -> None:
    store(json.dumps(done, sort_keys=True).encode(), folder / "manifest.json")
