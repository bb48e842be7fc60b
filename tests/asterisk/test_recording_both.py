"""Whoever the caller is led to, and however: from the first to the last word both voices are in the recording.

Asterisk decodes what a recorder hears by the numbers of the packets, and takes lower numbers than before for late ones,
which it drops for up to eleven minutes (translate.c; asterisk issue 507). So a phone that begins to count lower than
the one before it would be missing; here the second phone always does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from telephony import transfer_actions as actions
from telephony import variables
from telephony.ami import AmiSession
from telephony.config.plan import LinePlan, Member, QueuePlan, RecordingPlan, VoicePlan
from telephony.link import AmiAddress
from telephony.snapshot import channels_now
from tests.support.agi_stub import AgiStub
from tests.support.ami_tap import AmiTap
from tests.support.exchange import DID, LiveExchange, operator
from tests.support.tones import LOUD, WINDOW, TonePhone, read_wav, strength, write_tone
from tests.support.wait import wait_for
from workers.recordings import look_at_streams

CALLER, OPERATOR, OTHER = 440, 1000, 2000
HIGH, LOW = 60_000, 40_000
"""Where the first phone and the second begin to count their packets."""
ENOUGH = 0.3
"""Of the time; a busy machine loses packets of everybody's, and a voice that is missing is there for none of it."""


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveExchange]:
    folder = tmp_path_factory.mktemp("sound")
    write_tone(folder / "prompts/notice.wav", 300, 4)
    write_tone(folder / "prompts/offer.wav", 300, 0.3)
    (folder / "incoming").mkdir()
    voice = VoicePlan(
        queue="family", prompts=folder / "prompts", messages=folder / "messages", overflow_seconds=3,
        overflow_extension="201",
    )  # fmt: skip
    with LiveExchange(
        staff=(operator("101"), operator("201", takes_calls=False)),
        queues=(QueuePlan(name="family", members=(Member(extension="101"),), wrapup_seconds=0),),
        lines=(LinePlan(did=DID, queue="family"),),
        voices=(voice,),
        recording=RecordingPlan(folder=folder / "incoming", queues=("family",)),
        desk_rtp_timeout=6,
        return_seconds=10,
        rescue_seconds=4,
    ) as exchange:
        yield exchange


@pytest.fixture
def phone(exchange: LiveExchange) -> Iterator[TonePhone]:
    with TonePhone(exchange.plan.desk_bind, "101", OPERATOR) as desk:
        desk.first_packet = HIGH
        exchange.wait_available("101")
        yield desk


@pytest.fixture
def specialist(exchange: LiveExchange) -> Iterator[TonePhone]:
    with TonePhone(exchange.plan.desk_bind, "201", OTHER) as desk:
        desk.first_packet = LOW
        yield desk


@pytest.fixture
def file(exchange: LiveExchange) -> Iterator[Callable[[], Path]]:
    """The file of the one call; none is left to the next test."""
    assert exchange.plan.recording is not None
    folder = exchange.plan.recording.folder
    yield lambda: next(folder.glob("*.wav"))
    exchange.reset()
    for one in folder.glob("*.wav"):
        one.unlink()


@pytest.fixture
def talk(exchange: LiveExchange, tap: AmiTap, agi: AgiStub, phone: TonePhone, file: Callable[[], Path]) -> None:
    """The operator talks with a caller, and it is being recorded."""
    exchange.town_call(tap, say="tone", hold="90")
    phone.wait_ringing(15)
    phone.answer()
    wait_for(lambda: phone.hears(CALLER), 10, "the talk")


def channel(exchange: LiveExchange, prefix: str) -> str:
    return next(name for name in exchange.channels() if name.startswith(prefix))


def recorded(exchange: LiveExchange, phone: TonePhone, path: Path) -> Callable[[], list[int]]:
    """A second of the talk that goes on at this phone; its samples can be read when the call is over."""
    wait_for(lambda: phone.hears(CALLER), 10, f"{phone.extension} to hear the caller")
    before = path.stat().st_size
    wait_for(lambda: path.stat().st_size - before > 20_000, 15, "the talk to be recorded")
    after = path.stat().st_size
    return lambda: read_wav(path)[max(before - 44, 0) // 2 : (after - 44) // 2]


def share(samples: list[int], tone: int) -> float:
    """Of the time, how much has this voice in it."""
    windows = [samples[start : start + WINDOW] for start in range(0, len(samples) - WINDOW + 1, WINDOW)]
    return sum(strength(window, tone) > LOUD for window in windows) / len(windows)


def begin_transfer(exchange: LiveExchange, tap: AmiTap, kind: str) -> str:
    """What `workers.transfers` sends; the operator's channel."""
    caller, hers = channel(exchange, "PJSIP/trunk-"), channel(exchange, "PJSIP/101-")
    notes = {
        variables.SD_T_ORDER: "7", variables.SD_T_FROM: "101", variables.SD_T_TO: "201", variables.SD_T_OUT: "",
        variables.SD_T_JOIN: "", variables.SD_T_SP: "", variables.SD_T_OP: hers if kind == "attended" else "",
    }  # fmt: skip
    for name, value in notes.items():
        tap.send(actions.compose_note(caller, name, value))
    if kind == "attended":
        tap.send(actions.compose_consult(caller, hers))
    else:
        tap.send(actions.compose_redirect(caller, "blind"))
        tap.send(actions.compose_hangup(hers))
    return hers


def both(samples: list[int], voice: int) -> bool:
    return share(samples, CALLER) > ENOUGH and share(samples, voice) > ENOUGH


def test_a_plain_talk(exchange: LiveExchange, talk: None, phone: TonePhone, file: Callable[[], Path]) -> None:
    part = recorded(exchange, phone, file())
    exchange.reset()
    assert both(part(), OPERATOR)


@pytest.mark.parametrize("kind", ["attended", "blind"])
def test_after_a_transfer(  # noqa: PLR0917 - fixtures
    exchange: LiveExchange, tap: AmiTap, talk: None, phone: TonePhone, specialist: TonePhone,
    file: Callable[[], Path], kind: str,
) -> None:  # fmt: skip
    first = recorded(exchange, phone, file())
    begin_transfer(exchange, tap, kind)
    specialist.wait_ringing(10)
    specialist.answer()
    if kind == "attended":
        wait_for(lambda: specialist.hears(OPERATOR), 10, "the consultation")
        phone.hang_up()
    second = recorded(exchange, specialist, file())
    exchange.reset()
    assert both(first(), OPERATOR)
    assert both(second(), OTHER)
    assert share(second(), OPERATOR) < ENOUGH


@pytest.mark.parametrize("back", ["after the consultation", "for nobody came", "with all three"])
def test_when_the_caller_is_the_operators_again(  # noqa: PLR0917 - fixtures
    exchange: LiveExchange, tap: AmiTap, talk: None, phone: TonePhone, specialist: TonePhone,
    file: Callable[[], Path], back: str,
) -> None:  # fmt: skip
    begin_transfer(exchange, tap, "attended")
    specialist.wait_ringing(10)
    if back == "for nobody came":
        specialist.reject()
    else:
        specialist.answer()
        wait_for(lambda: specialist.hears(OPERATOR), 10, "the consultation")
        if back == "with all three":
            tap.send(actions.compose_note(channel(exchange, "PJSIP/trunk-"), variables.SD_T_JOIN, "1"))
            tap.send(actions.compose_redirect(channel(exchange, "PJSIP/101-"), "join"))
            third = recorded(exchange, specialist, file())
        specialist.hang_up()
    part = recorded(exchange, phone, file())
    exchange.reset()
    assert both(part(), OPERATOR)
    if back == "with all three":
        assert both(third(), OPERATOR)
        assert share(third(), OTHER) > ENOUGH


def test_the_substitute_of_an_overflowing_queue(  # noqa: PLR0917 - fixtures
    exchange: LiveExchange, tap: AmiTap, agi: AgiStub, phone: TonePhone, specialist: TonePhone,
    file: Callable[[], Path],
) -> None:  # fmt: skip
    exchange.console("queue pause member Local/101@sd-operator")
    try:
        exchange.town_call(tap, say="tone", hold="90")
        specialist.wait_ringing(20)
        specialist.answer()
        part = recorded(exchange, specialist, file())
    finally:
        exchange.console("queue unpause member Local/101@sd-operator")
    exchange.reset()
    assert both(part(), OTHER)


def test_the_rescue_of_a_caller_whom_nobody_serves(
    exchange: LiveExchange, tap: AmiTap, phone: TonePhone, file: Callable[[], Path]
) -> None:
    exchange.console("queue pause member Local/101@sd-operator")
    try:
        exchange.town_call(tap, say="tone", hold="90")
        phone.wait_ringing(20)
        phone.answer()
        part = recorded(exchange, phone, file())
    finally:
        exchange.console("queue unpause member Local/101@sd-operator")
    exchange.reset()
    assert both(part(), OPERATOR)


def test_the_phone_that_came_back(exchange: LiveExchange, tap: AmiTap, agi: AgiStub, file: Callable[[], Path]) -> None:
    lost = TonePhone(exchange.plan.desk_bind, "101", OPERATOR)
    lost.first_packet = HIGH
    lost.register()
    exchange.wait_available("101")
    exchange.town_call(tap, say="tone", hold="90")
    lost.wait_ringing(15)
    lost.answer()
    first = recorded(exchange, lost, file())
    lost.vanish()
    with TonePhone(exchange.plan.desk_bind, "101", OTHER) as back:
        back.first_packet = LOW
        back.wait_ringing(20)
        back.answer()
        second = recorded(exchange, back, file())
        exchange.reset()
    assert both(first(), OPERATOR)
    assert both(second(), OTHER)


@pytest.fixture
def clerk(exchange: LiveExchange) -> Iterator[Callable[[], Sequence[str]]]:
    """What our clerk does every second with the recorded talk, the only one there is."""
    plan = exchange.plan
    address = AmiAddress(plan.ami.host, plan.ami.port, plan.ami_user, plan.ami_secret)
    session = AmiSession(address, on_event=lambda _: None)
    session.start()
    wait_for(lambda: session.link.up, 10, "the link")
    counter = cast(Any, SimpleNamespace(exchange=session))

    def look() -> Sequence[str]:
        call = next(one.linkedid for one in channels_now(session) if one.channel.startswith("PJSIP/trunk-"))
        return look_at_streams(counter, [call])

    yield look
    session.stop()


def test_a_telephone_that_begins_its_sound_anew(  # noqa: PLR0917 - fixtures
    exchange: LiveExchange, tap: AmiTap, talk: None, clerk: Callable[[], Sequence[str]], phone: TonePhone,
    file: Callable[[], Path],
) -> None:  # fmt: skip
    first = recorded(exchange, phone, file())
    assert not clerk()
    phone.begin_anew(LOW)
    wait_for(clerk, 15, "the recording to go on anew")
    second = recorded(exchange, phone, file())
    assert not clerk()
    exchange.reset()
    assert both(first(), OPERATOR)
    assert both(second(), OPERATOR)


@pytest.fixture
def unrecorded(exchange: LiveExchange) -> Iterator[None]:
    plan = exchange.plan.recording
    exchange.apply(recording=None)
    yield
    exchange.reset()
    exchange.apply(recording=plan)


@pytest.mark.parametrize("nth", [1, 2, 3])
@pytest.mark.parametrize("leg", ["PJSIP/trunk-", "PJSIP/town-", "PJSIP/101-"])
def test_what_begins_to_hear_in_mid_talk_hears_both_whichever_leg_it_is_put_on(  # noqa: PLR0917 - fixtures
    exchange: LiveExchange, unrecorded: None, tap: AmiTap, phone: TonePhone, tmp_path: Path, leg: str, nth: int
) -> None:
    """Again and again: with bridge_native_rtp loaded, in every other talk one was missing."""
    exchange.town_call(tap, say="tone", hold="90")
    phone.wait_ringing(15)
    phone.answer()
    wait_for(lambda: phone.hears(CALLER), 10, "the talk")
    begun = tmp_path / "begun.wav"
    exchange.console(f"mixmonitor start {channel(exchange, leg)} {begun}")
    wait_for(lambda: begun.exists() and begun.stat().st_size > 20_000, 15, "the talk to be recorded")
    exchange.reset()
    assert both(read_wav(begun), OPERATOR)
