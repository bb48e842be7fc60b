"""Every file that left the program, and every file that came in."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column, relationship

from crm.base import Base, Id
from crm.staff import Employee

ASKED, MAKING, READY, FAILED = "asked", "making", "ready", "failed"
"""States of an export."""


class ExportedFile(Base):
    """One export: asked for, made by a worker, downloaded. `filters` holds codes, ids and dates, no words of people.

    States: asked → making → ready | failed. `words` are those the rows were searched by, wiped as soon as the file is
    made. `attempts` counts how often a worker began: it may be killed in the middle. `sha256` is of the whole file;
    `content_sha256` of the cells alone, equal for equal data. `stored_as` is the file's random name in
    DATA_DIR/exports; '' after it was removed.
    """

    __tablename__ = "exported_file"
    __table_args__ = (
        Index("ix_exported_file_sha256", "sha256"),
        Index("ix_exported_file_content_sha256", "content_sha256"),
        Index("ix_exported_file_state", "state"),
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    kind: Mapped[str]
    filters: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    words: Mapped[str] = mapped_column(default="")
    state: Mapped[str] = mapped_column(default="asked")
    attempts: Mapped[int] = mapped_column(default=0)
    done_rows: Mapped[int] = mapped_column(default=0)
    total_rows: Mapped[int] = mapped_column(default=0)
    file_name: Mapped[str] = mapped_column(default="")
    stored_as: Mapped[str] = mapped_column(default="")
    sha256: Mapped[str] = mapped_column(default="")
    content_sha256: Mapped[str] = mapped_column(default="")
    error: Mapped[str] = mapped_column(default="")
    employee_id: Mapped[int | None] = mapped_column(ForeignKey("employee.id"), index=True)
    asked_at: Mapped[datetime]
    made_at: Mapped[datetime | None]
    removed_at: Mapped[datetime | None]
    employee: Mapped[Employee | None] = relationship(lazy="selectin")


class ImportJob(Base):
    """One file brought in: read, looked at, confirmed, loaded. `errors` names rows and columns, never what stood there.

    States: asked → reading → ready | refused; ready → confirmed → loading → done | failed; ready → cancelled.
    `mapping` as `crm.papers.mapping.Mapping`; `errors` a list of [row, column from 0 or null, sentence, fatal];
    `summary` holds counts, notes on the file, and [row, family id, kind, reason] of known families: no word of the
    file. `done_rows` rows are committed: a killed loading goes on after them.
    """

    __tablename__ = "import_job"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    kind: Mapped[str]
    file_name: Mapped[str]
    sha256: Mapped[str]
    stored_as: Mapped[str]
    state: Mapped[str] = mapped_column(default="asked")
    mapping: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    summary: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    errors: Mapped[list[Any]] = mapped_column(JSON, default=list)
    done_rows: Mapped[int] = mapped_column(default=0)
    total_rows: Mapped[int] = mapped_column(default=0)
    service_id: Mapped[int | None] = mapped_column(ForeignKey("service.id"))
    employee_id: Mapped[int | None] = mapped_column(ForeignKey("employee.id"), index=True)
    asked_at: Mapped[datetime]
    confirmed_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
