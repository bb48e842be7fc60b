"""Every table, imported once: Alembic's autogenerate and the tests need the whole metadata."""

from crm import (
    audit,
    browser_phone,
    call_tables,
    directory,
    exchange_state,
    family_tables,
    heartbeat,
    institution,
    journal_tables,
    presence,
    sign_in,
    staff,
    training,
)
from crm.appeals import tables as appeal_tables
from crm.base import Base
from crm.cards import tables as card_tables
from crm.consents import tables as consent_tables
from crm.papers import tables as paper_tables
from crm.ratings import tables as rating_tables
from crm.search import tables as search_tables

__all__ = [
    "Base",
    "appeal_tables",
    "audit",
    "browser_phone",
    "call_tables",
    "card_tables",
    "consent_tables",
    "directory",
    "exchange_state",
    "family_tables",
    "heartbeat",
    "institution",
    "journal_tables",
    "paper_tables",
    "presence",
    "rating_tables",
    "search_tables",
    "sign_in",
    "staff",
    "training",
]

metadata = Base.metadata
