"""What every request needs and no request owns: the database, the feed, the templates, the settings."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from fastapi import Request
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from crm.db import Database
from crm.journal import CONTACT_METHODS
from crm.staff import Role
from web import audit_details, audit_words, slot_words, words
from web.bundle import Bundle
from web.settings import WebSettings
from workers.feed import Feed, Notice
from workers.queues import Wake, wake


@dataclass
class Desk:
    """One per process; `create_app` makes it and keeps it in `app.state.desk`."""

    settings: WebSettings
    database: Database
    feed: Feed
    bundle: Bundle = field(default_factory=Bundle)

    def __post_init__(self) -> None:
        self.zone = ZoneInfo(self.settings.timezone)
        self.templates = _environment(self.bundle)

    def clock(self) -> words.Clock:
        """Now, at the institution."""
        return words.Clock(self.zone)

    def render(self, name: str, **context: Any) -> str:
        """The template's text; every value in it is escaped (reliability.md S1)."""
        return self.templates.get_template(name).render(settings=self.settings, **context)

    def publish(self, *notices: Notice) -> None:
        """Tell the browsers after a commit; if Redis is away they will ask by themselves."""
        self.feed.publish(notices)

    def wake(self, what: Wake) -> None:
        """Hint to the listener after a commit."""
        wake(self.settings.redis_address(), what)

    def close(self) -> None:
        """Give everything back."""
        self.feed.close()
        self.database.dispose()


def desk_of(request: Request) -> Desk:
    """The desk of the application that this request came to."""
    desk: Desk = request.app.state.desk
    return desk


def _environment(bundle: Bundle) -> Environment:
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    environment.globals.update(
        icon=bundle.icon,
        asset=bundle.url,
        is_built=bundle.is_built,
        plural=words.plural,
        weekday_names=slot_words.WEEKDAYS_FULL,
        METHODS=CONTACT_METHODS,
        TOPICS=words.TOPICS,
        SUBJECTS=audit_words.SUBJECTS,
        BREAK_REASONS=words.BREAK_REASONS,
        Role=Role,
    )
    environment.filters.update(
        audit_details=audit_details.details,
        epoch=words.epoch,
        day=words.day,
        age=words.age,
        browser=words.browser,
        phone=words.phone,
        masked_phone=words.masked_phone,
        duration=words.duration,
        slot_time=slot_words.slot_time,
        whole_time=slot_words.whole_time,
        seconds=slot_words.seconds,
    )
    return environment
