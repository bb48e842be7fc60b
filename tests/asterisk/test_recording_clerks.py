"""From the page's wish to the wire and back: our clerks, our records and a real exchange together."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from callflow.dialplan_word import DialplanWord
from crm import calls
from crm.call_tables import CallRecord
from crm.recordings import files, monitor_rule, monitoring, refusing
from crm.recordings.tables import MonitorSession, MonitorState, Recording, RecordingState
from crm.staff import Employee, by_login
from telephony.ami import AmiSession
from telephony.config.plan import LinePlan, Member, QueuePlan, RecordingPlan, SpecialistPlan, VoicePlan
from telephony.dialplan_words import dialplan_word
from telephony.link import AmiAddress
from telephony.translate import TrunkNames, translate
from telephony.wire import Message
from tests.support.ami_tap import AmiTap
from tests.support.exchange import DESK_SECRET, LiveExchange, operator
from tests.support.records import demo_records
from tests.support.tones import TonePhone, write_tone
from tests.support.wait import wait_for
from workers import followers
from workers import monitoring as listening_in
from workers import recordings as recording
from workers.feed import Feed
from workers.orders import Counter
from workers.settings import ServiceSettings

KEY = "0123456789abcdef" * 4
DID = "+79070009001"
CALLER, OPERATOR, HEAD = 440, 1000, 2000


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("data")
    write_tone(folder / "prompts/notice.wav", 300, 4)
    files.incoming_folder(files.folder_of(folder))
    return folder


@pytest.fixture(scope="module")
def running(data: Path) -> Iterator[LiveExchange]:
    head = SpecialistPlan(extension="121", desk_secret=DESK_SECRET)
    with LiveExchange(
        staff=(operator("101"), head),
        queues=(QueuePlan(name="dispatch", members=(Member(extension="101"),), wrapup_seconds=0),),
        lines=(LinePlan(did=DID, queue="dispatch"),),
        voices=(VoicePlan(queue="dispatch", prompts=data / "prompts", messages=data / "messages", position=False),),
        recording=RecordingPlan(folder=data / "recordings/incoming", queues=("dispatch",)),
    ) as exchange:
        yield exchange


class Desk:
    """Our records, fed by a real session as the listener feeds them, and the counter at which the clerks stand."""

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
        now = datetime.now(UTC)
        event = translate(message, trunk=TrunkNames(), at=now) or dialplan_word(message, now)
        if event is None:
            return
        with self.database.transaction() as session:
            if isinstance(event, DialplanWord):
                followers.follow(session, event)
            else:
                calls.record(session, event)

    def close(self) -> None:
        self.session.stop()
        self.database.dispose()

    def recording(self) -> Recording | None:
        with self.database.reading() as session:
            return session.query(Recording).order_by(Recording.id.desc()).first()

    def listening(self) -> MonitorSession | None:
        with self.database.reading() as session:
            return session.query(MonitorSession).order_by(MonitorSession.id.desc()).first()

    def talking(self) -> CallRecord | None:
        with self.database.reading() as session:
            call = session.query(CallRecord).order_by(CallRecord.id.desc()).first()
            return call if call is not None and call.answered_at is not None else None


@pytest.fixture
def desk(exchange: LiveExchange, data: Path, tmp_path: Path) -> Iterator[Desk]:
    made = Desk(exchange, data, tmp_path)
    yield made
    exchange.reset()
    made.close()
    for file in (data / "recordings").rglob("*.wav"):
        file.unlink()


@pytest.fixture
def phone(exchange: LiveExchange) -> Iterator[TonePhone]:
    with TonePhone(exchange.plan.desk_bind, "101", OPERATOR) as one:
        exchange.wait_available("101")
        yield one


def talk(exchange: LiveExchange, tap: AmiTap, desk: Desk, phone: TonePhone) -> Path:
    """A recorded talk goes on; its file."""
    exchange.town_call(tap, to=DID, say="tone", hold="60")
    phone.wait_ringing(15)
    phone.answer()
    wait_for(desk.talking, 10, "the records to know of the talk")
    row = wait_for(desk.recording, 5)
    path = files.incoming(files.folder_of(desk.counter.settings.data_dir), row.linkedid)
    assert path is not None
    wait_for(lambda: path.exists() and path.stat().st_size > 8000, 10, "the recording")
    return path


def person(desk: Desk, login: str) -> Employee:
    with desk.database.reading() as session:
        found = by_login(session, login)
        assert found is not None
        return found


def test_a_refusal_on_the_screen_stops_and_deletes_at_once(
    exchange: LiveExchange, tap: AmiTap, desk: Desk, phone: TonePhone
) -> None:
    path = talk(exchange, tap, desk, phone)
    call = desk.talking()
    assert call is not None
    with desk.database.transaction() as session:
        refusing.ask(session, call, "refused", person(desk, "lavrova"), datetime.now(UTC))
    recording.carry_out(desk.counter)
    assert not path.exists()
    row = desk.recording()
    assert row is not None
    assert row.state == RecordingState.REFUSED
    before = phone.loud_packets
    wait_for(lambda: phone.loud_packets > before + 50 and phone.hears(CALLER), 5, "the talk to go on")
    assert not path.exists(), "nothing is written any more"


def test_an_ended_recording_is_kept_and_taken_in_with_the_end_of_the_talk(
    exchange: LiveExchange, tap: AmiTap, desk: Desk, phone: TonePhone
) -> None:
    path = talk(exchange, tap, desk, phone)
    call = desk.talking()
    assert call is not None
    with desk.database.transaction() as session:
        refusing.ask(session, call, "asked", person(desk, "lavrova"), datetime.now(UTC))
    recording.carry_out(desk.counter)
    length = path.stat().st_size
    phone.hang_up()
    wait_for(lambda: not exchange.channels(), 10)
    folder = files.folder_of(desk.counter.settings.data_dir)

    def taken_in() -> bool:
        recording.Filing(desk.database, folder).run(datetime.now(UTC) + timedelta(seconds=3))
        row = desk.recording()
        return row is not None and row.state == RecordingState.STORED and row.size == length

    wait_for(taken_in, 10, "the file to be taken in")
    assert not path.exists()


def test_the_head_listens_changes_the_mode_and_ends(
    exchange: LiveExchange, tap: AmiTap, desk: Desk, phone: TonePhone
) -> None:
    talk(exchange, tap, desk, phone)
    call, head, lavrova = desk.talking(), person(desk, "roshchina"), person(desk, "lavrova")
    assert call is not None
    now = datetime.now(UTC)
    with desk.database.transaction() as session:
        monitor_rule.set_rule(
            session, 1, person(desk, "chernykh"), now, on=True, order_number="1", order_date=now.date(),
            tell_listening=True, version=1,
        )  # fmt: skip
        rule = monitor_rule.rule_of(session, 1)
        monitor_rule.sign(session, rule, lavrova.id, head, now, signed_on=now.date())

    def ask(mode: str) -> None:
        with desk.database.transaction() as session:
            monitoring.ask(session, call.id, lavrova.id, head, datetime.now(UTC), mode=mode)
        listening_in.carry_out(desk.counter)

    def state() -> tuple[str, str]:
        row = desk.listening()
        assert row is not None
        return row.mode, row.state

    with TonePhone(exchange.plan.desk_bind, "121", HEAD, answers=True) as own:
        ask("listen")
        wait_for(lambda: own.hears(CALLER) and own.hears(OPERATOR), 10, "the head to hear both")
        wait_for(lambda: state() == ("listen", MonitorState.ON), 5)
        assert not phone.hears(HEAD)
        ask("whisper")
        wait_for(lambda: phone.hears(HEAD), 10, "the operator to hear the head")
        wait_for(lambda: state() == ("whisper", MonitorState.ON), 5)
        assert len(own.invites) == 1
        row = desk.listening()
        assert row is not None
        with desk.database.transaction() as session:
            monitoring.ask_end(session, row.id, head, datetime.now(UTC))
        listening_in.carry_out(desk.counter)
        wait_for(lambda: own.state == "idle", 10)
        wait_for(lambda: state() == ("whisper", MonitorState.ENDED), 5)
    assert phone.hears(CALLER)


def test_a_rule_that_is_taken_back_ends_the_listening_and_the_talk_goes_on(
    exchange: LiveExchange, tap: AmiTap, desk: Desk, phone: TonePhone
) -> None:
    """At the clerk's next look, which is within a second."""
    talk(exchange, tap, desk, phone)
    call, head, lavrova = desk.talking(), person(desk, "roshchina"), person(desk, "lavrova")
    assert call is not None
    now = datetime.now(UTC)

    def set_rule(on: bool, version: int) -> None:
        with desk.database.transaction() as session:
            monitor_rule.set_rule(
                session, 1, person(desk, "chernykh"), now, on=on, order_number="1", order_date=now.date(),
                tell_listening=True, version=version,
            )  # fmt: skip

    set_rule(on=True, version=1)
    with desk.database.transaction() as session:
        monitor_rule.sign(session, monitor_rule.rule_of(session, 1), lavrova.id, head, now, signed_on=now.date())
        monitoring.ask(session, call.id, lavrova.id, head, now, mode="listen")
    with TonePhone(exchange.plan.desk_bind, "121", HEAD, answers=True) as own:
        listening_in.carry_out(desk.counter)
        wait_for(lambda: own.hears(CALLER), 10, "the head to hear")
        listening_in.carry_out(desk.counter)
        assert own.state == "talking", "she may"
        set_rule(on=False, version=2)
        listening_in.carry_out(desk.counter)
        wait_for(lambda: own.state == "idle", 10, "the listening to end")

        def ended() -> bool:
            row = desk.listening()
            return row is not None and row.state == MonitorState.ENDED

        wait_for(ended, 5)
    row = desk.listening()
    assert row is not None
    assert "приказ" in row.error
    assert phone.hears(CALLER)


def test_a_head_whose_phone_is_not_there_reads_why(
    exchange: LiveExchange, tap: AmiTap, desk: Desk, phone: TonePhone
) -> None:
    talk(exchange, tap, desk, phone)
    call, head, lavrova = desk.talking(), person(desk, "roshchina"), person(desk, "lavrova")
    assert call is not None
    now = datetime.now(UTC)
    with desk.database.transaction() as session:
        monitor_rule.set_rule(
            session, 1, person(desk, "chernykh"), now, on=True, order_number="1", order_date=now.date(),
            tell_listening=True, version=1,
        )  # fmt: skip
        monitor_rule.sign(session, monitor_rule.rule_of(session, 1), lavrova.id, head, now, signed_on=now.date())
        monitoring.ask(session, call.id, lavrova.id, head, now, mode="listen")

    def failed() -> bool:
        listening_in.carry_out(desk.counter)
        row = desk.listening()
        return row is not None and (row.state, row.error) == (MonitorState.FAILED, monitoring.NO_PHONE)

    wait_for(failed, 10, "the refusal")
