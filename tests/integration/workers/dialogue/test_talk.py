"""The runner of dialogues without an exchange: who is talked with, and what is written."""

from __future__ import annotations

import socket
import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from crm.db import Database
from telephony.fastagi import FastAgiServer
from tests.integration.workers.dialogue.talking import Channel, attempt, on_the_line, state, story, talk
from tests.support.scripted_agi import ScriptedCall
from tests.support.wait import wait_for
from workers.dialogue.handler import Dialogue


def test_a_talk_from_the_answer_to_its_end(database: Database, dialogue: Dialogue, tmp_path: Path) -> None:
    attempt_id, booking = on_the_line(database, tmp_path)
    channel = talk(dialogue, Channel(attempt_id, who="1", keys="1"))
    assert channel.said == ["hello", "who", f"booking:{booking}", "keys", "confirmed", "bye"]
    assert set(channel.commands) == {"SET AUTOHANGUP"}
    assert channel.variables == {"SD_OK": "1"}
    assert (attempt(database, attempt_id).disposition, state(database, booking)) == ("confirmed", "confirmed")
    assert attempt(database, attempt_id).identified_at is not None
    assert attempt(database, attempt_id).played_at is not None
    what = ("answered", "identified", "played", "confirm", "ended")
    assert [one for one in story(database, attempt_id) if one in what] == list(what)


def test_whoever_comes_second_is_put_down_without_a_word(
    database: Database, dialogue: Dialogue, tmp_path: Path
) -> None:
    attempt_id, _ = on_the_line(database, tmp_path)
    talk(dialogue, Channel(attempt_id, hello="x"))
    second = talk(dialogue, Channel(attempt_id))
    assert (second.said, second.commands, second.variables) == ([], ["HANGUP"], {})


def test_after_the_red_button_nobody_is_greeted(database: Database, dialogue: Dialogue, tmp_path: Path) -> None:
    attempt_id, _ = on_the_line(database, tmp_path, hangup_asked_at=datetime.now(UTC))
    channel = talk(dialogue, Channel(attempt_id))
    assert (channel.said, channel.commands) == ([], ["HANGUP"])


@pytest.mark.parametrize("attempt_id", ["", "att-0", "att-" + "0" * 32, "'; drop table", "😀"])
def test_an_attempt_that_does_not_exist_is_left_to_the_dialplan(dialogue: Dialogue, attempt_id: str) -> None:
    channel = talk(dialogue, Channel(attempt_id))
    assert (channel.said, channel.commands, channel.variables) == ([], [], {})


@pytest.mark.parametrize("prompts", [{}, {"hello": {"file": "/x.wav", "sha256": "", "ms": 1}}, {"hello": {}}])
def test_a_talk_without_its_words_is_left_to_the_dialplan_and_not_taken(
    database: Database, dialogue: Dialogue, tmp_path: Path, prompts: dict[str, Any]
) -> None:
    attempt_id, _ = on_the_line(database, tmp_path, prompts=prompts)
    channel = talk(dialogue, Channel(attempt_id))
    assert (channel.said, channel.variables) == ([], {})
    assert attempt(database, attempt_id).answered_by == ""


def test_key_zero_hands_the_channel_to_the_operators(database: Database, dialogue: Dialogue, tmp_path: Path) -> None:
    attempt_id, _ = on_the_line(database, tmp_path)
    channel = talk(dialogue, Channel(attempt_id, who="1", keys="0"))
    assert channel.variables == {"SD_ROUTE": "human", "SD_OK": "1"}
    assert attempt(database, attempt_id).disposition == "human"


@pytest.mark.parametrize("fault", ["!", "?"])
def test_a_sound_or_an_exchange_that_fails_leaves_the_last_word_to_the_dialplan(
    database: Database, dialogue: Dialogue, tmp_path: Path, fault: str
) -> None:
    attempt_id, booking = on_the_line(database, tmp_path)
    channel = talk(dialogue, Channel(attempt_id, who="1", keys=fault))
    assert "SD_OK" not in channel.variables
    assert attempt(database, attempt_id).disposition == "human"
    assert state(database, booking) == "planned"


@pytest.mark.parametrize(
    "answer",
    [
        "HANGUP",
        "511 Command Not Permitted on a dead channel",
        "510 Invalid or unknown command",
        b"520-Invalid command syntax.  Proper usage follows:\n",
        "200 result=-1 endpos=0",
        "garbage",
        "200 result=\ufffd",
    ],
)
@pytest.mark.parametrize("command", ["SET AUTOHANGUP", "STREAM FILE", "WAIT FOR DIGIT"])
def test_whatever_the_exchange_answers_is_an_end_that_is_written(
    database: Database, dialogue: Dialogue, tmp_path: Path, command: str, answer: str | bytes
) -> None:
    """F13, B21: a typed end, no loop, nothing that nobody hears of."""
    attempt_id, booking = on_the_line(database, tmp_path)
    handlers = {"dialogue": dialogue}
    with FastAgiServer(
        ("127.0.0.1", 0), token="t", allowed_peers=["127.0.0.1"], handlers=handlers, command_seconds=2, media_seconds=2
    ) as server:
        with ScriptedCall(server.address, f"dialogue?t=t&att={attempt_id}") as call:
            call.answer("STREAM FILE", "200 result=0 endpos=8000")
            call.answer("WAIT FOR DIGIT", "200 result=0")

            def said(_: str) -> str | bytes:
                if isinstance(answer, bytes):  # and the connection ends in the middle of it
                    threading.Timer(0.2, call.connection.shutdown, (socket.SHUT_RDWR,)).start()
                return answer

            call.answer(command, said)
            call.serve(60)
        wait_for(lambda: not attempt(database, attempt_id).live, 20, "the end to be written")
        assert server.counters.errors == 0
    assert attempt(database, attempt_id).disposition in ("hung_up", "human", "machine")
    assert state(database, booking) == "planned"
