"""Why this family is in the segment, in words for whoever calls it: «трое детей, младшему 2 года» (anchors.md idea 18).

No names, and nothing special (health, a commission's resolution, service at the front): the words are kept with the
campaign and stand on the screen before anybody's identity is confirmed (domain.md §3.5, §4.1).
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from crm.cards import catalogues
from crm.cards.family_rules import birthday
from crm.cards.tables import RiskFlag
from crm.family_tables import Family, FamilyStatus, Person
from crm.masked import SPECIAL_STATUSES
from crm.segments import lists
from crm.segments.conditions import Condition, Lists, day, title, years
from crm.segments.facts import CHILDREN, DIGITS, OF_AGE

AT_ONCE = 1_000
_TOGETHER = {2: "двое", 3: "трое", 4: "четверо", 5: "пятеро", 6: "шестеро", 7: "семеро"}


@dataclass(frozen=True)
class _Status:
    """A status nobody has revoked."""

    type: str
    since: date | None
    until: date | None


@dataclass
class _Known:
    """What of one family the words are made of. `births`: of the children, the youngest first."""

    births: list[date]
    values: Mapping[str, str]
    statuses: list[_Status] = field(default_factory=list)
    studies: list[date] = field(default_factory=list)
    risks: set[str] = field(default_factory=set)


@dataclass(frozen=True)
class _Asking:
    """On which day, with which words, and what may not be said."""

    on: date
    lists: Lists
    special: frozenset[str]

    def within(self, one: Condition, days: Iterable[date | None]) -> list[date]:
        """Those of the next days that the condition names."""
        until = self.on + timedelta(days=one.number("days"))
        return sorted(on for on in days if on and self.on <= on <= until)


def whys(session: Session, ids: Iterable[int], conditions: Sequence[Condition], on: date) -> dict[int, str]:
    """Return for each of these families why it meets the conditions on `on`; '' where they are nothing to tell.

    A thousand families cost a handful of questions. Whoever asks may see them: nothing is left out here.
    """
    special = SPECIAL_STATUSES | catalogues.special_codes(session, "status") | catalogues.special_codes(session, "risk")
    asking = _Asking(on, lists.titles(session), special)
    kinds = {one.kind for one in conditions}
    wanted = list(dict.fromkeys(ids))
    found: dict[int, str] = {}
    for start in range(0, len(wanted), AT_ONCE):
        for family_id, known in _read(session, wanted[start : start + AT_ONCE], kinds).items():
            found[family_id] = ", ".join(dict.fromkeys(_reasons(asking, known, conditions)))
    return found


def why(session: Session, family_id: int, conditions: Sequence[Condition], on: date) -> str:
    """The same for one family."""
    return whys(session, [family_id], conditions, on).get(family_id, "")


def _read(session: Session, ids: Sequence[int], kinds: set[str]) -> dict[int, _Known]:
    """Columns, not records: ten thousand families of a campaign's launch are read in a second."""
    values = (Family.locality, Family.housing, Family.income_band, Family.transport)
    rows = session.execute(select(Family.id, Family.child_births, *values).where(Family.id.in_(ids)))
    names = [column.key for column in values]
    found = defaultdict[int, _Known](lambda: _Known([], {}))
    for family_id, births, *rest in rows:
        found[family_id] = _Known(_births(births), dict(zip(names, rest, strict=True)))
    if kinds & {"status", "paper_ends"}:
        statuses = select(FamilyStatus.family_id, FamilyStatus.type, FamilyStatus.valid_from, FamilyStatus.valid_to)
        standing = statuses.where(FamilyStatus.family_id.in_(found), FamilyStatus.revoked_at.is_(None))
        for family_id, kind, since, until in session.execute(standing.order_by(FamilyStatus.id)):
            found[family_id].statuses.append(_Status(kind, since, until))
    if "study_ends" in kinds:
        students = select(Person.family_id, Person.full_time_student_until).where(
            Person.family_id.in_(found), Person.left_at.is_(None), Person.relation.in_(sorted(CHILDREN))
        )
        for student_of, until in session.execute(students):
            if student_of is not None and until is not None:
                found[student_of].studies.append(until)
    if "risk" in kinds:
        flags = select(RiskFlag.family_id, RiskFlag.code).where(
            RiskFlag.family_id.in_(found), RiskFlag.cleared_at.is_(None)
        )
        for family_id, code in session.execute(flags):
            found[family_id].risks.add(code)
    return found


def _births(text: str) -> list[date]:
    parts = (text[start : start + DIGITS] for start in range(0, len(text), DIGITS))
    return [date(int(part[:4]), int(part[4:6]), int(part[6:])) for part in parts]


def _reasons(asking: _Asking, known: _Known, conditions: Sequence[Condition]) -> Iterator[str]:
    for one in conditions:
        reason = _REASONS.get(one.kind)
        words = reason(asking, known, one) if reason else ""
        if words:
            yield words


def _children(asking: _Asking, known: _Known, _one: Condition) -> str:
    count = sum(birthday(born, OF_AGE) > asking.on for born in known.births)
    if count < 2:
        return "один ребёнок" if count else ""
    return f"{_TOGETHER.get(count, count)} детей"


def _child_age(asking: _Asking, known: _Known, one: Condition) -> str:
    ages = [_age(born, asking.on) for born in known.births]
    fitting = [age for age in ages if one.number("since") <= age <= one.number("until")]
    if not fitting:
        return ""
    whose = "ребёнку" if len(ages) == 1 else "младшему" if fitting[0] == ages[0] else "одному из детей"
    return f"{whose} {years(fitting[0])}" if fitting[0] else f"{whose} ещё нет года"


def _turning(asking: _Asking, known: _Known, one: Condition) -> str:
    coming = asking.within(one, (birthday(born, one.number("age")) for born in known.births))
    return f"{day(coming[0])} ребёнку исполняется {years(one.number('age'))}" if coming else ""


def _study_ends(asking: _Asking, known: _Known, one: Condition) -> str:
    coming = asking.within(one, known.studies)
    return f"справка об очном обучении истекает {day(coming[0])}" if coming else ""


def _status(asking: _Asking, known: _Known, one: Condition) -> str:
    code, on = one.word("code"), asking.on
    held = any(row.type == code and (row.since or on) <= on <= (row.until or on) for row in known.statuses)
    if not held or code in asking.special:
        return "статус — в карточке" if held else ""
    return f"статус «{title(one, asking.lists)}»"


def _no_status(asking: _Asking, _known: _Known, one: Condition) -> str:
    return "" if one.word("code") in asking.special else f"нет статуса «{title(one, asking.lists)}»"


def _paper_ends(asking: _Asking, known: _Known, one: Condition) -> str:
    papers = [row for row in known.statuses if one.word("code") in ("", row.type)]
    coming = asking.within(one, (row.until for row in papers))
    if not coming:
        return ""
    kind = next(row.type for row in papers if row.until == coming[0])
    named = "" if kind in asking.special else f" «{asking.lists['status'].get(kind, kind)}»"
    return f"документ о статусе{named} истекает {day(coming[0])}"


def _risk(asking: _Asking, known: _Known, one: Condition) -> str:
    if one.word("code") not in known.risks:
        return ""
    return "признак риска — в карточке" if one.word("code") in asking.special else title(one, asking.lists)


def _value(column: str, before: str = "") -> Callable[[_Asking, _Known, Condition], str]:
    def words(asking: _Asking, known: _Known, one: Condition) -> str:
        return f"{before}{title(one, asking.lists)}" if known.values.get(column) == one.word("code") else ""

    return words


def _age(born: date, on: date) -> int:
    """In whole years; 0 for who is not born yet."""
    return max(0, on.year - born.year - ((on.month, on.day) < (born.month, born.day)))


_REASONS: Mapping[str, Callable[[_Asking, _Known, Condition], str]] = {
    "children": _children,
    "child_age": _child_age,
    "turning": _turning,
    "study_ends": _study_ends,
    "status": _status,
    "no_status": _no_status,
    "paper_ends": _paper_ends,
    "risk": _risk,
    "place": _value("locality"),
    "housing": _value("housing", "жильё: "),
    "income": _value("income_band", "доход: "),
    "transport": _value("transport", "транспорт: "),
}
"""The others («есть телефон», «ещё не сообщали») are no reason to call."""
