"""Whose turn it is in the human list: what she holds, else the most urgent that she has not just passed over."""

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from crm.dialler.tables import DialEvent
from crm.reminders import human_list
from crm.reminders.human_list import Item
from crm.staff import Employee

PASSED_OVER_FOR = timedelta(minutes=30)
"""So long the one she skipped is not put before her again; the others see it at once."""


def held(session: Session, employee: Employee, at: datetime) -> Item | None:
    """The one that she works on."""
    return next((one for one in human_list.items(session, employee, at) if one.mine), None)


def next_up(session: Session, employee: Employee, at: datetime) -> Item | None:
    """The next family to call; None where nobody is left for her now."""
    found = human_list.items(session, employee, at)
    passed = passed_over(session, employee, at)
    mine = next((one for one in found if one.mine), None)
    return mine or next((one for one in found if one.holder is None and one.task.id not in passed), None)


def passed_over(session: Session, employee: Employee, at: datetime) -> set[int]:
    """Tasks that she has skipped a short while ago."""
    skipped = select(DialEvent.task_id).where(
        DialEvent.employee_id == employee.id, DialEvent.what == "skipped", DialEvent.at > at - PASSED_OVER_FOR
    )
    return set(session.scalars(skipped))
