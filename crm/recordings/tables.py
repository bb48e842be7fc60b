"""The tables of `crm.recordings`."""

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from crm.base import Base, Id

OFF, PROPOSED, ON = "off", "proposed", "on"


class RecordingRule(Base):
    """Whether a service records its inbound talks, and by which order. No row: it does not, in every mode.

    `state`: off, proposed (by the head), on (by the director). `keep_days`: how long a recording is kept (§4.4).
    """

    __tablename__ = "recording_rule"

    service_id: Mapped[int] = mapped_column(ForeignKey("service.id"), primary_key=True, autoincrement=False)
    state: Mapped[str] = mapped_column(default=OFF)
    order_number: Mapped[str] = mapped_column(default="")
    order_date: Mapped[date | None]
    ground: Mapped[str] = mapped_column(default="")
    notice: Mapped[str] = mapped_column(default="")
    keep_days: Mapped[int] = mapped_column(default=90)
    proposed_by_id: Mapped[int | None] = mapped_column(ForeignKey("employee.id"))
    proposed_at: Mapped[datetime | None]
    decided_by_id: Mapped[int | None] = mapped_column(ForeignKey("employee.id"))
    decided_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(default=1)

    @property
    def order(self) -> str:
        """«№ 12-ОД от 01.11.2026»."""
        return f"№ {self.order_number} от {self.order_date:%d.%m.%Y}" if self.order_date else ""


class RecordingState(StrEnum):
    """What became of a recording. REFUSING: what there is of it has still to be removed."""

    RECORDING = "recording"
    REFUSING = "refusing"
    REFUSED = "refused"
    STORING = "storing"
    STORED = "stored"
    EMPTY = "empty"
    LOST = "lost"
    DELETING = "deleting"
    DELETED = "deleted"


class Recording(Base):
    """One recorded (or refused) talk. The file is `DATA_DIR/recordings/<file_name>`, before it is taken in
    `incoming/<linkedid>.wav`. A file whose call nobody knows has no `call_id`.

    `stop`: why it stopped before the talk's end: "" | "key" | "operator" (both: refused, nothing is kept) | "standing"
    (never begun) | "asked" (what there is, is kept). `seconds` of sound, `sha256` of the file as it was stored.
    `keep_until`: deleted after this instant, unless held by the director.
    """

    __tablename__ = "recording"
    __table_args__ = (
        # Used every second by the clerk and every two by the filing: the few that still have to move.
        Index("ix_recording_state", "state"),
        Index("ix_recording_service_started", "service_id", "started_at"),
        Index("ix_recording_keep_until", "keep_until"),
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    linkedid: Mapped[str] = mapped_column(unique=True)
    call_id: Mapped[int | None] = mapped_column(ForeignKey("call_record.id"), index=True)
    service_id: Mapped[int | None] = mapped_column(ForeignKey("service.id"))
    state: Mapped[str]
    started_at: Mapped[datetime]
    stop: Mapped[str] = mapped_column(default="")
    stopped_at: Mapped[datetime | None]
    stopped_by_id: Mapped[int | None] = mapped_column(ForeignKey("employee.id"))
    stop_carried_out: Mapped[bool] = mapped_column(default=False)
    file_name: Mapped[str] = mapped_column(default="")
    seconds: Mapped[float | None]
    size: Mapped[int | None] = mapped_column(Id)
    sha256: Mapped[str] = mapped_column(default="")
    stored_at: Mapped[datetime | None]
    problem: Mapped[str] = mapped_column(default="")
    rule: Mapped[str] = mapped_column(default="")
    keep_until: Mapped[datetime | None]
    held_at: Mapped[datetime | None]
    held_by_id: Mapped[int | None] = mapped_column(ForeignKey("employee.id"))
    hold_reason: Mapped[str] = mapped_column(default="")
    deleted_at: Mapped[datetime | None]
    deleted_rule: Mapped[str] = mapped_column(default="")


class RecordingListening(Base):
    """Somebody opened a recording to listen to it."""

    __tablename__ = "recording_listening"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    recording_id: Mapped[int] = mapped_column(ForeignKey("recording.id"), index=True)
    employee_id: Mapped[int] = mapped_column(ForeignKey("employee.id"))
    at: Mapped[datetime]


class MonitorRule(Base):
    """The institution's rule of listening in on live talks of a service; no row or `on` False: nobody may.

    `tell_listening`: the operator's screen says it while she is only listened to as well; when the head speaks, it
    always does.
    """

    __tablename__ = "monitor_rule"

    service_id: Mapped[int] = mapped_column(ForeignKey("service.id"), primary_key=True, autoincrement=False)
    on: Mapped[bool] = mapped_column("is_on", default=False)
    order_number: Mapped[str] = mapped_column(default="")
    order_date: Mapped[date | None]
    tell_listening: Mapped[bool] = mapped_column(default=True)
    set_by_id: Mapped[int | None] = mapped_column(ForeignKey("employee.id"))
    set_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(default=1)

    @property
    def order(self) -> str:
        """«№ 12-ОД от 01.11.2026»."""
        return f"№ {self.order_number} от {self.order_date:%d.%m.%Y}" if self.order_date else ""


class MonitorNotice(Base):
    """An operator has been told, against signature, of the order by which talks may be listened to. Another order
    needs another signature: `order_words` is its number and date."""

    __tablename__ = "monitor_notice"
    __table_args__ = (UniqueConstraint("service_id", "employee_id", "order_words"),)

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    service_id: Mapped[int] = mapped_column(ForeignKey("service.id"))
    employee_id: Mapped[int] = mapped_column(ForeignKey("employee.id"), index=True)
    order_words: Mapped[str]
    signed_on: Mapped[date]
    noted_by_id: Mapped[int] = mapped_column(ForeignKey("employee.id"))
    noted_at: Mapped[datetime]


class MonitorState(StrEnum):
    """What became of a wish to listen in."""

    REQUESTED = "requested"
    CALLING = "calling"
    ON = "on"
    ENDED = "ended"
    FAILED = "failed"


class MonitorSession(Base):
    """The head listens to (`listen`), prompts (`whisper`) or joins (`join`) an operator's live talk.

    `channel_id` is the Uniqueid of the head's leg at the exchange; a change of mode is a new row on the same leg.
    """

    __tablename__ = "monitor_session"
    __table_args__ = (
        # Used every second by the clerk: the few that are alive.
        Index(
            "ix_monitor_session_open",
            "id",
            sqlite_where=text("ended_at IS NULL"),
            postgresql_where=text("ended_at IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    call_id: Mapped[int] = mapped_column(ForeignKey("call_record.id"), index=True)
    service_id: Mapped[int] = mapped_column(ForeignKey("service.id"))
    watcher_id: Mapped[int] = mapped_column(ForeignKey("employee.id"), index=True)
    target_id: Mapped[int] = mapped_column(ForeignKey("employee.id"), index=True)
    mode: Mapped[str]
    state: Mapped[str] = mapped_column(default=MonitorState.REQUESTED.value)
    told: Mapped[bool] = mapped_column(default=True)
    channel_id: Mapped[str] = mapped_column(default="")
    requested_at: Mapped[datetime]
    claimed_at: Mapped[datetime | None]
    began_at: Mapped[datetime | None]
    stop_asked_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    error: Mapped[str] = mapped_column(default="")
