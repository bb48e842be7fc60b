"""The robot's key and a colleague's page rate one case at the same moment: one answer stands, and counts once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from sqlalchemy import select

from crm.audit import AuditEvent
from crm.db import Database
from crm.errors import RecordsError
from crm.ratings import by_phone, giving, reports
from crm.ratings.efficiency import Efficiency, quarter_of
from tests.integration.crm.rated_calls import LATER, calling, entry, plan, solved, tasks
from tests.integration.crm.surveys import person


def quarter(town: Database, case_id: int) -> Efficiency:
    with town.reading() as session:
        service = reports.service_of(session, entry(town, case_id).service_id)
        year, number = quarter_of(LATER, reports.zone_of(service))
        return reports.report(session, service.id, year, number).efficiency


@pytest.mark.parametrize("mark", [8, None])
def test_the_faster_one_counts(town: Database, mark: int | None) -> None:
    """`mark`: what the family says on the page, None for a refusal; to the robot it says 3."""
    with town.transaction() as session:
        case_id = solved(session).id
    plan(town)
    with town.transaction() as session:
        attempt_id = calling(session, tasks(town)[0], LATER).id
    before, together = quarter(town, case_id), Barrier(2)

    def by_key() -> str:
        together.wait(30)
        try:
            with town.transaction() as session:
                by_phone.give_by_key(session, attempt_id, 3, LATER)
        except RecordsError:
            return "late"
        return "3"

    def on_the_page() -> str:
        together.wait(30)
        try:
            with town.transaction() as session:
                giving.give(
                    session, case_id, outcome="score" if mark else "refused", score=mark, channel="human_call",
                    taken_by=person(session, "zayac"), given_at=LATER, at=LATER,
                )  # fmt: skip
        except RecordsError:
            return "late"
        return str(mark or "отказ от оценки")

    with ThreadPoolExecutor(2) as pool:
        said = [one.result() for one in (pool.submit(by_key), pool.submit(on_the_page))]
    assert said.count("late") == 1, said
    first = next(one for one in said if one != "late")
    found = entry(town, case_id)
    assert (found.progress, found.rating_mark) == ("closed", first)
    after = quarter(town, case_id)
    score = int(first) if first.isdigit() else 0
    assert (after.total - before.total, after.raters - before.raters) == (score, int(score > 0))
    with town.transaction() as session:
        assert len(giving.of_entry(session, case_id)) == 1
        by_phone.settle(session, LATER)
        assert len(giving.of_entry(session, case_id)) == 1
        given = select(AuditEvent.seq).where(AuditEvent.action == "rating.give", AuditEvent.subject_id == str(case_id))
        assert len(session.scalars(given).all()) <= 1
