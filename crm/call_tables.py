"""Calls and their legs as the records know them: the tables, and how a row becomes a `callflow` call and back."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, UniqueConstraint, bindparam, select, text
from sqlalchemy.orm import Mapped, Session, lazyload, mapped_column, relationship
from sqlalchemy.orm.attributes import set_committed_value

from callflow.call import Call, CallState, Direction, Disposition, Leg, LegState
from callflow.caller_id import CallerId, CallerKind
from crm import institution, staff
from crm.base import Base, Id
from crm.remembered import remembered

UNKNOWN_CALLER = "unknown"
"""`caller_kind` until the lookup leg has read who calls."""


class CallRecord(Base):
    """One conversation (Asterisk's Linkedid), whatever became of it. All instants UTC.

    `end_evidence` says how we know the end: "event" (seen), "snapshot" (gone after an outage), "queue_log", "cdr".
    `outcome` is what the line did and the caller chose when nobody took the call (`crm.lines.following`), "" for most;
    `callback_number` the number he typed because his own is hidden.
    """

    __tablename__ = "call_record"
    __table_args__ = (
        # Used by the waiting list, current_call and reconcile: the few open calls among a million closed ones.
        Index(
            "ix_call_record_open",
            "id",
            sqlite_where=text("ended_at IS NULL"),
            postgresql_where=text("ended_at IS NULL"),
        ),
        Index("ix_call_record_service_arrived", "service_id", "arrived_at"),
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    linkedid: Mapped[str] = mapped_column(unique=True)
    service_id: Mapped[int | None] = mapped_column(ForeignKey("service.id"))
    line_id: Mapped[int | None] = mapped_column(ForeignKey("line.id"))
    did: Mapped[str | None]
    direction: Mapped[str] = mapped_column(default="inbound")
    state: Mapped[str]
    disposition: Mapped[str | None]
    cause: Mapped[int | None]
    caller_kind: Mapped[str] = mapped_column(default=UNKNOWN_CALLER)
    caller_number: Mapped[str | None] = mapped_column(index=True)
    caller_name: Mapped[str] = mapped_column(default="")
    caller_note: Mapped[str] = mapped_column(default="")
    arrived_at: Mapped[datetime]
    answered_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    end_evidence: Mapped[str | None]
    queue: Mapped[str | None]
    held: Mapped[bool] = mapped_column(default=False)
    returning: Mapped[bool] = mapped_column("is_returning", default=False)  # RETURNING is SQLite's word
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"), index=True)
    family_id: Mapped[int | None] = mapped_column(ForeignKey("family.id"), index=True)
    identity_level: Mapped[int] = mapped_column(default=0)
    identified_by_id: Mapped[int | None] = mapped_column(ForeignKey("employee.id"))
    employee_id: Mapped[int | None] = mapped_column(ForeignKey("employee.id"), index=True)
    version: Mapped[int] = mapped_column(default=1)
    outcome: Mapped[str] = mapped_column(default="", server_default="")
    callback_number: Mapped[str | None]
    legs: Mapped[list["CallLegRecord"]] = relationship(order_by="CallLegRecord.id", lazy="selectin")


class CallLegRecord(Base):
    """One ring of one operator's telephone (Asterisk's Uniqueid)."""

    __tablename__ = "call_leg_record"
    __table_args__ = (
        UniqueConstraint("call_id", "uniqueid"),
        # Used by current_call: whose telephone rings or talks now.
        Index(
            "ix_call_leg_record_open",
            "employee_id",
            sqlite_where=text("ended_at IS NULL"),
            postgresql_where=text("ended_at IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    call_id: Mapped[int] = mapped_column(ForeignKey("call_record.id"))
    uniqueid: Mapped[str]
    extension: Mapped[str]
    employee_id: Mapped[int | None] = mapped_column(ForeignKey("employee.id"), index=True)
    state: Mapped[str]
    rang_at: Mapped[datetime]
    answered_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]


def call_of(row: CallRecord) -> Call:
    """Return the row as the state table knows it."""
    caller = None
    if row.caller_kind != UNKNOWN_CALLER:
        caller = CallerId(CallerKind(row.caller_kind), row.caller_number, row.caller_name, row.caller_note)
    return Call(
        id=row.linkedid,
        did=row.did or "",
        caller=caller,
        state=CallState(row.state),
        queue=row.queue,
        arrived_at=row.arrived_at,
        answered_at=row.answered_at,
        ended_at=row.ended_at,
        disposition=Disposition(row.disposition) if row.disposition else None,
        cause=row.cause,
        legs=tuple(
            Leg(leg.uniqueid, leg.extension, LegState(leg.state), leg.rang_at, leg.answered_at, leg.ended_at)
            for leg in row.legs
        ),
        held=row.held,
        direction=Direction(row.direction),
    )


def locked_call(session: Session, linkedid: str) -> CallRecord | None:
    """Return the call's row, held until the transaction ends; read once, however many events of it are told in one."""
    held = remembered(session, "calls")
    row: CallRecord | None = held.get(linkedid)
    if row is None:
        row = session.scalars(_LOCKED, {"linkedid": linkedid}).one_or_none()
        if row is not None:
            # Asked for after the lock: PostgreSQL, having waited, would join the legs of before.
            set_committed_value(row, "legs", list(session.scalars(_LEGS, {"call_id": row.id})))
            held[linkedid] = row
    return row


_LOCKED = (
    select(CallRecord)
    .where(CallRecord.linkedid == bindparam("linkedid"))
    .options(lazyload(CallRecord.legs))
    .with_for_update(of=CallRecord)
    .execution_options(populate_existing=True)
)
_LEGS = (
    select(CallLegRecord)
    .where(CallLegRecord.call_id == bindparam("call_id"))
    .order_by(CallLegRecord.id)
    .execution_options(populate_existing=True)
)


def store(session: Session, row: CallRecord, call: Call) -> None:
    """Write the call into its row and legs; `version` grows only where something changed. Not flushed: what else the
    event changes goes in the same statement."""
    changed = _assign(
        row,
        did=call.did or None,
        state=call.state.value,
        queue=call.queue,
        arrived_at=call.arrived_at,
        answered_at=call.answered_at,
        ended_at=call.ended_at,
        disposition=call.disposition.value if call.disposition else None,
        cause=call.cause,
        held=call.held,
    )
    if call.caller is not None:
        caller = call.caller
        changed |= _assign(row, caller_kind=caller.kind.value, caller_number=caller.number)
        changed |= _assign(row, caller_name=caller.name, caller_note=caller.note)
    changed |= _assign_service(session, row)
    known = {leg.uniqueid: leg for leg in row.legs}
    for leg in call.legs:
        leg_row = known.get(leg.uniqueid)
        if leg_row is None:
            seat = staff.seat_at(session, leg.extension)
            leg_row = CallLegRecord(
                uniqueid=leg.uniqueid, extension=leg.extension, employee_id=seat.employee_id if seat else None
            )
            row.legs.append(leg_row)
        changed |= _assign(
            leg_row, state=leg.state.value, rang_at=leg.rang_at, answered_at=leg.answered_at, ended_at=leg.ended_at
        )
    if changed:
        row.version += 1


def _assign(row: Base, **values: object) -> bool:
    changed = {name: value for name, value in values.items() if getattr(row, name) != value}
    for name, value in changed.items():
        setattr(row, name, value)
    return bool(changed)


def _assign_service(session: Session, row: CallRecord) -> bool:
    """The dialled number names the line and the service; a queue heard of before the number names the service."""
    with session.no_autoflush:
        if row.line_id is None and row.did:
            line = institution.line_of(session, row.did)
            if line is not None:
                return _assign(row, line_id=line.id, service_id=line.service_id)
        if row.service_id is None and row.queue:
            return _assign(row, service_id=institution.service_id_of_queue(session, row.queue))
    return False
