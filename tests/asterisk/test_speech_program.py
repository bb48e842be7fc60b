"""The real speech programs say Russian words: the town's, and every engine that this machine has or may fetch."""

import wave
from array import array
from pathlib import Path

import pytest

from callflow.speech import speakable
from callflow.speech.sound import loudness_of, peak_of, seconds_of
from workers.provision.machine import cache_folder
from workers.provision.speech import find_speech
from workers.speech import engines
from workers.speech.port import Speech
from workers.town_voice import speak

REMINDER = speakable("Напоминаем: в четверг, 26 ноября, в 14:30, вы записаны на консультацию, каб. 12.")


def every_engine() -> list[Speech]:
    """Those that are here, and the best that can be had: one at least."""
    here = [engine for name in engines.ORDER if (engine := engines.present(name, cache_folder()))]
    best = engines.fetch(engines.AUTO, cache_folder(), print).speech
    return list({engine.name: engine for engine in (best, *here)}.values())


def test_russian_words_become_a_sound_that_asterisk_plays(tmp_path: Path) -> None:
    program = find_speech(cache_folder(), print)
    short, long = (
        tmp_path / f"{speak(program, text, tmp_path)}.wav" for text in ("Алло", "Здравствуйте, я хочу узнать о пособии")
    )
    seconds = []
    for path in (short, long):
        with wave.open(str(path)) as file:
            assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (8000, 1, 2)
            samples = array("h", file.readframes(file.getnframes()))
        assert max(samples) > 3000
        seconds.append(len(samples) / 8000)
    assert 0.3 < seconds[0] < seconds[1] < 10


def test_every_engine_really_speaks() -> None:
    for engine in every_engine():
        short, long = engine.say("Да."), engine.say(REMINDER)
        assert (peak_of(long) > 3000, loudness_of(long) > 300) == (True, True), engine.name
        assert 0.2 < seconds_of(short) < 3, engine.name
        assert 5 < seconds_of(long) < 20, engine.name


def test_a_mark_moves_the_stress() -> None:
    engine = engines.fetch(engines.AUTO, cache_folder(), print).speech
    assert engine.say("за\u0301мок") != engine.say("замо\u0301к")


@pytest.mark.parametrize(
    "text", ["<speak><break time='9s'/>да</speak>", '"; $(touch /tmp/x); `id`', "-o /etc/passwd да"]
)
def test_what_looks_like_markup_or_an_order_is_only_said(text: str) -> None:
    for engine in every_engine():
        assert seconds_of(engine.say(speakable(text))) < 6, engine.name
