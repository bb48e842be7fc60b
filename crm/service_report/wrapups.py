"""How long wrap-ups take: written down when one begins and ends, for presence itself knows only the present."""

from datetime import datetime

from sqlalchemy import update
from sqlalchemy.orm import Session

from crm.service_report.tables import WrapUp
from crm.upsert import insert_missing


def began(session: Session, employee_id: int, call_id: int | None, at: datetime) -> None:
    """Her wrap-up of this call begins; a call may have several, when she was called away from it."""
    if call_id is not None:
        values = {"employee_id": employee_id, "call_id": call_id, "began_at": at}
        insert_missing(session, WrapUp, values, ["employee_id", "began_at"])


def ended(session: Session, employee_id: int, at: datetime) -> None:
    """She has written the call up, or left it."""
    statement = update(WrapUp).where(WrapUp.employee_id == employee_id, WrapUp.ended_at.is_(None))
    session.execute(statement.values(ended_at=at), execution_options={"synchronize_session": False})
