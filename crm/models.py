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
from crm.appointments import tables as appointment_tables
from crm.base import Base
from crm.calendar import tables as calendar_tables
from crm.campaigns import tables as campaign_tables
from crm.cards import tables as card_tables
from crm.consents import tables as consent_tables
from crm.dialler import tables as dialler_tables
from crm.lines import tables as line_tables
from crm.measures import tables as measure_tables
from crm.missed import tables as missed_tables
from crm.outgoing import tables as outgoing_tables
from crm.papers import tables as paper_tables
from crm.ratings import tables as rating_tables
from crm.recordings import tables as recording_tables
from crm.search import tables as search_tables
from crm.segments import tables as segment_tables
from crm.service_report import tables as target_tables
from crm.specialists import tables as specialist_tables
from crm.speech import tables as speech_tables
from crm.tips import tables as tip_tables
from crm.transfers import tables as transfer_tables

__all__ = [
    "Base",
    "appeal_tables",
    "appointment_tables",
    "audit",
    "browser_phone",
    "calendar_tables",
    "call_tables",
    "campaign_tables",
    "card_tables",
    "consent_tables",
    "dialler_tables",
    "directory",
    "exchange_state",
    "family_tables",
    "heartbeat",
    "institution",
    "journal_tables",
    "line_tables",
    "measure_tables",
    "missed_tables",
    "outgoing_tables",
    "paper_tables",
    "presence",
    "rating_tables",
    "recording_tables",
    "search_tables",
    "segment_tables",
    "sign_in",
    "specialist_tables",
    "speech_tables",
    "staff",
    "target_tables",
    "tip_tables",
    "training",
    "transfer_tables",
]

metadata = Base.metadata
