"""The form of an appeal, at the workplace and on a page of its own: what it may send, what it offers to choose."""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import Any, Literal
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from crm.appeals.following import possible_responsibles
from crm.appeals.intake import OBSTACLES, SERVICE_TOPICS
from crm.appeals.terms import next_working_day
from crm.cards import catalogues
from web.access import Visitor
from web.forms import BadForm, Fields, Form, Line, Text, fill
from web.identity import read_date
from web.words import TOPICS

OBSTACLE = {"yes": True, "no": False, "": None}
_ALWAYS = ("topic", "substance", "applicant_name", "family_brief", "contact_method")


class Appeal(Fields):
    """Columns 2–5 of the journal and what the office adds to them.

    `whole` says that the form has every field, so that a box left empty is a box left empty.
    """

    version: int
    topic: Line = ""
    substance: Text = ""
    applicant_name: Line = ""
    family_brief: Text = ""
    contact_method: Line = ""
    obstacle: Literal["", "yes", "no"] = ""
    whole: Literal["", "1"] = ""
    obstacles: list[Line] = []  # noqa: RUF012 - pydantic copies it
    explained: Literal["", "yes"] = ""
    occurred_at: Line | None = None
    next_check_on: Line = ""
    responsible_id: Line = ""
    need_ground: Line = ""
    need_form: Line = ""
    need_kinds: list[Line] = []  # noqa: RUF012
    form_key: Line = ""
    service_id: Line = ""
    family: Line = ""
    then: Literal["", "consulted"] = ""

    def values(self, zone: ZoneInfo) -> dict[str, Any]:
        """The fields as the journal takes them; days and times are the institution's."""
        known: dict[str, Any] = {name: getattr(self, name) for name in _ALWAYS}
        known["obstacle"] = OBSTACLE[self.obstacle]
        if not self.whole:
            return known
        known |= {
            "obstacles": self.obstacles,
            "explained": self.explained == "yes",
            "next_check_on": read_date(self.next_check_on),
            "responsible_id": identifier(self.responsible_id),
            "need": {"ground": self.need_ground, "form": self.need_form, "kinds": self.need_kinds},
        }
        if self.occurred_at is not None:
            known["occurred_at"] = read_moment(self.occurred_at, zone)
        return known

    def mistyped(self, zone: ZoneInfo) -> dict[str, str]:
        """A sentence for each date that was typed and cannot be read: it must not be lost in silence."""
        wrong = {}
        if self.next_check_on and read_date(self.next_check_on) is None:
            wrong["next_check_on"] = "Нужна дата, например 12.11.2026."
        if self.occurred_at and read_moment(self.occurred_at, zone) is None:
            wrong["occurred_at"] = "Нужны дата и время, например 12.11.2026 10:15."
        return wrong


def read_appeal(form: Form) -> Appeal:
    """The form. Raises BadForm for what no page of ours sends."""
    appeal, _ = fill(Appeal, form)
    if appeal is None or not 0 <= appeal.version < 2**31:
        raise BadForm
    return appeal


def identifier(text: str) -> int | None:
    """A row's id as a form sends it; None for anything that names no row."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 19 else None


def read_moment(text: str, zone: ZoneInfo) -> datetime | None:
    """«12.11.2026 10:15» or what a date-and-time field sends, as a moment; None for anything else."""
    match = re.fullmatch(r"\s*(\S+?)(?:[T\s,]+в?\s*([0-9]{1,2})[:.]([0-9]{2})(?::[0-9]{2})?)?\s*", text)
    day = read_date(match[1]) if match else None
    if match is None or day is None or int(match[2] or 0) > 23 or int(match[3] or 0) > 59:
        return None
    return datetime(day.year, day.month, day.day, int(match[2] or 0), int(match[3] or 0), tzinfo=zone)


def form_values(values: dict[str, Any], zone: ZoneInfo) -> dict[str, Any]:
    """Stored values as the form writes them, for a page that must merge them with what was typed since."""
    need = values["need"] or {}
    check, occurred, responsible = values["next_check_on"], values["occurred_at"], values["responsible_id"]
    return {
        **{name: values[name] for name in _ALWAYS},
        "obstacle": {True: "yes", False: "no", None: ""}[values["obstacle"]],
        "obstacles": values["obstacles"],
        "explained": "yes" if values["explained"] else "",
        "occurred_at": f"{occurred.astimezone(zone):%Y-%m-%dT%H:%M}" if occurred else "",
        "next_check_on": check.isoformat() if check else "",
        "responsible_id": str(responsible or ""),
        "need_ground": need.get("ground", ""),
        "need_form": need.get("form", ""),
        "need_kinds": need.get("kinds", []),
    }


def choices(session: Session, visitor: Visitor, today: date) -> dict[str, Any]:
    """What the form offers: topics, obstacles, need, people, and the control date it proposes."""
    topics = [item.title for item in catalogues.items(session, "topic")]
    people = possible_responsibles(session)
    return {
        "topics": topics or list(TOPICS),
        "service_topics": SERVICE_TOPICS,
        "obstacle_kinds": OBSTACLES,
        "grounds": [(item.code, item.title) for item in catalogues.items(session, "ground")],
        "service_forms": [(item.code, item.title) for item in catalogues.items(session, "service_form")],
        "service_kinds": [(item.code, item.title) for item in catalogues.items(session, "service_kind")],
        "responsibles": [(one.id, one.short_name) for one in people if one.id != visitor.id],
        "proposed_check": next_working_day(today),
    }
