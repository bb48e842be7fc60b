"""The kinds of measures (column 6): what each asks for and how it is printed (B-21, B-24, B-27…B-31). Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from callflow.text import clean_line


@dataclass(frozen=True)
class Detail:
    """One thing a kind asks for. `sort`: line, date or time, as it is typed and checked by the page."""

    name: str
    title: str
    sort: str = "line"
    required: bool = True


@dataclass(frozen=True)
class Kind:
    """One kind of measure. `sentence` is the regulation's wording; `day` names the day it is planned for, '' if none.

    `helps`: a concrete measure against an obstacle (B-27…B-31), such as B-38 demands. `busy`: the details that one
    cannot give to two families at the same time.
    """

    code: str
    title: str
    sentence: str
    details: tuple[Detail, ...] = ()
    day: str = ""
    helps: bool = False
    busy: tuple[str, ...] = ()


_FROM, _UNTIL = Detail("start", "С", "time"), Detail("end", "До", "time")

KINDS: dict[str, Kind] = {
    kind.code: kind
    for kind in (
        Kind("explained", "Разъяснён порядок", "Разъяснён порядок получения помощи"),
        Kind(
            "home_visit",
            "Посещение на дому",
            "Организация посещения семьи на дому с целью оформления необходимых документов",
            (
                Detail("address", "Адрес"),
                Detail("employee", "Сотрудник"),
                Detail("documents", "Документы", required=False),
            ),
            day="День посещения",
            helps=True,
        ),
        Kind(
            "sitter",
            "Социальный работник",
            "Предоставление социального работника на время отсутствия заявителя дома",
            (Detail("worker", "Социальный работник"), _FROM, _UNTIL),
            day="День",
            helps=True,
            busy=("worker",),
        ),
        Kind(
            "represent",
            "Действует за заявителя",
            "Назначение специалиста для прохождения административных процедур от имени и в интересах заявителя",
            (
                Detail("employee", "Специалист"),
                Detail("power_number", "Доверенность №"),
                Detail("power_date", "Доверенность от", "date"),
            ),
            helps=True,
        ),
        Kind(
            "transport",
            "Транспорт",
            "Предоставление транспортного средства",
            (
                Detail("vehicle", "Машина"),
                Detail("driver", "Водитель"),
                Detail("route", "Маршрут"),
                Detail("start", "С", "time", required=False),
                Detail("end", "До", "time", required=False),
            ),
            day="День поездки",
            helps=True,
            busy=("vehicle", "driver"),
        ),
        Kind(
            "request",
            "Запрос",
            "Направление ведомственного или межведомственного запроса",
            (Detail("addressee", "Куда"), Detail("subject", "О чём", required=False)),
            day="Срок ответа",
            helps=True,
        ),
        Kind("referral", "Направление", "Направление в другую организацию", (Detail("where", "Куда"),)),
        Kind("other", "Иная мера", "", (Detail("what", "Что сделано"),)),
    )
}
HELP_WITH_OBSTACLES = frozenset(code for code, kind in KINDS.items() if kind.helps)


def missing(kind: Kind, details: Mapping[str, str], planned_on: date | None) -> dict[str, str]:
    """A sentence for each thing that the kind asks for and that was not given."""
    found = {one.name: "Заполните это поле." for one in kind.details if one.required and not details.get(one.name)}
    if kind.day and planned_on is None:
        found["planned_on"] = "Укажите дату."
    start, end = details.get("start", ""), details.get("end", "")
    if start and end and end <= start:
        found["end"] = "Окончание должно быть позже начала."
    return found


def cleaned(kind: Kind, details: Mapping[str, object]) -> dict[str, str]:
    """Only what the kind asks for, each one line."""
    known = {one.name: clean_line(str(details.get(one.name) or ""), 300) for one in kind.details}
    return {name: value for name, value in known.items() if value}


def sentence_of(kind: Kind, details: Mapping[str, str], planned_on: date | None, text: str) -> str:
    """The measure as column 6 prints it, without the date it was done on and without a full stop."""
    parts = [kind.sentence] if kind.sentence else []
    facts = []
    if planned_on is not None and kind.day:
        facts.append(f"{kind.day.lower()} {planned_on:%d.%m.%Y}")
    for one in kind.details:
        value = details.get(one.name)
        if value and one.name not in ("what", "start", "end"):
            facts.append(f"{one.title[0].lower()}{one.title[1:]} {value}" if kind.sentence else value)
    if details.get("what"):
        facts.append(details["what"])
    if details.get("start") and details.get("end"):
        facts.append(f"с {details['start']} до {details['end']}")
    if facts:
        parts.append(", ".join(facts))
    whole = ": ".join(parts)
    return f"{whole}. {text}".rstrip(" .") if text else whole.rstrip(" .")


def overlap(mine: Mapping[str, str], other: Mapping[str, str]) -> bool:
    """Whether two engagements of one day touch; without times each takes the whole day."""
    if not all((mine.get("start"), mine.get("end"), other.get("start"), other.get("end"))):
        return True
    return mine["start"] < other["end"] and other["start"] < mine["end"]
