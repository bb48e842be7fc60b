"""The need that was found while taking an appeal: on the row, and from there on the family's card (A-16, A-17)."""

from datetime import datetime

from sqlalchemy.orm import Session

from crm.cards import needs
from crm.errors import Incomplete, RecordsError
from crm.journal_tables import JournalEntry
from crm.staff import Employee


def is_whole(entry: JournalEntry) -> bool:
    """Whether ground, form and at least one kind of service are decided (A-17); urgent services have no form."""
    need = entry.need or {}
    kinds = need.get("kinds") or ()
    return bool(need.get("ground") and kinds and (need.get("form") or needs.URGENT in kinds))


def note_need(session: Session, entry: JournalEntry, employee: Employee, at: datetime, ip: str = "") -> None:
    """Write a whole need of the row into the family's card, as what the family needs from now on.

    Raises Incomplete where the card refuses it (a ground that tells of health, without written consent): then the row
    may not say it either. A card that this employee may not change stays as it is.
    """
    if entry.family_id is None or not is_whole(entry):
        return
    try:
        needs.assess(session, entry.family_id, entry.need, employee, at, journal_entry_id=entry.id, ip=ip)
    except Incomplete as refusal:
        raise Incomplete({f"need_{name}": sentence for name, sentence in refusal.fields.items()}) from refusal
    except RecordsError:
        return
