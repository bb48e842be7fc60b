"""Telephones and e-mail addresses of one cell, as people write them together (reliability.md B33–B36, B39)."""

import re
from dataclasses import dataclass

from callflow.phone import PhoneNumber, normalise, split_extension, split_numbers
from callflow.text import clean_line

_EMAIL = re.compile(r"[A-Za-z0-9._%+'-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*\.[A-Za-zА-Яа-яЁё]{2,24}")
_BETWEEN = re.compile(r"[,;|/\n\r]|\s(?:и|или)\s")
_LABELS = (("моб", "мобильный"), ("сот", "мобильный"), ("дом", "домашний"), ("раб", "рабочий"))
_NOTHING = frozenset(["", "-", "нет", "н/д", "не указан", "отсутствует"])
LONGEST_EMAIL = 120


@dataclass(frozen=True)
class Contacts:
    """Phones as (E.164, as written, label); `unread` is what is neither a telephone nor an address, '' if nothing."""

    phones: tuple[tuple[str, str, str], ...]
    emails: tuple[str, ...]
    unread: str


def read_contacts(text: str, area_code: str | None) -> Contacts:
    """Everything that stands in the cell. Nothing is dropped silently: what is not understood is in `unread`."""
    emails = [found for found in _EMAIL.findall(text) if len(found) <= LONGEST_EMAIL]
    rest = _EMAIL.sub(" ; ", text)
    phones: dict[str, tuple[str, str, str]] = {}
    unread: list[str] = []
    whole = normalise(rest, area_code)  # «7,9910970168E+10» is one number, its comma separates nothing
    for part in [rest] if whole else _BETWEEN.split(rest):
        written = clean_line(part, 60).strip(" .:-–")
        if written.casefold() in _NOTHING:
            continue
        numbers = [whole] if whole else _numbers(part, area_code)
        for number in numbers:
            phones.setdefault(number.e164, (number.e164, written, _label(written)))
        if not numbers and (any(map(str.isdigit, written)) or "@" in written):
            unread.append(clean_line(part, 120))
    return Contacts(tuple(phones.values()), tuple(dict.fromkeys(emails)), ", ".join(unread))


def _numbers(part: str, area_code: str | None) -> list[PhoneNumber]:
    found = split_numbers(part, area_code)
    if found:
        return found
    digits = re.search(r"[+(]?\d[\d ()\-–.]*", split_extension(part)[0])  # «дом. 2-12-34»: a local number after a word
    number = normalise(digits.group(), area_code) if digits else None
    return [number] if number else []


def _label(written: str) -> str:
    low = written.casefold()
    return next((label for word, label in _LABELS if word in low), "")
