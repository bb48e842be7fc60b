"""What an absence may be, and who stands in for whom: no session, no clock. All instants aware; periods half-open."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

KINDS = {
    "sick": "больничный",
    "leave": "отпуск",
    "trip": "командировка",
    "training": "учёба",
    "other": "отсутствие",
}
"""What may be entered ahead."""
AWAY = "away"
"""«Ушёл до 15:00», said by the person for himself: it ends at once when he says that he is back."""
TITLES = {**KINDS, AWAY: "отлучка"}

LONGEST = timedelta(days=4 * 366)
FURTHEST = timedelta(days=2 * 366)
EARLIEST = timedelta(days=366)


@dataclass(frozen=True)
class Period:
    """One absence as the rules see it: who, when, who stands in."""

    employee_id: int
    since: datetime
    until: datetime
    substitute_id: int | None = None

    def holds_at(self, at: datetime) -> bool:
        """Whether the person is away at this instant."""
        return self.since <= at < self.until

    def overlaps(self, since: datetime, until: datetime) -> bool:
        """Whether it shares an instant with [since, until)."""
        return self.since < until and since < self.until


def problems(kind: str, since: datetime, until: datetime, at: datetime) -> dict[str, str]:
    """A sentence for each field that cannot be."""
    wrong = {}
    if kind not in TITLES:
        wrong["kind"] = "Выберите причину."
    if until <= since:
        wrong["until"] = "Окончание должно быть позже начала."
    elif until - since > LONGEST:
        wrong["until"] = "Слишком долго: проверьте год."
    elif until <= at:
        wrong["until"] = "Это время уже прошло."
    if since < at - EARLIEST or since > at + FURTHEST:
        wrong["since"] = "Проверьте дату начала."
    return wrong


def period_words(since: datetime, until: datetime) -> str:
    """«с 20.11.2026 по 27.11.2026», with times where it is not whole days; both local times of the institution."""
    whole = (since.hour, since.minute, until.hour, until.minute) == (0, 0, 0, 0)
    if not whole:
        same_day = since.date() == until.date()
        return (
            f"{since:%d.%m.%Y} с {since:%H:%M} до {until:%H:%M}"
            if same_day
            else (f"с {since:%d.%m.%Y %H:%M} до {until:%d.%m.%Y %H:%M}")
        )
    last = until - timedelta(days=1)
    return f"{since:%d.%m.%Y}" if last.date() <= since.date() else f"с {since:%d.%m.%Y} по {last:%d.%m.%Y}"


def makes_a_loop(new: Period, others: Iterable[Period]) -> bool:
    """Whether at some instant of the new absence the chain of substitutes would lead back to the person himself."""
    known = list(others)
    if new.substitute_id == new.employee_id:
        return True
    # Each step of the chain holds only while all absences before it do: the period narrows on the way.
    open_steps = [(new.substitute_id, new.since, new.until, frozenset({new.employee_id}))]
    while open_steps:
        person, since, until, passed = open_steps.pop()
        for one in known:
            if one.employee_id != person or one.substitute_id is None or not one.overlaps(since, until):
                continue
            if one.substitute_id == new.employee_id:
                return True
            if one.substitute_id not in passed:
                step = max(since, one.since), min(until, one.until), passed | {one.employee_id}
                open_steps.append((one.substitute_id, *step))
    return False


def stands_in(employee_id: int, away: Iterable[Period], at: datetime) -> int | None:
    """Who serves in this person's place at `at`: the first of the chain who is there. None: nobody is named, or the
    person is not away at all."""
    substitutes = {one.employee_id: one.substitute_id for one in away if one.holds_at(at)}
    passed, person = {employee_id}, substitutes.get(employee_id)
    while person is not None and person in substitutes:
        if person in passed:
            return None
        passed.add(person)
        person = substitutes[person]
    return None if person == employee_id else person
