"""Latin letters in a Russian text: known words as Russians say them, others letter for letter; addresses of the
Internet are left out, for nobody can write them down by ear (domain.md §9.1). Pure.
"""

import re
from typing import Final

_ADDRESS: Final = re.compile(
    r"(?:https?://|www\.)\S+|\S*[^\s@<(«\"]@[^\s@]+\S*|\b[\w-]+(?:\.[\w-]+)*\.(?:ru|рф|com|org|net|su|info)\b\S*",
    re.IGNORECASE,
)
_WORDS: Final = {
    "max": "макс", "sms": "эс-эм-эс", "whatsapp": "вотсап", "viber": "вайбер", "telegram": "телеграм", "qr": "кью-ар",
    "online": "онлайн", "offline": "офлайн", "wi": "вай", "fi": "фай", "email": "электронная почта",
    "e": "и", "mail": "мейл", "pdf": "пэ-дэ-эф", "pin": "пин", "zoom": "зум", "skype": "скайп",
}  # fmt: skip
_ROMAN: Final = re.compile(r"\b(?=[IVX]{1,6}\b)(X{0,3})(IX|IV|V?I{0,3})\b")
_PAIRS: Final = (
    ("sch", "ш"), ("sh", "ш"), ("ch", "ч"), ("zh", "ж"), ("kh", "х"), ("th", "т"), ("ph", "ф"), ("ya", "я"),
    ("yu", "ю"), ("yo", "ё"), ("ck", "к"), ("ee", "и"), ("oo", "у"),
)  # fmt: skip
_RUSSIAN: Final = (
    "а", "б", "к", "д", "е", "ф", "г", "х", "и", "дж", "к", "л", "м", "н", "о", "п", "к", "р", "с", "т", "у", "в", "в",
    "кс", "й", "з",
)  # fmt: skip
_LETTERS: Final = str.maketrans(
    dict(
        zip(
            "abcdefghijklmnopqrstuvwxyz",
            (
                "а",
                "б",
                "к",
                "д",
                "е",
                "ф",
                "г",
                "х",
                "и",
                "дж",
                "к",
                "л",
                "м",
                "н",
                "о",
                "п",
                "к",
                "р",
                "с",
                "т",
                "у",
                "в",
                "в",
                "кс",
                "й",
                "з",
            ),
            strict=True,
        )
    )
)


def has_address(text: str) -> bool:
    """Whether the text holds an e-mail address or a link, which would not be read out."""
    return _ADDRESS.search(text) is not None


def without_addresses(text: str) -> str:
    """`text` without e-mail addresses and links."""
    return _ADDRESS.sub(" ", text)


def roman_to_figures(text: str) -> str:
    """«II квартал» → «2-й квартал»."""
    return _ROMAN.sub(lambda found: f"{_value(found[0])}-й", text)


def _value(roman: str) -> int:
    values = [{"I": 1, "V": 5, "X": 10}[letter] for letter in roman]
    return sum(-one if one < following else one for one, following in zip(values, [*values[1:], 0], strict=True))


def transliterated(text: str) -> str:
    """Latin words in Russian letters."""
    return re.sub(r"[A-Za-z]+", lambda found: _said(found[0].lower()), text)


def _said(word: str) -> str:
    if word in _WORDS:
        return _WORDS[word]
    for latin, russian in _PAIRS:
        word = word.replace(latin, russian)
    return word.translate(_LETTERS)
