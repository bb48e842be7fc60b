"""Who told us: the only place that reads `TipInformant` for a page, and every look is in the audit log (§4.1)."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from crm.errors import NotFound
from crm.staff import Employee
from crm.tips.access import SEE_ALL, fetch_tip
from crm.tips.log import log
from crm.tips.tables import TipInformant, TipReport


@dataclass(frozen=True)
class Informant:
    """One informant for the page."""

    at: datetime
    name: str
    organisation: str
    phone: str
    stays_unknown: bool


def may_see(employee: Employee, taken_by_id: int) -> bool:
    """Whoever took it down, the head, the director."""
    return employee.role in SEE_ALL or employee.id == taken_by_id


def shown(session: Session, tip_id: int, employee: Employee, at: datetime, *, ip: str = "") -> dict[int, Informant]:
    """The informants that this person may know, by report, and log that she looked. Raises NotFound where there is
    none for her.
    """
    tip = fetch_tip(session, tip_id, employee)
    statement = select(TipReport, TipInformant).join(TipInformant, TipInformant.report_id == TipReport.id)
    found = {
        report.id: Informant(report.at, one.name, one.organisation, one.phone, one.stays_unknown)
        for report, one in session.execute(statement.where(TipReport.tip_id == tip.id).order_by(TipReport.id))
        if may_see(employee, report.taken_by_id)
    }
    if not found:
        raise NotFound("Кто сообщил, знают принявший информацию, заведующий и директор.")
    log(session, "tip.informant", tip, employee, at, ip, informants=len(found))
    return found
