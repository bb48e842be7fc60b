"""Each defect of pyst2's Manager (libraries §3, AMI 1-15), shown to be absent from ours, against a scripted peer.

The vocabulary is pyst2's and stays; what is on the wire, and what is waited for, is ours.
"""

import gc
import socket
import threading
import time
from collections.abc import Iterator

import pytest

from telephony.ami import AmiManager, AmiTimeout, AnswerUnknown, LinkDown, LoginRefused, UnsafeValue
from telephony.link import ActionRefused
from telephony.wire import Message
from tests.support.proxy import Proxy
from tests.support.scripted_ami import SECRET, USER, Request, ScriptedAmi, event, response
from tests.support.wait import patient, wait_for


@pytest.fixture
def peer() -> Iterator[ScriptedAmi]:
    with ScriptedAmi() as scripted:
        yield scripted


@pytest.fixture
def events() -> list[Message]:
    return []


@pytest.fixture
def manager(peer: ScriptedAmi, events: list[Message]) -> Iterator[AmiManager]:
    one = AmiManager(on_events=events.extend, timeout=0.5)
    one.connect("127.0.0.1", peer.port)
    one.login(USER, SECRET)
    wait_for(lambda: [message.event for message in events] == ["FullyBooted"])
    yield one
    one.close()


def test_1_an_action_carries_nothing_over_from_the_one_before(peer: ScriptedAmi, manager: AmiManager) -> None:
    manager.send_action(Action="Hangup", Channel="PJSIP/1-1")
    manager.send_action(Action="CoreStatus")
    hangup, status = peer.actions("Hangup")[0], peer.actions("CoreStatus")[0]
    assert "Channel" not in status
    assert hangup["ActionID"] != status["ActionID"]


def test_2_answers_find_their_askers_by_action_id_b6(peer: ScriptedAmi, manager: AmiManager) -> None:
    held: list[Request] = []

    def answer_in_reverse(request: Request) -> list[bytes]:
        held.append(request)
        if len(held) < 2:
            return []
        stray = [b"Response: Success\r\nMessage: stray\r\n\r\n", response({"ActionID": "foreign"}, "Success")]
        return stray + [response(one, "Success", Echo=one["Value"]) for one in reversed(held)]

    peer.on("Getvar", answer_in_reverse)
    got: dict[str, str] = {}

    def ask(value: str) -> None:
        got[value] = manager.send_action({"Action": "Getvar", "Value": value}).get("Echo")

    threads = [threading.Thread(target=ask, args=(value,)) for value in ("a", "b")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(5)
    assert got == {"a": "a", "b": "b"}
    assert manager._counters.unknown_responses == 2


def test_3_every_wait_has_an_end(peer: ScriptedAmi) -> None:
    peer.silent = True
    with socket.create_server(("127.0.0.1", 0)) as mute:
        began = time.monotonic()
        silent = AmiManager(timeout=0.2)
        with pytest.raises(AmiTimeout):
            silent.connect("127.0.0.1", mute.getsockname()[1])
        silent.close()
    manager = AmiManager(timeout=0.2)
    manager.connect("127.0.0.1", peer.port)
    with pytest.raises(AmiTimeout):
        manager.ping()
    manager.close()
    assert time.monotonic() - began < patient(2)


def test_3_it_keeps_alive_and_speaks_ipv6() -> None:
    try:
        listener = socket.create_server(("::1", 0), family=socket.AF_INET6)
    except OSError:
        pytest.fail("this machine has no IPv6 loopback")
    guests: list[socket.socket] = []

    def greet() -> None:
        guests.append(listener.accept()[0])
        guests[0].sendall(b"Asterisk Call Manager/99.0\r\n")

    with listener:
        threading.Thread(target=greet, daemon=True).start()
        manager = AmiManager(timeout=2)
        assert manager.connect("::1", listener.getsockname()[1]) == "Asterisk Call Manager/99.0"
        assert manager.connection._socket.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
        manager.close()
        guests[0].close()


def test_4_an_event_with_a_channel_variable_leaves_the_reader_alive_b1(
    peer: ScriptedAmi, manager: AmiManager, events: list[Message]
) -> None:
    peer.emit(b"Event: Newchannel\r\nChanVariable: A=1\r\nChanVariable(PJSIP/x): B=2\r\n\r\n")
    assert manager.ping().succeeded
    assert events[-1].chan_variables() == {"A": "1"}
    assert manager.ping().succeeded


def test_6_all_output_lines_of_a_command_arrive(peer: ScriptedAmi, manager: AmiManager) -> None:
    peer.on(
        "Command",
        lambda request: response(request, "Success").removesuffix(b"\r\n") + b"Output: a\r\nOutput: b\r\n\r\n",
    )
    assert manager.command("core show version").output == "a\nb"


def test_7_foreign_events_are_not_swallowed_by_a_list(
    peer: ScriptedAmi, manager: AmiManager, events: list[Message]
) -> None:
    def status(request: Request) -> list[bytes]:
        first, *rest = peer.listing(request, "StatusComplete", [[("Event", "Status"), ("Channel", "PJSIP/1-1")]])
        return [first, event("Hangup", Uniqueid="9.9"), *rest]

    peer.on("Status", status)
    assert [one.get("Channel") for one in manager.status()] == ["PJSIP/1-1"]
    assert [one.event for one in events if one.event != "FullyBooted"] == ["Hangup"]


def test_8_a_caller_named_like_a_marker_freezes_nothing(
    peer: ScriptedAmi, manager: AmiManager, events: list[Message]
) -> None:
    peer.emit(event("Newchannel", CallerIDName="status will follow") + event("Hangup", Uniqueid="1.1"))
    assert manager.ping().succeeded
    assert [one.event for one in events][-2:] == ["Newchannel", "Hangup"]


def test_9_a_bare_lf_in_a_value_loses_no_header(peer: ScriptedAmi, manager: AmiManager, events: list[Message]) -> None:
    peer.emit(event("VarSet", Value="a\nb", Uniqueid="1.1"))
    assert manager.ping().succeeded
    assert events[-1].get("Uniqueid") == "1.1"


@pytest.mark.parametrize(
    "caller_id", ["Ivan\r\n\r\nAction: Command\r\nCommand: core stop now", "a\nb", "a\x00b", "x" * 1100]
)
def test_10_a_line_break_is_refused_before_a_byte_leaves_b14(
    peer: ScriptedAmi, manager: AmiManager, caller_id: str
) -> None:
    before = len(peer.received)
    with pytest.raises(UnsafeValue):
        manager.originate("Local/1@sd-dial", "1", caller_id=caller_id)
    assert manager.ping().succeeded
    assert bytes(peer.received[before:]).startswith(b"Action: Ping")
    assert not peer.actions("Command")


def test_10_a_variable_outside_the_list_is_refused_b15(peer: ScriptedAmi, manager: AmiManager) -> None:
    with pytest.raises(UnsafeValue):
        manager.originate("Local/1@sd-dial", "1", variables={"FILE(/x)": "y"})
    assert not peer.actions("Originate")


def test_11_a_name_in_another_encoding_is_marked_and_not_emptied(
    peer: ScriptedAmi, manager: AmiManager, events: list[Message]
) -> None:
    peer.emit(b"Event: Newchannel\r\nCallerIDName: " + "Иванова".encode("cp1251") + b"\r\n\r\n")
    assert manager.ping().succeeded
    assert events[-1].get("CallerIDName") == "\ufffd" * 7


def test_12_an_object_connects_once_and_dies_without_a_word(peer: ScriptedAmi) -> None:
    manager = AmiManager(timeout=0.5)
    manager.connect("127.0.0.1", peer.port)
    manager.close()
    with pytest.raises(LinkDown):
        manager.connect("127.0.0.1", peer.port)
    peer.silent = True
    began = time.monotonic()
    del manager
    gc.collect()
    assert time.monotonic() - began < patient(1)


def test_13_errors_say_what_they_are(peer: ScriptedAmi) -> None:
    manager = AmiManager(timeout=0.5)
    with pytest.raises(LinkDown):
        manager.ping()
    manager.connect("127.0.0.1", peer.port)
    with pytest.raises(LoginRefused, match="Authentication failed") as refusal:
        manager.login(USER, "wrong-word")
    assert "wrong-word" not in str(refusal.value)
    manager.close()


def test_13_a_connection_that_ends_while_we_wait_leaves_the_answer_unknown(
    peer: ScriptedAmi, manager: AmiManager
) -> None:
    def die(_: Request) -> list[bytes]:
        threading.Thread(target=peer.cut).start()
        return []

    peer.on("Originate", die)
    with pytest.raises(AnswerUnknown):
        manager.originate("Local/1@sd-dial", "1")
    assert not manager.connected()
    with pytest.raises(LinkDown):
        manager.ping()


def test_13_parallel_writers_do_not_mix_their_lines(peer: ScriptedAmi, manager: AmiManager) -> None:
    failures = []

    def ask(name: str) -> None:
        for number in range(50):
            got = manager.connection.send([("Action", "Echo"), ("Value", f"{name}{number}" + "x" * 800)], 5)
            if not got.succeeded:
                failures.append(name)

    threads = [threading.Thread(target=ask, args=(name,)) for name in "abcd"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert not failures
    assert len({one["Value"] for one in peer.actions("Echo")}) == 200


def test_14_ten_thousand_events_in_a_burst_are_read_in_order_b16(
    peer: ScriptedAmi, manager: AmiManager, events: list[Message]
) -> None:
    before = len(events)
    began = time.monotonic()
    peer.emit(b"".join(event("Newstate", Number=str(number)) for number in range(10_000)))
    wait_for(lambda: len(events) - before >= 10_000 or None)
    assert time.monotonic() - began < patient(5)
    assert [one.get("Number") for one in events if one.event == "Newstate"] == [str(number) for number in range(10_000)]


def test_15_originate_is_asynchronous_and_says_nothing_of_early_media(peer: ScriptedAmi, manager: AmiManager) -> None:
    manager.originate("Local/1@sd-dial", "1", context="sd-dial", priority="1", variables={"SD_ATT": "a1"})
    (order,) = peer.actions("Originate")
    assert order["Async"] == "yes"
    assert "EarlyMedia" not in order
    assert order["Variable"] == "SD_ATT=a1"


def test_a_list_that_is_refused_or_cancelled_says_so(peer: ScriptedAmi, manager: AmiManager) -> None:
    peer.on("QueueStatus", lambda request: response(request, "Error", Message="Permission denied"))
    with pytest.raises(ActionRefused, match="Permission denied"):
        manager.collect({"Action": "QueueStatus"}, 1)


def test_one_byte_at_a_time_gives_whole_names_b2(peer: ScriptedAmi, events: list[Message]) -> None:
    with Proxy(peer.port) as proxy:
        proxy.chunk = 1
        manager = AmiManager(on_events=events.extend, timeout=5)
        manager.connect("127.0.0.1", proxy.port)
        manager.login(USER, SECRET)
        peer.emit(event("Newchannel", CallerIDName="Иванова"))
        wait_for(lambda: any(one.get("CallerIDName") == "Иванова" for one in events))
        manager.close()


def test_a_write_that_cannot_end_drops_the_connection(peer: ScriptedAmi) -> None:
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        accepted: list[socket.socket] = []

        def accept() -> None:
            accepted.append(deaf.accept()[0])
            accepted[0].sendall(b"Asterisk Call Manager/9.0.0\r\n")

        threading.Thread(target=accept, daemon=True).start()
        manager = AmiManager(timeout=0.3)
        manager.connect("127.0.0.1", deaf.getsockname()[1])
        line = ("Note", "x" * 1000)
        with pytest.raises(AnswerUnknown):
            manager.connection.send([("Action", "X"), *[line] * 20_000], 0.3)
        assert manager.connection.ended.startswith("write failed")
        manager.close()
        accepted[0].close()
