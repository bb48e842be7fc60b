"""Does what the caller says agree with the card? The program compares: nobody reads the answer off the screen.

Pure: the answers and the card come in, the names of the facts that agree come out (keys of `crm.call_identity.FACTS`).
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import date

from callflow.identity import IdentityLevel
from callflow.text import search_key

_KINDS_OF_STREET = frozenset(
    """г город с село д деревня п посёлок поселок рп пгт ул улица пер переулок пр просп проспект пл площадь ш шоссе
    дом кв""".split()  # noqa: SIM905 - a list of forty strings says the same, less readably
)
CONTROL_FACTS = frozenset({"birth_date", "address", "children"})
TITLES = {"birth_date": "дата рождения", "address": "улица", "children": "имя ребёнка"}


@dataclass
class Agreement:
    """Which facts agree and which do not."""

    agreed: list[str] = field(default_factory=list)
    differing: list[str] = field(default_factory=list)

    @property
    def level(self) -> IdentityLevel:
        """Two control answers allow the case to be discussed; less only confirms who it is (domain.md §3.5)."""
        controls = CONTROL_FACTS.intersection(self.agreed)
        return IdentityLevel.CONTROL_QUESTIONS if len(controls) >= 2 else IdentityLevel.CONFIRMED

    def note(self, fact: str, agrees: bool) -> None:
        """Remember one comparison."""
        (self.agreed if agrees else self.differing).append(fact)


def compare(
    *,
    birth_date: str,
    street: str,
    child: str,
    known_birth_date: date | None,
    known_address: str,
    known_children: Collection[str],
) -> Agreement:
    """Compare the answers that were given; an empty answer is no answer."""
    result = Agreement()
    if birth_date.strip():
        said = read_date(birth_date)
        result.note("birth_date", said is not None and said == known_birth_date)
    if street.strip():
        words = [word for word in search_key(street).split() if word not in _KINDS_OF_STREET and not word.isdecimal()]
        known = search_key(known_address).split()
        result.note("address", bool(words) and max(map(len, words)) >= 3 and all(word in known for word in words))
    if child.strip():
        names = {search_key(name) for name in known_children}
        result.note("children", search_key(child) in names)
    return result


def read_date(text: str) -> date | None:
    """«12.11.1990», «12.11.90», «12 11 1990», «1990-11-12» as a date."""
    iso = re.fullmatch(r"\s*([0-9]{4})-([0-9]{1,2})-([0-9]{1,2})\s*", text)
    russian = re.fullmatch(r"\s*([0-9]{1,2})[\s.,/-]+([0-9]{1,2})[\s.,/-]+([0-9]{4}|[0-9]{2})\s*г?\.?\s*", text)
    if iso:
        year, month, day = (int(part) for part in iso.groups())
    elif russian:
        day, month, year = (int(part) for part in russian.groups())
        if len(russian[3]) == 2:
            year += 2000 if year <= date.today().year % 100 else 1900  # noqa: DTZ011 - which century, not which day
    else:
        return None
    try:
        return date(year, month, day)
    except ValueError:
        return None
