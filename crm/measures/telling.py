"""A family is told of one thing once: by a call of ours, by the robot, or in a talk about something else (A-18, B-6).

Whoever was told, does not want it, or has it already is not offered it again.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from callflow.text import clean_line
from crm.audit import Actor, write
from crm.base import fetch
from crm.campaigns.tables import Campaign
from crm.cards.editing import open_for_change
from crm.errors import Incomplete
from crm.institution import Service
from crm.measures.tables import FamilyTold, SupportMeasure
from crm.measures.topics import topic_of_measure
from crm.staff import Employee
from crm.upsert import insert_missing

TOLD, REFUSED, HAS = "told", "refused", "has"
OUTCOMES: Mapping[str, str] = {TOLD: "сообщили", REFUSED: "мера не нужна", HAS: "уже получают"}
HUMAN, ROBOT, TALK = "human", "robot", "talk"
CHANNELS: Mapping[str, str] = {HUMAN: "звонок специалиста", ROBOT: "автоматический звонок", TALK: "в разговоре"}
ROBOT_ACTOR = "робот"


@dataclass(frozen=True)
class ToldLine:
    """One line of «О чём сообщили». `who` is an employee's short name or ''; `at` UTC."""

    title: str
    outcome: str
    channel: str
    at: datetime
    who: str
    note: str


def tell(
    session: Session,
    family_id: int,
    topic: str,
    *,
    outcome: str,
    channel: str,
    at: datetime,
    employee_id: int | None = None,
    measure_id: int | None = None,
    target_id: int | None = None,
    note: str = "",
    ip: str = "",
) -> FamilyTold:
    """Note that the family was told of this topic, and return the row that stands.

    A second time the first row stays: when, how and by whom it was told first. Only what the family says of the thing
    afterwards (it does not want it, it has it) takes the place of «сообщили». The audit log gets a line where something
    changed. The card must be an active one; whoever asks sees to that.
    """
    known = _known(session, family_id, topic)
    if known is None:
        values = {
            "family_id": family_id,
            "counted_as": family_id,
            "topic": topic,
            "outcome": outcome,
            "channel": channel,
            "measure_id": measure_id,
            "target_id": target_id,
            "employee_id": employee_id,
            "note": clean_line(note, 300),
            "at": at,
        }
        inserted = insert_missing(session, FamilyTold, values, ("counted_as", "topic"))
        known = session.scalars(
            select(FamilyTold).where(FamilyTold.counted_as == family_id, FamilyTold.topic == topic)
        ).one()
        if inserted:
            _log(session, known, outcome, employee_id, at, ip)
            return known
    if outcome not in (known.outcome, TOLD):
        known.outcome, known.note = outcome, clean_line(note, 300) or known.note
        session.flush()
        _log(session, known, outcome, employee_id, at, ip)
    return known


def told(session: Session, family_id: int) -> list[FamilyTold]:
    """What the family was told of, newest first."""
    statement = select(FamilyTold).where(FamilyTold.family_id == family_id)
    return list(session.scalars(statement.order_by(FamilyTold.at.desc(), FamilyTold.id.desc())))


def tell_in_talk(  # noqa: PLR0917 - of what, how, who, when: as in every verb
    session: Session,
    family_id: int,
    measure_id: int,
    outcome: str,
    note: str,
    employee: Employee,
    at: datetime,
    *,
    ip: str = "",
) -> FamilyTold:
    """«Сообщили о мере» of the card and the workplace. Raises NotFound, RecordsError, Incomplete."""
    family = open_for_change(session, family_id, employee, at)
    measure = fetch(session, SupportMeasure, measure_id)
    wrong = {}
    if measure is None or not measure.active:
        wrong["measure_id"] = "Выберите меру из списка."
    if outcome not in OUTCOMES:
        wrong["outcome"] = "Выберите один из вариантов."
    if wrong:
        raise Incomplete(wrong)
    return tell(
        session,
        family.id,
        topic_of_measure(measure_id),
        outcome=outcome,
        channel=TALK,
        at=at,
        employee_id=employee.id,
        measure_id=measure_id,
        note=note,
        ip=ip,
    )


def history(session: Session, family_id: int) -> list[ToldLine]:
    """`told` in words, for the card. Whoever asks may see the card."""
    rows = told(session, family_id)
    titles = _titles(session, rows)
    names = {one: employee.short_name for one in {row.employee_id for row in rows} if one
             and (employee := session.get(Employee, one))}  # fmt: skip
    return [
        ToldLine(
            titles.get(row.topic, "звонок о мерах поддержки"),
            OUTCOMES.get(row.outcome, row.outcome),
            CHANNELS.get(row.channel, row.channel),
            row.at,
            names.get(row.employee_id or 0, ""),
            row.note,
        )
        for row in rows
    ]


def _titles(session: Session, rows: list[FamilyTold]) -> dict[str, str]:
    found = {}
    for row in rows:
        kind, _, number = row.topic.partition("-")
        row_id = int(number) if number.isdecimal() else 0
        if kind == "measure" and (measure := fetch(session, SupportMeasure, row_id)):
            found[row.topic] = measure.title
        elif kind == "service" and (service := fetch(session, Service, row_id)):
            found[row.topic] = f"о службе «{service.name}»"
        elif kind == "campaign" and (campaign := fetch(session, Campaign, row_id)):
            found[row.topic] = campaign.title
    return found


def _known(session: Session, family_id: int, topic: str) -> FamilyTold | None:
    """Also what was noted on a card that was merged into this one: `counted_as` still names that card."""
    statement = select(FamilyTold).where(FamilyTold.family_id == family_id, FamilyTold.topic == topic)
    return session.scalars(statement.order_by(FamilyTold.id).limit(1)).first()


def _log(  # noqa: PLR0917 - who, what, when: as in every verb
    session: Session, row: FamilyTold, outcome: str, employee_id: int | None, at: datetime, ip: str
) -> None:
    employee = session.get(Employee, employee_id) if employee_id else None
    actor = Actor.of(employee, ip) if employee else Actor(None, ROBOT_ACTOR)
    details = {"telling": row.topic, "answer": outcome, "told_by": row.channel}
    write(session, actor, "family.told", subject="family_told", subject_id=row.id, family_id=row.family_id,
          details=details, at=at)  # fmt: skip
