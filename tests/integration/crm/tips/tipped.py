"""What the tests of the tips share: a form as it is filled in, and the town without the demo's tips."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import delete
from sqlalchemy.orm import Session

from crm.call_tables import CallRecord
from crm.family_tables import Family
from crm.journal_tables import JournalEntry
from crm.tips import attempts, opening
from crm.tips.tables import Tip, TipAttempt, TipDuty, TipInformant, TipReport
from crm.tips.talking import Talk
from crm.tips.told import Told
from tests.integration.crm import scenario as s

TEN = datetime(2026, 11, 12, 7, 0, tzinfo=UTC)
"""Thursday, 10:00 in Moscow: open until the break at 12."""
WEDNESDAY = datetime(2026, 11, 11, 13, 55, tzinfo=UTC)
"""16:55, five minutes before the end of the day (domain.md §11 check 6)."""
UNKNOWN = "+79070009971"
LATER = TEN + timedelta(minutes=10)
MOTHER = Talk("phone", who="мать, Тихомирова Ольга", adult=True)
CANARY = "Болтунова Зинаида Прокофьевна"
CANARY_PHONE = "8 907 000-99-81"


def clear(session: Session) -> None:
    for table in (TipInformant, TipReport, TipAttempt, TipDuty, Tip):
        session.execute(delete(table))


def told(session: Session, at: datetime = TEN, login: str = "lavrova", **fields: Any) -> Tip:
    """Somebody tells this employee of a family."""
    form: dict[str, Any] = {
        "service_id": 1, "words": "Дети одни вторые сутки.", "risk": False, "about_name": "Тихомировы",
        "informant_name": CANARY, "informant_phone": CANARY_PHONE, "informant_organisation": "дом напротив", **fields,
    }  # fmt: skip
    return opening.take(session, Told(**form), s.employee(session, login), at)


def family(session: Session, number: int) -> Family:
    return session.query(Family).filter_by(card_number=f"С-{number:05d}").one()


def call_of(session: Session, linkedid: str) -> CallRecord:
    return session.query(CallRecord).filter_by(linkedid=linkedid).one()


def entry_of(session: Session, tip: Tip) -> JournalEntry:
    return session.get_one(JournalEntry, tip.entry_id)


def vain(session: Session, tip: Tip, times: int = 3, at: datetime = LATER) -> None:
    """So many calls from another telephone, and nobody answered."""
    for number in range(times):
        attempts.note_by_hand(session, tip.id, "no_answer", "", "", s.employee(session, "lavrova"), at,
                              form_key=f"{tip.id}-{at.timestamp()}-{number}")  # fmt: skip
