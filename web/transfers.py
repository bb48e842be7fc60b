"""What the page «Соединить» needs: whom with, by which telephone, and what the packet says so far."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from callflow.call import LegState
from crm import calls, journal, staff
from crm.base import fetch
from crm.call_tables import CallRecord
from crm.errors import NotFound
from crm.masked import MaskedFamily
from crm.specialists import reading
from crm.specialists.tables import Specialist
from crm.staff import Employee
from crm.transfers import packets
from web import specialists
from web.access import Visitor
from web.specialists import Colleague
from web.workplace import own_leg


@dataclass(frozen=True)
class Connecting:
    """`to` None: a number that is typed in. `hidden`: there is a restricted card that she may not see."""

    call: CallRecord
    to: Employee | None
    extension: str
    outside_number: str
    who: MaskedFamily | None
    packet: str
    hidden: bool


def connecting(
    session: Session, visitor: Visitor, call_id: int, employee_id: int | None, *, talking: bool = False
) -> Connecting:
    """Gather the page. Raises NotFound for a call that is not on this person's screen, and for nobody's name; with
    `talking`, also for a talk that is over.
    """
    call = calls.current_call(session, visitor.id)
    if call is None or call.id != call_id:
        raise NotFound("Этого звонка на вашем экране уже нет.")
    leg = own_leg(call, visitor.id)
    if talking and (leg is None or leg.state != LegState.TALKING):
        raise NotFound("Разговор закончен: соединять некого. Запись о звонке открыта на рабочем месте.")
    to = fetch(session, Employee, employee_id) if employee_id is not None else None
    if employee_id is not None and (to is None or not to.active or to.id == visitor.id):
        raise NotFound("Такого сотрудника нет.")
    extension = staff.extension_of(session, to.id) if to else None
    known = session.get(Specialist, to.id) if to else None
    return Connecting(
        call=call,
        to=to,
        extension=extension.number if extension else "",
        outside_number=known.outside_number if known else "",
        who=packets.who(session, call, visitor.employee),
        packet=packets.suggested(session, call, journal.entry_of_call(session, call.id), to),
        hidden=to is not None and not packets.may_know(session, call, to),
    )


def reachable(session: Session, visitor: Visitor, at: datetime) -> list[reading.SpecialistLine | Colleague]:
    """Whom one can connect with: specialists first, as on the workplace; only those whose telephone would ring."""
    found: list[reading.SpecialistLine | Colleague] = []
    found += [one for one in reading.specialists(session, visitor.employee, at) if one.rings]
    found += [one for one in specialists.colleagues(session, visitor, at) if one.extension]
    return found
