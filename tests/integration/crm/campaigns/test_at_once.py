"""Two dispatchers press «следующая семья» in the same moment: neither waits for the other's family."""

from __future__ import annotations

from sqlalchemy import text

from crm.campaigns import worklist
from crm.db import Database
from tests.integration.crm.campaigns.made import AFTERNOON, launched, plan
from tests.integration.crm.scenario import employee


def taken(town: Database, login: str) -> int:
    with town.transaction() as session:
        if town.engine.dialect.name == "postgresql":
            session.execute(text("SET LOCAL lock_timeout = '5s'"))
        item = worklist.take_next(session, employee(session, login), AFTERNOON, mode="demo")
        assert item is not None
        return item.task.id


def test_a_family_that_a_colleague_is_taking_is_passed_over(town: Database) -> None:
    launched(town)
    plan(town)
    if town.engine.dialect.name != "postgresql":  # it has one writer at a time
        assert taken(town, "lavrova") != taken(town, "zayac")
        return
    with town.transaction() as session:
        item = worklist.take_next(session, employee(session, "lavrova"), AFTERNOON, mode="demo")
        assert item is not None
        session.flush()
        assert taken(town, "zayac") != item.task.id, "she has not committed yet, and he has the next"
