"""The next weeks of every service's calling window, for the exchange's own gate; and when it needs a new one."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from callflow.dialler import window
from crm import exchange_state, institution
from crm.calendar.reading import calendar_of
from crm.dialler.settings import settings_of
from crm.dialler.tables import DiallerSettings

DAYS_AHEAD = 30
"""As long may our programs be away; after that the gate lets nothing through."""


@dataclass(frozen=True)
class QueueWindow:
    """The stretches of one service in order, as whole seconds since 1970, half-open."""

    queue: str
    spans: tuple[tuple[int, int], ...]


def windows(session: Session, at: datetime) -> Iterator[QueueWindow]:
    """Every service's stretches from yesterday on; the same all through one day of UTC."""
    today = at.astimezone(UTC).date()
    for service in institution.services(session):
        calendar = calendar_of(session, service.id)
        hours = settings_of(session, service.id).hours
        days = (today + timedelta(days=offset) for offset in range(-1, DAYS_AHEAD + 1))
        found = [span for day in days for span in window.spans(calendar, hours, day)]
        yield QueueWindow(service.queue, _joined([(int(one.timestamp()), int(end.timestamp())) for one, end in found]))


def renew_if_changed(session: Session) -> bool:
    """Ask for a new rendering if the head has decided otherwise since the last one; return whether it was asked for."""
    state = exchange_state.exchange_state(session)
    if state.applied_at is None or state.wanted_version > state.applied_version:
        return False
    changed = session.scalar(select(func.max(DiallerSettings.changed_at)))
    if changed is None or changed <= state.applied_at:
        return False
    exchange_state.touch(session)
    return True


def _joined(spans: list[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    """In order, those that touch made one."""
    spans = sorted(spans)
    joined = spans[:1]
    for begins, ends in spans[1:]:
        last = joined[-1]
        if begins <= last[1]:
            joined[-1] = (last[0], max(last[1], ends))
        else:
            joined.append((begins, ends))
    return tuple(joined)
