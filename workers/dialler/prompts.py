"""Whether every word of a call is there before it is ordered (I20): made ahead, checked at the order."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from callflow.dialler.states import Channel, TaskState
from callflow.speech.templates import Unresolved
from crm.campaigns import script as campaigns
from crm.db import Database
from crm.dialler.tables import CAMPAIGN, RATING, REMINDER, DialTask
from crm.ratings import script as ratings
from crm.reminders import script as reminders
from workers.dialogue.kinds import Script
from workers.dialogue.prompts import are_whole, of_script
from workers.settings import ServiceSettings
from workers.speech.port import SpeechError
from workers.speech.voice import Voice

AHEAD = timedelta(minutes=10)
AT_ONCE = 5
"""Tasks of one round: a voice needs a second for a call's new words."""
log = logging.getLogger(__name__)

Finder = Callable[[Session, DialTask, datetime], Mapping[str, Any] | None]
SCRIPTS: Mapping[str, Callable[[Session, DialTask, datetime], Script]] = {
    REMINDER: reminders.script_of,
    CAMPAIGN: campaigns.script_of,
    RATING: ratings.script_of,
}
"""By `DialTask.kind`."""


def finder(settings: ServiceSettings, database: Database) -> Finder:
    """What finds the files of a task's pieces: piece → file and sha256; None while one of them cannot be had."""
    voice = Voice(settings, database)

    def find(session: Session, task: DialTask, at: datetime) -> Mapping[str, Any] | None:
        try:
            script = SCRIPTS[task.kind](session, task, at)
            prompts = of_script(script, voice.cache(task.service_id).file_of)
        except (SpeechError, Unresolved, ValueError) as error:
            log.warning("task %s has no words yet: %s", task.id, type(error).__name__)
            return None
        return prompts if are_whole(prompts) else None

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
