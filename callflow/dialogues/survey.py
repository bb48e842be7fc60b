"""A rating from 1 to 10, entered on the keys (S-8; domain.md §9.2, §9.3 is the law here). Pure.

::

    who is there (`talk`) ── 1 ──► the question ──► one or two figures ──► «Ваша оценка: …» ── 1 ──► kept
                                     ▲ * refuses │ 0 00 11…19 nothing: again │ 2 once more
                                     └───────────┴──────────────────────────┘

Where the score is entered figures mean the score and * the refusal, and nothing else does: no key 0, no key 9. A # only
ends what has been entered: pressed before, or after the second figure, it is passed over. Nothing is kept before the
family has heard its score and confirmed it.
"""

from collections.abc import Generator, Mapping
from dataclasses import dataclass
from typing import Final

from callflow.dialogues.outcome import End, Outcome, Told
from callflow.dialogues.script import NEUTRAL, whole
from callflow.dialogues.steps import FIRST_KEY_SECONDS, NEXT_KEY_SECONDS, Action, Ask, Heard, Key, Result, Step
from callflow.dialogues.talk import Part, Slips, Talk

LOWEST, HIGHEST = 1, 10
ECHO: Final = "echo"


def echo(score: int) -> str:
    """The piece that repeats this score and asks whether it is right."""
    return f"{ECHO}:{score}"


def tells_a_score(piece: str) -> bool:
    """Whether a score could be learnt from this piece, or from the key pressed at it; "" is the wait for the second
    figure."""
    return piece in ("", "survey_ask") or piece.startswith(f"{ECHO}:")


ECHOES: Final = tuple(echo(score) for score in range(LOWEST, HIGHEST + 1))
PIECES: Final = (
    *NEUTRAL,
    "survey_hello",
    "survey_ask",
    "survey_again",
    "survey_thanks",
    "survey_refused",
    "survey_none",
    "bye",
    *ECHOES,
)
FIGURES: Final = "0123456789"
REFUSAL: Final = "*"
ENDS_IT: Final = "#"
SURE_KEYS: Final = "1209"
MOST_AGAIN: Final = 2
"""How often «не удалось распознать» is said before a person is to call (domain.md §9.3)."""
MOST_CORRECTIONS: Final = 3
_ALL: Final = 0
_SCORES: Final = {str(score): score for score in range(LOWEST, HIGHEST + 1)}
_NOT_A_SCORE: Final = 0
_REFUSED: Final = -1


@dataclass(frozen=True)
class Script:
    """What is said: `words` is piece → text as it is written. `human_now`: whether key 0 connects with the operators;
    otherwise they call back. Raises ValueError for a script that lacks one of `PIECES`."""

    words: Mapping[str, str]
    human_now: bool = True

    def __post_init__(self) -> None:
        whole(self.words, PIECES)


def dialogue(script: Script) -> Generator[Step, Heard, Outcome]:
    """Ask for a score (see `Talk.whole`). `told[0]` is RATED or NOT_RATED (a refusal) once the records have it, WANTED
    where a person is to ask; whoever hangs up before he has confirmed his score has given none."""
    return _Survey(script).whole()


class _Survey(Talk):
    def __init__(self, script: Script) -> None:
        super().__init__({_ALL: Told.NOTHING}, human_now=script.human_now)

    def matter(self) -> Part[None]:
        again = corrections = 0
        pieces: tuple[str, ...] = ("survey_hello", "survey_ask")
        while again <= MOST_AGAIN and corrections <= MOST_CORRECTIONS:
            score = yield from self._entered(pieces)
            if score == _REFUSED:
                yield from self._keep(Action.REFUSE_SCORE, Told.NOT_RATED, "survey_refused")
            if score == _NOT_A_SCORE:
                again += 1
                pieces = ("survey_again", "survey_ask")
                continue
            right = yield from self._confirmed(score)
            if right is None:
                break
            if right:
                yield from self._keep(Action.RATE, Told.RATED, "survey_thanks", score)
            corrections += 1
            pieces = ("survey_ask",)
        yield from self.say("survey_none")
        yield from self.call_back(_ALL)
        yield from self.finish(End.BYE, "bye")

    def _entered(self, pieces: tuple[str, ...]) -> Part[int]:
        """The score, or what stands for a refusal and for anything else. 2…9 are whole with their only figure."""
        first = yield from self._figure(pieces, FIRST_KEY_SECONDS, passed_over=ENDS_IT)
        if first == REFUSAL:
            return _REFUSED
        if first not in ("0", "1"):
            return _SCORES.get(first, _NOT_A_SCORE)
        second = yield from self._figure((), NEXT_KEY_SECONDS)
        if second == REFUSAL:
            return _REFUSED
        return _SCORES.get(first + second.removesuffix(ENDS_IT), _NOT_A_SCORE)

    def _figure(self, pieces: tuple[str, ...], seconds: float, *, passed_over: str = "") -> Part[str]:
        heard = yield from self.step(Ask(pieces, FIGURES + REFUSAL, seconds, passed_over))
        return heard.key if isinstance(heard, Key) else ""

    def _confirmed(self, score: int) -> Part[bool | None]:
        """Whether this is the score; None where no answer that means anything comes."""
        question = echo(score)
        slips = Slips()
        pieces: tuple[str, ...] = (question,)
        while pieces:
            heard = yield from self.ask(pieces, SURE_KEYS, passed_over=ENDS_IT)
            match heard:
                case Key(key="1"):
                    return True
                case Key(key="2"):
                    return False
            pieces = slips.again(heard, question)
        return None

    def _keep(self, action: Action, told: Told, piece: str, score: int = 0) -> Part[None]:
        """Write it down and say so; where the case waits for no rating any more, good-bye."""
        done = yield from self.act(action, _ALL, score)
        kept = done.result is Result.DONE
        self.told[_ALL] = told if kept else Told.HEARD
        yield from self.finish(End.BYE, piece if kept else "bye")
