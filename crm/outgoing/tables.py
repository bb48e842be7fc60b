"""The order to call somebody: row first, act second, result third (reliability.md §3)."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from callflow.outgoing import Result
from crm.base import Base, Id


class OutgoingCall(Base):
    """One order of one operator to call one number (E.164). All instants UTC.

    `state` and `result`: see `callflow.outgoing`. `live`: not over; one of a kind per operator and per number, so that
    no double click and no two tabs call twice (reliability.md I5). `task_id`: the task of the human
    list (`crm.dialler`) that she works on. `purpose`: why she calls, `reason`: why at an hour
    when the family asked not to be called. `placed_at`: when the exchange was told, once and never again.
    """

    __tablename__ = "outgoing_call"
    __table_args__ = (
        Index(
            "ux_outgoing_call_live_employee",
            "employee_id",
            unique=True,
            sqlite_where=text("live = 1"),
            postgresql_where=text("live"),
        ),
        Index(
            "ux_outgoing_call_live_number",
            "number",
            unique=True,
            sqlite_where=text("live = 1"),
            postgresql_where=text("live"),
        ),
        Index("ix_outgoing_call_employee_requested", "employee_id", "requested_at"),
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    call_id: Mapped[int | None] = mapped_column(ForeignKey("call_record.id"), index=True)
    channel_id: Mapped[str] = mapped_column(unique=True)
    employee_id: Mapped[int] = mapped_column(ForeignKey("employee.id"), index=True)
    extension: Mapped[str]
    number: Mapped[str]
    shown_number: Mapped[str] = mapped_column(default="")
    family_id: Mapped[int | None] = mapped_column(ForeignKey("family.id"), index=True)
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"), index=True)
    missed_id: Mapped[int | None] = mapped_column(ForeignKey("missed_call.id"), index=True)
    task_id: Mapped[int | None] = mapped_column(ForeignKey("dial_task.id"), index=True)
    purpose: Mapped[str] = mapped_column(default="")
    reason: Mapped[str] = mapped_column(default="")
    state: Mapped[str] = mapped_column(default="requested")
    result: Mapped[str] = mapped_column(default="")
    live: Mapped[bool] = mapped_column(default=True)
    requested_at: Mapped[datetime]
    placed_at: Mapped[datetime | None]
    changed_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    hangup_asked_at: Mapped[datetime | None]
    hangup_done_at: Mapped[datetime | None]

    @property
    def result_words(self) -> str:
        """What became of it, for the operator."""
        return Result(self.result).title
