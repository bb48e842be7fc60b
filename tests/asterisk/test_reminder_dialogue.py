"""Every key of the reminder call (domain.md §9.2 S-3, S-7) by a real call: what the family hears on the wire, what its
key changes in the booking, the journal and the plan.

Each text is a tone of its own, so the ear tells which text was played when; keys are RFC 4733, as telephones send them.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select, text

from crm import demo, schema
from crm.appeals.tables import AppealMeasure
from crm.appointments.tables import Appointment, SlotHold
from crm.db import Database
from crm.dialler import refusals
from crm.dialler.tables import DialAttempt, DialEvent, DialSubject, DialTask
from crm.reminders.offer_words import when
from crm.reminders.script import script_of
from telephony.agi import AgiSession
from telephony.config.dialling import DiallingPlan, WindowPlan
from telephony.config.plan import LinePlan, TrunkPlan
from telephony.dial_orders import DialOrder, compose_hangup, order_headers
from telephony.fastagi import FastAgiServer
from tests.integration.crm.appeals import enter
from tests.integration.crm.booking import booked, of_family
from tests.integration.crm.reminded import attempt_of, task_of
from tests.support.ami_tap import AmiTap
from tests.support.exchange import DID, LiveExchange
from tests.support.listening_network import ListeningNetwork, Tones
from tests.support.network import Arrived, Behaviour
from tests.support.pages import SECRET
from tests.support.robot_rig import DEMO_LINE, Rig
from tests.support.wait import wait_for
from workers.dialler import jobs
from workers.dialler import prompts as ahead
from workers.dialler.sender import Sender
from workers.dialogue import handler, prompts
from workers.dialogue.handler import Dialogue
from workers.settings import ServiceSettings
from workers.speech.voice import Voice

KEY = "a-key-for-tests-only-0123456789abcdef"
ANNA = "+79070000101"
MOSCOW = ZoneInfo("Europe/Moscow")
DEAF = 2800
"""Samples after which a key counts: 300 ms and a little."""
LIMIT = 40
"""Seconds for anything to happen on a machine that does much else."""


@pytest.fixture(scope="module")
def network() -> Iterator[ListeningNetwork]:
    with ListeningNetwork(Behaviour(talk=None)) as network:
        yield network


@pytest.fixture(scope="module")
def running(network: ListeningNetwork) -> Iterator[LiveExchange]:
    now = int(time.time())
    with LiveExchange(
        town_bind=None,
        town=(),
        trunk=TrunkPlan(peers=("127.0.0.2",), contact=network.address),
        lines=(LinePlan(did=DID, queue="family"), LinePlan(did=DEMO_LINE, queue="family")),
        dialling=DiallingPlan(
            lines=3,
            trunk_lines=6,
            synthetic=True,
            start_seconds=30,
            windows=(WindowPlan(queue="family", spans=((now - 3600, now + 7200),)),),
        ),
    ) as exchange:
        yield exchange


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo's town as of now, made once."""
    path = tmp_path_factory.mktemp("town") / "town.db"
    url = f"sqlite:///{path}"
    schema.upgrade(url)
    database = Database(url, KEY)
    with database.transaction() as session:
        demo.load(session, KEY, datetime.now(UTC))
    database.dispose()
    return path


@pytest.fixture
def records(filled: Path, tmp_path: Path) -> Iterator[Database]:
    shutil.copy(filled, tmp_path / "town.db")
    database = Database(f"sqlite:///{tmp_path / 'town.db'}", KEY)
    yield database
    database.dispose()


@dataclass
class Robot:
    """Calls Anna about her bookings, as the worker would, and hears with her ears."""

    exchange: LiveExchange
    tap: AmiTap
    network: ListeningNetwork
    records: Database
    voice: Voice
    tones: Tones
    dialogue: Dialogue
    texts: dict[str, str] = field(default_factory=dict)
    """The words of the call, by piece."""
    attempt_id: str = ""
    bookings: tuple[int, ...] = ()
    entry_id: int = 0
    since: int = 0
    """Where in the call's sound her last key was pressed."""

    def call(self, count: int = 1) -> Arrived:
        """A booking (or two), a row in the journal, a task, the attempt with its prompts, the order; she answers."""
        at = datetime.now(UTC)
        with self.records.transaction() as session:
            self.entry_id = enter(session, at=at, family_id=of_family(session, 1).id).id
            rows = [
                booked(session, number=3 * place, by="gromova", at=at, entry_id=self.entry_id) for place in range(count)
            ]
            task = task_of(session, *rows, at=at, number=ANNA)
            session.refresh(task)
            script = script_of(session, task, at)
            self.texts = dict(script.words)
            attempt = attempt_of(session, task, at=at, state="sending")
            attempt.prompts = prompts.of_script(script, self.voice.file_of)
            self.attempt_id, self.bookings = attempt.id, tuple(row.id for row in rows)
        before, self.since = len(self.network.calls), 0
        until = datetime.now(UTC) + timedelta(seconds=30)
        self.tap.send(order_headers(DialOrder(self.attempt_id, ANNA, until, DID, 20)))
        wait_for(
            lambda: len(self.network.calls) > before, LIMIT, f"the call to arrive: {self.exchange.output()[-2000:]}"
        )
        return self.network.calls[-1]

    def names(self) -> dict[int, str]:
        """Tone → the piece that it stands for; what was spoken in the talk itself by its first word."""
        known = {self.tones.tone_of(text): name for name, text in self.texts.items()}
        spoken = {tone: text.split()[0] for text, tone in self.tones.frequencies.items()}
        return spoken | known

    def until(self, call: Arrived, piece: str) -> None:
        """She hears this piece."""
        tone = next(tone for tone, name in self.names().items() if name == piece)
        look = self.network.heard_since(call, tone, self.since)
        wait_for(look, LIMIT, f"{piece} to be heard, not {self.heard(call)}")
        self.since = self.network.samples(call)

    def until_spoken(self, call: Arrived, first_word: str) -> None:
        """As `until`, for words that are made in the talk."""
        wait_for(lambda: first_word in self.names().values(), LIMIT, f"«{first_word}» to be spoken: {self.story()}")
        self.until(call, first_word)

    def press(self, call: Arrived, *steps: str) -> None:
        """«who 1»: as soon as she hears `who` and has done so for longer than keys are ignored, she presses 1."""
        for step in steps:
            piece, key = step.split()
            self.until_spoken(call, piece) if piece[0].isupper() else self.until(call, piece)
            heard = self.network.samples(call) + DEAF
            wait_for(lambda heard=heard: self.is_asked(call, heard), LIMIT, "her ear to hear on")
            self.since = self.network.samples(call)
            self.network.press(call, key)

    def is_asked(self, call: Arrived, heard: int) -> bool:
        """Whether a key counts now: she has heard so much, or the question is over and waits for her."""
        return self.network.samples(call) > heard or self.network.is_quiet(call)

    def over(self, call: Arrived) -> None:
        """Both the call and what is written of it."""
        wait_for(lambda: not call.live, LIMIT, f"the call to end, it heard {self.heard(call)}")
        wait_for(lambda: not self.attempt().live, LIMIT, f"the attempt to end: {self.story()}")

    def heard(self, call: Arrived) -> list[str]:
        return self.network.order_of(call, self.names())

    def attempt(self) -> DialAttempt:
        with self.records.reading() as session:
            return session.get_one(DialAttempt, self.attempt_id)

    def task(self) -> DialTask:
        with self.records.reading() as session:
            return session.get_one(DialTask, self.attempt().task_id)

    def booking(self, place: int = 0) -> Appointment:
        with self.records.reading() as session:
            return session.get_one(Appointment, self.bookings[place])

    def subjects(self) -> list[str]:
        with self.records.reading() as session:
            rows = select(DialSubject).where(DialSubject.task_id == self.attempt().task_id).order_by(DialSubject.id)
            return [row.outcome for row in session.scalars(rows)]

    def story(self) -> list[tuple[str, str]]:
        with self.records.reading() as session:
            rows = select(DialEvent).where(DialEvent.attempt_id == self.attempt_id).order_by(DialEvent.id)
            return [(row.what, row.detail) for row in session.scalars(rows)]

    def measures(self) -> str:
        with self.records.reading() as session:
            rows = select(AppealMeasure.text).where(AppealMeasure.entry_id == self.entry_id).order_by(AppealMeasure.id)
            return "; ".join(session.scalars(rows))

    def ended(self) -> tuple[str, str]:
        """The attempt's disposition, and what the task has become (`human`: it is in the human list)."""
        task = self.task()
        return self.attempt().disposition, "human" if task.channel == "human" else task.state


@pytest.fixture(autouse=True)
def patient_start(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a machine that does much else nobody is left to the dialplan's last word for being slow."""
    monkeypatch.setattr(handler, "START_SECONDS", 20.0)
    monkeypatch.setattr(handler, "END_SECONDS", 20.0)


@pytest.fixture
def robot(
    exchange: LiveExchange,
    tap: AmiTap,
    network: ListeningNetwork,
    records: Database,
    tmp_path: Path,
) -> Iterator[Robot]:
    network.behaves = Behaviour(talk=None)
    settings = ServiceSettings(data_dir=tmp_path, secret_key=KEY, _env_file=None)  # type: ignore[call-arg]
    tones = Tones()
    voice = Voice(settings, records, tones)
    dialogue = Dialogue(records, settings, voice=voice)
    dialogue._patience.seconds = 20
    server = FastAgiServer(
        (exchange.plan.agi.host, exchange.plan.agi.port),
        token=exchange.plan.agi_token,
        allowed_peers=["127.0.0.0/8"],
        handlers={"dialogue": dialogue},
        environment_seconds=20,
        command_seconds=20,
    )
    with server:
        yield Robot(exchange, tap, network, records, voice, tones, dialogue)
        exchange.reset()
        assert server.counters.errors == 0, "an exception that nobody hears of"
    dialogue.close()


HELLO = ["hello", "who"]
pytestmark = pytest.mark.timeout(400)


@contextmanager
def writer_taken(records: Database) -> Iterator[None]:
    """Somebody else's transaction: SQLite's writer is taken by its first statement."""
    with records.transaction() as session:
        session.execute(text("SELECT 1"))
        yield


def test_key_one_confirms_the_booking_the_journal_and_the_plan(robot: Robot) -> None:
    call = robot.call()
    robot.press(call, "who 1", "keys 1")
    robot.over(call)
    words = f"booking:{robot.bookings[0]}"
    assert robot.heard(call) == [*HELLO, words, "keys", "confirmed", "bye"]
    assert robot.booking().state == "confirmed"
    assert "Семья подтвердила приём клавишей" in robot.measures()
    assert robot.ended() == ("confirmed", "confirmed")
    assert robot.subjects() == ["confirmed"]
    story = robot.story()
    assert robot.texts["hello"].startswith("Здравствуйте! Это автоматическое сообщение")
    assert all(part in robot.texts[words] for part in when(robot.booking().starts_at, MOSCOW, datetime.now(UTC)))
    said = [what for what, _ in story]
    assert ("key 1", "who") in story
    assert ("key 1", "keys") in story
    assert said.index("identified") < said.index("played")
    assert any(what == "played" and detail.startswith(words) for what, detail in story)


def test_nothing_is_told_before_somebody_says_who_he_is_and_silence_gets_the_neutral_text(robot: Robot) -> None:
    call = robot.call()
    robot.over(call)
    assert robot.heard(call) == [*HELLO, "machine"], "the repeated question is the same tone"
    assert robot.booking().state == "planned"
    assert robot.ended() == ("machine", "human")
    assert call.ended_by == "BYE"


def test_key_two_at_the_beginning_is_another_person(robot: Robot) -> None:
    call = robot.call()
    robot.press(call, "hello 2")
    robot.over(call)
    assert robot.heard(call) == ["hello", "wrong_person"]
    assert robot.ended() == ("wrong_person", "human")
    with robot.records.reading() as session:
        assert refusals.of(session, ANNA, robot.attempt().person_id).wrong_person


def test_key_two_moves_to_the_second_time_read_out(robot: Robot) -> None:
    call = robot.call()
    robot.press(call, "who 1", "keys 2", "Есть 2")
    robot.over(call)
    assert robot.heard(call)[-3:] == ["Есть", "Ваша", "bye"]
    assert robot.booking().state == "moved"
    with robot.records.reading() as session:
        new = session.scalars(select(Appointment).where(Appointment.moved_from_id == robot.bookings[0])).one()
        holds = session.scalars(select(SlotHold).where(SlotHold.family_id == new.family_id)).all()
        assert len(holds) == 2
        assert all(hold.released_at for hold in holds), "what was offered and not taken is free again"
    assert "Приём перенесён" in robot.measures()
    assert "Запись на приём" in robot.measures()
    assert robot.ended() == ("moved", "moved")


def test_key_three_asks_once_more_and_cancels(robot: Robot) -> None:
    call = robot.call()
    robot.press(call, "who 1", "keys 3", "sure 1")
    robot.over(call)
    assert robot.heard(call)[-3:] == ["sure", "cancelled", "bye"]
    assert (robot.booking().state, robot.booking().cancelled_by) == ("cancelled", "family")
    assert "Приём отменён заявителем" in robot.measures()
    assert robot.ended() == ("declined", "declined")


def test_key_four_says_it_once_more(robot: Robot) -> None:
    call = robot.call()
    robot.press(call, "who 1", "keys 4")
    words = f"booking:{robot.bookings[0]}"
    robot.until(call, words)
    robot.press(call, "keys 1")
    robot.over(call)
    assert robot.heard(call) == [*HELLO, words, "keys", words, "keys", "confirmed", "bye"]


def test_key_nine_ends_robot_calls_at_once(robot: Robot) -> None:
    call = robot.call()
    robot.press(call, "hello 9")
    robot.over(call)
    assert robot.heard(call) == ["hello", "refused"]
    assert robot.ended() == ("opted_out", "human")
    with robot.records.reading() as session:
        assert refusals.of(session, ANNA, None).robot


def test_key_zero_leaves_the_family_to_the_dialplan_which_goes_to_the_operators(robot: Robot) -> None:
    call = robot.call()
    robot.press(call, "who 1", "keys 0")
    wait_for(lambda: not robot.attempt().live, LIMIT, f"the attempt to end: {robot.story()}")
    assert robot.ended() == ("human", "human")
    wait_for(lambda: b"State: human" in robot.tap.raw, LIMIT, "the dialplan's word")
    robot.exchange.reset()


def test_two_bookings_have_words_and_keys_of_their_own(robot: Robot) -> None:
    call = robot.call(2)
    first, second = (f"booking:{one}" for one in robot.bookings)
    robot.press(call, "who 1", f"{first} 1", f"{second} 3", "sure 1")
    robot.over(call)
    heard = [piece for piece in robot.heard(call) if piece != "keys"]  # he presses during the words, or a little later
    assert heard == [*HELLO, first, "confirmed", second, "sure", "cancelled", "bye"]
    assert [robot.booking(place).state for place in (0, 1)] == ["confirmed", "cancelled"]
    assert robot.subjects() == ["confirmed", "cancelled"]
    assert robot.ended() == ("confirmed", "confirmed")


def test_a_wrong_key_is_explained_once(robot: Robot) -> None:
    call = robot.call()
    robot.press(call, "who 7", "again 1", "keys 1")
    robot.over(call)
    heard = robot.heard(call)
    assert heard[:3] == [*HELLO, "again"]
    assert robot.ended() == ("confirmed", "confirmed")


def test_a_key_in_the_first_moment_of_a_question_belongs_to_the_one_before(robot: Robot) -> None:
    """He presses 1 twice out of impatience: the second press confirms nothing."""
    call = robot.call()
    robot.until(call, "who")
    robot.network.press(call, "1")
    robot.network.press(call, "1")
    robot.press(call, "keys 1")
    robot.over(call)
    pressed = [detail for what, detail in robot.story() if what == "key 1"]
    assert pressed == ["who", "keys"]
    assert robot.booking().state == "confirmed"


HANG_UPS = [
    ("hello", (), "hung_up"),
    ("who", (), "hung_up"),
    ("booking", ("who 1",), "hung_up"),
    ("keys", ("who 1",), "delivered"),
    ("sure", ("who 1", "keys 3"), "human"),
    ("Есть", ("who 1", "keys 2"), "human"),
    ("confirmed", ("who 1", "keys 1"), "confirmed"),
    ("bye", ("who 1", "keys 1"), "confirmed"),
    ("refused", ("who 9",), "opted_out"),
    ("wrong_person", ("who 2",), "wrong_person"),
]


@pytest.mark.parametrize(("piece", "keys", "disposition"), HANG_UPS, ids=[one[0] for one in HANG_UPS])
def test_a_telephone_put_down_anywhere_is_an_end_that_keeps_what_was_done(
    robot: Robot, piece: str, keys: tuple[str, ...], disposition: str
) -> None:
    call = robot.call()
    robot.press(call, *keys)
    wanted = f"booking:{robot.bookings[0]}" if piece == "booking" else piece
    robot.until_spoken(call, wanted) if piece[0].isupper() else robot.until(call, wanted)
    robot.network.hang_up(call)
    robot.over(call)
    assert robot.ended()[0] == disposition
    state = {"confirmed": "confirmed", "bye": "confirmed"}.get(piece, "planned")
    assert robot.booking().state == state
    with robot.records.reading() as session:
        standing = select(SlotHold.id).where(SlotHold.released_at.is_(None))
        assert not session.scalars(standing.where(SlotHold.family_id == robot.attempt().family_id)).all()


def test_the_red_button_in_the_middle_is_such_an_end_too(robot: Robot) -> None:
    call = robot.call()
    robot.press(call, "who 1")
    robot.until(call, "keys")
    robot.tap.send(compose_hangup(robot.attempt_id))
    robot.over(call)
    assert robot.ended()[0] == "delivered"


def test_a_sound_that_is_gone_does_not_leave_the_family_in_silence(robot: Robot) -> None:
    """The dialplan says its neutral sentence; a person will call."""
    call = robot.call()
    robot.until(call, "hello")
    for piece in ("keys",):
        Path(robot.attempt().prompts[piece]["file"]).unlink()
    robot.press(call, "who 1")
    robot.over(call)
    assert robot.ended() == ("human", "human")
    assert robot.booking().state == "planned"
    wait_for(lambda: b"State: broken" in robot.tap.raw, LIMIT, "the dialplan's word")


def test_records_that_do_not_answer_are_told_as_not_done(robot: Robot) -> None:
    """Somebody else holds SQLite's one writer: she hears within seconds that nothing was done, and it is true."""
    call = robot.call()
    robot.press(call, "who 1")
    robot.until(call, "keys")
    robot.dialogue._patience.seconds = 1
    with writer_taken(robot.records):
        robot.press(call, "keys 1")
        robot.until(call, "trouble")
        wait_for(lambda: not call.live, LIMIT, "the call to end")
    robot.over(call)
    assert robot.booking().state == "planned"
    assert robot.ended() == ("human", "human")


def test_a_refusal_that_the_records_did_not_take_is_written_as_soon_as_they_do(robot: Robot) -> None:
    call = robot.call()
    robot.until(call, "hello")
    robot.dialogue._patience.seconds = 1
    with writer_taken(robot.records):
        robot.press(call, "who 9")
        robot.until(call, "trouble")
        wait_for(lambda: not call.live, LIMIT, "the call to end")
    robot.over(call)
    with robot.records.reading() as session:
        assert refusals.of(session, ANNA, None).robot


class SpokenRig(Rig):
    """The outbound engine with the dialogue itself behind the exchange, and a voice of tones."""

    def begin(self, tones: Tones) -> Voice:
        settings = ServiceSettings(data_dir=self.folder, secret_key=SECRET, _env_file=None)  # type: ignore[call-arg]
        voice = Voice(settings, self.database, tones)
        self._patch.setattr(ahead, "Voice", lambda *_: voice)
        self.dialogue = Dialogue(self.database, settings, voice=voice)
        self.sender = Sender(self.database, self.session, "demo", ahead.finder(settings, self.database))
        jobs.install(self.sender)
        return voice

    def _talk(self, agi: AgiSession) -> None:
        self.dialogue(agi)


def test_from_a_task_that_is_due_to_a_booking_that_is_confirmed(
    exchange: LiveExchange, tap: AmiTap, network: ListeningNetwork, tmp_path: Path
) -> None:
    """Nothing is put in by hand: claim, words made ahead, rules, order, gate, dialogue, and what the exchange says."""
    network.behaves, tones = Behaviour(talk=None), Tones()
    with SpokenRig(exchange, network, tmp_path) as rig:
        voice = rig.begin(tones)
        task_id = rig.owe(ANNA)
        attempt = rig.sender.dial(task_id)
        assert attempt is not None
        with rig.database.reading() as session:
            words = dict(script_of(session, session.get_one(DialTask, task_id), datetime.now(UTC)).words)
        assert set(attempt.prompts) == set(words)
        robot = Robot(
            exchange, tap, network, rig.database, voice, tones, rig.dialogue, words, attempt.id, (rig.appointment_id,)
        )
        wait_for(lambda: network.to(ANNA) and network.to(ANNA)[-1].live, LIMIT, "the call to arrive")
        call = network.to(ANNA)[-1]
        robot.press(call, "who 1", "keys 1")
        robot.over(call)
        assert robot.heard(call) == [*HELLO, f"booking:{rig.appointment_id}", "keys", "confirmed", "bye"]
        assert robot.booking().state == "confirmed"
        assert robot.ended() == ("confirmed", "confirmed")
        assert robot.attempt().evidence == "agi"
        rig.dialogue.close()
    exchange.reset()
