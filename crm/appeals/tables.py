"""What hangs on a journal row: measures taken, obstacles, corrections (domain.md B-20…B-31, B-38, §5.2)."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from crm.base import Base, Id


class AppealMeasure(Base):
    """One thing done or agreed (column 6, B-24). `kind`: see `crm.appeals.work.KINDS`; `details` what it asks for.

    `planned_on` is the institution's local date; `done_at` None: agreed, not done yet. `text` is what the journal
    prints.
    """

    __tablename__ = "appeal_measure"
    __table_args__ = (Index("ix_appeal_measure_open", "planned_on", "done_at"),)

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    entry_id: Mapped[int] = mapped_column(ForeignKey("journal_entry.id"), index=True)
    kind: Mapped[str]
    text: Mapped[str]
    details: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    planned_on: Mapped[date | None]
    done_at: Mapped[datetime | None]
    employee_id: Mapped[int] = mapped_column(ForeignKey("employee.id"))
    at: Mapped[datetime]
    annulled_at: Mapped[datetime | None]
    annulled_by_id: Mapped[int | None] = mapped_column(ForeignKey("employee.id"))
    annulled_reason: Mapped[str] = mapped_column(default="")


class EntryChange(Base):
    """One change of a saved row: old and new value as printed, author, time, reason; `version` is the row's after it.

    The database refuses UPDATE and DELETE, but for wiping both values out when the retention rule says so.
    """

    __tablename__ = "entry_change"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    entry_id: Mapped[int] = mapped_column(ForeignKey("journal_entry.id"), index=True)
    field: Mapped[str]
    old: Mapped[str]
    new: Mapped[str]
    reason: Mapped[str] = mapped_column(default="")
    version: Mapped[int]
    employee_id: Mapped[int] = mapped_column(ForeignKey("employee.id"))
    at: Mapped[datetime]
