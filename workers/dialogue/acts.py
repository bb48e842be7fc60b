"""What a key does to the records, in one short transaction; a fault is an answer too."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime
from typing import TypeVar

from sqlalchemy.orm import Session

from callflow.dialogues.steps import Action, Do, Done, Result
from callflow.speech.templates import Unresolved
from crm.dialler import keys
from crm.dialler.tables import DialAttempt, DialTask
from crm.errors import RecordsError
from crm.ratings import by_phone
from crm.reminders import answers, offer_words
from workers.dialogue import notebook
from workers.dialogue.notebook import Notebook
from workers.dialogue.patience import Patience
from workers.dialogue.prompts import Sound, Speak
from workers.speech.port import SpeechError

WORDS_SECONDS = 3.0
log = logging.getLogger(__name__)
Clock = Callable[[], datetime]
T = TypeVar("T")


class Acts:
    """The acts of one talk. `sounds` is where the words of offered times are put, for the line to play."""

    def __init__(
        self,
        attempt_id: str,
        *,
        patience: Patience,
        notes: Notebook,
        speak: Speak,
        sounds: dict[str, Sound],
        clock: Clock,
    ) -> None:
        self._attempt_id = attempt_id
        self._patience = patience
        self._notes = notes
        self._speak = speak
        self._sounds = sounds
        self._clock = clock
        self.unkept: list[Do] = []
        """Acts that the records did not take and that must not be forgotten: a refusal holds from the key on."""

    @property
    def longest(self) -> float:
        """Seconds that an act may take: the records', and the words of other times."""
        return self._patience.seconds + WORDS_SECONDS

    def perform(self, step: Do) -> Done:
        """Do it. Never raises: GONE where the booking or the time is no longer as it was, FAULT where nothing was
        kept."""
        try:
            return self._perform(step)
        except RecordsError as error:
            log.info("%s: %s was refused (%s)", self._attempt_id, step.action.value, type(error).__name__)
            return Done(result=Result.GONE)
        except (SpeechError, Unresolved) as error:
            log.warning("%s: offered times could not be said (%s)", self._attempt_id, type(error).__name__)
            return Done(result=Result.GONE)
        except Exception as error:
            log.error("%s: %s was not kept (%s)", self._attempt_id, step.action.value, type(error).__name__)
            if step.action in (Action.REFUSE_ROBOT, Action.WRONG_PERSON, Action.CALL_BACK):
                self.unkept.append(step)
            return Done(result=Result.FAULT)

    def keep(self, session: Session) -> None:
        """Write what was not kept before, in the caller's transaction."""
        for step in self.unkept:
            self._plain(session, step)

    def _perform(self, step: Do) -> Done:
        if step.action is Action.OFFERS:
            return self._offers(step)
        self._run(lambda session: self._plain(session, step))
        if step.action is Action.MOVE:
            return Done(pieces=(_moved(step),))
        return Done()

    def _run(self, work: Callable[[Session], T]) -> T:
        """One transaction, which takes the story's unwritten lines along: they stand before what they led to."""
        before = self._notes.take(self._attempt_id)

        def whole(session: Session) -> T:
            notebook.write(session, before)
            return work(session)

        try:
            return self._patience.run(whole)
        except BaseException:
            self._notes.put_back(before)
            raise

    def _plain(self, session: Session, step: Do) -> None:
        at, attempt = self._clock(), self._attempt_id
        match step.action:
            case Action.CONFIRM:
                answers.confirm(session, attempt, step.booking, at)
            case Action.CANCEL:
                answers.cancel(session, attempt, step.booking, at)
            case Action.MOVE:
                answers.move(session, attempt, step.booking, step.choice, at)
            case Action.RATE:
                by_phone.give_by_key(session, attempt, step.choice, at)
            case Action.REFUSE_SCORE:
                by_phone.refuse(session, attempt, at)
            case Action.REFUSE_ROBOT:
                keys.refuse(session, attempt, at, identified=step.identified)
            case Action.WRONG_PERSON:
                keys.wrong_person(session, attempt, at)
            case _:
                keys.call_back(session, attempt, step.booking, at)

    def _offers(self, step: Do) -> Done:
        """Keep two times, and make ready what is said of them and of the one that will be chosen: after that choice
        nothing can fail for want of words."""

        def keep(session: Session) -> tuple[str, list[str]]:
            at = self._clock()
            offered = answers.offers(session, self._attempt_id, step.booking, at)
            if not offered:
                return "", []
            attempt = session.get_one(DialAttempt, self._attempt_id)
            service = session.get_one(DialTask, attempt.task_id).service_id
            times = [one.starts_at for one in offered]
            room = answers.room_of(session, step.booking)
            after = [offer_words.moved(session, service, one, room, at) for one in times]
            return offer_words.offered(session, service, times, at), after

        question, after = self._run(keep)
        if not after:
            return Done(count=0)
        piece = f"offered:{step.booking}"
        self._sounds[piece] = Sound.of(self._speak(question))
        for choice, words in enumerate(after, 1):
            self._sounds[_moved(Do(Action.MOVE, step.booking, choice))] = Sound.of(self._speak(words))
        return Done(pieces=(piece,), count=len(after))


def _moved(step: Do) -> str:
    return f"moved:{step.booking}:{step.choice}"
