"""Figures within a text, replaced by words: dates, times, telephones, money, house numbers, ordinals (domain.md §9.1).

Pure. The order matters: a date is looked for before a number with a point, a telephone before a plain number. What
stands before a time («с», «до», «в») decides its case.
"""

import re
from collections.abc import Callable
from datetime import date
from typing import Final

from callflow.speech.dates import (
    MONTHS_OF,
    day_and_month,
    from_time,
    span,
    time_in_accusative,
    time_in_dative,
    time_in_nominative,
    year_of,
)
from callflow.speech.numerals import LARGEST, Gender, agreed, cardinal, genitive, ordinal
from callflow.speech.telephones import group, phone_in_words

_SPACE: Final = "[ \u00a0\u202f]"
_MONTHS: Final = "|".join(MONTHS_OF)
_TIME: Final = r"([01]?\d|2[0-3])[:.]([0-5]\d)(?![.:]?\d)"
_FEMININE: Final = (
    r"минут|секунд|недел|тысяч|квартир|комнат|анкет|справк|копи|запис|заявк|сем[ье]|мер[аы]?\b|льгот|выплат|услуг|"
    r"попытк|клавиш|цифр|линии?\b|линия|бумаг|страниц|цел|десят|сот|тысячн"
)
_NEUTER: Final = r"окно|окна|мест[оа]|числ[оа]|заявлени|посещени|занятие|занятия|решени|дело|дела|письм|обращени"
_ENDINGS: Final = {
    "й": "ый", "ый": "ый", "ой": "ый", "ий": "ый", "го": "ого", "ого": "ого", "му": "ому", "ому": "ому", "м": "ом",
    "ом": "ом", "ым": "ым", "я": "ая", "ая": "ая", "ю": "ую", "ую": "ую", "е": "ое", "ое": "ое", "ые": "ые",
    "ых": "ых",
}  # fmt: skip
_FRACTIONS: Final = {
    1: ("десятая", "десятых"),
    2: ("сотая", "сотых"),
    3: ("тысячная", "тысячных"),
}
_PHONE: Final = (
    rf"(?<![\d-])(?:\+7|8){_SPACE}?[-(]?{_SPACE}?\d{{3}}{_SPACE}?[-)]?{_SPACE}?"
    r"\d{3}[- ]?\d{2}[- ]?\d{2}(?!\d)"
)
_CURRENCY: Final = r"(?:руб(?:\.|л(?:ь|я|ей))?(?![а-яё])|р\.(?![а-яё])|₽)"


def in_words(text: str) -> str:
    """`text` without a single figure."""
    for pattern, words in _RULES:
        text = pattern.sub(words, text)
    return text


def _date(day: str, month: str, year: str | None) -> str | None:
    """The words of a written date; None where there is no such day."""
    try:
        found = date(_full_year(year) if year else 2000, int(month), int(day))
    except ValueError:
        return None
    said = day_and_month(found)
    return f"{said} {year_of(found.year)}" if year else said


def _full_year(year: str) -> int:
    return int(year) if len(year) == 4 else 2000 + int(year)


def _dotted(found: re.Match[str]) -> str:
    said = _date(found[1], found[2], found[3])
    return f" {said} " if said else found[0]


def _dotted_day(found: re.Match[str]) -> str:
    """«26.11» is a day, «7.05» perhaps a price: a day where the calendar has it."""
    said = _date(found[1], found[2], None)
    return f" {said} " if said else found[0]


def _iso(found: re.Match[str]) -> str:
    said = _date(found[3], found[2], found[1])
    return f" {said} " if said else found[0]


def _named_day(found: re.Match[str]) -> str:
    number = int(found[1])
    if not 1 <= number <= 31:
        return found[0]
    said = f"{ordinal(number, 'ого')} {found[2]}"
    return f"{said} {year_of(int(found[3]))} " if found[3] else said


def _year(found: re.Match[str]) -> str:
    year, word = int(found[1]), found[2].lower()
    ending = {"год": "ый", "году": "ом", "года": "ого", "годом": "ым"}[word]
    return f"{ordinal(year, ending)} {found[2]}" if year else found[0]


def _by_day(found: re.Match[str]) -> str:
    """«к 31.12», «к 1 декабря»: dative; «по 20.10»: accusative."""
    day, month = int(found[2]), int(found[3]) if found[3] else MONTHS_OF.index(found[4].lower()) + 1
    if not (1 <= day <= 31 and 1 <= month <= 12):
        return found[0]
    ending = "ому" if found[1].lower() == "к" else "ое"
    return f"{found[1]} {ordinal(day, ending)} {MONTHS_OF[month - 1]}"


def _span(found: re.Match[str]) -> str:
    starts, ends = (int(found[a]) * 60 + int(found[a + 1]) for a in (1, 3))
    return span(starts, ends)


def _time_after(found: re.Match[str]) -> str:
    minute = int(found[2]) * 60 + int(found[3])
    before = found[1].lower()
    if before in ("в", "на", "через"):
        return f"{found[1]} {time_in_accusative(minute)}"
    if before == "к":
        return f"{found[1]} {time_in_dative(minute)}"
    if found[0][-3] == "." and (said := _date(found[2], found[3], None)):
        return f"{found[1]} {said}"  # «с 14.10» is a day, «с 9.30» is not
    return f"{found[1]} {from_time(minute)}"


def _time(found: re.Match[str]) -> str:
    return f" {time_in_nominative(int(found[1]) * 60 + int(found[2]))} "


def _phone(found: re.Match[str]) -> str:
    digits = re.sub(r"\D", "", found[0])
    return f" {phone_in_words(digits)} " if len(digits) == 11 else f" {phone_in_words('8' + digits)} "


def _local_phone(found: re.Match[str]) -> str:
    return f" {', '.join(group(part) for part in found[0].split('-'))} "


def _money(found: re.Match[str]) -> str:
    roubles = int(re.sub(r"\D", "", found[1]))
    said = f" {_any(roubles)} {agreed(roubles, 'рубль', 'рубля', 'рублей')}"
    if found[2]:
        kopecks = int(found[2].ljust(2, "0"))
        said += f" {cardinal(kopecks, 'f')} {agreed(kopecks, 'копейка', 'копейки', 'копеек')}"
    return said + (". " if found[0].endswith(".") and _ends_sentence(found) else " ")


def _ends_sentence(found: re.Match[str]) -> bool:
    rest = found.string[found.end() :].lstrip()
    return not rest or rest[0].isupper()


def _percent(found: re.Match[str]) -> str:
    number = int(found[1])
    return f" {_any(number)} {agreed(number, 'процент', 'процента', 'процентов')} "


def _ordinal(found: re.Match[str]) -> str:
    number, ending = int(found[1]), found[2].lower()
    try:
        if ending in ("х", "ти", "ми", "и"):
            return genitive(number)
        return ordinal(number, _ENDINGS[ending])
    except ValueError:
        return f"{_any(number)} "


def _compound(found: re.Match[str]) -> str:
    """«30-летний» → «тридцатилетний»"""
    number = int(found[1])
    if number > 999:
        return f"{_any(number)} "
    return genitive(number).replace(" ", "")


def _house(found: re.Match[str]) -> str:
    """«12А», «12/3»: the letter by itself, the stroke as «дробь»."""
    if found[2] == "/":
        return f"{_any(int(found[1]))} дробь {_any(int(found[3]))}"
    return f"{_any(int(found[1]))} {found[3].lower()} "


def _fraction(found: re.Match[str]) -> str:
    whole, parts = int(found[1]), found[2].rstrip("0")[:3]
    if not parts:
        return f" {_any(whole)} "
    one, many = _FRACTIONS[len(parts)]
    count = int(parts)
    noun = agreed(count, one, many, many)
    return f" {cardinal(whole, 'f')} {agreed(whole, 'целая', 'целых', 'целых')} {cardinal(count, 'f')} {noun} "


def _grouped(found: re.Match[str]) -> str:
    return re.sub(r"\D", "", found[0])


def _plain(found: re.Match[str]) -> str:
    digits, following = found[1], found[2] or ""
    gender: Gender = "m"
    if re.match(rf"\s*(?:{_FEMININE})", following, re.IGNORECASE):
        gender = "f"
    elif re.match(rf"\s*(?:{_NEUTER})", following, re.IGNORECASE):
        gender = "n"
    if len(digits) > 1 and digits[0] == "0" and len(digits) <= 9:
        return f" {group(digits)} {following}"
    return f" {_any(int(digits) if len(digits) < 10 else digits, gender)} {following}"


def _any(number: int | str, gender: Gender = "m") -> str:
    """A number of any length; what is longer than a thousand millions is dictated figure by figure."""
    if isinstance(number, int) and number <= LARGEST:
        return cardinal(number, gender)
    return " ".join(cardinal(int(digit)) for digit in str(number))


_Rule = tuple[re.Pattern[str], Callable[[re.Match[str]], str]]
_RULES: Final[tuple[_Rule, ...]] = tuple(
    (re.compile(pattern, re.IGNORECASE), words)
    for pattern, words in (
        (_PHONE, _phone),
        (r"(?<![\d-])(?:\+7|8)[-( ]{1,2}\d{3}[-) ]{1,2}\d{4}[- ]?\d{3}(?!\d)", _phone),
        (r"(?<![\d-])8[-( ]{1,2}\d{5}[-) ]{1,2}\d-?\d{2}-?\d{2}(?!\d)", _phone),
        (r"\b(\d{4})-(\d{2})-(\d{2})\b", _iso),
        (r"\b(\d{1,2})\.(\d{1,2})\.(\d{4}|\d{2})\b(?!\d)", _dotted),
        (rf"\b(к|по)\s+(\d{{1,2}})(?:\.(\d{{2}})(?![.\d])|\s+({_MONTHS})(?![а-яё]))", _by_day),
        (rf"\b(\d{{1,2}})\s+({_MONTHS})(?:\s+(\d{{4}})(?:\s*г(?:ода|\.)(?![а-яё]))?)?(?![а-яё])", _named_day),
        (r"\b(\d{4})\s+(году|года|годом|год)\b", _year),
        (rf"\bсо?\s+{_TIME}\s+до\s+{_TIME}", _span),
        (rf"(?<![\d.,:]){_TIME}\s?[-–—]\s?{_TIME}", _span),
        (rf"\b(в|на|через|к|со?|до|после|около|ранее|позднее|позже|раньше)\s+{_TIME}", _time_after),
        (r"(?<![\d.,])([01]?\d|2[0-3]):([0-5]\d)(?![.:]?\d)", _time),
        (r"(?<![\d.])(\d{1,2})\.(0[1-9]|1[0-2])(?![.\d])", _dotted_day),
        (rf"(?<![\d.,])([01]?\d|2[0-3])\.(1[3-9]|[2-5]\d)(?![\d.,]|\s*(?:%|{_CURRENCY}))", _time),
        (r"(?<![\d-])\d{1,3}-\d{2}-\d{2}(?![\d-])", _local_phone),
        (rf"(?<!\d)(\d{{1,3}}(?:{_SPACE}\d{{3}})+|\d{{1,15}})(?:[.,](\d{{1,2}}))?\s*{_CURRENCY}", _money),
        (rf"(?<![\d])\d{{1,3}}(?:{_SPACE}\d{{3}})+(?!\d)", _grouped),
        (r"(?<![\d.,])(\d{1,9})[.,](\d{1,9})\s*%", lambda found: f"{_fraction(found)} процента "),
        (r"(?<!\d)(\d{1,15})\s*%", _percent),
        (r"\b(\d{1,6})[-‑–](ого|ому|ый|ой|ий|ом|ым|ая|ую|ое|ые|ых|го|му|й|м|я|ю|е|х|ти|ми|и)(?![а-яё])", _ordinal),
        (r"\b(\d{1,3})[-‑](?=[а-яё]{3})", _compound),
        (r"\b(\d{1,6})(/)(\d{1,6})\b(?!/)", _house),
        (r"\b(\d{1,6})(-?)([А-ЯЁа-яё])(?![А-Яа-яё.])", _house),
        (r"(?<![\d.,])(\d{1,9})[.,](\d{1,9})(?![.,]?\d)", _fraction),
        (r"(\d+)(\s*[а-яё]*)", _plain),
    )
)
