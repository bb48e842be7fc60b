"""Where the stress falls in words that voices get wrong (domain.md §9.1). Pure.

The mark is U+0301 after the vowel: RHVoice and espeak-ng understand it, festival gets the words without.
"""

import re
from typing import Final

MARK: Final = "\u0301"
_WORDS: Final = (
    "звони\u0301те", "звони\u0301т", "звоня\u0301т", "позвони\u0301те", "перезвони\u0301те", "перезвони\u0301т",
    "догово\u0301р", "догово\u0301ра", "догово\u0301ры", "догово\u0301ров", "догово\u0301ру",
    "обеспе\u0301чение", "обеспе\u0301чения", "обеспе\u0301чению", "обеспе\u0301чением",
    "хода\u0301тайство", "хода\u0301тайства", "хода\u0301тайству", "хода\u0301тайством",
    "катало\u0301г", "кварта\u0301л", "кварта\u0301ла", "сре\u0301дства", "сре\u0301дствами",
    "Каме\u0301шково", "Кантеми\u0301ровка", "Кантеми\u0301ровке", "Кантеми\u0301ровки",
)  # fmt: skip
_BY_WORD: Final = {word.replace(MARK, "").lower(): word.index(MARK) for word in _WORDS}
_WORD: Final = re.compile(r"[А-Яа-яЁё]+(?![А-Яа-яЁё\u0301])")


def stressed(text: str) -> str:
    """`text` with the stress marked in the words of the dictionary; a mark that somebody has set stays alone."""

    def marked(found: re.Match[str]) -> str:
        word = found[0]
        place = _BY_WORD.get(word.lower())
        return word if place is None else f"{word[:place]}{MARK}{word[place:]}"

    return _WORD.sub(marked, text)


def unstressed(text: str) -> str:
    """`text` without marks, for the eye and for festival."""
    return text.replace(MARK, "")
