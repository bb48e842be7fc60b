"""One talk of the robot, from the answer to its end: script «dialogue» of the FastAGI process.

First the attempt is taken, once: whoever comes second is put down without a word (I2). Then the words, which are files
already. A fault never ends in silence: without SD_OK the dialplan says a neutral sentence by itself (§3, step 6).
"""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable
from datetime import UTC, datetime

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from callflow.dialogues.outcome import Outcome
from crm.db import Database
from crm.dialler import following, keys
from crm.dialler.changing import attempt_of
from crm.dialler.tables import DialAttempt, DialTask
from telephony.agi import AgiSession, CallerHungUp
from workers.dialogue import notebook
from workers.dialogue.acts import Acts
from workers.dialogue.kinds import KINDS
from workers.dialogue.line import Line
from workers.dialogue.notebook import Notebook
from workers.dialogue.patience import Patience
from workers.dialogue.prompts import Prepared, prepared
from workers.dialogue.talk import Talk
from workers.feed import Feed, Notice, NoticeKind
from workers.settings import ServiceSettings
from workers.speech.cache import Spoken
from workers.speech.voice import Voice

START_SECONDS = 1.2
"""The dialplan waits two seconds for the first sign of life."""
END_SECONDS = 4.0
log = logging.getLogger(__name__)
_WORDS = (
    select(DialAttempt.prompts, DialAttempt.kind, DialTask.service_id)
    .join(DialTask, DialTask.id == DialAttempt.task_id)
    .where(DialAttempt.id == bindparam("attempt"))
)


def now() -> datetime:
    """The clock of talks."""
    return datetime.now(UTC)


class Dialogue:
    """Handler of «dialogue»: one for all talks of a process. `clock` is for tests."""

    def __init__(
        self,
        database: Database,
        settings: ServiceSettings,
        *,
        voice: Voice | None = None,
        clock: Callable[[], datetime] = now,
    ) -> None:
        self._database = database
        self._feed = Feed(settings.redis_address())
        self._voice = voice or Voice(settings, database)
        self._clock = clock
        self._patience = Patience(database)
        self._notebook = Notebook(database)

    def __call__(self, agi: AgiSession) -> None:
        """Talk on this channel about the attempt that the dialplan names (`att`)."""
        attempt_id = agi.parameters.get("att", "")
        try:
            words, service_id, kind = self._words(attempt_id)
            taken = self._patience.run(lambda s: following.answered(s, attempt_id, self._clock()), START_SECONDS)
        except Exception as error:
            log.error("%s: the talk could not begin (%s)", attempt_id, type(error).__name__)
            return
        if not taken:
            log.warning("%s: not to be talked with", attempt_id)
            agi.command("HANGUP")
            return
        line = Line.on(agi, words.sounds)

        def speak(text: str) -> Spoken:
            return self._voice.file_of(text, service_id)

        acts = Acts(
            attempt_id,
            patience=self._patience,
            notes=self._notebook,
            speak=speak,
            sounds=line.sounds,
            clock=self._clock,
        )
        talk = Talk(attempt_id, kind, words.script, line, acts, self._notebook, self._clock)
        outcome = talk.run()
        self._settle(talk, outcome, service_id)
        with contextlib.suppress(CallerHungUp):
            talk.let_go(outcome)

    def warm_up(self) -> None:
        """Ask once what every talk asks: the first family must not wait while the program learns its own questions."""
        try:
            with self._database.reading() as session:
                session.execute(_WORDS, {"attempt": ""}).all()
            self._patience.run(lambda session: following.answered(session, "", self._clock()))
        except Exception as error:
            log.warning("not warmed up: %s", type(error).__name__)

    def close(self) -> None:
        """Write what is left and end the threads."""
        self._notebook.close()
        self._patience.close()
        self._feed.close()

    def _words(self, attempt_id: str) -> tuple[Prepared, int, str]:
        """What will be said, for which service, in a call of which kind."""
        with self._database.reading() as session:
            prompts, kind, service_id = session.execute(_WORDS, {"attempt": attempt_id}).one()
        return prepared(prompts, kind), service_id, kind

    def _settle(self, talk: Talk, outcome: Outcome, service_id: int) -> None:
        """The end into the records; if they do not take it now, as soon as they do.

        Pages and ticker are told by the listener, who hears the dialplan's last word a moment later; where he has heard
        it already, a line is free by what is written here.
        """
        notes = self._notebook.take(talk.attempt_id)
        at = self._clock()

        def work(session: Session) -> bool:
            _row = attempt_of(session, talk.attempt_id)  # kept, for each of the following asks for it
            notebook.write(session, notes)
            talk.acts.keep(session)
            KINDS[talk.kind].kept(session, talk.attempt_id, outcome, at)
            keys.note_outcome(session, talk.attempt_id, {one: told.value for one, told in outcome.told.items()})
            following.settle(session, talk.attempt_id, outcome.disposition, at, "agi", outcome.end.value)
            return bool(following.over_word(session, talk.attempt_id))

        def is_settled() -> bool:
            return self._is_settled(talk.attempt_id, service_id, work)

        if not is_settled():
            self._notebook.later(is_settled)

    def _is_settled(self, attempt_id: str, service_id: int, work: Callable[[Session], bool]) -> bool:
        try:
            is_over = self._patience.run(work, END_SECONDS)
        except Exception as error:
            log.error("%s: its end is not written yet (%s)", attempt_id, type(error).__name__)
            return False
        if is_over:
            self._feed.publish([Notice(NoticeKind.DIAL, service_id=service_id)])
        return True
