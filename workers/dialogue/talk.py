"""One dialogue on one channel: every step carried out, every step in the story, one outcome whatever happens."""

from __future__ import annotations

import logging
from collections.abc import Callable, Generator
from dataclasses import dataclass, replace
from datetime import datetime

from callflow.dialogues.outcome import End, Outcome
from callflow.dialogues.steps import Do, Done, Hangup, Heard, Human, HungUp, Key, Say, Step
from telephony import variables
from telephony.agi import CallerHungUp
from workers.dialogue.acts import Acts
from workers.dialogue.kinds import KINDS, Script
from workers.dialogue.line import Line
from workers.dialogue.notebook import Notebook

log = logging.getLogger(__name__)


@dataclass
class Talk:
    """A talk about one attempt of this `kind`. `broken`: the exchange or a sound failed in the middle of it."""

    attempt_id: str
    kind: str
    script: Script
    line: Line
    acts: Acts
    notes: Notebook
    clock: Callable[[], datetime]
    broken: bool = False

    def run(self) -> Outcome:
        """The whole dialogue. Ends with an outcome whatever the exchange does."""
        talk = KINDS[self.kind].dialogue(self.script)
        step = next(talk)
        try:
            while True:
                step = talk.send(self._heard(step))
        except StopIteration as end:
            outcome: Outcome = end.value
            return outcome
        except CallerHungUp:
            return _cut_short(talk)
        except Exception as error:
            # Asterisk keeps silent, or a sound is gone: the dialplan says the last word, for `let_go` leaves it to it.
            log.error("%s: the talk broke off (%s)", self.attempt_id, type(error).__name__)
            self.broken = True
            return replace(_cut_short(talk), end=End.TROUBLE)

    def let_go(self, outcome: Outcome) -> None:
        """Hand the channel back to the dialplan, which hangs up or goes to the operators."""
        if self.broken:
            return
        if outcome.end is End.HUMAN:
            self.line.agi.set_variable(variables.SD_ROUTE, "human")
        self.line.agi.set_variable(variables.SD_OK, "1")

    def _heard(self, step: Step) -> Heard:
        if isinstance(step, Do):
            self.line.allow(self.acts.longest)
            return self.acts.perform(step)
        if isinstance(step, Human | Hangup):
            return Done()
        heard = self.line.say(step) if isinstance(step, Say) else self.line.ask(step)
        self._note(step.pieces, heard)
        return heard

    def _note(self, pieces: tuple[str, ...], heard: Heard) -> None:
        """The step's lines of the story: what was said and how far, the key; the message in full is «played». No line
        tells a score."""
        at, kind = self.clock(), KINDS[self.kind]
        named = [piece.partition(":")[0] if kind.tells_a_score(piece) else piece for piece in pieces]
        last = pieces[-1] if pieces else ""
        if pieces:
            whole = heard.was_heard and any(kind.is_message(piece) for piece in pieces)
            said = f"{','.join(named)} {heard.played_ms}/{heard.of_ms}"
            self.notes.note(self.attempt_id, "played" if whole else "said", said, at)
        if isinstance(heard, Key):
            pressed = "key" if kind.tells_a_score(last) else f"key {heard.key}"
            self.notes.note(self.attempt_id, pressed, named[-1] if named else "", at)
            if heard.key == "1" and "who" in pieces:
                self.notes.note(self.attempt_id, "identified", "", at)
        elif isinstance(heard, HungUp):
            self.notes.note(self.attempt_id, "hung up", named[-1] if named else "", at)


def _cut_short(talk: Generator[Step, Heard, Outcome]) -> Outcome:
    """What had been done when the telephone was put down."""
    try:
        while True:
            talk.send(HungUp())
    except StopIteration as end:
        outcome: Outcome = end.value
        return outcome
