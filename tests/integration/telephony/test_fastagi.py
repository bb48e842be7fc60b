"""The FastAGI server under bad guests (B17-B24) and while it stops."""

import contextlib
import logging
import os
import socket
import threading
import time
from collections.abc import Iterator

import pytest

from telephony.agi import AgiSession
from telephony.fastagi import FastAgiServer
from tests.support.scripted_agi import ScriptedCall, environment
from tests.support.wait import patient, wait_for

TOKEN = "t0ken"
SCRIPT = f"inbound?t={TOKEN}&call=1763712000.1"


class Desk:
    """A handler that remembers whom it served."""

    def __init__(self) -> None:
        self.sessions: list[AgiSession] = []
        self.gate: threading.Event | None = None

    def serve(self, session: AgiSession) -> None:
        self.sessions.append(session)
        session.answer()
        if self.gate is not None:
            self.gate.wait(10)
        session.set_variable("SD_OK", "1")


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.fixture
def server(desk: Desk) -> Iterator[FastAgiServer]:
    one = FastAgiServer(
        ("127.0.0.1", 0),
        token=TOKEN,
        allowed_peers=["127.0.0.1", "10.0.0.0/8"],
        handlers={"inbound": desk.serve},
        environment_seconds=0.5,
        command_seconds=1.0,
    )
    one.start()
    yield one
    one.stop(0.2)


def test_a_call_is_served_to_its_end(server: FastAgiServer, desk: Desk) -> None:
    with ScriptedCall(server.address, SCRIPT) as call:
        assert list(call.serve()) == ["ANSWER", 'SET VARIABLE "SD_OK" "1"']
    (session,) = desk.sessions
    assert session.parameters == {"call": "1763712000.1"}
    assert session.env["agi_context"] == "sd-agi"
    wait_for(lambda: server.counters.served == 1)


@pytest.mark.parametrize(
    "said",
    [
        b"agi_network: yes\n",
        b"",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
    ],
    ids=["no blank line", "empty", "TLS", "HTTP"],
)
def test_what_is_not_a_call_is_closed_b17(server: FastAgiServer, desk: Desk, said: bytes) -> None:
    with ScriptedCall(server.address, "", raw=said) as call:
        call.connection.shutdown(socket.SHUT_WR)
        assert call.closed_within(2)
    assert desk.sessions == []


@pytest.mark.parametrize("said", [b"G", b"\x16", b"agi_x: 1\nGET"])
def test_a_stranger_who_keeps_the_line_is_closed_b17(server: FastAgiServer, said: bytes) -> None:
    with ScriptedCall(server.address, "", raw=said) as call:
        assert call.closed_within(2)


def test_a_slow_environment_is_cut_after_its_time_b18(server: FastAgiServer, desk: Desk) -> None:
    with ScriptedCall(server.address, "", raw=b"") as call:
        began = time.monotonic()
        with contextlib.suppress(OSError):
            for byte in environment(SCRIPT):
                call.send(bytes([byte]))
                time.sleep(0.05)
                if time.monotonic() - began > 1.5:
                    break
        assert call.closed_within(1)
    assert desk.sessions == []
    assert server.counters.idle == 1


def test_an_environment_that_is_too_long_is_cut_b18(server: FastAgiServer, desk: Desk) -> None:
    with ScriptedCall(server.address, "", raw=b"agi_network: yes\nagi_x: ") as call:
        with contextlib.suppress(OSError):
            for _ in range(160):
                call.send(b"x" * 65536)
        assert call.closed_within(1)
    assert desk.sessions == []


def test_a_blank_line_forged_into_the_number_ends_in_a_closed_call_b19(server: FastAgiServer, desk: Desk) -> None:
    for forged in ("1\n\n200 result=1", "1\nagi_threadid: 1\nagi_accountcode: \n\n200 result=1"):
        raw = environment(SCRIPT, replace={"agi_callerid": forged})
        with ScriptedCall(server.address, "", raw=raw) as call:
            assert call.closed_within(2)
    assert desk.sessions == []
    assert server.counters.bad_environment == 2


def test_an_environment_that_ends_before_its_last_keys_is_closed_b19(server: FastAgiServer, desk: Desk) -> None:
    """As above, when the rest of it comes in a later segment."""
    cut = environment(SCRIPT).partition(b"agi_callingpres")[0] + b"\n"
    with ScriptedCall(server.address, "", raw=cut) as call:
        assert call.closed_within(2)
    assert desk.sessions == []
    assert server.counters.bad_environment == 1


def test_an_answer_sent_ahead_of_the_first_command_closes_the_call_b19(server: FastAgiServer, desk: Desk) -> None:
    with ScriptedCall(server.address, "", raw=environment(SCRIPT) + b"200 result=1\n") as call:
        assert call.closed_within(2)
    assert desk.sessions == []


def test_of_two_equal_keys_the_first_counts_and_arguments_come_from_the_address_b20(
    server: FastAgiServer, desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    forged = "79001234567\nagi_arg_1: evil\nagi_network_script: other?t=x\nagi_callerid: 112"
    raw = environment(SCRIPT, replace={"agi_callerid": forged})
    with ScriptedCall(server.address, "", raw=raw) as call:
        call.serve()
    (session,) = desk.sessions
    assert session.env["agi_callerid"] == "79001234567"
    assert session.env["agi_network_script"] == SCRIPT
    assert session.parameters == {"call": "1763712000.1"}
    assert session.suspicious
    assert "forged" in caplog.text
    assert "7900" not in caplog.text


def test_a_name_in_another_encoding_does_not_matter(server: FastAgiServer, desk: Desk) -> None:
    raw = environment(SCRIPT).replace(b"agi_calleridname: trunk", b"agi_calleridname: " + "Анна".encode("cp1251"))
    with ScriptedCall(server.address, "", raw=raw) as call:
        call.serve()
    assert desk.sessions[0].env["agi_calleridname"] == "\ufffd" * 4


def test_a_peer_that_is_not_allowed_is_refused_b22(
    server: FastAgiServer, desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    with ScriptedCall(server.address, SCRIPT, source="127.0.0.5") as call:
        assert call.closed_within(2)
    assert desk.sessions == []
    assert server.counters.refused_peer == 1
    assert "not allowed" in caplog.text


@pytest.mark.parametrize("script", ["inbound?t=bad", "inbound", "inbound?t=", "other?t=t0ken", "", "inbound?t=%D1%8B"])
def test_a_wrong_token_or_script_is_refused_b22(
    server: FastAgiServer, desk: Desk, script: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    with ScriptedCall(server.address, script) as call:
        assert call.closed_within(2)
    assert desk.sessions == []
    assert server.counters.refused_token == 1
    assert TOKEN not in caplog.text


def test_a_thousand_idle_guests_do_not_keep_a_call_waiting_b24(desk: Desk) -> None:
    with FastAgiServer(
        ("127.0.0.1", 0), token=TOKEN, allowed_peers=["127.0.0.1"], handlers={"inbound": desk.serve}
    ) as server:
        idle = []
        for _ in range(1000):
            idle.append(socket.create_connection(server.address))
        for _ in range(5):
            began = time.monotonic()
            with ScriptedCall(server.address, SCRIPT) as call:
                assert len(call.serve()) == 2
            assert time.monotonic() - began < patient(1)
        assert len(server._lobby) <= 200
        wait_for(lambda: server.counters.idle == 1000, 6)
        for one in idle:
            one.close()


def test_calls_over_the_cap_are_turned_away_at_once(desk: Desk) -> None:
    desk.gate = threading.Event()
    server = FastAgiServer(
        ("127.0.0.1", 0), token=TOKEN, allowed_peers=["127.0.0.1"], handlers={"inbound": desk.serve}, max_connections=2
    )
    with server, contextlib.ExitStack() as calls:
        for _ in range(2):
            call = calls.enter_context(ScriptedCall(server.address, SCRIPT))
            call.reply(call.read_command())
        wait_for(lambda: len(desk.sessions) == 2)
        with ScriptedCall(server.address, SCRIPT) as third:
            assert third.closed_within(1)
        assert server.counters.refused_busy == 1
        desk.gate.set()


def test_a_handler_that_fails_is_logged_by_type_and_the_next_call_is_served(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(_: AgiSession) -> None:
        raise RuntimeError("+79001234567")

    handlers = {"broken": broken, "inbound": desk.serve}
    with FastAgiServer(("127.0.0.1", 0), token=TOKEN, allowed_peers=["127.0.0.1"], handlers=handlers) as server:
        with ScriptedCall(server.address, f"broken?t={TOKEN}") as call:
            assert call.closed_within(2)
        with ScriptedCall(server.address, SCRIPT) as call:
            assert len(call.serve()) == 2
    assert "RuntimeError" in caplog.text
    assert "7900" not in caplog.text


def test_a_caller_who_hangs_up_is_a_normal_end(server: FastAgiServer, caplog: pytest.LogCaptureFixture) -> None:
    with ScriptedCall(server.address, SCRIPT) as call:
        call.read_command()
        call.send(b"HANGUP\n")
        wait_for(lambda: server.counters.hung_up == 1)
    assert caplog.text == ""


def test_stopping_lets_a_running_script_end_and_leaves_nothing_behind(desk: Desk) -> None:
    files, threads = len(os.listdir("/proc/self/fd")), threading.active_count()  # noqa: PTH208
    desk.gate = threading.Event()
    server = FastAgiServer(("127.0.0.1", 0), token=TOKEN, allowed_peers=["127.0.0.1"], handlers={"inbound": desk.serve})
    server.start()
    address = server.address
    with ScriptedCall(address, SCRIPT) as call:
        call.reply(call.read_command())
        wait_for(lambda: desk.sessions)
        stopping = threading.Thread(target=server.stop)
        stopping.start()
        wait_for(lambda: not server._host.is_alive())
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(address, timeout=1)
        desk.gate.set()
        assert call.serve()[-1] == 'SET VARIABLE "SD_OK" "1"'
        stopping.join(5)
    assert server.counters.served == 1
    assert threading.active_count() <= threads
    assert len(os.listdir("/proc/self/fd")) <= files  # noqa: PTH208


def test_stopping_cuts_a_script_that_does_not_end(desk: Desk) -> None:
    server = FastAgiServer(("127.0.0.1", 0), token=TOKEN, allowed_peers=["127.0.0.1"], handlers={"inbound": desk.serve})
    server.start()
    with ScriptedCall(server.address, SCRIPT) as call:
        call.read_command()
        began = time.monotonic()
        server.stop(0.2)
        assert time.monotonic() - began < patient(2)
        assert call.closed_within(1)


def test_a_server_without_a_token_does_not_start() -> None:
    with pytest.raises(ValueError, match="token"):
        FastAgiServer(("127.0.0.1", 0), token="", allowed_peers=[], handlers={})


def test_fifty_calls_at_once_wait_for_no_handshake(server: FastAgiServer, desk: Desk) -> None:
    began = time.monotonic()
    with contextlib.ExitStack() as stack:
        calls = [stack.enter_context(ScriptedCall(server.address, SCRIPT)) for _ in range(50)]
        for call in calls:
            assert len(call.serve()) == 2
    assert time.monotonic() - began < patient(1)
    assert len(desk.sessions) == 50
