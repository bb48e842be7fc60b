"""The tables of «Журнал учёта обращений» and what all its verbs share."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ForeignKey, Index, Select, UniqueConstraint, select
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from crm.base import Base, Id
from crm.institution import Service
from crm.staff import Employee

DRAFT, SAVED = "draft", "saved"

CONTACT_METHODS = {
    "phone": "по телефону",
    "in_person": "на личном приеме",
    "email": "на электронный адрес",
    "third_party": "информация от третьего лица",
}
"""Column 4: the four ways of the procedure, word for word (B-18)."""


class JournalEntry(Base):
    """One row of the journal. `number` (column 1) comes with saving; `version` grows with every change."""

    __tablename__ = "journal_entry"
    __table_args__ = (
        UniqueConstraint("service_id", "year", "number"),
        Index("ix_journal_entry_author_state", "author_id", "state"),
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    service_id: Mapped[int] = mapped_column(ForeignKey("service.id"))
    year: Mapped[int]
    number: Mapped[int | None]
    call_id: Mapped[int | None] = mapped_column(ForeignKey("call_record.id"), unique=True)
    family_id: Mapped[int | None] = mapped_column(ForeignKey("family.id"), index=True)
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    state: Mapped[str] = mapped_column(default=DRAFT)
    applicant_name: Mapped[str] = mapped_column(default="")
    family_brief: Mapped[str] = mapped_column(default="")
    contact_method: Mapped[str] = mapped_column(default="phone")
    substance: Mapped[str] = mapped_column(default="")
    obstacle: Mapped[bool | None]
    topic: Mapped[str] = mapped_column(default="")
    author_id: Mapped[int] = mapped_column(ForeignKey("employee.id"))
    created_at: Mapped[datetime] = mapped_column(index=True)
    saved_at: Mapped[datetime | None]
    draft_saved_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(default=1)
    author: Mapped[Employee] = relationship(lazy="joined", innerjoin=True)


class JournalCounter(Base):
    """The last number given in a service's journal of a year; its row lock makes the numbers gap-free."""

    __tablename__ = "journal_counter"

    service_id: Mapped[int] = mapped_column(ForeignKey("service.id"), primary_key=True)
    year: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    last: Mapped[int] = mapped_column(default=0)


FIELDS = ("applicant_name", "family_brief", "contact_method", "substance", "obstacle", "topic")
"""What the form may send; anything else is ignored."""


def of_call(call_id: int) -> Select[JournalEntry]:
    """The row of a call, read afresh."""
    return select(JournalEntry).where(JournalEntry.call_id == call_id).execution_options(populate_existing=True)


def year_of(session: Session, service_id: int, at: datetime) -> int:
    """The year by the institution's clock: at 0:30 on 1 January in Vladivostok it is still the old year in UTC."""
    service = session.get(Service, service_id)
    zone = service.institution.timezone if service else "Europe/Moscow"
    return at.astimezone(ZoneInfo(zone)).year


def values_of(entry: JournalEntry) -> dict[str, Any]:
    """Return the form's fields as stored."""
    return {field: getattr(entry, field) for field in FIELDS}
