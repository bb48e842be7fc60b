"""Whom of each family a campaign would call, at which telephone, and what stands against it: in bulk, ids and columns.

A card is loaded as a whole only where it is shown; ten thousand families are looked at in some tens of statements.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, tzinfo
from functools import cache
from typing import Any, Literal

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from callflow.dialler import window
from callflow.phone import refusal
from crm import institution
from crm.calendar.reading import calendar_of
from crm.campaigns.kinds import GOES_ON, TO_COME, topic_of
from crm.campaigns.sorting import Candidate
from crm.campaigns.tables import Campaign, CampaignTarget
from crm.consents import rules as consents
from crm.consents.tables import Consent
from crm.dialler import refusals
from crm.dialler.facts import AUTO_CALLS, hours_of
from crm.dialler.settings import settings_of
from crm.dialler.tables import NumberMark
from crm.family_tables import ACTIVE, Family, Person, Phone
from crm.measures.tables import FamilyTold

CHUNK = 500
"""Families looked at by one set of statements: SQLite takes 32,766 values in one."""


@dataclass(frozen=True)
class Around:
    """What is the same for every family of one campaign at one moment."""

    campaign: Campaign
    topic: str
    today: date
    mode: Literal["demo", "live"]
    own_dids: Sequence[str]
    open_days: Sequence[Sequence[tuple[int, int]]]
    """Minutes of the day in which we may call, by the weekday."""


@dataclass
class _Known:
    """Of one chunk of families."""

    told: set[int] = field(default_factory=set)
    elsewhere: set[int] = field(default_factory=set)
    people: dict[int, list[Any]] = field(default_factory=lambda: defaultdict(list))
    consents: dict[int, list[Consent]] = field(default_factory=lambda: defaultdict(list))
    refused: refusals.Standing = field(default_factory=refusals.Standing)
    marked: dict[str, list[Any]] = field(default_factory=lambda: defaultdict(list))


def around(session: Session, campaign: Campaign, at: datetime, mode: Literal["demo", "live"]) -> Around:
    """Gather it for this campaign at `at` (aware)."""
    calendar = calendar_of(session, campaign.service_id)
    hours = settings_of(session, campaign.service_id).hours
    return Around(
        campaign,
        topic_of(campaign),
        at.astimezone(calendar.zone).date(),
        mode,
        institution.dids(session),
        _week(calendar.zone, [window.spans(calendar, hours, day) for day in _next_days(at, calendar.zone)]),
    )


def candidates(session: Session, family_ids: Sequence[int], about: Around) -> list[Candidate]:
    """One per family that is still in use, in the order of the ids; at most `CHUNK` at once."""
    families: dict[int, Any] = {
        row.id: row
        for row in session.execute(
            select(
                Family.id,
                Family.restricted,
                Family.preferred_channel,
                Family.contact_from,
                Family.contact_until,
            ).where(Family.id.in_(family_ids), Family.state == ACTIVE)
        )
    }
    known = _known(session, list(families), about)
    return [_candidate(families[one], known, about) for one in family_ids if one in families]


def _candidate(family: Any, known: _Known, about: Around) -> Candidate:
    told, elsewhere = family.id in known.told, family.id in known.elsewhere
    found = _best(family, known, about)
    if found is None:
        return Candidate(family.id, told=told, elsewhere=elsewhere)
    person = Person(birth_date=found.birth_date, relation=found.relation, incapable=found.incapable)
    refused = known.refused.scopes(found.number, found.person_id, family.id)
    marks = known.marked[found.number]
    himself = consents.answers_himself(person, about.today)
    answer = consents.answer_of(known.consents[found.person_id], by_himself=himself, today=about.today)
    return Candidate(
        family.id,
        found.person_id,
        found.phone_id,
        found.number,
        told=told,
        elsewhere=elsewhere,
        do_not_call=found.do_not_call or refusals.ALL in refused,
        bad=_is_bad(marks, found.person_id),
        refused_number=refusal(found.number, mode=about.mode, own_dids=about.own_dids) is not None,
        by_voice=family.preferred_channel in ("", "phone"),
        reachable=_reachable(family.contact_from, family.contact_until, about),
        consent=answer.is_given and found.robot_allowed,
        robot_refused=bool(refused),
        restricted=family.restricted,
        minor=consents.is_minor(person, about.today),
    )


def _best(family: Any, known: _Known, about: Around) -> Any:
    """The applicant's telephone, else that of another grown-up: a right one before a wrong one, one that a robot may
    call before another, a mobile one before a landline."""

    def order(row: Any) -> tuple[Any, ...]:
        child = consents.is_minor(Person(birth_date=row.birth_date, relation=row.relation), about.today)
        return (
            not row.is_applicant,
            child,
            _is_bad(known.marked[row.number], row.person_id),
            not row.robot_allowed,
            row.number[2:3] != "9",
            row.phone_id,
        )

    return min(known.people[family.id], key=order, default=None)


def _known(session: Session, family_ids: Sequence[int], about: Around) -> _Known:
    known = _Known()
    known.told.update(
        session.scalars(
            select(FamilyTold.family_id).where(FamilyTold.topic == about.topic, FamilyTold.family_id.in_(family_ids))
        )
    )
    known.elsewhere.update(session.scalars(_elsewhere(about.campaign).where(CampaignTarget.family_id.in_(family_ids))))
    people = (
        select(
            Person.family_id,
            Person.id.label("person_id"),
            Person.is_applicant,
            Person.birth_date,
            Person.relation,
            Person.incapable,
            Person.do_not_call,
            Phone.id.label("phone_id"),
            Phone.number,
            Phone.robot_allowed,
        )
        .join(Phone, Phone.person_id == Person.id)
        .where(Person.family_id.in_(family_ids), Person.left_at.is_(None), Phone.removed_at.is_(None))
    )
    numbers, person_ids = set(), set()
    for owner in session.execute(people):
        known.people[owner.family_id or 0].append(owner)
        numbers.add(owner.number)
        person_ids.add(owner.person_id)
    given = select(Consent).where(Consent.person_id.in_(person_ids), Consent.purpose == AUTO_CALLS)
    for consent in session.scalars(given):
        known.consents[consent.person_id].append(consent)
    known.refused = refusals.standing(session, numbers, person_ids, family_ids)
    marks = select(NumberMark.number, NumberMark.person_id, NumberMark.kind).where(
        NumberMark.number.in_(numbers), NumberMark.cleared_at.is_(None)
    )
    for mark in session.execute(marks):
        known.marked[mark.number].append(mark)
    return known


def _elsewhere(campaign: Campaign) -> Any:
    """Families that wait for a call of another campaign about the same topic."""
    same = [Campaign.kind == campaign.kind, Campaign.id != campaign.id, Campaign.state.in_(GOES_ON)]
    if campaign.kind == "measure":
        same.append(Campaign.measure_id == campaign.measure_id)
    elif campaign.kind == "service":
        same.append(Campaign.service_id == campaign.service_id)
    else:
        same.append(Campaign.id.is_(None))  # a free text is a topic of its own
    return (
        select(CampaignTarget.family_id)
        .join(Campaign, Campaign.id == CampaignTarget.campaign_id)
        .where(*same, or_(*(CampaignTarget.state == one for one in TO_COME)))
    )


def _is_bad(marks: Iterable[Any], person_id: int) -> bool:
    return any(one.kind == refusals.BAD or one.person_id == person_id for one in marks)


def _reachable(since: str, until: str, about: Around) -> bool:
    if not since and not until:
        return True
    hours = _hours(since, until)
    first, last = hours.since or 0, hours.until if hours.until is not None else 24 * 60
    return any(max(begins, first) < min(ends, last) for day in about.open_days for begins, ends in day)


@cache
def _hours(since: str, until: str) -> window.FamilyHours:
    return hours_of(Family(contact_from=since, contact_until=until))


def _next_days(at: datetime, zone: tzinfo) -> list[date]:
    first = at.astimezone(zone).date().toordinal()
    return [date.fromordinal(first + ahead) for ahead in range(14)]


def _week(zone: tzinfo, days: Sequence[Sequence[window.Span]]) -> list[list[tuple[int, int]]]:
    return [[(_minute(begins, zone), _minute(ends, zone)) for begins, ends in day] for day in days]


def _minute(moment: datetime, zone: tzinfo) -> int:
    local = moment.astimezone(zone)
    return local.hour * 60 + local.minute
