"""What the telephone exchange should run, what it does run, and whether we are connected to it.

Whatever changes lines, operators, extensions or telephone credentials calls `touch` in the same transaction; the
process that renders the configuration sees `wanted_version` ahead of `applied_version` and applies it. A lost wake-up
loses nothing.
"""

from datetime import datetime

from sqlalchemy import CheckConstraint, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from crm.base import Base
from crm.upsert import insert_missing

THE_ROW = 1


class ExchangeState(Base):
    """The one row about the exchange. `link` is "up" or "down" since `link_since`; `link_reason` is for doctor and
    log.
    """

    __tablename__ = "exchange_state"
    __table_args__ = (CheckConstraint("id = 1", name="single_row"),)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    wanted_version: Mapped[int] = mapped_column(default=1)
    applied_version: Mapped[int] = mapped_column(default=0)
    applied_at: Mapped[datetime | None]
    error: Mapped[str] = mapped_column(default="")
    link: Mapped[str] = mapped_column(default="down")
    link_since: Mapped[datetime | None]
    link_reason: Mapped[str] = mapped_column(default="")


def exchange_state(session: Session) -> ExchangeState:
    """Return the row as committed; before the first write, an unsaved one with the defaults."""
    return session.get(ExchangeState, THE_ROW, populate_existing=True) or ExchangeState(
        id=THE_ROW, wanted_version=1, applied_version=0, error="", link="down", link_reason=""
    )


def touch(session: Session) -> int:
    """Ask for a new rendering; return the version that must be applied."""
    insert_missing(session, ExchangeState, {"id": THE_ROW}, ["id"])
    raised = update(ExchangeState).where(ExchangeState.id == THE_ROW)
    raised = raised.values(wanted_version=ExchangeState.wanted_version + 1)
    return session.execute(raised.returning(ExchangeState.wanted_version)).scalar_one()


def note_applied(session: Session, version: int, at: datetime, error: str = "") -> None:
    """Record that `version` was rendered and reloaded at `at`, or why not; an older one never undoes a newer."""
    insert_missing(session, ExchangeState, {"id": THE_ROW}, ["id"])
    statement = update(ExchangeState).where(ExchangeState.id == THE_ROW, ExchangeState.applied_version <= version)
    values = {"error": error} if error else {"error": "", "applied_version": version, "applied_at": at}
    session.execute(statement.values(**values))


def note_link(session: Session, *, up: bool, reason: str, at: datetime) -> bool:
    """Record whether the exchange is reachable; return whether that changed (`link_since` moves only then)."""
    insert_missing(session, ExchangeState, {"id": THE_ROW}, ["id"])
    state = session.get_one(ExchangeState, THE_ROW, with_for_update=True, populate_existing=True)
    link = "up" if up else "down"
    changed = state.link != link or state.link_since is None
    if changed:
        state.link, state.link_since = link, at
    state.link_reason = reason
    return changed
