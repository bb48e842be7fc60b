"""A fresh service with as many operators and families as a bench needs, all of it real."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import delete, select

from crm import demo, keys, passwords, presence, staff
from crm.db import Database, open_database
from crm.demo import bulk
from crm.institution import Line, Service
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

    def __init__(
        self, service: LiveService, settings: ServiceSettings, database: Database, operators: list[Operator], did: str
    ) -> None:
        self.service, self.settings, self.database, self.operators, self.did = (
            service,
            settings,
            database,
            operators,
            did,
        )

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
def running_office(*, operators: int, families: int = 0) -> Iterator[Office]:
    """The demo's records with `operators` of our own in the first service, ready, and `families` of `crm.demo.bulk`."""
    first_rtp = 20000 + secrets.randbelow(100) * 100
    service = LiveService(DISPATCH_RTP_PORTS=f"{first_rtp}-{first_rtp + _RTP_PORTS - 1}")
    values: dict[str, Any] = {"_env_file": None}
    settings = ServiceSettings(data_dir=service.data_dir, ami_port=service.ami.port, **values)
    upgrade(settings.database_address())
    database = open_database(settings)
    try:
        people, did = _furnish(settings, database, operators, families)
        with service:
            yield Office(service, settings, database, people, did)
    finally:
        database.dispose()


def _furnish(
    settings: ServiceSettings, database: Database, operators: int, families: int
) -> tuple[list[Operator], str]:
    now = datetime.now(UTC)
    hashed = passwords.hashed(PASSWORD)
    desk_key = keys.derive(settings.key(), "desk-phone")
    people = []
    with database.transaction() as session:
        demo.load(session, settings.key(), now)
        service = session.scalars(select(Service).order_by(Service.id)).first()
        assert service is not None
        did = session.scalars(select(Line.did).where(Line.service_id == service.id).order_by(Line.id)).first()
        assert did is not None
        # Ours alone answer, all alike, so that the queue's strategy is that of operators without ranks.
        session.execute(delete(EmployeeService).where(EmployeeService.service_id == service.id))
        for place in range(operators):
            number = str(_FIRST_EXTENSION + place)
            employee = Employee(
                surname=f"Опытова-{number}", name="Анна", patronymic="Ивановна", login=f"bench{number}",
                password_hash=hashed, role=Role.DISPATCHER.value, position="диспетчер", created_at=now,
            )  # fmt: skip
            session.add(employee)
            session.flush()
            extension = Extension(number=number, employee_id=employee.id, desk_secret_salt=secrets.token_hex(4))
            session.add_all([extension, EmployeeService(employee_id=employee.id, service_id=service.id, penalty=0)])
            presence.set_ready(session, employee.id, now)
            people.append(Operator(employee.login, number, staff.desk_secret(extension, desk_key)))
    with database.transaction() as session:
        bulk.families(session, families)
    return people, did
