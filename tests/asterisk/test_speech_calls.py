"""«Позвонить мне» and recording by telephone: our clerk and a real exchange, keys and sound on the wire."""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from callflow.dialplan_word import DialplanWord
from callflow.speech.sound import loudness_of, samples_of, seconds_of
from crm import institution
from crm.speech import calls, phrases
from crm.speech.tables import RecordedPhrase, SpeechCall
from crm.staff import by_login
from telephony.ami import AmiSession
from telephony.config.plan import LinePlan, Member, QueuePlan, SpecialistPlan
from telephony.config.speech import SpeechPlan
from telephony.dialplan_words import dialplan_word
from telephony.link import AmiAddress
from telephony.wire import Message
from tests.support.exchange import DESK_SECRET, DID, LiveExchange, operator
from tests.support.records import demo_records
from tests.support.tones import RATE, TonePhone, heard, strength, write_tone
from tests.support.wait import wait_for
from workers import followers, phrase_calls
from workers.feed import Feed
from workers.orders import Counter
from workers.phrase_calls import spool_of
from workers.settings import ServiceSettings
from workers.speech.voice import phrases_folder

KEY = "0123456789abcdef" * 4
HEAD = 450
ASK, KEEP, KEPT = 600, 800, 1200
"""The prompts are tones here, so that the phone can tell which one it hears."""
SPOKEN = 1000
IDLE = re.compile(r"121@sd-hints.*State:Idle")


class Tone:
    """An engine that hums two seconds whatever it is to say: its sound is known on the wire."""

    name, title = "tone:1", "тон"

    def __init__(self, folder: Path) -> None:
        write_tone(folder / "tone.wav", SPOKEN, 2)
        self._sound = (folder / "tone.wav").read_bytes()

    def say(self, text: str) -> bytes:  # noqa: ARG002 - all texts are one tone
        return self._sound


class KeyPhone(TonePhone):
    """A phone that hums, keeps all it hears, and presses keys (RFC 4733 over its own RTP port)."""

    def __init__(self, *arguments: object, **details: object) -> None:
        self.all: list[int] = []
        super().__init__(*arguments, **details)  # type: ignore[arg-type]

    def press(self, key: str) -> None:
        """One key for 100 ms: five packets with a growing length, three times its end."""
        event = "0123456789*#".index(key)
        target = self._remote_rtp
        assert target is not None
        for count in range(1, 9):
            ends = 0x80 if count > 5 else 0
            body = struct.pack("!BBH", event, ends | 10, min(count, 5) * 160)
            head = struct.pack("!BBHII", 0x80, 101 | (0x80 if count == 1 else 0), self._key_sequence(), 777_000, 4242)
            self._rtp.sendto(head + body, target)

    def _key_sequence(self) -> int:
        self._keys = getattr(self, "_keys", 30_000) + 1
        return self._keys

    def _sdp(self) -> str:
        whole = super()._sdp()
        if "telephone-event" in whole:
            return whole
        media = next(line for line in whole.split("\r\n") if line.startswith("m=audio"))
        return whole.replace(media, f"{media} 101") + "a=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-16\r\n"


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("data")
    for name, frequency in (("ask", ASK), ("keep", KEEP), ("kept", KEPT), ("dropped", KEPT)):
        write_tone(folder / f"prompts/{name}.wav", frequency, 1)
    return folder


@pytest.fixture(scope="module")
def running(data: Path) -> Iterator[LiveExchange]:
    with LiveExchange(
        staff=(operator("101"), SpecialistPlan(extension="121", desk_secret=DESK_SECRET)),
        queues=(QueuePlan(name="family", members=(Member(extension="101"),)),),
        lines=(LinePlan(did=DID, queue="family"),),
        speech=SpeechPlan(folder=data, prompts=data / "prompts", spool=spool_of(data)),
    ) as exchange:
        yield exchange


class Desk:
    """Our records, fed as the listener feeds them, and the counter at which the clerk stands."""

    def __init__(self, exchange: LiveExchange, data: Path, folder: Path) -> None:
        self.database = demo_records(folder / "records.db", KEY)
        plan = exchange.plan
        address = AmiAddress(plan.ami.host, plan.ami.port, plan.ami_user, plan.ami_secret)
        self.session = AmiSession(address, on_event=self._hear)
        settings = ServiceSettings(data_dir=data, secret_key=KEY, redis_url=f"unix://{folder}/nobody", _env_file=None)
        self.counter = Counter(settings, self.database, self.session, Feed(settings.redis_address()))
        self.session.start()
        wait_for(lambda: self.session.link.up, 10, "the link")

    def _hear(self, message: Message) -> None:
        word = dialplan_word(message, datetime.now(UTC))
        if isinstance(word, DialplanWord):
            with self.database.transaction() as session:
                followers.follow(session, word)

    def close(self) -> None:
        self.session.stop()
        self.database.dispose()

    def ask(self, kind: str) -> int:
        """The head presses the button, and the clerk looks."""
        with self.database.transaction() as session:
            head = by_login(session, "roshchina")
            assert head is not None
            service = institution.services(session)[0]
            row = calls.ask(session, service, "bye", head, datetime.now(UTC), kind=kind, words="Спасибо. До свидания.")
            call_id = row.id
        phrase_calls.carry_out(self.counter)
        return call_id

    def row(self, call_id: int) -> SpeechCall:
        with self.database.reading() as session:
            return session.get_one(SpeechCall, call_id)

    def phrase(self) -> RecordedPhrase | None:
        with self.database.reading() as session:
            return phrases.current(session, institution.services(session)[0].id, "bye")


@pytest.fixture
def desk(exchange: LiveExchange, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    tone = Tone(tmp_path)
    monkeypatch.setattr("workers.speech.engines.present", lambda _wish, _cache: tone)
    made = Desk(exchange, data, tmp_path)
    yield made
    exchange.reset()
    made.close()


@pytest.fixture
def phone(exchange: LiveExchange) -> Iterator[KeyPhone]:
    with KeyPhone(exchange.plan.desk_bind, "121", HEAD, answers=True) as one:
        wait_for(lambda: IDLE.search(exchange.console("core show hints")), 25, "the phone to be there")
        yield one


def test_she_hears_the_very_file_that_was_rendered(desk: Desk, phone: KeyPhone) -> None:
    call_id = desk.ask("play")
    loud = lambda: strength(phone._ear[-RATE // 4 :], SPOKEN) > 1000  # noqa: E731
    wait_for(loud, 15, "energy on the wire, at the rendered pitch")
    wait_for(lambda: not desk.row(call_id).live, 15, "the end")
    assert desk.row(call_id).result == "played"


def test_a_phrase_is_recorded_heard_and_kept_with_a_key(desk: Desk, phone: KeyPhone, data: Path) -> None:
    call_id = desk.ask("record")
    wait_for(lambda: phone.hears(ASK), 15, "what to do")
    spool = spool_of(data) / f"{call_id}.wav"
    wait_for(lambda: spool.exists() and spool.stat().st_size > 2 * RATE, 20, "a second of her voice")
    phone.press("#")
    wait_for(lambda: phone.hears(HEAD), 15, "her own voice")
    wait_for(lambda: phone.hears(KEEP), 20, "the question")
    phone.press("1")
    wait_for(lambda: desk.row(call_id).result == "kept", 20, "the word")
    phrase_calls.carry_out(desk.counter)
    row, phrase = desk.row(call_id), desk.phrase()
    assert (row.live, row.result) == (False, "kept")
    assert phrase is not None
    assert (phrase.source, phrase.words) == ("phone", "Спасибо. До свидания.")
    sound = (phrases_folder(data) / phrase.file).read_bytes()
    assert seconds_of(sound) > 0.8
    assert loudness_of(sound) > 1000
    assert heard(samples_of(sound), HEAD), "what she hummed"
    assert not spool.exists()
    wait_for(lambda: phone.hears(KEPT), 15, "that it is kept")


def test_another_key_begins_anew_and_a_hang_up_keeps_nothing(desk: Desk, phone: KeyPhone, data: Path) -> None:
    before = desk.phrase()
    call_id = desk.ask("record")
    spool = spool_of(data) / f"{call_id}.wav"
    wait_for(lambda: spool.exists() and spool.stat().st_size > RATE, 20, "her voice")
    phone.press("#")
    wait_for(lambda: phone.hears(KEEP), 20, "the question")
    phone.press("2")
    wait_for(lambda: phone.hears(ASK), 20, "what to do, once more")
    phone.hang_up()
    wait_for(lambda: not desk.row(call_id).live, 15, "the end")
    phrase_calls.carry_out(desk.counter)
    assert desk.row(call_id).result == "dropped"
    assert desk.phrase() == before


def test_a_phone_that_is_not_there_is_no_call(desk: Desk) -> None:
    call_id = desk.ask("play")
    phrase_calls.carry_out(desk.counter)
    assert desk.row(call_id).state in ("placed", "ended")
    assert desk.row(call_id).result in ("", "no_answer")
