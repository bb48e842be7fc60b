"""Any Russian text as words and pauses that every one of our voices can say (domain.md §9.1). Pure.

What comes out holds Russian letters, spaces, stress marks and `. , ! ? : ; -` and nothing else: no figure, no Latin
letter, nothing that a speech program could take for markup, an option or a command (reliability.md B74). The letter ё
stays. It is the one way: whatever is spoken, by whichever engine, went through here.
"""

import re
import unicodedata
from typing import Final

from callflow.speech.abbreviations import expanded
from callflow.speech.figures import in_words
from callflow.speech.latin import roman_to_figures, transliterated, without_addresses
from callflow.speech.stress import MARK

_SIGNS: Final = {"%": " процентов ", "+": " плюс ", "=": " равно ", "&": " и ", "№": " номер ", "₽": " рублей "}
_KEPT: Final = re.compile(rf"[^А-Яа-яЁё .,!?:;—{MARK}-]+")
_STRAY_MARK: Final = re.compile(rf"(?<![аеёиоуыэюяАЕЁИОУЫЭЮЯ]){MARK}+|(?<={MARK}){MARK}+")
MOST_PASSES: Final = 4
SAID: Final = re.compile(rf"[А-Яа-яЁё .,!?:;—{MARK}-]*")
"""What `speakable` returns, to the letter."""


def speakable(text: str) -> str:
    """`text` as it is said; "" where there is nothing to say. What has been said once is said the same again."""
    words = _once(text)
    for _ in range(MOST_PASSES):  # a word that came free («0ББ» → «ноль ББ») may be an abbreviation
        before, words = words, _once(words)
        if words == before:
            break
    return words


def _once(text: str) -> str:
    words = unicodedata.normalize("NFC", text.replace("\u00a0", " ").replace("\u202f", " "))
    if SAID.fullmatch(words) is None or any(letter in words for letter in "@№%"):
        words = without_addresses(words)
        words = expanded(words)
        words = in_words(roman_to_figures(words))
        words = transliterated(words)
        for sign, said in _SIGNS.items():
            words = words.replace(sign, said)
        words = unicodedata.normalize("NFC", _KEPT.sub(_gap, words))
    else:
        words = expanded(words)
    return _tidied(_STRAY_MARK.sub("", words))


def _gap(found: re.Match[str]) -> str:
    """Quotation marks vanish, brackets and strokes are a short pause, whatever else a space."""
    return ", " if re.search(r"[()\[\]/|\n]", found[0]) else "" if re.fullmatch(r"[«»\"„“”'’`]+", found[0]) else " "


def _tidied(text: str) -> str:
    """One space between words, one mark of a pause where two have met."""
    text = re.sub(r"\s*[–—]\s*", " — ", text)
    text = re.sub(r"\s+([.,!?:;])", r"\1", text)
    text = re.sub(r"[,:;]+(?=[.!?])", "", text)
    text = re.sub(r"([,:;])[,:;]+", r"\1", text)
    text = re.sub(r"\.{2,}", ".", text)
    text = re.sub(r"([.!?])[.,:;]+", r"\1", text)
    text = re.sub(r"([,.!?:;])(?=[^\s.,!?:;])", r"\1 ", text)
    text = re.sub(r"(?<![А-Яа-яЁё])-+|-+(?![А-Яа-яЁё])", " ", text)
    text = " ".join(text.split())
    return re.sub(r"^[\s.,:;—]+", "", text).strip()
