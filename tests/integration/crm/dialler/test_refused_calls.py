"""A refusal reaches a call that is on its way or rings, and leaves a talk alone (reliability.md F35)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from callflow.dialler.states import Disposition, TaskState
from crm.audit import Actor
from crm.db import Database
from crm.dialler import following, refusals, switches
from crm.dialler.tables import DialAttempt, DialTask
from tests.integration.crm.booking import booked
from tests.integration.crm.reminded import attempt_of, task_of
from tests.integration.crm.scenario import NOON

NOW = NOON + timedelta(hours=2)
OTHER = "+79070000999"


@pytest.mark.parametrize(
    ("state", "number", "ended"),
    [("sending", None, True), ("ringing", None, True), ("answered", None, False), ("ringing", OTHER, False)],
)
def test_a_refusal_ends_a_call_that_rings_there(town: Database, state: str, number: str | None, ended: bool) -> None:
    with town.transaction() as session:
        task = task_of(session, booked(session, at=NOON + timedelta(days=1)), at=NOW)
        attempt = attempt_of(session, task, at=NOW, state=state)
        refusals.refuse(
            session, number or task.number, task.person_id, refusals.ALL, "talk", NOW, by=Actor(None, "test")
        )
        assert switches.to_hang_up(session) == ([attempt.id] if ended else [])


def test_what_was_ended_for_it_is_looked_at_again_at_once(town: Database) -> None:
    """So that the rules can say «просили не звонить» now, and not in an hour."""
    with town.transaction() as session:
        task = task_of(session, booked(session, at=NOON + timedelta(days=1)), at=NOW)
        attempt = attempt_of(session, task, at=NOW)
        refusals.refuse(session, task.number, None, refusals.ROBOT, "letter", NOW, by=Actor(None, "test"))
        assert following.heard(session, attempt.id, "ended", "CANCEL", NOW) is not None
    with town.reading() as session:
        task = session.get_one(DialTask, task.id)
        assert (task.state, task.due_at) == (TaskState.DUE, NOW)
        assert session.get_one(DialAttempt, attempt.id).disposition == Disposition.WITHDRAWN
