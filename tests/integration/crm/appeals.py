"""Rows of the journal for tests: entered by hand in service B by its coordinator."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from crm import journal
from crm.family_tables import Family
from crm.institution import Service
from crm.journal import JournalEntry
from tests.integration.crm import scenario as s

WHOLE = {
    "applicant_name": "Орлова Татьяна Сергеевна",
    "family_brief": "Орловы, 5 детей",
    "contact_method": "in_person",
    "substance": "Просит помочь с ёлкой и справкой.",
    "topic": "документы",
    "obstacle": False,
}


def service_of(session: Session, code: str = "B") -> int:
    return session.scalars(select(Service.id).where(Service.code == code)).one()


def family_of(session: Session, number: int) -> Family:
    return session.scalars(select(Family).where(Family.card_number == f"С-{number:05d}")).one()


def enter(
    session: Session, login: str = "gromova", at: datetime = s.NOON, code: str = "B", **fields: Any
) -> JournalEntry:
    """A saved row."""
    employee = s.employee(session, login)
    family_id = fields.pop("family_id", None)
    entry = journal.new_draft(session, service_of(session, code), "in_person", employee, at)
    entry.family_id = family_id
    return journal.save_entry(session, entry.id, {**WHOLE, **fields}, entry.version, employee, at)
