"""A campaign under way: paused, resumed, stopped, heard by whoever answers for it, and done by itself after its last
day."""

from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from callflow.text import clean_line
from crm.audit import Actor, write
from crm.campaigns import texts
from crm.campaigns.access import fetch_campaign
from crm.campaigns.days import window_of
from crm.campaigns.kinds import GOES_ON
from crm.campaigns.tables import DONE, PAUSED, PLANNED, RUNNING, STOPPED, WAITING, Campaign, CampaignTarget
from crm.dialler.tables import DialSubject
from crm.dialler.withdrawing import withdraw_all
from crm.errors import Incomplete, RecordsError
from crm.staff import Employee


def pause(
    session: Session, campaign_id: int, reason: str, employee: Employee, at: datetime, *, ip: str = ""
) -> Campaign:
    """No call begins until it is resumed; talks that go on go on. Raises NotFound, Incomplete, RecordsError."""
    row = fetch_campaign(session, campaign_id, employee, lock=True)
    if row.state == PAUSED:
        return row
    if row.state != RUNNING:
        raise RecordsError("На паузу можно поставить только идущую кампанию.")
    return _move(session, row, PAUSED, _why(reason), employee, at, ip)


def resume(session: Session, campaign_id: int, employee: Employee, at: datetime, *, ip: str = "") -> Campaign:
    """Go on where it was. Raises NotFound, RecordsError."""
    row = fetch_campaign(session, campaign_id, employee, lock=True)
    if row.state == RUNNING:
        return row
    if row.state != PAUSED:
        raise RecordsError("Продолжить можно только кампанию на паузе.")
    return _move(session, row, RUNNING, "", employee, at, ip)


def stop(
    session: Session, campaign_id: int, reason: str, employee: Employee, at: datetime, *, ip: str = ""
) -> Campaign:
    """Nobody else is called, for good: planned calls are taken back at once. Raises NotFound, Incomplete,
    RecordsError."""
    row = fetch_campaign(session, campaign_id, employee, lock=True)
    if row.state == STOPPED:
        return row
    if row.state not in GOES_ON:
        raise RecordsError("Остановить можно только идущую кампанию.")
    _move(session, row, STOPPED, _why(reason), employee, at, ip)
    take_back(session, row, "кампания остановлена", at)
    return row


def note_heard(session: Session, campaign_id: int, employee: Employee, at: datetime, *, ip: str = "") -> Campaign:
    """She has heard the newest text on her own phone from beginning to end. Raises NotFound."""
    row = fetch_campaign(session, campaign_id, employee, lock=True)
    text = texts.current(session, row.id)
    if text is not None and row.heard_version != text.version:
        row.heard_at, row.heard_version = at, text.version
        write(session, Actor.of(employee, ip), "campaign.heard", subject="campaign", subject_id=row.id,
              details={"version": text.version}, at=at)  # fmt: skip
    return row


def end_over(session: Session, at: datetime) -> list[Campaign]:
    """Campaigns whose last day is over, or whose families have all been called: done. A standing one waits for its last
    day."""
    ended = []
    for row in session.scalars(select(Campaign).where(Campaign.state.in_(GOES_ON)).with_for_update(skip_locked=True)):
        to_come = select(CampaignTarget.id).where(
            CampaignTarget.campaign_id == row.id, CampaignTarget.state.in_((WAITING, PLANNED))
        )
        over = window_of(session, row).closes() <= at
        if not over and (row.standing or row.state == PAUSED or session.scalar(to_come.limit(1)) is not None):
            continue
        row.state, row.state_at, row.version = DONE, at, row.version + 1
        row.state_reason = "срок закончился" if over else "все семьи обзвонены"
        take_back(session, row, "кампания завершена", at)
        ended.append(row)
    return ended


def take_back(session: Session, campaign: Campaign, reason: str, at: datetime) -> None:
    """Withdraw every call that stands in the plan; its family was not called."""
    of_this = select(CampaignTarget.id).where(
        CampaignTarget.campaign_id == campaign.id, CampaignTarget.state == PLANNED
    )
    withdraw_all(session, DialSubject.target_id.in_(of_this), reason, at, source="campaign")
    session.execute(
        update(CampaignTarget)
        .where(CampaignTarget.campaign_id == campaign.id, CampaignTarget.state == PLANNED)
        .values(state=WAITING, state_at=at)
        .execution_options(synchronize_session="fetch")
    )


def _move(  # noqa: PLR0917 - which, where to, why, by whom, when, from where
    session: Session, row: Campaign, state: str, reason: str, employee: Employee, at: datetime, ip: str
) -> Campaign:
    row.state, row.state_at, row.state_reason, row.version = state, at, reason, row.version + 1
    session.flush()
    action = {PAUSED: "campaign.pause", RUNNING: "campaign.resume", STOPPED: "campaign.stop"}[state]
    write(session, Actor.of(employee, ip), action, subject="campaign", subject_id=row.id, at=at)
    return row


def _why(reason: str) -> str:
    words = clean_line(reason, 200)
    if not words:
        raise Incomplete({"reason": "Напишите почему: это увидят коллеги."})
    return words
