"""A family without consent to robots is in no robot's queue, whatever the head sets (domain.md §3.2, §11): not by
any of the planners, and a task that stood there all the same is not let out by the gate.

The family agreed when everything was launched and booked, and has no consent when it is planned: nothing is remembered.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from callflow.dialler import window
from callflow.dialler.rules import Rule
from callflow.dialler.states import Channel, TaskState
from crm.audit import Actor
from crm.campaigns import launching
from crm.campaigns import planning as campaigns
from crm.campaigns.running import note_heard
from crm.campaigns.tables import Campaign
from crm.consents.tables import Consent
from crm.db import Database
from crm.dialler import claiming, gating, refusals
from crm.dialler.tables import DialAttempt, DiallerSettings, DialTask
from crm.family_tables import Person, Phone
from crm.ratings import planning as ratings
from crm.reminders import planning as reminders
from tests.integration.crm.booking import booked, of_family
from tests.integration.crm.campaigns import made
from tests.integration.crm.rated_calls import solved
from tests.integration.crm.scenario import NOON, employee
from tests.support.dialling import LIVE, agrees, robot_on
from tests.support.open_window import always

KINDS = {"reminder", "campaign", "rating"}
AT = made.AFTERNOON
WITHOUT = ["never asked", "refused", "withdrawn", "not this telephone", "only another person", "key 9"]
HEADS = st.fixed_dictionaries(
    {
        "robot_on": st.booleans(),
        "lines": st.integers(1, 10),
        "trunk_lines": st.integers(2, 20),
        "per_second": st.integers(1, 10),
        "ring_seconds": st.integers(15, 60),
        "gap_minutes": st.integers(0, 240),
        "attempts": st.integers(1, 5),
        "per_day": st.integers(1, 20),
        "per_week": st.integers(1, 60),
        "per_month": st.integers(1, 200),
        "per_service_day": st.integers(1, 5000),
        "plan": st.fixed_dictionaries({}, optional={"rate_by_robot": st.booleans()}),
    }
)
CAMPAIGNS = st.fixed_dictionaries(
    {"rest_by_people": st.booleans(), "standing": st.booleans(), "per_day": st.integers(1, 500)}
)


class Undone(Exception):
    """Ends an example's transaction."""


@contextmanager
def undone(town: Database) -> Iterator[Session]:
    """A transaction of which nothing stays: the next example begins where this one did."""
    try:
        with town.transaction() as session:
            yield session
            raise Undone
    except Undone:
        pass


@pytest.fixture
def person_id(town: Database, monkeypatch: pytest.MonkeyPatch) -> int:
    """Somebody who agreed, and has a booking, a solved case, and a place in a campaign of the robot's."""
    monkeypatch.setattr(window, "spans", always)
    with town.transaction() as session:
        robot_on(session, 1, NOON)
        family = of_family(session, 1)
        agrees(session, family.people[0], NOON)
        booked(session, "vorobey", at=NOON + timedelta(days=4)).booked_at = NOON - timedelta(days=1)
        solved(session, NOON - timedelta(days=1))
        person_id = family.people[0].id
    campaign_id = made.drafted(town, channel="robot", rest_by_people=True, conditions=made.LARGE)
    with town.transaction() as session:
        note_heard(session, campaign_id, employee(session, "roshchina"), AT)
    made.tried(town, campaign_id)
    with town.reading() as session:
        head, version = employee(session, "roshchina"), session.get_one(Campaign, campaign_id).version
    launching.launch(town, campaign_id, version, head, AT, mode="demo")
    return person_id


def take_away(session: Session, how: str, person: Person) -> None:
    """Nobody of the family has agreed any more."""
    theirs = [one.id for one in of_family(session, 1).people]
    asked = Consent.person_id.in_(theirs), Consent.purpose == "auto_calls"
    match how:
        case "never asked":
            session.execute(delete(Consent).where(*asked))
        case "refused":
            session.execute(update(Consent).where(*asked).values(given=False))
        case "withdrawn":
            session.execute(update(Consent).where(*asked).values(withdrawn_at=NOON))
        case "not this telephone":
            session.execute(update(Phone).where(Phone.person_id.in_(theirs)).values(robot_allowed=False))
        case "only another person":
            other = next(one for one in theirs if one != person.id)
            session.execute(update(Consent).where(*asked).values(person_id=other))
        case _:
            number = person.active_phones[0].number
            refusals.refuse(session, number, None, refusals.ROBOT, "key", NOON, by=Actor(None, "робот"))
    session.expire_all()


def planned(session: Session, person: Person) -> list[DialTask]:
    """What all planners make of it for this family."""
    reminders.plan(session, AT, mode="demo")
    ratings.plan(session, AT, mode="demo")
    while campaigns.plan(session, AT, mode="demo"):
        pass
    return list(session.scalars(select(DialTask).where(DialTask.family_id == person.family_id)))


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(how=st.sampled_from(WITHOUT), head=HEADS, campaign=CAMPAIGNS)
def test_no_robots_queue_whatever_is_set(
    town: Database, person_id: int, how: str, head: dict[str, object], campaign: dict[str, object]
) -> None:
    with undone(town) as session:
        session.execute(update(DiallerSettings).values(**head))
        session.execute(update(Campaign).where(Campaign.state == "running").values(**campaign))
        person = session.get_one(Person, person_id)
        take_away(session, how, person)
        tasks = planned(session, person)
        waiting = [one for one in tasks if not TaskState(one.state).is_over]
        assert {one.channel for one in waiting} <= {Channel.HUMAN.value}
        assert {one.kind for one in tasks} >= {"reminder", "rating"}
        for task in waiting:  # as if a planner had done it all the same
            task.channel, task.due_at, task.state = Channel.ROBOT.value, AT, TaskState.DUE.value
            session.flush()
            assert claiming.claim_one(session, task.id, "worker", AT) is not None
            gated = gating.gate(session, task.id, "worker", AT, LIVE, mode="demo", prompts={})
            assert gated.attempt is None
            assert gated.verdict is not None
            assert gated.verdict.rule in (Rule.NO_CONSENT, Rule.ROBOT_REFUSED)
            session.refresh(task)
            assert (task.channel, task.state) == (Channel.HUMAN, TaskState.DUE)
        assert session.scalars(select(DialAttempt).where(DialAttempt.family_id == person.family_id)).all() == []


def test_with_consent_all_three_are_the_robots(town: Database, person_id: int) -> None:
    """Or the test before would prove nothing."""
    with undone(town) as session:
        tasks = planned(session, session.get_one(Person, person_id))
        assert {one.kind for one in tasks if one.channel == Channel.ROBOT} == KINDS
