"""The process that talks is stopped in the middle of a word: the dialplan takes the family back by itself (issue 5)."""

from __future__ import annotations

import multiprocessing
import os
import signal
import time
from collections.abc import Iterator
from multiprocessing.connection import Connection
from pathlib import Path

import pytest

from crm.db import Database
from telephony.config.dialling import TALK_SECONDS
from telephony.fastagi import FastAgiServer
from tests.asterisk.robot.test_reminder_dialogue import Robot
from tests.support.ami_tap import AmiTap
from tests.support.exchange import LiveExchange
from tests.support.listening_network import ListeningNetwork, Tones
from tests.support.network import Behaviour
from tests.support.talking_robot import KEY, LIMIT
from tests.support.wait import wait_for
from workers.dialogue.handler import Dialogue
from workers.settings import ServiceSettings
from workers.speech.voice import Voice


@pytest.fixture
def robot(
    exchange: LiveExchange, tap: AmiTap, network: ListeningNetwork, records: Database, tmp_path: Path
) -> Iterator[Robot]:
    network.behaves = Behaviour(talk=None)
    settings, tones = _settings(tmp_path), Tones()
    voice = Voice(settings, records, tones)
    dialogue = Dialogue(records, settings, voice=voice)  # only its records are asked: it talks with nobody
    yield Robot(exchange, tap, network, records, voice, tones, dialogue)
    exchange.reset()
    dialogue.close()


@pytest.fixture
def speaker(robot: Robot, tmp_path: Path) -> Iterator[int]:
    """The FastAGI process; its id."""
    ours, theirs = multiprocessing.Pipe()
    plan = robot.exchange.plan
    process = multiprocessing.get_context("spawn").Process(
        target=speak, args=(tmp_path, (plan.agi.host, plan.agi.port), plan.agi_token, theirs)
    )
    process.start()
    assert ours.poll(120)
    assert process.pid is not None
    yield process.pid
    os.kill(process.pid, signal.SIGKILL)
    process.join(20)


def speak(folder: Path, address: tuple[str, int], token: str, pipe: Connection) -> None:
    """Nothing but the dialogue, until it is killed."""
    records = Database(f"sqlite:///{folder / 'town.db'}", KEY)
    settings = _settings(folder)
    dialogue = Dialogue(records, settings, voice=Voice(settings, records, Tones()))
    handlers = {"dialogue": dialogue}
    with FastAgiServer(address, token=token, allowed_peers=["127.0.0.0/8"], handlers=handlers):
        pipe.send("ready")
        time.sleep(3600)


def _settings(folder: Path) -> ServiceSettings:
    return ServiceSettings(data_dir=folder, secret_key=KEY, _env_file=None)  # type: ignore[call-arg]


@pytest.mark.timeout(400)
@pytest.mark.parametrize("piece", ["who", "keys"])
def test_a_stopped_process_leaves_nobody_in_silence(robot: Robot, speaker: int, piece: str) -> None:
    call = robot.call()
    if piece == "keys":
        robot.press(call, "who 1")
    robot.until(call, piece)
    os.kill(speaker, signal.SIGSTOP)
    stopped_at = time.time()
    wait_for(lambda: call.ended_by == "BYE", LIMIT, "the dialplan to take him back")
    assert call.ended_at - stopped_at < TALK_SECONDS / 3
    wait_for(lambda: b"State: broken" in robot.tap.raw, LIMIT, "the neutral sentence")
    assert robot.booking().state == "planned"
