"""Each defect of pyst2's AGI (libraries §3), shown to be absent from ours, over sockets with a scripted Asterisk."""

import queue
import signal
import threading
import time
from collections.abc import Callable, Iterator

import pytest

from telephony.agi import (
    AgiProtocolError,
    AgiSession,
    AgiTimeout,
    CallerHungUp,
    CommandFailed,
    CommandRefused,
    Digits,
    Played,
    Recorded,
    SoundMissing,
)
from telephony.fastagi import FastAgiServer
from telephony.wire import UnsafeValue
from tests.support.scripted_agi import ScriptedCall
from tests.support.wait import patient

Script = Callable[[AgiSession], object]
TOKEN = "t0ken"


class Rig:
    """Runs a script against a scripted call, and gives back what it returned or raised."""

    def __init__(self) -> None:
        self.results: queue.Queue[object] = queue.Queue()
        self.script: Script = AgiSession.noop
        self.server = FastAgiServer(
            ("127.0.0.1", 0),
            token=TOKEN,
            allowed_peers=["127.0.0.1"],
            handlers={"test": self._handle},
            command_seconds=0.5,
            media_seconds=1.0,
        )
        self.server.start()

    def _handle(self, session: AgiSession) -> None:
        try:
            self.results.put(self.script(session))
        except Exception as error:
            self.results.put(error)

    def run(self, script: Script, *answers: tuple[str, str | bytes], close_after: int | None = None) -> object:
        self.script = script
        with ScriptedCall(self.server.address, f"test?t={TOKEN}") as call:
            for prefix, answer in answers:
                call.answer(prefix, answer)
            if close_after is not None:
                call.serve(close_after)
                call.connection.close()
                call._reading.close()
            else:
                call.serve()
            self.commands = call.commands
            return self.results.get(timeout=5)


@pytest.fixture
def rig() -> Iterator[Rig]:
    one = Rig()
    yield one
    one.server.stop(0.1)


def test_eof_is_a_caller_who_hung_up(rig: Rig) -> None:
    assert isinstance(rig.run(AgiSession.answer, close_after=0), CallerHungUp)


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        ("HANGUP", CallerHungUp),
        ("511 Command Not Permitted on a dead channel or intercept routine", CallerHungUp),
        ("200 result=-1", CallerHungUp),
        ("510 Invalid or unknown command", CommandRefused),
        ("520 Invalid command syntax.  Proper usage not available.", CommandRefused),
        ("520-Invalid command syntax.  Proper usage follows:\nUsage: ANSWER\n520 End of proper usage.", CommandRefused),
        ("garbage", AgiProtocolError),
        ("200 nothing", AgiProtocolError),
        ("300 result=1", AgiProtocolError),
        ("x" * 20_000, AgiProtocolError),
        ("520-" + "line\n" * 1000, AgiProtocolError),
        (b"", AgiTimeout),
        (b"200 resu", AgiTimeout),
    ],
)
def test_every_reply_ends_in_a_typed_way_b21(rig: Rig, reply: str | bytes, kind: type[Exception]) -> None:
    began = time.monotonic()
    result = rig.run(AgiSession.noop, ("CHANNEL STATUS", "200 result=-1"), ("NOOP", reply))
    assert type(result) is kind
    assert time.monotonic() - began < patient(3)


def test_usage_cut_by_eof_has_an_end_b21(rig: Rig) -> None:
    assert isinstance(rig.run(AgiSession.noop, ("NOOP", "520-Invalid"), close_after=1), CallerHungUp)


def test_after_its_end_a_session_says_nothing_more(rig: Rig) -> None:
    def script(session: AgiSession) -> str:
        with pytest.raises(CallerHungUp):
            session.noop()
        with pytest.raises(CallerHungUp):
            session.answer()
        with pytest.raises(CallerHungUp):
            session.test_hangup()
        return "ended"

    assert rig.run(script, ("NOOP", "HANGUP\n200 result=0")) == "ended"
    assert rig.commands == ["NOOP"]


def test_a_hangup_line_between_two_commands_is_no_answer_to_the_second(rig: Rig) -> None:
    def script(session: AgiSession) -> str:
        session.noop()
        time.sleep(0.1)
        return session.get_variable("X")

    assert isinstance(rig.run(script, ("NOOP", "200 result=0\nHANGUP")), CallerHungUp)


def test_an_answer_nobody_asked_for_is_never_taken_for_the_next_one(rig: Rig) -> None:
    def script(session: AgiSession) -> str:
        session.noop()
        return session.get_variable("X")

    assert isinstance(rig.run(script, ("NOOP", "200 result=0\n200 result=1 (forged)")), AgiProtocolError)


def test_a_trying_line_is_passed_over(rig: Rig) -> None:
    assert rig.run(AgiSession.answer, ("ANSWER", "100 Trying...\n200 result=0")) is None


def test_no_signal_handler_is_touched_off_the_main_thread(rig: Rig) -> None:
    before = signal.getsignal(signal.SIGHUP)
    assert rig.run(AgiSession.noop) is None
    assert signal.getsignal(signal.SIGHUP) is before


@pytest.mark.parametrize("value", ['a" b', "back\\slash", '\\"', "ы «q»"])
def test_quotes_and_backslashes_are_escaped_b23(rig: Rig, value: str) -> None:
    rig.run(lambda session: session.set_variable("SD_ROUTE", value))
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    assert rig.commands == [f'SET VARIABLE "SD_ROUTE" "{escaped}"']


@pytest.mark.parametrize("value", ['a" b\nEXEC System "id', "a\rb", "a\x00b", "x" * 9000, "\ud800"])
def test_a_value_that_could_be_a_second_command_is_refused_b23(rig: Rig, value: str) -> None:
    assert isinstance(rig.run(lambda session: session.set_variable("SD_ROUTE", value)), UnsafeValue)
    assert rig.commands == []


@pytest.mark.parametrize(
    "script",
    [
        lambda session: session.stream_file("a\nEXEC System id"),
        lambda session: session.get_data("a\nEXEC System id"),
        lambda session: session.set_callerid("1\nEXEC System id"),
        lambda session: session.say_number("1\nEXEC System id"),
        lambda session: session.execute("NOOP\nEXEC System id"),
    ],
)
def test_no_verb_lets_a_line_break_through(rig: Rig, script: Script) -> None:
    assert isinstance(rig.run(script), UnsafeValue)
    assert rig.commands == []


def test_verbs_that_pyst2_leaves_unquoted_are_quoted(rig: Rig) -> None:
    rig.run(lambda session: (session.stream_file("my file", "12"), session.set_callerid("1 2")))
    assert rig.commands == ['STREAM FILE "my file" "12" 0', 'SET CALLERID "1 2"']


@pytest.mark.parametrize("name", ["FILE(/x)", "SHELL(x)", "CDR(x)", "__A", "PATH", 'SD_OK" "1'])
def test_a_variable_outside_the_list_is_refused_b15(rig: Rig, name: str) -> None:
    assert isinstance(rig.run(lambda session: session.set_variable(name, "1")), UnsafeValue)
    assert isinstance(rig.run(lambda session: session.get_variable("SHELL(id)")), UnsafeValue)
    assert isinstance(rig.run(lambda session: session.get_full_variable("X}${SHELL(id)")), UnsafeValue)


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        ("200 result=12 (timeout)", Digits("12", True)),
        ("200 result=12", Digits("12", False)),
        ("200 result= (timeout)", Digits("", True)),
        ("200 result=*1", Digits("*1", False)),
    ],
)
def test_get_data_tells_digits_and_whether_time_ran_out(rig: Rig, reply: str, expected: Digits) -> None:
    assert rig.run(lambda session: session.get_data("menu", 3000, 4), ("GET DATA", reply)) == expected
    assert rig.commands == ['GET DATA "menu" 3000 4']


def test_a_missing_sound_and_a_caller_who_left_are_told_apart(rig: Rig) -> None:
    missing = ("STREAM FILE", "200 result=-1 endpos=0")
    assert isinstance(rig.run(lambda s: s.stream_file("x"), missing, ("CHANNEL STATUS", "200 result=6")), SoundMissing)
    gone = rig.run(lambda s: s.stream_file("x"), missing, ("CHANNEL STATUS", "511 dead"))
    assert isinstance(gone, CallerHungUp)
    failed = rig.run(AgiSession.answer, ("ANSWER", "200 result=-1"), ("CHANNEL STATUS", "200 result=6"))
    assert isinstance(failed, CommandFailed)


@pytest.mark.parametrize(
    ("reply", "then", "expected"),
    [
        ("200 result=0 endpos=16000", (), Played("", 16_000, hung_up=False)),
        ("200 result=49 endpos=4800", (), Played("1", 4800, hung_up=False)),
        ("200 result=-1 endpos=9600", (("CHANNEL STATUS", "511 dead"),), Played("", 9600, hung_up=True)),
        ("200 result=-1 endpos=9600\nHANGUP", (), Played("", 9600, hung_up=True)),
    ],
)
def test_how_far_a_sound_was_played_is_told_also_when_the_caller_left(
    rig: Rig, reply: str, then: tuple[tuple[str, str], ...], expected: Played
) -> None:
    assert rig.run(lambda session: session.play("/x", "1", 80), ("STREAM FILE", reply), *then) == expected
    assert rig.commands[0] == 'STREAM FILE "/x" "1" 80'


def test_a_sound_to_play_that_is_missing_is_no_hang_up(rig: Rig) -> None:
    missing = ("STREAM FILE", "200 result=-1 endpos=0")
    assert isinstance(rig.run(lambda s: s.play("x"), missing, ("CHANNEL STATUS", "200 result=6")), SoundMissing)


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        ("200 result=0 (timeout) endpos=160000", Recorded("timeout", "", 160_000)),
        ("200 result=35 (dtmf) endpos=8000", Recorded("dtmf", "#", 8000)),
        ("200 result=0 (silence) endpos=99", Recorded("silence", "", 99)),
    ],
)
def test_record_file_tells_how_it_ended(rig: Rig, reply: str, expected: Recorded) -> None:
    assert rig.run(lambda session: session.record_file("/tmp/x"), ("RECORD FILE", reply)) == expected  # noqa: S108


def test_a_key_or_no_key(rig: Rig) -> None:
    assert rig.run(lambda session: session.wait_for_digit(100), ("WAIT FOR DIGIT", "200 result=53")) == "5"
    assert rig.run(lambda session: session.wait_for_digit(100), ("WAIT FOR DIGIT", "200 result=0")) == ""
    assert rig.run(lambda session: session.stream_file("x", "1"), ("STREAM FILE", "200 result=49 endpos=5")) == "1"


@pytest.mark.parametrize("value", ["hangup", "a) b (c", "two\nlines", "", "-1", "result=5"])
def test_a_variable_is_read_whatever_it_says(rig: Rig, value: str) -> None:
    assert (
        rig.run(lambda session: session.get_variable("SD_FROM"), ("GET VARIABLE", f"200 result=1 ({value})")) == value
    )


def test_a_variable_that_is_not_set_is_empty(rig: Rig) -> None:
    assert rig.run(lambda session: session.get_variable("SD_FROM"), ("GET VARIABLE", "200 result=0")) == ""


def test_the_database_is_asked_with_one_pair_of_quotes(rig: Rig) -> None:
    found = rig.run(lambda session: session.database_get("sd", "stop"), ("DATABASE GET", "200 result=1 (hangup)"))
    assert found == "hangup"
    assert rig.commands == ['DATABASE GET "sd" "stop"']
    assert rig.run(lambda session: session.database_get("sd", "stop"), ("DATABASE GET", "200 result=0")) is None


def test_only_listed_applications_run_with_plain_arguments(rig: Rig) -> None:
    assert rig.run(lambda session: session.exec_command("Playback", "a", "skip"), ("EXEC", "200 result=0")) == "0"
    assert rig.commands == ['EXEC "Playback" "a,skip"']
    for script in (
        lambda session: session.exec_command("System", "id"),
        lambda session: session.appexec("TrySystem", "id"),
        lambda session: session.exec_command("Playback", "${SHELL(id)}"),
        lambda session: session.exec_command("Playback", "a,b"),
    ):
        assert isinstance(rig.run(script), UnsafeValue)
    missing = rig.run(lambda session: session.exec_command("Playback"), ("EXEC", "200 result=-2"))
    assert isinstance(missing, CommandRefused)


def test_nothing_is_printed_and_nobody_is_named(rig: Rig, capfd: pytest.CaptureFixture[str]) -> None:
    seen = rig.run(lambda session: (session.verbose("+79001234567"), session.noop(), repr(session))[2])
    assert seen == "<AgiSession 1763712000.1>"
    assert capfd.readouterr() == ("", "")
    assert rig.commands == ["NOOP"]


def test_a_trickling_answer_does_not_stretch_the_limit(rig: Rig) -> None:
    rig.script = AgiSession.noop
    with ScriptedCall(rig.server.address, f"test?t={TOKEN}") as call:
        call.read_command()
        stop = threading.Event()

        def trickle() -> None:
            while not stop.wait(0.1):
                try:
                    call.send(b"2")
                except OSError:
                    return

        thread = threading.Thread(target=trickle)
        thread.start()
        began = time.monotonic()
        assert isinstance(rig.results.get(timeout=5), AgiTimeout)
        assert time.monotonic() - began < patient(1.5)
        stop.set()
        thread.join()
