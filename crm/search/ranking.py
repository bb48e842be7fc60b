"""Which of the found cards comes first, and whom of it the words name. Pure: names and words in, an order out."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from crm.search.words import Fit

NOWHERE = len(Fit)
"""Worse than any fit: the part stands in none of the words."""


@dataclass(frozen=True)
class Member:
    """One person of a found card; `surname` and `words` (of the whole name) are folded."""

    id: int
    surname: str
    words: Sequence[str]
    is_applicant: bool = False
    has_left: bool = False


@dataclass(frozen=True)
class Rank:
    """The order of one card (smaller is earlier) and the member whom the words name; None: the card has no people."""

    key: tuple[int, int, int, int, str]
    person_id: int | None


def rank(parts: Sequence[str], members: Iterable[Member], elsewhere: Callable[[], Sequence[str]]) -> Rank:
    """Rank a card that holds every part; `elsewhere` gives the words of the family's name and address where the names
    are not enough.

    Whole words come before beginnings and those before inner parts; those who have left come last; then cards where one
    person holds more of the parts; then the applicant's surname, the applicant, other members, the address; then by
    name.
    """
    people = sorted(members, key=lambda one: (one.has_left, not one.is_applicant, one.id))
    names = [word for one in people for word in one.words]
    fits = [best_fit(part, names) for part in parts]
    if any(fits):
        others = elsewhere()
        fits = [min(fit, best_fit(part, others)) if fit else fit for part, fit in zip(parts, fits, strict=True)]
    worst = max(fits, default=NOWHERE)
    if not people:
        return Rank((worst, 0, len(parts), _ADDRESS, ""), None)
    held = {one.id: [part for part in parts if best_fit(part, one.words) < NOWHERE] for one in people}
    named = max(people, key=lambda one: len(held[one.id]))
    own = held[named.id]
    place = _place(named, own)
    return Rank((worst, int(place == _LEFT), len(parts) - len(own), place, " ".join(people[0].words)), named.id)


_SURNAME, _APPLICANT, _MEMBER, _ADDRESS, _LEFT = range(5)


def _place(person: Member, held: Sequence[str]) -> int:
    if not held:
        return _ADDRESS
    if person.has_left:
        return _LEFT
    if not person.is_applicant:
        return _MEMBER
    surname = person.surname.split()
    return _SURNAME if any(best_fit(part, surname) < NOWHERE for part in held) else _APPLICANT


def best_fit(part: str, words: Iterable[str]) -> int:
    """Return how well the best of the words holds the part: a `Fit`, or NOWHERE."""
    best = NOWHERE
    for word in words:
        if word == part:
            return Fit.WHOLE
        if part in word:
            best = min(best, Fit.BEGINNING if word.startswith(part) else Fit.INNER)
    return best
