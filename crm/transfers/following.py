"""What the dialplan says about a transfer, into its row, and from there into the call's: who talks with the caller now.

Any word may come twice, late or not at all; the row is changed only by what `callflow.transfer` makes of it.
"""

from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy.orm import Session

from callflow import events
from callflow.call import LegState
from callflow.dialplan_word import DialplanWord
from callflow.transfer import Kind, Reason, State, Word, apply
from callflow.transfer import Transfer as Decision
from crm import staff
from crm.base import fetch
from crm.call_recording import Recorded, record
from crm.call_tables import CallRecord, locked_call
from crm.transfers import participants
from crm.transfers.holding import decision_of, open_of
from crm.transfers.tables import Transfer

_REFUSALS = {"later": Reason.LATER, "note": Reason.NOTE}


@dataclass
class Moved:
    """What a word changed: the transfer, or None; and what that moved in the call."""

    transfer: Transfer | None = None
    recorded: list[Recorded] = field(default_factory=list)


def follow(session: Session, word: DialplanWord) -> Moved:
    """Fold one word into its transfer. A telephone's own transfer (REFER) gets its row with the first word."""
    if word.state not in set(Word):
        return Moved()
    call = locked_call(session, word.call)
    row = _row(session, word, call) if call is not None else None
    if call is None or row is None:
        return Moved()
    before = decision_of(row)
    after = apply(before, Word(word.state), word.detail)
    if word.state == Word.ANSWERED and not row.leg:
        row.leg = word.uniqueid
    if after == before:
        return Moved()
    _write(row, after, word.at)
    recorded = _move_talk(session, call, row, before, after, word.at)
    _note_specialist(session, row, after, word.at)
    session.flush()
    return Moved(row, recorded)


def _row(session: Session, word: DialplanWord, call: CallRecord) -> Transfer | None:
    if word.order.isascii() and word.order.isdecimal():
        row = fetch(session, Transfer, int(word.order), lock=True)
        return row if row is not None and row.call_id == call.id else None
    row = open_of(session, call.id, lock=True)
    if row is None and word.state == Word.RINGING and not word.order:
        return _of_telephone(session, call, word.detail, word.at)
    return row


def _of_telephone(session: Session, call: CallRecord, extension: str, at: datetime) -> Transfer | None:
    """A desk telephone transferred by itself: who asked is who had the caller."""
    to = staff.seat_at(session, extension)
    if to is None:
        return None
    talked = [leg for leg in call.legs if leg.answered_at is not None]
    row = Transfer(
        call_id=call.id,
        kind=Kind.BLIND.value,
        state=State.SENT.value,
        asked_by_id=talked[-1].employee_id if talked else None,
        from_extension=talked[-1].extension if talked else "",
        to_employee_id=to.employee_id,
        to_extension=extension,
        asked_at=at,
        sent_at=at,
    )
    session.add(row)
    session.flush()
    return row


def _write(row: Transfer, after: Decision, at: datetime) -> None:
    reason = after.reason
    if after.state is State.RETURNED and row.answered_at is None:
        reason = _REFUSALS.get(row.answer, reason)
    if after.state is State.RETURNED and row.wish == "back":
        reason = Reason.TAKEN_BACK
    row.state, row.reason = after.state.value, reason.value if reason else ""
    row.ringing_at = row.ringing_at or at
    if after.state in (State.CONSULTING, State.JOINED, State.COMPLETED):
        row.answered_at = row.answered_at or at
    row.ended_at = at if after.state.is_over else None
    if after.state is State.CONSULTING and row.kind == Kind.CONFERENCE:
        row.wish, row.wish_sent_at = "join", None
    row.version += 1


def _move_talk(  # noqa: PLR0917 - whose talk, from what to what, when
    session: Session, call: CallRecord, row: Transfer, before: Decision, after: Decision, at: datetime
) -> list[Recorded]:
    """The operator's part is over, or the specialist's begins: told to the call's state table as the exchange would."""
    recorded = []
    if after.operator_is_free and not before.operator_is_free:
        mine = [leg for leg in call.legs if leg.extension == row.from_extension and leg.state == LegState.TALKING]
        for leg in mine:
            seconds = max((at - (leg.answered_at or at)).total_seconds(), 0.0)
            over = events.OperatorReleased(
                call=call.linkedid,
                at=at,
                leg=leg.uniqueid,
                extension=leg.extension,
                reason="transfer",
                talk_seconds=seconds,
            )
            recorded.append(record(session, over))
    if after.specialist_talks and row.to_extension:
        leg_id = row.leg or f"transfer:{row.id}"
        begun = events.OperatorAnswered(
            call=call.linkedid, at=at, leg=leg_id, extension=row.to_extension, wait_seconds=0.0
        )
        recorded.append(record(session, begun))
    return recorded


def _note_specialist(session: Session, row: Transfer, after: Decision, at: datetime) -> None:
    if after.state in (State.JOINED, State.COMPLETED):
        participants.note(session, row, participants.TALKED, at)
    elif after.state is State.CONSULTING:
        participants.note(session, row, participants.CONSULTED, at)
