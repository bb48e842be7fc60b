"""Who works here, in which role, for which services and behind which extension."""

import hmac
from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from hashlib import sha256
from typing import NamedTuple

from sqlalchemy import ForeignKey, bindparam, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from callflow.text import clean_line
from crm.base import Base, Id
from crm.remembered import remembered

LONGEST_LOGIN = 80


class Role(StrEnum):
    """What a person may do (reliability.md S13); the administrator and the auditor see no families."""

    DISPATCHER = "dispatcher"
    COORDINATOR = "coordinator"
    SPECIALIST = "specialist"
    HEAD = "head"
    DIRECTOR = "director"
    ADMINISTRATOR = "administrator"
    AUDITOR = "auditor"

    @property
    def title(self) -> str:  # type: ignore[override]  # str.title() of a role is of no use to anybody
        """The role in the regulation's words."""
        return _TITLES[self]

    @property
    def answers_calls(self) -> bool:
        """Whether people in this role are members of a service's queue."""
        return self in {Role.DISPATCHER, Role.COORDINATOR}


_TITLES = {
    Role.DISPATCHER: "диспетчер",
    Role.COORDINATOR: "социальный координатор",
    Role.SPECIALIST: "специалист",
    Role.HEAD: "заведующий отделением",
    Role.DIRECTOR: "директор",
    Role.ADMINISTRATOR: "администратор системы",
    Role.AUDITOR: "аудитор",
}


class Employee(Base):
    """A named account (reliability.md S11: none by default). `password_hash` is argon2id, or None: no sign-in."""

    __tablename__ = "employee"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    surname: Mapped[str]
    name: Mapped[str]
    patronymic: Mapped[str] = mapped_column(default="")
    login: Mapped[str] = mapped_column(unique=True)
    password_hash: Mapped[str | None]
    role: Mapped[str]
    position: Mapped[str] = mapped_column(default="")
    advises_on: Mapped[str] = mapped_column(default="")
    room: Mapped[str] = mapped_column(default="")
    sound_choice: Mapped[str] = mapped_column(default="bell")
    active: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[datetime]

    @property
    def full_name(self) -> str:
        """«Лаврова Нина Аркадьевна»."""
        return " ".join(part for part in (self.surname, self.name, self.patronymic) if part)

    @property
    def short_name(self) -> str:
        """«Лаврова Н. А.»."""
        initials = [f"{part[0]}." for part in (self.name, self.patronymic) if part]
        return " ".join([self.surname, *initials])


class EmployeeService(Base):
    """Who answers for which service; app_queue rings a lower `penalty` first."""

    __tablename__ = "employee_service"

    employee_id: Mapped[int] = mapped_column(ForeignKey("employee.id"), primary_key=True)
    service_id: Mapped[int] = mapped_column(ForeignKey("service.id"), primary_key=True, index=True)
    penalty: Mapped[int] = mapped_column(default=0)


class Extension(Base):
    """An inner number and the person it rings, at a desk phone, a browser, or both."""

    __tablename__ = "extension"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    number: Mapped[str] = mapped_column(unique=True)
    employee_id: Mapped[int | None] = mapped_column(ForeignKey("employee.id"), index=True)
    desk_secret_salt: Mapped[str]


def desk_secret(extension: Extension, key: bytes) -> str:
    """Return the desk phone's SIP password; it is computed, never stored. `key` is `keys.derive(…, "desk-phone")`."""
    return hmac.new(key, f"{extension.number}:{extension.desk_secret_salt}".encode(), sha256).hexdigest()[:32]


def by_login(session: Session, login: str) -> Employee | None:
    """Return the active or inactive account with this login, case folded; None for text that no login can be."""
    if len(login) > LONGEST_LOGIN or clean_line(login, LONGEST_LOGIN) != login.strip():
        return None
    return session.scalars(select(Employee).where(Employee.login == login.strip().casefold())).one_or_none()


def employee_at(session: Session, extension: str) -> Employee | None:
    """Return who sits behind this extension now."""
    statement = select(Employee).join(Extension, Extension.employee_id == Employee.id)
    return session.scalars(statement.where(Extension.number == extension)).one_or_none()


class Seat(NamedTuple):
    """Who sits at an extension: all that recording an event asks of a person."""

    employee_id: int
    role: str


def seat_at(session: Session, extension: str) -> Seat | None:
    """Return who sits behind this extension, asked once in a transaction."""
    seats = remembered(session, "seats")
    if extension not in seats:
        with session.no_autoflush:  # no row of a call can change the answer
            found = session.execute(_SEAT, {"number": extension}).one_or_none()
        seats[extension] = Seat(*found) if found else None
    seat: Seat | None = seats[extension]
    return seat


_SEAT = (
    select(Employee.id, Employee.role)
    .join(Extension, Extension.employee_id == Employee.id)
    .where(Extension.number == bindparam("number"))
)


def extension_of(session: Session, employee_id: int) -> Extension | None:
    """Return the employee's extension (the lowest number where somebody has two)."""
    statement = select(Extension).where(Extension.employee_id == employee_id).order_by(Extension.number)
    return session.scalars(statement).first()


def service_ids_of(session: Session, employee_id: int) -> Sequence[int]:
    """Return the services the employee answers for, main one (lowest penalty) first."""
    statement = select(EmployeeService.service_id).where(EmployeeService.employee_id == employee_id)
    return session.scalars(statement.order_by(EmployeeService.penalty, EmployeeService.service_id)).all()


def operators(session: Session, service_id: int) -> Sequence[tuple[Employee, Extension, int]]:
    """Return (employee, extension, penalty) of everybody whom this service's queue rings, in the queue's order."""
    statement = (
        select(Employee, Extension, EmployeeService.penalty)
        .join(EmployeeService, EmployeeService.employee_id == Employee.id)
        .join(Extension, Extension.employee_id == Employee.id)
        .where(EmployeeService.service_id == service_id, Employee.active)
        .where(Employee.role.in_([role.value for role in Role if role.answers_calls]))
        .order_by(EmployeeService.penalty, Extension.number)
    )
    return [(employee, extension, penalty) for employee, extension, penalty in session.execute(statement)]


def extension_numbers(session: Session) -> Sequence[str]:
    """Return every inner number, given to somebody or not."""
    return session.scalars(select(Extension.number).order_by(Extension.number)).all()


def active_extensions(session: Session) -> Sequence[tuple[Employee, Extension]]:
    """Return every inner number that somebody active sits at, by number."""
    statement = select(Employee, Extension).join(Extension, Extension.employee_id == Employee.id).where(Employee.active)
    return [(employee, extension) for employee, extension in session.execute(statement.order_by(Extension.number))]
