"""What the line did with a call and what the caller chose: the dialplan's words become `CallRecord.outcome`.

The disposition stays what it is: a caller who heard «нерабочее время» and hung up was not answered. The outcome says
why, so that nobody counts him among those who got tired of waiting in an open queue.
"""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from callflow import phone
from callflow.dialplan_word import DialplanWord
from crm import institution
from crm.call_tables import CallRecord
from crm.missed import opening

NOBODY = "nobody"
OVERFLOW = "overflow"
BREAK = "break"
CLOSED = "closed"
CALLBACK = "callback"
VOICEMAIL = "voicemail"

STRENGTH = {"": 0, NOBODY: 1, OVERFLOW: 2, BREAK: 3, CLOSED: 3, CALLBACK: 4, VOICEMAIL: 5}
"""What the caller left with us outweighs what he was told; the first of two equal ones stays."""
WORDS = {
    NOBODY: "никого не было на месте",
    OVERFLOW: "долго ждал",
    BREAK: "в перерыв",
    CLOSED: "в нерабочее время",
    CALLBACK: "просит перезвонить",
    VOICEMAIL: "оставил сообщение",
}
TURNED_AWAY = frozenset({BREAK, CLOSED})
"""Calls of a line that was not open: they are no abandoned calls."""
NOT_WAITING = TURNED_AWAY | {CALLBACK, VOICEMAIL}
"""Who hears a text, or has left a request, waits for nobody."""
OUT_OF_THE_QUEUE = frozenset({CALLBACK, VOICEMAIL, OVERFLOW})


def follow(session: Session, word: DialplanWord) -> CallRecord | None:
    """Note the word (Subject LINE) on its call; the call's row if that changed it. Twice is once; never raises."""
    row = session.scalars(select(CallRecord).where(CallRecord.linkedid == word.call).with_for_update()).one_or_none()
    if row is None:
        return None  # we came later than the call: the exchange's files tell (`workers.voice_messages`, CDR userfield)
    return row if note(session, row, word.state, word.detail) else None


def note(session: Session, row: CallRecord, outcome: str, detail: str = "") -> bool:
    """Set the outcome unless a stronger one is known; with "callback" `detail` is the number the caller typed, if any.

    Returns whether anything changed.
    """
    changed = False
    if outcome == CALLBACK and detail and row.callback_number is None:
        typed = phone.normalise(detail, institution.area_code(session))
        if typed is not None and typed.e164 not in set(institution.dids(session)):
            row.callback_number, changed = typed.e164, True
    if STRENGTH.get(outcome, 0) > STRENGTH.get(row.outcome, 0):
        row.outcome, changed = outcome, True
    if changed:
        row.version += 1
        session.flush()
        if row.ended_at is not None:  # told after the end: the ledger says why he is to be called back
            opening.from_call(session, row, row.ended_at)
    return changed
