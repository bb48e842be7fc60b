"""A tip on a family without a card, or on one that was not found at once: the card is found or made later (§6.3)."""

from datetime import datetime

from sqlalchemy.orm import Session

from crm import families
from crm.appeals.rows import change
from crm.errors import RecordsError
from crm.journal_tables import JournalEntry
from crm.masked import brief_of
from crm.staff import Employee
from crm.tips import head, joining
from crm.tips.access import is_guarded, working
from crm.tips.log import log
from crm.tips.tables import Tip


def attach(session: Session, tip_id: int, family_id: int, employee: Employee, at: datetime, *, ip: str = "") -> Tip:
    """Tie the tip to this card and return it, or the open tip on that family that it joined.

    The same card again changes nothing. Raises NotFound for a tip or card that is not hers to see, RecordsError for a
    tip that is over.
    """
    tip = working(session, tip_id, employee)
    family = families.fetch_family(session, family_id, employee)
    other = joining.twin(session, tip, family.id)
    if tip.family_id == family.id and (other is None or tip.ended_at is not None):
        return tip
    if tip.ended_at is not None:
        raise RecordsError("Работа по этой информации закончена.")
    was_hidden = is_guarded(session, tip, employee)
    kept = tip if other is None else joining.join(session, tip, other, at, employee)
    for one in (tip, kept):  # the row of the one that ended is the family's too, and guarded as its card is
        if one.family_id != family.id:
            joining.tie(session, one, family.id)
    if was_hidden:
        head.tell(session, kept, "card", at)
    entry = session.get_one(JournalEntry, kept.entry_id)
    if not family.restricted:
        change(session, entry, {"family_brief": brief_of(family)}, employee, at, "найдена карточка семьи")
    log(session, "tip.card", kept, employee, at, ip, joined=other is not None)
    session.flush()
    return kept
