"""A campaign from its draft to its end: who is called, how many a day, never twice about one thing."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from callflow.dialler.states import Channel, TaskState
from crm.audit import AuditEvent
from crm.campaigns import dry_run, editing, launching, planning, running, settling, texts, trying
from crm.campaigns.outcomes import GONE, Outcome
from crm.campaigns.settling import write_outcome
from crm.campaigns.sorting import LeftOut
from crm.campaigns.tables import DONE, PLANNED, RUNNING, STOPPED, WAITING, Campaign, CampaignTarget
from crm.db import Database
from crm.dialler import refusals
from crm.dialler.tables import DialTask
from crm.errors import Incomplete, NotFound, RecordsError, StaleVersion
from crm.family_tables import Family, FamilyStatus, Person
from crm.measures import telling
from crm.measures.tables import FamilyTold, SupportMeasure
from tests.integration.crm.campaigns.made import (
    AFTERNOON,
    FRIDAY,
    LARGE,
    WANTED,
    drafted,
    launched,
    plan,
    targets,
    tasks,
    tried,
)
from tests.integration.crm.scenario import NOON, employee

DAY = timedelta(days=1)


@pytest.fixture
def measure_id(town: Database) -> int:
    with town.transaction() as session:
        row = SupportMeasure(title="земельный участок", whom="многодетных семей", created_at=NOON, changed_at=NOON)
        session.add(row)
        session.flush()
        return row.id


def test_a_draft_wants_its_fields_and_the_same_form_is_one_campaign(town: Database) -> None:
    with town.transaction() as session:
        head = employee(session, "roshchina")
        with pytest.raises(Incomplete) as refused:
            editing.create(session, editing.Wanted(service_id=1, per_day=0), head, NOON)
        assert set(refused.value.fields) == {"title", "measure_id", "starts_on", "ends_on", "per_day"}
        first = editing.create(session, WANTED, head, NOON, form_key="f" * 32)
        again = editing.create(session, WANTED, head, NOON, form_key="f" * 32)
        assert first.id == again.id
        with pytest.raises(NotFound):
            editing.create(session, WANTED, employee(session, "smirnova"), NOON)


def test_words_are_kept_in_versions_and_unknown_variables_refused(town: Database) -> None:
    campaign_id = launched(town)
    with town.transaction() as session:
        head = employee(session, "roshchina")
        with pytest.raises(Incomplete, match="обязательные") as refused:
            editing.say_otherwise(session, campaign_id, "Приходите, {куда}!", head, AFTERNOON)
        assert "куда" in refused.value.fields["text"]
        editing.say_otherwise(session, campaign_id, "Приходите в воскресенье.", head, AFTERNOON)
        editing.say_otherwise(session, campaign_id, "Приходите в воскресенье.", head, AFTERNOON)
        assert [row.version for row in texts.versions(session, campaign_id)] == [2, 1]
        target = next(iter(targets(session, campaign_id).values()))
        write_outcome(session, target, Outcome.TOLD, AFTERNOON, employee_id=head.id)
        assert target.text_version == 2


def test_a_text_without_a_value_blocks_the_launch(town: Database, measure_id: int) -> None:
    campaign_id = drafted(town, kind="measure", measure_id=measure_id, text="{мера} до {срок}")
    assert "{срок}" in " ".join(tried(town, campaign_id).blocks)
    with town.reading() as session:
        head, version = employee(session, "roshchina"), session.get_one(Campaign, campaign_id).version
    with pytest.raises(RecordsError, match="срок"):
        launching.launch(town, campaign_id, version, head, AFTERNOON, mode="demo")


def test_nothing_is_launched_untried_or_changed_since(town: Database) -> None:
    campaign_id = drafted(town)
    with town.reading() as session:
        head = employee(session, "roshchina")
    with pytest.raises(RecordsError, match="пробный прогон"):
        launching.launch(town, campaign_id, 1, head, AFTERNOON, mode="demo")
    tried(town, campaign_id)
    with town.transaction() as session:
        editing.edit(session, campaign_id, 1, WANTED.__class__(**{**WANTED.__dict__, "per_day": 6}), head, AFTERNOON)
    with pytest.raises(StaleVersion):
        launching.launch(town, campaign_id, 1, head, AFTERNOON, mode="demo")
    with pytest.raises(RecordsError, match="ещё раз"):
        launching.launch(town, campaign_id, 2, head, AFTERNOON, mode="demo")


def test_what_the_dry_run_says_is_what_then_happens(town: Database) -> None:
    campaign_id = drafted(town)
    said = tried(town, campaign_id)
    assert said.total == said.called + sum(one.count for one in said.left_out.values())
    assert [day.families for day in said.days][:2] == [5, 5]
    assert sum(day.families for day in said.days) == said.called
    with town.reading() as session:
        head, version = employee(session, "roshchina"), session.get_one(Campaign, campaign_id).version
    launching.launch(town, campaign_id, version, head, AFTERNOON, mode="demo")
    begins = AFTERNOON
    for day in said.days:
        while begins.date() < day.on:
            begins += DAY
        plan(town, begins)
        with town.transaction() as session:
            made = [one for one in tasks(session, campaign_id) if one.planned_at == begins]
            assert (len(made), {one.channel for one in made}) == (day.families, {Channel.HUMAN.value})
            if day is said.days[0]:
                assert tuple(one.family_id for one in made) == said.first[: len(made)]
            for task in made:  # the day's work
                task.state = TaskState.DELIVERED.value
            settling.settle(session, begins)
    with town.reading() as session:
        assert {one.state for one in targets(session, campaign_id).values()} == {Outcome.TOLD.value}


def test_so_many_a_day_and_no_more(town: Database) -> None:
    campaign_id = launched(town, per_day=3)
    for minutes in (0, 1, 60):
        plan(town, AFTERNOON + timedelta(minutes=minutes))
    with town.reading() as session:
        assert len(tasks(session, campaign_id)) == 3
    plan(town, FRIDAY)  # yesterday's are still to be called: they are today's work
    with town.reading() as session:
        assert len(tasks(session, campaign_id)) == 3


def test_nothing_is_planned_outside_of_the_window(town: Database) -> None:
    campaign_id = launched(town)
    for at in (NOON, NOON + timedelta(hours=9), NOON + timedelta(days=2, hours=2)):  # break, night, Saturday
        plan(town, at)
    with town.reading() as session:
        assert tasks(session, campaign_id) == []


def test_who_is_left_out_is_told_with_the_reason(town: Database) -> None:
    with town.transaction() as session:
        family = session.get_one(Family, 1)
        session.get_one(Family, 2).preferred_channel = "email"
        session.get_one(Family, 3).contact_from, session.get_one(Family, 3).contact_until = "21:00", "22:00"
        for person in family.people:
            person.do_not_call = True
        for person in session.get_one(Family, 4).people:
            for phone in person.phones:
                phone.removed_at = NOON
        applicant = session.get_one(Family, 5).people[0]
        refusals.mark(session, applicant.phones[0].number, None, refusals.BAD, NOON, None)
        for phone in applicant.phones[1:]:
            phone.removed_at = NOON
        for person in session.get_one(Family, 5).people[1:]:
            for phone in person.phones:
                phone.removed_at = NOON
    found = {name: set(one.families) for name, one in tried(town, drafted(town)).left_out.items()}
    assert 1 in found[LeftOut.DO_NOT_CALL]
    assert 2 in found[LeftOut.NOT_BY_VOICE]
    assert 3 in found[LeftOut.NEVER]
    assert 4 in found[LeftOut.NO_NUMBER]
    assert 5 in found[LeftOut.BAD_NUMBER]


def test_a_restricted_card_is_neither_counted_nor_called_for_a_stranger(town: Database) -> None:
    with town.transaction() as session:
        hidden = session.scalars(select(Family.id).where(Family.restricted)).all()
        assert hidden
        gromova = employee(session, "gromova")
        row = editing.create(session, WANTED.__class__(**{**WANTED.__dict__, "service_id": 2}), gromova, AFTERNOON)
        known = dry_run.dry_run(session, row, gromova, AFTERNOON, mode="demo")
        all_of_them = dry_run.dry_run(session, row, employee(session, "roshchina"), AFTERNOON, mode="demo")
    assert all_of_them.total == known.total + len(hidden)
    named = {one for reason in known.left_out.values() for one in reason.families}
    assert named.isdisjoint(hidden)


def test_a_dry_run_is_shown_to_whoever_asked_only(town: Database) -> None:
    campaign_id = drafted(town)
    tried(town, campaign_id)
    with town.reading() as session:
        campaign = session.get_one(Campaign, campaign_id)
        assert trying.kept_by(campaign, employee(session, "lavrova")) == {}
        assert trying.result_of(campaign, employee(session, "lavrova")) is None


def test_paused_nothing_is_planned_and_stopped_everything_is_taken_back(town: Database) -> None:
    campaign_id = launched(town)
    with town.transaction() as session:
        head = employee(session, "roshchina")
        with pytest.raises(Incomplete):
            running.pause(session, campaign_id, " ", head, AFTERNOON)
        running.pause(session, campaign_id, "проверяем текст", head, AFTERNOON)
        running.pause(session, campaign_id, "проверяем текст", head, AFTERNOON)
    plan(town)
    with town.transaction() as session:
        assert tasks(session, campaign_id) == []
        running.resume(session, campaign_id, employee(session, "roshchina"), AFTERNOON)
    plan(town)
    with town.transaction() as session:
        assert len(tasks(session, campaign_id)) == 5
        running.stop(session, campaign_id, "меру отменили", employee(session, "roshchina"), AFTERNOON)
        assert {one.state for one in tasks(session, campaign_id)} == {TaskState.CANCELLED.value}
        assert {one.state for one in targets(session, campaign_id).values()} == {WAITING}
        with pytest.raises(RecordsError):
            running.resume(session, campaign_id, employee(session, "roshchina"), AFTERNOON)
    with town.reading() as session:
        assert session.get_one(Campaign, campaign_id).state == STOPPED
        logged = session.scalars(select(AuditEvent.action).where(AuditEvent.subject == "campaign")).all()
    assert [logged.count(f"campaign.{one}") for one in ("create", "dry_run", "launch", "pause", "resume", "stop")] == [
        1
    ] * 6


def test_a_campaign_whose_day_is_over_is_done_and_takes_its_calls_back(town: Database) -> None:
    campaign_id = launched(town, ends_on=NOON.date())
    plan(town)
    with town.transaction() as session:
        assert running.end_over(session, AFTERNOON) == []
        (ended,) = running.end_over(session, AFTERNOON + DAY)
        assert (ended.state, ended.id) == (DONE, campaign_id)
        assert {one.state for one in tasks(session, campaign_id)} == {TaskState.CANCELLED.value}


def test_a_campaign_with_nobody_left_is_done_but_for_a_standing_one(town: Database) -> None:
    ids = [launched(town, standing=standing, title=str(standing)) for standing in (False, True)]
    with town.transaction() as session:
        for campaign_id in ids:
            for target in targets(session, campaign_id).values():
                target.state = Outcome.TOLD.value
        assert [one.id for one in running.end_over(session, AFTERNOON)] == [ids[0]]


def test_two_campaigns_about_one_measure_never_call_one_family_twice(town: Database, measure_id: int) -> None:
    about = {"kind": "measure", "measure_id": measure_id, "text": "{мера}", "conditions": LARGE}
    first = launched(town, **about)
    second = drafted(town, title="Ещё раз", **about)
    said = tried(town, second)
    with town.reading() as session:
        families = set(targets(session, first))
    assert said.called == 0
    assert said.left_out[LeftOut.ELSEWHERE].count == len(families)
    with town.transaction() as session:
        head = employee(session, "roshchina")
        told, refused, *others = list(targets(session, first).values())
        write_outcome(session, told, Outcome.TOLD, AFTERNOON, employee_id=head.id)
        write_outcome(session, refused, Outcome.REFUSED, AFTERNOON, employee_id=head.id)
        rows = session.execute(select(FamilyTold.family_id, FamilyTold.outcome, FamilyTold.topic)).all()
        running.stop(session, first, "закончили раньше", head, AFTERNOON)
    topic = f"measure-{measure_id}"
    assert set(rows) >= {(told.family_id, "told", topic), (refused.family_id, "refused", topic)}
    said = tried(town, second)  # those who know, or do not want it, are not asked again; the others are
    assert said.left_out[LeftOut.TOLD].count == 2
    assert said.called == len(others)


def test_who_was_told_between_launch_and_call_is_not_called(town: Database) -> None:
    campaign_id = launched(town)
    with town.transaction() as session:
        first, second, third = list(targets(session, campaign_id).values())[:3]
        telling.tell(session, first.family_id, f"campaign-{campaign_id}", outcome="told", channel="talk", at=NOON)
        for person in session.get_one(Family, second.family_id).people:
            person.do_not_call = True
        session.get_one(Family, third.family_id).state = "merged"
        ids = [first.id, second.id, third.id]
    plan(town)
    with town.reading() as session:
        states = [session.get_one(CampaignTarget, one).state for one in ids]
        called = {one.family_id for one in tasks(session, campaign_id)}
    assert states == [GONE, Outcome.DO_NOT_CALL.value, GONE]
    assert len(called) == 5
    assert called.isdisjoint({first.family_id, second.family_id, third.family_id})


def test_a_standing_campaign_takes_a_new_family_in_once(town: Database) -> None:
    campaign_id = launched(town, standing=True, conditions=LARGE)
    with town.transaction() as session:
        known = set(targets(session, campaign_id))
        assert planning.recount(session, AFTERNOON, mode="demo") == 0  # counted today
        fresh = session.scalars(
            select(Family.id)
            .where(Family.id.not_in(known), Family.restricted.is_(False), Family.preferred_channel == "")
            .order_by(Family.id)
        ).first()
        assert fresh is not None
        session.add(FamilyStatus(family_id=fresh, type="многодетная", valid_from=NOON.date()))
        for person in session.get_one(Family, fresh).people:
            person.do_not_call = False
    for at in (FRIDAY, FRIDAY + timedelta(minutes=1), FRIDAY + DAY):
        with town.transaction() as session:
            planning.recount(session, at, mode="demo")
    with town.reading() as session:
        assert set(targets(session, campaign_id)) == known | {fresh}
        mine = select(func.count(CampaignTarget.id)).where(CampaignTarget.campaign_id == campaign_id)
        assert session.scalar(mine) == len(known) + 1


def test_a_campaign_of_another_service_does_not_exist_for_her(town: Database) -> None:
    campaign_id = drafted(town)
    with town.reading() as session, pytest.raises(NotFound):
        running.fetch_campaign(session, campaign_id, employee(session, "gromova"))


def test_two_cards_made_one_are_called_once(town: Database) -> None:
    campaign_id = launched(town, per_day=100)
    with town.transaction() as session:
        first, second = list(targets(session, campaign_id).values())[:2]
        family_id, ids = first.family_id, [first.id, second.id]
        second.family_id = family_id  # as merging does
    for _ in range(2):
        plan(town)
    with town.reading() as session:
        assert [one.family_id for one in tasks(session, campaign_id)].count(family_id) == 1
        assert [session.get_one(CampaignTarget, one).state for one in ids] == [PLANNED, GONE]


def test_why_this_family_stands_with_it(town: Database) -> None:
    campaign_id = launched(town, conditions=[*LARGE, {"kind": "children", "how": "least", "count": 3}])
    plan(town)
    with town.reading() as session:
        words = [targets(session, campaign_id)[one.family_id].why for one in tasks(session, campaign_id)]
        states = {targets(session, campaign_id)[one.family_id].state for one in tasks(session, campaign_id)}
    assert all("детей" in one for one in words)
    assert states == {PLANNED}


def test_the_lowest_priority_of_all(town: Database) -> None:
    campaign_id = launched(town)
    plan(town)
    with town.reading() as session:
        mine = tasks(session, campaign_id)
        others = session.scalars(select(DialTask.priority).where(DialTask.kind != "campaign")).all()
        assert {one.priority for one in mine} == {9}
        assert all(one < 9 for one in others)
        assert session.get_one(Campaign, campaign_id).state == RUNNING
        assert session.get_one(Person, mine[0].person_id).family_id == mine[0].family_id
