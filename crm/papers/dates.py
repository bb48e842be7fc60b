"""Dates as people type them into tables."""

import re
from datetime import date, timedelta

_WRITTEN = re.compile(
    r"(\d{1,2})[./-](\d{1,2})[./-](\d{4}|\d{2})(?:\s*г\.?(?:\s*р\.?)?)?(?:\s+\d{1,2}:\d\d(?::\d\d)?)?"
)
_ISO = re.compile(r"(\d{4})-(\d\d)-(\d\d)(?:[T ]\d\d:\d\d(?::\d\d)?)?")
_WORDS = re.compile(r"(\d{1,2})\s+([а-яё]+)\.?\s+(\d{4})(?:\s*г\.?(?:\s*р\.?|ода(?:\s+рождения)?)?)?")
_MONTHS = ("янв", "фев", "мар", "апр", "мая", "июн", "июл", "авг", "сен", "окт", "ноя", "дек")
_SERIAL = re.compile(r"[1-5]\d{4}(?:\.0)?")
_EXCEL_DAY_ZERO = date(1899, 12, 30)
EARLIEST = date(1900, 1, 1)


def read_date(text: str, today: date) -> date | None:
    """«12.03.1985», «12/3/85 г. р.», «1985-03-12», «12 марта 1985», Excel's 31118; None for anything else.

    Also None for a date before 1900 or after `today`: nobody was born then. Of two digits of a year the latest year
    that is not in the future is meant.
    """
    text = text.strip().casefold()
    if match := _WRITTEN.fullmatch(text):
        day, month, year = (int(part) for part in match.groups())
        if year < 100:
            year += 2000 if 2000 + year <= today.year else 1900
        return _date(year, month, day, today)
    if match := _ISO.fullmatch(text):
        year, month, day = (int(part) for part in match.groups())
        return _date(year, month, day, today)
    if (match := _WORDS.fullmatch(text)) and match[2][:3] in _MONTHS:
        return _date(int(match[3]), _MONTHS.index(match[2][:3]) + 1, int(match[1]), today)
    if _SERIAL.fullmatch(text):
        return _bounded(_EXCEL_DAY_ZERO + timedelta(days=int(float(text))), today)
    return None


def read_year(text: str, today: date) -> int | None:
    """«1985», «1985 г. р.»: a year alone."""
    match = re.fullmatch(r"((?:19|20)\d\d)(?:\s*г\.?(?:\s*р\.?|од\w*)?)?(?:\.0)?", text.strip().casefold())
    return int(match[1]) if match and int(match[1]) <= today.year else None


def _date(year: int, month: int, day: int, today: date) -> date | None:
    try:
        return _bounded(date(year, month, day), today)
    except ValueError:
        return None


def _bounded(day: date, today: date) -> date | None:
    return day if EARLIEST <= day <= today else None
