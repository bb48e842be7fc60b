"""The days of a campaign: in which minutes anybody may be called, and how many hands there are for it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from callflow.calendar import ServiceCalendar
from callflow.calendar.instants import instant_of
from callflow.dialler import window
from callflow.dialler.states import Channel
from callflow.dialler.window import CallingHours, Span
from crm import staff
from crm.calendar.reading import calendar_of
from crm.campaigns.tables import Campaign, CampaignTarget
from crm.campaigns.volume import Hands, Room, minutes_of, room_of
from crm.dialler.settings import settings_of
from crm.dialler.tables import CAMPAIGN, ON_THE_WAY, DialSubject, DialTask

DAY = timedelta(days=1)
FARTHEST = 400
"""Days that a dry run looks ahead at most."""


@dataclass(frozen=True)
class Window:
    """When this campaign may call, and with whom."""

    calendar: ServiceCalendar
    hours: CallingHours
    hands: Hands
    per_day: int
    starts_on: date
    ends_on: date

    @property
    def zone(self) -> tzinfo:
        """The institution's."""
        return self.calendar.zone

    def spans(self, day: date) -> tuple[Span, ...]:
        """Stretches of this day; none before the campaign begins or after it ends."""
        if not self.starts_on <= day <= self.ends_on:
            return ()
        return window.spans(self.calendar, self.hours, day)

    def room(self, day: date, at: datetime) -> Room:
        """How many families fit into what is left of the day at `at`."""
        return room_of(minutes_of(self.spans(day), at), self.per_day, self.hands)

    def ahead(self, at: datetime) -> Iterator[date]:
        """The days on which anybody can still be called, from the day of `at` on."""
        day = max(at.astimezone(self.zone).date(), self.starts_on)
        for _ in range(FARTHEST):
            if day > self.ends_on:
                return
            if minutes_of(self.spans(day), at) >= 1:
                yield day
            day += DAY

    def closes(self) -> datetime:
        """After this moment nobody is called by this campaign (UTC)."""
        return instant_of(self.ends_on + DAY, 0, self.zone)

    def midnight(self, at: datetime) -> datetime:
        """The beginning of the local day of `at`."""
        return instant_of(at.astimezone(self.zone).date(), 0, self.zone)


def window_of(session: Session, campaign: Campaign) -> Window:
    """Read it as it is now."""
    settings = settings_of(session, campaign.service_id)
    hands = Hands(
        lines=settings.caps.lines if settings.robot_on else 0,
        robot_calls=settings.caps.per_service_day if settings.robot_on else 0,
        people=len(staff.operators(session, campaign.service_id)),
    )
    return Window(
        calendar_of(session, campaign.service_id),
        settings.hours,
        hands,
        campaign.per_day,
        campaign.starts_on,
        campaign.ends_on,
    )


def taken(session: Session, campaign: Campaign, when: Window, at: datetime) -> Room:
    """What of today's room is taken: families of this campaign that were planned today or are still to be called from
    an earlier day, and the open tasks of all campaigns of the service by channel."""
    tomorrow = when.midnight(at + DAY)
    of_this = (
        select(DialSubject.task_id)
        .join(CampaignTarget, CampaignTarget.id == DialSubject.target_id)
        .where(CampaignTarget.campaign_id == campaign.id)
    )
    open_now = DialTask.state.in_(ON_THE_WAY) & (DialTask.due_at < tomorrow)
    planned = session.scalar(
        select(func.count(DialTask.id)).where(
            DialTask.id.in_(of_this), open_now | (DialTask.planned_at >= when.midnight(at))
        )
    )
    busy = select(DialTask.channel, func.count(DialTask.id)).where(
        DialTask.kind == CAMPAIGN, DialTask.service_id == campaign.service_id, open_now
    )
    by_channel = dict(session.execute(busy.group_by(DialTask.channel)).all())
    return Room(planned or 0, by_channel.get(Channel.ROBOT.value, 0), by_channel.get(Channel.HUMAN.value, 0))


def room_left(session: Session, campaign: Campaign, when: Window, at: datetime) -> Room:
    """How many more families of this campaign may be planned today."""
    room, gone = when.room(at.astimezone(when.zone).date(), at), taken(session, campaign, when, at)
    return Room(
        max(0, room.families - gone.families), max(0, room.robot - gone.robot), max(0, room.people - gone.people)
    )
