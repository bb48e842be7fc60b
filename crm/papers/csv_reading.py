"""Rows of a .csv as Russian offices save it: any of three encodings, any of four separators (reliability.md B54)."""

import codecs
import csv
import io
from collections.abc import Iterator
from pathlib import Path

from crm.papers.reading import (
    DAMAGED,
    MAX_COLUMNS,
    MAX_ROWS,
    TOO_MANY_COLUMNS,
    TOO_MANY_ROWS,
    About,
    Cell,
    FileRefused,
    Row,
)

SEPARATORS = ";\t,|"
LOOKED_AT = 200  # lines by which the separator is recognised
LONGEST_FIELD = 50_000

_UNKNOWN = "Кодировка файла не узнана. Сохраните его в Excel как «Книга Excel (.xlsx)» и повторите."
_OPEN_QUOTE = "строка {}: не закрыта кавычка. Исправьте её или сохраните файл как «Книга Excel (.xlsx)»."


def read(path: Path, about: About) -> Iterator[Row]:
    """Give the rows. Raises FileRefused."""
    encoding, text = decode(path.read_bytes())
    if any(sign in text for sign in "\0\x01\x02\x03\x04\x05"):
        raise FileRefused(DAMAGED)
    separator, text = separator_of(text)
    about.sheets = [""]
    name = "табуляция" if separator == "\t" else f"«{separator}»"
    about.notes.append(f"Кодировка {encoding}, разделитель {name}.")
    csv.field_size_limit(LONGEST_FIELD)
    lines = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    kept = 0
    try:
        for number, values in enumerate(lines, 1):
            cells = [Cell(value.strip()) for value in values]
            while cells and not cells[-1].text:
                cells.pop()
            if not cells:
                continue
            kept += 1
            if kept > MAX_ROWS:
                raise FileRefused(TOO_MANY_ROWS)
            if len(cells) > MAX_COLUMNS:
                raise FileRefused(TOO_MANY_COLUMNS)
            yield Row(0, number, tuple(cells))
    except csv.Error:
        raise FileRefused(f"В файле не всё понятно, {_OPEN_QUOTE.format(kept + 1)}") from None


def decode(raw: bytes) -> tuple[str, str]:
    """Return the encoding's name for people, and the text. Raises FileRefused.

    UTF-8 is strict enough to be told from Windows-1251; UTF-16 is told by its mark or by its high bytes.
    """
    for mark, codec in (
        (codecs.BOM_UTF8, "utf-8"),
        (codecs.BOM_UTF16_LE, "utf-16-le"),
        (codecs.BOM_UTF16_BE, "utf-16-be"),
    ):
        if raw.startswith(mark):
            return _try(raw[len(mark) :], codec) or _unknown()
    for start, codec in ((1, "utf-16-le"), (0, "utf-16-be")):
        high = raw[:4096][start::2]
        if high and high.count(0) + high.count(4) > 0.9 * len(high):  # Latin and Cyrillic letters; no text has these
            return _try(raw, codec) or _unknown()
    return _try(raw, "utf-8") or _try(raw, "cp1251") or _unknown()


def separator_of(text: str) -> tuple[str, str]:
    """Return the separator and the text without Excel's own first line «sep=;».

    The one that stands in most of the first lines; of two, the one that stands there more often.
    """
    if text[:4].lower() == "sep=" and text[4:5] in SEPARATORS:
        return text[4], text[5:].lstrip("\r\n")
    lines = text[:200_000].splitlines()[:LOOKED_AT]
    outside = ["".join(line.split('"')[::2]) for line in lines]

    def weight(separator: str) -> tuple[int, int]:
        counts = [line.count(separator) for line in outside]
        return sum(count > 0 for count in counts), sum(counts)

    return max(SEPARATORS, key=weight), text


def _try(raw: bytes, codec: str) -> tuple[str, str] | None:
    try:
        name = {"utf-8": "UTF-8", "cp1251": "Windows-1251"}.get(codec, "UTF-16")
        return name, raw.decode(codec)
    except UnicodeDecodeError:
        return None


def _unknown() -> tuple[str, str]:
    raise FileRefused(_UNKNOWN)
