"""The Russian production calendar: days off, working weekends, short days (domain.md §7; Labour Code art. 95, 112).

The package `holidays` knows what the Government's yearly acts have moved; statutory dates and the rule of the short day
are ours, for it has none. A year whose act it does not know yet gets the rule of art. 112 alone.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache
from importlib.util import find_spec, module_from_spec, spec_from_file_location
from typing import Any, Final

SATURDAY: Final = 5
JANUARY: Final = 1
DAY: Final = timedelta(days=1)
_NEW_YEAR = "Новогодние каникулы"
STATUTORY: Final[Mapping[tuple[int, int], str]] = {
    **{(1, day): _NEW_YEAR for day in (1, 2, 3, 4, 5, 6, 8)},
    (1, 7): "Рождество Христово",
    (2, 23): "День защитника Отечества",
    (3, 8): "Международный женский день",
    (5, 1): "Праздник Весны и Труда",
    (5, 9): "День Победы",
    (6, 12): "День России",
    (11, 4): "День народного единства",
}
"""(month, day) of art. 112. Only the day before one of these is short, not the day before a moved day off."""
_MOVED_FROM = re.compile(r"перенесено с (\d\d\.\d\d\.\d{4})")


@dataclass(frozen=True)
class Year:
    """What is known of one year. `moved`: day off → the weekend or holiday it stands for; `working_weekends`: weekend →
    the weekday it is worked for; `from_act`: whether the Government's act is in it."""

    moved: Mapping[date, date]
    working_weekends: Mapping[date, date]
    from_act: bool


def holiday(day: date) -> str:
    """The statutory holiday's name; '' for any other day."""
    return STATUTORY.get((day.month, day.day), "")


def is_day_off(day: date) -> bool:
    """Whether the state rests on this day: a holiday, a moved day off, or a weekend that is not worked."""
    if holiday(day) or day in year_of(day.year).moved:
        return True
    return day.weekday() >= SATURDAY and day not in year_of(day.year).working_weekends


def is_before_holiday(day: date) -> bool:
    """Whether a working day on this date is an hour shorter (art. 95, and order 588н for a working weekend)."""
    replaced = year_of(day.year).working_weekends.get(day, day)
    return bool(holiday(day + DAY) or holiday(replaced + DAY))


def transfers_known(year: int) -> bool:
    """Whether the Government's act of this year is in the installed package."""
    return year_of(year).from_act


@cache
def year_of(year: int) -> Year:
    """The moved days of a year. Before 2005 and where the act is unknown: what art. 112 says by itself."""
    rules = _country()(years=year, language="ru")
    moved: dict[date, date] = {}
    from_act = False
    for day, name in sorted(rules.items()):
        origin = _MOVED_FROM.search(name)
        if origin is not None:
            moved[day] = datetime.strptime(origin[1], "%d.%m.%Y").date()  # noqa: DTZ007 - a date, not an instant
            from_act = True
        elif not holiday(day):
            moved[day] = _holiday_before(day)
    if not from_act:
        moved = dict(_by_the_law(year))
    worked = {origin: day for day, origin in moved.items() if origin in rules.weekend_workdays}
    return Year(moved, worked, from_act)


def _holiday_before(day: date) -> date:
    """The weekend holiday for which this day is off («День Победы (выходной)» on the Monday after)."""
    origin = day - DAY
    while not holiday(origin) and day - origin < timedelta(days=7):
        origin -= DAY
    return origin


def _by_the_law(year: int) -> Iterable[tuple[date, date]]:
    """A holiday on a weekend is rested on the next working day; the January ones are moved by an act only."""
    taken: set[date] = set()
    for month, day in STATUTORY:
        origin = date(year, month, day)
        if month == JANUARY or origin.weekday() < SATURDAY:
            continue
        rest = origin + DAY
        while rest.weekday() >= SATURDAY or holiday(rest) or rest in taken:
            rest += DAY
        taken.add(rest)
        yield rest, origin


@cache
def _country() -> Any:
    """The package's rules of this one country. Importing `holidays.countries` in the usual way loads two hundred others
    with it: 17 MB in each of our processes, and a third of a second."""
    package = find_spec("holidays")
    folder = next(iter(package.submodule_search_locations or ())) if package else "."
    spec = spec_from_file_location("holidays_of_russia", f"{folder}/countries/russia.py")
    if spec is None or spec.loader is None:
        raise ModuleNotFoundError("holidays: the rules of Russia are not where they were")
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.Russia
