"""The tables of `crm.missed`. All instants UTC."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from crm.base import Base, Id


class MissedCall(Base):
    """A duty to call back; open while `closed_at` is None.

    Whose it is: `family_id`, else `number` (E.164) if it is `number_certain`, else the one call of its only contact; an
    uncertain number (typed by a caller who hides his, or doubtful) is only what to dial. `open_key` says the same in
    one word while the row is open and is unique: two recorders cannot open two rows for one family. `first_at` is the
    place in line, `due_at` the deadline (working minutes after it, or what was promised). `reasons` and `times` sum up
    the contacts, newest reason last. `closed_how`: talk, reason, joined (another row took over), answered (it turned
    out that the call was not missed at all).
    """

    __tablename__ = "missed_call"
    __table_args__ = (
        # The count in the top bar of every page and the list: the few open rows among years of closed ones.
        Index(
            "ix_missed_call_open",
            "service_id",
            "due_at",
            sqlite_where=text("closed_at IS NULL"),
            postgresql_where=text("closed_at IS NULL"),
        ),
        Index("ix_missed_call_service_closed", "service_id", "closed_at"),
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    service_id: Mapped[int] = mapped_column(ForeignKey("service.id"))
    family_id: Mapped[int | None] = mapped_column(ForeignKey("family.id"), index=True)
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"), index=True)
    number: Mapped[str | None]
    number_certain: Mapped[bool] = mapped_column(default=False)
    caller_name: Mapped[str] = mapped_column(default="")
    note: Mapped[str] = mapped_column(default="")
    source: Mapped[str] = mapped_column(default="exchange")
    first_at: Mapped[datetime]
    last_at: Mapped[datetime]
    due_at: Mapped[datetime]
    times: Mapped[int] = mapped_column(default=1)
    reasons: Mapped[list[Any]] = mapped_column(JSON, default=list)
    promised_for: Mapped[datetime | None]
    promise_note: Mapped[str] = mapped_column(default="")
    owner_id: Mapped[int | None] = mapped_column(ForeignKey("employee.id"), index=True)
    claimed_by_id: Mapped[int | None] = mapped_column(ForeignKey("employee.id"), index=True)
    claimed_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    closed_by_id: Mapped[int | None] = mapped_column(ForeignKey("employee.id"), index=True)
    closed_how: Mapped[str] = mapped_column(default="")
    closed_reason: Mapped[str] = mapped_column(default="")
    closed_note: Mapped[str] = mapped_column(default="")
    closed_call_id: Mapped[int | None] = mapped_column(ForeignKey("call_record.id"), index=True)
    joined_to_id: Mapped[int | None] = mapped_column(ForeignKey("missed_call.id"), index=True)
    open_key: Mapped[str | None] = mapped_column(unique=True)
    created_by_id: Mapped[int | None] = mapped_column(ForeignKey("employee.id"), index=True)
    created_at: Mapped[datetime]
    version: Mapped[int] = mapped_column(default=1)


class MissedContact(Base):
    """One missed call of a row; without `call_id` it was entered by hand. `withdrawn`: it was answered after all."""

    __tablename__ = "missed_contact"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    missed_id: Mapped[int] = mapped_column(ForeignKey("missed_call.id"), index=True)
    call_id: Mapped[int | None] = mapped_column(ForeignKey("call_record.id"), unique=True)
    line_id: Mapped[int | None] = mapped_column(ForeignKey("line.id"), index=True)
    at: Mapped[datetime]
    reason: Mapped[str]
    form_key: Mapped[str | None] = mapped_column(unique=True)
    withdrawn: Mapped[bool] = mapped_column(default=False)


class MissedAttempt(Base):
    """Somebody tried to call back. `result` is a key of `rules.RESULTS`; `call_id` is the call where it was ours."""

    __tablename__ = "missed_attempt"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    missed_id: Mapped[int] = mapped_column(ForeignKey("missed_call.id"), index=True)
    employee_id: Mapped[int | None] = mapped_column(ForeignKey("employee.id"), index=True)
    call_id: Mapped[int | None] = mapped_column(ForeignKey("call_record.id"), unique=True)
    form_key: Mapped[str | None] = mapped_column(unique=True)
    at: Mapped[datetime]
    result: Mapped[str]
    note: Mapped[str] = mapped_column(default="")


class MissedSetting(Base):
    """How soon this service calls back (working minutes), and how long a claim holds (minutes)."""

    __tablename__ = "missed_setting"

    service_id: Mapped[int] = mapped_column(ForeignKey("service.id"), primary_key=True)
    minutes: Mapped[int] = mapped_column(default=30)
    claim_minutes: Mapped[int] = mapped_column(default=20)


class ShiftHandover(Base):
    """One shift handed over: `figures` is what stood open at that moment, `note` the words of the one who leaves."""

    __tablename__ = "shift_handover"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    service_id: Mapped[int] = mapped_column(ForeignKey("service.id"), index=True)
    left_by_id: Mapped[int] = mapped_column(ForeignKey("employee.id"), index=True)
    left_at: Mapped[datetime]
    note: Mapped[str] = mapped_column(default="")
    figures: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    taken_by_id: Mapped[int | None] = mapped_column(ForeignKey("employee.id"), index=True)
    taken_at: Mapped[datetime | None]
    taken_note: Mapped[str] = mapped_column(default="")
    form_key: Mapped[str | None] = mapped_column(unique=True)
