"""What a service promises its callers: the targets of the wallboard and of the report (A-11)."""

from datetime import datetime

from sqlalchemy import JSON, ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from crm.base import Base, Id


class ServiceTarget(Base):
    """The targets of one service; without a row `callflow.service_level.DEFAULTS` hold.

    Seconds and minutes as named, shares in per cent. How soon a missed call is called back: `crm.missed.terms`.
    """

    __tablename__ = "service_target"

    service_id: Mapped[int] = mapped_column(ForeignKey("service.id"), primary_key=True, autoincrement=False)
    answer_seconds: Mapped[int]
    level_percent: Mapped[int]
    short_seconds: Mapped[int]
    abandoned_percent: Mapped[int]
    missed_percent: Mapped[int]
    queue_yellow: Mapped[int]
    queue_red: Mapped[int]
    wait_yellow: Mapped[int]
    wait_red: Mapped[int]
    wrapup_yellow: Mapped[int]
    wrapup_red: Mapped[int]
    changed_at: Mapped[datetime]
    changed_by_id: Mapped[int | None] = mapped_column(ForeignKey("employee.id"), index=True)
    version: Mapped[int] = mapped_column(default=1)


class WrapUp(Base):
    """How long an operator wrote one call up; `crm.presence` knows only the present. `ended_at` None: not done."""

    __tablename__ = "wrap_up"
    __table_args__ = (UniqueConstraint("employee_id", "began_at"),)

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    employee_id: Mapped[int] = mapped_column(ForeignKey("employee.id"))
    call_id: Mapped[int] = mapped_column(ForeignKey("call_record.id"), index=True)
    began_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]


class WallPass(Base):
    """What lets a monitor on the wall show the board (`crm.service_report.wall_pass`); its secret is not kept."""

    __tablename__ = "wall_pass"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    token_hash: Mapped[str] = mapped_column(unique=True)
    service_ids: Mapped[list[int]] = mapped_column(JSON)
    title: Mapped[str] = mapped_column(default="")
    issued_by_id: Mapped[int] = mapped_column(ForeignKey("employee.id"), index=True)
    issued_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    withdrawn_at: Mapped[datetime | None]
    withdrawn_by_id: Mapped[int | None] = mapped_column(ForeignKey("employee.id"), index=True)
