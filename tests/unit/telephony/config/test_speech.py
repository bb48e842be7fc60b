"""«Позвонить мне» in the dialplan: nobody gets there from outside, and only our own files are played."""

from dataclasses import replace
from pathlib import Path

import pytest

from telephony.config.check import UnsafeConfigValue
from telephony.config.render import render
from telephony.config.speech import SpeechPlan
from telephony.originate import compose_originate
from telephony.variables import SD_OPERATOR, SD_ORDER, SD_PROMPT, SD_SPEECH
from tests.unit.telephony.config.test_render import make_plan

SPEECH = SpeechPlan(folder=Path("/d"), prompts=Path("/d/prompts/speech"), spool=Path("/d/spool"))


def test_files_lie_where_the_plan_says_and_names_are_filtered() -> None:
    text = render(make_plan(speech=SPEECH))["sd-speech.conf"]
    assert "Playback(/d/${FILTER(0-9a-z/,${SD_PROMPT})})" in text
    assert "Record(/d/spool/${ORDER}.wav,0,180)" in text
    assert "Set(ORDER=${FILTER(0-9,${SD_ORDER})})" in text
    assert "System(" not in text
    assert "_X" not in text


def test_without_a_plan_there_is_an_empty_context() -> None:
    assert "exten" not in render(make_plan(speech=None))["sd-speech.conf"]


@pytest.mark.parametrize("name", ["folder", "prompts", "spool"])
def test_a_folder_that_could_change_the_dialplan_is_refused(name: str) -> None:
    with pytest.raises(UnsafeConfigValue):
        render(make_plan(speech=replace(SPEECH, **{name: Path("/d;x")})))


def test_only_our_software_leads_there() -> None:
    values = {SD_ORDER: "7", SD_PROMPT: "speech/own/0a"}
    headers = compose_originate(
        action_id="a", channel_id="c", exten="121", context=SD_OPERATOR, to_exten="play", to_context=SD_SPEECH,
        variables=values,
    )  # fmt: skip
    assert ("Channel", "Local/121@sd-operator/n") in headers
    assert ("Context", "sd-speech") in headers
