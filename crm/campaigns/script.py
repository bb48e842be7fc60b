"""The words of a robot's call about a campaign (S-5, S-7; domain.md §9.2), filled in as things are now.

Made anew for every order: the newest version of the text, and only one that somebody has heard (`running.note_heard`).
"""

from datetime import datetime

from sqlalchemy.orm import Session

from callflow.dialogues.information import MESSAGE, PIECES, Script
from callflow.speech.templates import Unresolved, fill
from crm.campaigns import texts
from crm.campaigns.tables import Campaign, CampaignTarget
from crm.dialler.service_words import OfService, of_service, whom
from crm.dialler.sources import stands
from crm.dialler.tables import DialTask
from crm.family_tables import Person
from crm.reminders.script import SILENT_MACHINE

WORDED = tuple(name for name in PIECES if name != MESSAGE)
"""Pieces that are the same for every campaign of a service."""


def script_of(session: Session, task: DialTask, at: datetime, known: OfService | None = None) -> Script:
    """Everything that may be said in a call about this task at `at` (aware). `known`: what every call of its service
    says, where that was read before.

    Raises `templates.Unresolved` for words that want what is not known, or that nobody has heard since they were
    changed; ValueError where the family need not be told any more.
    """
    campaign = _campaign_of(session, task, at)
    text = texts.current(session, campaign.id)
    if text is None or campaign.heard_version != text.version:
        raise Unresolved(["текст ещё не прослушан"])
    service, spoken_to = of_service(session, task.service_id, at, known), whom(session, task)
    values = {**service.values, **spoken_to.values}
    words = {name: fill(service.texts[name].text, values) for name in WORDED}
    if spoken_to.no_messages:
        words["machine"] = words[SILENT_MACHINE]
    person = session.get(Person, task.person_id) if task.person_id else None
    said = texts.words_for(text.text, texts.values_of(session, campaign, at), person)
    if said.unresolved:
        raise Unresolved(said.unresolved)
    words[MESSAGE] = said.text
    return Script(words, human_now=service.is_open(at))


def _campaign_of(session: Session, task: DialTask, at: datetime) -> Campaign:
    for one in task.subjects:
        if one.target_id is not None and stands(session, one, at):
            return session.get_one(Campaign, session.get_one(CampaignTarget, one.target_id).campaign_id)
    raise ValueError("no campaign has anything to say to this family")
