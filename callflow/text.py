"""Text from a stranger made safe to keep and to show.

A caller's name, a note pasted from anywhere, a cell of a table: each may hold control characters, right-to-left
overrides, invisible letters or a hundred accents on one letter (reliability.md B4, B28). Called before anything is
stored, so that no page, export or log has to think of it again. HTML is not touched here: escaping belongs to the
template.
"""

import re
import unicodedata

MARKS_IN_A_ROW = 2
"""Vietnamese and Church Slavonic need two on one letter; a flood paints over the lines above and below."""

_INVISIBLE_LETTERS = frozenset("\u115f\u1160\u3164\uffa0\u034f\u17b4\u17b5\u2800")
"""Fillers that Unicode calls letters, marks or symbols and that print as nothing."""

_PLAIN = re.compile("[ -~\nА-яЁё«»№–—]*")
"""Nothing in such a text needs care; most texts are such, and a register of ten thousand families is (L12)."""

_LINE_ENDS = {"\r\n": "\n", "\r": "\n", "\v": "\n", "\f": "\n", "\x85": "\n", "\u2028": "\n", "\u2029": "\n"}


def clean_line(text: str, limit: int = 80) -> str:
    """One line for storage and display: at most ``limit`` code points, never cut between a letter and its accent.

    Removed: NUL and other controls, bidi controls, zero-width and private-use characters, lone surrogates, accents
    beyond two in a row. Every run of white space, line ends included, becomes one space. U+FFFD stays: it says that
    something was unreadable.
    """
    return _cut(_visible(_bounded(text, limit)), limit)


def clean_text(text: str, limit: int = 10_000) -> str:
    """The same for a note of several lines: line ends become ``\\n`` and stay, with at most one empty line in a row."""
    text = _bounded(text, limit)
    for line_end, newline in _LINE_ENDS.items():
        text = text.replace(line_end, newline)
    lines: list[str] = []
    for line in (_visible(raw) for raw in text.split("\n")):
        if line or (lines and lines[-1]):
            lines.append(line)
    return _cut("\n".join(lines).strip(), limit)


def search_key(text: str) -> str:
    """The form by which names and addresses are compared: small letters, ё as е, no accents, words with one space
    between."""
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold()).replace("ё", "е")
    kept = "".join(letter if letter.isalnum() else "" if _is_mark(letter) else " " for letter in folded)
    return " ".join(unicodedata.normalize("NFC", kept).split())


def _bounded(text: str, limit: int) -> str:
    """Composing a megabyte of accents costs quadratic time; nothing that far behind the limit can be shown anyway."""
    return text[: max(limit, 0) * 8 + 256]


def _visible(text: str) -> str:
    if _PLAIN.fullmatch(text):
        return " ".join(text.split())
    composed = unicodedata.normalize("NFC", _filtered(text))
    return " ".join(_filtered(composed).split())


def _filtered(text: str) -> str:
    kept: list[str] = []
    marks = MARKS_IN_A_ROW  # an accent needs a letter to stand on: none at the very start
    for character in text:
        category = unicodedata.category(character)
        if category[0] == "Z" or character in "\t\n\r\v\f\x85":
            kept.append(" ")
            marks = MARKS_IN_A_ROW
        elif category in ("Cc", "Cf", "Cs", "Co") or _is_noncharacter(character) or character in _INVISIBLE_LETTERS:
            continue
        elif _is_mark(character):
            if marks < MARKS_IN_A_ROW:
                kept.append(character)
            marks += 1
        else:
            kept.append(character)
            marks = 0
    return "".join(kept)


def _cut(text: str, limit: int) -> str:
    if len(text) <= limit:
        return text
    end = max(limit, 0)
    while end > 0 and _is_mark(text[end]):  # the first character that falls away is an accent: its letter goes too
        end -= 1
    return text[:end].rstrip()


def _is_mark(character: str) -> bool:
    return unicodedata.category(character)[0] == "M"


def _is_noncharacter(character: str) -> bool:
    """U+FDD0…U+FDEF and the last two of every plane are no characters by definition (Unicode 23.7)."""
    code = ord(character)
    return 0xFDD0 <= code <= 0xFDEF or code & 0xFFFE == 0xFFFE
