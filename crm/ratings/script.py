"""The words of a call that asks for a rating (S-8, S-7; domain.md §9.2), filled in as things are now."""

from datetime import datetime

from sqlalchemy.orm import Session

from callflow.calendar import LineState
from callflow.dialogues.script import NEUTRAL
from callflow.dialogues.survey import HIGHEST, LOWEST, PIECES, Script, echo
from callflow.names import address_form
from callflow.speech import numerals
from callflow.speech.templates import fill
from crm.calendar.reading import calendar_of
from crm.dialler.sources import stands
from crm.dialler.tables import DialTask
from crm.family_tables import Family, Person
from crm.institution import Service
from crm.reminders.script import SILENT_MACHINE
from crm.speech import texts
from crm.speech.values import common

WORDED = (*NEUTRAL, *(name for name in PIECES if name.startswith("survey_")), "bye")
"""Pieces with a text of their own; the echoes are one text for ten scores."""


def script_of(session: Session, task: DialTask, at: datetime) -> Script:
    """Everything that may be said in a call about this task at `at` (aware).

    Raises `templates.Unresolved` for a text that wants what is not known, ValueError where the case waits for no rating
    any more.
    """
    if not any(stands(session, one, at) for one in task.subjects):
        raise ValueError("no case waits for a rating")
    service = session.get_one(Service, task.service_id)
    person = session.get(Person, task.person_id) if task.person_id else None
    family = session.get(Family, task.family_id) if task.family_id else None
    values = common(session, service, at)
    if person is not None:
        values["имя"] = address_form(person.surname, person.name, person.patronymic)
    worded = texts.all_current(session, service.id)
    words = {name: fill(worded[name].text, values) for name in WORDED}
    if family is not None and family.no_messages:
        words["machine"] = words[SILENT_MACHINE]
    for score in range(LOWEST, HIGHEST + 1):
        words[echo(score)] = fill(worded["survey_echo"].text, {**values, "оценка": numerals.score(score)})
    open_now = calendar_of(session, service.id).at(at).state is LineState.OPEN
    return Script(words, human_now=open_now)
