"""Families of running campaigns become tasks of the engine, so many a day as fit (A-18; priority below all else).

Run once a minute by the ticker, in small transactions; a family is planned once, whoever plans (`dial_subject` is
unique). Everything is asked anew on the day: who was told meanwhile, or refused, is not called.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal

from sqlalchemy import select
from sqlalchemy.orm import Session

from callflow.dialler.rules import Answer, Live, judge
from callflow.dialler.states import Channel, TaskState
from crm.campaigns import reach
from crm.campaigns.days import Window, room_left, window_of
from crm.campaigns.launching import put_in
from crm.campaigns.outcomes import GONE, Outcome
from crm.campaigns.sorting import Candidate, LeftOut, sort
from crm.campaigns.tables import PLANNED, RUNNING, WAITING, Campaign, CampaignTarget
from crm.campaigns.volume import Room, take
from crm.dialler import facts
from crm.dialler.changing import one_at_a_time, tell
from crm.dialler.tables import CAMPAIGN, DialSubject, DialTask
from crm.family_tables import Family
from crm.segments import conditions, query, reasons
from crm.staff import Employee
from crm.upsert import insert_missing
from crm.visibility import visible_to

OCCASION = "campaign"
PRIORITY = 9
PLANNER = "plan"
STRETCHES = 3
"""Days of which a task knows: when a telephone that did not answer may be tried again."""
QUIET = Live(link_up=True)
_SAYS = {LeftOut.DO_NOT_CALL: Outcome.DO_NOT_CALL.value, LeftOut.BAD_NUMBER: Outcome.WRONG_NUMBER.value}


def plan(session: Session, at: datetime, *, mode: Literal["demo", "live"], limit: int = 50) -> int:
    """Plan what fits into what is left of today, `limit` families of one campaign at most; how many were looked at.

    Fewer than one means that nothing is left to do now.
    """
    running = select(Campaign).where(Campaign.state == RUNNING, Campaign.channel.in_(("human", "robot")))
    for campaign in session.scalars(running.order_by(Campaign.launched_at, Campaign.id)):
        when = window_of(session, campaign)
        today = at.astimezone(when.zone).date()
        if not any(begins <= at < ends for begins, ends in when.spans(today)):
            continue
        if done := _plan(session, campaign, when, at, mode, limit):
            return done
    return 0


def recount(session: Session, at: datetime, *, mode: Literal["demo", "live"]) -> int:
    """Once a day: families for whom a standing campaign has begun to hold are put in; how many campaigns were asked.

    Asked as whoever launched it may see the families; a family that is in the campaign is never put in twice.
    """
    standing = select(Campaign).where(Campaign.state == RUNNING, Campaign.standing)
    counted = 0
    for campaign in session.scalars(standing.order_by(Campaign.id)):
        about = reach.around(session, campaign, at, mode)
        if campaign.counted_on is not None and campaign.counted_on >= about.today:
            continue
        viewer = session.get(Employee, campaign.launched_by_id) if campaign.launched_by_id else None
        asked = query.families(
            conditions.from_json(campaign.conditions), about.today, not_told=about.topic, viewer=viewer
        )
        inside = select(CampaignTarget.counted_as).where(CampaignTarget.campaign_id == campaign.id)
        fresh = sorted(set(session.scalars(asked)) - set(session.scalars(inside)))
        called: list[tuple[Candidate, Channel]] = []
        for start in range(0, len(fresh), reach.CHUNK):
            for one in reach.candidates(session, fresh[start : start + reach.CHUNK], about):
                placed = sort(one, Channel(campaign.channel), rest_by_people=campaign.rest_by_people)
                if isinstance(placed, Channel):
                    called.append((one, placed))
        put_in(session, campaign, called, at)
        campaign.counted_on = about.today
        counted += 1
    return counted


def _plan(  # noqa: PLR0917 - what, when, how
    session: Session, campaign: Campaign, when: Window, at: datetime, mode: Literal["demo", "live"], limit: int
) -> int:
    room = room_left(session, campaign, when, at)
    if not room.families or not (room.robot or room.people):
        return 0
    one_at_a_time(session)
    room = room_left(session, campaign, when, at)
    about = reach.around(session, campaign, at, mode)
    after, looked = 0, 0
    while True:
        rows = _next(session, campaign.id, room, after)
        if not rows:
            return looked
        placed = _placed(session, campaign, rows, about, at)
        looked += len(rows) - len(placed)
        queue = [(row.id, channel) for row, _, channel in placed]
        chosen = set(take(queue, room)[: max(1, limit - looked)])
        wanted = [(row, one, channel) for row, one, channel in placed if row.id in chosen]
        why = reasons.whys(
            session, [row.family_id for row, _, _ in wanted], conditions.from_json(campaign.conditions), about.today
        )
        for row, one, channel in wanted:
            _promise(session, campaign, row, one, channel, why.get(row.family_id, ""), when, at, mode)
            room = room.less(robot=int(channel is Channel.ROBOT), people=int(channel is Channel.HUMAN))
        looked += len(wanted)
        after = rows[-1].id
        if looked >= limit or not room.families or not (room.robot or room.people):
            return looked


def _next(session: Session, campaign_id: int, room: Room, after: int) -> Sequence[CampaignTarget]:
    """Those whose channel has room, as they were sorted last: the others would be looked at in vain every minute."""
    channels = [Channel.ROBOT.value] * bool(room.robot) + [Channel.HUMAN.value] * bool(room.people)
    waiting = select(CampaignTarget).where(
        CampaignTarget.campaign_id == campaign_id,
        CampaignTarget.state == WAITING,
        CampaignTarget.channel.in_(channels),
        CampaignTarget.id > after,
    )
    return session.scalars(waiting.order_by(CampaignTarget.id).limit(reach.CHUNK)).all()


def _placed(
    session: Session, campaign: Campaign, rows: Sequence[CampaignTarget], about: reach.Around, at: datetime
) -> list[tuple[CampaignTarget, Candidate, Channel]]:
    """Who of them is called, and by whom; the others are settled here and now."""
    known = {one.family_id: one for one in reach.candidates(session, [row.family_id for row in rows], about)}
    launcher = session.get(Employee, campaign.launched_by_id) if campaign.launched_by_id else None
    planned = set(
        session.scalars(
            select(CampaignTarget.family_id).where(
                CampaignTarget.campaign_id == campaign.id, CampaignTarget.state == PLANNED
            )
        )
    )
    found: list[tuple[CampaignTarget, Candidate, Channel]] = []
    twice: set[int] = set()
    for row in rows:
        if row.family_id in planned:
            _drop(row, GONE, "карточки объединены: семье уже звонят", at)
            continue
        one = known.get(row.family_id)
        if one is None or (one.restricted and not _entitled(session, row.family_id, launcher)):
            _drop(row, GONE, "карточка больше не ведётся", at)
            continue
        placed = sort(one, Channel(campaign.channel), rest_by_people=campaign.rest_by_people)
        if isinstance(placed, Channel):
            if row.family_id not in twice:
                found.append((row, one, placed))
            twice.add(row.family_id)
        else:
            _drop(row, _SAYS.get(placed, GONE), placed.title, at)
    return found


def _entitled(session: Session, family_id: int, launcher: Employee | None) -> bool:
    return launcher is not None and visible_to(session, session.get_one(Family, family_id), launcher)


def _drop(row: CampaignTarget, state: str, note: str, at: datetime) -> None:
    row.state, row.state_at, row.note = state, at, note


def _promise(  # noqa: PLR0917 - what, whom, by whom, why, when
    session: Session,
    campaign: Campaign,
    row: CampaignTarget,
    one: Candidate,
    channel: Channel,
    why: str,
    when: Window,
    at: datetime,
    mode: Literal["demo", "live"],
) -> None:
    stretches = _stretches(when, at)
    task = DialTask(
        kind=CAMPAIGN,
        service_id=campaign.service_id,
        family_id=row.family_id,
        person_id=one.person_id,
        phone_id=one.phone_id,
        number=one.number,
        channel=channel.value,
        state=TaskState.DUE.value,
        state_at=at,
        priority=PRIORITY,
        due_at=max(at, row.call_at or at),
        deadline=when.closes(),
        stretches=[[begins.isoformat(), ends.isoformat()] for begins, ends in stretches],
        planned_at=at,
    )
    session.add(task)
    session.flush()
    key = {"task_id": task.id, "target_id": row.id, "occasion": OCCASION, "outcome": "", "withdrawn_reason": ""}
    if not insert_missing(session, DialSubject, key, ["target_id", "occasion"]):
        raise RuntimeError("a family that waits has been planned already")
    row.person_id, row.phone_id, row.channel, row.why = one.person_id, one.phone_id, channel.value, why
    row.state, row.state_at = PLANNED, at
    session.flush()
    session.refresh(task)
    tell(session, task.id, "planned", at, detail=f"target {row.id}", source=PLANNER)
    if channel is Channel.ROBOT:
        _ask_the_rules(session, campaign, row, task, at, mode)


def _ask_the_rules(  # noqa: PLR0917 - as above
    session: Session,
    campaign: Campaign,
    row: CampaignTarget,
    task: DialTask,
    at: datetime,
    mode: Literal["demo", "live"],
) -> None:
    """A robot's task that its own rules would hand to a person never stands in the robot's queue."""
    verdict = judge(facts.read(session, task, at, QUIET, mode=mode), at)
    if verdict.answer is not Answer.HUMAN or verdict.rule is None:
        return
    title = verdict.rule.title
    task.rule, task.reason = verdict.rule.value, title
    if campaign.rest_by_people:
        task.channel = row.channel = Channel.HUMAN.value
        tell(session, task.id, "task", at, detail=title, source=PLANNER)
        return
    task.state, task.state_at = TaskState.CANCELLED.value, at
    _drop(row, GONE, title, at)
    tell(session, task.id, TaskState.CANCELLED.value, at, detail=title, source=PLANNER)


def _stretches(when: Window, at: datetime) -> list[tuple[datetime, datetime]]:
    """From the first to the last minute of calling of each of the next days."""
    found: list[tuple[datetime, datetime]] = []
    for day in when.ahead(at):
        spans = when.spans(day)
        found.append((spans[0][0], spans[-1][1]))
        if len(found) == STRETCHES:
            break
    return found
