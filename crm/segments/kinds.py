"""The kinds of conditions as rows of a form: «Детей до 18 лет: [не меньше] [3]» (A-18, A-12, domain.md §2.6).

Pure tables. What each kind asks of the records is `crm.segments.query`, how it reads `crm.segments.conditions`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

MOST_DAYS = 1095
MOST_AGE = 23


@dataclass(frozen=True)
class Number:
    """A whole number from `lowest` to `highest`; `usual` is what a new row shows; words stand before and after it."""

    name: str
    lowest: int
    highest: int
    usual: int
    before: str = ""
    after: str = ""


@dataclass(frozen=True)
class Choice:
    """One of a few words; the first is the usual one."""

    name: str
    options: Mapping[str, str]


@dataclass(frozen=True)
class Listed:
    """A value of a list that the records hold (`crm.segments.lists`); `every`: the words for «any of them»."""

    name: str
    of: str
    every: str = ""


Field = Number | Choice | Listed


@dataclass(frozen=True)
class Kind:
    """One kind of condition. `group` heads it in the list of kinds; `any_of`: a family has one such value only, so
    several rows of this kind mean any of them."""

    code: str
    title: str
    group: str
    fields: tuple[Field, ...] = field(default=())
    any_of: bool = False


_DAYS = Number("days", 0, MOST_DAYS, 30, before="в ближайшие", after="дн.")
_HAVE = Choice("have", {"yes": "есть", "no": "нет"})

_ALL = (
    Kind(
        "children",
        "Детей до 18 лет",
        "Дети",
        (Choice("how", {"least": "не меньше", "most": "не больше"}), Number("count", 0, 15, 3)),
    ),
    Kind(
        "child_age",
        "Есть ребёнок в возрасте",
        "Дети",
        (
            Number("since", 0, MOST_AGE, 0, before="от"),
            Number("until", 0, MOST_AGE, 3, before="до", after="лет включительно"),
        ),
    ),
    Kind("turning", "Ребёнку исполнится", "Дети", (Number("age", 1, MOST_AGE, 3, after="лет"), _DAYS)),
    Kind("study_ends", "Справка об очном обучении истекает", "Дети", (_DAYS,)),
    Kind(
        "status",
        "Есть статус",
        "Статусы и сведения",
        (Listed("code", "status"), Choice("proof", {"any": "со слов или по документу", "proved": "по документу"})),
    ),
    Kind("no_status", "Нет статуса", "Статусы и сведения", (Listed("code", "status"),)),
    Kind(
        "paper_ends",
        "Документ о статусе истекает",
        "Статусы и сведения",
        (Listed("code", "status", every="любой статус"), _DAYS),
    ),
    Kind("risk", "Признак риска", "Статусы и сведения", (Listed("code", "risk"),)),
    Kind("need", "Нужны услуги", "Статусы и сведения", (Listed("code", "service_kind"),)),
    Kind("place", "Живут в", "Быт", (Listed("code", "place"),), any_of=True),
    Kind("housing", "Жильё", "Быт", (Listed("code", "housing"),), any_of=True),
    Kind("income", "Доход", "Быт", (Listed("code", "income"),), any_of=True),
    Kind("transport", "Транспорт", "Быт", (Listed("code", "transport"),), any_of=True),
    Kind("phone", "Телефон", "Связь", (_HAVE,)),
    Kind("robots", "Согласие на автоматические звонки", "Связь", (_HAVE,)),
    Kind("silent", "Не говорили с нами", "Связь", (Number("days", 1, MOST_DAYS, 180, after="дн. или дольше"),)),
    Kind(
        "measure",
        "Мера поддержки",
        "О чём сообщали",
        (
            Listed("code", "measure"),
            Choice(
                "how",
                {
                    "untold": "ещё не сообщали",
                    "told": "сообщали",
                    "refused": "отказались",
                    "has": "уже получают",
                    "has_not": "не получают",
                },
            ),
        ),
    ),
)
KINDS: Mapping[str, Kind] = {kind.code: kind for kind in _ALL}
"""By code, in the order of the list that a row is added from."""
