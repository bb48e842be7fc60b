"""Conditions that a family meets or not, as plain data; and one Russian sentence for all of them (anchors.md §3 idea
18).

Pure. All conditions hold together; only values of which a family has one (place, housing, income, transport) are
alternatives when several stand there: «адрес — г. Заречинск или с. Ольховка».
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from callflow.speech.numerals import agreed
from callflow.text import clean_line
from crm.segments.kinds import KINDS, Choice, Kind, Listed, Number

MOST = 12
"""Conditions of one segment: more than these nobody can read in one sentence."""
EVERYBODY = "Все семьи"
Lists = Mapping[str, Mapping[str, str]]
"""Titles by code, by list («status», «place», «measure», …)."""


@dataclass(frozen=True)
class Condition:
    """One condition: its kind and the values of the kind's fields, by name."""

    kind: str
    values: Mapping[str, int | str]

    @property
    def rule(self) -> Kind:
        """The kind itself."""
        return KINDS[self.kind]

    def number(self, name: str) -> int:
        """A number of the row."""
        return int(self.values[name])

    def word(self, name: str) -> str:
        """A code of the row; '' where any will do."""
        return str(self.values[name])


def read(kind: str, sent: Mapping[str, Any], lists: Lists | None = None) -> tuple[Condition | None, str]:
    """Return the condition that these texts or numbers make, or None and a sentence for the person who typed them.

    `lists`: codes of lists must be known there; without it they are taken as they are.
    """
    rule = KINDS.get(kind)
    if rule is None:
        return None, "Выберите условие."
    values: dict[str, int | str] = {}
    for field in rule.fields:
        if isinstance(field, Number):
            number = _number(sent.get(field.name, field.usual))
            if number is None or not field.lowest <= number <= field.highest:
                return None, f"Нужно целое число от {field.lowest} до {field.highest}."
            values[field.name] = number
            continue
        text = sent.get(field.name, "")
        text = clean_line(text, 200) if isinstance(text, str) else ""
        if isinstance(field, Choice):
            values[field.name] = text or next(iter(field.options))
            if values[field.name] not in field.options:
                return None, "Выберите один из вариантов."
        elif not _is_known(field, text, lists):
            return None, "Выберите значение из списка."
        else:
            values[field.name] = text
    if kind == "child_age" and int(values["since"]) > int(values["until"]):
        return None, "Возраст «от» больше возраста «до»."
    return Condition(kind, values), ""


def from_json(rows: Iterable[Any]) -> tuple[Condition, ...]:
    """Return the conditions as `to_json` wrote them. Raises ValueError for anything else."""
    found = []
    for row in rows:
        if not isinstance(row, Mapping) or not isinstance(row.get("kind"), str):
            raise ValueError("not a condition")
        condition, problem = read(row["kind"], row)
        if condition is None:
            raise ValueError(problem)
        found.append(condition)
    return tuple(found)


def to_json(conditions: Iterable[Condition]) -> list[dict[str, int | str]]:
    """As `Segment.conditions` and `Campaign.conditions` keep them."""
    return [{"kind": one.kind, **one.values} for one in conditions]


def grouped(conditions: Iterable[Condition]) -> list[tuple[Condition, ...]]:
    """Those that must all hold; in each group one is enough."""
    groups: dict[object, list[Condition]] = {}
    for place, one in enumerate(conditions):
        groups.setdefault(one.kind if one.rule.any_of else place, []).append(one)
    return [tuple(group) for group in groups.values()]


def sentence(conditions: Sequence[Condition], lists: Lists) -> str:
    """«Семьи, где не меньше 3 детей до 18 лет, есть телефон и ещё не знают о мере «Земельный участок».»

    A code that its list does not know any more stands as it is.
    """
    clauses = list(dict.fromkeys(_clause(group, lists) for group in grouped(conditions)))
    if not clauses:
        return f"{EVERYBODY}."
    *first, last = clauses
    return f"Семьи, где {', '.join(first)}{' и ' if first else ''}{last}."


def years(count: int) -> str:
    """«1 год», «3 года», «14 лет»."""
    return f"{count} {agreed(count, 'год', 'года', 'лет')}"


def day(value: date) -> str:
    """«12.11.2026»."""
    return f"{value:%d.%m.%Y}"


def title(one: Condition, lists: Lists) -> str:
    """What the code of a condition stands for."""
    listed = next(field for field in one.rule.fields if isinstance(field, Listed))
    code = one.word(listed.name)
    return lists.get(listed.of, {}).get(code, code) or listed.every


def _is_known(field: Listed, code: str, lists: Lists | None) -> bool:
    if not code:
        return bool(field.every)
    if field.of == "measure" and not (code.isascii() and code.isdecimal()):
        return False
    return lists is None or code in lists[field.of]


def _number(value: Any) -> int | None:
    if isinstance(value, int):
        return None if isinstance(value, bool) else value
    text = value.strip() if isinstance(value, str) else ""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 6 else None


def _clause(group: tuple[Condition, ...], lists: Lists) -> str:
    one = group[0]
    if one.rule.any_of:
        return f"{_OF_ONE_VALUE[one.kind]} — {' или '.join(dict.fromkeys(title(row, lists) for row in group))}"
    return _CLAUSES[one.kind](one, lists)


def _children(one: Condition, _lists: Lists) -> str:
    count, of_them = one.number("count"), "ребёнка" if one.number("count") == 1 else "детей"
    if one.word("how") == "least":
        return f"не меньше {count} {of_them} до 18 лет"
    return f"не больше {count} {of_them} до 18 лет" if count else "нет детей до 18 лет"


def _child_age(one: Condition, _lists: Lists) -> str:
    since, until = one.number("since"), one.number("until")
    if since == until:
        return f"есть ребёнок, которому {years(since)}" if since else "есть ребёнок до года"
    if not since:
        return f"есть ребёнок не старше {until} {agreed(until, 'года', 'лет', 'лет')}"
    return f"есть ребёнок от {since} до {until} {agreed(until, 'года', 'лет', 'лет')} включительно"


def _within(days: int) -> str:
    return f"в ближайшие {days} {agreed(days, 'день', 'дня', 'дней')}" if days else "сегодня"


def _turning(one: Condition, _lists: Lists) -> str:
    return f"{_within(one.number('days'))} ребёнку исполнится {years(one.number('age'))}"


def _study_ends(one: Condition, _lists: Lists) -> str:
    return f"{_within(one.number('days'))} истекает справка об очном обучении"


def _status(one: Condition, lists: Lists) -> str:
    proof = " по документу" if one.word("proof") == "proved" else ""
    return f"есть статус «{title(one, lists)}»{proof}"


def _paper_ends(one: Condition, lists: Lists) -> str:
    named = f" о статусе «{title(one, lists)}»" if one.word("code") else " о любом статусе"
    return f"{_within(one.number('days'))} истекает документ{named}"


def _phone(one: Condition, _lists: Lists) -> str:
    return "есть телефон" if one.word("have") == "yes" else "нет телефона"


def _robots(one: Condition, _lists: Lists) -> str:
    return f"{'есть согласие' if one.word('have') == 'yes' else 'нет согласия'} на автоматические звонки"


def _silent(one: Condition, _lists: Lists) -> str:
    days = one.number("days")
    return f"{days} {agreed(days, 'день', 'дня', 'дней')} или дольше не говорили с нами"


_KNOW = {
    "untold": "ещё не знают от нас о мере",
    "told": "уже знают от нас о мере",
    "refused": "отказались от меры",
    "has": "уже получают меру",
    "has_not": "не получают меру",
}
_OF_ONE_VALUE = {"place": "адрес", "housing": "жильё", "income": "доход", "transport": "транспорт"}
_CLAUSES: Mapping[str, Callable[[Condition, Lists], str]] = {
    "children": _children,
    "child_age": _child_age,
    "turning": _turning,
    "study_ends": _study_ends,
    "status": _status,
    "no_status": lambda one, lists: f"нет статуса «{title(one, lists)}»",
    "paper_ends": _paper_ends,
    "risk": lambda one, lists: f"есть признак риска «{title(one, lists)}»",
    "need": lambda one, lists: f"нужны услуги «{title(one, lists)}»",
    "phone": _phone,
    "robots": _robots,
    "silent": _silent,
    "measure": lambda one, lists: f"{_KNOW[one.word('how')]} «{title(one, lists)}»",
}
