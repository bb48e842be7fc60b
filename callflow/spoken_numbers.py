"""Russian numbers, dates and times of day in words, for a voice that cannot read figures (domain.md §9.1). Pure.

Speech programs skip digits or read «8:00» as a fraction; what is spoken is therefore words before it reaches them.
"""

from datetime import date
from typing import Final

_UNITS: Final = [
    "ноль",
    "один",
    "два",
    "три",
    "четыре",
    "пять",
    "шесть",
    "семь",
    "восемь",
    "девять",
    "десять",
    "одиннадцать",
    "двенадцать",
    "тринадцать",
    "четырнадцать",
    "пятнадцать",
    "шестнадцать",
    "семнадцать",
    "восемнадцать",
    "девятнадцать",
]
_TENS: Final = (
    "двадцать", "тридцать", "сорок", "пятьдесят", "шестьдесят", "семьдесят", "восемьдесят", "девяносто",
)  # fmt: skip
_HUNDREDS: Final = (
    "сто", "двести", "триста", "четыреста", "пятьсот", "шестьсот", "семьсот", "восемьсот", "девятьсот",
)  # fmt: skip
_UNITS_OF: Final = [
    "ноля",
    "одного",
    "двух",
    "трёх",
    "четырёх",
    "пяти",
    "шести",
    "семи",
    "восьми",
    "девяти",
    "десяти",
    "одиннадцати",
    "двенадцати",
    "тринадцати",
    "четырнадцати",
    "пятнадцати",
    "шестнадцати",
    "семнадцати",
    "восемнадцати",
    "девятнадцати",
]
_TENS_OF: Final = (
    "двадцати", "тридцати", "сорока", "пятидесяти",
)  # fmt: skip
_ORDINALS_OF: Final = [
    "первого",
    "второго",
    "третьего",
    "четвёртого",
    "пятого",
    "шестого",
    "седьмого",
    "восьмого",
    "девятого",
    "десятого",
    "одиннадцатого",
    "двенадцатого",
    "тринадцатого",
    "четырнадцатого",
    "пятнадцатого",
    "шестнадцатого",
    "семнадцатого",
    "восемнадцатого",
    "девятнадцатого",
    "двадцатого",
]
_MONTHS_OF: Final = [
    "января",
    "февраля",
    "марта",
    "апреля",
    "мая",
    "июня",
    "июля",
    "августа",
    "сентября",
    "октября",
    "ноября",
    "декабря",
]
ON_WEEKDAY: Final = (
    "в понедельник", "во вторник", "в среду", "в четверг", "в пятницу", "в субботу", "в воскресенье",
)  # fmt: skip
"""When: accusative with its preposition, Monday first."""
FROM_WEEKDAY: Final = [
    "с понедельника",
    "со вторника",
    "со среды",
    "с четверга",
    "с пятницы",
    "с субботы",
    "с воскресенья",
]
UNTIL_WEEKDAY: Final = (
    "понедельник", "вторник", "среду", "четверг", "пятницу", "субботу", "воскресенье",
)  # fmt: skip
"""After «по»."""


def cardinal(number: int) -> str:
    """0…999 in the nominative, masculine. Raises ValueError for others."""
    if not 0 <= number <= 999:
        raise ValueError("0…999 only")
    hundreds, rest = divmod(number, 100)
    words = [_HUNDREDS[hundreds - 1]] if hundreds else []
    if rest < 20:
        return " ".join([*words, *([_UNITS[rest]] if rest or not hundreds else [])])
    tens, units = divmod(rest, 10)
    return " ".join([*words, _TENS[tens - 2], *([_UNITS[units]] if units else [])])


def minutes_in(number: int) -> str:
    """0…59 in the accusative, feminine: «сорок одну», «двадцать две» (минуты)."""
    tens, units = divmod(number, 10)
    if tens == 1 or units not in (1, 2):
        return cardinal(number)
    feminine = "одну" if units == 1 else "две"
    return f"{_TENS[tens - 2]} {feminine}" if tens else feminine


def genitive(number: int, *, feminine: bool = False) -> str:
    """0…59 in the genitive: «восьми», «двадцати одного» (часа), feminine «двадцати одной» (минуты)."""
    tens, units = divmod(number, 10)
    last = "одной" if feminine and units == 1 and tens != 1 else _UNITS_OF[number if number < 20 else units]
    if number < 20:
        return last
    return f"{_TENS_OF[tens - 2]} {last}" if units else _TENS_OF[tens - 2]


def agreed(number: int, one: str, few: str, many: str) -> str:
    """The noun's form that goes with the number: 1 минута, 2 минуты, 11 минут."""
    if number % 100 in range(11, 15):
        return many
    return {1: one, 2: few, 3: few, 4: few}.get(number % 10, many)


def day_and_month(day: date) -> str:
    """«двадцать первого ноября»"""
    tens, units = divmod(day.day, 10)
    if day.day <= 20:
        ordinal = _ORDINALS_OF[day.day - 1]
    else:
        ordinal = f"{_TENS[tens - 2]} {_ORDINALS_OF[units - 1]}" if units else "тридцатого"
    return f"{ordinal} {_MONTHS_OF[day.month - 1]}"


def on_day(day: date) -> str:
    """«в понедельник, девятого марта»"""
    return f"{ON_WEEKDAY[day.weekday()]}, {day_and_month(day)}"


def from_time(minute: int) -> str:
    """A minute of the day after «с», «со», «до»: «восьми часов», «восьми часов тридцати минут», «часа»: genitive."""
    hours, minutes = divmod(minute, 60)
    said = f"{genitive(hours)} {agreed(hours, 'часа', 'часов', 'часов')}"
    if minutes:
        said += f" {genitive(minutes, feminine=True)} {agreed(minutes, 'минуты', 'минут', 'минут')}"
    return said


def span(starts: int, ends: int) -> str:
    """«с восьми до семнадцати часов», «с восьми часов тридцати минут до двенадцати часов» (minutes of the day)."""
    first = genitive(starts // 60) if starts % 60 == 0 and ends % 60 == 0 else from_time(starts)
    return f"с {first} до {from_time(ends)}"


def phone_in_words(e164: str) -> str:
    """A Russian number in groups 1-3-3-2-2: «восемь, девятьсот девяносто один, ноль девяносто семь, ноль один, …».

    Any other number digit by digit. `e164` may carry a plus.
    """
    digits = e164.removeprefix("+")
    if len(digits) == 11 and digits[0] in "78":
        return ", ".join(["восемь", *(_group(digits[a:b]) for a, b in ((1, 4), (4, 7), (7, 9), (9, 11)))])
    return ", ".join(_UNITS[int(digit)] for digit in digits if digit.isdecimal())


def _group(digits: str) -> str:
    """Leading zeros are said: «ноль девяносто семь»; «ноль ноль» for a group of nothing else."""
    zeros = len(digits) - len(digits.lstrip("0"))
    rest = digits.lstrip("0")
    return " ".join(["ноль"] * zeros + ([cardinal(int(rest))] if rest else []))
