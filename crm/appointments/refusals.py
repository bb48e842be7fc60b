"""Somebody was first: who, and what is free instead (domain.md §11 check 10; anchors, complaint 22)."""

from collections.abc import Sequence
from datetime import datetime
from itertools import islice

from sqlalchemy.orm import Session

from callflow.slots import Slot
from crm.appointments.slots import HORIZON, free, taken
from crm.appointments.timetable import known_of
from crm.errors import RecordsError


class SlotTaken(RecordsError):
    """The time went to somebody else a moment ago. `instead`: the next free times of the same specialist."""

    def __init__(self, sentence: str, instead: Sequence[Slot]) -> None:
        super().__init__(sentence)
        self.instead = list(instead)


def refuse_taken(session: Session, employee_id: int, starts_at: datetime, at: datetime, reason: str) -> None:
    """Raise SlotTaken where the time is in the timetable and somebody has it; say nothing where it never was one."""
    known = known_of(session, [employee_id]).get(employee_id)
    if known is None or not reason.startswith("Нельзя записать"):
        return
    since = max(starts_at, at)
    busy = taken(session, [employee_id], since, since + HORIZON, at)[employee_id]
    raise SlotTaken(reason, list(islice(free(known, busy, since, at), 3)))
