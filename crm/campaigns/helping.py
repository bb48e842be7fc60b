"""«Нужна помощь»: the talk of a campaign becomes an appeal of the same family, in the journal like any other (B-10)."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from callflow.names import full_name
from crm import journal
from crm.base import fetch
from crm.campaigns.outcomes import Outcome
from crm.campaigns.tables import Campaign, CampaignTarget
from crm.dialler.tables import DialSubject
from crm.errors import NotFound
from crm.family_tables import Family, Person
from crm.journal_tables import DRAFT, JournalEntry
from crm.masked import brief_of
from crm.outgoing.tables import OutgoingCall
from crm.staff import Employee
from crm.visibility import visible_to

NOT_HERS = "Такого обращения нет."


def open_appeal(session: Session, target: CampaignTarget, employee: Employee, at: datetime) -> JournalEntry:
    """The row of this family, with the applicant filled in: that of her call, else a new one. Asked twice, the same."""
    if target.entry_id is not None:
        return session.get_one(JournalEntry, target.entry_id)
    entry = _of_her_call(session, target, employee)
    if entry is None:
        campaign = session.get_one(Campaign, target.campaign_id)
        entry = journal.new_draft(session, campaign.service_id, "phone", employee, at, f"campaignhelp{target.id:020}")
        entry.occurred_at = entry.occurred_at or at
    person = session.get(Person, target.person_id) if target.person_id else None
    if entry.state == DRAFT and entry.author_id == employee.id and person is not None:
        family = session.get_one(Family, target.family_id)
        journal.name_applicant(session, entry.id, person, family, employee, at)
        _fill(entry, person, family)
    target.entry_id = entry.id
    session.flush()
    return entry


def fetch_help(session: Session, target_id: int, employee: Employee) -> tuple[CampaignTarget, JournalEntry, Family]:
    """A family that asked her for help, its row and its card. Raises NotFound for anybody else's."""
    target = fetch(session, CampaignTarget, target_id)
    if target is None or target.employee_id != employee.id or target.state != Outcome.HELP.value:
        raise NotFound(NOT_HERS)
    family = session.get(Family, target.family_id)
    entry = session.get(JournalEntry, target.entry_id) if target.entry_id else None
    if entry is None or family is None or not visible_to(session, family, employee):
        raise NotFound(NOT_HERS)
    return target, entry, family


def unwritten(session: Session, employee: Employee) -> CampaignTarget | None:
    """The last family that asked her for help and whose row is not saved yet."""
    open_rows = (
        select(CampaignTarget)
        .join(JournalEntry, JournalEntry.id == CampaignTarget.entry_id)
        .where(
            CampaignTarget.employee_id == employee.id,
            CampaignTarget.state == Outcome.HELP.value,
            JournalEntry.state == DRAFT,
            JournalEntry.author_id == employee.id,
        )
    )
    return session.scalars(open_rows.order_by(CampaignTarget.state_at.desc()).limit(1)).first()


def _fill(entry: JournalEntry, person: Person, family: Family) -> None:
    """She has spoken with the person of the list: what the draft of a talk leaves empty until somebody is recognised
    may stand there now. A restricted card fills nothing in but the name."""
    name = entry.applicant_name or full_name(person.surname, person.name, person.patronymic)
    brief = entry.family_brief or ("" if family.restricted else brief_of(family))
    if (name, brief) != (entry.applicant_name, entry.family_brief):
        entry.applicant_name, entry.family_brief = name, brief
        entry.version += 1


def _of_her_call(session: Session, target: CampaignTarget, employee: Employee) -> JournalEntry | None:
    tasks = select(DialSubject.task_id).where(DialSubject.target_id == target.id)
    calls = select(OutgoingCall.call_id).where(
        OutgoingCall.task_id.in_(tasks), OutgoingCall.employee_id == employee.id, OutgoingCall.call_id.is_not(None)
    )
    for call_id in session.scalars(calls.order_by(OutgoingCall.id.desc())):
        if (entry := journal.entry_of_call(session, call_id or 0)) is not None:
            return entry
    return None
