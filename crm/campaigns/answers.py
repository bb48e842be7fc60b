"""What a family does by a key in a campaign's call (S-5); what keys mean in every call is `crm.dialler.keys`."""

from datetime import datetime

from sqlalchemy.orm import Session

from crm.campaigns.outcomes import Outcome
from crm.campaigns.settling import write_outcome
from crm.campaigns.tables import PLANNED, CampaignTarget
from crm.dialler.keys import subjects_of

ROBOT = "robot"


def told(session: Session, attempt_id: str, at: datetime) -> None:
    """The message was heard, and nobody is to call about it: written at once, so that a refusal of robots in the same
    call does not make a person tell it again. The second time it finds everything done."""
    for subject in subjects_of(session, attempt_id):
        if subject.target_id is None:
            continue
        target = session.get_one(CampaignTarget, subject.target_id, with_for_update=True, populate_existing=True)
        if target.state == PLANNED:
            write_outcome(session, target, Outcome.TOLD, at, channel=ROBOT)
