"""The form of an appeal, at the workplace and on a page of its own: what it may send, what it offers to choose."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from crm import institution
from crm.appeals.following import possible_responsibles
from crm.appeals.intake import OBSTACLES, SERVICE_TOPICS
from crm.calendar.reading import calendar_of, institution_calendar
from crm.cards import catalogues
from crm.directory import DirectoryEntry
from crm.specialists import competence, consultations
from crm.specialists.consultation_rules import KINDS, Kind
from crm.specialists.tables import CompetenceTopic
from crm.staff import Employee
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
    consultation_topic: Line = ""
    consultation_kind: Line = ""
    consultation_answer: Text = ""
    consultation_where: Line = ""
    consultation_specialist: Line = ""
    consultation_remote: Literal["", "yes"] = ""
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
            "consultation": consultation_sent(self),
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


def consultation_sent(form: Any) -> dict[str, Any]:
    """The consultation's fields of a form as `crm.specialists.consultation_rules` takes them."""
    return {
        "kind": form.consultation_kind,
        "answer": form.consultation_answer,
        "remote": form.consultation_remote == "yes",
        "topic": identifier(form.consultation_topic),
        "where": identifier(form.consultation_where),
        "specialist": identifier(form.consultation_specialist),
    }


def consultation_typed(values: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a refused form, as the template shows a consultation."""
    ids = {name: identifier(str(values.get(f"consultation_{name}", ""))) for name in ("topic", "where", "specialist")}
    words = {name: str(values.get(f"consultation_{name}", "")) for name in ("kind", "answer", "remote")}
    return {**words, **ids}


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
    need, consultation = values["need"] or {}, values["consultation"] or {}
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
        "consultation_kind": consultation.get("kind", ""),
        "consultation_answer": consultation.get("answer", ""),
        "consultation_remote": "yes" if consultation.get("remote") else "",
        **{f"consultation_{name}": str(consultation.get(name) or "") for name in ("topic", "where", "specialist")},
    }


@dataclass(frozen=True)
class Consulting:
    """What the consultation's part of the form offers."""

    topics: Sequence[CompetenceTopic]
    places: Sequence[DirectoryEntry]
    specialists: Sequence[Employee]
    kinds: Mapping[str, Kind]


def consulting(session: Session, visitor: Visitor) -> Consulting:
    """Topics of the visitor's services, the directory, the specialists."""
    services = visitor.service_ids or tuple(service.id for service in institution.services(session))
    return Consulting(
        competence.offered(session, services),
        consultations.entry_places(session),
        consultations.entry_specialists(session),
        KINDS,
    )


def choices(session: Session, visitor: Visitor, today: date) -> dict[str, Any]:
    """What the form offers: topics, obstacles, need, people, and the control date it proposes."""
    topics = [item.title for item in catalogues.items(session, "topic")]
    people = possible_responsibles(session)
    own = visitor.service_ids
    calendar = calendar_of(session, own[0]) if own else institution_calendar(session)
    return {
        "topics": topics or list(TOPICS),
        "service_topics": SERVICE_TOPICS,
        "obstacle_kinds": OBSTACLES,
        "grounds": [(item.code, item.title) for item in catalogues.items(session, "ground")],
        "service_forms": [(item.code, item.title) for item in catalogues.items(session, "service_form")],
        "service_kinds": [(item.code, item.title) for item in catalogues.items(session, "service_kind")],
        "responsibles": [(one.id, one.short_name) for one in people if one.id != visitor.id],
        "proposed_check": calendar.next_working_day(today),
        "consulting": consulting(session, visitor),
    }
