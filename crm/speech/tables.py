"""The tables of `crm.speech`. Nothing in them is about a family."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from crm.base import Base, Id
from crm.staff import Employee


class SpeechText(Base):
    """One version of a piece's words for one service, never changed. The highest number holds; an empty `text` is the
    return to the default (`callflow.speech.pieces`)."""

    __tablename__ = "speech_text"
    __table_args__ = (UniqueConstraint("service_id", "name", "version"),)

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    service_id: Mapped[int] = mapped_column(ForeignKey("service.id"))
    name: Mapped[str]
    version: Mapped[int]
    text: Mapped[str]
    created_at: Mapped[datetime]
    created_by_id: Mapped[int | None] = mapped_column(ForeignKey("employee.id"), index=True)
    created_by: Mapped[Employee | None] = relationship(foreign_keys=[created_by_id], lazy="joined")


class RecordedPhrase(Base):
    """A piece that a person has spoken. `words` is what she was asked to say, as `speakable` gives it: the recording
    plays only while the piece still has these words. `file` is a name in DATA_DIR/phrases, `sha256` that of its bytes.

    `source` is "upload" or "phone". One of a piece is current (`removed_at` empty); the others are its history.
    """

    __tablename__ = "recorded_phrase"
    __table_args__ = (
        Index(
            "ux_recorded_phrase_current",
            "service_id",
            "name",
            unique=True,
            sqlite_where=text("removed_at IS NULL"),
            postgresql_where=text("removed_at IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    service_id: Mapped[int] = mapped_column(ForeignKey("service.id"), index=True)
    name: Mapped[str]
    words: Mapped[str]
    file: Mapped[str]
    sha256: Mapped[str]
    seconds: Mapped[float]
    source: Mapped[str]
    created_at: Mapped[datetime]
    created_by_id: Mapped[int] = mapped_column(ForeignKey("employee.id"), index=True)
    removed_at: Mapped[datetime | None]
    removed_by_id: Mapped[int | None] = mapped_column(ForeignKey("employee.id"), index=True)
    created_by: Mapped[Employee] = relationship(foreign_keys=[created_by_id], lazy="joined", innerjoin=True)


class SpeechCall(Base):
    """An order to ring an employee's own phone: `kind` "play" says `words` to her, "record" takes down how she says
    them. Row first, act second, result third; `live` until it is over, and one of those an employee.

    `state`: requested, placing, placed, on, ended. `result`: played, kept, dropped, no_answer, failed.
    """

    __tablename__ = "speech_call"
    __table_args__ = (
        Index(
            "ux_speech_call_live",
            "employee_id",
            unique=True,
            sqlite_where=text("live = 1"),
            postgresql_where=text("live"),
        ),
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    service_id: Mapped[int] = mapped_column(ForeignKey("service.id"), index=True)
    name: Mapped[str]
    kind: Mapped[str]
    words: Mapped[str]
    employee_id: Mapped[int] = mapped_column(ForeignKey("employee.id"), index=True)
    extension: Mapped[str]
    channel_id: Mapped[str] = mapped_column(unique=True)
    state: Mapped[str] = mapped_column(default="requested")
    result: Mapped[str] = mapped_column(default="")
    error: Mapped[str] = mapped_column(default="")
    live: Mapped[bool] = mapped_column(default=True)
    requested_at: Mapped[datetime]
    changed_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
