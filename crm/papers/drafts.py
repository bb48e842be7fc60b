"""Families to be: what a row of a register was understood as, before anything is in the records."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from hashlib import sha256

from callflow.names import full_name
from callflow.text import search_key


@dataclass(frozen=True)
class Problem:
    """What is wrong in a row. `column` from 0, None for the whole row; `fatal`: the row cannot be loaded.

    `sentence` never quotes the cell: it is stored, the cell is not.
    """

    column: int | None
    sentence: str
    fatal: bool = False


@dataclass
class PersonDraft:
    """Somebody of the family to be."""

    surname: str
    name: str = ""
    patronymic: str = ""
    relation: str = ""
    birth_date: date | None = None
    email: str = ""
    registration_address: str = ""
    phones: list[tuple[str, str, str]] = field(default_factory=list)
    """E.164, as it was written, label."""

    @cached_property
    def key(self) -> str:
        """As `Person.search_key`."""
        return search_key(full_name(self.surname, self.name, self.patronymic))


@dataclass
class Draft:
    """A family to be; the first of `people` is the applicant."""

    row: int
    people: list[PersonDraft]
    address: str = ""
    locality: str = ""
    brief: str = ""
    situation: str = ""
    measures: str = ""
    statuses: list[str] = field(default_factory=list)
    restricted: bool = False
    review: bool = False

    @property
    def applicant(self) -> PersonDraft:
        """Who stands for the family."""
        return self.people[0]

    @cached_property
    def import_key(self) -> str:
        """The same for the same family in the next file: the applicant's names in any order and spelling, and the
        birth date; without one the telephones, without those the children and the address."""
        one = self.applicant
        others: Sequence[str] = [one.birth_date.isoformat()] if one.birth_date else []
        others = others or sorted(number for number, _raw, _label in one.phones)
        others = others or [*sorted(person.key for person in self.people[1:]), search_key(self.address)]
        return sha256("|".join([*sorted(one.key.split()), "", *others]).encode()).hexdigest()


@dataclass(frozen=True)
class Understood:
    """What a row means: a family, unless a problem is fatal."""

    draft: Draft | None
    problems: tuple[Problem, ...]
