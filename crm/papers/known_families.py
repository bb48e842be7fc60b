"""Which families of a file are there already, in the file or in the records; nothing is merged by itself (B55).

Asked for some hundred rows at once, through the indexes on keys, names and telephones. A restricted card that the
person who imports may not see takes no part: the answer would say that it exists.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, exists, select
from sqlalchemy.orm import Session

from callflow.text import search_key
from crm.family_tables import ACTIVE, MERGED, Family, Person, Phone
from crm.papers.drafts import Draft
from crm.staff import Employee
from crm.visibility import seen_by

NEW, ALREADY, SIMILAR, REPEATED = "new", "already", "similar", "repeated"


@dataclass(frozen=True)
class Verdict:
    """What a row is. `family_id` of the known card; `earlier_row` of the file; `reason` a few words for the page."""

    kind: str
    family_id: int | None = None
    earlier_row: int | None = None
    reason: str = ""


class SeenRows:
    """The families that stood in the file above; spelling and order of the names do not matter."""

    def __init__(self) -> None:
        self._by_name: dict[str, list[tuple[date | None, frozenset[str], int]]] = {}
        self._keys: dict[str, int] = {}

    def note(self, draft: Draft) -> int | None:
        """Return the earlier row with the same family, or remember this one."""
        one = draft.applicant
        name = " ".join(sorted(one.key.split()))
        numbers = frozenset(number for number, _raw, _label in one.phones)
        earlier = self._keys.get(draft.import_key)
        for born, known_numbers, row in self._by_name.get(name, ()):
            same_birth = born is not None and born == one.birth_date
            may_be = born is None or one.birth_date is None
            if same_birth or (may_be and numbers & known_numbers):
                earlier = earlier or row
        if earlier is None:
            self._keys[draft.import_key] = draft.row
            self._by_name.setdefault(name, []).append((one.birth_date, numbers, draft.row))
        return earlier


def judge(session: Session, drafts: Sequence[Draft], viewer: Employee) -> list[Verdict]:
    """Tell for each draft whether the records hold it already, or hold somebody like it, as far as `viewer` may see."""
    by_key = _families_by_key(session, [draft.import_key for draft in drafts], viewer)
    by_name = _people_by_name(session, {key for draft in drafts for key in _orders(draft.applicant.key)}, viewer)
    by_number = _people_by_number(session, {phone[0] for draft in drafts for phone in draft.applicant.phones}, viewer)
    verdicts = []
    for draft in drafts:
        if family_id := by_key.get(draft.import_key):
            verdicts.append(Verdict(ALREADY, family_id, reason="загружена раньше"))
        else:
            verdicts.append(_likeness(draft, by_name, by_number))
    return verdicts


@dataclass(frozen=True)
class _Known:
    family_id: int
    surname: str
    birth_date: date | None


def _likeness(draft: Draft, by_name: dict[str, list[_Known]], by_number: dict[str, list[_Known]]) -> Verdict:
    one = draft.applicant
    for known in (person for key in _orders(one.key) for person in by_name.get(key, ())):
        if known.birth_date and known.birth_date == one.birth_date:
            return Verdict(SIMILAR, known.family_id, reason="те же имя и дата рождения")
        if known.birth_date is None or one.birth_date is None:
            return Verdict(SIMILAR, known.family_id, reason="то же имя")
    stem = _stem(one.surname)
    for number, _raw, _label in one.phones:
        for known in by_number.get(number, ()):
            if _stem(known.surname) == stem:
                return Verdict(SIMILAR, known.family_id, reason="те же телефон и фамилия")
    return Verdict(NEW)


def _families_by_key(session: Session, keys: Sequence[str], viewer: Employee) -> dict[str, int]:
    statement = select(Family.import_key, Family.id).where(
        Family.import_key.in_(keys), Family.state.in_((ACTIVE, MERGED)), seen_by(viewer)
    )
    return {key: family_id for key, family_id in session.execute(statement) if key}


def _people_by_name(session: Session, names: Iterable[str], viewer: Employee) -> dict[str, list[_Known]]:
    statement = (
        select(Person.search_key, Person.family_id, Person.surname, Person.birth_date)
        .where(Person.search_key.in_(sorted(names)), Person.left_at.is_(None))
        .where(_counts(viewer))
    )
    return _grouped(session.execute(statement))


def _people_by_number(session: Session, numbers: Iterable[str], viewer: Employee) -> dict[str, list[_Known]]:
    statement = (
        select(Phone.number, Person.family_id, Person.surname, Person.birth_date)
        .join(Person, Person.id == Phone.person_id)
        .where(Phone.number.in_(sorted(numbers)), Phone.removed_at.is_(None))
        .where(_counts(viewer))
    )
    return _grouped(session.execute(statement))


def _counts(viewer: Employee) -> ColumnElement[bool]:
    """The person's card is in use, and the viewer may know of it.

    A subquery and no join: SQLite would begin with all active cards, a hundred milliseconds where this takes one.
    """
    return exists().where(Family.id == Person.family_id, Family.state == ACTIVE, seen_by(viewer))


def _grouped(rows: Iterable[tuple[str, int | None, str, date | None]]) -> dict[str, list[_Known]]:
    found: dict[str, list[_Known]] = {}
    for key, family_id, surname, birth_date in rows:
        if family_id is not None:
            found.setdefault(key, []).append(_Known(family_id, surname, birth_date))
    return found


def _orders(key: str) -> list[str]:
    """«петрова анна ивановна» is «анна ивановна петрова» too: the surname first or last."""
    words = key.split()
    turned = [words[place:] + words[:place] for place in range(len(words))]
    return [" ".join(order) for order in turned] if len(words) <= 3 else [key]


def _stem(surname: str) -> str:
    """«Иванова» and «Иванов» are one family's."""
    return search_key(surname).rstrip("аяыйи")
