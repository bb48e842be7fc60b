"""What the lines need now and then: prompts spoken, voice messages taken in, ring orders that begin on a date.

A thread of the calling worker: nothing of it is urgent, and the listener has calls to hear.
"""

from __future__ import annotations

import logging
import threading
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

from sqlalchemy.exc import SQLAlchemyError

from crm import exchange_state
from crm.db import Database
from crm.lines import ring_order
from workers import exchange, prompts, voice_messages
from workers.exchange_voice import prompts_dir
from workers.provision.errors import ProvisionError
from workers.provision.machine import cache_folder
from workers.provision.speech import SpeechProgram, find_speech
from workers.settings import ServiceSettings
from workers.town_voice import sound_of

EVERY_SECONDS = 2.0
MINUTE = timedelta(minutes=1)
AGAIN_AFTER = timedelta(minutes=10)
"""How long nobody asks again for a speech program that could not be had."""
log = logging.getLogger(__name__)


class LineUpkeep:
    """The thread. `start` once; `stop` waits for the file that is being made."""

    def __init__(self, settings: ServiceSettings, database: Database) -> None:
        self._settings = settings
        self._database = database
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="lines", daemon=True)
        self._program: SpeechProgram | None = None
        self._orders: dict[int, str] | None = None
        self._looked: datetime | None = None
        self._refused: datetime | None = None

    def start(self) -> None:
        """Begin."""
        self._thread.start()

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

    def _speak(self, now: datetime) -> None:
        if self._settings.exchange != "embedded" or (self._refused and now - self._refused < AGAIN_AFTER):
            return
        with self._database.reading() as session:
            folders = list(prompts.wanted(session, now))
        if self._program is None:
            try:
                self._program = find_speech(cache_folder(), partial(log.info, "%s"))
            except ProvisionError as error:
                self._refused = now
                log.warning("no speech program: %s", type(error).__name__)
                return
        speak = partial(sound_of, self._program)
        for want in folders:
            if self._stopping.is_set():
                return
            folder = prompts_dir(self._settings, want.queue)
            made = prompts.update(folder, want, speak, self._music(), self._stopping.is_set)
            if made:
                log.info("prompts of %s: %s made", want.queue, made)

    def _music(self) -> Path | None:
        try:
            return exchange.program_of(self._settings).data_dir / "moh"
        except (OSError, ValueError, KeyError):
            return None
