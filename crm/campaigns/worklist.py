"""The dispatcher's list of a campaign: the next family, its call, and what it came to, each with one key (A-18, B-7).

She sees the card before she calls; a caller who waits always comes first (`Source.yields`). What she holds is hers for
a quarter of an hour (`crm.dialler.claiming`), then anybody's.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Final, Literal

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from callflow.dialler import window
from callflow.dialler.rules import Verdict
from callflow.dialler.states import TaskState
from callflow.outgoing import OrderState
from callflow.text import clean_line
from crm.audit import Actor
from crm.campaigns.days import window_of
from crm.campaigns.known import known_otherwise
from crm.campaigns.outcomes import ENDS, TARGET_STATES, Outcome
from crm.campaigns.settling import write_outcome
from crm.campaigns.tables import PLANNED, RUNNING, WAITING, Campaign, CampaignTarget
from crm.dialler import by_person, claiming, refusals, yielding
from crm.dialler.access import fetch_task
from crm.dialler.changing import end
from crm.dialler.settings import settings_of
from crm.dialler.tables import CAMPAIGN, DialSubject, DialTask
from crm.dialler.wrapping_up import close_wrapup, is_talking
from crm.errors import NotFound, RecordsError
from crm.family_tables import Family, Person
from crm.outgoing import asking
from crm.outgoing.tables import OutgoingCall
from crm.staff import Employee

PURPOSE: Final = "сообщить о мере поддержки"
OFFERED: Final = 20
"""So many are looked at for one that nobody has: colleagues who press at the same moment take different ones."""
AGAIN_LATER: Final = timedelta(minutes=60)
TALK_GOES_ON: Final = "Разговор ещё идёт: закончите его, потом отметьте итог."
WRONG_TIME: Final = "Укажите время позже этой минуты и до конца кампании."


@dataclass(frozen=True)
class Item:
    """The family that she works on."""

    task: DialTask
    target: CampaignTarget
    campaign: Campaign
    family: Family
    person: Person | None


@dataclass(frozen=True)
class Left:
    """How many wait in a campaign for people, now and later."""

    campaign: Campaign
    now: int
    later: int


def held(session: Session, employee: Employee) -> Item | None:
    """The one that she has; None where she has none, or its campaign was paused or stopped meanwhile."""
    mine = _waiting(session, employee).where(
        DialTask.owner == claiming.owner_of(employee), DialTask.state == TaskState.CLAIMED.value
    )
    task = session.scalars(mine.order_by(DialTask.id).limit(1)).first()
    return _item(session, task) if task is not None else None


def take_next(
    session: Session,
    employee: Employee,
    at: datetime,
    *,
    mode: Literal["demo", "live"],
    campaign_id: int | None = None,
    ip: str = "",
) -> Item | None:
    """The next family of this campaign, or of any; the one she holds comes first. None where nobody is left for her.

    A family that may be called at this minute comes before one that may not.
    """
    mine = held(session, employee)
    if mine is not None and (campaign_id is None or mine.campaign.id == campaign_id):
        return mine
    passed = by_person.passed_over(session, employee, at)
    due = _next(session, employee, at, campaign_id, limit=OFFERED + len(passed))
    found = [one for one in session.scalars(due) if one.id not in passed]
    if mine is not None and found:
        claiming.give_back(session, mine.task, claiming.owner_of(employee), at)
    ready = by_person.ready_first(session, found, at, partial(yielding.live_for, session, employee), mode=mode)
    task = by_person.take_first(session, ready, employee, at, ip=ip)
    return _item(session, task) if task is not None else mine


def left(session: Session, viewer: Employee, at: datetime) -> list[Left]:
    """Of every running campaign that people work on, the most urgent first: what waits for anybody."""
    is_due = DialTask.due_at <= at
    counted = (
        _waiting(session, viewer)
        .where(DialTask.state == TaskState.DUE.value)
        .with_only_columns(CampaignTarget.campaign_id, is_due, func.count(DialTask.id))
        .group_by(CampaignTarget.campaign_id, is_due)
    )
    numbers: dict[int, list[int]] = {}
    for campaign_id, now, count in session.execute(counted):
        numbers.setdefault(campaign_id, [0, 0])[0 if now else 1] += count
    running = select(Campaign).where(Campaign.id.in_(numbers)).order_by(Campaign.ends_on, Campaign.id)
    return [Left(row, *numbers[row.id]) for row in session.scalars(running)]


def may_call(
    session: Session, item: Item, employee: Employee, at: datetime, *, mode: Literal["demo", "live"]
) -> Verdict:
    """Whether she may call now, by the records: the page says the rule before she presses."""
    return by_person.may_call(session, item.task, at, yielding.live_for(session, employee, item.task), mode=mode)[0]


def call(
    session: Session,
    task_id: int,
    employee: Employee,
    *,
    mode: Literal["demo", "live"],
    at: datetime,
    ip: str = "",
) -> OutgoingCall:
    """Order the call of the family she holds; refused while somebody waits in her queue. Raises NotFound, RecordsError.

    A wrap-up of an earlier family of the list, whose outcome is written, ends here: nothing else would end it.
    """
    task = fetch_task(session, task_id, employee)
    item_of(session, task)
    by_person.take(session, task_id, employee, at, ip=ip)
    close_wrapup(session, employee, at, ip=ip)
    live = yielding.live_for(session, employee, task)
    return by_person.call(session, task_id, employee, live, purpose=PURPOSE, mode=mode, at=at, ip=ip)


def skip(session: Session, task_id: int, reason: str, employee: Employee, at: datetime, *, ip: str = "") -> None:
    """Passed over with a reason: a colleague may take it at once. Raises NotFound, Incomplete, RecordsError."""
    _stop_ringing(session, task_id, employee, at, ip)
    by_person.give_back(session, task_id, reason, employee, at, ip=ip)
    close_wrapup(session, employee, at, ip=ip)


def finish(  # noqa: PLR0917 - which, how, in whose words, by whom, when
    session: Session,
    task_id: int,
    outcome: Outcome,
    note: str,
    employee: Employee,
    at: datetime,
    *,
    call_at: datetime | None = None,
    ip: str = "",
) -> CampaignTarget:
    """What the call came to. The same outcome again changes nothing. `call_at`: when to call again (LATER).

    In a campaign that was stopped while she talked the outcome is kept all the same. Raises NotFound, Incomplete,
    RecordsError where the task is not hers, over, or the talk goes on.
    """
    task = fetch_task(session, task_id, employee)
    target = target_of(session, task, lock=True)
    if target.state == outcome.value and target.employee_id == employee.id:
        return target
    if is_talking(session, task_id, employee):
        raise RecordsError(TALK_GOES_ON)
    words = clean_line(note, 300)
    if _was_called_back(task, target, employee):
        write_outcome(session, target, outcome, at, employee_id=employee.id, note=words)
        _beside(session, task, outcome, employee, at, ip)
        by_person.note_outcome(session, outcome.value, f"{outcome.title}. {words}", task, employee, at, ip)
        return target
    if target.state != PLANNED:
        raise RecordsError(f"Итог уже записан: {TARGET_STATES.get(target.state, target.state)}.")
    task = by_person.mine(session, task_id, employee)
    _stop_ringing(session, task_id, employee, at, ip)
    if outcome is Outcome.LATER:
        by_person.later(session, task, call_at, WRONG_TIME, employee, at)
        target.call_at, target.note = call_at, words or target.note
    elif outcome is Outcome.NOT_REACHED:
        if not by_person.no_answer(session, task, _again(session, task, target, at), employee, at):
            write_outcome(session, target, outcome, at, employee_id=employee.id, note=words)
    else:
        end(session, task, ENDS[outcome], outcome.value, at, claiming.owner_of(employee))
        write_outcome(session, target, outcome, at, employee_id=employee.id, note=words)
        _beside(session, task, outcome, employee, at, ip)
    by_person.note_outcome(session, outcome.value, f"{outcome.title}. {words}", task, employee, at, ip)
    if outcome is not Outcome.HELP:  # there the row of the journal ends it
        close_wrapup(session, employee, at, ip=ip)
    return target


def item_of(session: Session, task: DialTask) -> Item:
    """The task with all that the page shows. Raises NotFound for a task of another kind, RecordsError where its
    campaign does not call now."""
    found = _item(session, task)
    if found is None:
        raise RecordsError("Кампания на паузе или закончена: звонить пока не нужно.")
    return found


def target_of(session: Session, task: DialTask, *, lock: bool = False) -> CampaignTarget:
    """The family of the campaign that the task is about. Raises NotFound for a task of another kind."""
    target_id = next((one.target_id for one in task.subjects if one.target_id is not None), None)
    target = session.get(CampaignTarget, target_id, with_for_update=lock, populate_existing=lock) if target_id else None
    if target is None:
        raise NotFound("Такого звонка нет.")
    return target


def _item(session: Session, task: DialTask) -> Item | None:
    target = target_of(session, task)
    campaign = session.get_one(Campaign, target.campaign_id)
    if campaign.state != RUNNING or task.family_id is None:
        return None
    person = session.get(Person, task.person_id) if task.person_id else None
    return Item(task, target, campaign, session.get_one(Family, task.family_id), person)


def _waiting(session: Session, viewer: Employee) -> Select[DialTask]:
    return (
        by_person.waiting(session, CAMPAIGN, viewer)
        .join(DialSubject, DialSubject.task_id == DialTask.id)
        .join(CampaignTarget, CampaignTarget.id == DialSubject.target_id)
        .join(Campaign, Campaign.id == CampaignTarget.campaign_id)
        .where(Campaign.state == RUNNING, DialSubject.withdrawn_at.is_(None))
    )


def _next(
    session: Session, employee: Employee, at: datetime, campaign_id: int | None, *, limit: int
) -> Select[DialTask]:
    """What is due and nobody's: those who asked for a time first, then in the order of the plan."""
    due = _waiting(session, employee).where(
        DialTask.state == TaskState.DUE.value, DialTask.due_at <= at, DialTask.deadline > at, ~known_otherwise()
    )
    if campaign_id is not None:
        due = due.where(CampaignTarget.campaign_id == campaign_id)
    asked_for_a_time = CampaignTarget.call_at.is_(None)
    return due.order_by(DialTask.priority, asked_for_a_time, DialTask.due_at, DialTask.id).limit(limit)


def _again(session: Session, task: DialTask, target: CampaignTarget, at: datetime) -> datetime | None:
    """When a family that did not answer is called again: on another day, as often as the service's rules allow; None
    where that was the last try."""
    settings = settings_of(session, task.service_id)
    if by_person.times_not_reached(session, task) + 1 >= settings.caps.attempts:
        return None
    campaign = session.get_one(Campaign, target.campaign_id)
    when = window_of(session, campaign)
    tomorrow = when.midnight(at + timedelta(days=1))
    return window.next_start(when.calendar, when.hours, max(tomorrow, at + AGAIN_LATER), settings.caps.ring)


def _was_called_back(task: DialTask, target: CampaignTarget, employee: Employee) -> bool:
    """Her campaign was stopped, or done, while she was talking with the family."""
    return (
        task.state == TaskState.CANCELLED.value
        and task.employee_id == employee.id
        and target.state == WAITING
        and all(one.withdrawn_at is not None for one in task.subjects)
    )


def _beside(  # noqa: PLR0917 - what, of which task, by whom, when, from where
    session: Session, task: DialTask, outcome: Outcome, employee: Employee, at: datetime, ip: str
) -> None:
    """What an outcome teaches about the number."""
    if outcome is Outcome.WRONG_NUMBER:
        refusals.mark(session, task.number, task.person_id, refusals.WRONG_PERSON, at, None)
    elif outcome is Outcome.DO_NOT_CALL:
        refusals.refuse(
            session, task.number, task.person_id, refusals.ALL, "talk", at,
            by=Actor.of(employee, ip), employee_id=employee.id, family_id=task.family_id,
        )  # fmt: skip


def _stop_ringing(session: Session, task_id: int, employee: Employee, at: datetime, ip: str) -> None:
    """She has given up before anybody answered: her order is not left ringing."""
    ringing = select(OutgoingCall).where(
        OutgoingCall.task_id == task_id,
        OutgoingCall.employee_id == employee.id,
        OutgoingCall.live,
        OutgoingCall.state != OrderState.TALKING.value,
    )
    for order in session.scalars(ringing):
        asking.hang_up(session, order.id, employee, at, ip=ip)
