"""Attempts to reach the family: who, when, with what result. They do not stop the clock; only a talk does (§6.3)."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import ColumnElement, exists, func, or_, select
from sqlalchemy.orm import Session

from callflow.outgoing import Result
from callflow.text import clean_line, clean_text
from crm.errors import Incomplete, RecordsError
from crm.outgoing.tables import OutgoingCall
from crm.staff import Employee
from crm.tips.access import working
from crm.tips.log import log
from crm.tips.rules import BY_HAND
from crm.tips.tables import Tip, TipAttempt
from crm.upsert import insert_missing

_TRIED = [one.value for one in Result if one.number_rang or one is Result.ANSWERED]
"""The number itself was called, whoever took it: an order that ended before is no attempt."""


class Tried(NamedTuple):
    """One attempt with its order, if it was a call of ours."""

    row: TipAttempt
    order: OutgoingCall | None

    @property
    def counts(self) -> bool:
        """Whether it is one of the three."""
        return bool(self.row.result) or (self.order is not None and self.order.result in _TRIED)

    @property
    def words(self) -> str:
        """What came of it."""
        if self.order is None:
            return BY_HAND.get(self.row.result, self.row.result)
        return self.order.result_words if not self.order.live else "звоним сейчас"


def _counts() -> ColumnElement[bool]:
    order = exists().where(OutgoingCall.id == TipAttempt.order_id, OutgoingCall.result.in_(_TRIED))
    return or_(TipAttempt.result != "", order)


def was_tried() -> ColumnElement[bool]:
    """The condition on `Tip`: at least one attempt was made."""
    return exists().where(TipAttempt.tip_id == Tip.id, _counts())


def numbers_of(session: Session, tip_ids: Sequence[int]) -> dict[int, int]:
    """How many attempts count, by tip."""
    statement = select(TipAttempt.tip_id, func.count()).where(TipAttempt.tip_id.in_(tip_ids), _counts())
    return {row[0]: row[1] for row in session.execute(statement.group_by(TipAttempt.tip_id))}


def of_tip(session: Session, tip_id: int) -> list[Tried]:
    """The attempts, oldest first."""
    statement = select(TipAttempt, OutgoingCall).outerjoin(OutgoingCall, OutgoingCall.id == TipAttempt.order_id)
    statement = statement.where(TipAttempt.tip_id == tip_id).order_by(TipAttempt.at, TipAttempt.id)
    return [Tried(row, order) for row, order in session.execute(statement)]


def note_order(session: Session, tip: Tip, order: OutgoingCall, employee: Employee, at: datetime) -> None:
    """A call was asked for; the same order twice is one attempt."""
    values = {"tip_id": tip.id, "employee_id": employee.id, "at": at, "order_id": order.id, "number": order.number}
    insert_missing(session, TipAttempt, values, ["order_id"])


def note_by_hand(  # noqa: PLR0917 - which, what, who, when: as in every verb
    session: Session,
    tip_id: int,
    result: str,
    number: str,
    note: str,
    employee: Employee,
    at: datetime,
    *,
    form_key: str = "",
    ip: str = "",
) -> None:
    """Note an attempt from another telephone, or that nobody of age came to the telephone.

    The same form twice is one attempt. Raises Incomplete, NotFound, RecordsError for a tip that is over.
    """
    tip = working(session, tip_id, employee)
    if tip.ended_at is not None:
        raise RecordsError("Работа по этой информации закончена.")
    if result not in BY_HAND:
        raise Incomplete({"result": "Выберите, чем кончился звонок."})
    values = {
        "tip_id": tip.id,
        "employee_id": employee.id,
        "at": at,
        "result": result,
        "number": clean_line(number, 40),
        "note": clean_text(note, 500),
        "form_key": form_key or None,
    }
    if not insert_missing(session, TipAttempt, values, ["form_key"]):
        return
    log(session, "tip.attempt", tip, employee, at, ip, result=result)
    session.flush()
