"""What the lines need now and then: prompts spoken, voice messages taken in, ring orders that begin on a date.

A thread of the calling worker: nothing of it is urgent, and the listener has calls to hear.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

from sqlalchemy.exc import SQLAlchemyError

from callflow.speech import speakable
from crm import exchange_state
from crm.db import Database
from crm.lines import ring_order
from workers import exchange, prompts, voice_messages
from workers.exchange_voice import prompts_dir
from workers.provision.errors import ProvisionError
from workers.provision.machine import cache_folder
from workers.settings import ServiceSettings
from workers.speech import engines
from workers.speech.cache import SpeechCache, Spoken
from workers.speech.port import SpeechError
from workers.speech.voice import Voice

EVERY_SECONDS = 2.0
MINUTE = timedelta(minutes=1)
AGAIN_SECONDS = 6 * 3600.0
"""How long nobody asks again for a speech program that could not be had."""
log = logging.getLogger(__name__)


class LineUpkeep:
    """The thread. `start` once; `stop` waits for the file that is being made."""

    def __init__(self, settings: ServiceSettings, database: Database) -> None:
        self._settings = settings
        self._database = database
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="lines", daemon=True)
        self._fetching = threading.Thread(target=self._fetch, name="voice", daemon=True)
        self._voice = Voice(settings, database)
        self._orders: dict[int, str] | None = None
        self._looked: datetime | None = None

    def start(self) -> None:
        """Begin."""
        self._thread.start()
        self._fetching.start()

    def stop(self) -> None:
        """End."""
        self._stopping.set()
        self._thread.join(timeout=10)

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                self.round(datetime.now(UTC))
            except (OSError, SQLAlchemyError) as error:
                log.warning("lines: again in two seconds: %s", type(error).__name__)
            self._stopping.wait(EVERY_SECONDS)

    def round(self, now: datetime) -> None:
        """Do what is due at `now` (aware)."""
        data = self._settings.data_dir
        folder = voice_messages.folder_of(data)
        voice_messages.take_in(self._database, voice_messages.spool_of(data), folder, now)
        voice_messages.find_calls(self._database)
        if self._looked is not None and now - self._looked < MINUTE:
            return
        voice_messages.keep_order(self._database, folder, now)
        self._follow_dates(now)
        self._speak(now)
        self._looked = now

    def _follow_dates(self, now: datetime) -> None:
        """An assignment or an absence that begins or ends by itself changes who is rung first: the exchange is told."""
        with self._database.reading() as session:
            found = {line: order.queue for line, order in ring_order.orders(session, now).items()}
        if self._orders is not None and found != self._orders:
            with self._database.transaction() as session:
                exchange_state.touch(session)
        self._orders = found

    def _fetch(self) -> None:
        """Get the best voice that can be had, while another one speaks: it may take minutes."""
        while not self._stopping.is_set():
            try:
                choice = engines.fetch(self._settings.speech, cache_folder(), lambda line: log.info("%s", line))
            except ProvisionError as error:
                log.warning("no voice: %s", error.detail)
            else:
                for sentence in choice.lacking:
                    log.warning("%s", sentence)
                log.info("voice: %s", choice.speech.name)
                if not choice.lacking:
                    return
            self._stopping.wait(AGAIN_SECONDS)

    def _speak(self, now: datetime) -> None:
        if self._settings.exchange != "embedded":
            return
        self._voice.sweep(now)
        with self._database.reading() as session:
            folders = list(prompts.wanted(session, now))
        for want in folders:
            if self._stopping.is_set():
                return
            try:
                cache, recorded = self._voice.cache(want.service_id), self._voice.recorded(want.service_id)
                engine = self._voice.speech.name
            except SpeechError:
                return  # one is being fetched

            def mark(text: str, engine: str = engine, recorded: Mapping[str, Spoken] = recorded) -> str:
                phrase = recorded.get(speakable(text))
                return phrase.sha256 if phrase else engine

            folder = prompts_dir(self._settings, want.queue)
            speak = partial(_say, cache)
            made = prompts.update(folder, want, speak, self._music(), stopping=self._stopping.is_set, mark=mark)
            if made:
                log.info("prompts of %s: %s made", want.queue, made)
            self._speak_ahead(cache, want.ahead)

    def _speak_ahead(self, cache: SpeechCache, words: Sequence[str]) -> None:
        """What the robot says to everybody lies ready, and stays: only names and times are left for the call."""
        for text in words:
            if self._stopping.is_set():
                return
            try:
                cache.file_of(text, personal=False)
            except SpeechError as error:
                log.warning("a text of the robot not spoken ahead: %s", error)

    def _music(self) -> Path | None:
        try:
            return exchange.program_of(self._settings).data_dir / "moh"
        except (OSError, ValueError, KeyError):
            return None


def _say(cache: SpeechCache, text: str) -> bytes:
    """The sound of a prompt. The cache need not keep it: the prompts' folder does."""
    return cache.file_of(text).path.read_bytes()
