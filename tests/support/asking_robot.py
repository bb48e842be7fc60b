"""The robot that asks for a rating, for the files about real calls of that kind (`talking_robot`)."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from crm.dialler.tables import RATING, DialSubject, DialTask
from crm.journal_tables import JournalEntry
from crm.ratings.tables import Rating
from tests.integration.crm.rated_calls import solved
from tests.support.network import Arrived
from tests.support.talking_robot import ANNA, DEAF, LIMIT, TalkingRobot
from tests.support.wait import wait_for

HELLO = ["hello", "who"]
ASKED = [*HELLO, "survey_hello", "survey_ask"]


@dataclass
class Asking(TalkingRobot):
    """Asks Anna to rate Lavrova's work."""

    entry_id: int = 0

    def call(self) -> Arrived:
        """A case that waits for its rating, a task, the call; she is asked who she is."""

        def make(session: Session, at: datetime) -> DialTask:
            entry = solved(session, at)
            self.entry_id = entry.id
            task = DialTask(
                kind=RATING,
                service_id=entry.service_id,
                family_id=entry.family_id,
                person_id=entry.person_id,
                number=ANNA,
                channel="robot",
                state="calling",
                state_at=at,
                due_at=at,
                deadline=at.replace(year=at.year + 1),
                planned_at=at,
            )
            session.add(task)
            session.flush()
            session.add(DialSubject(task_id=task.id, entry_id=entry.id, occasion="rating"))
            session.flush()
            return task

        return self.ring(make)

    def asked(self) -> Arrived:
        """She has said that it is she, and hears the question."""
        call = self.call()
        self.press(call, "who 1")
        self.until(call, "survey_ask")
        return call

    def enter(self, call: Arrived, keys: str, *, pause: float = 0.2) -> None:
        """Press these keys one after another as soon as a key counts; the next one after `pause` seconds."""
        heard = self.network.samples(call) + DEAF
        wait_for(lambda: self.is_asked(call, heard), LIMIT, "her ear to hear on")
        self.since = self.network.samples(call)
        for place, key in enumerate(keys):
            if place:
                time.sleep(pause)
            self.network.press(call, key)

    def column_8(self) -> tuple[str, str]:
        """Of the case: where it stands, and its mark."""
        with self.records.reading() as session:
            entry = session.get_one(JournalEntry, self.entry_id)
            return entry.progress, entry.rating_mark

    def given(self) -> list[tuple[str, int | None, str]]:
        """Every answer there is."""
        with self.records.reading() as session:
            rows = select(Rating).where(Rating.entry_id == self.entry_id).order_by(Rating.id)
            return [(row.outcome, row.score, row.channel) for row in session.scalars(rows)]
