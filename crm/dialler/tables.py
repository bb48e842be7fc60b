"""The tables of the outbound engine (reliability.md §3). Instants UTC.

A task is one telephone to be called once about its subjects; an attempt is one order to the exchange. Rows are written
before anything leaves, and never deleted.
"""

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, ColumnElement, ForeignKey, Index, Select, UniqueConstraint, and_, func, or_, select, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from crm.base import Base, Id

REMINDER, CAMPAIGN, RATING = "reminder", "campaign", "rating"
"""Kinds of a task: reminders of appointments (A-19, A-20), information (A-18, B-6), ratings (B-34)."""

ON_THE_WAY = ("due", "claimed", "calling")
"""States of a task that is not over."""

_WAITING = text("state = 'due'")
_ON_THE_WAY = text("state IN ('due', 'claimed', 'calling')")
_LIVE, _LIVE_IN_SQLITE = text("live"), text("live = 1")
"""SQLite finds an index of rows by the words of its condition: those that SQLAlchemy asks with."""


class DialTask(Base):
    """One telephone to be called about something (`subjects`). States: `callflow.dialler.states.TaskState`.

    `number` is what the plan saw; the order reads it anew from `phone_id`. `due_at`: not before; `deadline`: not after;
    `stretches`: [since, until] of each occasion that the plan has for it, ISO instants;
    `rule`: the last rule that said no (`callflow.dialler.rules.Rule`), `reason`: its sentence or a person's words.
    `owner` and `lease_until` belong to a claim: a worker's name, or «employee-<id>» while a person works on it; `ver`
    grows with every change, so that who held it before writes nothing (I14). `delivered_at`: when somebody heard it.
    """

    __tablename__ = "dial_task"
    __table_args__ = (
        Index(
            "ix_dial_task_due",  # in the order in which they are claimed: nobody sorts what is due
            "channel",
            "priority",
            "due_at",
            "id",
            sqlite_where=_WAITING,
            postgresql_where=_WAITING,
        ),
        Index("ix_dial_task_open", "deadline", sqlite_where=_ON_THE_WAY, postgresql_where=_ON_THE_WAY),
        Index("ix_dial_task_number", "number", "planned_at"),
        Index("ix_dial_task_family", "family_id", "planned_at"),
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    kind: Mapped[str] = mapped_column(default=REMINDER)
    service_id: Mapped[int] = mapped_column(ForeignKey("service.id"), index=True)
    family_id: Mapped[int | None] = mapped_column(ForeignKey("family.id"))
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"), index=True)
    phone_id: Mapped[int | None] = mapped_column(ForeignKey("phone.id"), index=True)
    number: Mapped[str] = mapped_column(default="")
    channel: Mapped[str]
    state: Mapped[str] = mapped_column(default="due")
    state_at: Mapped[datetime]
    rule: Mapped[str] = mapped_column(default="")
    reason: Mapped[str] = mapped_column(default="")
    priority: Mapped[int] = mapped_column(default=5)
    due_at: Mapped[datetime]
    deadline: Mapped[datetime]
    stretches: Mapped[list[Any]] = mapped_column(JSON, default=list)
    planned_at: Mapped[datetime]
    owner: Mapped[str] = mapped_column(default="")
    lease_until: Mapped[datetime | None]
    employee_id: Mapped[int | None] = mapped_column(ForeignKey("employee.id"), index=True)
    delivered_at: Mapped[datetime | None]
    ver: Mapped[int] = mapped_column(default=1)
    subjects: Mapped[list["DialSubject"]] = relationship(order_by="DialSubject.id", lazy="selectin")


class DialSubject(Base):
    """What a task is about, once per occasion whatever planned it twice: a booking, a family of a campaign, or a case
    to be rated; one of the three is set.

    `withdrawn_at`: the booking was moved, called off or settled otherwise; a task without standing subjects is over.
    """

    __tablename__ = "dial_subject"
    __table_args__ = (
        UniqueConstraint("appointment_id", "occasion"),
        UniqueConstraint("target_id", "occasion"),
        UniqueConstraint("entry_id", "occasion"),
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    task_id: Mapped[int] = mapped_column(ForeignKey("dial_task.id"), index=True)
    appointment_id: Mapped[int | None] = mapped_column(ForeignKey("appointment.id"))
    target_id: Mapped[int | None] = mapped_column(ForeignKey("campaign_target.id"))
    entry_id: Mapped[int | None] = mapped_column(ForeignKey("journal_entry.id"))
    occasion: Mapped[str]
    outcome: Mapped[str] = mapped_column(default="")
    withdrawn_at: Mapped[datetime | None]
    withdrawn_reason: Mapped[str] = mapped_column(default="")


class DialAttempt(Base):
    """One order: at most one INVITE. `id` is its ChannelId and account code at the exchange (M4, M14).

    States: `callflow.dialler.states.AttemptState`, `disposition` once it is over. `not_after`: the dialplan refuses the
    order later; `boot_id`: which life of the exchange was told. `prompts`: file and sha256 of every piece, which must
    be there before the order (I20). `answered_by`: set by the script that greeted, once. `evidence`: what proved the
    end («word», «agi», «cdr», «status», «sweep»).
    """

    __tablename__ = "dial_attempt"
    __table_args__ = (
        UniqueConstraint("task_id", "n"),
        Index(
            "ux_dial_attempt_live_number", "number", unique=True, sqlite_where=_LIVE_IN_SQLITE, postgresql_where=_LIVE
        ),
        Index(
            "ux_dial_attempt_live_task", "task_id", unique=True, sqlite_where=_LIVE_IN_SQLITE, postgresql_where=_LIVE
        ),
        Index("ix_dial_attempt_number_sending", "number", "sending_at"),
        Index("ix_dial_attempt_family_sending", "family_id", "sending_at"),
        Index("ix_dial_attempt_sending", "sending_at"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    task_id: Mapped[int] = mapped_column(ForeignKey("dial_task.id"))
    n: Mapped[int]
    kind: Mapped[str] = mapped_column(default=REMINDER)
    family_id: Mapped[int | None] = mapped_column(ForeignKey("family.id"))
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"), index=True)
    number: Mapped[str]
    shown_number: Mapped[str] = mapped_column(default="")
    state: Mapped[str] = mapped_column(default="sending")
    live: Mapped[bool] = mapped_column(default=True)
    disposition: Mapped[str] = mapped_column(default="")
    rang: Mapped[bool] = mapped_column(default=False)
    sending_at: Mapped[datetime]
    not_after: Mapped[datetime]
    told_at: Mapped[datetime | None]
    ringing_at: Mapped[datetime | None]
    answered_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    news_at: Mapped[datetime]
    boot_id: Mapped[str] = mapped_column(default="")
    answered_by: Mapped[str] = mapped_column(default="")
    identified_at: Mapped[datetime | None]
    played_at: Mapped[datetime | None]
    prompts: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    evidence: Mapped[str] = mapped_column(default="")
    detail: Mapped[str] = mapped_column(default="")
    hangup_asked_at: Mapped[datetime | None]
    hangup_done_at: Mapped[datetime | None]
    call_id: Mapped[int | None] = mapped_column(ForeignKey("call_record.id"), index=True)


def went_out() -> ColumnElement[bool]:
    """The condition on `DialAttempt` that its order went out; what was refused or never left counts for nothing."""
    return and_(DialAttempt.state != "not_sent", DialAttempt.disposition != "denied")


class DialEvent(Base):
    """One step of an attempt or a decision about a task: the full story with its evidence (I11).

    `what`: an attempt's state, a key («key 1»), «played», an action («confirm»), or «rule»; `source` who says so.
    """

    __tablename__ = "dial_event"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    task_id: Mapped[int] = mapped_column(ForeignKey("dial_task.id"), index=True)
    attempt_id: Mapped[str | None] = mapped_column(ForeignKey("dial_attempt.id"), index=True)
    at: Mapped[datetime]
    what: Mapped[str]
    detail: Mapped[str] = mapped_column(default="")
    source: Mapped[str] = mapped_column(default="")
    employee_id: Mapped[int | None] = mapped_column(ForeignKey("employee.id"))


class LineSlot(Base):
    """One line that the robot may use at a time; free while `attempt_id` is None (I16)."""

    __tablename__ = "line_slot"

    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    attempt_id: Mapped[str | None] = mapped_column(ForeignKey("dial_attempt.id"), unique=True)
    taken_at: Mapped[datetime | None]


class DiallerSwitch(Base):
    """The one row (id 1) of what stops the robot: the red button, a pause of the program's or of a person's.

    `exchange_stopped`: what the dialplan was told last; the clerk makes it agree with `stopped`.
    """

    __tablename__ = "dialler_switch"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    stopped: Mapped[bool] = mapped_column(default=False)
    stopped_at: Mapped[datetime | None]
    stopped_by_id: Mapped[int | None] = mapped_column(ForeignKey("employee.id"))
    exchange_stopped: Mapped[bool | None]
    paused_until: Mapped[datetime | None]
    paused_reason: Mapped[str] = mapped_column(default="")
    changed_at: Mapped[datetime]


class DiallerSettings(Base):
    """What the head decides for one service. Minutes are of the institution's day; `latest` weekday → minute (JSON).

    The robot calls only while `robot_on` and `legal_ground` was ticked by a named person (domain.md §3.2). `retry`:
    disposition → [then, minutes, times]; `plan`: occasions in the words of `crm.reminders.settings`.
    """

    __tablename__ = "dialler_settings"

    service_id: Mapped[int] = mapped_column(ForeignKey("service.id"), primary_key=True, autoincrement=False)
    robot_on: Mapped[bool] = mapped_column(default=False)
    legal_ground: Mapped[str] = mapped_column(default="")
    legal_ticked_at: Mapped[datetime | None]
    legal_ticked_by_id: Mapped[int | None] = mapped_column(ForeignKey("employee.id"))
    shown_line_id: Mapped[int | None] = mapped_column(ForeignKey("line.id"))
    caller_label: Mapped[str] = mapped_column(default="")
    lines: Mapped[int] = mapped_column(default=2)
    trunk_lines: Mapped[int] = mapped_column(default=4)
    per_second: Mapped[int] = mapped_column(default=1)
    ring_seconds: Mapped[int] = mapped_column(default=30)
    earliest: Mapped[int] = mapped_column(default=9 * 60)
    latest_usual: Mapped[int] = mapped_column(default=16 * 60 + 45)
    latest: Mapped[dict[str, int]] = mapped_column(JSON, default=dict)
    gap_minutes: Mapped[int] = mapped_column(default=60)
    attempts: Mapped[int] = mapped_column(default=2)
    per_day: Mapped[int] = mapped_column(default=2)
    per_week: Mapped[int] = mapped_column(default=4)
    per_month: Mapped[int] = mapped_column(default=16)
    per_service_day: Mapped[int] = mapped_column(default=200)
    retry: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    plan: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    changed_at: Mapped[datetime]
    changed_by_id: Mapped[int | None] = mapped_column(ForeignKey("employee.id"))
    version: Mapped[int] = mapped_column(default=1)


class CallRefusal(Base):
    """Somebody does not want to be called by a robot at this number (`scope` "robot") or at all ("all"); with proof.

    A number without a person refuses for whoever has it; without a number the person (`person_id`) or the whole family
    (`family_id`) refuses, whatever the telephone. The proof: the attempt, the talk (`call_id`), or the letter, and the
    words. Ended only by a person, with a reason.
    """

    __tablename__ = "call_refusal"
    __table_args__ = (Index("ix_call_refusal_number", "number", "at"),)

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    number: Mapped[str]
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"), index=True)
    scope: Mapped[str] = mapped_column(default="robot")
    family_id: Mapped[int | None] = mapped_column(ForeignKey("family.id"), index=True)
    source: Mapped[str]
    attempt_id: Mapped[str | None] = mapped_column(ForeignKey("dial_attempt.id"), index=True)
    call_id: Mapped[int | None] = mapped_column(ForeignKey("call_record.id"), index=True)
    letter_number: Mapped[str] = mapped_column(default="")
    letter_on: Mapped[date | None]
    note: Mapped[str] = mapped_column(default="")
    employee_id: Mapped[int | None] = mapped_column(ForeignKey("employee.id"))
    at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    ended_by_id: Mapped[int | None] = mapped_column(ForeignKey("employee.id"))
    ended_reason: Mapped[str] = mapped_column(default="")


class NumberMark(Base):
    """What a call has taught us about a number: `kind` "bad" (no such number) or "wrong_person" (of `person_id`).

    Cleared by a person who has asked the family.
    """

    __tablename__ = "number_mark"
    __table_args__ = (Index("ix_number_mark_number", "number", "at"),)

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    number: Mapped[str]
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"), index=True)
    kind: Mapped[str]
    attempt_id: Mapped[str | None] = mapped_column(ForeignKey("dial_attempt.id"), index=True)
    at: Mapped[datetime]
    cleared_at: Mapped[datetime | None]
    cleared_by_id: Mapped[int | None] = mapped_column(ForeignKey("employee.id"))


def still_there() -> ColumnElement[bool]:
    """The condition on `DialAttempt` that its call is there. The script says the result before the family has heard it
    to the end: until its line is free, it is."""
    on_a_line = select(LineSlot.attempt_id).where(LineSlot.attempt_id.is_not(None))
    return or_(DialAttempt.live, DialAttempt.id.in_(on_a_line))


def lines_taken() -> Select[int]:
    """How many of the robot's lines hold a call."""
    return select(func.count(LineSlot.number)).where(LineSlot.attempt_id.is_not(None))
