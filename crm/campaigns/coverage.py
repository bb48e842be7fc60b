"""Told / entitled: of each measure and each service, by place and by status (B-6, idea 18).

Entitled is who meets the conditions of the measure today, and whoever was told of it already: a child that has turned
three since does not make its family untold. Counted are the families that the viewer may see.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Select, case, func, select, union
from sqlalchemy.orm import Session

from crm import institution
from crm.campaigns.access import services_seen
from crm.campaigns.kinds import SERVICE
from crm.campaigns.tables import Campaign
from crm.cards import catalogues
from crm.errors import NotFound
from crm.family_tables import ACTIVE, Family, FamilyStatus
from crm.measures import topics
from crm.measures.tables import FamilyTold, SupportMeasure
from crm.segments import conditions, query
from crm.segments.conditions import Condition
from crm.segments.tables import Segment
from crm.staff import Employee
from crm.visibility import seen_by

NO_PLACE = "населённый пункт не указан"
_ABOUT_US = frozenset(["measure", "silent"])
"""Conditions about what we have told: they would make everybody who was told a stranger to the measure."""


@dataclass(frozen=True)
class Line:
    """One measure, service, place or status. `entitled` None: nobody has said for whom the measure is."""

    title: str
    told: int
    refused: int
    entitled: int | None
    topic: str = ""

    @property
    def percent(self) -> int | None:
        """How many of a hundred know; None where nobody is entitled."""
        return round(100 * self.told / self.entitled) if self.entitled else None


@dataclass(frozen=True)
class Whole:
    """One topic with its parts."""

    line: Line
    places: Sequence[Line]
    groups: Sequence[Line]


def overview(session: Session, viewer: Employee, on: date) -> list[Line]:
    """Every measure in use and every service of the viewer's, by title."""
    return [_line(session, viewer, topic, title, asked, on) for topic, title, asked in _topics(session, viewer)]


def of_topic(session: Session, viewer: Employee, topic: str, on: date) -> Whole:
    """One of them by place and by status. Raises NotFound."""
    for known, title, asked in _topics(session, viewer):
        if known == topic:
            line = _line(session, viewer, topic, title, asked, on)
            if asked is None:
                return Whole(line, (), ())
            ids = _entitled(viewer, topic, asked, on)
            return Whole(line, _by_place(session, topic, ids), _by_status(session, topic, ids))
    raise NotFound("Такой меры нет.")


def known_topics(session: Session, viewer: Employee) -> set[str]:
    """The topics that `of_topic` knows for this person."""
    return {topic for topic, _, _ in _topics(session, viewer)}


def _topics(session: Session, viewer: Employee) -> list[tuple[str, str, list[Condition] | None]]:
    found: list[tuple[str, str, list[Condition] | None]] = []
    measures = select(SupportMeasure, Segment.conditions).outerjoin(Segment, Segment.id == SupportMeasure.segment_id)
    for measure, asked in session.execute(measures.where(SupportMeasure.active).order_by(SupportMeasure.title)):
        found.append((topics.topic_of_measure(measure.id), measure.title, _read(asked)))
    seen = services_seen(session, viewer)
    for service in institution.services(session):
        if service.id in seen:
            newest = (
                select(Campaign.conditions)
                .where(Campaign.kind == SERVICE, Campaign.service_id == service.id, Campaign.launched_at.is_not(None))
                .order_by(Campaign.id.desc())
                .limit(1)
            )
            asked = session.scalars(newest).first()
            found.append((topics.topic_of_service(service.id), f"О службе: {service.name}", _read(asked or [])))
    return found


def _read(kept: list[Any] | None) -> list[Condition] | None:
    if kept is None:
        return None
    return [one for one in conditions.from_json(kept) if one.kind not in _ABOUT_US]


def _entitled(viewer: Employee, topic: str, asked: list[Condition], on: date) -> Select[Any]:
    """Ids of those who meet the conditions, and of those who were told."""
    told = (
        select(FamilyTold.family_id.label("id"))
        .join(Family, Family.id == FamilyTold.family_id)
        .where(FamilyTold.topic == topic, Family.state == ACTIVE, seen_by(viewer))
    )
    both = union(query.families(asked, on, viewer=viewer), told).subquery()
    return select(both.c.id)


def _line(  # noqa: PLR0917 - as whom, what, for whom, when
    session: Session, viewer: Employee, topic: str, title: str, asked: list[Condition] | None, on: date
) -> Line:
    ids = _entitled(viewer, topic, asked, on).subquery() if asked is not None else None
    told = (
        select(func.count(), func.sum(_refused()))
        .select_from(FamilyTold)
        .join(Family, Family.id == FamilyTold.family_id)
        .where(FamilyTold.topic == topic, Family.state == ACTIVE, seen_by(viewer))
    )
    count, refused = session.execute(told).one()
    entitled = session.scalar(select(func.count()).select_from(ids)) if ids is not None else None
    return Line(title, count, refused or 0, entitled, topic)


def _by_place(session: Session, topic: str, ids: Select[Any]) -> list[Line]:
    counted = (
        select(Family.locality, func.count(), func.count(FamilyTold.id), func.sum(_refused()))
        .select_from(Family)
        .outerjoin(FamilyTold, (FamilyTold.family_id == Family.id) & (FamilyTold.topic == topic))
        .where(Family.id.in_(ids))
        .group_by(Family.locality)
        .order_by(func.count().desc(), Family.locality)
    )
    return [
        Line(place or NO_PLACE, told, refused or 0, entitled)
        for place, entitled, told, refused in session.execute(counted)
    ]


def _by_status(session: Session, topic: str, ids: Select[Any]) -> list[Line]:
    """A family with two statuses stands in both lines; special ones (СОП, health) are not told apart."""
    titles = catalogues.titles(session, "status")
    special = catalogues.special_codes(session, "status")
    standing = (
        select(FamilyStatus.family_id, FamilyStatus.type)
        .where(FamilyStatus.revoked_at.is_(None), FamilyStatus.family_id.in_(ids))
        .distinct()
        .subquery()
    )
    counted = (
        select(standing.c.type, func.count(), func.count(FamilyTold.id), func.sum(_refused()))
        .select_from(standing)
        .outerjoin(FamilyTold, (FamilyTold.family_id == standing.c.family_id) & (FamilyTold.topic == topic))
        .group_by(standing.c.type)
        .order_by(func.count().desc(), standing.c.type)
    )
    return [
        Line(titles.get(code, code), told, refused or 0, entitled)
        for code, entitled, told, refused in session.execute(counted)
        if code not in special
    ]


def _refused() -> Any:
    return case((FamilyTold.outcome == "refused", 1), else_=0)
