"""How a story is told: nothing in codes, nothing left without words."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from callflow.dialler.retry import EDITABLE, Then
from callflow.dialler.states import AttemptState, Disposition, TaskState
from crm.dialler.deciding import Decided, titles
from crm.dialler.tables import DialEvent
from web.dialling import ATTEMPTS, FILTERS, THEN, TONES, steps
from web.routes.dialling_settings import _decided, flat
from web.slot_words import read_minutes

AT = datetime(2026, 11, 12, 12, tzinfo=UTC)


def told(what: str, detail: str = "", source: str = "", attempt: str | None = "att-1") -> tuple[str, str, str]:
    event = DialEvent(task_id=1, attempt_id=attempt, at=AT, what=what, detail=detail, source=source)
    (step,) = steps(None, [event])  # type: ignore[arg-type]  # nobody is named, nobody is looked up
    return step.words, step.detail, step.evidence


@pytest.mark.parametrize(
    ("event", "words"),
    [
        (("said", "hello,who 4000/9000", "agi"), "кто звонит, кому звонят (не до конца)"),
        (("played", "booking:7,keys 9000/9000", "agi"), "о записи"),
        (("ended", "no_answer", "word"), "не отвечает"),
        (("ended", "NOANSWER-19-480", "word"), ""),
    ],
)
def test_what_was_heard_and_how_it_ended_is_said_in_russian(event, words):
    assert told(*event)[1].startswith(words)


@pytest.mark.parametrize("what", [*AttemptState, "key 1", "confirm", "cancel", "offers", "move", "refuse_robot",
                                  "wrong_person", "call_back", "human", "broken", "said", "played", "identified",
                                  "over", "hung up", "withdrawn"])  # fmt: skip
def test_every_step_of_a_call_has_words_and_evidence(what):
    words, _, evidence = told(str(what), "1" if what == "key 1" else "", "agi")
    assert words != "Служебная отметка"
    assert evidence == "по ходу разговора с роботом"


@pytest.mark.parametrize("state", [one for one in TaskState if one is not TaskState.CALLING])
def test_every_state_of_a_task_has_words_a_tone_and_a_filter(state):
    assert told(state.value, attempt=None)[0] not in ("", "Служебная отметка")
    assert state in TONES
    assert not state.is_over or state.value in FILTERS


def test_every_choice_of_the_head_has_words():
    assert set(THEN) == {one.value for one in Then}
    assert set(ATTEMPTS) == {one.value for one in AttemptState}
    assert set(titles()) == {one.value for one in EDITABLE} <= {one.value for one in Disposition}


def test_a_decision_survives_its_form():
    stored = Decided(version=3)
    sent = flat(stored) | {"version": 3}
    clocks = ("earliest", "latest_usual", "since", "until", "morning_since", "morning_until")
    sent |= {name: read_minutes(sent[name]) for name in (*clocks, *(f"latest_{day}" for day in range(5)))}
    assert _decided(sent) == stored
