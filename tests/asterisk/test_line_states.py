"""Open, break, closed on a real exchange: what a caller meets and may choose; nothing of it needs our programs."""

from __future__ import annotations

import csv
import dataclasses
import math
import struct
import time
import wave
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from telephony.config.hours import SECONDS_OF_DAY, Edge, HoursPlan
from telephony.config.plan import LinePlan, Member, QueuePlan
from telephony.config.voice import VoicePlan
from tests.asterisk.conftest import Calling
from tests.support.agi_stub import AgiStub
from tests.support.ami_tap import AmiTap
from tests.support.exchange import DID, LiveExchange, operator
from tests.support.phone import DeskPhone, eventually_idle
from tests.support.tones import heard, read_wav, write_tone
from tests.support.wait import wait_for

CLOSED_DID, BREAK_DID, BARE_DID, TOLD_DID = "+74924800201", "+74924800202", "+74924800203", "+74924800204"
PIECES = (
    "greeting", "stay", "hello", "closed", "hours", "choose", "danger", "offer", "number", "again", "taken",
    "message", "kept", "human", "nobody", "bye", *(f"music-{part}" for part in range(1, 9)),
)  # fmt: skip
PLACES = tuple(f"place-{nth}" for nth in (*range(1, 11), "more"))
GREETING_SECONDS, PLACE_SECONDS, PLACE_TONE = 3.0, 8.0, 1500
MEMBERS = {
    "family": (Member(extension="101"), Member(extension="102", penalty=1)),
    "told": (Member(extension="101"),),
}
HIDDEN = '"Anonymous" <sip:anonymous@anonymous.invalid>'


def tone(path: Path, seconds: float = 0.4) -> None:
    """A sound file that stands for a spoken piece."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with wave.open(str(path), "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(8000)
        samples = (int(8000 * math.sin(index / 3)) for index in range(int(8000 * seconds)))
        out.writeframes(b"".join(struct.pack("<h", sample) for sample in samples))


def always(queue: str, state: str) -> HoursPlan:
    """Hours of a line that is in one state for the whole of these days."""
    today = int(time.time()) // SECONDS_OF_DAY * SECONDS_OF_DAY
    opens = None if state == "open" else today + 2 * SECONDS_OF_DAY
    edge = Edge(at=today - SECONDS_OF_DAY, state=state, next_open=opens)
    return HoursPlan(queue=queue, edges=(edge,), until=today + 3 * SECONDS_OF_DAY)


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveExchange]:
    folder = tmp_path_factory.mktemp("sound")
    for piece in PIECES:
        tone(folder / "prompts" / f"{piece}.wav", GREETING_SECONDS if piece in {"greeting", "stay"} else 0.4)
    for piece in PLACES:
        write_tone(folder / "prompts" / f"{piece}.wav", PLACE_TONE, PLACE_SECONDS)
    (folder / "messages").mkdir()

    def voice(queue: str, prompts: str = "prompts", **changes: object) -> VoicePlan:
        values = {"overflow_seconds": 0, "voicemail_seconds": 8, "voicemail_silence": 3, **changes}
        return VoicePlan(queue=queue, prompts=folder / prompts, messages=folder / "messages", **values)  # type: ignore[arg-type]

    with LiveExchange(
        staff=(operator("101"), operator("102")),
        queues=tuple(
            QueuePlan(
                name=name,
                members=MEMBERS.get(name, ()),
                ring_seconds=4,
                wrapup_seconds=0,
            )
            for name in ("family", "closed", "resting", "bare", "told")
        ),
        lines=(
            LinePlan(did=DID, queue="family"),
            LinePlan(did=CLOSED_DID, queue="closed"),
            LinePlan(did=BREAK_DID, queue="resting"),
            LinePlan(did=BARE_DID, queue="bare"),
            LinePlan(did=TOLD_DID, queue="told"),
        ),
        voices=(
            voice("family", overflow_seconds=8, overflow_extension="102"),
            voice("closed"),
            voice("resting"),
            voice("bare", "nothing-here"),
            voice("told", announce_seconds=3),
        ),
        hours=(
            always("family", "open"),
            always("closed", "closed"),
            always("resting", "break"),
            always("bare", "closed"),
            always("told", "open"),
        ),
        rescue_seconds=6,
        desk_rtp_timeout=6,
    ) as exchange:
        # Asterisk's first file in music, its first recording, begin threads that stay.
        tap = exchange.tap()
        exchange.town_call(tap, hold="1")
        tap.wait_event("QueueCallerAbandon", 15)
        exchange.close_taps()
        exchange.reset()
        yield exchange


def words(tap: AmiTap) -> list[tuple[str, str]]:
    """What the dialplan said of the line: (state, detail)."""
    return [
        (event["State"], event.get("Detail", ""))
        for event in tap.events("UserEvent")
        if event["UserEvent"] == "SDWord" and event["Subject"] == "line"
    ]


def userfields(exchange: LiveExchange) -> list[str]:
    """The last column but four of every CDR of a caller."""
    path = exchange.plan.log_dir / "cdr-csv/Master.csv"
    with path.open(newline="", encoding="utf-8", errors="replace") as file:
        return [row[17] for row in csv.reader(file) if len(row) > 17]


def messages(exchange: LiveExchange) -> list[Path]:
    """The voice messages that lie there."""
    return sorted(exchange.plan.voices[0].messages.glob("*.wav"))


def seconds_of(path: Path) -> float:
    """What the header of a message says; 0 for one that has none yet."""
    try:
        with wave.open(str(path)) as sound:
            return sound.getnframes() / sound.getframerate()
    except (wave.Error, EOFError):
        return 0.0


def test_an_open_line_greets_while_the_phone_rings(  # noqa: PLR0917 - fixtures
    exchange: LiveExchange, tap: AmiTap, firehose: AmiTap, agi: AgiStub, phone: DeskPhone, call: Calling
) -> None:
    caller = call(hold_ms=1500)
    phone.wait_ringing()
    greets = firehose.wait_event("MusicOnHoldStart")
    assert greets["Class"] == "sd-family"
    called = firehose.wait_event("AgentCalled")
    assert float(called["Timestamp"]) - float(greets["Timestamp"]) < GREETING_SECONDS, "it is not over yet"
    files = exchange.console("moh show files").split("Class: sd-family")[1].split("Class:")[0]
    assert files.index("prompts/greeting") < files.index("prompts/music-1") < files.index("prompts/stay")
    phone.answer()
    assert caller.finish() == 0, caller.errors()
    assert words(tap) == []


@pytest.fixture
def paused(exchange: LiveExchange) -> Iterator[Callable[[], None]]:
    """The operator of the line that tells the place is at work and not free; calling it makes her free."""
    exchange.console("queue pause member Local/101@sd-operator queue told")
    yield lambda: void(exchange.console("queue unpause member Local/101@sd-operator queue told"))
    exchange.console("queue unpause member Local/101@sd-operator queue told")


def void(_: object) -> None:
    """What a console answers does not matter."""


def music(firehose: AmiTap) -> list[str]:
    """The classes of music that callers have heard, in order; one that is gone on with is there again."""
    return [event["Class"] for event in firehose.events("MusicOnHoldStart")]


def test_with_somebody_free_no_place_is_told_and_the_phone_rings_at_once(
    exchange: LiveExchange, firehose: AmiTap, agi: AgiStub, phone: DeskPhone, call: Calling
) -> None:
    caller = call(to=TOLD_DID, hold_ms=1500)
    phone.wait_ringing()
    assert music(firehose) == ["sd-told"]
    phone.answer()
    assert caller.finish() == 0, caller.errors()


def test_who_waits_hears_his_place_and_a_key_during_it_gives_the_call_back(  # noqa: PLR0917 - fixtures
    exchange: LiveExchange, tap: AmiTap, firehose: AmiTap, agi: AgiStub, phone: DeskPhone, call: Calling,
    paused: Callable[[], None], tmp_path: Path,
) -> None:  # fmt: skip
    caller = call(to=TOLD_DID, keys=((2500, "1"),))
    firehose.wait_event("MusicOnHoldStart", 10)
    assert music(firehose) == ["sd-place-told-1-hello"]
    files = exchange.console("moh show files").split("Class: sd-place-told-1-hello")[1].split("Class:")[0]
    assert files.index("/hello") < files.index("/place-1") < files.index("/music-1")
    ear = tmp_path / "ear.wav"
    channel = next(name for name in exchange.channels() if name.startswith("PJSIP/trunk"))
    exchange.console(f"mixmonitor start {channel} {tmp_path}/mix.wav,t({ear})")
    assert caller.finish() == 0, caller.errors()
    assert words(tap) == [("callback", "")]
    wait_for(lambda: not exchange.channels(), 5, "the recorder to close its file")
    assert heard(read_wav(ear), PLACE_TONE), "his place, in our own words"
    assert phone.invites == []


def test_a_phone_that_becomes_free_rings_while_the_place_is_being_said(  # noqa: PLR0917 - fixtures
    exchange: LiveExchange, tap: AmiTap, firehose: AmiTap, agi: AgiStub, phone: DeskPhone, call: Calling,
    paused: Callable[[], None],
) -> None:  # fmt: skip
    """The bound: as soon as app_queue looks again (`retry`, a second), not when the words are over."""
    caller = call(to=TOLD_DID, hold_ms=30_000, patience_ms=40_000)
    began = firehose.wait_event("MusicOnHoldStart", 10)
    paused()
    called = firehose.wait_event("AgentCalled", 10)
    assert float(called["Timestamp"]) - float(began["Timestamp"]) < PLACE_SECONDS, "it is still being said"
    phone.wait_ringing()
    phone.answer()
    wait_for(lambda: phone.loud_packets > 5, 5, "sound")
    phone.hang_up()
    caller.vanish()


def test_a_waiting_caller_keeps_his_place_and_hears_when_it_is_a_better_one(  # noqa: PLR0917 - fixtures
    exchange: LiveExchange, tap: AmiTap, firehose: AmiTap, agi: AgiStub, phone: DeskPhone, call: Calling,
    paused: Callable[[], None],
) -> None:  # fmt: skip
    first = call(to=TOLD_DID, patience_ms=60_000)
    wait_for(lambda: music(firehose) == ["sd-place-told-1-hello"], 10, "the first to be told")
    second = call(to=TOLD_DID, from_header='"Vera" <sip:+79070000102@127.0.0.2>', patience_ms=60_000)
    wait_for(lambda: "sd-place-told-2-hello" in music(firehose), 10, "the second to be told")
    wait_for(lambda: music(firehose).count("sd-place-told-2") > 1, 20, "the second to have been round twice")
    assert "sd-place-told-3" not in music(firehose)
    callers = exchange.console("queue show told").split("Callers:")[1]
    assert callers.count("prio: ") <= 2
    first.vanish()
    exchange.console(f"channel request hangup {next(name for name in exchange.channels() if 'trunk' in name)}")
    before = music(firehose).count("sd-place-told-1")
    wait_for(lambda: music(firehose).count("sd-place-told-1") > before, 10, "the second to be told that he is first")
    paused()
    phone.wait_ringing()
    phone.answer()
    wait_for(lambda: phone.loud_packets > 5, 5, "sound")
    phone.hang_up()
    assert second.finish() == 0, second.errors()


def test_a_phone_that_rings_rings_its_time_though_the_turn_in_the_queue_is_over(
    exchange: LiveExchange, tap: AmiTap, agi: AgiStub, phone: DeskPhone, call: Calling
) -> None:
    """A turn is three seconds here, and a phone rings four."""
    caller = call(to=TOLD_DID, patience_ms=40_000)
    assert int(tap.wait_event("AgentRingNoAnswer", 15)["RingTime"]) >= 3900
    wait_for(lambda: len(phone.invites) > 1, 15, "the phone to be rung again")
    phone.wait_ringing()
    phone.answer()
    wait_for(lambda: phone.loud_packets > 5, 5, "sound")
    phone.hang_up()
    assert caller.finish() == 0, caller.errors()


@pytest.mark.parametrize("waits", ["while it rings", "while nobody is free"])
def test_key_1_in_the_queue_asks_to_be_called_back(  # noqa: PLR0917 - fixtures
    exchange: LiveExchange, tap: AmiTap, agi: AgiStub, phone: DeskPhone, call: Calling, waits: str
) -> None:
    free = waits == "while it rings"
    if not free:
        exchange.console("queue pause member Local/101@sd-operator")
    try:
        caller = call(keys=((1200, "1"),))
        if free:
            phone.wait_ringing()
        tap.wait_event("UserEvent", 8, UserEvent="SDWord")
        assert caller.finish() == 0, caller.errors()
    finally:
        exchange.console("queue unpause member Local/101@sd-operator")
    assert words(tap) == [("callback", "")]
    assert phone.ended_by == ("CANCEL" if free else "")
    wait_for(lambda: userfields(exchange)[-1:] == ["callback:"], 5, "the CDR")


def test_other_keys_in_the_queue_change_nothing(
    exchange: LiveExchange, tap: AmiTap, agi: AgiStub, phone: DeskPhone, call: Calling
) -> None:
    caller = call(keys=((800, "5"), (200, "*"), (200, "#"), (200, "0")), hold_ms=500)
    phone.wait_ringing()
    wait_for(lambda: len(phone.invites) == 1, 2)
    assert caller.finish() == 0, caller.errors()
    assert words(tap) == []
    assert len(phone.invites) == 1


def test_a_hidden_caller_is_asked_for_his_number(exchange: LiveExchange, tap: AmiTap, call: Calling) -> None:
    typed = tuple((150, digit) for digit in "89070000101")
    caller = call(to=CLOSED_DID, from_header=HIDDEN, keys=((600, "1"), (900, typed[0][1]), *typed[1:]))
    assert caller.finish() == 0, caller.errors()
    assert words(tap) == [("closed", ""), ("callback", "89070000101")]
    wait_for(lambda: userfields(exchange)[-1:] == ["callback:89070000101"], 5, "the CDR")


def test_a_hidden_caller_who_types_rubbish_may_speak_instead(
    exchange: LiveExchange, tap: AmiTap, call: Calling
) -> None:
    rubbish = ((1500, "5"), (100, "*"), (100, "5"), (100, "#"))
    caller = call(to=CLOSED_DID, from_header=HIDDEN, keys=((600, "1"), *rubbish, *rubbish, *rubbish), hold_ms=4000)
    assert caller.finish(40) == 0, caller.errors()
    assert [state for state, _ in words(tap)] == ["closed", "voicemail"]
    for path in messages(exchange):
        path.unlink()


@pytest.mark.parametrize(("did", "state"), [(CLOSED_DID, "closed"), (BREAK_DID, "break")])
def test_a_line_that_is_not_open_says_so_and_takes_the_request(
    exchange: LiveExchange, tap: AmiTap, call: Calling, did: str, state: str
) -> None:
    caller = call(to=did, keys=((800, "1"),))
    assert caller.finish() == 0, caller.errors()
    assert words(tap) == [(state, ""), ("callback", "")]
    assert tap.events("QueueCallerJoin") == []


@pytest.mark.parametrize("keys", [(), ((300, "7"),), ((300, "1"),), ((300, "2"),), ((300, "0"),)])
def test_a_caller_may_hang_up_at_every_step(
    exchange: LiveExchange, tap: AmiTap, call: Calling, keys: tuple[tuple[int, str], ...]
) -> None:
    caller = call(to=CLOSED_DID, keys=keys, hold_ms=250)
    assert caller.finish() == 0, caller.errors()
    wait_for(lambda: not exchange.channels(), 5, "the call to end")
    assert words(tap)[0] == ("closed", "")
    assert "voicemail" not in [state for state, _ in words(tap)], "he said nothing"
    wait_for(lambda: userfields(exchange)[-1:] != [""], 5, "the CDR tells why")
    for path in messages(exchange):
        path.unlink()


def test_a_message_is_whole_when_its_caller_hangs_up(exchange: LiveExchange, tap: AmiTap, call: Calling) -> None:
    caller = call(to=CLOSED_DID, keys=((500, "2"),), hold_ms=4500)
    wait_for(lambda: messages(exchange), 8, "the file")
    assert seconds_of(messages(exchange)[0]) == 0.0, "a file that is being written has no length"
    assert caller.finish() == 0, caller.errors()
    wait_for(lambda: ("voicemail", messages(exchange)[0].name) in words(tap), 5, "the word")
    assert 2 < seconds_of(messages(exchange)[0]) < 5
    messages(exchange)[0].unlink()


def test_a_message_ends_with_its_time_and_the_caller_is_thanked(
    exchange: LiveExchange, tap: AmiTap, call: Calling
) -> None:
    caller = call(to=BREAK_DID, keys=((500, "2"),), patience_ms=30_000)
    assert caller.finish(30) == 0, caller.errors()
    wait_for(lambda: ("voicemail", messages(exchange)[0].name) in words(tap), 5, "the word")
    assert 7 < seconds_of(messages(exchange)[0]) < 9
    messages(exchange)[0].unlink()


def test_without_any_prompt_a_message_is_taken_all_the_same(exchange: LiveExchange, tap: AmiTap, call: Calling) -> None:
    caller = call(to=BARE_DID, hold_ms=15_000, patience_ms=40_000)
    wait_for(lambda: messages(exchange), 20, "the recording")
    assert caller.finish(40) == 0, caller.errors()
    assert words(tap)[0] == ("closed", "")
    messages(exchange)[0].unlink()


def test_key_0_outside_opening_hours_reaches_a_human_being(
    exchange: LiveExchange, tap: AmiTap, phone: DeskPhone, second_phone: DeskPhone, call: Calling
) -> None:
    call(to=CLOSED_DID, keys=((500, "0"),))
    phone.wait_ringing()
    second_phone.wait_ringing()
    second_phone.answer()
    wait_for(lambda: second_phone.loud_packets > 5, 5, "sound")
    second_phone.hang_up()
    eventually_idle(phone)
    legs = {event["State"] for event in tap.events("UserEvent") if event["UserEvent"] == "SDLeg"}
    assert legs >= {"ringing", "answered"}


def test_nobody_there_is_said_once_and_the_caller_waits_on(
    exchange: LiveExchange, tap: AmiTap, agi: AgiStub, call: Calling
) -> None:
    caller = call(patience_ms=30_000)
    tap.wait_event("QueueCallerJoin", 10)
    assert words(tap) == [("nobody", "")]
    with DeskPhone(exchange.plan.desk_bind, "101") as late:
        late.wait_ringing(25)
        late.answer()
        wait_for(lambda: late.loud_packets > 5, 5, "sound")
        late.hang_up()
    assert caller.finish() == 0, caller.errors()


def test_with_nobody_there_a_key_is_heard_from_the_first_word_on(
    exchange: LiveExchange, tap: AmiTap, agi: AgiStub, call: Calling
) -> None:
    caller = call(keys=((200, "1"),))
    assert caller.finish() == 0, caller.errors()
    assert words(tap) == [("nobody", ""), ("callback", "")]


def test_who_waits_too_long_gets_the_substitute_and_the_offer_and_keeps_his_place(
    exchange: LiveExchange, tap: AmiTap, agi: AgiStub, second_phone: DeskPhone, call: Calling
) -> None:
    exchange.console("queue pause member Local/102@sd-operator")
    try:
        caller = call(patience_ms=40_000)
        second_phone.wait_ringing(25)
        assert words(tap) == [("overflow", "")]
        second_phone.reject()
        wait_for(lambda: "prio: 1" in exchange.console("queue show family"), 15, "the caller to have kept his place")
    finally:
        exchange.console("queue unpause member Local/102@sd-operator")
    second_phone.wait_ringing(10)
    second_phone.answer()
    wait_for(lambda: second_phone.loud_packets > 5, 5, "sound")
    second_phone.hang_up()
    assert caller.finish() == 0, caller.errors()


def test_a_substitute_whose_number_is_gone_meanwhile_costs_nobody_his_call(
    exchange: LiveExchange, tap: AmiTap, agi: AgiStub, call: Calling
) -> None:
    """The caller's channel still knows of 102; the dialplan that is loaded by then does not."""
    before = exchange.plan
    caller = call(patience_ms=40_000)
    tap.wait_event("QueueCallerJoin", 10)
    exchange.apply(
        staff=before.staff[:1],
        queues=tuple(dataclasses.replace(one, members=one.members[:1]) for one in before.queues),
        voices=tuple(dataclasses.replace(one, overflow_extension="") for one in before.voices),
    )
    try:
        wait_for(lambda: ("overflow", "") in words(tap), 25, "his wait to be too long")
        wait_for(lambda: "prio: 1" in exchange.console("queue show family"), 15, "the caller to have kept his place")
    finally:
        caller.vanish()
        exchange.reset()
        exchange.apply(staff=before.staff, queues=before.queues, voices=before.voices)


def test_with_our_programs_dead_a_greeted_caller_is_rescued(
    exchange: LiveExchange, phone: DeskPhone, call: Calling
) -> None:
    exchange.console("queue pause member Local/101@sd-operator")
    try:
        caller = call(patience_ms=30_000)
        phone.wait_ringing(12)
        phone.answer()
        wait_for(lambda: phone.loud_packets > 5, 5, "sound")
        phone.hang_up()
        assert caller.finish() == 0, caller.errors()
    finally:
        exchange.console("queue unpause member Local/101@sd-operator")


@pytest.mark.parametrize(
    "sender",
    [
        '"$(SHELL(id))" <sip:$(1+1)@127.0.0.2>',
        '"x" <sip:1%22%20%3D%201@127.0.0.2>',
        '"x" <sip:%0d%0aAction:%20Command@127.0.0.2>',
        '"x" <sip:1&PJSIP/102,)(@127.0.0.2>',
    ],
)
def test_a_hostile_caller_id_changes_no_path(exchange: LiveExchange, tap: AmiTap, call: Calling, sender: str) -> None:
    caller = call(to=CLOSED_DID, from_header=sender, keys=((500, "1"),), hold_ms=600)
    assert caller.finish() == 0, caller.errors()
    assert {state for state, _ in words(tap)} <= {"closed", "callback"}
    wait_for(lambda: not exchange.channels(), 5)


@pytest.mark.parametrize(("pretended", "state"), [("closed", "closed"), ("break", "break"), ("open", "")])
def test_a_training_call_pretends_the_time(
    exchange: LiveExchange, tap: AmiTap, call: Calling, pretended: str, state: str
) -> None:
    to = CLOSED_DID if pretended == "open" else DID
    caller = call(to=to, headers=(f"SD-Pretend: {pretended}",), hold_ms=700)
    assert caller.finish() == 0, caller.errors()
    assert [said for said, _ in words(tap) if said != "nobody"] == ([state] if state else [])


def test_a_townsman_calls_in_open_hours_unless_he_is_told_otherwise(exchange: LiveExchange, tap: AmiTap) -> None:
    exchange.town_call(tap, to=CLOSED_DID, hold="2")
    tap.wait_event("QueueCallerJoin", 8)
    exchange.reset()
    exchange.town_call(tap, to=DID, hours="closed", keys="1", hold="20")
    wait_for(lambda: ("callback", "") in words(tap), 10, "the word")
    exchange.reset()
