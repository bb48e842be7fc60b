"""The tables of `crm.measures`. Instants UTC, dates local."""

from datetime import date, datetime

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from crm.base import Base, Id


class SupportMeasure(Base):
    """One measure of support as a family is told of it. `whom`: «многодетных семей с детьми до трёх лет», after «она
    предусмотрена для»; `until`: last day to apply, None without one; `remote`: papers may be handed in from home.

    A measure that is no longer given is switched off (`active`), never deleted.
    """

    __tablename__ = "support_measure"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    title: Mapped[str]
    whom: Mapped[str] = mapped_column(default="")
    steps: Mapped[str] = mapped_column(default="")
    papers: Mapped[str] = mapped_column(default="")
    source: Mapped[str] = mapped_column(default="")
    until: Mapped[date | None]
    remote: Mapped[bool] = mapped_column(default=False)
    segment_id: Mapped[int | None] = mapped_column(ForeignKey("segment.id"), index=True)
    active: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[datetime]
    created_by_id: Mapped[int | None] = mapped_column(ForeignKey("employee.id"), index=True)
    changed_at: Mapped[datetime]
    version: Mapped[int] = mapped_column(default=1)


class FamilyTold(Base):
    """A family was told of one thing, once: `topic` is «measure-5», «service-2» or «campaign-7».

    `outcome`: «told», or «refused» where it does not want it: either way nobody offers it again. `channel`: human,
    robot, talk (in a conversation about something else). `counted_as`: the family's id at that time, which makes it
    unique and stays when its card is merged into another.
    """

    __tablename__ = "family_told"
    __table_args__ = (UniqueConstraint("counted_as", "topic"), Index("ix_family_told_topic", "topic", "outcome"))

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    family_id: Mapped[int] = mapped_column(ForeignKey("family.id"), index=True)
    counted_as: Mapped[int] = mapped_column(Id)
    topic: Mapped[str]
    outcome: Mapped[str] = mapped_column(default="told")
    channel: Mapped[str] = mapped_column(default="human")
    measure_id: Mapped[int | None] = mapped_column(ForeignKey("support_measure.id"), index=True)
    target_id: Mapped[int | None] = mapped_column(ForeignKey("campaign_target.id"), index=True)
    employee_id: Mapped[int | None] = mapped_column(ForeignKey("employee.id"), index=True)
    note: Mapped[str] = mapped_column(default="")
    at: Mapped[datetime]
