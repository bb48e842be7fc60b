"""The tables of `crm.campaigns`. Instants UTC, dates of the institution's zone."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from crm.base import Base, Id

DRAFT, RUNNING, PAUSED, STOPPED, DONE = "draft", "running", "paused", "stopped", "done"
"""States of a campaign. A stopped one is over; a paused one goes on where it was."""

WAITING, PLANNED = "waiting", "planned"
"""A target to come; one whose call stands in today's plan (`dial_task`). Every other state is an outcome."""


class Campaign(Base):
    """One reason to call many families. `kind`: measure, service (B-6), free; `channel`: human or robot.

    `conditions` is the segment as it was at the launch; a `standing` campaign asks it anew every day. A robot calls
    only families that agreed to robots; `rest_by_people`: the others are called by people, else left out. At most
    `per_day` families a day, from `starts_on` to `ends_on` inclusive. `left_out`: reason → count, at the launch.
    `dry_run`: the last one (`crm.campaigns.dry_run`), of whoever asked for it; `counted_on`: when a standing one was
    last asked.
    """

    __tablename__ = "campaign"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    service_id: Mapped[int] = mapped_column(ForeignKey("service.id"), index=True)
    title: Mapped[str]
    kind: Mapped[str] = mapped_column(default="measure")
    measure_id: Mapped[int | None] = mapped_column(ForeignKey("support_measure.id"), index=True)
    segment_id: Mapped[int | None] = mapped_column(ForeignKey("segment.id"), index=True)
    conditions: Mapped[list[Any]] = mapped_column(JSON, default=list)
    channel: Mapped[str] = mapped_column(default="human")
    rest_by_people: Mapped[bool] = mapped_column(default=True)
    standing: Mapped[bool] = mapped_column(default=False)
    starts_on: Mapped[date]
    ends_on: Mapped[date]
    per_day: Mapped[int] = mapped_column(default=40)
    state: Mapped[str] = mapped_column(default=DRAFT, index=True)
    state_at: Mapped[datetime]
    state_reason: Mapped[str] = mapped_column(default="")
    left_out: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    heard_at: Mapped[datetime | None]
    heard_version: Mapped[int | None]
    dry_run_asked_at: Mapped[datetime | None]
    dry_run_by_id: Mapped[int | None] = mapped_column(ForeignKey("employee.id"), index=True)
    dry_run: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    counted_on: Mapped[date | None]
    form_key: Mapped[str | None] = mapped_column(unique=True)
    created_at: Mapped[datetime]
    created_by_id: Mapped[int | None] = mapped_column(ForeignKey("employee.id"), index=True)
    launched_at: Mapped[datetime | None]
    launched_by_id: Mapped[int | None] = mapped_column(ForeignKey("employee.id"), index=True)
    version: Mapped[int] = mapped_column(default=1)


class CampaignText(Base):
    """One version of what a campaign says, never changed. The highest number is said from then on."""

    __tablename__ = "campaign_text"
    __table_args__ = (UniqueConstraint("campaign_id", "version"),)

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaign.id"))
    version: Mapped[int]
    text: Mapped[str]
    created_at: Mapped[datetime]
    created_by_id: Mapped[int | None] = mapped_column(ForeignKey("employee.id"), index=True)


class CampaignTarget(Base):
    """One family of a campaign; once in it, whatever is counted again. `state`: see `crm.campaigns.outcomes`.

    `why`: the sentence of the segment for this family («трое детей, младшему 2 года»); `call_at`: not before, where the
    family asked for a time; `text_version`: what it was told; `counted_as`: the family's id when it was put in, which
    makes it unique and stays when its card is merged into another.
    """

    __tablename__ = "campaign_target"
    __table_args__ = (
        UniqueConstraint("campaign_id", "counted_as"),
        Index("ix_campaign_target_state", "campaign_id", "state", "id"),
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaign.id"))
    family_id: Mapped[int] = mapped_column(ForeignKey("family.id"), index=True)
    counted_as: Mapped[int] = mapped_column(Id)
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"), index=True)
    phone_id: Mapped[int | None] = mapped_column(ForeignKey("phone.id"), index=True)
    channel: Mapped[str] = mapped_column(default="human")
    state: Mapped[str] = mapped_column(default=WAITING)
    state_at: Mapped[datetime]
    why: Mapped[str] = mapped_column(default="")
    note: Mapped[str] = mapped_column(default="")
    call_at: Mapped[datetime | None]
    text_version: Mapped[int | None]
    employee_id: Mapped[int | None] = mapped_column(ForeignKey("employee.id"), index=True)
    entry_id: Mapped[int | None] = mapped_column(ForeignKey("journal_entry.id"), index=True)
    added_at: Mapped[datetime]
