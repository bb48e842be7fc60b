"""A task of the robot's that is claimed and ordered, as a worker does it."""

from __future__ import annotations

from datetime import datetime, timedelta

from callflow.dialler.rules import Live
from crm.db import Database
from crm.dialler import claiming, gating
from tests.integration.crm.scenario import NOON
from tests.support.dialling import LIVE

AFTERNOON = NOON + timedelta(hours=1, minutes=30)  # Thursday 13:30 in Moscow
ME = "worker-1"


def order(town: Database, at: datetime = AFTERNOON, live: Live = LIVE) -> gating.Gated:
    with town.transaction() as session:
        task = claiming.claim(session, ME, at)
        assert task is not None
        found = task.id
    with town.transaction() as session:
        return gating.gate(session, found, ME, at, live, mode="demo", prompts={})
