"""Every key of the reminder call (domain.md §9.2 S-3, S-7) by a real call: what the family hears on the wire, what its
key changes in the booking, the journal and the plan (`tests.support.talking_robot`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from crm.appeals.tables import AppealMeasure
from crm.appointments.tables import Appointment, SlotHold
from crm.db import Database
from crm.dialler import refusals
from crm.dialler.tables import DialTask
from crm.reminders.offer_words import when
from crm.reminders.script import script_of
from telephony.agi import AgiSession
from telephony.dial_orders import compose_hangup
from tests.integration.crm.appeals import enter
from tests.integration.crm.booking import booked, of_family
from tests.integration.crm.reminded import task_of
from tests.support.ami_tap import AmiTap
from tests.support.exchange import LiveExchange
from tests.support.listening_network import ListeningNetwork, Tones
from tests.support.network import Arrived, Behaviour
from tests.support.pages import SECRET
from tests.support.robot_rig import Rig
from tests.support.talking_robot import ANNA, LIMIT, TalkingRobot
from tests.support.wait import wait_for
from workers.dialler import jobs
from workers.dialler import prompts as ahead
from workers.dialler.sender import Sender
from workers.dialogue.handler import Dialogue
from workers.settings import ServiceSettings
from workers.speech.voice import Voice

MOSCOW = ZoneInfo("Europe/Moscow")


@dataclass
class Robot(TalkingRobot):
    """Calls Anna about her bookings."""

    bookings: tuple[int, ...] = ()
    entry_id: int = 0

    def call(self, count: int = 1) -> Arrived:
        """A booking (or two), a row in the journal, a task, the call."""

        def make(session: Session, at: datetime) -> DialTask:
            self.entry_id = enter(session, at=at, family_id=of_family(session, 1).id).id
            rows = [
                booked(session, number=3 * place, by="gromova", at=at, entry_id=self.entry_id) for place in range(count)
            ]
            self.bookings = tuple(row.id for row in rows)
            return task_of(session, *rows, at=at, number=ANNA)

        return self.ring(make)

    def booking(self, place: int = 0) -> Appointment:
        with self.records.reading() as session:
            return session.get_one(Appointment, self.bookings[place])

    def measures(self) -> str:
        with self.records.reading() as session:
            rows = select(AppealMeasure.text).where(AppealMeasure.entry_id == self.entry_id).order_by(AppealMeasure.id)
            return "; ".join(session.scalars(rows))


@pytest.fixture
def robot(robot_of: Callable[[type[Robot]], Robot]) -> Robot:
    return robot_of(Robot)


HELLO = ["hello", "who"]
pytestmark = [pytest.mark.timeout(400), pytest.mark.usefixtures("patient_start")]


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
        robot = Robot(exchange, tap, network, rig.database, voice, tones, rig.dialogue, words, attempt.id)
        robot.bookings = (rig.appointment_id,)
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
