"""What the calling worker does. Each job takes one row's id, claims the row, acts once, and writes the result.

Named by string in `workers.queues`; a job that finds its row taken or finished does nothing.
"""

from __future__ import annotations

import logging
import threading
import urllib.parse
from datetime import UTC, datetime

from crm import heartbeat, training
from crm.db import Database, open_database
from crm.training import TrainingCall
from telephony import variables
from telephony.ami import AmiSession
from telephony.link import ActionRefused, AmiAddress, AmiError
from telephony.originate import compose_originate
from workers import doctor, paper_runner
from workers.exchange import ami_address, town_sounds
from workers.provision.errors import ProvisionError
from workers.provision.machine import cache_folder
from workers.provision.speech import find_speech
from workers.settings import ServiceSettings, load
from workers.speech.port import SpeechError
from workers.town_voice import speak

LINK_SECONDS = 5.0
BUILT_IN_SOUNDS = frozenset({"", "tone", "silence"})
"""Sounds of the town's dialplan; '' plays Asterisk's own demonstration."""
log = logging.getLogger(__name__)


def place_training_call(training_call_id: int) -> None:
    """Have a townsman call one of our numbers («Учебный звонок»); demo mode only."""
    settings = load(ServiceSettings)
    database = open_database(settings)
    try:
        with database.transaction() as session:
            call = training.claim(session, training_call_id)
        if call is not None:
            _place(settings, database, call)
    finally:
        database.dispose()


def examine_everything() -> None:
    """Look at every part (`family-dispatch doctor`) and leave the result where the administrator's page finds it."""
    settings = load(ServiceSettings)
    checks = doctor.examine(settings)
    database = open_database(settings)
    try:
        with database.transaction() as session:
            heartbeat.beat(session, doctor.REPORT, datetime.now(UTC), doctor.to_detail(checks))
    finally:
        database.dispose()


def make_papers() -> None:
    """Have the runner of this process look for exports and imports that wait; they take longer than a job may."""
    paper_runner.wake()


def _place(settings: ServiceSettings, database: Database, call: TrainingCall) -> None:
    state, error = "failed", "Учебные звонки есть только в учебном режиме."
    if settings.mode == "demo":
        try:
            _originate(ami_address(settings), call, _sound(settings, call.say))
            state, error = "ringing", ""
        except (ProvisionError, SpeechError) as problem:
            log.warning("training call %s not spoken: %s", call.id, type(problem).__name__)
            error = "Слова звонящего не удалось озвучить. Повторите без них."
        except ActionRefused:
            error = "АТС отказалась начать звонок."
        except AmiError as problem:
            log.warning("training call %s not placed: %s", call.id, type(problem).__name__)
            error = "Нет связи с АТС. Проверьте раздел «Проверка системы»."
    with database.transaction() as session:
        training.settle(session, call.channel_id, state, datetime.now(UTC), error)


def _sound(settings: ServiceSettings, say: str) -> str:
    """What the dialplan plays for these words: a built-in sound, or a file spoken for them in the town's folder."""
    if say in BUILT_IN_SOUNDS:
        return say
    program = find_speech(cache_folder(), lambda line: log.info("%s", line))
    return speak(program, say, town_sounds(settings))


def _originate(address: AmiAddress, call: TrainingCall, sound: str) -> None:
    """Send the order once; the answer «queued» is all that this job waits for."""
    up = threading.Event()
    session = AmiSession(address, on_event=lambda _message: None, on_link=lambda link: up.set() if link.up else None)
    session.start()
    try:
        up.wait(LINK_SECONDS)
        answer = session.send(
            compose_originate(
                action_id=f"{call.channel_id}-order",
                channel_id=call.channel_id,
                exten="call",
                context=variables.TOWN_OUT,
                to_exten="talk",
                to_context=variables.TOWN_OUT,
                variables=_town_variables(call, sound),
                timeout_seconds=300,
            )
        )
        if not answer.succeeded:
            raise ActionRefused("originate")
    finally:
        session.stop()


def _town_variables(call: TrainingCall, sound: str) -> dict[str, str]:
    """What the townsman's side of the dialplan reads; the wire takes printable ASCII only."""
    return {
        variables.SD_TOWN_FROM: call.from_number,
        variables.SD_TOWN_NAME: urllib.parse.quote(call.from_name),
        variables.SD_TOWN_TO: call.to_did,
        variables.SD_TOWN_SAY: sound,
        variables.SD_TOWN_KEYS: call.keys,
        variables.SD_TOWN_HOLD: str(call.hold_seconds),
        variables.SD_TOWN_HOURS: call.hours,
    }
