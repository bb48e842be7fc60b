"""Scores, and the closed quarters."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from crm.base import Base, Id

_ONE_SURVEY = text("corrects_id IS NULL AND outcome <> 'missed'")
"""A closed case is asked about once; corrections and unanswered calls hang on beside."""


class Rating(Base):
    """One answer to the survey. `outcome`: score, refused, unreached; `score` 1…10 with «score» only.

    «missed» is a first call that nobody answered: the survey goes on, and no report counts it. The quarter is that of
    `given_at` by the institution's clock. A correction is a new row that names the old one in `corrects_id` and its own
    date; the newest of a chain counts, in the quarter of its own `given_at`.
    """

    __tablename__ = "rating"
    __table_args__ = (
        CheckConstraint("(outcome = 'score') = (score IS NOT NULL)", name="score_with_outcome"),
        CheckConstraint("score IS NULL OR score BETWEEN 1 AND 10", name="score_range"),
        # The quarter report counts in this index alone, without touching the rows.
        Index(
            "ix_rating_service_given",
            "service_id",
            "given_at",
            "outcome",
            "score",
            "rated_id",
            "taken_by_id",
            "entry_id",
        ),
        Index("uq_rating_entry_id", "entry_id", unique=True, sqlite_where=_ONE_SURVEY, postgresql_where=_ONE_SURVEY),
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    entry_id: Mapped[int] = mapped_column(ForeignKey("journal_entry.id"), index=True)
    service_id: Mapped[int] = mapped_column(ForeignKey("service.id"))
    outcome: Mapped[str]
    score: Mapped[int | None]
    given_at: Mapped[datetime]
    channel: Mapped[str]
    rated_id: Mapped[int] = mapped_column(ForeignKey("employee.id"), index=True)
    taken_by_id: Mapped[int | None] = mapped_column(ForeignKey("employee.id"))
    corrects_id: Mapped[int | None] = mapped_column(ForeignKey("rating.id"), unique=True)
    reason: Mapped[str] = mapped_column(default="")
    created_at: Mapped[datetime]


class QuarterReport(Base):
    """A closed quarter of a service: frozen figures, numbered within the year. `figures` is what was printed."""

    __tablename__ = "quarter_report"
    __table_args__ = (
        UniqueConstraint("service_id", "year", "quarter"),
        UniqueConstraint("service_id", "year", "number"),
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    service_id: Mapped[int] = mapped_column(ForeignKey("service.id"))
    year: Mapped[int]
    quarter: Mapped[int]
    number: Mapped[int]
    figures: Mapped[dict[str, Any]] = mapped_column(JSON)
    sha256: Mapped[str]
    closed_by_id: Mapped[int] = mapped_column(ForeignKey("employee.id"))
    closed_at: Mapped[datetime]
