"""§10.2: the psychologist is on sick leave and the family specialist stands in; the lawyer has a number outside."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from crm.demo.services import TIMEZONE
from crm.specialists import absences
from crm.specialists.tables import Specialist
from crm.staff import Employee

LAWYER_OUTSIDE = "+79070009101"
"""A party of the town who answers."""


def load_specialists(session: Session, at: datetime) -> None:
    """One outside number, one sick leave from today for six days, one leave a month ahead."""
    people = {one.login: one for one in session.scalars(select(Employee))}
    session.add(Specialist(employee_id=people["smirnova"].id, outside_number=LAWYER_OUTSIDE))
    head, today = (
        people["roshchina"],
        at.astimezone(ZoneInfo(TIMEZONE)).replace(hour=0, minute=0, second=0, microsecond=0),
    )
    for login, kind, begins, days, instead in (
        ("durnovo", "sick", 0, 6, "vorobey"),
        ("oganesyan", "leave", 30, 14, "durnovo"),
    ):
        since = today + timedelta(days=begins)
        until, substitute = since + timedelta(days=days), people[instead].id
        absences.enter(session, people[login].id, kind, since, until, substitute, head, at)
