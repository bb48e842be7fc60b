"""Whether every word of a call is there before it is ordered (I20): made ahead, checked at the order."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from callflow.dialler.states import Channel, TaskState
from callflow.speech.templates import Unresolved
from crm.campaigns import script as campaigns
from crm.db import Database
from crm.dialler.service_words import OfService, of_service
from crm.dialler.tables import CAMPAIGN, RATING, REMINDER, DialTask
from crm.ratings import script as ratings
from crm.reminders import script as reminders
from workers.dialogue.kinds import Script
from workers.dialogue.prompts import are_whole, of_script
from workers.settings import ServiceSettings
from workers.speech.cache import SpeechCache, Spoken
from workers.speech.port import SpeechError
from workers.speech.voice import Voice

AHEAD = timedelta(minutes=10)
AT_ONCE = 5
"""Tasks of one round: a voice needs a second for a call's new words."""
KEPT_SECONDS: Final = 60.0
"""How long nobody looks whether there is a better engine now; and files that are used are asked for that often, for one
that nobody has asked for in a day is deleted."""
MOST_KEPT: Final = 256
log = logging.getLogger(__name__)

Finder = Callable[[Session, DialTask, datetime], Mapping[str, Any] | None]
SCRIPTS: Mapping[str, Callable[..., Script]] = {
    REMINDER: reminders.script_of,
    CAMPAIGN: campaigns.script_of,
    RATING: ratings.script_of,
}
"""By `DialTask.kind`: of a session, a task, a moment, and what is known of its service (`OfService`)."""


@dataclass(frozen=True)
class _Kept:
    """What the calls of one service say alike, and the files in which it was found; nothing of it outlives a change of
    its words."""

    service: OfService
    cache: SpeechCache
    until: float
    files: dict[str, Spoken] = field(default_factory=dict)

    def file_of(self, text: str) -> Spoken:
        """As `SpeechCache.file_of`, which reads the file anew every time."""
        if (found := self.files.get(text)) is None:
            if len(self.files) >= MOST_KEPT:
                self.files.clear()
            found = self.files[text] = self.cache.file_of(text)
        return found


def finder(settings: ServiceSettings, database: Database) -> Finder:
    """What finds the files of a task's pieces: piece → file and sha256; None while one of them cannot be had."""
    voice = Voice(settings, database)
    kept: dict[int, _Kept] = {}

    def of(session: Session, service_id: int, at: datetime) -> _Kept:
        before = kept.get(service_id)
        service = of_service(session, service_id, at, before.service if before is not None else None)
        if before is None or service is not before.service or time.monotonic() > before.until:
            before = kept[service_id] = _Kept(service, voice.cache(service_id), time.monotonic() + KEPT_SECONDS)
        return before

    def find(session: Session, task: DialTask, at: datetime) -> Mapping[str, Any] | None:
        try:
            alike = of(session, task.service_id, at)
            script = SCRIPTS[task.kind](session, task, at, alike.service)
            for _ in range(2):
                if are_whole(prompts := of_script(script, alike.file_of)):
                    return prompts
                alike.files.clear()  # one of them has gone since: it is made anew
        except (SpeechError, Unresolved, ValueError) as error:
            log.warning("task %s has no words yet: %s", task.id, type(error).__name__)
        return None

    return find


def prepare(database: Database, find: Finder, now: datetime) -> int:
    """Speak ahead what will be said in the next minutes; return for how many tasks everything is there."""
    soon = (
        select(DialTask)
        .where(
            DialTask.channel == Channel.ROBOT.value,
            DialTask.state == TaskState.DUE.value,
            DialTask.due_at <= now + AHEAD,
            DialTask.deadline > now,
        )
        .order_by(DialTask.due_at, DialTask.id)
        .limit(AT_ONCE)
    )
    with database.reading() as session:
        return sum(find(session, task, now) is not None for task in session.scalars(soon).all())
