"""The families' cards as tables: card, statuses, people, telephones, and who may see a restricted card."""

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column, relationship

from crm.base import Base, Id


class Family(Base):
    """A family's card. `restricted` («СОП», domain.md §2.6): only those entitled know that it exists.

    `warning` is what any operator must know before she speaks («звонить до 16:00, сообщений не оставлять»).
    """

    __tablename__ = "family"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    card_number: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    address: Mapped[str] = mapped_column(default="")
    locality: Mapped[str] = mapped_column(default="")
    restricted: Mapped[bool] = mapped_column(default=False)
    brief: Mapped[str] = mapped_column(default="")
    warning: Mapped[str] = mapped_column(default="")
    created_at: Mapped[datetime]
    created_by_id: Mapped[int | None] = mapped_column(ForeignKey("employee.id"))
    version: Mapped[int] = mapped_column(default=1)
    people: Mapped[list["Person"]] = relationship(back_populates="family", order_by="Person.id", lazy="selectin")
    statuses: Mapped[list["FamilyStatus"]] = relationship(order_by="FamilyStatus.id", lazy="selectin")


class FamilyStatus(Base):
    """One status with its basis (domain.md §2.6). `verified_on` None: claimed by telephone, not verified."""

    __tablename__ = "family_status"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    family_id: Mapped[int] = mapped_column(ForeignKey("family.id"), index=True)
    type: Mapped[str]
    basis: Mapped[str] = mapped_column(default="")
    issued_by: Mapped[str] = mapped_column(default="")
    document_number: Mapped[str] = mapped_column(default="")
    document_date: Mapped[date | None]
    valid_from: Mapped[date | None]
    valid_to: Mapped[date | None]
    verified_by_id: Mapped[int | None] = mapped_column(ForeignKey("employee.id"))
    verified_on: Mapped[date | None]


class FamilyAssignment(Base):
    """An employee to whom a restricted card is explicitly entrusted."""

    __tablename__ = "family_assignment"

    family_id: Mapped[int] = mapped_column(ForeignKey("family.id"), primary_key=True)
    employee_id: Mapped[int] = mapped_column(ForeignKey("employee.id"), primary_key=True, index=True)


class Person(Base):
    """A member of a family, or a caller without a card yet. `search_key`: see `callflow.text.search_key`."""

    __tablename__ = "person"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    family_id: Mapped[int | None] = mapped_column(ForeignKey("family.id"), index=True)
    relation: Mapped[str] = mapped_column(default="")
    surname: Mapped[str]
    name: Mapped[str] = mapped_column(default="")
    patronymic: Mapped[str] = mapped_column(default="")
    birth_date: Mapped[date | None]
    is_applicant: Mapped[bool] = mapped_column(default=False)
    search_key: Mapped[str] = mapped_column(index=True)
    family: Mapped[Family | None] = relationship(back_populates="people")
    phones: Mapped[list["Phone"]] = relationship(back_populates="person", order_by="Phone.id", lazy="selectin")


class Phone(Base):
    """A telephone of a person: E.164 for finding, `raw` as it was typed. One number may belong to several people."""

    __tablename__ = "phone"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    number: Mapped[str] = mapped_column(index=True)
    raw: Mapped[str] = mapped_column(default="")
    label: Mapped[str] = mapped_column(default="")
    person: Mapped[Person] = relationship(back_populates="phones")


class CallerChoice(Base):
    """Whom an operator last picked among the people who share a number; remembered, never merged (domain.md §3.1)."""

    __tablename__ = "caller_choice"

    number: Mapped[str] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    employee_id: Mapped[int | None] = mapped_column(ForeignKey("employee.id"))
    at: Mapped[datetime]


@dataclass(frozen=True)
class Candidate:
    """Somebody who has the caller's number. `remembered`: picked last time when the number's owners were asked."""

    person: Person
    family: Family | None
    phone: Phone
    remembered: bool
