"""What the pages list: days, weeks, a specialist's own receptions; «занято» for whoever may not know the family."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta, tzinfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from callflow.calendar.instants import instant_of
from callflow.names import short_name
from callflow.slots import Busy, Slot, blocked_by
from crm.appointments.access import may_see, shown_to
from crm.appointments.slots import live_holds, taken
from crm.appointments.tables import AHEAD, OCCUPYING, STATES, Appointment, AppointmentEvent, SlotHold
from crm.appointments.timetable import Known, known_of, specialists
from crm.family_tables import Family, Person
from crm.specialists import absences
from crm.specialists.absence_rules import TITLES
from crm.staff import Employee, Role

OCCUPIED = "занято"
"""All that those not entitled to a family learn of its appointment."""
DAY = timedelta(days=1)
LONGEST_LIST = 300


@dataclass(frozen=True)
class Line:
    """One appointment on a list. `hidden`: the viewer learns only that the time is taken."""

    row: Appointment
    specialist: Employee
    who: str = OCCUPIED
    hidden: bool = True
    outside: bool = False
    """The specialist no longer receives people at this time: it must be moved."""

    @property
    def state(self) -> str:
        """Its state in words; nothing of a hidden one."""
        return "" if self.hidden else STATES[self.row.state]


@dataclass(frozen=True)
class Cell:
    """One time of a day: free, held («держит …») or booked."""

    starts_at: datetime
    ends_at: datetime
    slot: Slot | None = None
    line: Line | None = None
    words: str = ""
    hold: SlotHold | None = None
    times: int = 1
    """More than one: as many times one after the other that cannot be had for the same reason."""

    @property
    def is_free(self) -> bool:
        """Whether it can be pressed."""
        return self.slot is not None and not self.words and self.line is None


@dataclass(frozen=True)
class Column:
    """One specialist's day; `notes` say why there is little or nothing («больничный», «приёма нет: учёба»)."""

    specialist: Employee
    day: date
    cells: Sequence[Cell] = ()
    notes: Sequence[str] = field(default_factory=tuple)
    received: bool = False
    """Whether there were reception hours on this day at all: free times that have passed are left out."""

    @property
    def shown(self) -> list[Cell]:
        """The cells as a list shows them: what is closed for one reason is one line."""
        found: list[Cell] = []
        for cell in self.cells:
            last = found[-1] if found else None
            if last and cell.words and not cell.hold and not cell.line and last.words == cell.words and not last.line:
                found[-1] = replace(last, ends_at=cell.ends_at, times=last.times + 1)
            else:
                found.append(cell)
        return found

    @property
    def booked(self) -> int:
        """How many receptions are booked."""
        return sum(cell.line is not None for cell in self.cells)


def day_board(session: Session, viewer: Employee, day: date, at: datetime, zone: tzinfo) -> list[Column]:
    """All specialists side by side on one day; a specialist sees his own column only."""
    return _columns(session, viewer, _whom(session, viewer), [day], at, zone)


def week_of(  # noqa: PLR0917 - for whom, whose, when
    session: Session, viewer: Employee, employee_id: int, monday: date, at: datetime, zone: tzinfo
) -> list[Column]:
    """One specialist's seven days from Monday. Empty for somebody whose receptions the viewer does not see."""
    whom = [one for one in _whom(session, viewer) if one.id == employee_id]
    return _columns(session, viewer, whom, [monday + timedelta(days=ahead) for ahead in range(7)], at, zone)


def _whom(session: Session, viewer: Employee) -> list[Employee]:
    everybody = specialists(session)
    return [one for one in everybody if viewer.role != Role.SPECIALIST.value or one.id == viewer.id]


def _columns(  # noqa: PLR0917 - for whom, whose, when
    session: Session, viewer: Employee, whom: Sequence[Employee], days: Sequence[date], at: datetime, zone: tzinfo
) -> list[Column]:
    ids = [one.id for one in whom]
    since, until = instant_of(days[0], 0, zone), instant_of(days[-1] + DAY, 0, zone)
    known = known_of(session, ids)
    busy = taken(session, ids, since, until, at)
    rows = session.scalars(
        select(Appointment)
        .where(Appointment.employee_id.in_(ids), Appointment.state.in_(OCCUPYING))
        .where(Appointment.starts_at >= since, Appointment.starts_at < until)
        .order_by(Appointment.starts_at)
    ).all()
    lines = as_lines(session, rows, viewer, known)
    holds = {(hold.employee_id, hold.starts_at): hold for hold, _ in live_holds(session, ids, at)}
    away = absences.within(session, ids, since, until)
    found = []
    for day in days:
        begins, ends = instant_of(day, 0, zone), instant_of(day + DAY, 0, zone)
        for one in whom:
            mine = [line for line in lines if line.row.employee_id == one.id and begins <= line.row.starts_at < ends]
            notes = [
                TITLES.get(absence.kind, "отсутствие")
                for absence in away
                if absence.employee_id == one.id and absence.since < ends and begins < absence.until
            ]
            hours = known.get(one.id)
            cells = _cells(one, hours, day, mine, busy.get(one.id, []), holds) if hours else []
            notes += _exception_words(hours, day)
            shown = [cell for cell in cells if cell.line or cell.starts_at >= at]
            found.append(Column(one, day, shown, tuple(notes), received=bool(cells)))
    return found


def _exception_words(known: Known | None, day: date) -> list[str]:
    titles = {"closed": "приёма нет", "hours": "другие часы", "extra": "дополнительный приём"}
    return [f"{titles[one.kind]}: {one.reason}" for one in (known.exceptions if known else ()) if one.day == day]


def _cells(  # noqa: PLR0917 - everything of one day
    specialist: Employee,
    known: Known,
    day: date,
    lines: Sequence[Line],
    busy: Sequence[Busy],
    holds: dict[tuple[int, datetime], SlotHold],
) -> list[Cell]:
    cells = [Cell(line.row.starts_at, line.row.ends_at, line=line) for line in lines]
    for slot in known.slots_of(day):
        if any(slot.starts_at < cell.ends_at and cell.starts_at < slot.ends_at for cell in cells):
            continue
        blocked = blocked_by(slot, busy, known.timetable.pause)
        words = blocked.words if blocked else ""
        hold = holds.get((specialist.id, slot.starts_at))
        cells.append(Cell(slot.starts_at, slot.ends_at, slot=slot, words=words, hold=hold))
    return sorted(cells, key=lambda cell: cell.starts_at)


def as_lines(
    session: Session, rows: Iterable[Appointment], viewer: Employee, known: dict[int, Known] | None = None
) -> list[Line]:
    """These appointments as this viewer may see them."""
    listed = list(rows)
    hours = known if known is not None else known_of(session, {row.employee_id for row in listed})
    people = {one.id: one for one in _by_ids(session, Employee, {row.employee_id for row in listed})}
    persons = {one.id: one for one in _by_ids(session, Person, {row.person_id for row in listed})}
    found = []
    for row in listed:
        covered = row.employee_id in hours and hours[row.employee_id].covers(row.starts_at, row.ends_at)
        outside = row.state in AHEAD and not (covered and people[row.employee_id].active)
        if not may_see(session, row, viewer):
            found.append(Line(row, people[row.employee_id], outside=outside))
            continue
        found.append(Line(row, people[row.employee_id], name_of(row, persons.get(row.person_id or 0)), False, outside))
    return found


def name_of(row: Appointment, person: Person | None) -> str:
    """«Кузнецова Е. В.»: as the card says now; without a card as it was written down."""
    return short_name(person.surname, person.name, person.patronymic) if person else row.applicant_name


def _by_ids(session: Session, model: type, ids: Collection[int | None]) -> Sequence:  # type: ignore[type-arg]
    return session.scalars(select(model).where(model.id.in_([one for one in ids if one is not None]))).all()  # type: ignore[attr-defined]


def to_be_moved(session: Session, viewer: Employee, at: datetime) -> list[Line]:
    """Coming appointments that no longer fit: outside the hours since they were changed, or in an absence."""
    statement = select(Appointment).where(shown_to(viewer), Appointment.state.in_(AHEAD), Appointment.starts_at > at)
    rows = session.scalars(statement.order_by(Appointment.starts_at)).all()
    if not rows:
        return []
    away = absences.within(session, {row.employee_id for row in rows}, at, rows[-1].ends_at)
    gone = {
        row.id
        for row in rows
        for one in away
        if one.employee_id == row.employee_id and one.since < row.ends_at and row.starts_at < one.until
    }
    return [line for line in as_lines(session, rows, viewer) if line.outside or line.row.id in gone]


@dataclass(frozen=True)
class Filters:
    """What the list asks for; empty means any. Days are the institution's, both included."""

    since: date | None = None
    until: date | None = None
    employee_id: int | None = None
    state: str = ""
    mode: str = ""


def listing(session: Session, viewer: Employee, filters: Filters, zone: tzinfo) -> list[Line]:
    """Appointments by their time; the first 300. Those the viewer may not know of are not in it and not counted."""
    statement = select(Appointment).where(shown_to(viewer))
    if filters.since:
        statement = statement.where(Appointment.starts_at >= instant_of(filters.since, 0, zone))
    if filters.until:
        statement = statement.where(Appointment.starts_at < instant_of(filters.until + DAY, 0, zone))
    if filters.employee_id:
        statement = statement.where(Appointment.employee_id == filters.employee_id)
    if filters.state:
        statement = statement.where(Appointment.state == filters.state)
    if filters.mode:
        statement = statement.where(Appointment.mode == filters.mode)
    statement = statement.order_by(Appointment.starts_at, Appointment.id).limit(LONGEST_LIST)
    return as_lines(session, session.scalars(statement), viewer)


def today_visits(session: Session, viewer: Employee, day: date, zone: tzinfo) -> list[Line]:
    """Who comes today: for the idle workplace; never of families that the viewer may not know of."""
    lines = listing(session, viewer, Filters(since=day, until=day), zone)
    return [line for line in lines if line.row.state in OCCUPYING]


def of_family(session: Session, family: Family, viewer: Employee, at: datetime) -> list[Line]:
    """The family's coming appointments; the caller has let the viewer see the card."""
    statement = select(Appointment).where(
        Appointment.family_id == family.id, Appointment.state.in_(AHEAD), Appointment.ends_at > at
    )
    if viewer.role == Role.SPECIALIST.value:
        statement = statement.where(Appointment.employee_id == viewer.id)
    return as_lines(session, session.scalars(statement.order_by(Appointment.starts_at)), viewer)


def history(session: Session, row: Appointment) -> list[tuple[AppointmentEvent, Employee | None]]:
    """Its steps from the beginning, those of the appointments it was moved from first."""
    chain, earlier = [row.id], row.moved_from_id
    while earlier is not None:
        chain.append(earlier)
        previous = session.get(Appointment, earlier)
        earlier = previous.moved_from_id if previous else None
    statement = (
        select(AppointmentEvent, Employee)
        .outerjoin(Employee, Employee.id == AppointmentEvent.employee_id)
        .where(AppointmentEvent.appointment_id.in_(chain))
        .order_by(AppointmentEvent.at, AppointmentEvent.id)
    )
    return [(event, employee) for event, employee in session.execute(statement)]
