"""After our own downtime: which of the calls that the exchange's files tell of did the records never hear of."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from crm.call_tables import CallRecord
from crm.staff import Employee

CHUNK = 500
"""Names in one question: engines allow some thousands of parameters."""


def unheard(session: Session, arrivals: Mapping[str, datetime]) -> dict[str, datetime]:
    """Return those of `arrivals` (linkedid → when) without a record: they came and went while nobody listened.

    Nothing from before this database had its first account: those are another installation's calls.
    """
    born = session.scalar(select(func.min(Employee.created_at)))
    names = [name for name, at in arrivals.items() if born is not None and at >= born]
    known: set[str] = set()
    for start in range(0, len(names), CHUNK):
        some = names[start : start + CHUNK]
        known.update(session.scalars(select(CallRecord.linkedid).where(CallRecord.linkedid.in_(some))))
    return {name: arrivals[name] for name in names if name not in known}
