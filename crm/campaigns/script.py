"""The words of a robot's call about a campaign (S-5, S-7; domain.md §9.2), filled in as things are now.

Made anew for every order: the newest version of the text, and only one that somebody has heard (`running.note_heard`).
"""

from datetime import datetime

from sqlalchemy.orm import Session

from callflow.calendar import LineState
from callflow.dialogues.information import MESSAGE, PIECES, Script
from callflow.names import address_form
from callflow.speech.templates import Unresolved, fill
from crm.calendar.reading import calendar_of
from crm.campaigns import texts
from crm.campaigns.tables import Campaign, CampaignTarget
from crm.dialler.sources import stands
from crm.dialler.tables import DialTask
from crm.family_tables import Family, Person
from crm.institution import Service
from crm.reminders.script import SILENT_MACHINE
from crm.speech import texts as speech_texts
from crm.speech.values import common

WORDED = tuple(name for name in PIECES if name != MESSAGE)
"""Pieces that are the same for every campaign of a service."""


def script_of(session: Session, task: DialTask, at: datetime) -> Script:
    """Everything that may be said in a call about this task at `at` (aware).

    Raises `templates.Unresolved` for words that want what is not known, or that nobody has heard since they were
    changed; ValueError where the family need not be told any more.
    """
    campaign = _campaign_of(session, task, at)
    text = texts.current(session, campaign.id)
    if text is None or campaign.heard_version != text.version:
        raise Unresolved(["текст ещё не прослушан"])
    service = session.get_one(Service, task.service_id)
    person = session.get(Person, task.person_id) if task.person_id else None
    family = session.get(Family, task.family_id) if task.family_id else None
    values = common(session, service, at)
    if person is not None:
        values["имя"] = address_form(person.surname, person.name, person.patronymic)
    worded = speech_texts.all_current(session, service.id)
    words = {name: fill(worded[name].text, values) for name in WORDED}
    if family is not None and family.no_messages:
        words["machine"] = words[SILENT_MACHINE]
    said = texts.words_for(text.text, texts.values_of(session, campaign, at), person)
    if said.unresolved:
        raise Unresolved(said.unresolved)
    words[MESSAGE] = said.text
    return Script(words, human_now=calendar_of(session, service.id).at(at).state is LineState.OPEN)


def _campaign_of(session: Session, task: DialTask, at: datetime) -> Campaign:
    for one in task.subjects:
        if one.target_id is not None and stands(session, one, at):
            return session.get_one(Campaign, session.get_one(CampaignTarget, one.target_id).campaign_id)
    raise ValueError("no campaign has anything to say to this family")
