"""How sure we are who is speaking, and what that allows (domain.md §3.5).

A number on the display proves nothing: anybody can present any number, and a telephone is shared by a family. So the
level is a fact of this one conversation, raised by what the dispatcher did, recorded with her name, and asked before
a card opens.
"""

from enum import IntEnum


class IdentityLevel(IntEnum):
    """Ordered: a higher level includes what the lower ones allow."""

    UNKNOWN = 0
    CALLER_NUMBER = 1
    CONFIRMED = 2
    CONTROL_QUESTIONS = 3
    DOCUMENT = 4

    @property
    def label(self) -> str:
        """What the dispatcher reads."""
        return _LABELS[self]


_LABELS = {
    IdentityLevel.UNKNOWN: "личность не установлена",
    IdentityLevel.CALLER_NUMBER: "номер совпадает с карточкой",
    IdentityLevel.CONFIRMED: "назвал(а) себя",
    IdentityLevel.CONTROL_QUESTIONS: "ответил(а) на контрольные вопросы",
    IdentityLevel.DOCUMENT: "лично, по документу",
}


def may_see_full_card(level: IdentityLevel) -> bool:
    """The whole card, and booking an appointment: the caller has said who he is."""
    return level >= IdentityLevel.CONFIRMED


def may_discuss_case(level: IdentityLevel) -> bool:
    """Details of the case, aloud on the telephone: two control questions were answered (birth date, street of the
    address)."""
    return level >= IdentityLevel.CONTROL_QUESTIONS
