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
from crm.base import Base

__all__ = [
    "Base",
    "audit",
    "browser_phone",
    "call_tables",
    "directory",
    "exchange_state",
    "family_tables",
    "heartbeat",
    "institution",
    "journal_tables",
    "presence",
    "sign_in",
    "staff",
    "training",
]

metadata = Base.metadata
