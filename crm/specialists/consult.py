"""«Консультация дана»: the row is saved and finished at once, by what its consultation says (domain.md §6.1)."""

from datetime import datetime

from sqlalchemy.orm import Session

from crm.appeals import closing
from crm.directory import DirectoryEntry
from crm.journal_tables import JournalEntry
from crm.specialists import consultations, dispositions
from crm.staff import Employee


def close(session: Session, entry: JournalEntry, employee: Employee, at: datetime, *, ip: str = "") -> JournalEntry:
    """Finish the saved row: sent elsewhere if its consultation was a referral, else consulted. Raises as `closing`."""
    consultation = consultations.holding(session, entry.id)
    sent_to = consultation.directory_entry_id if consultation else None
    if sent_to is not None:
        place = session.get_one(DirectoryEntry, sent_to).name
        closed = closing.referred(session, entry.id, place, employee, at, ip, noted=True)
    else:
        closed = closing.consulted(session, entry.id, employee, at, ip)
    dispositions.note_saved(session, closed, employee, at)
    return closed
