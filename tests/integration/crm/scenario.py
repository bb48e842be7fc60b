"""A call's life in the words of the exchange, for the tests of the records. Lavrova sits at 101, Zayac at 102."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from callflow import events
from callflow.caller_id import CallerId, CallerKind
from crm import calls
from crm.calls import CallRecord
from crm.staff import Employee

NOON = datetime(2026, 11, 12, 9, 0, tzinfo=UTC)
DID = "+79070009001"
QUEUE = "dispatch"
KUZNETSOVA = "+79070000101"


def after(seconds: float) -> datetime:
    """So many seconds after the call came in."""
    return NOON + timedelta(seconds=seconds)


def arrived(call: str = "1.1", at: datetime = NOON) -> events.CallEvent:
    return events.CallArrived(call=call, at=at, did=DID, channel="PJSIP/trunk-00000001")


def identified(
    number: str | None = KUZNETSOVA, call: str = "1.1", kind: CallerKind = CallerKind.NUMBER
) -> events.CallEvent:
    return events.CallerIdentified(call=call, at=after(0.1), caller=CallerId(kind, number), did=DID)


def waiting(call: str = "1.1", seconds: float = 0.2) -> events.CallEvent:
    return events.CallerWaiting(call=call, at=after(seconds), queue=QUEUE, position=1)


def ringing(extension: str = "101", leg: str = "leg.1", seconds: float = 1, call: str = "1.1") -> events.CallEvent:
    return events.OperatorRinging(call=call, at=after(seconds), leg=leg, extension=extension, queue=QUEUE)


def missed(extension: str = "101", leg: str = "leg.1", seconds: float = 21, call: str = "1.1") -> events.CallEvent:
    return events.OperatorMissed(call=call, at=after(seconds), leg=leg, extension=extension, ring_seconds=20)


def answered(extension: str = "101", leg: str = "leg.1", seconds: float = 5, call: str = "1.1") -> events.CallEvent:
    return events.OperatorAnswered(call=call, at=after(seconds), leg=leg, extension=extension, wait_seconds=4)


def released(extension: str = "101", leg: str = "leg.1", seconds: float = 65, call: str = "1.1") -> events.CallEvent:
    return events.OperatorReleased(
        call=call, at=after(seconds), leg=leg, extension=extension, reason="caller", talk_seconds=60
    )


def returning(extension: str = "101", seconds: float = 30, call: str = "1.1") -> events.CallEvent:
    return events.CallReturning(call=call, at=after(seconds), extension=extension)


def ended(seconds: float = 65.1, call: str = "1.1") -> events.CallEvent:
    return events.CallEnded(call=call, at=after(seconds), cause=16)


def whole_talk(call: str = "1.1") -> list[events.CallEvent]:
    """In, ring, talk of a minute, out."""
    return [
        arrived(call),
        identified(call=call),
        waiting(call),
        ringing(call=call, leg=f"{call}.leg"),
        answered(call=call, leg=f"{call}.leg"),
        released(call=call, leg=f"{call}.leg"),
        ended(call=call),
    ]


def play(session: Session, story: Sequence[events.CallEvent]) -> CallRecord:
    """Record the events in this order and return the call's row."""
    recorded = [calls.record(session, event) for event in story]
    row = calls.fetch_call(session, recorded[-1].call_id)
    assert row is not None
    return row


def employee(session: Session, login: str) -> Employee:
    return session.scalars(select(Employee).where(Employee.login == login)).one()
