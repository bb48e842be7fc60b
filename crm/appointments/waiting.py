"""The waiting list: those for whom no time suited, in the order in which they asked (B-22)."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import Session

from callflow.text import clean_line, clean_text
from crm.appointments import linking
from crm.appointments.access import BOOKERS
from crm.appointments.tables import MODES, SlotHold, Timetable, WaitingOffer, WaitingWish
from crm.appointments.waiting_offers import lock_quietly, offer, open_offers
from crm.audit import Actor, write
from crm.base import fetch
from crm.errors import Incomplete, NotFound
from crm.family_tables import ACTIVE, Family, Person
from crm.journal_tables import of_call
from crm.staff import Employee
from crm.visibility import family_seen_by, seen_family

NOT_THERE = "Такой строки в листе ожидания нет."
DAY_MINUTES = 24 * 60


@dataclass(frozen=True)
class Wish:
    """With whom, or with which profession (both empty: anybody), on which days and hours, in which way."""

    applicant_name: str
    employee_id: int | None = None
    profession: str = ""
    weekdays: Collection[int] = ()
    starts: int | None = None
    ends: int | None = None
    mode: str = ""
    topic: str = ""
    family_id: int | None = None
    person_id: int | None = None
    call_id: int | None = None


@dataclass(frozen=True)
class Line:
    """One line of the list, with the time that is offered now, if there is one."""

    wish: WaitingWish
    specialist: Employee | None
    entered_by: Employee
    offer: WaitingOffer | None
    hold: SlotHold | None
    offered_with: Employee | None


def add(
    session: Session, wish: Wish, employee: Employee, at: datetime, *, form_key: str = "", ip: str = ""
) -> WaitingWish:
    """Put somebody on the list; the same form twice is one line. Raises Incomplete by field, NotFound."""
    if employee.role not in BOOKERS:
        raise NotFound(NOT_THERE)
    if form_key:
        made = session.scalars(select(WaitingWish).where(WaitingWish.form_key == form_key)).one_or_none()
        if made is not None:
            return made
    name = _checked(session, wish, employee)
    entry = session.scalars(of_call(wish.call_id)).one_or_none() if wish.call_id else None
    if entry is not None and not linking.may_link(session, entry, employee):
        entry = None
    row = WaitingWish(
        employee_id=wish.employee_id,
        profession=clean_line(wish.profession, 100),
        weekdays=sorted({one for one in wish.weekdays if 0 <= one <= 6}),
        starts=wish.starts,
        ends=wish.ends,
        mode=wish.mode,
        family_id=wish.family_id,
        person_id=wish.person_id,
        applicant_name=name,
        topic=clean_line(wish.topic, 200),
        call_id=entry.call_id if entry else None,
        entry_id=entry.id if entry else None,
        state="waiting",
        state_at=at,
        entered_by_id=employee.id,
        entered_at=at,
        form_key=form_key or None,
    )
    session.add(row)
    session.flush()
    _log(session, "waiting.add", row, employee, at, ip)
    return row


def close(
    session: Session, wish_id: int, reason: str, employee: Employee, at: datetime, *, ip: str = ""
) -> WaitingWish:
    """Take the line off the list, with a reason. Off already: nothing changes. Raises Incomplete, NotFound."""
    known = fetch_wish(session, wish_id, employee)
    for _, hold in open_offers(session, [known.id], at).values():
        lock_quietly(session, hold.employee_id)  # before the line, as a booking does: nobody waits crosswise
    row = fetch_wish(session, wish_id, employee, lock=True)
    if row.state != "waiting":
        return row
    why = clean_text(reason, 1000)
    if not why:
        raise Incomplete({"reason": "Укажите причину."})
    row.state, row.state_at, row.state_reason = "closed", at, why
    for standing, hold in open_offers(session, [row.id], at).values():
        standing.state, standing.decided_at, standing.decided_by_id = "declined", at, employee.id
        hold.released_at = at
        session.flush()
        offer(session, hold.employee_id, hold.starts_at, at)
    _log(session, "waiting.close", row, employee, at, ip)
    return row


def fetch_wish(session: Session, wish_id: int, viewer: Employee, *, lock: bool = False) -> WaitingWish:
    """The line. Raises NotFound where the viewer may not know of the family."""
    row = fetch(session, WaitingWish, wish_id)
    hidden = row is not None and row.family_id is not None and seen_family(session, row.family_id, viewer) is None
    if row is None or hidden:
        raise NotFound(NOT_THERE)
    return fetch(session, WaitingWish, wish_id, lock=True) or row if lock else row


def lines(session: Session, viewer: Employee, at: datetime) -> list[Line]:
    """Who waits, first come first; without families that the viewer may not know of."""
    known = or_(WaitingWish.family_id.is_(None), _in_use(viewer))
    statement = select(WaitingWish).where(WaitingWish.state == "waiting", known)
    rows = session.scalars(statement.order_by(WaitingWish.entered_at, WaitingWish.id).limit(200)).all()
    offers = open_offers(session, [one.id for one in rows], at)
    wanted = {one.employee_id for one in rows} | {one.entered_by_id for one in rows}
    wanted |= {hold.employee_id for _, hold in offers.values()}
    people = {one.id: one for one in session.scalars(select(Employee).where(Employee.id.in_(wanted - {None})))}
    found = []
    for row in rows:
        standing, hold = offers.get(row.id, (None, None))
        found.append(
            Line(
                row,
                people.get(row.employee_id or 0),
                people[row.entered_by_id],
                standing,
                hold,
                people.get(hold.employee_id) if hold else None,
            )
        )
    return found


def freed(session: Session, viewer: Employee, at: datetime) -> list[Line]:
    """The task lines «освободилось: …»: offers that wait for a telephone call to the family."""
    return [one for one in lines(session, viewer, at) if one.offer is not None]


def _in_use(viewer: Employee) -> ColumnElement[bool]:
    kept = select(Family.id).where(Family.id == WaitingWish.family_id, Family.state == ACTIVE)
    return and_(family_seen_by(viewer, WaitingWish.family_id), kept.exists())


def _checked(session: Session, wish: Wish, employee: Employee) -> str:
    wrong: dict[str, str] = {}
    name = clean_line(wish.applicant_name, 200)
    if not name:
        wrong["applicant_name"] = "Укажите, кто ждёт приёма."
    if wish.mode and wish.mode not in MODES:
        wrong["mode"] = "Выберите из списка."
    if wish.employee_id is not None and fetch(session, Timetable, wish.employee_id) is None:
        wrong["employee_id"] = "Выберите специалиста, который ведёт приём."
    minutes = [one for one in (wish.starts, wish.ends) if one is not None]
    if any(not 0 <= one <= DAY_MINUTES for one in minutes) or (len(minutes) == 2 and minutes[0] >= minutes[1]):
        wrong["ends"] = "Окончание должно быть позже начала."
    if wrong:
        raise Incomplete(wrong)
    if wish.family_id is not None:
        family = seen_family(session, wish.family_id, employee)
        if family is None or family.state != ACTIVE:
            raise NotFound("Такой карточки нет.")
    if wish.person_id is not None:
        person = fetch(session, Person, wish.person_id)
        if person is None or person.family_id != wish.family_id:
            raise NotFound("Такого человека нет в карточке.")
    return name


def _log(  # noqa: PLR0917 - who, what, when: as in every verb
    session: Session, action: str, row: WaitingWish, employee: Employee, at: datetime, ip: str
) -> None:
    write(
        session,
        Actor.of(employee, ip),
        action,
        subject="waiting_wish",
        subject_id=row.id,
        family_id=row.family_id,
        at=at,
    )
