"""The robot in a real call with a family that has ears and a keypad: what is shared by the files about its dialogues.

Each text is a tone of its own, so the ear tells which text was played when; keys are RFC 4733, as telephones send them.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from crm import demo, schema
from crm.db import Database
from crm.dialler.tables import DialAttempt, DialEvent, DialSubject, DialTask
from telephony.config.dialling import DiallingPlan, WindowPlan
from telephony.config.plan import LinePlan, TrunkPlan
from telephony.dial_orders import DialOrder, order_headers
from telephony.fastagi import FastAgiServer
from tests.integration.crm.reminded import attempt_of
from tests.support.ami_tap import AmiTap
from tests.support.exchange import DID, LiveExchange
from tests.support.listening_network import ListeningNetwork, Tones
from tests.support.network import Arrived
from tests.support.robot_rig import DEMO_LINE
from tests.support.wait import wait_for
from workers.dialler.prompts import SCRIPTS
from workers.dialogue import prompts
from workers.dialogue.handler import Dialogue
from workers.settings import ServiceSettings
from workers.speech.voice import Voice

KEY = "a-key-for-tests-only-0123456789abcdef"
ANNA = "+79070000101"
DEAF = 2800
"""Samples after which a key counts: 300 ms and a little."""
LIMIT = 40
"""Seconds for anything to happen on a machine that does much else."""


@contextmanager
def robots_exchange(network: ListeningNetwork) -> Iterator[LiveExchange]:
    """An exchange whose robot may call this network at any time."""
    now = int(time.time())
    with LiveExchange(
        town_bind=None,
        town=(),
        trunk=TrunkPlan(peers=("127.0.0.2",), contact=network.address),
        lines=(LinePlan(did=DID, queue="family"), LinePlan(did=DEMO_LINE, queue="family")),
        dialling=DiallingPlan(
            lines=3,
            trunk_lines=6,
            synthetic=True,
            start_seconds=30,
            windows=(WindowPlan(queue="family", spans=((now - 3600, now + 7200),)),),
        ),
    ) as exchange:
        yield exchange


def demo_town(path: Path) -> Path:
    """The demo's town as of now, in this file."""
    url = f"sqlite:///{path}"
    schema.upgrade(url)
    database = Database(url, KEY)
    with database.transaction() as session:
        demo.load(session, KEY, datetime.now(UTC))
    database.dispose()
    return path


@contextmanager
def copy_of(town: Path, folder: Path) -> Iterator[Database]:
    """Records of one's own."""
    shutil.copy(town, folder / "town.db")
    database = Database(f"sqlite:///{folder / 'town.db'}", KEY)
    yield database
    database.dispose()


@contextmanager
def voice_and_dialogue(
    exchange: LiveExchange, records: Database, folder: Path
) -> Iterator[tuple[Voice, Tones, Dialogue]]:
    """The FastAGI process's part, with a voice of tones; an exception that nobody hears of fails the test."""
    settings = ServiceSettings(data_dir=folder, secret_key=KEY, _env_file=None)  # type: ignore[call-arg]
    tones = Tones()
    voice = Voice(settings, records, tones)
    dialogue = Dialogue(records, settings, voice=voice)
    dialogue._patience.seconds = 20
    server = FastAgiServer(
        (exchange.plan.agi.host, exchange.plan.agi.port),
        token=exchange.plan.agi_token,
        allowed_peers=["127.0.0.0/8"],
        handlers={"dialogue": dialogue},
        environment_seconds=20,
        command_seconds=20,
    )
    with server:
        yield voice, tones, dialogue
        exchange.reset()
        assert server.counters.errors == 0, "an exception that nobody hears of"
    dialogue.close()


@dataclass
class TalkingRobot:
    """Calls Anna, as the worker would, and hears with her ears."""

    exchange: LiveExchange
    tap: AmiTap
    network: ListeningNetwork
    records: Database
    voice: Voice
    tones: Tones
    dialogue: Dialogue
    texts: Mapping[str, str] = field(default_factory=dict)
    """The words of the call, by piece."""
    attempt_id: str = ""
    since: int = 0
    """Where in the call's sound her last key was pressed."""

    def ring(self, make: Callable[[Session, datetime], DialTask]) -> Arrived:
        """The attempt of the task that `make` writes, with its prompts; the order; she answers."""
        at = datetime.now(UTC)
        with self.records.transaction() as session:
            task = make(session, at)
            session.refresh(task)
            script = SCRIPTS[task.kind](session, task, at)
            self.texts = dict(script.words)
            attempt = attempt_of(session, task, at=at, state="sending")
            attempt.kind = task.kind
            attempt.prompts = prompts.of_script(script, self.voice.file_of)
            self.attempt_id = attempt.id
        before, self.since = len(self.network.calls), 0
        until = datetime.now(UTC) + timedelta(seconds=30)
        self.tap.send(order_headers(DialOrder(self.attempt_id, ANNA, until, DID, 20)))
        wait_for(
            lambda: len(self.network.calls) > before, LIMIT, f"the call to arrive: {self.exchange.output()[-2000:]}"
        )
        return self.network.calls[-1]

    def names(self) -> dict[int, str]:
        """Tone → the piece that it stands for; what was spoken in the talk itself by its first word."""
        known = {self.tones.tone_of(text): name for name, text in self.texts.items()}
        spoken = {tone: text.split()[0] for text, tone in self.tones.frequencies.items()}
        return spoken | known

    def until(self, call: Arrived, piece: str) -> None:
        """She hears this piece."""
        tone = next(tone for tone, name in self.names().items() if name == piece)
        look = self.network.heard_since(call, tone, self.since)
        try:
            wait_for(look, LIMIT)
        except AssertionError:
            heard, live = self.heard(call), call.live
            raise AssertionError(f"{piece} was not heard, but {heard}; live: {live}; {self.story()}") from None
        self.since = self.network.samples(call)

    def until_spoken(self, call: Arrived, first_word: str) -> None:
        """As `until`, for words that are made in the talk."""
        wait_for(lambda: first_word in self.names().values(), LIMIT, f"«{first_word}» to be spoken: {self.story()}")
        self.until(call, first_word)

    def press(self, call: Arrived, *steps: str) -> None:
        """«who 1»: as soon as she hears `who` and has done so for longer than keys are ignored, she presses 1."""
        for step in steps:
            piece, key = step.split()
            self.until_spoken(call, piece) if piece[0].isupper() else self.until(call, piece)
            heard = self.network.samples(call) + DEAF
            wait_for(lambda heard=heard: self.is_asked(call, heard), LIMIT, "her ear to hear on")
            self.since = self.network.samples(call)
            self.network.press(call, key)

    def is_asked(self, call: Arrived, heard: int) -> bool:
        """Whether a key counts now: she has heard so much, or the question is over and waits for her."""
        return self.network.samples(call) > heard or self.network.is_quiet(call)

    def over(self, call: Arrived) -> None:
        """Both the call and what is written of it."""
        wait_for(lambda: not call.live, LIMIT, f"the call to end, it heard {self.heard(call)}")
        wait_for(lambda: not self.attempt().live, LIMIT, f"the attempt to end: {self.story()}")

    def heard(self, call: Arrived) -> list[str]:
        return self.network.order_of(call, self.names())

    def attempt(self) -> DialAttempt:
        with self.records.reading() as session:
            return session.get_one(DialAttempt, self.attempt_id)

    def task(self) -> DialTask:
        with self.records.reading() as session:
            return session.get_one(DialTask, self.attempt().task_id)

    def subjects(self) -> list[str]:
        with self.records.reading() as session:
            rows = select(DialSubject).where(DialSubject.task_id == self.attempt().task_id).order_by(DialSubject.id)
            return [row.outcome for row in session.scalars(rows)]

    def story(self) -> list[tuple[str, str]]:
        with self.records.reading() as session:
            rows = select(DialEvent).where(DialEvent.attempt_id == self.attempt_id).order_by(DialEvent.id)
            return [(row.what, row.detail) for row in session.scalars(rows)]

    def ended(self) -> tuple[str, str]:
        """The attempt's disposition, and what the task has become (`human`: it is in the human list)."""
        task = self.task()
        return self.attempt().disposition, "human" if task.channel == "human" else task.state
