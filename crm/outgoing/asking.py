"""An operator asks for a call: the order's row and the call's, written before anything is dialled."""

from datetime import datetime, timedelta
from typing import Literal
from uuid import uuid4

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from callflow.call import CallState, Direction
from callflow.caller_id import CallerKind
from callflow.identity import IdentityLevel
from callflow.outgoing import OrderState, Result
from callflow.phone import refusal
from callflow.text import clean_line
from crm import institution, staff
from crm.audit import Actor, write
from crm.base import fetch
from crm.call_tables import CallLegRecord, CallRecord
from crm.dialler.changing import one_at_a_time
from crm.dialler.tables import DialAttempt, still_there
from crm.errors import Incomplete, NotFound, RecordsError
from crm.missed import dialling
from crm.missed.claiming import Claimed, claim
from crm.outgoing.settling import settle
from crm.outgoing.tables import OutgoingCall
from crm.outgoing.target import Target, find
from crm.staff import Employee

CHANNEL_PREFIX = "out-"
REFUSED = "Просили не звонить: звоним только по срочному делу."
TWICE = timedelta(seconds=3)
"""A second click so soon is the same click, even when the call it asked for has already failed."""


def ask(
    session: Session,
    employee: Employee,
    *,
    number: str = "",
    phone_id: int | None = None,
    family_id: int | None = None,
    person_id: int | None = None,
    missed_id: int | None = None,
    task_id: int | None = None,
    purpose: str = "",
    reason: str = "",
    mode: Literal["demo", "live"] = "demo",
    at: datetime,
    ip: str = "",
) -> OutgoingCall:
    """Write the order to call `number` (as somebody wrote it) or the telephone `phone_id` of a card.

    The same click again returns the order it has made. `reason` is needed at an hour when the family asked not to be
    called. A row of the missed calls is claimed for her (`crm.missed`); `task_id` is the task of the human list whose
    rules the caller has asked (`crm.reminders.calling`). The robot never calls the same number beside her. `mode` as in
    the settings: in demo only the invented town is called (domain.md §10.6). After the commit the page wakes the clerk
    (`Wake.ORDER`). Raises RecordsError with the sentence, Incomplete (person_id, reason), NotFound.
    """
    target = find(session, employee, at, number=number, phone_id=phone_id, family_id=family_id, person_id=person_id)
    refused = refusal(target.number, mode=mode, own_dids=institution.dids(session))
    if refused is not None:
        raise RecordsError(refused)
    extension = staff.extension_of(session, employee.id)
    if extension is None:
        raise RecordsError("У вас нет внутреннего номера: попросите администратора его завести.")
    if (same := _just_asked(session, employee, target.number, at)) is not None:
        return same
    if problems := unsaid(target, reason):
        raise Incomplete(problems)
    one_at_a_time(session)
    _nobody_talks(session, employee, target.number)
    missed_id = _claimed(session, employee, target, missed_id, reason, at, ip)
    line = _line(session, employee)
    order = _insert(
        session,
        {
            "channel_id": f"{CHANNEL_PREFIX}{uuid4().hex}",
            "employee_id": employee.id,
            "extension": extension.number,
            "number": target.number,
            "shown_number": line.did if line else "",
            "family_id": target.family.id if target.family else None,
            "person_id": target.person.id if target.person else None,
            "missed_id": missed_id,
            "task_id": task_id,
            "purpose": clean_line(purpose, 200),
            "reason": clean_line(reason, 200),
            "state": OrderState.REQUESTED.value,
            "requested_at": at,
            "changed_at": at,
        },
    )
    if order is None:
        return _who_was_first(session, employee, target.number)
    order.call_id = _record(session, order, line, at).id
    write(
        session,
        Actor.of(employee, ip),
        "outgoing.ask",
        subject="outgoing_call",
        subject_id=order.id,
        family_id=order.family_id,
        details={
            **({} if target.welcome or target.refused else {"outside": "да"}),
            **({"despite": "да"} if target.refused else {}),
            **({"missed": missed_id} if missed_id is not None else {}),
            **({"task": task_id} if task_id is not None else {}),
        },
        at=at,
    )
    session.flush()
    return order


def hang_up(session: Session, order_id: int, employee: Employee, at: datetime, *, ip: str = "") -> OutgoingCall:
    """End one's own call from the page; one that the exchange was not told of yet ends at once.

    Raises NotFound for somebody else's.
    """
    order = fetch(session, OutgoingCall, order_id, lock=True)
    if order is None or order.employee_id != employee.id:
        raise NotFound("Такого звонка нет.")
    if not order.live or order.hangup_asked_at is not None:
        return order
    order.hangup_asked_at = at
    write(session, Actor.of(employee, ip), "outgoing.hang_up", subject="outgoing_call", subject_id=order.id,
          family_id=order.family_id, at=at)  # fmt: skip
    if order.state == OrderState.REQUESTED:
        settle(session, order, Result.CANCELLED, at)
    session.flush()
    return order


def unsaid(target: Target, reason: str) -> dict[str, str]:
    """What the operator still has to say before this call, by the form's field."""
    problems = {}
    if target.must_choose:
        problems["person_id"] = "Номер общий: выберите, кому звоните."
    if not target.welcome and not clean_line(reason, 200):
        when = REFUSED if target.refused else f"Семья просит звонить {target.hours}."
        problems["reason"] = f"{when} Напишите, почему звоните сейчас."
    return problems


def _claimed(  # noqa: PLR0917 - who, whom, why, when
    session: Session, employee: Employee, target: Target, missed_id: int | None, reason: str, at: datetime, ip: str
) -> int | None:
    """The row of the missed calls that this call answers, taken by her: that of the list, or the one of this family.

    A colleague who is calling back just now must not call beside her; with a reason she takes over.
    """
    if missed_id is None:
        family_id = target.family.id if target.family else None
        missed_id = dialling.owed(session, staff.service_ids_of(session, employee.id), target.number, family_id)
    if missed_id is None:
        return None
    try:
        claim(session, missed_id, employee, at, reason=reason, ip=ip)
    except Claimed as taken:
        raise Incomplete({"reason": f"{taken.why_not} Напишите, почему звоните вместо."}) from None
    return missed_id


def _just_asked(session: Session, employee: Employee, number: str, at: datetime) -> OutgoingCall | None:
    statement = (
        select(OutgoingCall)
        .where(OutgoingCall.employee_id == employee.id, OutgoingCall.number == number)
        .order_by(OutgoingCall.requested_at.desc(), OutgoingCall.id.desc())
        .limit(1)
    )
    last = session.scalars(statement).first()
    if last is not None and (last.live or at - last.requested_at < TWICE):
        return last
    return None


def _nobody_talks(session: Session, employee: Employee, number: str) -> None:
    """She is free, and whoever has the number is not on the line with us already."""
    own = (
        select(CallLegRecord.id)
        .join(CallRecord, CallRecord.id == CallLegRecord.call_id)
        .where(
            CallLegRecord.employee_id == employee.id, CallLegRecord.ended_at.is_(None), CallRecord.ended_at.is_(None)
        )
    )
    if session.scalars(own).first() is not None:
        raise RecordsError("Сначала закончите идущий разговор, потом звоните.")
    robot = select(DialAttempt.id).where(DialAttempt.number == number, still_there())
    if session.scalars(robot).first() is not None:
        raise RecordsError("На этот номер сейчас звонит робот: подождите минуту.")
    theirs = select(CallRecord).where(CallRecord.ended_at.is_(None), CallRecord.caller_number == number)
    theirs = theirs.where(CallRecord.direction == Direction.INBOUND.value)
    if (call := session.scalars(theirs).first()) is not None:
        who = session.get(Employee, call.employee_id) if call.employee_id else None
        raise RecordsError(
            f"С этого номера сейчас звонят нам: разговаривает {who.short_name}."
            if who
            else "С этого номера сейчас звонят нам: ответьте на звонок в очереди."
        )


def _insert(session: Session, values: dict[str, object]) -> OutgoingCall | None:
    """The row, or None where her, or somebody else's, call to this number is not over: the database decides (I5)."""
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    statement = insert(OutgoingCall).values(**values).on_conflict_do_nothing().returning(OutgoingCall.id)
    made = session.connection().execute(statement).scalar_one_or_none()
    return None if made is None else session.get_one(OutgoingCall, made)


def _who_was_first(session: Session, employee: Employee, number: str) -> OutgoingCall:
    live = select(OutgoingCall).where(OutgoingCall.live).execution_options(populate_existing=True)
    own = session.scalars(live.where(OutgoingCall.employee_id == employee.id)).first()
    if own is not None and own.number == number:
        return own
    if own is not None:
        raise RecordsError("Вы уже звоните: закончите этот звонок, потом начинайте новый.")
    theirs = session.scalars(live.where(OutgoingCall.number == number)).first()
    if theirs is not None:
        who = session.get_one(Employee, theirs.employee_id)
        raise RecordsError(f"На этот номер сейчас звонит {who.short_name}.")
    raise RecordsError("Звонок только что закончился. Нажмите «Позвонить» ещё раз.")


def _record(session: Session, order: OutgoingCall, line: institution.Line | None, at: datetime) -> CallRecord:
    """The call as workplace, journal and report know it. A number dialled is known as well as one that calls."""
    call = CallRecord(
        linkedid=order.channel_id,
        service_id=line.service_id if line else None,
        line_id=line.id if line else None,
        did=line.did if line else None,
        direction=Direction.OUTBOUND.value,
        state=CallState.ARRIVED.value,
        caller_kind=CallerKind.NUMBER.value,
        caller_number=order.number,
        arrived_at=at,
        person_id=order.person_id,
        family_id=order.family_id,
        identity_level=(IdentityLevel.CALLER_NUMBER if order.person_id else IdentityLevel.UNKNOWN).value,
        employee_id=order.employee_id,
    )
    session.add(call)
    session.flush()
    return call


def _line(session: Session, employee: Employee) -> institution.Line | None:
    """The number of ours that the family sees: of her own main service, else of the first one."""
    lines = institution.active_lines(session)
    own = list(staff.service_ids_of(session, employee.id))
    return min(lines, key=lambda line: own.index(line.service_id) if line.service_id in own else len(own), default=None)
