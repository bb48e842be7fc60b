"""What the children's ages mean for the family: «многодетная», how long measures last, who comes of which age.

Pure: dates come in, dates go out; all are the institution's local dates. Source: Указ № 63 of 23.01.2024 (domain.md
§2.6): the status has no end, the measures of support end when the eldest child turns 18, or, while he studies
full-time, 23.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

LARGE = 3
OF_AGE = 18
STUDENT_LIMIT = 23


@dataclass(frozen=True)
class Child:
    """A child as these rules need it. `student_until`: full-time study is proved until this day; None: no study."""

    birth_date: date
    student_until: date | None = None
    person_id: int = 0


def birthday(birth_date: date, years: int) -> date:
    """The day on which this many years are reached; who was born on 29 February has it on 1 March of a common year."""
    try:
        return birth_date.replace(year=birth_date.year + years)
    except ValueError:
        return date(birth_date.year + years, 3, 1)


def is_large(children_birth_dates: Iterable[date], today: date) -> bool:
    """Whether the family has three children or more; who is not born yet does not count."""
    return sum(born <= today for born in children_birth_dates) >= LARGE


def measures_until(children: Sequence[Child]) -> date | None:
    """The day on which the measures of support for a large family end; None without children.

    The eldest child decides: his 18th birthday, or, where he studies full-time beyond it, the end of that study, at the
    latest his 23rd birthday. `student_until` comes from a certificate, so the day moves with every new certificate.
    """
    if not children:
        return None
    eldest = eldest_of(children)
    of_age = birthday(eldest.birth_date, OF_AGE)
    return max(of_age, min(eldest.student_until or of_age, birthday(eldest.birth_date, STUDENT_LIMIT)))


def eldest_of(children: Sequence[Child]) -> Child:
    """The child born first; of twins, the one who studies longest."""
    return min(children, key=lambda child: (child.birth_date, -(child.student_until or date.min).toordinal()))


def studies_on(child: Child) -> bool:
    """Whether he studies full-time after he has come of age."""
    return child.student_until is not None and child.student_until > birthday(child.birth_date, OF_AGE)


def children_turning(
    children: Iterable[Child], ages: Iterable[int], since: date, until: date
) -> list[tuple[Child, int, date]]:
    """Who reaches one of these ages from `since` to `until`, both days included: (child, age, day), by day.

    The age of 23 matters only for those who study full-time (domain.md A-12).
    """
    reached = [(child, age, birthday(child.birth_date, age)) for child in children for age in sorted(set(ages))]
    found = [
        (child, age, on)
        for child, age, on in reached
        if since <= on <= until and (age != STUDENT_LIMIT or studies_on(child))
    ]
    return sorted(found, key=lambda row: (row[2], row[1], row[0].person_id))
