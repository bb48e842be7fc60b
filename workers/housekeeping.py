"""What has to be done from time to time, whoever is at work: the listener's keeper calls `run` every two seconds.

Each duty looks at the time it is given and at its own last time; doing one twice does no harm.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

from crm import audit, sign_in
from crm.appointments import waiting_offers
from crm.calendar.exchange_hours import renew_if_old
from crm.db import Database
from crm.missed import clock as missed_clock
from crm.papers import forgetting
from crm.tips import clock as tip_clock
from crm.tips import escalating
from workers.feed import Feed, Notice, NoticeKind

SWEEP_EVERY = timedelta(minutes=1)
ANCHOR_EVERY = timedelta(days=1)
CLEAR_EVERY = timedelta(hours=1)


class Housekeeping:
    """Ends sessions whose time is over, has the exchange's table of hours renewed every day, writes the audit log's end
    into a file outside the database, and removes exported files when their week is over."""

    def __init__(self, database: Database, feed: Feed, anchors: Path, exports: Path) -> None:
        self._database = database
        self._feed = feed
        self._anchors = anchors
        self._exports = exports
        self._swept: datetime | None = None
        self._anchored: datetime | None = None
        self._cleared: datetime | None = None

    def run(self, now: datetime) -> None:
        """Do what is due at `now` (aware)."""
        if self._swept is None or now - self._swept >= SWEEP_EVERY:
            self._swept = now
            self._sweep(now)
            self._offer_again(now)
            self._set_clocks()
            self._escalate(now)
        if self._anchored is None or now - self._anchored >= ANCHOR_EVERY:
            self.anchor(now)
        if self._cleared is None or now - self._cleared >= CLEAR_EVERY:
            self._cleared = now
            forgetting.forget_old(self._database, self._exports, now)

    def _sweep(self, now: datetime) -> None:
        with self._database.transaction() as session:
            gone = sign_in.sweep(session, now)
            renew_if_old(session, now)  # the hours that the exchange knows by itself
        self._feed.publish(Notice(NoticeKind.PRESENCE, employee_id=employee_id) for employee_id in gone)

    def _set_clocks(self) -> None:
        """Call-backs keep the hours that hold now, not those that held when the call came."""
        with self._database.transaction() as session:
            missed_clock.set_clocks_again(session)
            tip_clock.set_clocks_again(session)

    def _escalate(self, now: datetime) -> None:
        """A family of whom we were told and whom nobody reached in time comes to the head by itself."""
        with self._database.transaction() as session:
            services = escalating.run(session, now)
        self._feed.publish(Notice(NoticeKind.TIP, service_id=service_id) for service_id in set(services))

    def _offer_again(self, now: datetime) -> None:
        """A freed time that nobody took in time goes to the next on the waiting list."""
        with self._database.transaction() as session:
            changed = waiting_offers.expire(session, now)
        if changed:
            self._feed.publish([Notice(NoticeKind.BOOKING)])

    def anchor(self, now: datetime) -> None:
        """Note how far the audit log reaches: a tail cut off later is found by it (reliability.md S20)."""
        with self._database.transaction() as session:
            audit.anchor(session, self._anchors, now)
        self._anchored = now
