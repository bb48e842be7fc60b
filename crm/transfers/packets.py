"""The packet: three lines that the specialist reads before she answers (anchors.md idea 24).

Who calls is shown to her live and masked as on any ringing screen; the text is what the caller asks and what was
promised to him, taken from the draft and put right by the dispatcher.
"""

from sqlalchemy.orm import Session

from crm.call_tables import CallRecord
from crm.family_tables import Family, Person
from crm.journal_tables import JournalEntry
from crm.masked import MaskedFamily, masked
from crm.staff import Employee
from crm.visibility import visible_to

LONGEST_PACKET = 1000


def may_know(session: Session, call: CallRecord, employee: Employee) -> bool:
    """Tell whether this person may know of the family that the call belongs to; everybody, of a call without one."""
    family = session.get(Family, call.family_id) if call.family_id else None
    return family is None or visible_to(session, family, employee)


def suggested(session: Session, call: CallRecord, entry: JournalEntry | None, to: Employee | None) -> str:
    """Return the packet's text as the draft gives it; nothing of a restricted family for who is not entitled."""
    if entry is None or (to is not None and not may_know(session, call, to)):
        return ""
    lines = []
    if call.family_id is None and entry.applicant_name:
        lines.append(f"Обращается: {entry.applicant_name}")
    lines.append(f"Вопрос: {' '.join(entry.substance.split())}")
    lines.append(f"Обещано: {' '.join(entry.measures.split())}")
    return "\n".join(lines)[:LONGEST_PACKET]


def who(session: Session, call: CallRecord, viewer: Employee) -> MaskedFamily | None:
    """Return what `viewer` may see of the caller before his identity is confirmed; None for a stranger."""
    person = session.get(Person, call.person_id) if call.person_id else None
    family = session.get(Family, call.family_id) if call.family_id else None
    if person is None and family is not None and family.people:
        person = next((one for one in family.people if one.is_applicant), family.people[0])
    if person is None:
        return None
    return masked(session, person, family, call.caller_number or "", viewer)
