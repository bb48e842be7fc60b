"""What stands in a card's history, as people read it: codes by their titles, numbers as telephones."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from crm.cards import catalogues, health, safe_contact
from crm.cards.field_words import CATALOGUE_OF, SUBJECTS, field_title
from crm.cards.people import SEXES
from crm.family_tables import SOURCES
from web.words import phone

_CHOICES: Mapping[str, Mapping[str, str]] = {
    "source": SOURCES,
    "preferred_channel": safe_contact.CHANNELS,
    "sex": SEXES,
    "kind": health.KINDS,
    "group": health.GROUPS,
}


@dataclass(frozen=True)
class Words:
    """The lists' titles, read once for a page."""

    titles: dict[str, dict[str, str]]

    def value(self, field: str, text: str) -> str:
        """«своя квартира» for «own_flat»; «—» for nothing."""
        if not text:
            return "—"
        if field in _CHOICES:
            return _CHOICES[field].get(text, text)
        if field in CATALOGUE_OF:
            known = self.titles[CATALOGUE_OF[field]]
            return known.get(text) or ", ".join(known.get(code, code) for code in text.split(", "))
        return phone(text) if field == "number" else text

    @staticmethod
    def field(name: str, subject: str = "") -> str:
        """«Дата рождения»."""
        title = field_title(name, subject)
        return title[:1].upper() + title[1:]

    @staticmethod
    def subject(name: str) -> str:
        """«Член семьи»."""
        return SUBJECTS.get(name, name)


def read_words(session: Session) -> Words:
    """The titles of every list that a card's field may hold."""
    return Words({name: catalogues.titles(session, name) for name in set(CATALOGUE_OF.values())})


@dataclass(frozen=True)
class Conflict:
    """One field that somebody else changed: what it was, what it is now, what this person typed.

    `taken`: this person had not touched the field, so the form now holds the stored value.
    """

    title: str
    who: str
    at: datetime
    old: str
    new: str
    mine: str
    taken: bool
