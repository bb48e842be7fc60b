"""What callers hear, as configuration: values that would change a file are refused, and the town alone may pretend."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from telephony.config.check import UnsafeConfigValue
from telephony.config.modules import MODULES
from telephony.config.plan import LinePlan, Member, OperatorPlan, QueuePlan, TrunkPlan
from telephony.config.render import render
from telephony.config.voice import VoicePlan
from tests.unit.telephony.config.test_render import make_plan, section

DID = "+74924800100"


def voice(**changes: Any) -> VoicePlan:
    values = {"queue": "family", "prompts": Path("/d/prompts/family"), "messages": Path("/d/spool/voice")}
    return VoicePlan(**{**values, **changes})


def test_only_a_line_that_greets_is_answered_and_has_keys() -> None:
    files = render(make_plan(voices=(voice(),)))
    assert "musicclass = sd-family" in section(files["queues.conf"], "family")
    assert "context = sd-keys-family" in section(files["queues.conf"], "family")
    assert files["musiconhold.conf"].index("prompts/family/greeting") < files["musiconhold.conf"].index("music-1")
    silent = render(make_plan(voices=(voice(greeting=False),)))
    assert "musicclass = default" in section(silent["queues.conf"], "family")
    assert "context =" not in silent["queues.conf"]
    assert "prompts" not in silent["musiconhold.conf"]
    assert "Set(SD_GREET=)" in section(silent["sd-voice.conf"], "sd-voice")


def test_key_1_is_there_only_where_somebody_is_called_back() -> None:
    with_key = section(render(make_plan(voices=(voice(),)))["sd-voice.conf"], "sd-keys-family")
    assert "exten => 1,1,Goto(sd-callback,s,1)" in with_key
    without = section(render(make_plan(voices=(voice(callback=False),)))["sd-voice.conf"], "sd-keys-family")
    assert "exten =>" not in without


def test_a_place_in_line_is_said_by_the_music_and_never_by_the_queue() -> None:
    """What app_queue announces itself keeps phones from ringing (asterisk issue 543)."""
    told = render(make_plan(voices=(voice(),)))
    last = section(told["musiconhold.conf"], "sd-place-family-10-hello").splitlines()
    assert last[2:5] == [f"entry = /d/prompts/family/{name}" for name in ("hello", "place-10", "music-1")]
    assert "prompts/family/place-more" in section(told["musiconhold.conf"], "sd-place-family-more")
    assert "sd-place-family-11" not in told["musiconhold.conf"]
    silent = render(make_plan(voices=(voice(position=False),)))
    assert "place-" not in silent["musiconhold.conf"]
    for files in (told, silent):
        assert "announce-position = no" in section(files["queues.conf"], "family")
        assert "announce-frequency = 0" in section(files["queues.conf"], "family")


@pytest.mark.parametrize(
    ("changes", "seconds"),
    [({}, 45), ({"overflow_seconds": 30}, 30), ({"overflow_seconds": 90}, 45), ({"position": False}, 240),
     ({"position": False, "overflow_seconds": 90}, 90)],
)  # fmt: skip
def test_a_caller_comes_out_of_the_queue_as_often_as_something_is_to_be_told(
    changes: dict[str, Any], seconds: int
) -> None:
    assert voice(**changes).turn_seconds == seconds


def test_without_a_town_nobody_may_pretend_the_time() -> None:
    assert "SD-Pretend" in render(make_plan())["sd-inbound.conf"]
    live = render(make_plan(town_bind=None, town=(), trunk=TrunkPlan(peers=("192.0.2.1",))))
    assert "SD-Pretend" not in live["sd-inbound.conf"]


def test_a_line_of_its_own_queue_keeps_its_service() -> None:
    staff = (OperatorPlan(extension="101"), OperatorPlan(extension="102"))
    order = (Member(extension="102", penalty=0), Member(extension="101", penalty=1))
    plan = make_plan(
        staff=staff,
        queues=(QueuePlan(name="family"), QueuePlan(name="family-line2-1f3a9c", members=order)),
        lines=(LinePlan(did=DID, queue="family-line2-1f3a9c", service="family"),),
        voices=(voice(),),
    )
    files = render(plan)
    entry = section(files["sd-inbound.conf"], "from-trunk")
    assert "Set(__SD_SERVICE=family)" in entry
    choice = section(files["sd-inbound.conf"], "sd-line-queue")
    assert f'ExecIf($["${{SD_DID}}" = "{DID}"]?Set(SD_QUEUE=family-line2-1f3a9c))' in choice
    own = section(files["queues.conf"], "family-line2-1f3a9c")
    assert "strategy = linear" in own
    assert own.index("Local/102@") < own.index("Local/101@")
    assert "musicclass = sd-family" in own


def test_messages_can_be_recorded_and_nothing_else_was_let_in() -> None:
    assert "app_record" in MODULES
    assert not {"func_env", "app_system", "func_dialplan"} & set(MODULES)


@pytest.mark.parametrize(
    "changes",
    [
        {"queue": "other"},
        {"queue": "family\n[x]"},
        {"prompts": Path("/d/a,b")},
        {"prompts": Path("/d/a;b")},
        {"prompts": Path("/d/a&b")},
        {"messages": Path("relative")},
        {"overflow_extension": "999"},
        {"overflow_seconds": -1},
        {"voicemail_seconds": 100_000},
        {"announce_seconds": "5)"},
    ],
)
def test_a_value_that_would_change_a_file_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(UnsafeConfigValue):
        render(make_plan(voices=(voice(**changes),)))


def test_two_voices_of_one_queue_are_refused() -> None:
    with pytest.raises(UnsafeConfigValue, match="twice"):
        render(make_plan(voices=(voice(), voice())))
