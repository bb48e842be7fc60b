"""What the end of a call says of the family that was called (I11): written once, whoever made the call.

A person's outcome is written at once by `crm.campaigns.worklist`; the robot's, and what the engine has ended by itself,
are found here: run by the ticker as often as one likes.
"""

from datetime import datetime

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from callflow.dialler.states import Channel, Disposition, TaskState
from crm.campaigns import texts
from crm.campaigns.kinds import topic_of
from crm.campaigns.known import known_otherwise
from crm.campaigns.outcomes import GONE, OF_TASKS, SAID, Outcome
from crm.campaigns.sorting import LeftOut
from crm.campaigns.tables import PLANNED, WAITING, Campaign, CampaignTarget
from crm.dialler.changing import end
from crm.dialler.tables import CAMPAIGN, ON_THE_WAY, DialAttempt, DialSubject, DialTask
from crm.dialler.withdrawing import withdraw_all
from crm.measures import telling

_SAYS_MORE = tuple(state.value for state in OF_TASKS if state is not TaskState.UNREACHABLE)
_WANTED_A_PERSON = (Disposition.HUMAN.value, "unknown", "stranded")
"""Rules with which a robot's task goes to a person whatever the campaign says: the family has asked for one, or nobody
knows what it has heard."""
_OF_RULES = {Disposition.WRONG_PERSON.value: Outcome.WRONG_NUMBER}


def settle(session: Session, at: datetime, limit: int = 200) -> int:
    """Write what is over; how many families were settled. `limit` keeps a transaction short."""
    _end_handed_over(session, at, limit)
    _take_back(session, at, limit)
    over = (
        select(CampaignTarget, DialTask)
        .join(DialSubject, DialSubject.target_id == CampaignTarget.id)
        .join(DialTask, DialTask.id == DialSubject.task_id)
        .where(
            or_(
                and_(CampaignTarget.state == PLANNED, DialTask.state.not_in(ON_THE_WAY)),
                and_(CampaignTarget.state == WAITING, DialTask.state.in_(_SAYS_MORE)),
            )
        )
        .order_by(CampaignTarget.id)
        .limit(limit)
        .with_for_update(of=CampaignTarget, skip_locked=True)
    )
    settled = 0
    for target, task in session.execute(over).all():
        state = TaskState(task.state)
        outcome = _OF_RULES.get(task.rule) or OF_TASKS.get(state)
        if outcome is not None:
            write_outcome(session, target, outcome, at, channel=_who_called(session, task))
        elif state is TaskState.EXPIRED:
            target.state, target.state_at = WAITING, at  # nobody has called it: the campaign was over first
        else:
            target.state, target.state_at, target.note = GONE, at, target.note or "звонок сняли"
        settled += 1
    return settled


def write_outcome(
    session: Session,
    target: CampaignTarget,
    outcome: Outcome,
    at: datetime,
    *,
    channel: str = Channel.HUMAN.value,
    employee_id: int | None = None,
    note: str = "",
) -> None:
    """The family's row, and what it was told, which keeps everybody from telling it again (`crm.measures.telling`)."""
    campaign = session.get_one(Campaign, target.campaign_id)
    text = texts.current(session, campaign.id)
    target.state, target.state_at, target.employee_id = outcome.value, at, employee_id
    target.note = note or target.note
    target.channel = channel
    if outcome not in SAID:
        return
    target.text_version = text.version if text is not None else None
    session.flush()
    telling.tell(
        session,
        target.family_id,
        topic_of(campaign),
        outcome=SAID[outcome],
        channel=channel,
        at=at,
        employee_id=employee_id,
        measure_id=campaign.measure_id,
        target_id=target.id,
        note=note,
    )


def _end_handed_over(session: Session, at: datetime, limit: int) -> None:
    """A campaign that leaves out whom the robot does not reach has no list for people: what the engine hands over is
    over, but for families that asked for a person."""
    handed = (
        select(DialTask)
        .join(DialSubject, DialSubject.task_id == DialTask.id)
        .join(CampaignTarget, CampaignTarget.id == DialSubject.target_id)
        .join(Campaign, Campaign.id == CampaignTarget.campaign_id)
        .where(
            DialTask.kind == CAMPAIGN,
            DialTask.channel == Channel.HUMAN.value,
            DialTask.state == TaskState.DUE.value,
            DialTask.rule.not_in(_WANTED_A_PERSON),
            Campaign.channel == Channel.ROBOT.value,
            Campaign.rest_by_people.is_(False),
        )
        .limit(limit)
    )
    for task in session.scalars(handed.with_for_update(of=DialTask, skip_locked=True)).all():
        end(session, task, TaskState.UNREACHABLE, task.rule, at, "campaign")


def _take_back(session: Session, at: datetime, limit: int) -> None:
    """Calls that nobody has begun, to families that were told of it meanwhile, or do not want it, in another talk."""
    known = (
        select(DialSubject.id, CampaignTarget)
        .join(CampaignTarget, CampaignTarget.id == DialSubject.target_id)
        .join(Campaign, Campaign.id == CampaignTarget.campaign_id)
        .join(DialTask, DialTask.id == DialSubject.task_id)
        .where(
            CampaignTarget.state == PLANNED,
            DialTask.state == TaskState.DUE.value,
            DialSubject.withdrawn_at.is_(None),
            known_otherwise(),
        )
        .limit(limit)
    )
    found = session.execute(known).all()
    for _, target in found:
        target.note = LeftOut.TOLD.title
    if found:
        ids = [subject_id for subject_id, _ in found]
        withdraw_all(session, DialSubject.id.in_(ids), LeftOut.TOLD.title, at, source="campaign")


def _who_called(session: Session, task: DialTask) -> str:
    by_robot = select(DialAttempt.id).where(DialAttempt.task_id == task.id, DialAttempt.rang).limit(1)
    human = task.channel == Channel.HUMAN.value or session.scalar(by_robot) is None
    return Channel.HUMAN.value if human else Channel.ROBOT.value
