"""A danger to life or health: 112 is named, the head is told at once, and the bodies are told (120-ФЗ art. 9; §6.3)."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from callflow.text import clean_line, clean_text
from crm.errors import Incomplete
from crm.staff import Employee
from crm.tips import head
from crm.tips.access import working
from crm.tips.log import log
from crm.tips.rules import BODIES
from crm.tips.tables import Tip, TipDuty
from crm.upsert import insert_missing


def raise_risk(session: Session, tip: Tip, employee: Employee, at: datetime, *, said_112: bool, ip: str = "") -> None:
    """The tip is about a danger: log it, tell the head, write down whom to tell. Told again, the head looks again."""
    tip.risk = True
    tip.version += 1
    for body in BODIES:
        insert_missing(session, TipDuty, {"tip_id": tip.id, "body": body}, ["tip_id", "body"])
    head.tell(session, tip, "risk", at, again=True)
    log(session, "tip.risk", tip, employee, at, ip, said_112=said_112)
    session.flush()


def risk_found(session: Session, tip_id: int, employee: Employee, at: datetime, *, ip: str = "") -> Tip:
    """The danger became known later. Said again, it changes nothing. Raises NotFound."""
    tip = working(session, tip_id, employee)
    if not tip.risk:
        raise_risk(session, tip, employee, at, said_112=False, ip=ip)
    return tip


def informed(  # noqa: PLR0917 - which, whom, who, when: as in every verb
    session: Session,
    tip_id: int,
    body: str,
    whom: str,
    note: str,
    employee: Employee,
    at: datetime,
    *,
    ip: str = "",
) -> TipDuty:
    """This body was told; `whom`: who took it. Told already, it stays as it was. Raises Incomplete, NotFound."""
    tip = working(session, tip_id, employee)
    row = session.scalars(
        select(TipDuty).where(TipDuty.tip_id == tip.id, TipDuty.body == body).with_for_update()
    ).one_or_none()
    if row is None:
        raise Incomplete({"body": "Выберите, кому сообщили."})
    if row.done_at is not None:
        return row
    words = clean_line(whom, 200)
    if not words:
        raise Incomplete({f"whom_{body}": "Кто принял: должность, фамилия или номер сообщения."})
    row.done_at, row.done_by_id, row.whom, row.note = at, employee.id, words, clean_text(note, 500)
    log(session, "tip.informed", tip, employee, at, ip, body=body)
    session.flush()
    return row


def of_tip(session: Session, tip: Tip) -> Sequence[TipDuty]:
    """The bodies, in the order of the list."""
    found = {row.body: row for row in session.scalars(select(TipDuty).where(TipDuty.tip_id == tip.id))}
    return [found[body] for body in BODIES if body in found]
