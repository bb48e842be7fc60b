"""«Не звонить» by key, in a talk and by letter, each up to the gate and to every list of people: at once, everywhere,
with its proof; what one person says holds for her alone; an urgent call of a person's goes on, with a reason (§3.2).
"""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from callflow.dialler import window
from callflow.dialler.rules import Rule
from callflow.dialler.states import Channel, TaskState
from crm.audit import AuditEvent
from crm.campaigns import worklist as campaigns
from crm.campaigns.tables import PLANNED, RUNNING, Campaign, CampaignTarget
from crm.consents import giving
from crm.db import Database
from crm.dialler import by_person, claiming, gating, keys, refusals, refusing, switches
from crm.dialler.refusing import Wanted
from crm.dialler.tables import CAMPAIGN, RATING, REMINDER, CallRefusal, DialAttempt, DialSubject, DialTask
from crm.errors import Incomplete, RecordsError
from crm.family_tables import Person, Phone
from crm.outgoing import asking
from crm.outgoing.tables import OutgoingCall
from crm.ratings import worklist as ratings
from crm.reminders import human_list
from crm.tips import calling
from tests.integration.crm.booking import booked, of_family
from tests.integration.crm.missed import ledger as g
from tests.integration.crm.rated_calls import solved
from tests.integration.crm.reminded import attempt_of
from tests.integration.crm.scenario import KUZNETSOVA, NOON, employee
from tests.integration.crm.tips import tipped
from tests.support.dialling import LIVE, agrees, robot_on
from tests.support.open_window import always

NOW = NOON + timedelta(hours=1, minutes=30)
SECOND = timedelta(seconds=1)
PAGES: dict[str, Any] = {REMINDER: human_list, CAMPAIGN: campaigns, RATING: ratings}
LISTS = list(PAGES)
HUSBANDS = "+79070000777"


@pytest.fixture(autouse=True)
def any_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(window, "spans", always)


@pytest.fixture
def family_id(town: Database) -> int:
    """A mother with a telephone of her own, and her husband with another; both agree to robots."""
    with town.transaction() as session:
        g.clear(session)
        robot_on(session, 1, NOON)
        family = of_family(session, 1)
        mother = family.people[0]
        for phone in mother.phones[1:]:
            phone.removed_at = NOON
        husband = Person(family_id=family.id, surname="Кузнецов", name="Павел", relation="отец", search_key="кузнецов")
        husband.birth_date = NOON.date().replace(year=1985)
        husband.phones.append(Phone(number=HUSBANDS, robot_allowed=True))
        session.add(husband)
        session.flush()
        for person in (mother, husband):
            agrees(session, person, NOON)
        return family.id


def person_at(session: Session, number: str) -> tuple[Person, Phone]:
    phone = session.scalars(select(Phone).where(Phone.number == number, Phone.removed_at.is_(None))).first()
    assert phone is not None
    return session.get_one(Person, phone.person_id), phone


def owed(session: Session, kind: str, number: str, channel: Channel) -> DialTask:
    """A call of this kind that is due to this number now."""
    person, phone = person_at(session, number)
    task = DialTask(
        kind=kind, service_id=1, family_id=person.family_id, person_id=person.id, phone_id=phone.id, number=number,
        channel=channel.value, state=TaskState.DUE.value, state_at=NOW, due_at=NOW, deadline=NOW + timedelta(days=1),
        planned_at=NOW,
    )  # fmt: skip
    session.add(task)
    session.flush()
    about: dict[str, Any] = {}
    if kind == REMINDER:
        about["appointment_id"] = booked(session, at=NOON + timedelta(days=1)).id
    elif kind == RATING:
        about["entry_id"] = solved(session, NOON).id
    else:
        campaign = Campaign(
            service_id=1, title="Участки", kind="free", channel=channel.value, starts_on=NOW.date(),
            ends_on=NOW.date() + timedelta(days=30), state=RUNNING, state_at=NOW, created_at=NOW,
        )  # fmt: skip
        session.add(campaign)
        session.flush()
        target = CampaignTarget(
            campaign_id=campaign.id, family_id=person.family_id, counted_as=person.family_id, channel=channel.value,
            state=PLANNED, state_at=NOW, added_at=NOW,
        )  # fmt: skip
        session.add(target)
        session.flush()
        about["target_id"] = target.id
    session.add(DialSubject(task_id=task.id, occasion=kind, **about))
    session.flush()
    session.refresh(task)
    return task


def by_key(session: Session, family_id: int) -> CallRefusal:
    """Key 9 in a call to the mother."""
    task = owed(session, REMINDER, KUZNETSOVA, Channel.ROBOT)
    attempt = attempt_of(session, task, at=NOW, state="answered")
    keys.refuse(session, attempt.id, NOW, identified=True)
    attempt.live, task.state = False, TaskState.OPTED_OUT.value
    return session.scalars(select(CallRefusal).where(CallRefusal.ended_at.is_(None))).one()


def in_a_talk(session: Session, family_id: int) -> CallRefusal:
    call = g.play(session, g.talk("1", 5)[:5])
    row = refusing.in_talk(session, call, Wanted("all", note="хватит"), employee(session, "lavrova"), NOW)
    g.play(session, g.talk("1", 5)[5:])
    return row


def by_letter(session: Session, family_id: int) -> CallRefusal:
    wanted = Wanted("all", "letter", letter_number="12", letter_on=NOW.date(), note="не беспокоить")
    return refusing.of_family(session, family_id, wanted, employee(session, "lavrova"), NOW)


def gated(session: Session, task: DialTask) -> gating.Gated:
    assert claiming.claim_one(session, task.id, "worker", NOW + SECOND) is not None
    return gating.gate(session, task.id, "worker", NOW + SECOND, LIVE, mode="demo", prompts={})


@pytest.mark.parametrize("kind", LISTS)
@pytest.mark.parametrize("way", [by_key, in_a_talk, by_letter])
def test_no_robot_calls_from_that_second_on(town: Database, family_id: int, way: Any, kind: str) -> None:
    """A task that a planner makes afterwards is stopped by the gate."""
    with town.transaction() as session:
        row = way(session, family_id)
        proof = (row.attempt_id, row.call_id, row.letter_number)
        assert sum(bool(one) for one in proof) == 1, proof
        task = owed(session, kind, KUZNETSOVA, Channel.ROBOT)
        found = gated(session, task)
        assert found.attempt is None
        assert found.verdict is not None
        assert found.verdict.rule is (Rule.ROBOT_REFUSED if way is by_key else Rule.DO_NOT_CALL)


@pytest.mark.parametrize("kind", LISTS)
@pytest.mark.parametrize("way", [in_a_talk, by_letter])
def test_no_list_calls_whoever_of_the_family_it_is(town: Database, family_id: int, way: Any, kind: str) -> None:
    with town.transaction() as session:
        tasks = [owed(session, kind, number, Channel.HUMAN) for number in (KUZNETSOVA, HUSBANDS)]
        way(session, family_id)
        for task in tasks:
            session.refresh(task)
            assert (task.state, task.rule) == (TaskState.OPTED_OUT, Rule.DO_NOT_CALL)
        waiting = session.scalars(by_person.waiting(session, kind, employee(session, "zayac")))
        assert [one for one in waiting if one.family_id == family_id] == []
        after = owed(session, kind, HUSBANDS, Channel.HUMAN)
        zayac = employee(session, "zayac")
        by_person.take(session, after.id, zayac, NOW + SECOND)
        with pytest.raises(RecordsError, match="просила не звонить"):
            by_person.call(session, after.id, zayac, LIVE, purpose="", mode="demo", at=NOW + SECOND)


@pytest.mark.parametrize("kind", LISTS)
def test_what_the_mother_says_in_a_call_of_a_list_is_hers_alone(town: Database, family_id: int, kind: str) -> None:
    """«Просят не звонить» of the three lists: this person at this number (their outcome writes it so)."""
    with town.transaction() as session:
        his = owed(session, kind, HUSBANDS, Channel.ROBOT)
        person, _ = person_at(session, KUZNETSOVA)
        lavrova = employee(session, "lavrova")
        hers = owed(session, kind, KUZNETSOVA, Channel.HUMAN)
        by_person.take(session, hers.id, lavrova, NOW)
        page = PAGES[kind]
        asked_by = employee(session, "zayac") if kind == RATING else lavrova
        if kind == RATING:  # nobody asks about her own work
            claiming.give_back(session, hers, claiming.owner_of(lavrova), NOW)
            by_person.take(session, hers.id, asked_by, NOW)
        page.finish(session, hers.id, page.Outcome.DO_NOT_CALL, "", asked_by, NOW)
        (row,) = session.scalars(select(CallRefusal).where(CallRefusal.ended_at.is_(None)))
        assert (row.number, row.person_id, row.family_id, row.scope) == (KUZNETSOVA, person.id, None, "all")
        assert row.employee_id == asked_by.id
        assert refusals.of(session, KUZNETSOVA, person.id, family_id).everything
        husband, _ = person_at(session, HUSBANDS)
        assert not refusals.of(session, HUSBANDS, husband.id, family_id).robot
        session.refresh(his)
        assert his.state == TaskState.DUE
        if kind != RATING:  # the case itself is closed by her refusal
            assert gated(session, his).attempt is not None


@pytest.mark.parametrize("way", [in_a_talk, by_letter])
def test_an_urgent_call_of_a_person_is_made_with_a_reason_and_stands_in_the_log(
    town: Database, family_id: int, way: Any
) -> None:
    with town.transaction() as session:
        way(session, family_id)
        person, phone = person_at(session, KUZNETSOVA)
        zayac = employee(session, "zayac")
        with pytest.raises(Incomplete) as refused:
            asking.ask(session, zayac, phone_id=phone.id, person_id=person.id, at=NOW + SECOND)
        assert "срочному делу" in refused.value.fields["reason"]
        order = asking.ask(
            session, zayac, phone_id=phone.id, person_id=person.id, reason="ребёнок в больнице", at=NOW + SECOND
        )
        assert session.get_one(OutgoingCall, order.id).reason == "ребёнок в больнице"
        zayac_id = zayac.id
    with town.reading() as session:
        logged = session.scalars(select(AuditEvent).where(AuditEvent.action == "outgoing.ask")).one()
        assert (logged.actor_id, logged.family_id) == (zayac_id, family_id)
        assert "despite" in logged.details
        assert "больнице" not in str(logged.details), "what it was about stands in the order"


def test_so_is_a_call_about_a_tip(town: Database, family_id: int) -> None:
    with town.transaction() as session:
        tipped.clear(session)
        by_letter(session, family_id)
        _, phone = person_at(session, KUZNETSOVA)
        tip = tipped.told(session, tipped.TEN, family_id=family_id, about_name="")
        lavrova, at = employee(session, "lavrova"), tipped.TEN + SECOND
        with pytest.raises(Incomplete):
            calling.call(session, tip.id, lavrova, phone_id=phone.id, mode="demo", at=at)
        order = calling.call(session, tip.id, lavrova, phone_id=phone.id, reason="дети одни", mode="demo", at=at)
        assert order.reason == "дети одни"
    with town.reading() as session:
        actions = {row.action: row.details for row in session.scalars(select(AuditEvent))}
        assert "despite" in actions["tip.call"]
        assert "despite" in actions["outgoing.ask"]


def refuses(session: Session, family_id: int) -> None:
    wanted = Wanted("robot", "letter", letter_number="12", letter_on=NOW.date())
    refusing.of_family(session, family_id, wanted, employee(session, "zayac"), NOW)


def takes_her_consent_back(session: Session, family_id: int) -> None:
    person, _ = person_at(session, KUZNETSOVA)
    zayac = employee(session, "zayac")
    giving.withdraw(session, person.id, "auto_calls", zayac, NOW + SECOND, how="заявление вх. № 12")


NOES = [refuses, takes_her_consent_back]


@pytest.mark.parametrize("says_no", NOES)
def test_what_is_on_its_way_ends(town: Database, family_id: int, says_no: Any) -> None:
    with town.transaction() as session:
        task = owed(session, CAMPAIGN, KUZNETSOVA, Channel.ROBOT)
        ringing = attempt_of(session, task, at=NOW)
        says_no(session, family_id)
        assert switches.to_hang_up(session) == [ringing.id]


@pytest.mark.parametrize("identified", [True, False])
def test_key_nine_and_her_other_telephone(town: Database, family_id: int, identified: bool) -> None:
    """It rings there at the same moment, about something else: hers alone if she has said who she is."""
    with town.transaction() as session:
        person, _ = person_at(session, KUZNETSOVA)
        person.phones.append(Phone(number="+79070000888", robot_allowed=True))
        session.flush()
        hers = owed(session, REMINDER, "+79070000888", Channel.ROBOT)
        his = owed(session, CAMPAIGN, HUSBANDS, Channel.ROBOT)
        talk = attempt_of(session, owed(session, RATING, KUZNETSOVA, Channel.ROBOT), at=NOW, state="answered")
        ringing, husbands = attempt_of(session, hers, at=NOW), attempt_of(session, his, at=NOW)
        keys.refuse(session, talk.id, NOW, identified=identified)
        for attempt in (talk, ringing, husbands):
            session.refresh(attempt)
        assert talk.hangup_asked_at is None, "she is told that it is done"
        assert husbands.hangup_asked_at is None
        assert (ringing.hangup_asked_at is not None) is identified


@pytest.mark.parametrize("says_no", NOES)
def test_what_the_gate_could_not_see_is_seen_before_the_order_leaves(
    town: Database, family_id: int, says_no: Any
) -> None:
    """A refusal on PostgreSQL runs beside the gate, and neither sees what the other writes; all else waits for it."""
    with town.transaction() as session:
        task_id = owed(session, CAMPAIGN, KUZNETSOVA, Channel.ROBOT).id
        assert claiming.claim_one(session, task_id, "worker", NOW) is not None

    def page() -> None:
        with town.transaction() as session:
            says_no(session, family_id)

    beside = threading.Thread(target=page)
    with town.transaction() as session:
        attempt = gating.gate(session, task_id, "worker", NOW, LIVE, mode="demo", prompts={}).attempt
        assert attempt is not None
        attempt_id = attempt.id
        beside.start()
        if session.get_bind().dialect.name == "postgresql" and says_no is refuses:
            beside.join(60)
            assert not beside.is_alive()
    beside.join(60)
    with town.reading() as session:
        assert session.get_one(DialAttempt, attempt_id).live
        assert gating.ring_of(session, attempt_id) is None
