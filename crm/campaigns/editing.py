"""The draft of a campaign: what, for whom, by whom, when. Nothing of it calls anybody before the launch."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from callflow.text import clean_line
from crm.audit import Actor, write
from crm.base import fetch
from crm.campaigns import texts
from crm.campaigns.access import fetch_campaign, services_seen
from crm.campaigns.kinds import CHANNELS, FREE, HUMAN, KINDS, MEASURE
from crm.campaigns.tables import DRAFT, Campaign
from crm.consents.rules import local_date
from crm.errors import Incomplete, NotFound, RecordsError, StaleVersion
from crm.measures.tables import SupportMeasure
from crm.segments import conditions
from crm.segments.tables import Segment
from crm.staff import Employee, Role
from crm.upsert import insert_missing

MOST_PER_DAY = 5000
LAUNCHED = "Кампания уже запущена: изменить можно только текст, на паузу её ставят кнопкой."
MAKERS = (Role.HEAD, Role.COORDINATOR)
"""Who plans campaigns: the head, and the coordinator whom the procedure charges with informing families (B-6)."""


@dataclass(frozen=True)
class Wanted:
    """A campaign as it was typed. `conditions` are asked where no segment is chosen; `text` "" is the default one."""

    service_id: int = 0
    title: str = ""
    kind: str = MEASURE
    measure_id: int | None = None
    segment_id: int | None = None
    conditions: list[Any] = field(default_factory=list)
    channel: str = HUMAN
    rest_by_people: bool = True
    standing: bool = False
    starts_on: date | None = None
    ends_on: date | None = None
    per_day: int = 40
    text: str = ""


def create(
    session: Session, wanted: Wanted, employee: Employee, at: datetime, *, form_key: str = "", ip: str = ""
) -> Campaign:
    """Write a draft; the same form sent twice is one. Raises Incomplete by field, NotFound."""
    if form_key:
        known = session.scalars(select(Campaign).where(Campaign.form_key == form_key)).one_or_none()
        if known is not None and known.created_by_id == employee.id:
            return known
    _check(session, wanted, employee, at)
    values = {**_values(session, wanted), "state": DRAFT, "state_at": at, "created_at": at}
    values |= {"created_by_id": employee.id, "form_key": form_key or None}
    if form_key and not insert_missing(session, Campaign, {**_empty(), **values}, ["form_key"]):
        return session.scalars(select(Campaign).where(Campaign.form_key == form_key)).one()
    if form_key:
        row = session.scalars(select(Campaign).where(Campaign.form_key == form_key)).one()
    else:
        row = Campaign(**values)
        session.add(row)
        session.flush()
    texts.change(session, row, wanted.text or _default(session, row), employee, at, ip=ip)
    write(session, Actor.of(employee, ip), "campaign.create", subject="campaign", subject_id=row.id, at=at)
    return row


def edit(  # noqa: PLR0917 - which, as it was, as it is wanted, by whom, when
    session: Session,
    campaign_id: int,
    version: int,
    wanted: Wanted,
    employee: Employee,
    at: datetime,
    *,
    ip: str = "",
) -> Campaign:
    """Change the draft that was shown as `version`. Raises Incomplete, NotFound, StaleVersion, RecordsError."""
    row = fetch_campaign(session, campaign_id, employee, lock=True)
    if row.state != DRAFT:
        raise RecordsError(LAUNCHED)
    if row.version != version:
        raise StaleVersion({}, row.version)
    _check(session, wanted, employee, at)
    changed = [name for name, value in _values(session, wanted).items() if getattr(row, name) != value]
    for name, value in _values(session, wanted).items():
        setattr(row, name, value)
    before = texts.current(session, row.id)
    text = texts.change(session, row, wanted.text or _default(session, row), employee, at, ip=ip)
    if changed or before is None or text.id != before.id:
        row.version += 1
        write(session, Actor.of(employee, ip), "campaign.edit", subject="campaign", subject_id=row.id, at=at)
    return row


def say_otherwise(
    session: Session, campaign_id: int, text: str, employee: Employee, at: datetime, *, ip: str = ""
) -> Campaign:
    """Other words for a campaign that goes on: said from the next call on. A robot's wait until they have been heard.

    Raises Incomplete, NotFound, RecordsError for a campaign that is over.
    """
    row = fetch_campaign(session, campaign_id, employee, lock=True)
    if row.state in ("stopped", "done"):
        raise RecordsError("Кампания закончена: её текст больше никому не скажут.")
    before = texts.current(session, row.id)
    after = texts.change(session, row, text, employee, at, ip=ip)
    if before is None or before.id != after.id:
        row.version += 1
    return row


def default_words(session: Session, kind: str, measure_id: int | None) -> str:
    """What the form offers as text."""
    measure = session.get(SupportMeasure, measure_id) if measure_id else None
    return texts.default_text(kind, measure)


def _default(session: Session, row: Campaign) -> str:
    return default_words(session, row.kind, row.measure_id)


def _values(session: Session, wanted: Wanted) -> dict[str, Any]:
    segment = fetch(session, Segment, wanted.segment_id) if wanted.segment_id else None
    return {
        "service_id": wanted.service_id,
        "title": clean_line(wanted.title, 200),
        "kind": wanted.kind,
        "measure_id": wanted.measure_id if wanted.kind == MEASURE else None,
        "segment_id": wanted.segment_id,
        "conditions": list(segment.conditions) if segment is not None else list(wanted.conditions),
        "channel": wanted.channel,
        "rest_by_people": wanted.rest_by_people,
        "standing": wanted.standing,
        "starts_on": wanted.starts_on,
        "ends_on": wanted.ends_on,
        "per_day": wanted.per_day,
    }


def _empty() -> Mapping[str, Any]:
    """Defaults of the model that a hand-made insert does not know."""
    return {"state_reason": "", "left_out": {}, "dry_run": {}, "version": 1}


def _check(session: Session, wanted: Wanted, employee: Employee, at: datetime) -> None:
    if wanted.service_id not in services_seen(session, employee):
        raise NotFound("Такой службы нет.")
    if found := dict(_problems(session, wanted, local_date(session, at))):
        raise Incomplete(found)


def _problems(session: Session, wanted: Wanted, today: date) -> Iterator[tuple[str, str]]:
    if not clean_line(wanted.title, 200):
        yield "title", "Назовите кампанию: так её увидят коллеги."
    if wanted.kind not in KINDS:
        yield "kind", "Выберите, о чём сообщаем."
    if wanted.channel not in CHANNELS:
        yield "channel", "Выберите, кто звонит."
    if wanted.kind == MEASURE:
        measure = fetch(session, SupportMeasure, wanted.measure_id or 0)
        if measure is None or not measure.active:
            yield "measure_id", "Выберите меру из справочника."
    if wanted.segment_id and fetch(session, Segment, wanted.segment_id) is None:
        yield "segment_id", "Выберите семьи из списка."
    try:
        conditions.from_json(wanted.conditions)
    except ValueError:
        yield "segment_id", "Выберите семьи из списка."
    yield from _problems_of_days(wanted, today)
    if wanted.kind == FREE and not wanted.text.strip():
        yield "text", "Напишите, о чём сообщаем."
    elif wanted.text.strip() and (found := texts.problems(wanted.text, wanted.channel)):
        yield "text", " ".join(found)


def _problems_of_days(wanted: Wanted, today: date) -> Iterator[tuple[str, str]]:
    if wanted.starts_on is None:
        yield "starts_on", "Укажите первый день."
    if wanted.ends_on is None:
        yield "ends_on", "Укажите последний день."
    elif wanted.ends_on < max(today, wanted.starts_on or today):
        yield "ends_on", "Последний день раньше первого или уже прошёл."
    if not 1 <= wanted.per_day <= MOST_PER_DAY:
        yield "per_day", f"Нужно число от 1 до {MOST_PER_DAY}."
