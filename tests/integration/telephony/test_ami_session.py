"""A session outlives its connections: faults F5-F9 and the order of what is handed out."""

import logging
import os
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from telephony.ami import AmiAddress, AmiSession, AmiTimeout, LinkDown, LinkState
from telephony.link import Backoff
from telephony.snapshot import Snapshot, channels_now, members_now
from telephony.wire import Message
from tests.support.proxy import Proxy
from tests.support.scripted_ami import SECRET, USER, Request, ScriptedAmi, channel_event, event, response
from tests.support.wait import patient, wait_for

Start = Callable[..., AmiSession]


class Ear:
    """Everything a session handed out, in order."""

    def __init__(self) -> None:
        self.heard: list[tuple[str, Any]] = []

    def on_event(self, message: Message) -> None:
        self.heard.append(("event", message))

    def on_link(self, state: LinkState) -> None:
        self.heard.append(("link", state))

    def on_connected(self, snapshot: Snapshot) -> None:
        self.heard.append(("snapshot", snapshot))

    def on_late(self, message: Message) -> None:
        self.heard.append(("late", message))

    def all(self, kind: str) -> list[Any]:
        return [thing for name, thing in list(self.heard) if name == kind]

    def numbers(self) -> list[int]:
        return [int(one.get("Number")) for one in self.all("event") if one.get("Number")]


@pytest.fixture
def peer() -> Iterator[ScriptedAmi]:
    with ScriptedAmi() as scripted:
        yield scripted


@pytest.fixture
def ear() -> Ear:
    return Ear()


@pytest.fixture
def start(peer: ScriptedAmi, ear: Ear) -> Iterator[Start]:
    sessions: list[AmiSession] = []

    def begin(address: AmiAddress | None = None, *, up: bool = True, **options: Any) -> AmiSession:
        settings: dict[str, Any] = {
            "on_event": ear.on_event,
            "on_link": ear.on_link,
            "on_connected": ear.on_connected,
            "on_late": ear.on_late,
            "backoff": Backoff(0.02, 0.1),
        }
        session = AmiSession(address or peer.address(), **(settings | options))
        sessions.append(session)
        session.start()
        if up:
            wait_for(lambda: session.link.up)
        return session

    yield begin
    for session in sessions:
        session.stop()


def cut_and_wait(peer: ScriptedAmi, session: AmiSession) -> None:
    logins = session.counters.logins
    peer.cut()
    wait_for(lambda: session.counters.logins > logins and session.link.up)


def test_a_snapshot_comes_before_the_events_that_came_meanwhile(peer: ScriptedAmi, start: Start, ear: Ear) -> None:
    peer.channels = [
        [("Event", "CoreShowChannel"), ("Channel", "PJSIP/trunk-1"), ("Uniqueid", "1.1"), ("Linkedid", "1.1"),
         ("ChannelStateDesc", "Up"), ("Context", "from-trunk"), ("Exten", "100"), ("CallerIDNum", "0000"),
         ("Application", "Queue"), ("Duration", "01:02:03"), ("BridgeId", "b1")],
    ]  # fmt: skip
    peer.queues = [
        [("Event", "QueueParams"), ("Queue", "family")],
        [("Event", "QueueMember"), ("Queue", "family"), ("Name", "101"), ("Location", "Local/101@sd-operator/n"),
         ("Status", "1"), ("Paused", "1"), ("PausedReason", "lunch")],
        [("Event", "QueueEntry"), ("Queue", "family"), ("Uniqueid", "1.1"), ("Position", "1"), ("Wait", "9")],
    ]  # fmt: skip

    def status(request: Request) -> list[bytes]:
        return [event("Newstate", Number="1"), response(request, "Success", CoreStartupDate="d", CoreStartupTime="t")]

    peer.on("CoreStatus", status)
    start()
    wait_for(lambda: len(ear.heard) >= 3)
    kinds = [kind for kind, thing in ear.heard if not (kind == "event" and thing.event == "FullyBooted")]
    assert kinds[:3] == ["snapshot", "link", "event"]
    snapshot = ear.all("snapshot")[0]
    assert snapshot.boot == "d t"
    assert snapshot.channels[0].duration == 3723
    assert snapshot.calls() == {"1.1"}
    assert (snapshot.members[0].name, snapshot.members[0].paused, snapshot.members[0].pause_reason) == (
        "101",
        True,
        "lunch",
    )
    assert (snapshot.waiting[0].linkedid, snapshot.waiting[0].wait) == ("1.1", 9)


def test_a_new_snapshot_is_taken_after_every_login(peer: ScriptedAmi, start: Start, ear: Ear) -> None:
    session = start()
    peer.boot = "2026-11-22"
    cut_and_wait(peer, session)
    wait_for(lambda: len(ear.all("snapshot")) == 2)
    assert [one.boot[:10] for one in ear.all("snapshot")] == ["2026-11-21", "2026-11-22"]
    assert session.counters.reconnects == 1


def test_queues_that_are_not_loaded_leave_a_snapshot_that_says_so(peer: ScriptedAmi, start: Start, ear: Ear) -> None:
    peer.on("QueueStatus", lambda request: response(request, "Error", Message="Invalid/unknown command"))
    start()
    wait_for(lambda: ear.all("snapshot"))
    assert ear.all("snapshot")[0].missing == ("queues",)


def test_missing_permission_keeps_the_link_down_and_says_why_f8(peer: ScriptedAmi, start: Start) -> None:
    peer.on("CoreShowChannels", lambda request: response(request, "Error", Message="Permission denied"))
    session = start(up=False)
    wait_for(lambda: "permission missing" in session.link.reason)
    assert not session.link.up


def test_it_is_not_up_before_asterisk_has_booted(peer: ScriptedAmi, start: Start) -> None:
    peer.fully_booted = False
    session = start(up=False)
    wait_for(lambda: peer.actions("Login"))
    wait_for(lambda: session.counters.logins == 1)
    assert not session.link.up
    assert not peer.actions("CoreStatus")
    peer.emit(event("FullyBooted", Privilege="system,all"))
    wait_for(lambda: session.link.up)


def test_an_exception_of_a_callback_does_not_end_the_stream_defect_5(
    peer: ScriptedAmi, start: Start, ear: Ear, caplog: pytest.LogCaptureFixture
) -> None:
    def fragile(message: Message) -> None:
        ear.on_event(message)
        raise RuntimeError("number +79001234567")

    session = start(on_event=fragile)
    peer.emit(event("Newstate", Number="1") + event("Newstate", Number="2"))
    wait_for(lambda: ear.numbers() == [1, 2])
    wait_for(lambda: session.counters.callback_errors >= 2)
    assert "RuntimeError" in caplog.text
    assert "7900" not in caplog.text


@pytest.mark.parametrize("reset", [False, True], ids=["FIN", "RST"])
def test_a_cut_is_noticed_and_healed_f5(peer: ScriptedAmi, start: Start, ear: Ear, reset: bool) -> None:
    with Proxy(peer.port) as proxy:
        session = start(AmiAddress("127.0.0.1", proxy.port, USER, SECRET))
        began = time.monotonic()
        proxy.cut(reset=reset)
        wait_for(lambda: session.counters.logins == 2 and session.link.up, 2)
        assert time.monotonic() - began < patient(2)
        wait_for(lambda: [state.up for state in ear.all("link")] == [True, False, True])


def test_a_peer_that_falls_silent_is_noticed_by_ping_f2_f5(peer: ScriptedAmi, start: Start) -> None:
    with Proxy(peer.port) as proxy:
        session = start(AmiAddress("127.0.0.1", proxy.port, USER, SECRET), ping_every=0.1, ping_limit=0.2)
        wait_for(lambda: session.clock_skew is not None)
        assert abs(session.clock_skew or 9) < 2
        proxy.blackhole = True
        wait_for(lambda: not session.link.up, 2)
        assert session.link.reason == "ping not answered"
        proxy.cut()
        proxy.blackhole = False
        wait_for(lambda: session.link.up, 15)


def test_a_hundred_cuts_leave_no_thread_and_no_socket_behind_f5(peer: ScriptedAmi, start: Start) -> None:
    session = start()
    cut_and_wait(peer, session)
    wait_for(lambda: len(peer._open) == 1)
    files, threads = len(os.listdir("/proc/self/fd")), threading.active_count()  # noqa: PTH208
    for _ in range(100):
        cut_and_wait(peer, session)
    wait_for(lambda: len(peer._open) == 1 and threading.active_count() <= threads)
    wait_for(lambda: len(list(Path("/proc/self/fd").iterdir())) <= files)
    assert session.counters.reconnects == 101


def test_stop_leaves_no_thread_behind(peer: ScriptedAmi, start: Start) -> None:
    session = start()
    session.stop()
    assert not [one for one in threading.enumerate() if one.name.startswith("ami-")]
    with pytest.raises(LinkDown):
        session.send([("Action", "Ping")])


def test_stop_from_a_callback_does_not_wait_for_itself(peer: ScriptedAmi, start: Start) -> None:
    done = threading.Event()
    session: AmiSession

    def stop(_: Message) -> None:
        session.stop()
        done.set()

    session = start(on_event=stop, on_connected=None)
    peer.emit(event("Newstate"))
    assert done.wait(5)


def test_a_wrong_secret_is_tried_less_than_seven_times_a_minute_and_never_logged_f8(
    peer: ScriptedAmi, start: Start, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    session = start(peer.address("wrong-word"), up=False)
    wait_for(lambda: "login refused" in session.link.reason)
    time.sleep(1)
    assert len(peer.logins) == 1
    assert session._login_pause >= 10
    assert "wrong-word" not in caplog.text + repr(session.link) + repr(session._address)


def test_a_refused_login_is_tried_again_after_the_pause_f8(peer: ScriptedAmi, start: Start) -> None:
    session = start(peer.address("wrong-word"), up=False, login_pause=0.1)
    wait_for(lambda: len(peer.logins) >= 2)
    assert peer.logins[1] - peer.logins[0] >= 0.1
    peer.secret = "wrong-word"
    wait_for(lambda: session.link.up)


def test_a_late_success_is_handed_on_and_the_action_is_not_repeated_f9_b7(
    peer: ScriptedAmi, start: Start, ear: Ear
) -> None:
    held: list[Request] = []
    peer.on("Originate", lambda request: held.append(request) or [])
    session = start()
    with pytest.raises(AmiTimeout):
        session.send([("Action", "Originate"), ("ActionID", "att-1")], 0.1)
    peer.emit(response(held[0], "Success", Message="Originate successfully queued"))
    wait_for(lambda: [one.action_id for one in ear.all("late")] == ["att-1"])
    assert session.counters.late_responses == 1
    assert len(peer.actions("Originate")) == 1


def test_no_action_is_repeated_after_a_reconnect_f9(peer: ScriptedAmi, start: Start) -> None:
    peer.on("Originate", lambda _: (threading.Thread(target=peer.cut).start(), [])[1])
    session = start()
    with pytest.raises(Exception, match=r"closed by peer|read failed|lost"):
        session.send([("Action", "Originate"), ("ActionID", "att-1")], 2)
    wait_for(lambda: session.counters.logins == 2 and session.link.up)
    session.send([("Action", "Ping")])
    assert len(peer.actions("Originate")) == 1


def test_several_actions_go_out_together_in_their_order_and_each_gets_its_own_answer(
    peer: ScriptedAmi, start: Start
) -> None:
    held: list[Request] = []

    def answers(request: Request) -> list[bytes]:
        held.append(request)
        # The last of them is answered first: each answer finds its own asker.
        return [response(one, "Success", Value=one.get("Value", "")) for one in held[::-1]] if len(held) == 3 else []

    peer.on("Setvar", answers)
    session = start()
    notes = [[("Action", "Setvar"), ("Value", str(number))] for number in range(3)]
    assert [one.get("Value") for one in session.send_all(notes)] == ["0", "1", "2"]
    assert [one.get("Value") for one in peer.actions("Setvar")] == ["0", "1", "2"]
    assert session.send_all([]) == []
    with pytest.raises(AmiTimeout):
        session.send_all(notes, 0.1)
    session.send([("Action", "Ping")])


def test_of_all_channels_those_of_one_call_are_read(peer: ScriptedAmi, start: Start) -> None:
    calls = {"PJSIP/trunk-1": ("1.1", "0"), "PJSIP/trunk-2": ("2.1", "1.1"), "PJSIP/trunk-3": ("", "")}
    peer.channels = [
        [("Event", "CoreShowChannel"), ("Channel", name), ("Linkedid", call), ("CallerIDNum", shown)]
        for name, (call, shown) in calls.items()
    ]
    session = start()
    assert [one.channel for one in channels_now(session, "1.1")] == ["PJSIP/trunk-1"], "not by what a caller shows"
    assert len(channels_now(session)) == 3


def test_members_are_asked_for_without_the_channels(peer: ScriptedAmi, start: Start) -> None:
    session = start()
    peer.queues = [
        [("Event", "QueueParams"), ("Queue", "family")],
        [("Event", "QueueMember"), ("Queue", "family"), ("Name", "101"), ("Status", "1"), ("Paused", "1")],
    ]
    asked = len(peer.actions("CoreShowChannels"))
    assert [(one.name, one.paused) for one in members_now(session)] == [("101", True)]
    peer.on("QueueStatus", lambda request: response(request, "Error", Message="Invalid/unknown command"))
    assert members_now(session) == ()
    assert len(peer.actions("CoreShowChannels")) == asked


def test_unknown_responses_are_counted_and_wake_nobody_b6(peer: ScriptedAmi, start: Start, ear: Ear) -> None:
    session = start()
    peer.emit(
        response({"ActionID": "foreign"}, "Success") + b"Response: Success\r\n\r\n" + event("Newstate", Number="1")
    )
    wait_for(lambda: ear.numbers() == [1])
    assert session.counters.unknown_responses == 2


def test_goodbye_and_shutdown_lead_to_a_new_connection_b12_f3(peer: ScriptedAmi, start: Start) -> None:
    session = start()
    peer.emit(b"Response: Goodbye\r\nMessage: Thanks\r\n\r\n")
    wait_for(lambda: session.counters.logins == 2 and session.link.up)
    peer.emit(event("Shutdown", Privilege="system,all", Shutdown="Cleanly", Restart="False"))
    wait_for(lambda: session.counters.logins == 3 and session.link.up)


def test_unknown_events_and_any_banner_are_welcome_b12(start: Start, ear: Ear) -> None:
    with ScriptedAmi(banner=b"Asterisk Call Manager/99.0\r\n") as future:
        start(future.address())
        future.emit(event("NeverHeardOf", Number="1"))
        wait_for(lambda: ear.numbers() == [1])


@pytest.mark.parametrize("junk", [b"X: " + b"x" * 100_000, b"X: 1\r\n" * 20_000], ids=["line", "headers"])
def test_a_frame_without_an_end_drops_the_link_b5(peer: ScriptedAmi, start: Start, junk: bytes) -> None:
    session = start()
    peer.emit(junk)
    wait_for(lambda: session.counters.logins == 2 and session.link.up)


def test_an_overflow_drops_the_link_and_a_snapshot_follows_m10(peer: ScriptedAmi, start: Start, ear: Ear) -> None:
    gate = threading.Event()

    def slow(message: Message) -> None:
        gate.wait(10)
        ear.on_event(message)

    session = start(on_event=slow, queue_limit=100)
    peer.emit(b"".join(event("Newstate", Number=str(number)) for number in range(1000)))
    wait_for(lambda: session.counters.overflows >= 1)
    gate.set()
    wait_for(lambda: session.counters.logins >= 2 and session.link.up)
    wait_for(lambda: len(ear.all("snapshot")) >= 2)
    peer.emit(event("Newstate", Number="5000"))
    wait_for(lambda: 5000 in ear.numbers())
    assert session.counters.dropped > 0


def test_ten_thousand_events_arrive_in_order_b16(peer: ScriptedAmi, start: Start, ear: Ear) -> None:
    session = start()
    peer.emit(b"".join(event("Newstate", Number=str(number)) for number in range(10_000)))
    wait_for(lambda: len(ear.numbers()) == 10_000)
    assert ear.numbers() == list(range(10_000))
    assert session.counters.overflows == 0


def test_only_the_wanted_events_are_handed_out(peer: ScriptedAmi, start: Start, ear: Ear) -> None:
    start(events={"Hangup"})
    peer.emit(event("Newstate", Number="1") + channel_event("Hangup", uniqueid="1.1", Number="2"))
    wait_for(lambda: ear.numbers() == [2])


def test_a_list_asked_from_a_callback_is_answered(peer: ScriptedAmi, start: Start) -> None:
    lists: list[int] = []
    session: AmiSession

    def ask(_: Message) -> None:
        lists.append(len(session.collect([("Action", "QueueStatus")])))

    peer.queues = [[("Event", "QueueMember"), ("Queue", "family")]]
    session = start(on_event=ask, on_connected=None, events={"Hangup"})
    peer.emit(event("Hangup"))
    wait_for(lambda: lists == [1])


def test_it_never_gives_up_on_a_port_that_is_closed(peer: ScriptedAmi, start: Start) -> None:
    with Proxy(peer.port) as proxy:
        proxy.refuse = True
        session = start(AmiAddress("127.0.0.1", proxy.port, USER, SECRET), up=False)
        wait_for(lambda: proxy.accepted >= 5)
        proxy.refuse = False
        wait_for(lambda: session.link.up)
