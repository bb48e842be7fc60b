"""When a specialist receives people: the stored timetable as `callflow.slots` takes it (A-25; domain.md §10.2)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from callflow import slots
from callflow.calendar import ServiceCalendar
from crm.appointments.tables import Timetable, TimetableException, TimetableInterval
from crm.calendar.reading import calendar_of, institution_calendar
from crm.institution import Institution
from crm.staff import Employee, EmployeeService

LOOK_AHEAD = timedelta(days=14)
NO_TIMETABLE = "У этого специалиста нет расписания приёма. Расписание составляет заведующий или сам специалист."


@dataclass(frozen=True)
class Known:
    """One specialist's hours and the calendar of the service he belongs to."""

    timetable: slots.Timetable
    exceptions: tuple[slots.DayException, ...]
    calendar: ServiceCalendar

    def slots_of(self, day: date) -> list[slots.Slot]:
        """Every time of this day, free or not."""
        return slots.day_slots(self.timetable, self.exceptions, self.calendar, day)

    def covers(self, starts_at: datetime, ends_at: datetime) -> bool:
        """Whether somebody may be received then."""
        return slots.is_inside(starts_at, ends_at, self.timetable, self.exceptions, self.calendar)


def known_of(session: Session, employee_ids: Iterable[int]) -> dict[int, Known]:
    """The timetables of these people, as many questions however many people; who has none is not in the answer."""
    wanted = list(employee_ids)
    heads = {
        one.employee_id: one for one in session.scalars(select(Timetable).where(Timetable.employee_id.in_(wanted)))
    }
    if not heads:
        return {}
    receptions: dict[int, list[slots.Reception]] = {one: [] for one in heads}
    for row in session.scalars(_standing(heads)):
        receptions[row.employee_id].append(reception_of(row))
    exceptions: dict[int, list[slots.DayException]] = {one: [] for one in heads}
    for one in session.scalars(_exceptions(heads)):
        exceptions[one.employee_id].append(exception_of(one))
    calendars = _calendars(session, list(heads))
    return {
        one: Known(
            slots.Timetable(tuple(receptions[one]), head.slot_minutes, head.buffer_minutes),
            tuple(exceptions[one]),
            calendars[one],
        )
        for one, head in heads.items()
    }


def _standing(employee_ids: Iterable[int]) -> Select[TimetableInterval]:
    statement = select(TimetableInterval).where(
        TimetableInterval.employee_id.in_(list(employee_ids)), TimetableInterval.ended_at.is_(None)
    )
    return statement.order_by(TimetableInterval.weekday, TimetableInterval.starts, TimetableInterval.id)


def _exceptions(employee_ids: Iterable[int]) -> Select[TimetableException]:
    statement = select(TimetableException).where(
        TimetableException.employee_id.in_(list(employee_ids)), TimetableException.removed_at.is_(None)
    )
    return statement.order_by(TimetableException.day, TimetableException.id)


def intervals_of(session: Session, employee_id: int) -> Sequence[TimetableInterval]:
    """The standing hours, in the order of the week."""
    return session.scalars(_standing([employee_id])).all()


def exceptions_of(session: Session, employee_id: int, since: date) -> Sequence[TimetableException]:
    """The exceptions from this day on."""
    statement = _exceptions([employee_id]).where(TimetableException.day >= since)
    return session.scalars(statement).all()


def reception_of(row: TimetableInterval) -> slots.Reception:
    """The row as the generator takes it."""
    return slots.Reception(
        row.weekday,
        row.starts,
        row.ends,
        tuple(row.modes),
        row.room,
        row.break_starts,
        row.break_ends,
        row.valid_from,
        row.valid_until,
    )


def exception_of(row: TimetableException) -> slots.DayException:
    """The row as the generator takes it."""
    return slots.DayException(row.day, row.kind, row.starts or 0, row.ends or 0, tuple(row.modes), row.room, row.reason)


def _calendars(session: Session, employee_ids: list[int]) -> dict[int, ServiceCalendar]:
    """Everybody's calendar: that of his main service, asked for once for each service."""
    statement = select(EmployeeService.employee_id, EmployeeService.service_id).where(
        EmployeeService.employee_id.in_(employee_ids)
    )
    main: dict[int, int] = {}
    for employee_id, service_id in session.execute(
        statement.order_by(EmployeeService.penalty, EmployeeService.service_id)
    ):
        main.setdefault(employee_id, service_id)
    by_service = {one: calendar_of(session, one) for one in set(main.values())}
    default = institution_calendar(session) if set(employee_ids) - set(main) else None
    found = {one: by_service[main[one]] if one in main else default for one in employee_ids}
    return {one: calendar for one, calendar in found.items() if calendar is not None}


def specialists(session: Session) -> list[Employee]:
    """Everybody active who receives people, by surname."""
    statement = select(Employee).join(Timetable, Timetable.employee_id == Employee.id).where(Employee.active)
    return list(session.scalars(statement.order_by(Employee.surname, Employee.name)))


def works(known: Known | None, at: datetime) -> tuple[bool, datetime | None]:
    """Whether this specialist receives people now, and until when; if not, when he does next (None: not in a fortnight,
    or there is no timetable). Absences are not looked at: `crm.specialists` knows them.
    """
    if known is None:
        return False, None
    first = at.astimezone(known.calendar.zone).date()
    for day in (first + timedelta(days=ahead) for ahead in range(LOOK_AHEAD.days)):
        for window in slots.windows(known.timetable, known.exceptions, known.calendar, day):
            if window.starts_at <= at < window.ends_at:
                return True, window.ends_at
            if window.starts_at > at:
                return False, window.starts_at
    return False, None


def zone(session: Session) -> ZoneInfo:
    """The institution's zone, in which days and minutes of a timetable are meant."""
    name = session.scalars(select(Institution.timezone).order_by(Institution.id)).first()
    return ZoneInfo(name or "Europe/Moscow")
