"""The tables of «Журнал учёта обращений» and what all its verbs share."""

from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import JSON, ForeignKey, Index, Select, UniqueConstraint, select, text
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
    """One row of the journal. `number` (column 1) comes with saving; `version` grows with every change.

    `state` is the row's: draft or saved. `progress` is the appeal's (domain.md §6.1; `crm.appeals.states`), '' for a
    draft. `occurred_at` is when the contact took place; `entered_late`: written down after the fact. Columns 6 and 8
    are kept as printed (`measures`, `rating_mark`), made from `AppealMeasure` and `Rating` in their transactions.
    """

    __tablename__ = "journal_entry"
    __table_args__ = (
        UniqueConstraint("service_id", "year", "number"),
        Index("ix_journal_entry_author_state", "author_id", "state"),
        # Each filter of the list has an index that is already in the journal's order: no page sorts a million rows.
        Index("ix_journal_entry_progress", "service_id", "progress", "year", "number"),
        Index("ix_journal_entry_method", "service_id", "contact_method", "year", "number"),
        Index("ix_journal_entry_topic", "service_id", "topic", "year", "number"),
        Index("ix_journal_entry_author", "service_id", "author_id", "year", "number"),
        Index("ix_journal_entry_responsible", "service_id", "responsible_id", "year", "number"),
        Index("ix_journal_entry_occurred", "service_id", "occurred_at", "year", "number"),
        # The quarter report counts a million rows in these two without touching the rows themselves.
        Index("ix_journal_entry_quarter", "service_id", "occurred_at", "contact_method", "progress", "state"),
        Index("ix_journal_entry_closed", "service_id", "closed_at", "progress"),
        Index(
            "ix_journal_entry_late",
            "service_id",
            "occurred_at",
            "year",
            "number",
            sqlite_where=text("entered_late"),
            postgresql_where=text("entered_late"),
        ),
        Index(
            "ix_journal_entry_open",
            "service_id",
            "next_check_on",
            "id",
            sqlite_where=text("next_check_on IS NOT NULL"),
            postgresql_where=text("next_check_on IS NOT NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    service_id: Mapped[int] = mapped_column(ForeignKey("service.id"))
    year: Mapped[int]
    number: Mapped[int | None]
    call_id: Mapped[int | None] = mapped_column(ForeignKey("call_record.id"), unique=True)
    family_id: Mapped[int | None] = mapped_column(ForeignKey("family.id"), index=True)
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"), index=True)
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
    occurred_at: Mapped[datetime | None]
    entered_late: Mapped[bool] = mapped_column(default=False)
    progress: Mapped[str] = mapped_column(default="")
    obstacles: Mapped[list[str]] = mapped_column(JSON, default=list)
    explained: Mapped[bool] = mapped_column(default=False)
    no_measure_reason: Mapped[str] = mapped_column(default="")
    measures: Mapped[str] = mapped_column(default="")
    final_result: Mapped[str] = mapped_column(default="")
    result_kind: Mapped[str] = mapped_column(default="")
    rating_mark: Mapped[str] = mapped_column(default="")
    responsible_id: Mapped[int | None] = mapped_column(ForeignKey("employee.id"), index=True)
    next_check_on: Mapped[date | None]
    resolved_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    annulled_at: Mapped[datetime | None]
    annulled_by_id: Mapped[int | None] = mapped_column(ForeignKey("employee.id"))
    annul_reason: Mapped[str] = mapped_column(default="")
    need: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    consultation: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    form_key: Mapped[str | None] = mapped_column(unique=True)
    author: Mapped[Employee] = relationship(lazy="joined", innerjoin=True, foreign_keys=[author_id])
    responsible: Mapped[Employee | None] = relationship(lazy="selectin", foreign_keys=[responsible_id])


class JournalCounter(Base):
    """The last number given in a service's journal of a year; its row lock makes the numbers gap-free."""

    __tablename__ = "journal_counter"

    service_id: Mapped[int] = mapped_column(ForeignKey("service.id"), primary_key=True)
    year: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    last: Mapped[int] = mapped_column(default=0)


FIELDS = (
    "applicant_name",
    "family_brief",
    "contact_method",
    "substance",
    "obstacle",
    "obstacles",
    "explained",
    "topic",
    "occurred_at",
    "responsible_id",
    "next_check_on",
    "need",
    "consultation",
)
"""What the form may send; anything else is ignored."""


def of_call(call_id: int) -> Select[JournalEntry]:
    """The row of a call, read afresh."""
    return select(JournalEntry).where(JournalEntry.call_id == call_id).execution_options(populate_existing=True)


def zone_of_service(session: Session, service_id: int) -> ZoneInfo:
    """The zone in which the days of this service's rows are counted and printed."""
    service = session.get(Service, service_id)
    return ZoneInfo(service.institution.timezone if service else "Europe/Moscow")


def year_of(session: Session, service_id: int, at: datetime) -> int:
    """The year by the institution's clock: at 0:30 on 1 January in Vladivostok it is still the old year in UTC."""
    return at.astimezone(zone_of_service(session, service_id)).year


def values_of(entry: JournalEntry) -> dict[str, Any]:
    """Return the form's fields as stored."""
    return {field: getattr(entry, field) for field in FIELDS}
