"""Missed calls and talks as short stories, for the tests of the ledger. Moments are minutes after 10:00 in Moscow on
Thursday 12.11.2026, in the middle of the morning's working hours.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from callflow import events
from callflow.caller_id import CallerId, CallerKind
from crm import calls, institution
from crm.calendar.tables import ServiceHours
from crm.calls import CallRecord
from crm.missed.tables import MissedAttempt, MissedCall, MissedContact
from tests.integration.crm.scenario import DID, KUZNETSOVA, QUEUE

TEN = datetime(2026, 11, 12, 7, 0, tzinfo=UTC)
GUSEVY = "+79070000800"
"""Shared by the families 08 and 09."""
STRANGER = "+79070009955"


def minute(minutes: float) -> datetime:
    """So many minutes after ten."""
    return TEN + timedelta(minutes=minutes)


def missed_call(
    call: str, minutes: float, number: str | None = KUZNETSOVA, *, kind: CallerKind = CallerKind.NUMBER
) -> list[events.CallEvent]:
    """Somebody waits half a minute and hangs up."""
    return [
        events.CallArrived(call=call, at=minute(minutes), did=DID, channel="PJSIP/trunk-00000001"),
        events.CallerIdentified(call=call, at=minute(minutes), caller=CallerId(kind, number), did=DID),
        events.CallerWaiting(call=call, at=minute(minutes), queue=QUEUE, position=1),
        events.CallerGaveUp(call=call, at=minute(minutes + 0.5), waited_seconds=30),
        events.CallEnded(call=call, at=minute(minutes + 0.5), cause=16),
    ]


def talk(
    call: str, minutes: float, number: str | None = KUZNETSOVA, *, kind: CallerKind = CallerKind.NUMBER
) -> list[events.CallEvent]:
    """Lavrova answers at once and talks for a quarter of a minute."""
    leg = f"{call}.leg"
    return [
        events.CallArrived(call=call, at=minute(minutes), did=DID, channel="PJSIP/trunk-00000001"),
        events.CallerIdentified(call=call, at=minute(minutes), caller=CallerId(kind, number), did=DID),
        events.CallerWaiting(call=call, at=minute(minutes), queue=QUEUE, position=1),
        events.OperatorRinging(call=call, at=minute(minutes), leg=leg, extension="101", queue=QUEUE),
        events.OperatorAnswered(call=call, at=minute(minutes), leg=leg, extension="101", wait_seconds=0),
        events.OperatorReleased(
            call=call, at=minute(minutes + 0.25), leg=leg, extension="101", reason="caller", talk_seconds=15
        ),
        events.CallEnded(call=call, at=minute(minutes + 0.25), cause=16),
    ]


def open_from_eight(session: Session) -> None:
    """The hours of regulation A (A-5), whatever the demo has set: Mon–Wed, Fri 8–17, Thu 8–19, break 12–13."""
    for row in session.scalars(select(ServiceHours).where(ServiceHours.replaced_at.is_(None))):
        session.delete(row)
    session.flush()
    day, thursday = [[480, 720], [780, 1020]], [[480, 720], [780, 1140]]
    for service in institution.services(session):
        days = [day, day, day, thursday, day, [], []]
        session.add(ServiceHours(service_id=service.id, starts_on=date(2020, 1, 1), days=days, at=TEN))
    session.flush()


def play(session: Session, *stories: Sequence[events.CallEvent]) -> CallRecord:
    """Record the stories one after another; return the last call."""
    recorded = [calls.record(session, event) for story in stories for event in story]
    return session.get_one(CallRecord, recorded[-1].call_id)


def rows(session: Session) -> list[MissedCall]:
    """The ledger without the traces of rows that were joined or never owed, oldest first; nor the demo's own rows."""
    kept = MissedCall.closed_how.not_in(["joined", "answered"])
    from_calls = select(MissedContact.missed_id).where(MissedContact.call_id.is_not(None))
    statement = select(MissedCall).where(kept, MissedCall.id.in_(from_calls))
    return list(session.scalars(statement.order_by(MissedCall.first_at, MissedCall.id)))


def clear(session: Session) -> None:
    """Without the demo's rows, which would take the calls of their families in."""
    for model in (MissedAttempt, MissedContact, MissedCall):
        session.execute(delete(model))


def open_rows(session: Session) -> list[MissedCall]:
    """The open ones."""
    return [row for row in rows(session) if row.closed_at is None]


def calls_in(session: Session, row: MissedCall) -> list[str]:
    """The row's calls, by their Linkedid."""
    statement = select(CallRecord.linkedid).join(MissedContact, MissedContact.call_id == CallRecord.id)
    statement = statement.where(MissedContact.missed_id == row.id, MissedContact.withdrawn.is_(False))
    return list(session.scalars(statement.order_by(MissedContact.at)))
