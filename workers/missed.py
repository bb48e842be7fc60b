"""What happened to calls while our listener was not there to hear it: Asterisk's own files tell, with true times.

A snapshot of the exchange shows what *is*; queue_log says who called, when he was answered and by whom (our dialplan
writes into it too), the CDRs when he hung up and what he had chosen. The listener records these first and the snapshot
after them, so that only what no file knows is dated by guess. Calls that came *and* went in between are found by their
line of arrival: five minutes of downtime leave the same records as none.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from callflow import events
from callflow.caller_id import CallerId
from callflow.dialplan_word import DialplanWord, Subject
from telephony import cdr_csv, queue_log
from telephony.queue_log import QueueEvent, QueueFact

TAIL_BYTES = 4_000_000  # some ten thousand calls; an outage that long is read from the files by hand
FARTHEST_BACK = timedelta(days=7)
HANGUP_NORMAL = 16  # Q.850; a CDR does not say more
log = logging.getLogger(__name__)

Told = events.CallEvent | DialplanWord
Identify = Callable[[str, str], CallerId]


@dataclass(frozen=True)
class Files:
    """What the exchange's files tell of the time after a moment: queue facts and call records, as they were written."""

    facts: tuple[QueueFact, ...] = ()
    records: tuple[cdr_csv.CallRecord, ...] = ()

    @property
    def arrivals(self) -> dict[str, datetime]:
        """Every call that came to a line of ours: linkedid → when (UTC)."""
        return {fact.uniqueid: fact.at for fact in self.facts if fact.event is QueueEvent.ARRIVED}


def read_files(log_dir: Path, since: datetime) -> Files:
    """Read both files from their ends; those that are not there tell nothing."""
    facts = queue_log.parse_lines(_tail(log_dir / "queue_log"), since)
    records = cdr_csv.parse_records(_tail(log_dir / "cdr-csv" / "Master.csv"))
    return Files(tuple(facts), tuple(record for record in records if record.start >= since))


def missed_events(
    files: Files, calls: Mapping[str, datetime], live: Collection[str], identify: Identify
) -> tuple[Told, ...]:
    """What happened to `calls` (linkedid → arrival): those that our records hold open and those they never heard of.

    In the order in which it happened. A call that is still `live` is not ended, whatever a CDR says.
    """
    told = [
        *_arrivals(files.facts, calls, identify),
        *queue_events(files.facts, calls),
        *_words(files.records, calls),
        *_ends(files.records, calls, live),
    ]
    return tuple(sorted(told, key=_order))


def _order(event: Told) -> tuple[datetime, int]:
    """The files count whole seconds: within one, a word comes before the end that it explains."""
    match event:
        case events.CallArrived() | events.CallerIdentified():
            return event.at, 0
        case events.CallEnded():
            return event.at, 3
        case DialplanWord():
            return event.at, 2
        case _:
            return event.at, 1


def _arrivals(
    facts: Iterable[QueueFact], calls: Mapping[str, datetime], identify: Identify
) -> Iterator[events.CallEvent]:
    for fact in facts:
        if fact.event is QueueEvent.ARRIVED and fact.uniqueid in calls:
            at = max(fact.at, calls[fact.uniqueid])  # the file has whole seconds, our own record knows better
            yield events.CallArrived(call=fact.uniqueid, at=at, did=fact.agent, channel="")
            caller = identify(fact.caller or "", fact.asserted or "")
            yield events.CallerIdentified(call=fact.uniqueid, at=at, caller=caller, did=fact.agent)


def queue_events(facts: Iterable[QueueFact], calls: Collection[str]) -> Iterator[events.CallEvent]:
    """The queue's facts about `calls` (linkedids) in the words of the call's state table."""
    legs: dict[tuple[str, str], str] = {}
    for fact in facts:
        call = fact.uniqueid
        if call not in calls:
            continue
        match fact.event:
            case QueueEvent.JOINED:
                yield events.CallerWaiting(call=call, at=fact.at, queue=fact.queue, position=fact.position or 1)
            case QueueEvent.CONNECTED | QueueEvent.ANSWERED_DIRECTLY if fact.leg:
                legs[call, fact.agent] = fact.leg
                yield events.OperatorAnswered(
                    call=call, at=fact.at, leg=fact.leg, extension=fact.agent, wait_seconds=float(fact.waited or 0)
                )
            case QueueEvent.ENDED_BY_AGENT | QueueEvent.ENDED_BY_CALLER if (call, fact.agent) in legs:
                yield events.OperatorReleased(
                    call=call,
                    at=fact.at,
                    leg=legs[call, fact.agent],
                    extension=fact.agent,
                    reason="caller" if fact.event is QueueEvent.ENDED_BY_CALLER else "agent",
                    talk_seconds=float(fact.talked or 0),
                )
            case QueueEvent.ABANDONED:
                yield events.CallerGaveUp(call=call, at=fact.at, waited_seconds=float(fact.waited or 0))
            case _:
                pass  # a missed ring has no leg in the file; the snapshot ends it


def _words(records: Iterable[cdr_csv.CallRecord], calls: Collection[str]) -> Iterator[DialplanWord]:
    """What the line did and the caller chose, as the dialplan would have said it itself (`crm.lines.following`)."""
    for record in records:
        if record.uniqueid in calls and record.userfield:
            state, _, detail = record.userfield.partition(":")
            at = record.start + timedelta(seconds=record.duration)
            yield DialplanWord(subject=Subject.LINE, call=record.uniqueid, at=at, order="", state=state, detail=detail)


def _ends(
    records: Iterable[cdr_csv.CallRecord], calls: Mapping[str, datetime], live: Collection[str]
) -> Iterator[events.CallEvent]:
    ends: dict[str, datetime] = {}
    for record in records:
        if record.uniqueid in calls and record.uniqueid not in live:
            end = record.start + timedelta(seconds=record.duration)
            ends[record.uniqueid] = max(end, ends.get(record.uniqueid, end))
    for call, end in ends.items():
        # A CDR counts whole seconds and may end before our own record of the arrival.
        yield events.CallEnded(call=call, at=max(end, calls[call]), cause=HANGUP_NORMAL)


def _tail(path: Path) -> list[str]:
    try:
        with path.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(0, size - TAIL_BYTES))
            if size > TAIL_BYTES:
                file.readline()  # the middle of a line
            return file.read().decode("utf-8", "replace").splitlines(keepends=True)
    except OSError as error:
        log.info("%s tells nothing: %s", path.name, type(error).__name__)
        return []
