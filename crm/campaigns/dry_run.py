"""Dry run before the launch: who is called when and by whom, who is left out and why, how long it takes (A-18, idea
18).

It asks what the launch and the plan ask (`sorting`, `volume`), of the records as they are now, and changes nothing.
How a page has one made: `crm.campaigns.trying`.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Final, Literal, Self

from sqlalchemy.orm import Session

from callflow.dialler.states import Channel
from crm.campaigns import reach, texts
from crm.campaigns.days import Window, room_left, window_of
from crm.campaigns.kinds import CHANNELS, ROBOT
from crm.campaigns.sorting import Candidate, LeftOut, sort
from crm.campaigns.tables import Campaign
from crm.campaigns.volume import take
from crm.dialler.settings import settings_of
from crm.segments import conditions, query
from crm.staff import Employee

NAMED: Final = 30
"""So many families of each reason, and of the first day, are named."""
Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Day:
    """How many are called on one day."""

    on: date
    robot: int
    people: int

    @property
    def families(self) -> int:
        """All of them."""
        return self.robot + self.people


@dataclass(frozen=True)
class Reason:
    """Families left out for one reason; `families`: ids of the first ones."""

    count: int
    families: tuple[int, ...]


@dataclass(frozen=True)
class DryRun:
    """What a launch now would mean. `too_late`: families for whom the days do not suffice; `first`: ids of those who
    are called first; `blocks`: sentences that forbid the launch."""

    total: int = 0
    robot: int = 0
    people: int = 0
    days: tuple[Day, ...] = ()
    too_late: int = 0
    left_out: dict[str, Reason] = field(default_factory=dict)
    first: tuple[int, ...] = ()
    blocks: tuple[str, ...] = ()

    @property
    def called(self) -> int:
        """Families that somebody calls."""
        return self.robot + self.people

    def to_json(self) -> dict[str, Any]:
        """As `Campaign.dry_run` keeps it."""
        return {
            "total": self.total,
            "robot": self.robot,
            "people": self.people,
            "days": [[one.on.isoformat(), one.robot, one.people] for one in self.days],
            "too_late": self.too_late,
            "left_out": {name: [one.count, list(one.families)] for name, one in self.left_out.items()},
            "first": list(self.first),
            "blocks": list(self.blocks),
        }

    @classmethod
    def from_json(cls, kept: dict[str, Any]) -> Self:
        """Read it back."""
        return cls(
            kept["total"],
            kept["robot"],
            kept["people"],
            tuple(Day(date.fromisoformat(on), robot, people) for on, robot, people in kept["days"]),
            kept["too_late"],
            {name: Reason(count, tuple(ids)) for name, (count, ids) in kept["left_out"].items()},
            tuple(kept["first"]),
            tuple(kept["blocks"]),
        )


def selected(  # noqa: PLR0917 - which families, as whom, when, how
    session: Session,
    campaign: Campaign,
    viewer: Employee | None,
    at: datetime,
    mode: Literal["demo", "live"],
    on_progress: Progress = lambda _done, _total: None,
) -> Iterator[tuple[Candidate, Channel | LeftOut]]:
    """Every family of the segment that `viewer` may see, by id, with who calls it or why nobody does."""
    about = reach.around(session, campaign, at, mode)
    asked = query.families(conditions.from_json(campaign.conditions), about.today, viewer=viewer)
    ids = sorted(session.scalars(asked))
    channel = Channel(campaign.channel)
    for start in range(0, len(ids), reach.CHUNK):
        on_progress(start, len(ids))
        for one in reach.candidates(session, ids[start : start + reach.CHUNK], about):
            yield one, sort(one, channel, rest_by_people=campaign.rest_by_people)
    on_progress(len(ids), len(ids))


def dry_run(
    session: Session,
    campaign: Campaign,
    viewer: Employee,
    at: datetime,
    *,
    mode: Literal["demo", "live"],
    on_progress: Progress = lambda _done, _total: None,
) -> DryRun:
    """What would happen if the campaign were launched at `at`."""
    total = 0
    queue: list[tuple[int, Channel]] = []
    counts: Counter[str] = Counter()
    named: dict[str, list[int]] = {}
    for one, placed in selected(session, campaign, viewer, at, mode, on_progress):
        total += 1
        if isinstance(placed, Channel):
            queue.append((one.family_id, placed))
            continue
        counts[placed.value] += 1
        if len(named.setdefault(placed.value, [])) < NAMED:
            named[placed.value].append(one.family_id)
    days, first, too_late = lay_out(session, campaign, queue, at)
    by = Counter(channel for _, channel in queue)
    return DryRun(
        total,
        by[Channel.ROBOT],
        by[Channel.HUMAN],
        days,
        too_late,
        {name: Reason(count, tuple(named[name])) for name, count in counts.most_common()},
        first[:NAMED],
        tuple(blocks(session, campaign, at, called=len(queue))),
    )


def lay_out(
    session: Session, campaign: Campaign, queue: Sequence[tuple[int, Channel]], at: datetime
) -> tuple[tuple[Day, ...], tuple[int, ...], int]:
    """The days, who is called on the first one, and for how many the days do not suffice."""
    when = window_of(session, campaign)
    today = at.astimezone(when.zone).date()
    left = list(queue)
    days: list[Day] = []
    first: tuple[int, ...] = ()
    for day in when.ahead(at):
        if not left:
            break
        room = room_left(session, campaign, when, at) if day == today else when.room(day, at)
        called = take(left, room)
        if not called:
            if _nobody_ever(left, when):
                break
            continue
        chosen = set(called)
        channels = Counter(channel for one, channel in left if one in chosen)
        days.append(Day(day, channels[Channel.ROBOT], channels[Channel.HUMAN]))
        first = first or tuple(called)
        left = [one for one in left if one[0] not in chosen]
    return tuple(days), first, len(left)


def _nobody_ever(queue: Sequence[tuple[int, Channel]], when: Window) -> bool:
    """No hands at all for those who are left: further days change nothing."""
    hands = {Channel.ROBOT: when.hands.lines, Channel.HUMAN: when.hands.people}
    return not any(hands[channel] for _, channel in queue)


def blocks(session: Session, campaign: Campaign, at: datetime, *, called: int | None = None) -> Iterator[str]:
    """What forbids a launch now, as sentences. `called`: how many families a dry run found, None: not asked."""
    if missing := texts.unresolved(session, campaign, at):
        yield "В тексте нет значения для: " + ", ".join(f"{{{name}}}" for name in missing) + "."
    if called == 0:
        yield "По этим условиям звонить некому."
    if campaign.ends_on < at.astimezone(window_of(session, campaign).zone).date():
        yield "Последний день кампании прошёл."
    if campaign.channel not in CHANNELS or campaign.channel != ROBOT:
        return
    if not settings_of(session, campaign.service_id).robot_on:
        yield "Автоматические звонки выключены, или в настройках обзвона не отмечено их законное основание."
    text = texts.current(session, campaign.id)
    if text is None or campaign.heard_version != text.version:
        yield "Прослушайте этот текст сами: «Позвонить мне»."
