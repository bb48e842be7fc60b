"""In a talk that an operator made herself, too, both voices of every part are in the recording (test_recording_both):
hers, after a transfer the specialist's, after a refreshed page hers again. Each next phone counts its packets lower.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from crm.outgoing.orders import Order
from telephony import transfer_actions as actions
from telephony import variables
from telephony.config.plan import LinePlan, Member, QueuePlan, RecordingPlan, TownPartyPlan, VoicePlan
from tests.support.ami_tap import AmiTap
from tests.support.exchange import DID, LiveExchange, operator
from tests.support.tones import LOUD, WINDOW, TonePhone, read_wav, strength, write_tone
from tests.support.wait import wait_for
from workers.outgoing import order_headers

FAMILY, OPERATOR, OTHER = 440, 1000, 2000
HIGH, LOW = 60_000, 40_000
ENOUGH = 0.3
NUMBER, FRIEND = "+79070000901", "+79070000909"


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveExchange]:
    folder = tmp_path_factory.mktemp("sound")
    write_tone(folder / "prompts/notice.wav", 300, 3)
    (folder / "incoming").mkdir()
    with LiveExchange(
        staff=(operator("101"), operator("201", takes_calls=False)),
        queues=(QueuePlan(name="family", members=(Member(extension="101"),), wrapup_seconds=0),),
        lines=(LinePlan(did=DID, queue="family"),),
        voices=(VoicePlan(queue="family", prompts=folder / "prompts", messages=folder / "messages"),),
        recording=RecordingPlan(folder=folder / "incoming", queues=("family",)),
        town=(TownPartyPlan(number=FRIEND),),
        desk_rtp_timeout=6,
        return_seconds=10,
    ) as exchange:
        lines = ["", "[town](+)", f"exten => {NUMBER},1,Answer(0)", f" same => n,Playtones({FAMILY})"]
        with (exchange.plan.config_dir / "extensions.conf").open("a") as file:
            file.write("\n".join([*lines, " same => n,Wait(300)", ""]))
        exchange.console("dialplan reload")
        yield exchange


@pytest.fixture
def file(exchange: LiveExchange) -> Iterator[Path]:
    """The recording of the one call; none is left to the next test."""
    assert exchange.plan.recording is not None
    folder = exchange.plan.recording.folder
    yield folder / "out-recorded.wav"
    exchange.reset()
    for one in folder.glob("*.wav"):
        one.unlink()


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
def talk(exchange: LiveExchange, tap: AmiTap, file: Path, phone: TonePhone) -> None:
    """She has called the family, which has heard the notice; it is being recorded."""
    tap.send(order_headers(Order(7, "out-recorded", "101", NUMBER, DID, False)))
    phone.wait_ringing()
    phone.answer()
    tap.wait_event("UserEvent", 30, Subject="recording", State="started")


def family(exchange: LiveExchange) -> str:
    """The half that stands for the family."""
    names = exchange.channels()
    return next(name for name in names if name.startswith("Local/101@sd-outgoing-") and name.endswith(";2"))


def recorded(phone: TonePhone, file: Path) -> Callable[[], list[int]]:
    """A second of the talk that goes on at this phone; its samples can be read when the call is over."""
    wait_for(lambda: phone.hears(FAMILY), 15, f"{phone.extension} to hear the family")
    before = file.stat().st_size
    wait_for(lambda: file.stat().st_size - before > 20_000, 15, "the talk to be recorded")
    after = file.stat().st_size
    return lambda: read_wav(file)[max(before - 44, 0) // 2 : (after - 44) // 2]


def share(samples: list[int], tone: int) -> float:
    """Of the time, how much has this voice in it."""
    windows = [samples[start : start + WINDOW] for start in range(0, len(samples) - WINDOW + 1, WINDOW)]
    return sum(strength(window, tone) > LOUD for window in windows) / len(windows)


def both(samples: list[int], voice: int) -> bool:
    return share(samples, FAMILY) > ENOUGH and share(samples, voice) > ENOUGH


def begin_transfer(exchange: LiveExchange, tap: AmiTap, kind: str) -> None:
    """What `workers.transfers` sends."""
    standing = family(exchange)
    hers = next(name for name in exchange.channels() if name.startswith("PJSIP/101-"))
    notes = {
        variables.SD_T_ORDER: "7", variables.SD_T_FROM: "101", variables.SD_T_TO: "201", variables.SD_T_OUT: "",
        variables.SD_T_JOIN: "", variables.SD_T_SP: "", variables.SD_T_OP: hers if kind == "attended" else "",
    }  # fmt: skip
    for name, value in notes.items():
        tap.send(actions.compose_note(standing, name, value))
    if kind == "attended":
        tap.send(actions.compose_consult(standing, hers))
    else:
        tap.send(actions.compose_redirect(standing, "blind"))


@pytest.mark.parametrize("kind", ["attended", "blind"])
def test_after_a_transfer(  # noqa: PLR0917 - fixtures
    exchange: LiveExchange, tap: AmiTap, talk: None, phone: TonePhone, specialist: TonePhone, file: Path, kind: str
) -> None:
    first = recorded(phone, file)
    begin_transfer(exchange, tap, kind)
    specialist.wait_ringing(10)
    specialist.answer()
    if kind == "attended":
        wait_for(lambda: specialist.hears(OPERATOR), 10, "the consultation")
        phone.hang_up()
    second = recorded(specialist, file)
    exchange.reset()
    assert both(first(), OPERATOR)
    assert both(second(), OTHER)
    assert share(second(), OPERATOR) < ENOUGH


def test_when_nobody_came_and_the_family_is_hers_again(  # noqa: PLR0917 - fixtures
    exchange: LiveExchange, tap: AmiTap, talk: None, phone: TonePhone, specialist: TonePhone, file: Path
) -> None:
    first = recorded(phone, file)
    begin_transfer(exchange, tap, "attended")
    specialist.wait_ringing(10)
    specialist.reject()
    second = recorded(phone, file)
    exchange.reset()
    assert both(first(), OPERATOR)
    assert both(second(), OPERATOR)


def test_the_phone_that_came_back(exchange: LiveExchange, tap: AmiTap, file: Path) -> None:
    lost = TonePhone(exchange.plan.desk_bind, "101", OPERATOR)
    lost.first_packet = HIGH
    lost.register()
    exchange.wait_available("101")
    tap.send(order_headers(Order(7, "out-recorded", "101", NUMBER, DID, False)))
    lost.wait_ringing()
    lost.answer()
    tap.wait_event("UserEvent", 30, Subject="recording", State="started")
    first = recorded(lost, file)
    lost.vanish()
    with TonePhone(exchange.plan.desk_bind, "101", OTHER) as back:
        back.first_packet = LOW
        back.wait_ringing(20)
        back.answer()
        second = recorded(back, file)
        exchange.reset()
    assert both(first(), OPERATOR)
    assert both(second(), OTHER)


def test_what_was_ended_from_her_page_stays_ended_after_a_transfer(  # noqa: PLR0917 - fixtures
    exchange: LiveExchange, tap: AmiTap, talk: None, phone: TonePhone, specialist: TonePhone, file: Path
) -> None:
    recorded(phone, file)
    tap.send(actions.compose_note(family(exchange), variables.SD_NORECORD, "1"))
    tap.send([("Action", "StopMixMonitor"), ("ActionID", "stop"), ("Channel", family(exchange))])
    size = settled(file)
    begin_transfer(exchange, tap, "blind")
    specialist.wait_ringing(10)
    specialist.answer()
    wait_for(lambda: specialist.hears(FAMILY), 15, "the talk")
    exchange.reset()
    assert file.stat().st_size == size


def settled(file: Path) -> int:
    """The size of a file into which nothing is written any more."""
    sizes: list[int] = []

    def still() -> bool:
        sizes.append(file.stat().st_size)
        return len(sizes) > 5 and len(set(sizes[-5:])) == 1

    wait_for(still, 10, "the recording to end")
    return sizes[-1]
