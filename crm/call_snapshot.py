"""After a new login at the exchange: what went on while nobody listened is inferred from what is there now.

Events missed during an outage never come again (reliability.md M10, F33). The difference between our open rows and the
exchange's channels is told to the state table as the events that must have happened, so that drafts, wrap-ups and
screens follow by the same road. Times are those of the snapshot where the exchange does not know better.
"""

from collections.abc import Collection, Iterator
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from callflow import events
from callflow.call import CallState, LegState
from callflow.live import LiveCall
from crm.call_recording import SNAPSHOT_LEG, Recorded, record
from crm.call_tables import CallRecord
from crm.transfers import holding

SNAPSHOT = "snapshot"


def reconcile(session: Session, live_calls: Collection[LiveCall], at: datetime) -> list[Recorded]:
    """Bring the open rows into agreement with `live_calls`, the exchange's state at `at` (UTC); return what changed.

    A row that arrived at or after `at` is left alone: the snapshot could not know it yet (the lookup leg writes rows
    too).
    """
    recorded: list[Recorded] = []
    live_ids = {live.linkedid for live in live_calls}
    open_rows = select(CallRecord.linkedid).where(CallRecord.ended_at.is_(None), CallRecord.arrived_at < at)
    for linkedid in session.scalars(open_rows.order_by(CallRecord.id)).all():
        if linkedid not in live_ids:
            gone = events.CallEnded(call=linkedid, at=at, cause=0)
            recorded.append(record(session, gone, evidence=SNAPSHOT))
    for live in live_calls:
        _reopen(session, live)
        holding.seen(session, live, at)
        row = session.scalars(select(CallRecord).where(CallRecord.linkedid == live.linkedid)).one_or_none()
        recorded.extend(record(session, event) for event in _missed_events(row, live, at))
    return [change for change in recorded if change.effects]


def _reopen(session: Session, live: LiveCall) -> None:
    """A row that an earlier snapshot closed, and that is there after all (the exchange's list was cut short)."""
    statement = update(CallRecord).where(CallRecord.linkedid == live.linkedid, CallRecord.end_evidence == SNAPSHOT)
    opened = {"ended_at": None, "end_evidence": None, "disposition": None, "cause": None}
    session.execute(statement.values(state=CallState.ARRIVED.value, **opened))


def _missed_events(row: CallRecord | None, live: LiveCall, at: datetime) -> Iterator[events.CallEvent]:
    """The shortest story that leads from the row to what the exchange shows."""
    call = live.linkedid
    legs = list(row.legs) if row is not None else []
    talking = next((leg for leg in legs if leg.state == LegState.TALKING), None)
    if row is None or (live.did and not row.did):
        yield events.CallArrived(call=call, at=live.since, did=live.did or "", channel="")
    if talking is not None and talking.extension != live.talking:
        seconds = (at - (talking.answered_at or at)).total_seconds()
        yield events.OperatorReleased(
            call=call, at=at, leg=talking.uniqueid, extension=talking.extension, reason="lost", talk_seconds=seconds
        )
    if live.talking is not None:
        if talking is None or talking.extension != live.talking:
            ringing = (leg.uniqueid for leg in legs if leg.state == LegState.RINGING and leg.extension == live.talking)
            leg = next(ringing, f"{SNAPSHOT_LEG}{live.talking}")
            answered_at = live.answered_at or at
            yield events.OperatorAnswered(call=call, at=answered_at, leg=leg, extension=live.talking, wait_seconds=0.0)
        return
    still_ringing = {leg for leg, _extension in live.ringing}
    for row_leg in legs:
        if row_leg.state == LegState.RINGING and row_leg.uniqueid not in still_ringing:
            seconds = max(0.0, (at - row_leg.rang_at).total_seconds())
            yield events.OperatorMissed(
                call=call, at=at, leg=row_leg.uniqueid, extension=row_leg.extension, ring_seconds=seconds
            )
    if live.queue and (row is None or row.state in (CallState.ARRIVED, CallState.TALKING) or row.queue != live.queue):
        yield events.CallerWaiting(call=call, at=at, queue=live.queue, position=0)
    known = {leg.uniqueid for leg in legs}
    for uniqueid, extension in live.ringing:
        if uniqueid not in known:
            yield events.OperatorRinging(call=call, at=at, leg=uniqueid, extension=extension, queue=live.queue or "")
