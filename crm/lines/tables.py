"""The tables of `crm.lines`."""

from datetime import date, datetime

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column, relationship

from crm.base import Base, Id
from crm.institution import Line
from crm.staff import Employee

MAIN = "main"
SUBSTITUTE = "substitute"


class ServiceVoice(Base):
    """What callers of one service hear and may choose. A service without a row has the defaults of these columns.

    `spoken_name` follows «Вы позвонили» («в Семейную диспетчерскую»), `greeting` empty is the standard text S-1
    (domain.md §9.2). Seconds everywhere; `overflow_seconds` 0: a caller may wait as long as he likes.
    """

    __tablename__ = "service_voice"

    service_id: Mapped[int] = mapped_column(ForeignKey("service.id"), primary_key=True, autoincrement=False)
    spoken_name: Mapped[str] = mapped_column(default="")
    spoken_institution: Mapped[str] = mapped_column(default="")
    greeting_on: Mapped[bool] = mapped_column(default=True)
    greeting: Mapped[str] = mapped_column(default="")
    position_on: Mapped[bool] = mapped_column(default=True)
    announce_seconds: Mapped[int] = mapped_column(default=45)
    callback_on: Mapped[bool] = mapped_column(default=True)
    voicemail_on: Mapped[bool] = mapped_column(default=True)
    voicemail_seconds: Mapped[int] = mapped_column(default=120)
    voicemail_silence: Mapped[int] = mapped_column(default=6)
    overflow_seconds: Mapped[int] = mapped_column(default=0)
    overflow_to_id: Mapped[int | None] = mapped_column(ForeignKey("employee.id"), index=True)
    version: Mapped[int] = mapped_column(default=1)


class LineAssignment(Base):
    """Who answers a line, and who stands in (B-3). `since` and `until` are whole local days, both included.

    `part` is "main" or "substitute"; `order_number` and `order_date` name the paper it rests on. Never deleted: what
    was entered by mistake is revoked.
    """

    __tablename__ = "line_assignment"
    __table_args__ = (Index("ix_line_assignment_line_since", "line_id", "since"),)

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    line_id: Mapped[int] = mapped_column(ForeignKey("line.id"))
    employee_id: Mapped[int] = mapped_column(ForeignKey("employee.id"), index=True)
    part: Mapped[str]
    since: Mapped[date]
    until: Mapped[date | None]
    order_number: Mapped[str] = mapped_column(default="")
    order_date: Mapped[date | None]
    created_by_id: Mapped[int | None] = mapped_column(ForeignKey("employee.id"), index=True)
    created_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
    revoked_by_id: Mapped[int | None] = mapped_column(ForeignKey("employee.id"), index=True)
    revoked_reason: Mapped[str] = mapped_column(default="")
    version: Mapped[int] = mapped_column(default=1)
    employee: Mapped[Employee] = relationship(foreign_keys=[employee_id], lazy="joined", innerjoin=True)
    line: Mapped[Line] = relationship(lazy="joined", innerjoin=True)


class VoiceMessage(Base):
    """What a caller said after the tone. `linkedid` names the call on the exchange, also before its row is known.

    `file` is a name in DATA_DIR/voice, `seconds` its length, `sha256` that of its bytes; `removed_at` when retention
    took the sound away: the row stays.
    """

    __tablename__ = "voice_message"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    linkedid: Mapped[str] = mapped_column(unique=True)
    call_id: Mapped[int | None] = mapped_column(ForeignKey("call_record.id"), index=True)
    file: Mapped[str]
    seconds: Mapped[int]
    sha256: Mapped[str]
    left_at: Mapped[datetime]
    heard_at: Mapped[datetime | None]
    heard_by_id: Mapped[int | None] = mapped_column(ForeignKey("employee.id"), index=True)
    removed_at: Mapped[datetime | None]
