"""Who is away, from when to when, and who stands in (issue 4, item 4; B-3 by dates)."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from callflow.text import clean_text
from crm.audit import Actor, write
from crm.base import fetch
from crm.errors import Incomplete, NotFound, RecordsError
from crm.specialists import absence_rules
from crm.specialists.absence_rules import AWAY, TITLES, Period
from crm.specialists.tables import Absence
from crm.staff import Employee, Role

MANAGERS = frozenset({Role.HEAD.value, Role.DIRECTOR.value, Role.ADMINISTRATOR.value})
"""Who enters absences of others; everybody enters his own."""
_NEVER = (Role.ADMINISTRATOR.value, Role.AUDITOR.value)


def is_absent(session: Session, employee_id: int, at: datetime) -> Absence | None:
    """The absence that holds at `at`, None: he is not entered as away."""
    return away_at(session, [employee_id], at).get(employee_id)


def away_at(session: Session, employee_ids: Collection[int], at: datetime) -> dict[int, Absence]:
    """As `is_absent`, for many at once."""
    statement = select(Absence).where(Absence.employee_id.in_(employee_ids), Absence.since <= at, Absence.until > at)
    return {one.employee_id: one for one in session.scalars(statement.where(_in_force())).all()}


def within(session: Session, employee_ids: Collection[int], since: datetime, until: datetime) -> list[Absence]:
    """The absences of these people that touch [since, until), in order of their beginning: for timetables and lists."""
    statement = select(Absence).where(Absence.employee_id.in_(employee_ids), Absence.since < until)
    return list(session.scalars(statement.where(Absence.until > since, _in_force()).order_by(Absence.since)))


def coming(session: Session, employee_ids: Collection[int], at: datetime) -> list[Absence]:
    """The absences that hold now or later, in order of their beginning."""
    statement = select(Absence).where(Absence.employee_id.in_(employee_ids), Absence.until > at, _in_force())
    return list(session.scalars(statement.order_by(Absence.since, Absence.id)))


def withdrawn_lately(session: Session, at: datetime, days: int = 60) -> list[Absence]:
    """What was taken back within so many days, newest first."""
    statement = select(Absence).where(Absence.withdrawn_at >= at - timedelta(days=days), Absence.kind != AWAY)
    return list(session.scalars(statement.order_by(Absence.withdrawn_at.desc()).limit(50)))


def everybody(session: Session) -> list[Employee]:
    """All whose absences are kept: everybody who works here, by surname."""
    return list(session.scalars(select(Employee).where(Employee.active).order_by(Employee.surname, Employee.name)))


def possible_substitutes(session: Session) -> list[Employee]:
    """Who may stand in for somebody, by surname."""
    return [one for one in everybody(session) if one.role not in _NEVER]


def substitute_of(session: Session, employee_id: int, at: datetime) -> Employee | None:
    """Who serves in this person's place at `at`, through the chain; None: not away, or nobody is there."""
    away = [as_period(one) for one in _away_now(session, at)]
    found = absence_rules.stands_in(employee_id, away, at)
    employee = session.get(Employee, found) if found else None
    return employee if employee is not None and employee.active else None


def substitutes_now(session: Session, at: datetime) -> dict[int, Employee]:
    """For everybody who is away at `at`: who serves in his place, as far as there is somebody."""
    away = [as_period(one) for one in _away_now(session, at)]
    found = {one.employee_id: absence_rules.stands_in(one.employee_id, away, at) for one in away}
    people = {one.id: one for one in session.scalars(select(Employee).where(Employee.id.in_(set(found.values()))))}
    return {who: people[other] for who, other in found.items() if other in people and people[other].active}


def enter(  # noqa: PLR0917 - who, what, when, by whom: as in every verb
    session: Session,
    employee_id: int,
    kind: str,
    since: datetime,
    until: datetime,
    substitute_id: int | None,
    employee: Employee,
    at: datetime,
    *,
    ip: str = "",
) -> Absence:
    """Write down that somebody is away in [since, until). The same absence entered again is the one that is there.

    Raises NotFound for a person whom this employee may not enter, Incomplete by field, RecordsError where it overlaps.
    """
    people = _locked(session, {employee_id, substitute_id or employee_id})
    person = people.get(employee_id)
    if person is None or not person.active or (employee.id != employee_id and employee.role not in MANAGERS):
        raise NotFound("Такого сотрудника нет.")
    wrong = absence_rules.problems(kind, since, until, at)
    substitute = people.get(substitute_id) if substitute_id else None
    if substitute_id is not None and (substitute is None or not substitute.active or substitute.role in _NEVER):
        wrong["substitute_id"] = "Выберите сотрудника, который заменяет."
    if wrong:
        raise Incomplete(wrong)
    asked = (kind, since, until, substitute_id)
    for other in within(session, [employee_id], since, until):
        if (other.kind, other.since, other.until, other.substitute_id) == asked:
            return other
        if other.kind == AWAY and kind == AWAY:  # «ушёл до 15:00», and now до 16:00
            _end(other, employee, at, "указано другое время")
            continue
        raise RecordsError(
            f"На это время уже записано: {TITLES[other.kind]}. Сначала снимите ту запись или выберите другое время."
        )
    session.flush()
    _check_chain(session, Period(employee_id, since, until, substitute_id))
    absence = Absence(
        employee_id=employee_id,
        kind=kind,
        since=since,
        until=until,
        substitute_id=substitute_id,
        entered_by_id=employee.id,
        entered_at=at,
    )
    session.add(absence)
    session.flush()
    _log(session, "absence.enter", absence, employee, at, ip)
    return absence


def withdraw(
    session: Session, absence_id: int, reason: str, employee: Employee, at: datetime, *, ip: str = ""
) -> Absence:
    """It does not hold: entered by mistake, called off, or the person is back. It stays in the history.

    Withdrawn already: nothing changes. Raises NotFound, Incomplete without a reason.
    """
    known = fetch(session, Absence, absence_id)
    if known is None or (known.employee_id != employee.id and employee.role not in MANAGERS):
        raise NotFound("Такой записи об отсутствии нет.")
    _locked(session, {known.employee_id})
    absence = session.get_one(Absence, absence_id, populate_existing=True)
    if absence.withdrawn_at is not None:
        return absence
    words = clean_text(reason, 300)
    if not words:
        raise Incomplete({"reason": "Укажите, почему запись снимается."})
    _end(absence, employee, at, words)
    session.flush()
    _log(session, "absence.withdraw", absence, employee, at, ip)
    return absence


def come_back(session: Session, employee: Employee, at: datetime, *, ip: str = "") -> None:
    """The person says that he is at his place: his «ушёл до …» ends."""
    now = is_absent(session, employee.id, at)
    if now is not None and now.kind == AWAY:
        withdraw(session, now.id, "вернулся раньше", employee, at, ip=ip)


def as_period(one: Absence) -> Period:
    """The row as the rules see it."""
    return Period(one.employee_id, one.since, one.until, one.substitute_id)


def _in_force() -> ColumnElement[bool]:
    return Absence.withdrawn_at.is_(None)


def _away_now(session: Session, at: datetime) -> Sequence[Absence]:
    return session.scalars(select(Absence).where(_in_force(), Absence.since <= at, Absence.until > at)).all()


def _locked(session: Session, ids: set[int]) -> dict[int, Employee]:
    """The people, held until the commit in one order: two entries about the same people wait for each other."""
    statement = select(Employee).where(Employee.id.in_([one for one in ids if 1 <= one < 2**63]))
    statement = statement.order_by(Employee.id).with_for_update(key_share=True)
    return {one.id: one for one in session.scalars(statement.execution_options(populate_existing=True))}


def _check_chain(session: Session, new: Period) -> None:
    if new.substitute_id is None:
        return
    touching = select(Absence).where(_in_force(), Absence.since < new.until, Absence.until > new.since)
    others = [as_period(one) for one in session.scalars(touching) if one.employee_id != new.employee_id]
    if absence_rules.makes_a_loop(new, others):
        sentence = "Так замещение замкнётся: заменяющий сам отсутствует в это время. Выберите другого."
        raise Incomplete({"substitute_id": sentence})


def _end(absence: Absence, employee: Employee, at: datetime, reason: str) -> None:
    absence.withdrawn_at, absence.withdrawn_by_id, absence.withdrawn_reason = at, employee.id, reason


def _log(session: Session, action: str, absence: Absence, employee: Employee, at: datetime, ip: str) -> None:  # noqa: PLR0917
    write(session, Actor.of(employee, ip), action, subject="absence", subject_id=absence.id,
          details={"employee": absence.employee_id}, at=at)  # fmt: skip
