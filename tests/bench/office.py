"""A fresh service with as many operators and families as a bench needs, all of it real."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from crm import demo, keys, passwords, presence, staff
from crm.calendar.tables import CalendarDay, ServiceHours
from crm.db import Database, open_database
from crm.demo import bulk
from crm.institution import Line, Service
from crm.lines.tables import ServiceVoice
from crm.presence import Presence, PresenceState
from crm.schema import upgrade
from crm.staff import Employee, EmployeeService, Extension, Role
from tests.support.service import LiveService
from workers.queues import Wake, wake
from workers.settings import ServiceSettings

PASSWORD = "bench-operator-2026"
_FIRST_EXTENSION = 501
_RTP_PORTS = 2000  # two calls' legs, RTP and RTCP each: room for five hundred conversations


@dataclass(frozen=True)
class Operator:
    """An operator of the bench; everybody's password is PASSWORD."""

    login: str
    extension: str
    desk_secret: str


class Office:
    """A running service. `database` is open beside it."""

    def __init__(  # noqa: PLR0917 - an office has as many parts as it has
        self, service: LiveService, settings: ServiceSettings, database: Database, operators: list[Operator],
        specialists: list[Operator], did: str,
    ) -> None:  # fmt: skip
        self.service, self.settings, self.database, self.did = service, settings, database, did
        self.operators, self.specialists = operators, specialists

    def save_wrapups(self) -> None:
        """What the operators do after a talk, all at once: the appeal is written, they are free again."""
        with self.database.transaction() as session:
            busy = select(Presence.employee_id).where(Presence.state == PresenceState.WRAPUP.value)
            freed = list(session.scalars(busy))
            for employee_id in freed:
                presence.end_wrapup(session, employee_id, datetime.now(UTC))
        if freed:
            wake(self.settings.redis_address(), Wake.PRESENCE)

    @contextmanager
    def saving_wrapups(self, every: float = 0.5) -> Iterator[None]:
        """Do that again and again in the background."""
        ending = threading.Event()

        def work() -> None:
            while not ending.wait(every):
                self.save_wrapups()

        thread = threading.Thread(target=work, daemon=True)
        thread.start()
        try:
            yield
        finally:
            ending.set()
            thread.join()


@contextmanager
def running_office(*, operators: int, families: int = 0, specialists: int = 0) -> Iterator[Office]:
    """The demo's records with `operators` and `specialists` of our own in the first service, the operators ready, and
    `families` of `crm.demo.bulk`."""
    first_rtp = 20000 + secrets.randbelow(100) * 100
    service = LiveService(DISPATCH_RTP_PORTS=f"{first_rtp}-{first_rtp + _RTP_PORTS - 1}")
    values: dict[str, Any] = {"_env_file": None}
    settings = ServiceSettings(data_dir=service.data_dir, ami_port=service.ami.port, **values)
    upgrade(settings.database_address())
    database = open_database(settings)
    try:
        people, others, did = _furnish(settings, database, operators, specialists, families)
        with service:
            yield Office(service, settings, database, people, others, did)
    finally:
        database.dispose()


def _furnish(
    settings: ServiceSettings, database: Database, operators: int, specialists: int, families: int
) -> tuple[list[Operator], list[Operator], str]:
    now = datetime.now(UTC)
    with database.transaction() as session:
        demo.load(session, settings.key(), now)
        service = session.scalars(select(Service).order_by(Service.id)).first()
        assert service is not None
        did = session.scalars(select(Line.did).where(Line.service_id == service.id).order_by(Line.id)).first()
        assert did is not None
        # Callers of the bench come at any hour, and their talks are measured from an operator's answer.
        session.execute(delete(ServiceHours))
        session.execute(delete(CalendarDay))
        session.execute(update(ServiceVoice).where(ServiceVoice.service_id == service.id).values(greeting_on=False))
        # Ours alone answer, all alike, so that the queue's strategy is that of operators without ranks.
        session.execute(delete(EmployeeService).where(EmployeeService.service_id == service.id))
        numbers = [str(_FIRST_EXTENSION + place) for place in range(operators + specialists)]
        key = keys.derive(settings.key(), "desk-phone")
        hired = _Hiring(session, service.id, passwords.hashed(PASSWORD), key, now)
        people = [hired.person(number, Role.DISPATCHER) for number in numbers[:operators]]
        others = [hired.person(number, Role.SPECIALIST) for number in numbers[operators:]]
    with database.transaction() as session:
        bulk.families(session, families)
    return people, others, did


@dataclass(frozen=True)
class _Hiring:
    session: Session
    service_id: int
    password_hash: str
    desk_key: bytes
    at: datetime

    def person(self, number: str, role: Role) -> Operator:
        """One more, with a desk phone; a dispatcher is ready at once."""
        employee = Employee(
            surname=f"Опытова-{number}", name="Анна", patronymic="Ивановна", login=f"bench{number}",
            password_hash=self.password_hash, role=role.value, position=role.title, created_at=self.at,
        )  # fmt: skip
        self.session.add(employee)
        self.session.flush()
        extension = Extension(number=number, employee_id=employee.id, desk_secret_salt=secrets.token_hex(4))
        place = EmployeeService(employee_id=employee.id, service_id=self.service_id, penalty=0)
        self.session.add_all([extension, place])
        if role is Role.DISPATCHER:
            presence.set_ready(self.session, employee.id, self.at)
        return Operator(employee.login, number, staff.desk_secret(extension, self.desk_key))
