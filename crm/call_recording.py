"""One event of the exchange, folded into its call's row.

Gather (load and lock the row) → decide (`callflow.call.apply`) → apply (store, journal draft, wrap-up), in the
caller's one transaction. Any event may come twice, late, out of order or for a call never heard of (reliability.md
M10).
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from callflow import events
from callflow.call import Call, CallState, Direction, Disposition, Effect, LegState, TalkEnded, TalkStarted, apply
from callflow.caller_id import CallerKind
from callflow.identity import IdentityLevel
from crm import families, journal, presence, staff
from crm.call_tables import UNKNOWN_CALLER, CallRecord, call_of, locked_call, store
from crm.missed import closing, opening
from crm.missed.rules import Reason
from crm.outgoing import ending
from crm.transfers import holding
from crm.upsert import insert_missing

SNAPSHOT_LEG = "snapshot:"
"""Prefix of a leg whose Uniqueid we do not know: the answer happened while nobody listened."""


@dataclass(frozen=True)
class Recorded:
    """The call's row, its service and what its change moves on the screens; carried out after the commit."""

    call_id: int
    effects: tuple[Effect, ...]
    service_id: int | None = None


def record(session: Session, event: events.CallEvent, *, evidence: str = "event") -> Recorded:
    """Fold one event into its call's row; the same event again changes nothing and has no effects.

    A talk that begins opens the journal draft; a talk that ends starts the operator's wrap-up, unless the caller is on
    the way back to her (her page was refreshed). Raises nothing for strange events; database errors pass.
    """
    row = _locked(session, event)
    if holding.is_held_back(session, row, event):
        return Recorded(row.id, (), row.service_id)
    _adopt_unknown_leg(row, event)
    before = call_of(row)
    after, effects = apply(before, event)
    store(session, row, after)
    if after.ended_at is not None and before.ended_at is None:
        row.end_evidence = evidence
    if after.caller is not None and before.caller is None:
        _match_caller(session, row)
    _follow_talk(session, row, event, effects)
    unheard = holding.close_with_call(session, row, event.at)
    _keep_ledger(session, row, before, effects, event.at, unheard=unheard)
    if row.direction == Direction.OUTBOUND:
        ending.follow_call(session, row, effects, event.at)
    session.flush()
    return Recorded(row.id, effects, row.service_id)


def _locked(session: Session, event: events.CallFact) -> CallRecord:
    """Return the call's row, held until the transaction ends; of two threads that make it, one does."""
    row = locked_call(session, event.call)
    if row is None:
        values = {"linkedid": event.call, "state": CallState.ARRIVED.value, "arrived_at": event.at}
        insert_missing(session, CallRecord, values, ["linkedid"])
        row = locked_call(session, event.call)
    if row is None:
        raise LookupError("a call that was just written is not there")
    return row


def _adopt_unknown_leg(row: CallRecord, event: events.CallFact) -> None:
    """A leg found in a snapshot gets its true Uniqueid from the first event that names one for the same extension."""
    if not isinstance(event, events.OperatorAnswered | events.OperatorReleased):
        return
    if any(leg.uniqueid == event.leg for leg in row.legs):
        return
    for leg in row.legs:
        if leg.uniqueid == f"{SNAPSHOT_LEG}{event.extension}" and leg.state == LegState.TALKING:
            leg.uniqueid = event.leg


def _match_caller(session: Session, row: CallRecord) -> None:
    """The number belongs to exactly one person: level 1. Shared, hidden or doubtful numbers wait for the operator."""
    if row.caller_kind != CallerKind.NUMBER or row.caller_number is None or row.person_id is not None:
        return
    with session.no_autoflush:  # no call can change whose the number is
        owner = families.sole_owner(session, row.caller_number)
    if owner is not None:
        row.person_id, row.family_id = owner
        row.identity_level = IdentityLevel.CALLER_NUMBER.value


def _follow_talk(session: Session, row: CallRecord, event: events.CallEvent, effects: tuple[Effect, ...]) -> None:
    returning = isinstance(event, events.CallReturning)
    if returning and any(isinstance(effect, TalkEnded) for effect in effects):
        row.returning = True
    for effect in effects:
        if not isinstance(effect, TalkStarted | TalkEnded):
            continue
        seat = staff.seat_at(session, effect.extension)
        if seat is None:
            continue
        row.employee_id = seat.employee_id
        entry = journal.open_draft(session, row, seat.employee_id, event.at)
        if isinstance(effect, TalkStarted):
            row.returning = False
        elif not returning and entry.state == journal.DRAFT and seat.role != staff.Role.SPECIALIST:
            # A specialist was connected: the row is the dispatcher's to write.
            own_call = row.direction == Direction.OUTBOUND
            presence.start_wrapup(session, seat.employee_id, row.id, event.at, own_call=own_call)
    if returning and row.employee_id is not None and row.state != CallState.ENDED:
        # AgentComplete may be heard first: the wrap-up it began would keep her from getting the caller back.
        row.returning = True
        presence.end_wrapup(session, row.employee_id, event.at, row.id)
    if row.ended_at is not None:
        row.returning = False
        _draft_of_talk_heard_late(session, row, event.at)


def _keep_ledger(
    session: Session, row: CallRecord, before: Call, effects: tuple[Effect, ...], at: datetime, *, unheard: bool
) -> None:
    """A talk settles what is owed to these people; a call that ended without one is owed from now on (`crm.missed`).

    Told again when an ended call becomes better known: who called, or that it was answered after all. Calls that an
    operator makes are `crm.outgoing`'s, but for whom she was talking with and who did not reach anybody afterwards.
    `unheard`: `holding.close_with_call`.
    """
    # Answered, but in the line again when he hung up: his operator was lost, or a transfer came to nothing.
    in_line_again = before.answered_at is not None and before.state in (CallState.WAITING, CallState.RINGING)
    cut_off = before.ended_at is None and (in_line_again or unheard)
    reason = Reason.TRANSFER if unheard else None
    if row.direction != Direction.INBOUND:
        if row.ended_at is not None and cut_off:
            opening.from_call(session, row, at, cut_off=True, reason=reason)
        return
    better_known = row.caller_kind != UNKNOWN_CALLER and before.caller is None
    if row.ended_at is not None and (before.ended_at is None or before.disposition != row.disposition or better_known):
        if row.disposition == Disposition.ANSWERED:
            closing.by_talk(session, row, at)
        opening.from_call(session, row, at, cut_off=cut_off, reason=reason)
    elif any(isinstance(effect, TalkStarted) for effect in effects):
        closing.by_talk(session, row, at)


def _draft_of_talk_heard_late(session: Session, row: CallRecord, at: datetime) -> None:
    """The hang-up came before the answer: there was a talk all the same, and a talk has its row in the journal."""
    answered = [leg.employee_id for leg in row.legs if leg.answered_at is not None and leg.employee_id is not None]
    if row.employee_id is None and answered:
        row.employee_id = answered[-1]
        journal.open_draft(session, row, answered[-1], at)
