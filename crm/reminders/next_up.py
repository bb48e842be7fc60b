"""Whose turn it is in the human list: what she holds, else the most urgent that she has not just passed over."""

from datetime import datetime

from sqlalchemy.orm import Session

from crm.dialler import by_person
from crm.reminders import human_list
from crm.reminders.human_list import Item
from crm.staff import Employee


def held(session: Session, employee: Employee, at: datetime) -> Item | None:
    """The one that she works on."""
    return next((one for one in human_list.items(session, employee, at) if one.mine), None)


def next_up(session: Session, employee: Employee, at: datetime) -> Item | None:
    """The next family to call; None where nobody is left for her now."""
    found = human_list.items(session, employee, at)
    passed = by_person.passed_over(session, employee, at)
    mine = next((one for one in found if one.mine), None)
    return mine or next((one for one in found if one.holder is None and one.task.id not in passed), None)
