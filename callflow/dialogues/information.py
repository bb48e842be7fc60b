"""A message of a campaign, by the robot (S-5; domain.md §9.2). Pure.

::

    who is there (`talk`) ── 1 ──► the message ── that we never ask for codes, keys ──► good-bye
                                      3 call me back   4 once more   0 a person   9 no more robots
"""

from collections.abc import Generator, Mapping
from dataclasses import dataclass
from typing import Final

from callflow.dialogues.outcome import End, Outcome, Told
from callflow.dialogues.script import NEUTRAL, whole
from callflow.dialogues.steps import Heard, Key, Step
from callflow.dialogues.talk import MOST_REPEATS, Part, Slips, Talk

MESSAGE: Final = "info"
"""The piece with the campaign's own words."""
PIECES: Final = (*NEUTRAL, MESSAGE, "info_safe", "info_keys", "info_bye")
MENU_KEYS: Final = "3409"
_ALL: Final = 0
"""The call is about one thing only."""


@dataclass(frozen=True)
class Script:
    """What is said: `words` is piece → text as it is written. `human_now`: whether key 0 connects with the operators;
    otherwise they call back. Raises ValueError for a script that lacks one of `PIECES`."""

    words: Mapping[str, str]
    human_now: bool = True

    def __post_init__(self) -> None:
        whole(self.words, PIECES)


def dialogue(script: Script) -> Generator[Step, Heard, Outcome]:
    """Say the message (see `Talk.whole`). `told[0]` is HEARD where the family heard it, WANTED where somebody is to
    call back about it."""
    return _Information(script).whole()


class _Information(Talk):
    def __init__(self, script: Script) -> None:
        super().__init__({_ALL: Told.NOTHING}, human_now=script.human_now)

    def matter(self) -> Part[None]:
        key = yield from self.tell(MESSAGE, _ALL, MENU_KEYS)
        slips, repeats = Slips(), 0
        question = ("info_safe", "info_keys")
        pieces: tuple[str, ...] = question
        while pieces:
            heard: Heard = Key(key=key)
            if not key:
                heard = yield from self.ask(pieces, MENU_KEYS)
            pieces, key = question, ""
            match heard:
                case Key(key="3"):
                    yield from self.call_back(_ALL)
                    break
                case Key(key="4") if repeats < MOST_REPEATS:
                    repeats += 1
                    key = yield from self.tell(MESSAGE, _ALL, MENU_KEYS)
                case _:
                    pieces = slips.again(heard, "info_keys")
        yield from self.finish(End.BYE, "info_bye")
