"""The tables of `crm.transfers`."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from crm.base import Base, Id


class Transfer(Base):
    """One wish to connect a caller with somebody else, and what came of it (domain.md A-24). All instants UTC.

    `kind` and `state` are `callflow.transfer`'s words. `wish` is what a page asked for meanwhile («connect now», «all
    three», «give me the caller back») and `wish_sent_at` when the exchange was told; `answer` is what the specialist
    chose on her packet. `packet` is what she reads before she answers: who, asks what, what was promised.
    """

    __tablename__ = "transfer"
    __table_args__ = (
        # Used by the clerk, by the state table's follower and by every look at a screen: few are open.
        Index(
            "ix_transfer_open",
            "call_id",
            sqlite_where=text("ended_at IS NULL"),
            postgresql_where=text("ended_at IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    call_id: Mapped[int] = mapped_column(ForeignKey("call_record.id"), index=True)
    kind: Mapped[str]
    state: Mapped[str]
    reason: Mapped[str] = mapped_column(default="")
    asked_by_id: Mapped[int | None] = mapped_column(ForeignKey("employee.id"), index=True)
    from_extension: Mapped[str] = mapped_column(default="")
    to_employee_id: Mapped[int | None] = mapped_column(ForeignKey("employee.id"), index=True)
    to_extension: Mapped[str] = mapped_column(default="")
    to_number: Mapped[str] = mapped_column(default="")
    packet: Mapped[str] = mapped_column(default="")
    wish: Mapped[str] = mapped_column(default="")
    wish_sent_at: Mapped[datetime | None]
    answer: Mapped[str] = mapped_column(default="")
    answered_by_packet_at: Mapped[datetime | None]
    leg: Mapped[str] = mapped_column(default="")
    asked_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]
    ringing_at: Mapped[datetime | None]
    answered_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(default=1)


class CallParticipant(Base):
    """Somebody of ours, or an outside specialist, who took part in a call: one line per person, from the first word on.

    `number` is an outside specialist's telephone and empty for employees; `part` says in which role: operator,
    consulted (spoke with the operator only) or specialist (spoke with the caller).
    """

    __tablename__ = "call_participant"
    __table_args__ = (UniqueConstraint("call_id", "who"),)

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    call_id: Mapped[int] = mapped_column(ForeignKey("call_record.id"))
    who: Mapped[str]
    employee_id: Mapped[int | None] = mapped_column(ForeignKey("employee.id"), index=True)
    number: Mapped[str] = mapped_column(default="")
    part: Mapped[str]
    since: Mapped[datetime]
