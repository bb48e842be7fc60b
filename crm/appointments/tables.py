"""The tables of `crm.appointments`: when a specialist receives people, who is booked, who waits for a time.

Minutes of a day (`starts`, `ends`) are the institution's local time, counted from midnight; instants are UTC.
"""

from datetime import date, datetime

from sqlalchemy import JSON, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from crm.base import Base, Id

PLANNED, CONFIRMED, DONE, NO_SHOW, CANCELLED, MOVED = "planned", "confirmed", "done", "no_show", "cancelled", "moved"

STATES = {
    PLANNED: "запланировано",
    CONFIRMED: "подтверждено",
    DONE: "состоялось",
    NO_SHOW: "не явился",
    CANCELLED: "отменено",
    MOVED: "перенесено",
}
"""What becomes of an appointment (domain.md §5.3)."""

AHEAD = (PLANNED, CONFIRMED)
"""Still to come; only these can be confirmed, moved, called off."""

OCCUPYING = (PLANNED, CONFIRMED, DONE, NO_SHOW)
"""States in which nobody else can have the time."""

_OCCUPYING = text("state IN ('planned', 'confirmed', 'done', 'no_show')")

MODES = {"office": "в учреждении", "phone": "по телефону", "video": "по видеосвязи"}
"""How people meet: the first is «офлайн» of regulation A 2.2, the others «онлайн» of A 3.1."""

EXCEPTIONS = {"closed": "приёма нет", "hours": "другие часы", "extra": "дополнительный приём"}


class Timetable(Base):
    """One specialist's timetable: how long a reception lasts and the pause after it, in minutes.

    Its row is what every booking of this specialist locks: two who book at once come one after the other.
    """

    __tablename__ = "timetable"

    employee_id: Mapped[int] = mapped_column(ForeignKey("employee.id"), primary_key=True, autoincrement=False)
    slot_minutes: Mapped[int] = mapped_column(default=45)
    buffer_minutes: Mapped[int] = mapped_column(default=0)
    version: Mapped[int] = mapped_column(default=1)
    changed_at: Mapped[datetime]
    changed_by_id: Mapped[int | None] = mapped_column(ForeignKey("employee.id"))


class TimetableInterval(Base):
    """Hours of one weekday (0 Monday), with a break of one's own, between two dates. Replaced ones have `ended_at`."""

    __tablename__ = "timetable_interval"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    employee_id: Mapped[int] = mapped_column(ForeignKey("timetable.employee_id"), index=True)
    weekday: Mapped[int]
    starts: Mapped[int]
    ends: Mapped[int]
    break_starts: Mapped[int | None]
    break_ends: Mapped[int | None]
    modes: Mapped[list[str]] = mapped_column(JSON)
    room: Mapped[str] = mapped_column(default="")
    valid_from: Mapped[date | None]
    valid_until: Mapped[date | None]
    entered_at: Mapped[datetime]
    entered_by_id: Mapped[int | None] = mapped_column(ForeignKey("employee.id"))
    ended_at: Mapped[datetime | None]


class TimetableException(Base):
    """A date with other hours, without reception, or with extra hours (`kind`: EXCEPTIONS), and why."""

    __tablename__ = "timetable_exception"
    __table_args__ = (Index("ix_timetable_exception_employee_day", "employee_id", "day"),)

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    employee_id: Mapped[int] = mapped_column(ForeignKey("timetable.employee_id"))
    day: Mapped[date]
    kind: Mapped[str]
    starts: Mapped[int | None]
    ends: Mapped[int | None]
    modes: Mapped[list[str]] = mapped_column(JSON)
    room: Mapped[str] = mapped_column(default="")
    reason: Mapped[str]
    entered_at: Mapped[datetime]
    entered_by_id: Mapped[int | None] = mapped_column(ForeignKey("employee.id"))
    removed_at: Mapped[datetime | None]
    removed_by_id: Mapped[int | None] = mapped_column(ForeignKey("employee.id"))


class SlotHold(Base):
    """A time kept for a talk (five minutes) or for somebody on the waiting list, until `until`.

    `released_at` is set when it is given back, booked, or found expired; until then nobody else can hold the time.
    """

    __tablename__ = "slot_hold"
    __table_args__ = (
        Index(
            "uq_slot_hold_employee_starts",
            "employee_id",
            "starts_at",
            unique=True,
            sqlite_where=text("released_at IS NULL"),
            postgresql_where=text("released_at IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    employee_id: Mapped[int] = mapped_column(ForeignKey("timetable.employee_id"))
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    holder_id: Mapped[int | None] = mapped_column(ForeignKey("employee.id"), index=True)
    call_id: Mapped[int | None] = mapped_column(ForeignKey("call_record.id"), index=True)
    family_id: Mapped[int | None] = mapped_column(ForeignKey("family.id"), index=True)
    entry_id: Mapped[int | None] = mapped_column(ForeignKey("journal_entry.id"), index=True)
    held_at: Mapped[datetime]
    until: Mapped[datetime]
    released_at: Mapped[datetime | None]


class Appointment(Base):
    """Somebody is booked with a specialist (domain.md §5.3).

    `cancelled_by`: "family" or "service". A moved one stays in state «перенесено»; its successor names it in
    `moved_from_id`. `form_key` names the form that made it: sent twice, it is one appointment.
    """

    __tablename__ = "appointment"
    __table_args__ = (
        Index(
            "uq_appointment_employee_starts",
            "employee_id",
            "starts_at",
            unique=True,
            sqlite_where=_OCCUPYING,
            postgresql_where=_OCCUPYING,
        ),
        Index("ix_appointment_starts", "starts_at", "employee_id"),
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    employee_id: Mapped[int] = mapped_column(ForeignKey("timetable.employee_id"), index=True)
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    mode: Mapped[str] = mapped_column(default="office")
    room: Mapped[str] = mapped_column(default="")
    state: Mapped[str] = mapped_column(default=PLANNED)
    state_at: Mapped[datetime]
    state_reason: Mapped[str] = mapped_column(default="")
    cancelled_by: Mapped[str] = mapped_column(default="")
    family_id: Mapped[int | None] = mapped_column(ForeignKey("family.id"), index=True)
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"), index=True)
    applicant_name: Mapped[str] = mapped_column(default="")
    topic: Mapped[str] = mapped_column(default="")
    remote_explained: Mapped[bool] = mapped_column(default=False)
    long_support: Mapped[bool] = mapped_column(default=False)
    call_id: Mapped[int | None] = mapped_column(ForeignKey("call_record.id"), index=True)
    entry_id: Mapped[int | None] = mapped_column(ForeignKey("journal_entry.id"), index=True)
    moved_from_id: Mapped[int | None] = mapped_column(ForeignKey("appointment.id"), unique=True)
    booked_by_id: Mapped[int] = mapped_column(ForeignKey("employee.id"))
    booked_at: Mapped[datetime]
    form_key: Mapped[str | None] = mapped_column(unique=True)
    version: Mapped[int] = mapped_column(default=1)


class AppointmentEvent(Base):
    """One step of an appointment: into which state, by whom; why stands in the appointment itself.

    No employee: the family itself, by a key in a call of the robot.
    """

    __tablename__ = "appointment_event"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    appointment_id: Mapped[int] = mapped_column(ForeignKey("appointment.id"), index=True)
    at: Mapped[datetime]
    employee_id: Mapped[int | None] = mapped_column(ForeignKey("employee.id"))
    state: Mapped[str]


class WaitingWish(Base):
    """Somebody for whom no time suited: with whom (or which profession), on which days and hours (B-22).

    `state`: waiting, booked, closed. Empty `weekdays` and hours mean any.
    """

    __tablename__ = "waiting_wish"
    __table_args__ = (
        Index(
            "ix_waiting_wish_open",
            "entered_at",
            sqlite_where=text("state = 'waiting'"),
            postgresql_where=text("state = 'waiting'"),
        ),
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    employee_id: Mapped[int | None] = mapped_column(ForeignKey("employee.id"), index=True)
    profession: Mapped[str] = mapped_column(default="")
    weekdays: Mapped[list[int]] = mapped_column(JSON, default=list)
    starts: Mapped[int | None]
    ends: Mapped[int | None]
    mode: Mapped[str] = mapped_column(default="")
    family_id: Mapped[int | None] = mapped_column(ForeignKey("family.id"), index=True)
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"), index=True)
    applicant_name: Mapped[str] = mapped_column(default="")
    topic: Mapped[str] = mapped_column(default="")
    call_id: Mapped[int | None] = mapped_column(ForeignKey("call_record.id"), index=True)
    entry_id: Mapped[int | None] = mapped_column(ForeignKey("journal_entry.id"), index=True)
    state: Mapped[str] = mapped_column(default="waiting")
    state_at: Mapped[datetime]
    state_reason: Mapped[str] = mapped_column(default="")
    entered_by_id: Mapped[int] = mapped_column(ForeignKey("employee.id"))
    entered_at: Mapped[datetime]
    form_key: Mapped[str | None] = mapped_column(unique=True)


class WaitingOffer(Base):
    """A freed time kept for a wish until `until`. `state`: open, accepted, declined, expired."""

    __tablename__ = "waiting_offer"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    wish_id: Mapped[int] = mapped_column(ForeignKey("waiting_wish.id"), index=True)
    hold_id: Mapped[int] = mapped_column(ForeignKey("slot_hold.id"), unique=True)
    state: Mapped[str] = mapped_column(default="open", index=True)
    offered_at: Mapped[datetime]
    decided_at: Mapped[datetime | None]
    decided_by_id: Mapped[int | None] = mapped_column(ForeignKey("employee.id"))
    appointment_id: Mapped[int | None] = mapped_column(ForeignKey("appointment.id"), index=True)


class SupportNeed(Base):
    """«Нужно длительное сопровождение» (A-26): the appeal cannot end before its applicant is booked with a specialist.

    Withdrawn only with a reason.
    """

    __tablename__ = "support_need"

    entry_id: Mapped[int] = mapped_column(ForeignKey("journal_entry.id"), primary_key=True, autoincrement=False)
    raised_at: Mapped[datetime]
    raised_by_id: Mapped[int] = mapped_column(ForeignKey("employee.id"))
    withdrawn_at: Mapped[datetime | None]
    withdrawn_by_id: Mapped[int | None] = mapped_column(ForeignKey("employee.id"))
    withdrawn_reason: Mapped[str] = mapped_column(default="")
