"""The service report over a whole year of 66,000 calls in one service, on both engines (issue 4, A-11).

Three hundred calls a working day: most are answered, some by two operators one after the other; the rest are lost,
called off or come outside of hours. With their wrap-ups, the missed calls that were called back, the calls of our own
and the receptions that were booked. The figures are compared with what was written before anything is timed.

    PYTHONPATH=. .venv/bin/python tests/bench/run.py service-report
"""

from __future__ import annotations

import os
import random
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from sqlalchemy import create_engine, func, insert, select, text  # noqa: E402

from callflow.service_level import Fate  # noqa: E402
from crm.appointments.tables import MOVED, PLANNED, Appointment, Timetable  # noqa: E402
from crm.base import Base  # noqa: E402
from crm.calendar.tables import ServiceHours  # noqa: E402
from crm.call_tables import CallLegRecord, CallRecord  # noqa: E402
from crm.db import Database  # noqa: E402
from crm.institution import Institution, Service  # noqa: E402
from crm.missed.tables import MissedCall  # noqa: E402
from crm.service_report.figures import ServiceFigures, figures  # noqa: E402
from crm.service_report.tables import WrapUp  # noqa: E402
from crm.staff import Employee, EmployeeService  # noqa: E402
from tests.bench.bench_report import worst  # noqa: E402
from tests.bench.big_records import big_records, url_of  # noqa: E402
from tests.bench.figure import Figure, table  # noqa: E402
from tests.bench.sizes import ENGINES  # noqa: E402

CALLS = int(os.environ.get("BENCH_CALLS", "66000"))
ZONE = ZoneInfo("Europe/Moscow")
SINCE, UNTIL = date(2033, 1, 1), date(2033, 12, 31)
"""A year that no other generator fills."""
BEGIN = datetime(2033, 1, 1, tzinfo=ZONE)
APPOINTMENT_EACH, MISSED_EACH, OURS_EACH = 20, 7, 6
CHUNK = 10_000
SECONDS = 2.0
_TABLES: tuple[type[Base], ...] = (CallRecord, CallLegRecord, WrapUp, MissedCall, Appointment)


@dataclass
class Written:
    """What the report must say."""

    service_id: int
    fates: Counter[Fate] = field(default_factory=Counter)
    talk_seconds: float = 0.0
    waits: float = 0.0
    wrapups: int = 0
    missed: int = 0
    booked: int = 0
    ours: int = 0


class Year:
    """Writes one year of calls, the same every time."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._chance = random.Random(CALLS)  # noqa: S311
        with database.transaction() as session:
            institution = session.scalars(select(Institution)).first()
            assert institution is not None
            service = Service(
                institution_id=institution.id, code="bench", name="Замер", journal_title="Журнал", queue="bench-year"
            )
            session.add(service)
            session.flush()
            self._people = list(session.scalars(select(Employee.id).order_by(Employee.login)))
            self._hosts = list(session.scalars(select(Timetable.employee_id).order_by(Timetable.employee_id)))
            session.add_all(EmployeeService(employee_id=one, service_id=service.id) for one in self._people)
            hours = [[[480, 720], [780, 1200]]] * 5 + [[], []]
            session.add(ServiceHours(service_id=service.id, starts_on=date(2030, 1, 1), days=hours, at=BEGIN))
            self._first = {one: (session.scalar(select(func.max(one.id))) or 0) + 1 for one in _TABLES}  # type: ignore[attr-defined]
        self.written = Written(service.id)
        self._rows: dict[type[Base], list[dict[str, Any]]] = {one: [] for one in _TABLES}
        self._count: Counter[type[Base]] = Counter()

    def write(self) -> Written:
        """All of it."""
        for place in range(CALLS):
            day = BEGIN + timedelta(days=place * 365 // CALLS)
            self._call(place, day + timedelta(hours=8, seconds=place * 7919 % 43_200))
            if (place + 1) % CHUNK == 0:
                self._store()
        self._store()
        return self.written

    def _add(self, table: type[Base], **values: Any) -> int:
        row_id = self._first[table] + self._count[table]
        self._count[table] += 1
        self._rows[table].append({"id": row_id, **values})
        return row_id

    def _store(self) -> None:
        with self._database.transaction() as session:
            for one, rows in self._rows.items():
                if rows:
                    session.execute(insert(one), rows)
                    rows.clear()

    def _call(self, place: int, at: datetime) -> None:
        written, chance = self.written, self._chance
        fate = chance.choices(
            (Fate.ANSWERED, Fate.LOST, Fate.SHORT, Fate.CALLBACK, Fate.CLOSED), (85, 8, 3, 2, 2)
        )[0]  # fmt: skip
        written.fates[fate] += 1
        wait = 2.0 if fate is Fate.SHORT else float(chance.randint(6, 90))
        heard_at = at + timedelta(seconds=wait)
        talks = [float(chance.randint(30, 600)) for _ in range(chance.choice((1, 1, 1, 1, 2)))]
        answered = fate is Fate.ANSWERED
        ended_at = heard_at + timedelta(seconds=sum(talks)) if answered else heard_at
        call_id = self._add(
            CallRecord, linkedid=f"bench-{place}", service_id=written.service_id, direction="inbound", state="ended",
            arrived_at=at, answered_at=heard_at if answered else None, ended_at=ended_at, disposition=None,
            outcome=fate.value if fate in {Fate.CALLBACK, Fate.CLOSED} else "",
        )  # fmt: skip
        if answered:
            written.waits += wait
            self._talks(call_id, heard_at, talks)
        elif place % MISSED_EACH == 0:
            self._missed(call_id, heard_at)
        if place % OURS_EACH == 0:
            self._add(CallRecord, linkedid=f"ours-{place}", service_id=written.service_id, direction="outbound",
                      state="ended", arrived_at=at, answered_at=heard_at, ended_at=ended_at, disposition=None,
                      outcome="")  # fmt: skip
            written.ours += 1
        if place % APPOINTMENT_EACH == 0:
            self._appointment(place, at)

    def _talks(self, call_id: int, at: datetime, talks: Sequence[float]) -> None:
        for talk in talks:
            person = self._chance.choice(self._people)
            until = at + timedelta(seconds=talk)
            leg = self._add(CallLegRecord, call_id=call_id, uniqueid=f"bench-{self._count[CallLegRecord]}",
                            extension="1", employee_id=person, state="ended", rang_at=at, answered_at=at,
                            ended_at=until)  # fmt: skip
            self._add(WrapUp, employee_id=person, call_id=call_id, began_at=until + timedelta(microseconds=leg % 1000),
                      ended_at=until + timedelta(seconds=60))  # fmt: skip
            at = until
            self.written.talk_seconds += talk
        self.written.wrapups += 1

    def _missed(self, call_id: int, at: datetime) -> None:
        closed_at = at + timedelta(minutes=self._chance.randint(1, 4000))
        self._add(MissedCall, service_id=self.written.service_id, first_at=at, last_at=at, due_at=at, created_at=at,
                  closed_at=closed_at, closed_how="talk", closed_call_id=call_id)  # fmt: skip
        self.written.missed += 1

    def _appointment(self, place: int, at: datetime) -> None:
        starts_at = at + timedelta(days=self._chance.randint(1, 30), microseconds=place)
        host = self._hosts[place % len(self._hosts)]
        moved = place % (3 * APPOINTMENT_EACH) == 0
        values = {"employee_id": host, "ends_at": starts_at, "state_at": at, "booked_by_id": self._people[0]}
        first = self._add(Appointment, **values, starts_at=starts_at, state=MOVED if moved else PLANNED,
                          moved_from_id=None, booked_at=at)  # fmt: skip
        if moved:
            self._add(Appointment, **values, starts_at=starts_at + timedelta(days=1), state=PLANNED,
                      moved_from_id=first, booked_at=at + timedelta(hours=1))  # fmt: skip
        self.written.booked += 1


def check(found: ServiceFigures, written: Written) -> None:
    """Raises AssertionError where a figure is not what was written."""
    total = found.total
    assert total.fates == written.fates
    assert total.average_wait is not None
    assert round(total.average_wait * total.answered) == round(written.waits)
    assert round(total.talks) == round(written.talk_seconds)
    assert found.outgoing == found.outgoing_answered == written.ours
    assert found.call_backs.talked == written.missed
    assert found.to_appointment.booked == written.booked
    assert sum(one.calls for one in found.operators) >= written.wrapups


def of_the_year(database: Database, service_id: int) -> ServiceFigures:
    """What the page asks for."""
    with database.reading() as session:
        return figures(session, service_id, SINCE, UNTIL)


def settle(database: Database) -> None:
    """PostgreSQL as after a quiet night: autovacuum has been round."""
    if database.engine.dialect.name != "postgresql":
        return
    engine = create_engine(url_of(database), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text("VACUUM ANALYZE"))
    engine.dispose()


def run(**_unused: object) -> list[Figure]:
    """The report of a year, on both engines."""
    found: list[Figure] = []
    for engine in ENGINES:
        with big_records(engine, families=1_000) as database:
            written = Year(database).write()
            settle(database)
            ask = partial(of_the_year, database, written.service_id)
            check(ask(), written)
            name = f"service report, a year of {CALLS:,} calls, {engine}"
            found.append(Figure(name, worst(ask), "s", SECONDS))
    return found


if __name__ == "__main__":
    print(table(run()))
