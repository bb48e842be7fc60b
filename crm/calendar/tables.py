"""The tables of `crm.calendar`. Nothing is changed in place: what was put in another's place says by whom and when."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from crm.base import Base, Id


class CalendarVersion(Base):
    """Counts the changes of one service's calendar, so that two people do not overwrite each other unseen."""

    __tablename__ = "calendar_version"

    service_id: Mapped[int] = mapped_column(ForeignKey("service.id"), primary_key=True, autoincrement=False)
    version: Mapped[int] = mapped_column(default=0)


class CalendarChange(Base):
    """What a version of the calendar brought, as a sentence: shown to whoever saved an older one, and as a history."""

    __tablename__ = "calendar_change"
    __table_args__ = (UniqueConstraint("service_id", "version"),)

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    service_id: Mapped[int] = mapped_column(ForeignKey("service.id"), index=True)
    version: Mapped[int]
    words: Mapped[str]
    employee_id: Mapped[int | None] = mapped_column(ForeignKey("employee.id"), index=True)
    at: Mapped[datetime]


class ServiceHours(Base):
    """The week that a service keeps from `starts_on` on. `days`: seven lists of [first minute, end minute), Monday
    first."""

    __tablename__ = "service_hours"
    __table_args__ = (
        Index(
            "uq_service_hours_start",
            "service_id",
            "starts_on",
            unique=True,
            sqlite_where=text("replaced_at IS NULL"),
            postgresql_where=text("replaced_at IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    service_id: Mapped[int] = mapped_column(ForeignKey("service.id"), index=True)
    starts_on: Mapped[date]
    days: Mapped[list[Any]] = mapped_column(JSON)
    shorten_minutes: Mapped[int] = mapped_column(default=60)
    employee_id: Mapped[int | None] = mapped_column(ForeignKey("employee.id"), index=True)
    at: Mapped[datetime]
    replaced_at: Mapped[datetime | None]
    replaced_by_id: Mapped[int | None] = mapped_column(ForeignKey("employee.id"), index=True)


class CalendarDay(Base):
    """A date that a service keeps otherwise than its week and the production calendar say; no `intervals`: closed."""

    __tablename__ = "calendar_day"
    __table_args__ = (
        Index(
            "uq_calendar_day_day",
            "service_id",
            "day",
            unique=True,
            sqlite_where=text("replaced_at IS NULL"),
            postgresql_where=text("replaced_at IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    service_id: Mapped[int] = mapped_column(ForeignKey("service.id"), index=True)
    day: Mapped[date]
    intervals: Mapped[list[Any]] = mapped_column(JSON)
    title: Mapped[str]
    employee_id: Mapped[int | None] = mapped_column(ForeignKey("employee.id"), index=True)
    at: Mapped[datetime]
    replaced_at: Mapped[datetime | None]
    replaced_by_id: Mapped[int | None] = mapped_column(ForeignKey("employee.id"), index=True)


class CalendarYear(Base):
    """A person has looked at the Government's act of this year and entered what the program did not know."""

    __tablename__ = "calendar_year"
    __table_args__ = (
        Index(
            "uq_calendar_year_year",
            "year",
            unique=True,
            sqlite_where=text("replaced_at IS NULL"),
            postgresql_where=text("replaced_at IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    year: Mapped[int]
    employee_id: Mapped[int] = mapped_column(ForeignKey("employee.id"), index=True)
    at: Mapped[datetime]
    replaced_at: Mapped[datetime | None]
    replaced_by_id: Mapped[int | None] = mapped_column(ForeignKey("employee.id"), index=True)
