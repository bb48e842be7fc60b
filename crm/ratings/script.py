"""The words of a call that asks for a rating (S-8, S-7; domain.md §9.2), filled in as things are now."""

from datetime import datetime

from sqlalchemy.orm import Session

from callflow.dialogues.script import NEUTRAL
from callflow.dialogues.survey import HIGHEST, LOWEST, PIECES, Script, echo
from callflow.speech import numerals
from callflow.speech.templates import fill
from crm.dialler.service_words import OfService, of_service, whom
from crm.dialler.sources import stands
from crm.dialler.tables import DialTask
from crm.reminders.script import SILENT_MACHINE

WORDED = (*NEUTRAL, *(name for name in PIECES if name.startswith("survey_")), "bye")
"""Pieces with a text of their own; the echoes are one text for ten scores."""


def script_of(session: Session, task: DialTask, at: datetime, known: OfService | None = None) -> Script:
    """Everything that may be said in a call about this task at `at` (aware). `known`: what every call of its service
    says, where that was read before.

    Raises `templates.Unresolved` for a text that wants what is not known, ValueError where the case waits for no rating
    any more.
    """
    if not any(stands(session, one, at) for one in task.subjects):
        raise ValueError("no case waits for a rating")
    service, spoken_to = of_service(session, task.service_id, at, known), whom(session, task)
    values = {**service.values, **spoken_to.values}
    words = {name: fill(service.texts[name].text, values) for name in WORDED}
    if spoken_to.no_messages:
        words["machine"] = words[SILENT_MACHINE]
    for score in range(LOWEST, HIGHEST + 1):
        words[echo(score)] = fill(service.texts["survey_echo"].text, {**values, "оценка": numerals.score(score)})
    return Script(words, human_now=service.is_open(at))
