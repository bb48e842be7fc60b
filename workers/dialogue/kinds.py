"""The dialogue that belongs to a kind of call, and what of it a story may tell."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy.orm import Session

from callflow.dialler.states import Disposition
from callflow.dialogues import information, reminder, script, survey
from callflow.dialogues.outcome import Outcome, Told
from callflow.dialogues.steps import Heard, Step
from crm.campaigns import answers as campaign_answers
from crm.dialler.tables import CAMPAIGN, RATING, REMINDER
from crm.reminders import answers

Script = script.Script | information.Script | survey.Script
Words = Mapping[str, str]
Conversation = Generator[Step, Heard, Outcome]


@dataclass(frozen=True)
class Kind:
    """`script_of` finds the script in the names of the pieces that were made ready; `dialogue` talks by it.

    `is_message`: this piece, once heard, is what the call was made for. `tells_a_score`: this piece, or what is pressed
    at it, does; those rated read stories too, and no score before the quarter is closed (A-32). "" is a question
    without words. `kept` writes at the end of the talk what is this kind's own, before the attempt is over.
    """

    script_of: Callable[[Words], Script]
    dialogue: Callable[[Any], Conversation]
    is_message: Callable[[str], bool] = lambda _: False
    tells_a_score: Callable[[str], bool] = lambda _: False
    kept: Callable[[Session, str, Outcome, datetime], None] = lambda *_: None


def _release_offers(session: Session, attempt_id: str, _: Outcome, at: datetime) -> None:
    answers.release(session, attempt_id, at)


def _keep_told(session: Session, attempt_id: str, outcome: Outcome, at: datetime) -> None:
    """Heard, and nobody is wanted: also where robots were refused after it."""
    heard = Told.HEARD in outcome.told.values()
    if heard and outcome.disposition in (Disposition.DELIVERED, Disposition.OPTED_OUT):
        campaign_answers.told(session, attempt_id, at)


def _reminder(words: Words) -> script.Script:
    named = (name.removeprefix(script.BOOKING) for name in words if name.startswith(script.BOOKING))
    return script.Script(words, tuple(script.Booking(int(one)) for one in named))


KINDS: Final[Mapping[str, Kind]] = {
    REMINDER: Kind(
        _reminder,
        reminder.dialogue,
        is_message=lambda piece: piece.startswith(script.BOOKING),
        kept=_release_offers,
    ),
    CAMPAIGN: Kind(
        information.Script,
        information.dialogue,
        is_message=lambda piece: piece == information.MESSAGE,
        kept=_keep_told,
    ),
    RATING: Kind(survey.Script, survey.dialogue, tells_a_score=survey.tells_a_score),
}
"""By `DialTask.kind`."""
