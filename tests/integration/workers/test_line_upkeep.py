"""Prompts spoken ahead and voice messages taken in: whole or not at all, once, and whatever was killed when."""

from __future__ import annotations

import os
import secrets
import shutil
import wave
from array import array
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path

import pytest
from sqlalchemy import delete, select

from callflow import events
from callflow.speech.sound import wav
from crm import calls, db, demo, exchange_state, institution, schema
from crm.calendar.tables import CalendarDay, ServiceHours
from crm.lines.tables import LineAssignment, ServiceVoice, VoiceMessage
from crm.speech import phrases, texts
from crm.staff import by_login
from workers import prompts, voice_messages
from workers.line_upkeep import LineUpkeep
from workers.settings import ServiceSettings
from workers.speech.cache import store
from workers.speech.port import SpeechError
from workers.speech.voice import phrases_folder

KEY = "a-key-for-tests-only-0123456789abcdef"
SUNDAY = datetime(2026, 11, 22, 7, 0, tzinfo=UTC)
LOUD, OTHER = (wav(array("h", [level, -level] * 4000)) for level in (5000, 7000))
NAME = "dispatch-1795333673.3.wav"


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo's records, made once."""
    path = tmp_path_factory.mktemp("records") / "records.db"
    url = f"sqlite:///{path}"
    schema.upgrade(url)
    opened = db.Database(url, KEY)
    with opened.transaction() as session:
        demo.load(session, KEY, SUNDAY)
    opened.dispose()
    return path


@pytest.fixture
def town(template: Path, tmp_path: Path) -> Iterator[db.Database]:
    shutil.copy(template, tmp_path / "records.db")
    opened = db.Database(f"sqlite:///{tmp_path / 'records.db'}", KEY)
    yield opened
    opened.dispose()


def sound(seconds: float, rate: int = 8000) -> bytes:
    out = BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(b"\x10\x10" * int(seconds * rate))
    return out.getvalue()


def unfinished(seconds: float) -> bytes:
    """As Asterisk leaves a file that it has not closed: the header says that nothing follows."""
    whole = sound(seconds)
    return whole[:4] + (36).to_bytes(4, "little") + whole[8:40] + bytes(4) + whole[44:]


class Voice:
    """A speaker that notes what it was asked to say."""

    def __init__(self, refuses: str = "") -> None:
        self.said: list[str] = []
        self.refuses = refuses

    def __call__(self, text: str) -> bytes:
        if self.refuses and self.refuses in text:
            raise SpeechError("no")
        self.said.append(text)
        return sound(0.1)


def want(database: db.Database, at: datetime = SUNDAY) -> prompts.Wanted:
    with database.reading() as session:
        return next(iter(prompts.wanted(session, at)))


def test_every_opening_that_the_exchange_knows_has_its_sentence(town: db.Database) -> None:
    texts = want(town).texts
    monday = int(datetime(2026, 11, 23, 5, 0, tzinfo=UTC).timestamp())
    noon = int(datetime(2026, 11, 23, 10, 0, tzinfo=UTC).timestamp())
    said = "Ближайший рабочий день — в понедельник, двадцать третьего ноября, с восьми часов."
    assert texts[f"closed-{monday}"] == said
    assert texts[f"break-{noon}"] == "Сейчас у специалистов перерыв, с двенадцати до тринадцати часов."
    assert len([name for name in texts if name.startswith("closed-")]) > 35
    assert texts["greeting"].startswith("Здравствуйте! Вы позвонили в Семейную диспетчерскую, Заречинский")


def test_only_what_changed_is_spoken_again_and_what_is_past_goes(town: db.Database, tmp_path: Path) -> None:
    folder, voice = tmp_path / "prompts", Voice()
    first = want(town)
    assert prompts.update(folder, first, voice, None) == len(first.texts)
    assert prompts.update(folder, first, voice, None) == 0
    with town.transaction() as session:
        session.get_one(ServiceVoice, 1).greeting = "Добрый день!"
    later = want(town, SUNDAY + timedelta(days=2))
    voice.said.clear()
    assert prompts.update(folder, later, voice, None) == len(voice.said)
    assert "Добрый день!" in voice.said
    assert len(voice.said) < 8
    assert {path.stem for path in folder.glob("*.wav")} == set(later.texts)


def test_a_piece_that_cannot_be_spoken_leaves_the_old_one(town: db.Database, tmp_path: Path) -> None:
    folder = tmp_path / "prompts"
    prompts.update(folder, want(town), Voice(), None)
    before = (folder / "greeting.wav").read_bytes()
    with town.transaction() as session:
        session.get_one(ServiceVoice, 1).greeting = "Добрый день!"
    assert prompts.update(folder, want(town), Voice(refuses="Добрый"), None) == 0
    assert (folder / "greeting.wav").read_bytes() == before
    assert prompts.update(folder, want(town), Voice(), None) == 1


def test_a_lost_file_or_a_spoilt_manifest_is_made_good(town: db.Database, tmp_path: Path) -> None:
    folder = tmp_path / "prompts"
    prompts.update(folder, want(town), Voice(), None)
    (folder / "danger.wav").unlink()
    assert prompts.update(folder, want(town), Voice(), None) == 1
    (folder / "manifest.json").write_text("[")
    assert prompts.update(folder, want(town), Voice(), None) == len(want(town).texts)


def test_music_is_cut_into_stretches(town: db.Database, tmp_path: Path) -> None:
    music = tmp_path / "moh"
    music.mkdir()
    (music / "one.wav").write_bytes(sound(200))
    prompts.update(tmp_path / "prompts", want(town), Voice(), music)
    with wave.open(str(tmp_path / "prompts/music-3.wav")) as part:
        assert part.getnframes() == 45 * 8000
        assert part.readframes(1) == b"\0\0", "it fades in"


def test_a_service_without_hours_has_no_openings_to_name(town: db.Database) -> None:
    with town.transaction() as session:
        session.execute(delete(ServiceHours))
        session.execute(delete(CalendarDay))
    texts = want(town).texts
    assert not [name for name in texts if name.startswith(("closed-", "break-"))]
    assert "hours" not in texts


def test_a_phrase_that_somebody_recorded_is_what_callers_hear_until_its_words_change(
    town: db.Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Engine:
        name, title = "test:1", "проба"

        def say(self, text: str) -> bytes:  # noqa: ARG002 - all alike
            return LOUD

    monkeypatch.setattr("workers.speech.engines.present", lambda _wish, _cache: Engine())
    settings = ServiceSettings(data_dir=tmp_path, _env_file=None)
    upkeep = LineUpkeep(settings, town)
    queue = want(town).queue
    closed, bye = (tmp_path / "asterisk/prompts" / queue / f"{name}.wav" for name in ("closed", "bye"))

    def record(words: str) -> None:
        with town.transaction() as session:
            service, head = institution.services(session)[0], by_login(session, "roshchina")
            assert head is not None
            given = {"words": words, "sound": OTHER, "source": "upload"}
            row = phrases.keep(session, service, "closed_now", head, SUNDAY, **given)
            store(OTHER, phrases_folder(tmp_path) / row.file)

    upkeep.round(SUNDAY)
    assert closed.read_bytes().endswith(LOUD[44:])
    assert (tmp_path / "asterisk/prompts/speech/ask.wav").exists()
    assert len(list((tmp_path / "speech/fixed").iterdir())) > 20, "what the robot says to everybody lies ready"
    record("Сейчас нерабочее время.")
    upkeep.round(SUNDAY + timedelta(minutes=2))
    assert closed.read_bytes().endswith(OTHER[44:])
    assert bye.read_bytes().endswith(LOUD[44:])
    with town.transaction() as session:
        head = by_login(session, "roshchina")
        assert head is not None
        service = institution.services(session)[0]
        texts.change(session, service, "closed_now", head, SUNDAY, text="Мы закрыты.", version=0)
    upkeep.round(SUNDAY + timedelta(minutes=4))
    assert closed.read_bytes().endswith(LOUD[44:]), "the words are others: the recording is silent"


# --- voice messages


def put(folder: Path, content: bytes, name: str = NAME, *, age_seconds: int = 0) -> Path:
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_bytes(content)
    then = SUNDAY.timestamp() - age_seconds
    os.utime(path, (then, then))
    return path


def stored(database: db.Database) -> list[VoiceMessage]:
    with database.reading() as session:
        return list(session.scalars(select(VoiceMessage)))


def test_a_whole_message_is_taken_in_once(town: db.Database, tmp_path: Path) -> None:
    spool, folder = tmp_path / "spool", tmp_path / "voice"
    path = put(spool, sound(4))
    assert voice_messages.take_in(town, spool, folder, SUNDAY) == 1
    assert not path.exists()
    message = stored(town)[0]
    assert (message.linkedid, message.seconds) == (NAME.removesuffix(".wav"), 4)
    assert (folder / message.file).read_bytes() == sound(4)
    # Killed after the row and before the spool's copy went: the same file lies there again.
    put(spool, sound(4))
    assert voice_messages.take_in(town, spool, folder, SUNDAY) == 0
    assert len(stored(town)) == 1


def test_a_message_that_is_being_written_is_left_alone_until_nobody_will_finish_it(
    town: db.Database, tmp_path: Path
) -> None:
    spool, folder = tmp_path / "spool", tmp_path / "voice"
    path = put(spool, unfinished(3))
    assert voice_messages.take_in(town, spool, folder, SUNDAY) == 0
    assert path.exists()
    put(spool, unfinished(3), age_seconds=900)
    assert voice_messages.take_in(town, spool, folder, SUNDAY) == 1
    assert stored(town)[0].seconds == 3


@pytest.mark.parametrize("content", [b"", sound(0.2), b"RIFF rubbish"])
def test_nothing_said_is_no_message(town: db.Database, tmp_path: Path, content: bytes) -> None:
    put(tmp_path / "spool", content, age_seconds=900)
    voice_messages.take_in(town, tmp_path / "spool", tmp_path / "voice", SUNDAY)
    assert stored(town) == []


def test_a_strange_name_is_not_ours(town: db.Database, tmp_path: Path) -> None:
    path = put(tmp_path / "spool", sound(4), "надпись.wav")
    assert voice_messages.take_in(town, tmp_path / "spool", tmp_path / "voice", SUNDAY) == 0
    assert path.exists()


def test_the_sound_is_removed_when_its_term_is_over_and_the_row_stays(town: db.Database, tmp_path: Path) -> None:
    folder = tmp_path / "voice"
    put(tmp_path / "spool", sound(4))
    voice_messages.take_in(town, tmp_path / "spool", folder, SUNDAY)
    voice_messages.keep_order(town, folder, SUNDAY + timedelta(days=365))
    assert len(list(folder.iterdir())) == 1
    voice_messages.keep_order(town, folder, SUNDAY + timedelta(days=5 * 366))
    assert list(folder.iterdir()) == []
    assert stored(town)[0].removed_at is not None


def test_a_message_finds_the_call_that_the_listener_hears_of_a_moment_later(town: db.Database, tmp_path: Path) -> None:
    """After an outage of both: not a minute later, when it is time for the rest of the round."""
    settings = ServiceSettings(
        data_dir=tmp_path, exchange="external", ami_secret=secrets.token_urlsafe(32), _env_file=None
    )
    upkeep = LineUpkeep(settings, town)
    voice_messages.spool_of(tmp_path).parent.mkdir(parents=True)
    put(voice_messages.spool_of(tmp_path), sound(4))
    upkeep.round(SUNDAY)
    assert [message.call_id for message in stored(town)] == [None]
    with town.transaction() as session:
        arrived = events.CallArrived(call=NAME.removesuffix(".wav"), at=SUNDAY, did="+79070009001", channel="")
        call_id = calls.record(session, arrived).call_id
    upkeep.round(SUNDAY + timedelta(seconds=2))
    assert [message.call_id for message in stored(town)] == [call_id]


def test_an_assignment_that_begins_on_a_date_reaches_the_exchange_by_itself(town: db.Database, tmp_path: Path) -> None:
    settings = ServiceSettings(
        data_dir=tmp_path, exchange="external", ami_secret=secrets.token_urlsafe(32), _env_file=None
    )
    upkeep = LineUpkeep(settings, town)
    with town.transaction() as session:
        row = session.scalars(select(LineAssignment).where(LineAssignment.part == "main")).first()
        assert row is not None
        row.since = (SUNDAY + timedelta(days=1)).date()

    def wanted() -> int:
        with town.reading() as session:
            return exchange_state.exchange_state(session).wanted_version

    upkeep.round(SUNDAY)
    before = wanted()
    upkeep.round(SUNDAY + timedelta(minutes=2))
    assert wanted() == before
    upkeep.round(SUNDAY + timedelta(days=1))
    assert wanted() == before + 1
