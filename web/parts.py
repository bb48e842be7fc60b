"""The parts of the screen that change while it is looked at, each in a box with a version.

A page is drawn with them, and `GET /parts` sends them again after a notice; web/assets/refresh.js puts in only those
whose version differs, and never takes a form with unsaved words away.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from types import MappingProxyType
from typing import Any

from fastapi.responses import HTMLResponse
from markupsafe import Markup
from sqlalchemy.orm import Session

from crm.appointments import waiting
from crm.appointments.reading import today_visits
from crm.errors import NotFound
from crm.journal_tables import JournalEntry
from crm.missed import reading as missed
from crm.missed.promise_rules import REMIND
from crm.transfers.reading import packet_of
from web import specialists, workplace
from web.access import HAVE_STATUS, ON_CALLS, Visitor
from web.appeal_form import choices
from web.appointments import support_of
from web.calendar_view import calendar_pending
from web.desk import Desk
from web.missed import by_when, clock_of
from web.words import Clock

IDLE_ROWS = 5
"""Call-backs shown to somebody who has no call; the rest is one click away."""
SWAP = Markup(' hx-swap-oob="true"')
FORCE = Markup(' data-force="1"')


@dataclass(frozen=True)
class Frame:
    """The parts around every page, drawn."""

    status: Markup
    waiting: Markup
    banner: Markup
    strip: Markup


@dataclass(frozen=True)
class Panels:
    """The parts of the workplace, drawn."""

    call: Markup
    queue: Markup
    card: Markup
    appeal: Markup
    people: Markup


class Painter:
    """Draws parts for one visitor at one moment."""

    def __init__(self, desk: Desk, visitor: Visitor, *, swap: bool = False, force: bool = False) -> None:
        self.desk = desk
        self.visitor = visitor
        self.swap = swap
        self.force = force
        self.clock: Clock = desk.clock()
        self._bar: workplace.BarState | None = None

    def bar(self, session: Session) -> workplace.BarState:
        """What the top of the page and the panels below it both show: read once."""
        if self._bar is None:
            self._bar = workplace.bar_state(session, self.visitor, self.clock.at)
        return self._bar

    def part(self, name: str, *, subject: str = "", version: str = "", classes: str = "", **context: Any) -> Markup:
        """One box. Without `version` the drawn text is its own version."""
        text = self.desk.render(f"parts/{name}.html", visitor=self.visitor, clock=self.clock, **context)
        return Markup(
            '<div id="part-{name}" class="{classes}" data-version="{version}" data-subject="{subject}" data-hold{more}>'
            "{text}</div>"
        ).format(
            name=name,
            classes=f"part {classes}".strip(),
            version=version or sha256(text.encode()).hexdigest()[:16],
            subject=subject,
            more=SWAP * self.swap + FORCE * self.force,
            text=Markup(text),  # noqa: S704 - autoescaped by the environment
        )

    def frame(self, session: Session, *, on_workplace: bool = False) -> Frame:
        """The top of the page."""
        bar = self.bar(session)
        return Frame(
            status=self.part("status", bar=bar, classes="bar-state"),
            waiting=self.part("waiting", bar=bar),
            banner=self.part(
                "banner", bar=bar, pending=calendar_pending(session, self.visitor, self.clock), remind=REMIND
            ),
            strip=self.part("strip", bar=bar, on_workplace=on_workplace),
        )

    def packet(self, session: Session, transfer_id: int) -> Markup:
        """What a specialist reads before she answers; raises NotFound for anybody else's."""
        packet = packet_of(session, transfer_id, self.visitor.employee)
        return self.part("packet", subject=f"packet-{transfer_id}", packet=packet)

    def queue(self, session: Session) -> Markup:
        """Who waits."""
        return self.part("queue", waiting=self.bar(session).waiting)

    def panels(self, session: Session) -> Panels:
        """The workplace."""
        at, visitor = self.clock.at, self.visitor
        bar, own = self.bar(session), self.own(session)
        subject = _subject(own)
        drafts = workplace.open_drafts(session, visitor) if own is None else []
        recent = workplace.recent_calls(session, visitor) if own is None else []
        owed = missed.open_rows(session, visitor.employee, at, limit=IDLE_ROWS) if own is None else []
        day, zone = self.clock.today, self.clock.zone
        visits = today_visits(session, visitor.employee, day, zone) if own is None else []
        return Panels(
            call=self.part("call", subject=subject, own=own, bar=bar),
            queue=self.queue(session),
            card=self.part(
                "card",
                subject=_card_subject(subject, own),
                own=own,
                bar=bar,
                drafts=drafts,
                recent=recent,
                cards=workplace.seen_cards(session, visitor, recent),
                owed=owed,
                visits=[one for one in visits if one.row.starts_at > at],
                freed=waiting.freed(session, visitor.employee, at) if own is None else [],
                clock_of=clock_of,
                by_when=by_when,
            ),
            appeal=self.appeal(session, own, own.entry if own else None),
            people=self.part("people", own=own, **specialists.people(session, visitor, at)),
        )

    def own(self, session: Session) -> workplace.OwnCall | None:
        """The visitor's call."""
        current = self.bar(session).current
        return workplace.own_call(session, self.visitor, current, self.clock.at) if current else None

    def appeal(
        self,
        session: Session,
        own: workplace.OwnCall | None,
        entry: JournalEntry | None,
        errors: Mapping[str, str] = MappingProxyType({}),
    ) -> Markup:
        """The row of the journal that is written in a call. `errors`: why it was refused, by field; the version is the
        same with them, for the next notice must not take them away."""
        support = support_of(session, entry)
        return self.part(
            "appeal",
            subject=_subject(own),
            version=f"{entry.id}-{entry.state}-{entry.version}-{own.phase}-{support}" if own and entry else "",
            own=own,
            entry=entry,
            support=support,
            errors=errors,
            zone=self.desk.zone,
            **(choices(session, self.visitor, self.clock.today) if entry else {}),
        )


def _subject(own: workplace.OwnCall | None) -> str:
    return f"call-{own.call.id}" if own else "idle"


def _card_subject(subject: str, own: workplace.OwnCall | None) -> str:
    """Another person or a confirmed identity is another card: it is shown even over a form that was being filled in."""
    return f"{subject}-{own.call.person_id or 0}-{own.call.family_id or 0}-{int(own.is_open)}" if own else subject


def frame(desk: Desk, visitor: Visitor, *, on_workplace: bool = False) -> Frame:
    """The parts around a page."""
    with desk.database.reading() as session:
        return Painter(desk, visitor).frame(session, on_workplace=on_workplace)


def parts(
    desk: Desk,
    visitor: Visitor,
    *,
    at_workplace: bool,
    packet_id: int | None = None,
    queue_only: bool = False,
    force: bool = False,
    said: str = "",
    status: int = 200,
) -> HTMLResponse:
    """All parts as one answer; `force` after the visitor's own action, `said` is a short confirmation. `queue_only`:
    nothing but the queue has changed, and of the workplace nothing else is drawn: callers come to a page in mid-talk
    more often than anything else does."""
    painter = Painter(desk, visitor, swap=True, force=force)
    with desk.database.reading() as session:
        drawn = list(vars(painter.frame(session, on_workplace=at_workplace)).values())
        if at_workplace and visitor.role in ON_CALLS:
            drawn += [painter.queue(session)] if queue_only else vars(painter.panels(session)).values()
        if packet_id is not None and visitor.role in HAVE_STATUS:
            with suppress(NotFound):
                drawn.append(painter.packet(session, packet_id))
    headers = {"HX-Trigger": json.dumps({"fd:said": said})} if said else {}
    return HTMLResponse("\n".join(drawn), status_code=status, headers=headers)
