"""Days and times of day as Russians say them: «в четверг, двадцать шестого ноября», «с восьми до семнадцати часов»
(domain.md §9.1). Pure; a minute of the day is 0…1439.
"""

from datetime import date
from typing import Final

from callflow.speech.numerals import accusative_feminine, agreed, cardinal, genitive, ordinal

MONTHS_OF: Final = (
    "января", "февраля", "марта", "апреля", "мая", "июня", "июля", "августа", "сентября", "октября", "ноября",
    "декабря",
)  # fmt: skip
ON_WEEKDAY: Final = (
    "в понедельник", "во вторник", "в среду", "в четверг", "в пятницу", "в субботу", "в воскресенье",
)  # fmt: skip
"""When: accusative with its preposition, Monday first."""
FROM_WEEKDAY: Final = (
    "с понедельника", "со вторника", "со среды", "с четверга", "с пятницы", "с субботы", "с воскресенья",
)  # fmt: skip
UNTIL_WEEKDAY: Final = (
    "понедельник", "вторник", "среду", "четверг", "пятницу", "субботу", "воскресенье",
)  # fmt: skip
"""After «по»."""


def day_and_month(day: date) -> str:
    """«двадцать первого ноября»"""
    return f"{ordinal(day.day, 'ого')} {MONTHS_OF[day.month - 1]}"


def year_of(year: int) -> str:
    """«две тысячи двадцать шестого года»"""
    return f"{ordinal(year, 'ого')} года"


def on_day(day: date, today: date | None = None) -> str:
    """«в понедельник, девятого марта»; with `today`, another year is named too."""
    said = f"{ON_WEEKDAY[day.weekday()]}, {day_and_month(day)}"
    return f"{said} {year_of(day.year)}" if today is not None and today.year != day.year else said


def at_time(minute: int) -> str:
    """«в четырнадцать часов тридцать минут», «в один час», «в девять часов одну минуту»: accusative."""
    return f"в {time_in_accusative(minute)}"


def time_in_accusative(minute: int) -> str:
    """The time after «в»."""
    return _joined(minute, accusative_feminine(minute % 60), agreed(minute % 60, "минуту", "минуты", "минут"))


def time_in_nominative(minute: int) -> str:
    """The time by itself: «девять часов одна минута»."""
    return _joined(minute, cardinal(minute % 60, "f"), agreed(minute % 60, "минута", "минуты", "минут"))


def time_in_dative(minute: int) -> str:
    """The time after «к»: «девяти часам», «одному часу тридцати минутам»."""
    hours, minutes = divmod(minute, 60)
    said = f"{_dative(genitive(hours))} {agreed(hours, 'часу', 'часам', 'часам')}"
    if minutes:
        said += f" {_dative(genitive(minutes, feminine=True))} {agreed(minutes, 'минуте', 'минутам', 'минутам')}"
    return said


def _dative(genitive_words: str) -> str:
    """Below sixty only these differ from the genitive."""
    ends = {"одного": "одному", "двух": "двум", "трёх": "трём", "четырёх": "четырём", "ноля": "нолю"}
    return " ".join(ends.get(word, word) for word in genitive_words.split())


def _joined(minute: int, minutes: str, unit: str) -> str:
    hours = minute // 60
    said = f"{cardinal(hours)} {agreed(hours, 'час', 'часа', 'часов')}"
    return f"{said} {minutes} {unit}" if minute % 60 else said


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
