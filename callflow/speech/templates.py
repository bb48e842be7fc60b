"""Texts with variables in braces: filled, checked before they are saved, measured by the ear (domain.md §3.5, §9.2).

Pure. A text that still has a brace never reaches a voice: a family must not hear «фигурная скобка».
"""

import re
from collections.abc import Collection, Mapping
from typing import Final

from callflow.speech.latin import has_address
from callflow.speech.speakable import speakable
from callflow.speech.stress import unstressed

_VARIABLE: Final = re.compile(r"\{([^{}]*)\}")
LETTERS_PER_SECOND: Final = 12.5
"""How fast the voices speak, pauses within a sentence included (measured: elena 13.4, espeak-ng 12.8)."""
SENTENCE_SECONDS: Final = 0.4
LONGEST_SECONDS: Final = 25.0
"""Longer words nobody listens to (domain.md §3.5)."""
LONGEST_TEXT: Final = 1000


class Unresolved(ValueError):
    """A text wants values that it was not given; `names` are those variables, or the stray braces."""

    def __init__(self, names: Collection[str]) -> None:
        super().__init__("unresolved: " + ", ".join(sorted(names)))
        self.names = tuple(sorted(names))


def variables_in(text: str) -> tuple[str, ...]:
    """The variables of a text in the order in which they stand there, each once, without the braces."""
    return tuple(dict.fromkeys(name.strip() for name in _VARIABLE.findall(text)))


def fill(text: str, values: Mapping[str, str], *, optional: Collection[str] = ("кабинет",)) -> str:
    """`text` with its variables replaced; of those in `optional` an empty one takes its comma with it.

    Values are taken as they are: braces in a value stay out of the text. Raises Unresolved for a variable that has no
    value, or an empty one, and for a brace that belongs to none.
    """
    lacking = [
        name for name in variables_in(text) if name not in values or (not values[name].strip() and name not in optional)
    ]
    lacking += ["{" if brace == "{" else "}" for brace in re.findall(r"[{}]", _VARIABLE.sub("", text))]
    if lacking:
        raise Unresolved(lacking)
    filled = _VARIABLE.sub(lambda found: re.sub(r"[{}]", "", values[found[1].strip()].strip()), text)
    filled = re.sub(r"\s+([,.])", r"\1", filled)
    filled = re.sub(r"(?:,\s*)+([,.!?])", r"\1", filled)
    return " ".join(filled.split())


def seconds_of(text: str) -> float:
    """About how long a text sounds, in seconds, before any voice has said it."""
    words = unstressed(speakable(text))
    letters = sum(letter.isalpha() for letter in words)
    return letters / LETTERS_PER_SECOND + SENTENCE_SECONDS * len(re.findall(r"[.!?]+(?:\s|$)", words))


def problems(text: str, allowed: Collection[str], examples: Mapping[str, str]) -> list[str]:
    """Why this text must not be saved, as Russian sentences; none where it may.

    `allowed` are the variables that this piece has, `examples` a value for each.
    """
    if not text.strip():
        return ["Напишите текст: пустую реплику робот сказать не может."]
    if len(text) > LONGEST_TEXT:
        return [f"Текст длиннее {LONGEST_TEXT} знаков. Сократите его."]
    found = []
    unknown = [name for name in variables_in(text) if name not in allowed]
    if unknown:
        listed = ", ".join(f"{{{name}}}" for name in unknown)
        known = ", ".join(f"{{{name}}}" for name in allowed) or "нет"
        found.append(f"Неизвестные переменные: {listed}. Для этой реплики есть: {known}.")
    elif re.search(r"[{}]", _VARIABLE.sub("", text)):
        found.append("Лишняя фигурная скобка. Переменная пишется так: {имя}.")
    if has_address(text):
        found.append("Адрес электронной почты или сайта на слух не записать. Назовите телефон.")
    if found:
        return found
    said = fill(text, {name: examples.get(name, "") or "слово" for name in allowed})
    if not any(letter.isalpha() for letter in speakable(said)):
        return ["В тексте нечего произнести."]
    if seconds_of(said) > LONGEST_SECONDS:
        return [
            f"Реплика звучит около {seconds_of(said):.0f} секунд, а можно не дольше {LONGEST_SECONDS:.0f}. "
            "Сократите текст."
        ]
    return []
