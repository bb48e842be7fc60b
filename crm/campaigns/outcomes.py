"""What became of one family of a campaign, whoever called it: people by one key, the robot by its script (A-18, B-7).

Pure words. Who was told, or does not want it, is not called about the same thing again (`crm.measures`).
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from callflow.dialler.states import TaskState


class Outcome(StrEnum):
    """What a call of a person came to, each with one key; LATER leaves the family in the list."""

    TOLD = "told"
    HELP = "help"
    LATER = "later"
    NOT_REACHED = "not_reached"
    WRONG_NUMBER = "wrong_number"
    REFUSED = "refused"
    DO_NOT_CALL = "do_not_call"

    @property
    def title(self) -> str:  # type: ignore[override]  # str.title() of an outcome is of no use to anybody
        """As it stands on the button."""
        return _TITLES[self]


_TITLES: Final = {
    Outcome.TOLD: "Рассказали",
    Outcome.HELP: "Нужна помощь",
    Outcome.LATER: "Перезвонить позже",
    Outcome.NOT_REACHED: "Не дозвонились",
    Outcome.WRONG_NUMBER: "Номер не тот",
    Outcome.REFUSED: "Не нужно",
    Outcome.DO_NOT_CALL: "Просят не звонить",
}

GONE = "gone"
"""State of a family that need not be called any more: told elsewhere, or the segment does not hold for it now."""

TARGET_STATES: Final[Mapping[str, str]] = {
    "waiting": "ждёт звонка",
    "planned": "в плане звонков",
    Outcome.TOLD.value: "рассказали",
    Outcome.HELP.value: "рассказали, нужна помощь",
    Outcome.REFUSED.value: "не нужно: больше не предлагаем",
    Outcome.NOT_REACHED.value: "не дозвонились",
    Outcome.WRONG_NUMBER.value: "номер не тот",
    Outcome.DO_NOT_CALL.value: "просят не звонить",
    GONE: "звонить не понадобилось",
}
"""Every state of `CampaignTarget` in the order of the page."""

SAID: Final[Mapping[Outcome, str]] = {
    Outcome.TOLD: "told",
    Outcome.HELP: "told",
    Outcome.REFUSED: "refused",
}
"""What `FamilyTold` keeps of it; the other outcomes have said nothing."""

ENDS: Final[Mapping[Outcome, TaskState]] = {
    Outcome.TOLD: TaskState.DELIVERED,
    Outcome.HELP: TaskState.DELIVERED,
    Outcome.REFUSED: TaskState.DECLINED,
    Outcome.WRONG_NUMBER: TaskState.BAD_NUMBER,
    Outcome.DO_NOT_CALL: TaskState.OPTED_OUT,
}

OF_TASKS: Final[Mapping[TaskState, Outcome]] = {
    TaskState.CONFIRMED: Outcome.TOLD,
    TaskState.DELIVERED: Outcome.TOLD,
    TaskState.DECLINED: Outcome.REFUSED,
    TaskState.UNREACHABLE: Outcome.NOT_REACHED,
    TaskState.BAD_NUMBER: Outcome.WRONG_NUMBER,
    TaskState.OPTED_OUT: Outcome.DO_NOT_CALL,
}
"""What the end of a task says of its family, where nobody has said more (`crm.campaigns.settling`)."""
