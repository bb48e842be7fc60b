"""A sign of life of each of our processes, for `doctor` and for the banners."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from crm.base import Base
from crm.upsert import insert_missing

STALE_AFTER = timedelta(seconds=30)


class Heartbeat(Base):
    """When a process ("listener", "agi", "worker", "web") last said that it works; `detail` is for doctor."""

    __tablename__ = "heartbeat"

    process: Mapped[str] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    detail: Mapped[str] = mapped_column(default="")


def beat(session: Session, process: str, at: datetime, detail: str = "") -> None:
    """Say that `process` works."""
    if not insert_missing(session, Heartbeat, {"process": process, "at": at, "detail": detail}, ["process"]):
        session.execute(update(Heartbeat).where(Heartbeat.process == process).values(at=at, detail=detail))


def heartbeats(session: Session) -> Sequence[Heartbeat]:
    """Return every process that ever beat, by name."""
    return session.scalars(select(Heartbeat).order_by(Heartbeat.process)).all()


def is_alive(session: Session, process: str, at: datetime, within: timedelta) -> bool:
    """Whether `process` beat not longer than `within` ago."""
    row = session.get(Heartbeat, process)
    return row is not None and at - row.at <= within


def stale(session: Session, at: datetime, after: timedelta = STALE_AFTER) -> list[str]:
    """Return the processes that have been silent for longer than `after`."""
    return [row.process for row in heartbeats(session) if at - row.at > after]
