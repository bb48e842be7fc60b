"""«Консультация дана»: the row is saved and finished at once, by what its consultation says (domain.md §6.1)."""

from datetime import datetime

from sqlalchemy.orm import Session

from crm.appeals import closing
from crm.directory import DirectoryEntry
from crm.errors import Incomplete
from crm.journal_tables import JournalEntry
from crm.specialists import consultations, dispositions
from crm.staff import Employee

NOT_WRITTEN = "Сначала запишите консультацию: тему, чем закончилась и что отвечено."


def close(
    session: Session, entry: JournalEntry, employee: Employee, at: datetime, *, ip: str = "", answer: str = ""
) -> JournalEntry:
    """Finish the saved row: sent elsewhere if its consultation was a referral, else consulted; `answer` is column 7.

    Raises Incomplete while no consultation is written (A-9), and as `closing`.
    """
    consultation = consultations.holding(session, entry.id)
    if consultation is None:
        raise Incomplete({"consultation_kind": NOT_WRITTEN})
    if consultation.directory_entry_id is not None:
        place = session.get_one(DirectoryEntry, consultation.directory_entry_id).name
        closed = closing.referred(session, entry.id, place, employee, at, ip, noted=True)
    else:
        closed = closing.consulted(session, entry.id, employee, at, ip, answer=answer)
    dispositions.note_saved(session, closed, employee, at)
    return closed
