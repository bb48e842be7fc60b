"""Calls about other things than bookings, in the world of the state machine: ratings (S-8) and campaigns (S-5).

Each works on a `World` as its own methods do; what must hold of what they leave is `judge`.
"""

from __future__ import annotations

from collections import Counter
from contextlib import suppress
from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from callflow.dialler.states import Disposition
from crm.campaigns import answers, settling, worklist
from crm.campaigns.outcomes import Outcome
from crm.campaigns.tables import PAUSED, PLANNED, RUNNING, Campaign, CampaignTarget, CampaignText
from crm.dialler.tables import CAMPAIGN, RATING, DialAttempt, DialEvent, DialSubject, DialTask
from crm.errors import RecordsError
from crm.journal_tables import JournalEntry
from crm.ratings import by_phone, giving
from crm.ratings import worklist as asking
from crm.ratings.tables import Rating
from tests.support.dialler.households import owe
from tests.support.dialler.invariants import Ban

if TYPE_CHECKING:
    from datetime import datetime

    from tests.support.dialler.world import World

FIRST_NUMBER = 7000
HEARD = frozenset({Disposition.DELIVERED, Disposition.CONFIRMED})
CAMPAIGN_PAUSED = "campaign paused"


def ask_for_rating(world: World, family: int, *, urgent: bool, by_people: bool = False) -> None:
    """A case of this family is solved, and its call is due now; `urgent`: before every reminder."""
    world.booked += 1
    with world.database.transaction() as session:
        entry = JournalEntry(
            service_id=1,
            year=world.now.year,
            number=FIRST_NUMBER + world.booked,
            family_id=world.family_id(family),
            state="saved",
            substance="Просит разъяснить порядок",
            author_id=world.place.specialist,
            created_at=world.now - timedelta(days=2),
            occurred_at=world.now - timedelta(days=2),
            saved_at=world.now - timedelta(days=2),
            progress="survey",
            measures="Разъяснён порядок.",
            final_result="Оформлено",
            resolved_at=world.now - timedelta(days=1),
        )
        session.add(entry)
        task = owe(world, session, family, RATING, priority=4 if urgent else 7, by_people=by_people)
        session.add(DialSubject(task_id=task.id, entry_id=entry.id, occasion="rating"))


def tell(world: World, family: int, *, urgent: bool, by_people: bool = False) -> None:
    """A campaign wants to tell this family something today."""
    world.booked += 1
    with world.database.transaction() as session:
        campaign = Campaign(
            service_id=1,
            title="Участки",
            kind="free",
            channel="human" if by_people else "robot",
            starts_on=world.now.date(),
            ends_on=world.now.date() + timedelta(days=9),
            state=RUNNING,
            state_at=world.now,
            created_at=world.now,
        )
        session.add(campaign)
        session.flush()
        session.add(CampaignText(campaign_id=campaign.id, version=1, text="Есть новая мера.", created_at=world.now))
        target = CampaignTarget(
            campaign_id=campaign.id,
            family_id=world.family_id(family),
            counted_as=world.family_id(family),
            state=PLANNED,
            state_at=world.now,
            added_at=world.now,
        )
        session.add(target)
        task = owe(world, session, family, CAMPAIGN, priority=4 if urgent else 9, by_people=by_people)
        session.add(DialSubject(task_id=task.id, target_id=target.id, occasion="campaign"))


def rate_in_person(world: World, place: int) -> None:
    """The applicant has come by and rated the work: nobody calls about it any more."""
    with world.database.transaction() as session:
        waiting = session.scalars(
            select(JournalEntry).join(DialSubject).where(JournalEntry.progress == "survey").order_by(JournalEntry.id)
        ).all()
        if not waiting:
            return
        entry = waiting[place % len(waiting)]
        tasks = frozenset(session.scalars(select(DialSubject.task_id).where(DialSubject.entry_id == entry.id)))
        at = max(world.ours, entry.resolved_at or world.ours)
        giving.give(
            session,
            entry.id,
            outcome=giving.SCORE,
            score=1 + place,
            channel="in_person",
            taken_by=world.employee,
            given_at=at,
            at=at,
        )
    world.bans.append(Ban(world.now, "rated", task_ids=tasks))


def hold_back(world: World, place: int, paused: bool) -> None:
    """One campaign, or all of them again."""
    with world.database.transaction() as session:
        rows = session.scalars(
            select(Campaign).where(Campaign.state.in_((RUNNING, PAUSED))).order_by(Campaign.id)
        ).all()
        if not rows:
            return
        if not paused:
            for row in rows:
                row.state = RUNNING
            world.bans = [one for one in world.bans if one.why != CAMPAIGN_PAUSED]
            return
        row = rows[place % len(rows)]
        row.state = PAUSED
        of_it = select(DialSubject.task_id).join(CampaignTarget).where(CampaignTarget.campaign_id == row.id)
        tasks = frozenset(session.scalars(of_it))
    world.bans.append(Ban(world.now, CAMPAIGN_PAUSED, task_ids=tasks))


def keep(session: Session, attempt_id: str, ending: str, at: datetime) -> bool:
    """What a talk to this end has changed beside the attempt; whether it was about one of these."""
    attempt = session.get_one(DialAttempt, attempt_id)
    heard = ending in HEARD
    if attempt.kind == RATING:
        if heard:
            with suppress(RecordsError):
                by_phone.give_by_key(session, attempt_id, 10, at)
        return True
    if attempt.kind == CAMPAIGN:
        if heard:
            answers.told(session, attempt_id, at)
        return True
    return False


def work_the_lists(world: World, points: int, outcome: Outcome) -> None:
    """A person takes the next of each list and ends it."""
    employee, at = world.employee, world.ours
    with suppress(RecordsError), world.database.transaction() as session:
        item = asking.next_up(session, employee, at, mode="demo")
        if item is not None:
            asking.take(session, item.task.id, employee, at)
            if points:
                asking.score(session, item.task.id, points, "", employee, at)
            else:
                no_answer = asking.Outcome.NO_ANSWER
                asking.finish(session, item.task.id, no_answer, "", employee, at, attempt=item.attempt)
    with suppress(RecordsError), world.database.transaction() as session:
        found = worklist.take_next(session, employee, at, mode="demo")
        if found is not None:
            worklist.finish(session, found.task.id, outcome, "", employee, at)


def settle(world: World) -> None:
    """What the ticker's planner does once a minute."""
    with world.database.transaction() as session:
        by_phone.settle(session, world.ours)
        settling.settle(session, world.ours)


def judge(world: World) -> None:
    """Of every run at rest: one answer to one case, two attempts at most, no score without its call or its person; and
    what was said to a family stands there."""
    with world.database.reading() as session:
        entries = session.scalars(select(JournalEntry).where(JournalEntry.number > FIRST_NUMBER)).all()
        for entry in entries:
            rows = giving.of_entry(session, entry.id)
            ends = [one for one in rows if one.outcome != giving.MISSED]
            assert len(ends) <= 1, f"B-34: {len(ends)} answers to case {entry.id}"
            tried = Counter(one.outcome for one in rows)
            assert tried[giving.MISSED] + tried[giving.UNREACHED] <= giving.ATTEMPTS, f"§1.3: {tried}"
            assert (entry.progress == "closed") == bool(ends) == bool(entry.rating_mark), f"B-35: {entry.rating_mark!r}"
        confirmed = set(session.scalars(_confirmed_by_key()))
        by_robot = {
            one.entry_id
            for one in session.scalars(select(Rating).where(Rating.channel == "robot", Rating.outcome == giving.SCORE))
        }
        assert by_robot <= confirmed, f"§9.3: scores that nobody confirmed: {by_robot - confirmed}"
        undecided = session.scalars(
            select(CampaignTarget.id)
            .join(DialSubject)
            .join(DialTask)
            .where(CampaignTarget.state == PLANNED, DialTask.state.not_in(("due", "claimed", "calling")))
        ).all()
        assert not undecided, f"families of campaigns that nobody settled: {undecided}"


def _confirmed_by_key() -> Select[int | None]:
    return (
        select(DialSubject.entry_id)
        .join(DialAttempt, DialAttempt.task_id == DialSubject.task_id)
        .join(DialEvent, DialEvent.attempt_id == DialAttempt.id)
        .where(DialEvent.what == "rate", DialSubject.entry_id.is_not(None))
    )
