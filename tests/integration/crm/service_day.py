"""A day of a service as a script: 66 calls whose every figure was counted by hand in `test_service_report.py`.

Thursday, 12.11.2026, Moscow; the service is open from 8 to 19. Lavrova (101) and Zayac (102) answer.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from callflow import events
from callflow.dialplan_word import DialplanWord, Subject
from crm import calls, presence
from crm.call_tables import CallRecord
from crm.lines import following
from tests.integration.crm import scenario as s

DAY = date(2026, 11, 12)
EIGHT = datetime(2026, 11, 12, 5, 0, tzinfo=UTC)
"""8:00 in Moscow."""


@dataclass(frozen=True)
class Line:
    """One kind of call: when the first comes, how many and how far apart, how long each waits and talks (seconds)."""

    minute: int
    count: int
    every: int
    wait: float
    talk: float = 0.0
    end: str = "answered"
    extension: str = "101"


SCRIPT = (
    Line(10, 20, 5, 8.0, 60.0),  # 8:10 … 9:45, in time: in the hour 8 ten, in the hour 9 ten
    Line(120, 10, 6, 20.0, 120.0, extension="102"),  # 10:00 … 10:54, on the second of the target
    Line(190, 6, 5, 45.0, 30.0),  # 11:10 … 11:35, late
    Line(230, 4, 1, 3.0, end="hung up"),  # 11:50 … 11:53, short
    Line(250, 7, 2, 30.0, end="hung up"),  # 12:10 … 12:22, lost
    Line(270, 2, 5, 200.0, end="hung up"),  # 12:30, 12:35, lost after a long wait
    Line(290, 3, 3, 40.0, end="callback"),  # 12:50 … 12:56
    Line(310, 4, 3, 15.0, end="break"),  # 13:10 … 13:19
    Line(330, 2, 3, 25.0, end="voicemail"),  # 13:30, 13:33
    Line(700, 3, 3, 12.0, end="closed"),  # 19:40 … 19:46
    Line(360, 2, 10, 10.0, 40.0, end="returned"),  # 14:00, 14:10: her page is refreshed, 20 s more with her
    Line(390, 2, 10, 15.0, 50.0, end="passed on"),  # 14:30, 14:40: then Zayac talks 70 s
    Line(420, 1, 1, 4.0, end="broken"),  # 15:00
)
"""66 calls."""


def play(session: Session) -> None:
    """Let the day happen, event by event."""
    lavrova, zayac = s.employee(session, "lavrova"), s.employee(session, "zayac")
    for person in (lavrova, zayac):
        presence.set_ready(session, person.id, EIGHT)
    number = 0
    for line in SCRIPT:
        for place in range(line.count):
            number += 1
            began = EIGHT + timedelta(minutes=line.minute + place * line.every)
            _one(session, f"{number}.1", line, began)


def _one(session: Session, call: str, line: Line, began: datetime) -> None:
    for event in _events(call, line, began):
        calls.record(session, event)
    if line.end in ("callback", "voicemail", "break", "closed"):
        word = DialplanWord(subject=Subject.LINE, call=call, at=began + timedelta(seconds=line.wait - 1), order="",
                            state=line.end, detail="")  # fmt: skip
        following.follow(session, word)
    row = session.scalars(select(CallRecord).where(CallRecord.linkedid == call)).one()
    for login in ("lavrova", "zayac"):
        person = s.employee(session, login)
        now = presence.presence_of(session, person.id, began)
        if now.state == "wrapup":
            presence.end_wrapup(session, person.id, now.since + timedelta(seconds=90), row.id)


def _events(call: str, line: Line, began: datetime) -> Iterator[events.CallEvent]:
    def at(seconds: float) -> datetime:
        return began + timedelta(seconds=seconds)

    yield events.CallArrived(call=call, at=began, did=s.DID, channel="PJSIP/trunk-1")
    if line.end not in ("break", "closed", "broken"):
        yield events.CallerWaiting(call=call, at=at(0.5), queue=s.QUEUE, position=1)
    end = line.wait
    if line.end in ("answered", "returned", "passed on"):
        yield from _talk(call, line.extension, at(line.wait), line.talk)
        end += line.talk
        if line.end == "returned":
            yield events.CallReturning(call=call, at=at(end), extension=line.extension)
            yield from _talk(call, line.extension, at(end + 5), 20.0)
            end += 25.0
        elif line.end == "passed on":
            yield events.CallerWaiting(call=call, at=at(end + 0.1), queue=s.QUEUE, position=1)
            yield from _talk(call, "102", at(end + 5), 70.0)
            end += 75.0
    elif line.end == "hung up":
        yield events.CallerGaveUp(call=call, at=at(line.wait), waited_seconds=line.wait)
    yield events.CallEnded(call=call, at=at(end), cause=38 if line.end == "broken" else 16)


def _talk(call: str, extension: str, answered: datetime, seconds: float) -> Iterator[events.CallEvent]:
    leg = f"{call}-{extension}-{answered:%H%M%S}"
    yield events.OperatorRinging(
        call=call, at=answered - timedelta(seconds=2), leg=leg, extension=extension, queue=s.QUEUE
    )
    yield events.OperatorAnswered(call=call, at=answered, leg=leg, extension=extension, wait_seconds=0.0)
    yield events.OperatorReleased(
        call=call, at=answered + timedelta(seconds=seconds), leg=leg, extension=extension, reason="agent",
        talk_seconds=seconds,
    )  # fmt: skip
