"""«Состав семьи» as registers write it, turned into people: «Иванова Мария Петровна (мать, 1985), дети: Пётр 2010».

Honest before clever: where one word is not understood, `complete` is False and the caller keeps the text for a person
to read. No clock, no records.
"""

import re
from dataclasses import dataclass
from datetime import date

from crm.papers.dates import read_date

_TOKEN = re.compile(
    r"""
    (?P<date>\d{1,2}[./-]\d{1,2}[./-](?:\d{4}|\d{2})(?!\d) | \d{4}-\d\d-\d\d)
    | (?P<year>(?:19|20)\d\d)(?!\d)
    | (?P<born>г\.?\s?р\.? | (?:года?|г\.)\s?рожд\w*\.? | рожд\.)(?![^\W\d_])
    | (?P<initial>[А-ЯЁA-Z]\.)
    | (?P<word>[^\W\d_]+(?:[-'’][^\W\d_]+)*)
    | (?P<number>\d+[.)]?)
    | (?P<break>[;\n,()])
    | (?P<link>[:–—-])
    | (?P<other>\S)
    """,
    re.VERBOSE | re.IGNORECASE,
)
_ROLES = {
    "мать": "мать", "мама": "мать", "отец": "отец", "папа": "отец", "муж": "муж", "жена": "жена", "сын": "сын",
    "дочь": "дочь", "дочка": "дочь", "отчим": "отчим", "мачеха": "мачеха", "пасынок": "пасынок",
    "падчерица": "падчерица", "опекун": "опекун", "попечитель": "опекун", "подопечный": "подопечный",
    "подопечная": "подопечная", "бабушка": "бабушка", "дедушка": "дедушка", "внук": "внук", "внучка": "внучка",
    "брат": "брат", "сестра": "сестра", "тётя": "тётя", "тетя": "тётя", "дядя": "дядя", "заявитель": "заявитель",
    "супруг": "муж", "супруга": "жена", "бабушка-опекун": "бабушка-опекун", "дедушка-опекун": "дедушка-опекун",
}  # fmt: skip
_CHILDREN = frozenset(["дети", "детей", "ребёнок", "ребенок", "ребёнка", "ребенка", "несовершеннолетние"])
_ADULTS = frozenset(["родители", "родитель", "супруги", "взрослые"])
_FILLING = frozenset(["семья", "состав", "семьи", "год", "года", "г", "несовершеннолетних", "д", "р", "др", "дата"])
_COUNTS = frozenset(["один", "одна", "двое", "трое", "четверо", "пятеро", "шестеро", "семеро"])
_SUFFIXES = frozenset(["оглы", "кызы", "оглу", "гызы"])
_PATRONYMIC = re.compile(r"(?:вич|ич|вна|чна|шна|оглы|кызы)$", re.IGNORECASE)
_BOYS = frozenset(["никита", "илья", "фома", "лука", "кузьма", "савва", "данила", "гаврила", "миша", "саша", "ваня"])
_GIRLS = frozenset(["любовь", "нинель", "адель", "эсфирь", "руфь", "николь"])
CHILD = "ребёнок"
"""Stands for «сын» or «дочь» until the name tells which."""

LONGEST = 3_000


@dataclass(frozen=True)
class Member:
    """One person of the text. `year` where only the year of birth is written: it is no date."""

    surname: str
    name: str
    patronymic: str
    relation: str
    birth_date: date | None
    year: int | None


@dataclass(frozen=True)
class Composition:
    """Whom the text names, in its order. `complete`: every word was understood; `exact`: and nothing is lost in it."""

    members: tuple[Member, ...]
    complete: bool
    exact: bool


def parse(text: str, today: date, *, relation: str = "", surname: str = "") -> Composition:
    """Read the text. `relation` is what people are where the text does not say; `surname` is for those without one."""
    reader = _Reader(today, relation)
    if len(text) > LONGEST:
        return Composition((), complete=False, exact=False)
    reader.read([(str(match.lastgroup), match.group()) for match in _TOKEN.finditer(text)])
    members = _complete_names(reader.members, surname)
    complete = reader.understood and bool(members) and all(member.surname and member.name for member in members)
    exact = complete and all(member.year is None for member in members)
    return Composition(tuple(members), complete, exact)


def is_man(name: str, patronymic: str) -> bool:
    """Whether the names are a man's: by the patronymic where there is one, else by the ending."""
    if patronymic and not patronymic.endswith("."):
        last = patronymic.casefold().split()[-1]
        return last.endswith(("ич", "оглы", "оглу"))
    first = name.casefold()
    return first in _BOYS or (first not in _GIRLS and not first.endswith(("а", "я")))


def surname_for(surname: str, *, man: bool) -> str:
    """The same surname as this person bears it: «Иванова» → «Иванов» for a son, and back for a daughter."""
    if man:
        for ending, instead in (("ская", "ский"), ("цкая", "цкий"), ("ова", "ов"), ("ева", "ев"), ("ёва", "ёв"),
                                ("ина", "ин"), ("ына", "ын")):  # fmt: skip
            if surname.endswith(ending):
                return surname.removesuffix(ending) + instead
        return surname
    for ending, instead in (("ский", "ская"), ("цкий", "цкая")):
        if surname.endswith(ending):
            return surname.removesuffix(ending) + instead
    return surname + "а" if surname.endswith(("ов", "ев", "ёв", "ин", "ын")) else surname


class _Reader:
    """One walk over the words: names gather into a person until the next one begins."""

    def __init__(self, today: date, relation: str) -> None:
        self.today = today
        self.group = relation
        self.members: list[Member] = []
        self.understood = True
        self.next_role = ""
        self._begin()

    def _begin(self) -> None:
        self.names: list[str] = []
        self.role = ""
        self.birth_date: date | None = None
        self.year: int | None = None
        self.closed = False

    def read(self, tokens: list[tuple[str, str]]) -> None:
        for index, (kind, text) in enumerate(tokens):
            following = tokens[index + 1 :]
            if kind == "word":
                self._word(text, following)
            elif kind == "initial":
                self._name(text)
            elif kind in ("date", "year"):
                self._birth(kind, text)
            elif kind == "break":
                self.closed = True
            elif kind == "number":
                self._number(text, following, at_start=index == 0 or tokens[index - 1][0] == "break")
            elif kind == "other" and text not in ".№":
                self.understood = False
        self._finish()

    def _word(self, text: str, following: list[tuple[str, str]]) -> None:
        word = text.casefold()
        if word in _ROLES:
            self._role(_ROLES[word], following)
        elif word in _CHILDREN or word in _ADULTS:
            self._finish()
            self.group = CHILD if word in _CHILDREN else ""
        elif word == "и":
            self.closed = True
        elif word in _SUFFIXES and self.names:
            self.names[-1] += f" {text}"
        elif text[0].isupper() and word not in ("семья", "состав"):
            self._name(text)
        elif word not in _FILLING and word not in _COUNTS:
            self.understood = False

    def _role(self, role: str, following: list[tuple[str, str]]) -> None:
        """«мать Иванова Мария» and «Иванова Мария – мать» both: a name that follows at once belongs to the role."""
        ahead = next((token for token in following if token[0] != "link"), ("", ""))
        names_follow = ahead[0] == "word" and ahead[1][0].isupper() and ahead[1].casefold() not in _ROLES
        if self.names and not self.role and not names_follow:
            self.role = role
            return
        self._finish()
        self.next_role = role

    def _name(self, text: str) -> None:
        if self.names and self.closed:
            self._finish()
        if not self.names:
            self.role, self.next_role = self.next_role, ""
            self.closed = False
        self.names.append(text)

    def _birth(self, kind: str, text: str) -> None:
        born = read_date(text, self.today) if kind == "date" else None
        year = int(text) if kind == "year" else None
        known = self.birth_date or self.year
        if not self.names or known or (born is None and not (year and year <= self.today.year)):
            self.understood = False
            return
        self.birth_date, self.year = born, year
        self.closed = True

    def _number(self, text: str, following: list[tuple[str, str]], *, at_start: bool) -> None:
        """«1. Иванова …» counts people and «3 детей» children; anything else is not understood."""
        ahead = following[0][1].casefold() if following else ""
        if not (at_start and text[-1] in ".)") and ahead not in _CHILDREN:
            self.understood = False

    def _finish(self) -> None:
        if self.names:
            if len(self.names) > 3:
                self.understood = False
            role = self.role or self.group
            self.members.append(_member(self.names[:3], role, self.birth_date, self.year))
        self._begin()


def _member(names: list[str], role: str, birth_date: date | None, year: int | None) -> Member:
    """Which word is which: «Иванова Мария Петровна», «Мария Петровна Иванова», «Мария Петровна», «Иванов Пётр»."""
    surname = name = patronymic = ""
    if len(names) == 1:
        name = names[0]
    elif len(names) == 2 and _PATRONYMIC.search(names[1]):
        name, patronymic = names
    elif len(names) == 2:
        surname, name = names
    elif _PATRONYMIC.search(names[1]) and not _PATRONYMIC.search(names[2]):
        name, patronymic, surname = names
    else:
        surname, name, patronymic = names
    if role == CHILD:
        role = "сын" if is_man(name, patronymic) else "дочь"
    return Member(surname, name, patronymic, role, birth_date, year)


def _complete_names(members: list[Member], surname: str) -> list[Member]:
    """Give the family's surname to those written without one."""
    family = next((member.surname for member in members if member.surname), surname)
    if not family:
        return members
    return [
        member
        if member.surname
        else Member(
            surname_for(family, man=is_man(member.name, member.patronymic)),
            member.name,
            member.patronymic,
            member.relation,
            member.birth_date,
            member.year,
        )
        for member in members
    ]
