"""The institution, its services and the telephone lines by which families reach them.

Everything here is data: a third institution uses the program without a change of code (design.md §1).
"""

from collections.abc import Sequence

from sqlalchemy import ForeignKey, select, true
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from crm.base import Base, Id

LINE_QUEUE = "-line"
"""Begins what a line's own queue has after the service's queue in its name (`crm.lines.ring_order`)."""


class Institution(Base):
    """A department that answers for one or more services. `timezone` is an IANA name, `area_code` five digits or so."""

    __tablename__ = "institution"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    name: Mapped[str]
    short_name: Mapped[str]
    department: Mapped[str] = mapped_column(default="")
    address: Mapped[str] = mapped_column(default="")
    area_code: Mapped[str] = mapped_column(default="")
    timezone: Mapped[str] = mapped_column(default="Europe/Moscow")


class Service(Base):
    """One service desk with its own lines, queue, staff and journal («Семейная диспетчерская», …)."""

    __tablename__ = "service"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    institution_id: Mapped[int] = mapped_column(ForeignKey("institution.id"), index=True)
    code: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    journal_title: Mapped[str]
    queue: Mapped[str] = mapped_column(unique=True)
    emergency_text: Mapped[str] = mapped_column(default="")
    institution: Mapped[Institution] = relationship(lazy="joined", innerjoin=True)


class Line(Base):
    """A number of ours (DID, E.164) that the outside world dials. `kind` is "landline" or "mobile".

    A line that is not `on_exchange` is an ordinary telephone on a desk: its calls are entered by hand (B-1).
    """

    __tablename__ = "line"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    service_id: Mapped[int] = mapped_column(ForeignKey("service.id"), index=True)
    did: Mapped[str] = mapped_column(unique=True)
    kind: Mapped[str]
    title: Mapped[str] = mapped_column(default="")
    active: Mapped[bool] = mapped_column(default=True)
    on_exchange: Mapped[bool] = mapped_column(default=True, server_default=true())
    service: Mapped[Service] = relationship(lazy="joined", innerjoin=True)


def services(session: Session) -> Sequence[Service]:
    """Return every service, in the order they were set up."""
    return session.scalars(select(Service).order_by(Service.id)).all()


def active_lines(session: Session) -> Sequence[Line]:
    """Return the numbers that the exchange must answer, in a stable order: those of the first service first."""
    return session.scalars(select(Line).where(Line.active, Line.on_exchange).order_by(Line.service_id, Line.did)).all()


def every_line(session: Session) -> Sequence[Line]:
    """Return all numbers of ours, those that are closed or not on the exchange too, in the same order."""
    return session.scalars(select(Line).order_by(Line.service_id, Line.did)).all()


def line_of(session: Session, did: str) -> Line | None:
    """Return the line that was dialled (E.164), active or not: a call on a closed line is still a call of ours."""
    return session.scalars(select(Line).where(Line.did == did)).one_or_none()


def dids(session: Session) -> Sequence[str]:
    """Return every number of ours, active or not: no caller may present one of them as his own (reliability.md B32)."""
    return session.scalars(select(Line.did)).all()


def area_code(session: Session) -> str | None:
    """Return the district's code, by which «2-12-34» becomes a whole number; None where the institution named none."""
    return session.scalars(select(Institution.area_code).order_by(Institution.id)).first() or None


def service_id_of_queue(session: Session, queue: str) -> int | None:
    """Return the service whose callers wait in this queue of the exchange, or in one of its lines' own queues."""
    name = queue.partition(LINE_QUEUE)[0]
    return session.scalars(select(Service.id).where(Service.queue == name)).one_or_none()
