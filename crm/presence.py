"""Whether an operator takes calls: ready, on a break, writing up the last call, or not here.

The row is what the operator wants; `desired_pauses` is what the exchange must therefore do; the listener brings the two
together.
"""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, select
from sqlalchemy.orm import Mapped, Session, mapped_column, object_session

from crm.base import Base
from crm.service_report import wrapups
from crm.staff import Employee, EmployeeService, Extension
from crm.upsert import insert_missing


class PresenceState(StrEnum):
    """The four states of an operator."""

    READY = "ready"
    BREAK = "break"
    WRAPUP = "wrapup"
    OFFLINE = "offline"

    @property
    def title(self) -> str:  # type: ignore[override]  # as staff.Role
        """The state in the workplace's words."""
        return {"ready": "готов", "break": "перерыв", "wrapup": "обработка", "offline": "не на линии"}[self.value]


class Presence(Base):
    """One operator's state. `resume_*` is what follows the wrap-up: a break asked for in a talk begins after it.

    `call_id` is the call whose wrap-up it is; of an operator who has left the line, the one that she has not finished.
    """

    __tablename__ = "presence"

    employee_id: Mapped[int] = mapped_column(ForeignKey("employee.id"), primary_key=True, autoincrement=False)
    state: Mapped[str]
    reason: Mapped[str] = mapped_column(default="")
    since: Mapped[datetime]
    call_id: Mapped[int | None] = mapped_column(ForeignKey("call_record.id"))
    resume_state: Mapped[str] = mapped_column(default=PresenceState.READY.value)
    resume_reason: Mapped[str] = mapped_column(default="")
    version: Mapped[int] = mapped_column(default=1)


def presence_of(session: Session, employee_id: int, at: datetime) -> Presence:
    """Return the operator's row, made as "offline" the first time, and hold it until the transaction ends."""
    held = session.get(Presence, employee_id, with_for_update=True, populate_existing=True)
    if held is not None:
        return held
    # Made first and read after: of two who make it at once, one waits for the other here.
    insert_missing(
        session,
        Presence,
        {"employee_id": employee_id, "state": PresenceState.OFFLINE.value, "since": at},
        ["employee_id"],
    )
    return session.get_one(Presence, employee_id, with_for_update=True, populate_existing=True)


def _move(presence: Presence, state: PresenceState, reason: str, at: datetime, call_id: int | None = None) -> Presence:
    if (presence.state, presence.reason, presence.call_id) != (state.value, reason, call_id):
        _note_wrapup(presence, state, at, call_id)
        presence.state, presence.reason, presence.call_id = state.value, reason, call_id
        presence.since = at
        presence.version += 1
    return presence


def _note_wrapup(presence: Presence, state: PresenceState, at: datetime, call_id: int | None) -> None:
    """How long wrap-ups take is reported later (`crm.service_report`)."""
    session = object_session(presence)
    if session is None:
        return
    if presence.state == PresenceState.WRAPUP:
        wrapups.ended(session, presence.employee_id, at)
    if state is PresenceState.WRAPUP:
        wrapups.began(session, presence.employee_id, call_id, at)


def set_ready(session: Session, employee_id: int, at: datetime) -> Presence:
    """The operator takes calls from now on; during a wrap-up, from its end on."""
    presence = presence_of(session, employee_id, at)
    presence.resume_state, presence.resume_reason = PresenceState.READY.value, ""
    if presence.state == PresenceState.WRAPUP:
        return presence
    if presence.call_id is not None:
        return _back_to_wrapup(presence, at)
    return _move(presence, PresenceState.READY, "", at)


def start_break(session: Session, employee_id: int, reason: str, at: datetime) -> Presence:
    """The operator takes no calls; `reason` is shown to the head. During a wrap-up the break follows it."""
    presence = presence_of(session, employee_id, at)
    presence.resume_state, presence.resume_reason = PresenceState.BREAK.value, reason
    if presence.state == PresenceState.WRAPUP:
        return presence
    if presence.call_id is not None:
        return _back_to_wrapup(presence, at)
    return _move(presence, PresenceState.BREAK, reason, at)


def start_wrapup(session: Session, employee_id: int, call_id: int, at: datetime, *, own_call: bool = False) -> Presence:
    """The talk is over and its journal row is to be written; by whoever signed out meanwhile, when she is back.

    `own_call`: she has made it herself. That is done off the line too: she writes it up at once and stays off the line.
    """
    presence = presence_of(session, employee_id, at)
    if presence.state == PresenceState.OFFLINE and own_call:
        presence.resume_state, presence.resume_reason = PresenceState.OFFLINE.value, ""
    elif presence.state == PresenceState.OFFLINE:
        return _move(presence, PresenceState.OFFLINE, "", presence.since, call_id)
    return _move(presence, PresenceState.WRAPUP, "", at, call_id)


def end_wrapup(session: Session, employee_id: int, at: datetime, call_id: int | None = None) -> Presence:
    """The journal row is written: back to what was wanted before. With `call_id`, only if it is that call's wrap-up."""
    presence = presence_of(session, employee_id, at)
    if presence.state != PresenceState.WRAPUP or (call_id is not None and presence.call_id != call_id):
        return presence
    return _move(presence, PresenceState(presence.resume_state), presence.resume_reason, at)


def go_offline(session: Session, employee_id: int, at: datetime) -> Presence:
    """The operator leaves; whoever comes back says «готов» again, and finds the wrap-up that she left unfinished."""
    presence = presence_of(session, employee_id, at)
    presence.resume_state, presence.resume_reason = PresenceState.READY.value, ""
    return _move(presence, PresenceState.OFFLINE, "", at, presence.call_id)


def _back_to_wrapup(presence: Presence, at: datetime) -> Presence:
    """Leaving the line does not finish a call: its row is still to be written, and no next call comes before that."""
    return _move(presence, PresenceState.WRAPUP, "", at, presence.call_id)


def desired_pauses(session: Session) -> dict[str, tuple[bool, str]]:
    """Return for each operator's extension whether the queue must pause it, and why ("" when it must not).

    Nobody is rung who did not say «готов»: no row means offline, offline means paused, registered desk phone or not.
    """
    statement = (
        select(Extension.number, Presence.state, Presence.reason)
        .join(Employee, Employee.id == Extension.employee_id)
        .outerjoin(Presence, Presence.employee_id == Employee.id)
        .where(Employee.active, Employee.id.in_(select(EmployeeService.employee_id)))
        .order_by(Extension.number)
    )
    pauses: dict[str, tuple[bool, str]] = {}
    for number, stored, reason in session.execute(statement):
        state = stored or PresenceState.OFFLINE.value
        ready = state == PresenceState.READY.value
        pauses[number] = (not ready, "" if ready else f"{state}: {reason}" if reason else state)
    return pauses


def end_wrapups_of(session: Session, call_id: int, at: datetime) -> list[int]:
    """The call's journal row is saved: whoever is in its wrap-up is free; return who. Whoever left it has none left."""
    left = select(Presence.employee_id).where(
        Presence.call_id == call_id, Presence.state == PresenceState.OFFLINE.value
    )
    for employee_id in list(session.scalars(left.order_by(Presence.employee_id))):
        _move(presence_of(session, employee_id, at), PresenceState.OFFLINE, "", at)
    in_wrapup = select(Presence.employee_id).where(
        Presence.call_id == call_id, Presence.state == PresenceState.WRAPUP.value
    )
    freed = list(session.scalars(in_wrapup.order_by(Presence.employee_id)))
    for employee_id in freed:
        end_wrapup(session, employee_id, at, call_id)
    return freed
