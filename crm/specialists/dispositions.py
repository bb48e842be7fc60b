"""With what a call ends for its operator: the head's own list, and the only way out of a wrap-up beside saving the row.

Complaint 15 (`anchors.md`): nothing here ends by itself. The next call comes in when the row is saved (`crm.journal`)
or when a disposition is chosen (`finish`); leaving the line or signing out and in again leads back to the same wrap-up.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, exists, func, select
from sqlalchemy.orm import Session

from callflow.text import clean_line, search_key
from crm import presence
from crm.audit import Actor, write
from crm.base import fetch
from crm.call_tables import CallRecord
from crm.errors import Incomplete, NotFound, RecordsError
from crm.journal_tables import JournalEntry
from crm.presence import PresenceState
from crm.specialists import ordering
from crm.specialists.seed import CONSULTED, RECORDED
from crm.specialists.tables import CallDisposition, CallFinish, Consultation
from crm.staff import Employee, Role
from crm.upsert import insert_missing

_CHOOSE = "Выберите, чем закончился звонок, или сохраните обращение."


def offered(session: Session) -> Sequence[CallDisposition]:
    """What an operator may finish with when there is no row to save, in the head's order."""
    statement = select(CallDisposition).where(CallDisposition.active, CallDisposition.needs_entry.is_(False))
    return session.scalars(statement.order_by(CallDisposition.position, CallDisposition.id)).all()


def every(session: Session) -> Sequence[CallDisposition]:
    """All of them, those switched off too, in the head's order."""
    return session.scalars(select(CallDisposition).order_by(CallDisposition.position, CallDisposition.id)).all()


def finish(
    session: Session, call_id: int, disposition_id: int | None, employee: Employee, at: datetime, *, ip: str = ""
) -> CallFinish:
    """End the operator's wrap-up of this call without a journal row. The same again changes nothing.

    What was typed stays: among her drafts if the disposition says so, else with the call. Raises NotFound where it is
    not her wrap-up, Incomplete without a disposition that may be chosen, RecordsError while the talk goes on.
    """
    chosen = fetch(session, CallDisposition, disposition_id or 0)
    now = presence.presence_of(session, employee.id, at)
    if now.state != PresenceState.WRAPUP or now.call_id != call_id:
        done = fetch(session, CallFinish, call_id) if chosen else None
        if done is not None and (done.employee_id, done.disposition_id) == (employee.id, disposition_id):
            return done
        if _talks(session, call_id, employee.id):
            raise RecordsError("Разговор ещё идёт: закончите его, потом выберите, чем он закончился.")
        raise NotFound("Этого звонка на вашем экране уже нет.")
    if chosen is None or not chosen.active:
        raise Incomplete({"disposition": _CHOOSE})
    if chosen.needs_entry:
        raise Incomplete({"disposition": f"«{chosen.title}»: для этого сохраните обращение в журнал."})
    finished = _write(session, call_id, chosen, employee, at)
    presence.end_wrapup(session, employee.id, at, call_id)
    call = session.get(CallRecord, call_id)
    write(session, Actor.of(employee, ip), "wrapup.without_entry", subject="call", subject_id=call_id,
          family_id=call.family_id if call else None, details={"disposition": chosen.id}, at=at)  # fmt: skip
    return finished


def note_saved(session: Session, entry: JournalEntry, employee: Employee, at: datetime) -> None:
    """The call's row stands in the journal: its disposition follows from it, whatever was chosen before."""
    if entry.call_id is None:
        return
    advised = session.scalar(select(exists().where(Consultation.entry_id == entry.id)))
    code = CONSULTED if advised or entry.progress == "consulted" else RECORDED
    disposition = session.scalars(select(CallDisposition).where(CallDisposition.code == code)).one()
    _write(session, entry.call_id, disposition, employee, at)


@dataclass(frozen=True)
class FinishedCall:
    """A call that its operator finished without a journal row. `entry_id`: the draft that waits with it."""

    call_id: int
    arrived_at: datetime
    at: datetime
    operator: str
    disposition: str
    entry_id: int | None
    is_own: bool


def finished_without_entry(session: Session, viewer: Employee, limit: int = 100) -> list[FinishedCall]:
    """The newest calls finished without a row: the head's and the director's all, an operator's own. Nothing of the
    caller is in it.
    """
    statement = (
        select(CallFinish, CallDisposition.title, CallRecord.arrived_at, Employee, JournalEntry.id)
        .join(CallDisposition, CallDisposition.id == CallFinish.disposition_id)
        .join(CallRecord, CallRecord.id == CallFinish.call_id)
        .join(Employee, Employee.id == CallFinish.employee_id)
        .outerjoin(JournalEntry, JournalEntry.call_id == CallFinish.call_id)
        .where(CallDisposition.needs_entry.is_(False))
    )
    if viewer.role not in (Role.HEAD.value, Role.DIRECTOR.value):
        statement = statement.where(CallFinish.employee_id == viewer.id)
    rows = session.execute(statement.order_by(CallFinish.at.desc(), CallFinish.call_id.desc()).limit(limit))
    return [
        FinishedCall(done.call_id, arrived, done.at, who.short_name, title, entry_id, who.id == viewer.id)
        for done, title, arrived, who, entry_id in rows
    ]


def is_set_aside(call_id: Any) -> ColumnElement[bool]:
    """The condition on a column of call ids: the call was finished without a row, and its draft does not wait."""
    set_aside = exists().where(CallFinish.call_id == call_id, CallDisposition.id == CallFinish.disposition_id)
    return set_aside.where(CallDisposition.needs_entry.is_(False), CallDisposition.keeps_draft.is_(False))


def of_call(session: Session, call_id: int) -> CallDisposition | None:
    """With what the call was finished; None: it is not yet."""
    done = session.get(CallFinish, call_id)
    return session.get(CallDisposition, done.disposition_id) if done else None


def save(
    session: Session,
    disposition_id: int | None,
    title: str,
    employee: Employee,
    at: datetime,
    *,
    keeps_draft: bool = False,
    active: bool = True,
    ip: str = "",
) -> CallDisposition:
    """Add a disposition (`disposition_id` None) or change one. Raises Incomplete by field, NotFound, RecordsError.

    The two that follow from a saved row are renamed at will and never switched off; one that can be chosen must stay.
    """
    words = clean_line(title, 120)
    if not words:
        raise Incomplete({"title": "Заполните это поле."})
    known = list(session.scalars(select(CallDisposition).order_by(CallDisposition.id).with_for_update()))
    row = next((one for one in known if one.id == disposition_id), None)
    if disposition_id is not None and row is None:
        raise NotFound("Такой строки нет.")
    alike = next((one for one in known if search_key(one.title) == search_key(words) and one is not row), None)
    if alike is not None:
        if row is None and (alike.keeps_draft, alike.active) == (keeps_draft, active):
            return alike  # the same form sent twice
        raise Incomplete({"title": "Такая строка уже есть."})
    if row is not None and not active:
        _check_removal(row, known)
    if row is None:
        last = session.scalar(select(func.max(CallDisposition.position))) or 0
        row = CallDisposition(position=last + 10, needs_entry=False)
        session.add(row)
    row.title, row.active = words, active
    row.keeps_draft = keeps_draft and not row.needs_entry
    session.flush()
    write(session, Actor.of(employee, ip), "disposition.save", subject="call_disposition", subject_id=row.id,
          at=at)  # fmt: skip
    return row


def move(session: Session, disposition_id: int, employee: Employee, at: datetime, *, up: bool, ip: str = "") -> None:
    """One place up or down. Raises NotFound."""
    if ordering.move(every(session), disposition_id, up=up, missing="Такой строки нет."):
        actor = Actor.of(employee, ip)
        write(session, actor, "disposition.save", subject="call_disposition", subject_id=disposition_id, at=at)


def _check_removal(row: CallDisposition, known: Sequence[CallDisposition]) -> None:
    if row.needs_entry:
        raise RecordsError("Эту строку ставит сама программа, когда обращение сохранено: выключить её нельзя.")
    if not any(one.active and not one.needs_entry and one is not row for one in known):
        raise RecordsError("Хотя бы одна строка должна остаться: иначе обработку звонка нечем закончить.")


def _write(
    session: Session, call_id: int, disposition: CallDisposition, employee: Employee, at: datetime
) -> CallFinish:
    values = {"call_id": call_id, "disposition_id": disposition.id, "employee_id": employee.id, "at": at}
    if not insert_missing(session, CallFinish, values, ["call_id"]):
        row = session.get_one(CallFinish, call_id, with_for_update=True, populate_existing=True)
        row.disposition_id, row.employee_id, row.at = disposition.id, employee.id, at
    session.flush()
    return session.get_one(CallFinish, call_id)


def _talks(session: Session, call_id: int, employee_id: int) -> bool:
    call = fetch(session, CallRecord, call_id)
    return call is not None and any(leg.employee_id == employee_id and leg.ended_at is None for leg in call.legs)
