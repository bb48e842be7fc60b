"""What people want of a transfer. The row is written here; `workers.transfers` acts, `following` writes what came of
it."""

from datetime import datetime, timedelta
from typing import Literal

from sqlalchemy.orm import Session

from callflow.call import LegState
from callflow.phone import normalise, refusal
from callflow.text import clean_text
from callflow.transfer import Kind, Reason, State
from crm import institution, staff
from crm.audit import Actor, write
from crm.base import fetch
from crm.call_tables import CallRecord
from crm.errors import Incomplete, NotFound, RecordsError
from crm.specialists.tables import Specialist
from crm.staff import Employee
from crm.transfers.holding import open_of, settle
from crm.transfers.packets import LONGEST_PACKET
from crm.transfers.tables import Transfer

Wish = Literal["complete", "join", "back"]
Answer = Literal["accepted", "later", "note"]

DISMISS = "dismiss"
"""The wish that follows from a specialist's «not now»: her telephone stops ringing."""
SILENT = timedelta(seconds=5)
"""So long after the order without a word of the exchange, the operator may give it up."""


def ask(
    session: Session,
    call_id: int,
    employee: Employee,
    *,
    kind: str,
    to_employee_id: int | None = None,
    to_number: str = "",
    packet: str = "",
    mode: Literal["demo", "live"] = "live",
    at: datetime,
    ip: str = "",
) -> Transfer:
    """Ask for the caller on `employee`'s telephone to be connected with a colleague, or with a number in town.

    A colleague without an inner number is called at the outside number that is written at her name. The same wish again
    finds the row that it made. Raises NotFound (not her call), Incomplete (whom to, which way), RecordsError (no talk,
    another transfer is going on, a number that may not be dialled, a restricted card in the packet of somebody who is
    not entitled).
    """
    call = _talk_of(session, call_id, employee)
    wanted = _kind(kind)
    to = _colleague(session, to_employee_id, employee)
    extension, number = _where(session, to, to_number, mode)
    going_on = open_of(session, call.id, lock=True)
    if going_on is not None:
        if (going_on.to_employee_id, going_on.to_number) == (to.id if to else None, number):
            return going_on
        raise RecordsError("Перевод уже идёт: сначала закончите его или вернитесь к звонящему.")
    text = clean_text(packet, LONGEST_PACKET)
    own = staff.extension_of(session, employee.id)
    transfer = Transfer(
        call_id=call.id,
        kind=wanted.value,
        state=State.REQUESTED.value,
        asked_by_id=employee.id,
        from_extension=_talking_extension(call, employee) or (own.number if own else ""),
        to_employee_id=to.id if to else None,
        to_extension=extension,
        to_number=number,
        packet=text,
        asked_at=at,
    )
    session.add(transfer)
    session.flush()
    details: dict[str, object] = {"kind": wanted.value, "to": to.id if to else "outside"}
    _audit(session, transfer, call, employee, "transfer.ask", at, ip, details)
    return transfer


def wish(  # noqa: PLR0917 - who, what, when: as in every verb
    session: Session, call_id: int, transfer_id: int, what: Wish, employee: Employee, at: datetime, *, ip: str = ""
) -> Transfer:
    """The operator wants it to go on: connect now, all three, or the caller back. Said twice, it does no harm.

    Raises NotFound (not her transfer), RecordsError where there is nobody yet to connect with, or nothing goes on any
    more.
    """
    transfer = fetch(session, Transfer, transfer_id, lock=True)
    if transfer is None or transfer.call_id != call_id or transfer.asked_by_id != employee.id:
        raise NotFound("Такого перевода нет.")
    state = State(transfer.state)
    if not state.is_open:
        raise RecordsError("Этот перевод уже закончен.")
    if what in {"complete", "join"} and state not in (State.CONSULTING, State.JOINED):
        raise RecordsError("Специалист ещё не ответил: подождите или вернитесь к звонящему.")
    is_unheard = state is State.SENT and transfer.sent_at is not None and at - transfer.sent_at > SILENT
    if what == "back" and (state is State.REQUESTED or is_unheard):
        settle(transfer, State.FAILED, at, Reason.TAKEN_BACK)
    else:
        transfer.wish, transfer.wish_sent_at = what, None
        transfer.version += 1
    call = session.get_one(CallRecord, call_id)
    _audit(session, transfer, call, employee, "transfer.wish", at, ip, {"wish": what})
    return transfer


def answer(
    session: Session, transfer_id: int, what: Answer, employee: Employee, at: datetime, *, ip: str = ""
) -> Transfer:
    """The specialist's word on her packet: «Приму», «Через 5 минут», «Записать». The last two stop her telephone, and
    the operator is told why. Raises NotFound for another's packet, RecordsError when she is talking already
    or the transfer is over.
    """
    transfer = fetch(session, Transfer, transfer_id, lock=True)
    if transfer is None or transfer.to_employee_id != employee.id:
        raise NotFound("Такого перевода нет.")
    state = State(transfer.state)
    if transfer.answer == what:
        return transfer
    if not state.is_open:
        raise RecordsError("Этот перевод уже закончен.")
    if state in (State.CONSULTING, State.JOINED):
        raise RecordsError("Вы уже говорите: скажите об этом диспетчеру.")
    transfer.answer, transfer.answered_by_packet_at = what, at
    transfer.version += 1
    if what != "accepted":
        transfer.wish, transfer.wish_sent_at = DISMISS, None
    call = session.get_one(CallRecord, transfer.call_id)
    _audit(
        session, transfer, call, employee, "packet.answer", at, ip, {"answer": "postponed" if what == "later" else what}
    )
    return transfer


def _kind(text: str) -> Kind:
    try:
        return Kind(text)
    except ValueError:
        raise Incomplete({"kind": "Выберите, как соединить."}) from None


def _talk_of(session: Session, call_id: int, employee: Employee) -> CallRecord:
    call = fetch(session, CallRecord, call_id, lock=True)
    if call is None or not any(leg.employee_id == employee.id for leg in call.legs):
        raise NotFound("Этого звонка на вашем экране уже нет.")
    if call.ended_at is not None or not _talking_extension(call, employee):
        raise RecordsError("Соединить можно только того, с кем вы говорите.")
    return call


def _talking_extension(call: CallRecord, employee: Employee) -> str:
    legs = (leg for leg in call.legs if leg.employee_id == employee.id and leg.state == LegState.TALKING)
    return next((leg.extension for leg in legs), "")


def _colleague(session: Session, employee_id: int | None, asking: Employee) -> Employee | None:
    if employee_id is None:
        return None
    to = fetch(session, Employee, employee_id)
    if to is None or not to.active:
        raise NotFound("Такого сотрудника нет.")
    if to.id == asking.id:
        raise RecordsError("Это вы сами: выберите коллегу.")
    return to


def _where(session: Session, to: Employee | None, number: str, mode: Literal["demo", "live"]) -> tuple[str, str]:
    """The extension, or the number in town, E.164."""
    if to is not None and not number:
        extension = staff.extension_of(session, to.id)
        if extension is not None:
            return extension.number, ""
        known = session.get(Specialist, to.id)
        number = known.outside_number if known else ""
        if not number:
            raise RecordsError("У сотрудника нет телефона: внутренний номер заводит администратор.")
    if not number:
        raise Incomplete({"to_number": "Выберите, с кем соединить, или введите номер."})
    code = institution.area_code(session)
    why = refusal(
        found if (found := normalise(number, code)) else number, mode=mode, own_dids=institution.dids(session)
    )
    if why is not None or found is None:
        raise Incomplete({"to_number": why or "Это не номер телефона."})
    return "", found.e164


def _audit(  # noqa: PLR0917 - who, what, when: as in every verb
    session: Session,
    transfer: Transfer,
    call: CallRecord,
    employee: Employee,
    action: str,
    at: datetime,
    ip: str,
    details: dict[str, object],
) -> None:
    write(
        session,
        Actor.of(employee, ip),
        action,
        subject="call",
        subject_id=call.id,
        family_id=call.family_id,
        details={"transfer": transfer.id, **details},
        at=at,
    )
