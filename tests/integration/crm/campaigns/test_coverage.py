"""Told of those entitled: by measure, by place, by status; nobody counted who may not be known of."""

from __future__ import annotations

import pytest
from sqlalchemy import delete, select

from crm.campaigns import coverage
from crm.db import Database
from crm.errors import NotFound
from crm.family_tables import Family
from crm.measures import telling
from crm.measures.tables import FamilyTold, SupportMeasure
from crm.measures.topics import topic_of_measure
from crm.papers import coverage_sheet
from crm.segments.tables import Segment
from tests.integration.crm.scenario import NOON, employee

TODAY = NOON.date()


@pytest.fixture
def measure_id(town: Database) -> int:
    """A measure for everybody of whom nobody was told."""
    with town.transaction() as session:
        segment = Segment(title="Все", conditions=[], created_at=NOON, changed_at=NOON)
        session.add(segment)
        session.flush()
        row = SupportMeasure(title="Новая мера", segment_id=segment.id, created_at=NOON, changed_at=NOON)
        session.add(row)
        session.flush()
        return row.id


def test_told_and_refused_are_counted_by_place_and_status(town: Database, measure_id: int) -> None:
    topic = topic_of_measure(measure_id)
    with town.transaction() as session:
        head = employee(session, "roshchina")
        before = coverage.of_topic(session, head, topic, TODAY).line
        telling.tell(session, 1, topic, outcome="told", channel="talk", at=NOON, measure_id=measure_id)
        telling.tell(session, 4, topic, outcome="refused", channel="talk", at=NOON, measure_id=measure_id)
        whole = coverage.of_topic(session, head, topic, TODAY)
        places = dict(session.execute(select(Family.id, Family.locality).where(Family.id.in_([1, 4]))).all())
    assert (before.told, before.percent) == (0, 0)
    assert (whole.line.told, whole.line.refused, whole.line.entitled) == (2, 1, before.entitled)
    assert sum(one.entitled or 0 for one in whole.places) == whole.line.entitled
    assert {one.title for one in whole.places if one.told} == set(places.values())
    assert next(one for one in whole.groups if one.title == "многодетная").told == 2
    assert not any("СОП" in one.title for one in whole.groups)


def test_a_restricted_family_is_not_even_counted(town: Database, measure_id: int) -> None:
    topic = topic_of_measure(measure_id)
    with town.transaction() as session:
        hidden = session.scalars(select(Family.id).where(Family.restricted)).all()
        for family_id in hidden:
            telling.tell(session, family_id, topic, outcome="told", channel="talk", at=NOON, measure_id=measure_id)
        known = coverage.of_topic(session, employee(session, "lavrova"), topic, TODAY).line
        everything = coverage.of_topic(session, employee(session, "roshchina"), topic, TODAY).line
    assert (known.told, everything.told) == (0, len(hidden))
    assert (everything.entitled or 0) - (known.entitled or 0) == len(hidden)


def test_who_was_told_stays_entitled_when_the_conditions_have_passed(town: Database, measure_id: int) -> None:
    topic = topic_of_measure(measure_id)
    with town.transaction() as session:
        measure = session.get_one(SupportMeasure, measure_id)
        never = [{"kind": "children", "how": "least", "count": 15}]
        session.get_one(Segment, measure.segment_id).conditions = never
        telling.tell(session, 1, topic, outcome="told", channel="talk", at=NOON, measure_id=measure_id)
        line = coverage.of_topic(session, employee(session, "roshchina"), topic, TODAY).line
    assert (line.told, line.entitled, line.percent) == (1, 1, 100)


def test_a_measure_for_nobody_in_particular_says_so(town: Database, measure_id: int) -> None:
    with town.transaction() as session:
        session.get_one(SupportMeasure, measure_id).segment_id = None
        session.execute(delete(FamilyTold))
        head = employee(session, "roshchina")
        line = coverage.of_topic(session, head, topic_of_measure(measure_id), TODAY).line
        assert (line.entitled, line.percent) == (None, None)
        with pytest.raises(NotFound):
            coverage.of_topic(session, head, "measure-999", TODAY)


def test_the_sheet_says_what_the_page_does(town: Database, measure_id: int) -> None:
    topic = topic_of_measure(measure_id)
    with town.transaction() as session:
        head, administrator = employee(session, "roshchina"), employee(session, "kim")
        telling.tell(session, 1, topic, outcome="told", channel="talk", at=NOON, measure_id=measure_id)
        filters = coverage_sheet.clean(session, {"topic": topic, "other": "x"}, head)
        assert filters == {"topic": topic}
        sheet, rows = coverage_sheet.prepare(session, filters, head, NOON)
        lines = list(rows)
        assert (sheet.heading_lines[1], lines[0][:2], lines[0][3]) == ("Новая мера", ("Всего", "Новая мера"), "1")
        every = list(coverage_sheet.prepare(session, {}, head, NOON)[1])
        assert "Новая мера" in [line[1] for line in every]
        for wrong in ({"topic": "measure-999"}, {"topic": "=cmd"}):
            with pytest.raises(NotFound):
                coverage_sheet.clean(session, wrong, head)
        with pytest.raises(NotFound):
            coverage_sheet.prepare(session, {}, administrator, NOON)
