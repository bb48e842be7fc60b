"""The real speech program says Russian words."""

import wave
from array import array
from pathlib import Path

from workers.provision.machine import cache_folder
from workers.provision.speech import find_speech
from workers.town_voice import speak


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
