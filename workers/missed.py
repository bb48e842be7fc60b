"""What happened to calls while our listener was not there to hear it: Asterisk's own files tell, with true times.

A snapshot of the exchange shows what *is*; queue_log says when a caller was answered and by whom, the CDRs when he hung
up. The listener records these first and the snapshot after them, so that only what no file knows is dated by guess.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from pathlib import Path

from callflow import events
from telephony import cdr_csv, queue_log
from telephony.queue_log import QueueEvent, QueueFact

TAIL_BYTES = 4_000_000  # some ten thousand calls; an outage that long is read from the files by hand
HANGUP_NORMAL = 16  # Q.850; a CDR does not say more
log = logging.getLogger(__name__)


def missed_events(
    log_dir: Path, open_calls: Mapping[str, datetime], live: Collection[str]
) -> tuple[events.CallEvent, ...]:
    """Events for the calls that our records hold open (linkedid → arrival), oldest first.

    A call that is still `live` is not ended, whatever a CDR says. Files that are not there tell nothing.
    """
    if not open_calls:
        return ()
    since = min(open_calls.values()) - timedelta(seconds=5)
    facts = queue_log.parse_lines(_tail(log_dir / "queue_log"), since)
    found = [*queue_events(facts, open_calls), *_ends(_tail(log_dir / "cdr-csv" / "Master.csv"), open_calls, live)]
    return tuple(sorted(found, key=lambda event: event.at))


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
            case QueueEvent.CONNECTED if fact.leg:
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


def _ends(
    lines: Iterable[str], open_calls: Mapping[str, datetime], live: Collection[str]
) -> Iterator[events.CallEvent]:
    ends: dict[str, datetime] = {}
    for record in cdr_csv.parse_records(lines):
        if record.uniqueid in open_calls and record.uniqueid not in live:
            end = record.start + timedelta(seconds=record.duration)
            ends[record.uniqueid] = max(end, ends.get(record.uniqueid, end))
    for call, end in ends.items():
        # A CDR counts whole seconds and may end before our own record of the arrival.
        yield events.CallEnded(call=call, at=max(end, open_calls[call]), cause=HANGUP_NORMAL)


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
