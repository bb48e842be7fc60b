"""What the pages show of the tips: the count in the top bar, the open ones, the ended ones, one whole.

Never who told us: that is `informants`' matter. Of a tip on a card that the viewer must not learn of she sees what she
typed herself.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from callflow.calendar import ServiceCalendar
from crm import families
from crm.calendar.reading import calendar_of
from crm.family_tables import Family
from crm.institution import Service
from crm.journal_tables import JournalEntry
from crm.staff import Employee, Role
from crm.tips import attempts, calling, duties, informants
from crm.tips.access import card_of, fetch_tip, is_theirs, services_of
from crm.tips.attempts import Tried
from crm.tips.calling import Number
from crm.tips.log import log
from crm.tips.rules import WHY, Next, what_next
from crm.tips.tables import Tip, TipDuty, TipReport

MOST = 200
NOT_NAMED = "Семья не названа"


@dataclass(frozen=True)
class TipCount:
    """Open tips, how many of them are late, and how many wait for the head's eye (`danger`: a risk among them)."""

    open: int = 0
    late: int = 0
    head: int = 0
    danger: int = 0


NO_TIPS = TipCount()


@dataclass(frozen=True)
class TipLine:
    """One line of the list. `family`: the card, if the viewer may see it; `minutes` of open time left, or late
    (negative). `is_shown`: what we were told of the family first is hers to read.
    """

    tip: Tip
    name: str
    family: Family | None
    next: Next
    is_late: bool
    minutes: int
    attempts: int
    reports: int
    taken_by: str
    service: str
    is_shown: bool = True
    why_head: str = ""


@dataclass(frozen=True)
class TipWhole:
    """One tip with everything that the viewer may see. `guarded`: only what she typed herself."""

    line: TipLine
    reports: Sequence[TipReport]
    attempts: Sequence[Tried]
    numbers: Sequence[Number]
    duties: Sequence[TipDuty]
    entry: JournalEntry
    names: dict[int, str] = field(default_factory=dict)
    twin: Tip | None = None
    may_know_who: bool = False


def count(session: Session, viewer: Employee, at: datetime) -> TipCount:
    """Return the count for the top bar: one question to an index of the few open tips, on every page."""
    if not services_of(session, viewer):
        return NO_TIPS
    due = case(
        (Tip.visit_due_at.is_not(None), Tip.visit_due_at),
        (attempts.was_tried(), Tip.reach_due_at),
        else_=Tip.first_due_at,
    )
    waits = Tip.head_told_at.is_not(None) & Tip.head_seen_at.is_(None)
    statement = select(
        func.count(),
        func.count().filter(due <= at),
        func.count().filter(waits),
        func.count().filter(waits & Tip.risk),
    )
    row = session.execute(statement.where(Tip.ended_at.is_(None), is_theirs(session, viewer))).one()
    found, late, head, danger = (int(one) for one in row)
    return TipCount(found, late, *((head, danger) if viewer.role == Role.HEAD.value else (0, 0)))


def open_of_entry(session: Session, entry_id: int, viewer: Employee) -> Tip | None:
    """The open tip that this row of the journal began with, if the viewer may see it."""
    rows = select(Tip).where(Tip.entry_id == entry_id, Tip.ended_at.is_(None), is_theirs(session, viewer))
    return session.scalars(rows.order_by(Tip.id)).first()


def open_tips(session: Session, viewer: Employee, at: datetime, *, limit: int = MOST) -> list[TipLine]:
    """Return the open tips: dangers first, then what is due first."""
    rows = select(Tip).where(Tip.ended_at.is_(None), is_theirs(session, viewer))
    found = session.scalars(rows.order_by(Tip.first_due_at, Tip.id).limit(limit)).all()
    lines = _lines(session, found, viewer, at)
    return sorted(lines, key=lambda one: (not one.tip.risk, one.next.due_at or at, one.tip.id))


def ended_tips(
    session: Session, viewer: Employee, at: datetime, *, since: datetime, limit: int = MOST
) -> list[TipLine]:
    """Return the tips that ended since then, the newest first."""
    rows = select(Tip).where(Tip.ended_at >= since, is_theirs(session, viewer))
    return _lines(session, session.scalars(rows.order_by(Tip.ended_at.desc(), Tip.id.desc()).limit(limit)).all(),
                  viewer, at)  # fmt: skip


def for_head(session: Session, viewer: Employee, at: datetime) -> list[TipLine]:
    """Return what the head was told and has not seen yet, the newest first; also what ended meanwhile."""
    if viewer.role != Role.HEAD.value:
        return []
    rows = select(Tip).where(Tip.head_told_at.is_not(None), Tip.head_seen_at.is_(None), is_theirs(session, viewer))
    return _lines(session, session.scalars(rows.order_by(Tip.head_told_at.desc()).limit(MOST)).all(), viewer, at)


def open_whole(session: Session, tip_id: int, viewer: Employee, at: datetime, *, ip: str = "") -> TipWhole:
    """Return one tip, and log that it was looked at. Raises NotFound."""
    tip = fetch_tip(session, tip_id, viewer)
    (line,) = _lines(session, [tip], viewer, at)
    guarded = tip.family_id is not None and line.family is None
    reports = [
        *session.scalars(select(TipReport).where(TipReport.tip_id == tip.id).order_by(TipReport.at, TipReport.id))
    ]
    tried = attempts.of_tip(session, tip.id)
    typed: list[str] = tip.numbers
    if guarded:
        reports = [one for one in reports if one.taken_by_id == viewer.id]
        tried = [one for one in tried if one.row.employee_id == viewer.id]
        typed = [number for one in reports for number in one.numbers]
    log(session, "tip.open", tip, viewer, at, ip)
    done = duties.of_tip(session, tip)
    ids = {one.taken_by_id for one in reports} | {one.row.employee_id for one in tried} | {tip.ended_by_id or 0}
    ids |= {one.done_by_id or 0 for one in done} | {tip.head_seen_by_id or 0, tip.letter_by_id or 0}
    people = session.scalars(select(Employee).where(Employee.id.in_(ids - {0})))
    return TipWhole(
        line=line,
        reports=reports,
        attempts=tried,
        numbers=calling.numbers_of(session, typed, line.family, at),
        duties=done,
        entry=session.get_one(JournalEntry, tip.entry_id),
        names={one.id: one.short_name for one in people},
        twin=_twin(session, tip, line.family),
        may_know_who=any(informants.may_see(viewer, one.taken_by_id) for one in reports),
    )


def _lines(session: Session, found: Sequence[Tip], viewer: Employee, at: datetime) -> list[TipLine]:
    ids = [tip.id for tip in found]
    tried = attempts.numbers_of(session, ids)
    reports = _reports(session, ids)
    names = _names(session, {tip.taken_by_id for tip in found})
    services = {one.id: one.name for one in session.scalars(select(Service))}
    calendars: dict[int, ServiceCalendar] = {}
    lines = []
    for tip in found:
        calendar = calendars.setdefault(tip.service_id, calendar_of(session, tip.service_id))
        family = card_of(session, tip, viewer)
        guarded = tip.family_id is not None and family is None
        is_shown = not guarded or tip.taken_by_id == viewer.id
        step = what_next(
            tried.get(tip.id, 0),
            tip.first_due_at,
            tip.reach_due_at,
            is_written=bool(tip.letter_how),
            visit_due_at=tip.visit_due_at,
            is_ended=tip.ended_at is not None,
        )
        lines.append(
            TipLine(
                tip=tip,
                name=(family.name if family else "") or (_as_told(tip) if is_shown else "") or NOT_NAMED,
                is_shown=is_shown,
                family=family,
                next=step,
                is_late=step.is_late(at),
                minutes=_minutes(calendar, step, at),
                attempts=tried.get(tip.id, 0),
                reports=1 if guarded else reports.get(tip.id, 1),
                taken_by=names.get(tip.taken_by_id, ""),
                service=services[tip.service_id],
                why_head=WHY.get(tip.head_why, "") if tip.head_told_at and not tip.head_seen_at else "",
            )
        )
    return lines


def _as_told(tip: Tip) -> str:
    return tip.about_name or tip.about_address


def _minutes(calendar: ServiceCalendar, step: Next, at: datetime) -> int:
    if step.due_at is None:
        return 0
    if step.due_at > at:
        return round(calendar.working_minutes(at, step.due_at))
    return -round(calendar.working_minutes(step.due_at, at))


def _reports(session: Session, ids: Collection[int]) -> dict[int, int]:
    statement = select(TipReport.tip_id, func.count()).where(TipReport.tip_id.in_(ids)).group_by(TipReport.tip_id)
    return {row[0]: row[1] for row in session.execute(statement)}


def _names(session: Session, ids: Collection[int]) -> dict[int, str]:
    return {one.id: one.short_name for one in session.scalars(select(Employee).where(Employee.id.in_(ids)))}


def _twin(session: Session, tip: Tip, family: Family | None) -> Tip | None:
    """Another open tip on the same card: two people took it who could not know of each other."""
    if family is None or tip.ended_at is not None:
        return None
    rows = select(Tip).where(
        Tip.family_id == family.id, Tip.service_id == tip.service_id, Tip.id != tip.id, Tip.ended_at.is_(None)
    )
    return session.scalars(rows.order_by(Tip.taken_at, Tip.id)).first()


def likely_cards(session: Session, whole: TipWhole, viewer: Employee) -> list[Family]:
    """Cards that the telephones of a tip without a card lead to, of those that the viewer may see."""
    tip = whole.line.tip
    if tip.family_id is not None or not tip.numbers:
        return []
    found = {
        one.family.id: one.family
        for number in tip.numbers
        for one in families.find_by_number(session, number)
        if one.family is not None and families.visible_to(session, one.family, viewer)
    }
    return list(found.values())
