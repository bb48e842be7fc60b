"""A family's calls are counted when its telephone rang, not when an order was made: a trunk that fails leaves them.

The dialplan says «ringing» as it dials; whether anything rang the network says, and the call's last word keeps it.
"""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from callflow.dialler.states import Channel, TaskState
from crm.db import Database
from crm.dialler import facts, following
from crm.dialler.tables import DialAttempt, DialTask
from tests.integration.crm.dialler.ordering import AFTERNOON, order
from tests.support.dialling import LIVE

TRUNK_DOWN = "CONGESTION-34-503"
LAST_WORDS = (
    ("BUSY-17-486", True),
    ("NOANSWER-0-180-rang", True),
    ("NOANSWER-19-480-rang", True),
    ("NOANSWER-19-480", False),
    (f"{TRUNK_DOWN}-rang", True),
    (TRUNK_DOWN, False),
    ("NOANSWER-0-", False),
    ("CHANUNAVAIL-1-404", False),
    ("ANSWER-16-200-rang", True),
)


@pytest.mark.parametrize("heard_dialled", [True, False], ids=["all words", "the first word was lost"])
@pytest.mark.parametrize(("last_word", "rang"), LAST_WORDS, ids=[one[0] for one in LAST_WORDS])
def test_a_call_counts_if_a_telephone_rang(
    town: Database, task_id: int, last_word: str, rang: bool, heard_dialled: bool
) -> None:
    attempt = order(town).attempt
    assert attempt is not None
    later = AFTERNOON + timedelta(minutes=2)
    with town.transaction() as session:
        if heard_dialled:
            following.heard(session, attempt.id, "ringing", "", AFTERNOON)
        if last_word.startswith("ANSWER"):
            following.heard(session, attempt.id, "answered", "", AFTERNOON)
        following.heard(session, attempt.id, "ended", last_word, AFTERNOON + timedelta(seconds=20))
    with town.transaction() as session:
        found = session.scalars(select(DialAttempt).where(DialAttempt.task_id == task_id)).one()
        asked = facts.read(session, session.get_one(DialTask, task_id), later, LIVE, mode="demo")
        assert found.rang is rang
        counted = rang or found.live  # answered: its script still has the last word
        assert (asked.rang, asked.family_day) == (int(rang), int(counted))


def test_a_failing_trunk_uses_up_nothing_of_what_a_family_may_be_called(town: Database, task_id: int) -> None:
    for hour in range(2):
        at = AFTERNOON + hour * timedelta(minutes=61)
        attempt = order(town, at).attempt
        assert attempt is not None
        with town.transaction() as session:
            following.heard(session, attempt.id, "ringing", "", at)
            following.heard(session, attempt.id, "ended", TRUNK_DOWN, at)
    attempt = order(town, AFTERNOON + timedelta(minutes=122)).attempt
    assert attempt is not None, "two orders, and no telephone has rung"
    with town.reading() as session:
        task = session.get_one(DialTask, task_id)
        assert (task.channel, task.state) == (Channel.ROBOT, TaskState.CALLING)
