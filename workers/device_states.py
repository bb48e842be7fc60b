"""Watches the specialists' telephones: a thread of the listener keeps what the exchange says of them in the records.

Events only name an extension to look at; many within `GATHER_SECONDS` are one look. After each login, and once a
minute, everybody is looked at.
"""

from __future__ import annotations

import logging
import threading
from datetime import UTC, datetime

from sqlalchemy.exc import SQLAlchemyError

from crm.db import Database
from crm.specialists import devices
from crm.specialists.presence_words import Device
from telephony import device_states
from telephony.ami import AmiSession
from telephony.wire import Message
from workers.feed import Feed, Notice, NoticeKind

GATHER_SECONDS = 0.2
EVERY_SECONDS = 60.0
log = logging.getLogger(__name__)


class DeviceWatch:
    """What the wire's thread hears, and the thread that asks, writes and tells the browsers."""

    def __init__(self, exchange: AmiSession, database: Database, feed: Feed) -> None:
        self._exchange = exchange
        self._database = database
        self._feed = feed
        self._changed: set[str] = set()
        self._everybody = True
        self._guard = threading.Lock()
        self._news = threading.Event()

    def hear(self, message: Message) -> bool:
        """Take an event of the exchange; return whether it was one about a telephone. Never waits."""
        if message.event != "DeviceStateChange":
            return False
        extension = device_states.changed_extension(message)
        if extension is not None:
            with self._guard:
                self._changed.add(extension)
            self._news.set()
        return True

    def look_at_everybody(self) -> None:
        """After a login: nothing is known of what happened meanwhile."""
        with self._guard:
            self._everybody = True
        self._news.set()

    def run(self, stopping: threading.Event) -> None:
        """Until told to stop."""
        while not stopping.is_set():
            if self._news.wait(EVERY_SECONDS):
                stopping.wait(GATHER_SECONDS)
            else:
                self.look_at_everybody()
            self._news.clear()
            try:
                self.look(datetime.now(UTC))
            except SQLAlchemyError as error:
                log.warning("device states not written: %s", type(error).__name__)
                self.look_at_everybody()
                stopping.wait(1.0)

    def look(self, at: datetime) -> bool:
        """Ask about those who changed, keep the answers, tell the browsers; return whether anything changed."""
        with self._guard:
            wanted, everybody = self._changed, self._everybody
            self._changed, self._everybody = set(), False
        if not self._exchange.link.up:
            return False  # the next login asks about everybody
        with self._database.reading() as session:
            watched = devices.watched(session)
        asked = watched if everybody else watched & wanted
        answers = {one: device_states.ask(self._exchange, one) for one in sorted(asked)}
        known = {extension: Device(state) for extension, state in answers.items() if state is not None}
        if not known:
            return False
        with self._database.transaction() as session:
            changed = devices.note(session, known, at)
        if changed:
            self._feed.publish([Notice(NoticeKind.PRESENCE)])
        return changed
