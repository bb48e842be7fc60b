"""Whose turn it is in the human list: what she holds, else the most urgent that she may call and did not pass over."""

from datetime import datetime
from typing import Literal

from sqlalchemy.orm import Session

from callflow.dialler.rules import Live
from crm.dialler import by_person
from crm.reminders import human_list
from crm.reminders.human_list import Item
from crm.staff import Employee


def held(session: Session, employee: Employee, at: datetime) -> Item | None:
    """The one that she works on."""
    return next((one for one in human_list.items(session, employee, at) if one.mine), None)


def next_up(
    session: Session, employee: Employee, at: datetime, live: Live, *, mode: Literal["demo", "live"]
) -> Item | None:
    """The next family to call, one that may be called at this minute first; None where nobody is left for her now."""
    found = human_list.items(session, employee, at)
    mine = next((one for one in found if one.mine), None)
    if mine is not None:
        return mine
    passed = by_person.passed_over(session, employee, at)
    free = {one.task: one for one in found if one.holder is None and one.task.id not in passed}
    first = next(by_person.ready_first(session, [*free], at, lambda _: live, mode=mode), None)
    return free[first] if first is not None else None
