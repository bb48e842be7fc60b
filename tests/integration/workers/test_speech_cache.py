"""Spoken once, whole or not at all, safe from what is in the text, gone when it must go (reliability.md I20, B74)."""

from __future__ import annotations

import multiprocessing
import os
import resource
import signal
import stat
import time
from array import array
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

import pytest

from callflow.speech.sound import wav
from workers.provision.speech import SpeechProgram
from workers.speech import engines
from workers.speech.cache import OWN_DAYS, SpeechCache, Spoken, store
from workers.speech.engines import Espeak, Festival, RHVoice
from workers.speech.port import SpeechError

TONE = wav(array("h", [4000, -4000] * 4000))
NOW = datetime(2026, 11, 26, 9, 0, tzinfo=UTC)


class Engine:
    """Says everything alike, and notes in a file what it was asked: processes share it."""

    title = "проба"

    def __init__(self, notes: Path, name: str = "test:1", slow: float = 0.0) -> None:
        self.notes, self.name, self.slow = notes, name, slow

    def say(self, text: str) -> bytes:
        if self.slow < 0:
            signal.pause()
        time.sleep(self.slow)
        with self.notes.open("a") as file:
            file.write(f"{text}\n")
        return TONE


@pytest.fixture
def notes(tmp_path: Path) -> Path:
    (tmp_path / "said").touch()
    return tmp_path / "said"


@pytest.fixture
def cache(tmp_path: Path, notes: Path) -> SpeechCache:
    return SpeechCache(tmp_path / "speech", Engine(notes))


def test_the_same_words_are_spoken_once_and_kept_for_ourselves(cache: SpeechCache, notes: Path) -> None:
    one = cache.file_of("Приём 26.11 в 14:30", personal=False)
    two = cache.file_of("Приём двадцать шестого ноября в четырнадцать часов тридцать минут")
    assert one == two
    assert notes.read_text().count("\n") == 1, "written otherwise, said the same"
    assert stat.S_IMODE(one.path.stat().st_mode) == 0o600
    assert stat.S_IMODE(one.path.parent.stat().st_mode) == 0o700
    assert (one.seconds, one.sha256) == (1.0, sha256(TONE).hexdigest())
    assert one.path.stem.isalnum()
    assert cache.check(one.path, one.sha256)


def test_another_voice_speaks_anew(cache: SpeechCache, tmp_path: Path, notes: Path) -> None:
    other = SpeechCache(tmp_path / "speech", Engine(notes, "test:2"))
    assert cache.file_of("Да").path != other.file_of("Да").path


def test_a_changed_lost_or_cut_file_is_noticed_and_spoken_again(cache: SpeechCache) -> None:
    spoken = cache.file_of("Да")
    spoken.path.write_bytes(TONE[:-2])
    assert not cache.check(spoken.path, spoken.sha256)
    for broken in (b"", b"RIFF rubbish"):
        spoken.path.write_bytes(broken)
        assert cache.file_of("Да") == spoken
    spoken.path.unlink()
    assert not cache.check(spoken.path, spoken.sha256)
    assert cache.file_of("Да") == spoken


def test_what_names_a_person_goes_a_day_after_its_last_use_and_the_rest_stays(cache: SpeechCache) -> None:
    fixed = cache.file_of("До свидания", personal=False)
    person, other = cache.file_of("Елена Викторовна"), cache.file_of("Анна Петровна")
    litter = fixed.path.parent / "tmpabc.part"
    litter.touch()
    long_ago = (datetime.now(UTC) - 2 * OWN_DAYS).timestamp()
    for path in (fixed.path, person.path, other.path, litter):
        os.utime(path, (long_ago, long_ago))
    cache.file_of("Анна Петровна")  # used again just now
    assert cache.sweep(datetime.now(UTC)) == 2
    assert (fixed.path.exists(), person.path.exists(), other.path.exists()) == (True, False, True)
    assert cache.sweep(datetime.now(UTC) + OWN_DAYS + timedelta(minutes=1)) == 1


def test_a_recorded_phrase_wins_while_it_is_what_was_recorded(tmp_path: Path, notes: Path) -> None:
    recording = tmp_path / "phrase.wav"
    recording.write_bytes(TONE)
    phrase = Spoken(recording, sha256(TONE).hexdigest(), 1.0, recorded=True)
    cache = SpeechCache(tmp_path / "speech", Engine(notes), {"До свидания.": phrase}.get)
    assert cache.file_of("До свидания.") == phrase
    assert not cache.file_of("Добрый день.").recorded
    recording.write_bytes(TONE + b"x")
    assert not cache.file_of("До свидания.").recorded, "somebody has changed the file: the engine speaks"


@pytest.mark.parametrize("text", ["", "   ", "!!!", "😀", "слово " * 2000])
def test_nothing_and_too_much_are_refused(cache: SpeechCache, text: str, notes: Path) -> None:
    with pytest.raises(SpeechError):
        cache.file_of(text)
    assert notes.read_text() == ""


def test_markup_quotes_and_commands_reach_no_engine(cache: SpeechCache, notes: Path) -> None:
    cache.file_of("<speak rate='9'>$(id) \"--help\" `reboot` да</speak> [[x]] \\n {имя}")
    assert not set(notes.read_text()) & set("<>$`'\"\\[](){}/=#0123456789")


# --- any number of processes


def _ask(folder: str, notes: str, start: object) -> None:
    start.wait()  # type: ignore[attr-defined]
    SpeechCache(Path(folder), Engine(Path(notes), slow=0.3)).file_of("Одно и то же")


def test_eight_processes_at_once_speak_once(tmp_path: Path, notes: Path) -> None:
    context = multiprocessing.get_context("fork")
    start = context.Event()
    workers = [context.Process(target=_ask, args=(str(tmp_path / "speech"), str(notes), start)) for _ in range(8)]
    for one in workers:
        one.start()
    start.set()
    for one in workers:
        one.join(60)
        assert one.exitcode == 0
    assert notes.read_text() == "Одно и то же\n"
    assert len(list((tmp_path / "speech").rglob("*.wav"))) == 1


def _killed(folder: str, notes: str) -> None:
    SpeechCache(Path(folder), Engine(Path(notes), slow=-1)).file_of("Одно и то же")


def test_who_is_killed_in_the_middle_holds_nobody_up(tmp_path: Path, notes: Path, cache: SpeechCache) -> None:
    context = multiprocessing.get_context("fork")
    victim = context.Process(target=_killed, args=(str(tmp_path / "speech"), str(notes)))
    victim.start()
    while not list((tmp_path / "speech").glob("locks/*")):
        victim.join(0.01)
    victim.kill()
    victim.join(10)
    assert cache.file_of("Одно и то же").seconds == 1.0


# --- a full disk


def _write_too_much(folder: str, answers: object) -> None:
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
    try:
        store(TONE, Path(folder) / "a.wav")
    except SpeechError as error:
        answers.put(str(error))  # type: ignore[attr-defined]


def test_a_full_disk_is_said_and_leaves_no_half_file(tmp_path: Path) -> None:
    context = multiprocessing.get_context("fork")
    answers = context.SimpleQueue()
    writer = context.Process(target=_write_too_much, args=(str(tmp_path / "speech"), answers))
    writer.start()
    writer.join(30)
    assert "the disk does not take it" in answers.get()
    assert list((tmp_path / "speech").iterdir()) == []


# --- the engines' programs


def program(folder: Path, script: str) -> SpeechProgram:
    path = folder / "program"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return SpeechProgram([str(path)])


@pytest.fixture
def tone(tmp_path: Path) -> Path:
    (tmp_path / "tone.wav").write_bytes(TONE)
    return tmp_path / "tone.wav"


def test_each_engine_gets_its_text_as_it_is_and_never_as_an_option(tmp_path: Path, tone: Path) -> None:
    said = tmp_path / "text"
    espeak = Espeak(program(tmp_path, f"cat > {said}; cat {tone}"))
    assert espeak.say("- звоните") == TONE
    assert said.read_text() == "- звони\u0301те"
    rhvoice = RHVoice(program(tmp_path, f'cat > {said}; cp {tone} "$4"'))
    assert rhvoice.say("звоните") == TONE
    assert said.read_text() == "звони\u0301те"


def test_festival_reads_only_words(tmp_path: Path, tone: Path) -> None:
    festival = Festival(
        program(tmp_path, f'o=$(sed -n \'s/.*) "\\(.*\\)" (quote.*/\\1/p\' "$5"); cp {tone} "$o"'), tmp_path
    )
    assert festival.say("звони\u0301те") == TONE
    for text in ('") (system "id', "a", "1", "да\\"):
        with pytest.raises(SpeechError, match="not speakable"):
            festival.say(text)


@pytest.mark.parametrize("script", ["exit 3", "cat > /dev/null", "cat > /dev/null; printf RIFF", "exec /nowhere"])
def test_an_engine_that_fails_is_an_error_and_no_silence(tmp_path: Path, script: str) -> None:
    for engine in (Espeak(program(tmp_path, script)), RHVoice(program(tmp_path, script))):
        with pytest.raises(SpeechError):
            engine.say("Да")


def test_a_silent_file_is_no_speech(tmp_path: Path) -> None:
    silent = tmp_path / "silent.wav"
    silent.write_bytes(wav(array("h", bytes(16000))))
    with pytest.raises(SpeechError, match="silence"):
        Espeak(program(tmp_path, f"cat > /dev/null; cat {silent}")).say("Да")


# --- which one speaks


def choose(monkeypatch: pytest.MonkeyPatch, **there: object) -> None:
    """Engines that are there (True), can be fetched ("net") or cannot be had."""

    def finder(name: str):
        def find(_cache: Path, progress: object) -> object:
            state = there.get(name.replace("-", "_"))
            if state is True or (state == "net" and progress is not None):
                return Engine(Path("/dev/null"), name)
            if progress is not None:
                raise engines.ProvisionError(f"Нет {name}.")
            return None

        return find

    monkeypatch.setattr(engines, "_FIND", {name: finder(name) for name in engines.ORDER})


def name_of(wish: str = "auto") -> str:
    return engines.fetch(wish, Path("/nowhere"), print).speech.name


def test_the_best_that_can_be_had_speaks(monkeypatch: pytest.MonkeyPatch) -> None:
    choose(monkeypatch, rhvoice="net", festival=True, espeak_ng=True)
    assert engines.present("auto", Path("/nowhere")).name == "festival", "until the better one is there"
    assert name_of() == "rhvoice"
    choose(monkeypatch, festival="net", espeak_ng="net")
    choice = engines.fetch("auto", Path("/nowhere"), print)
    assert choice.speech.name == "espeak-ng", "festival is not fetched unless somebody wants it by name"
    assert choice.lacking == ("Нет rhvoice.",)
    assert name_of("festival") == "festival"
    choose(monkeypatch)
    assert engines.present("auto", Path("/nowhere")) is None
    with pytest.raises(engines.ProvisionError):
        name_of()
