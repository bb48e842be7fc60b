"""Asterisk's queue_log: what happened in the queues while our listener was not there to hear it.

epoch|uniqueid|queue|agent|event|data1|data2|...     (docs.asterisk.org, "Queue Logs")
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import Enum

from telephony.snapshot import number

_EPOCH = re.compile(r"[0-9]{9,11}")
_UNIQUEID = re.compile(r"[0-9A-Za-z_.:-]{1,150}")
_LINE_LIMIT = 2048


class QueueEvent(Enum):
    """The events that tell the fate of a caller. The last two are our dialplan's (sd-inbound, sd-operators)."""

    JOINED = "ENTERQUEUE"
    CONNECTED = "CONNECT"
    ENDED_BY_AGENT = "COMPLETEAGENT"
    ENDED_BY_CALLER = "COMPLETECALLER"
    ABANDONED = "ABANDON"
    MISSED = "RINGNOANSWER"
    TIMED_OUT = "EXITWITHTIMEOUT"
    LEFT_EMPTY = "EXITEMPTY"
    LEFT_BY_KEY = "EXITWITHKEY"
    TRANSFERRED = "BLINDTRANSFER"
    TRANSFERRED_ATTENDED = "ATTENDEDTRANSFER"
    ARRIVED = "SDCALLER"
    ANSWERED_DIRECTLY = "SDANSWERED"


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueFact:
    """One line about the caller whose channel is `uniqueid`, at `at` (UTC, whole seconds).

    `waited`, `talked` and `rang` are seconds, `position` the place in the queue; a figure the event has not is None.
    Of ARRIVED, `agent` is the number of ours that was dialled, `caller` and `asserted` the raw headers, still encoded.
    The caller's number, which ENTERQUEUE also holds, is left where it is.
    """

    at: datetime
    uniqueid: str
    queue: str
    agent: str
    event: QueueEvent
    waited: int | None = None
    talked: int | None = None
    rang: float | None = None
    position: int | None = None
    leg: str | None = None
    caller: str | None = field(default=None, repr=False)
    asserted: str | None = field(default=None, repr=False)


def parse_line(line: str) -> QueueFact | None:
    """The fact of one line; None for a line that is damaged or of no interest."""
    fields = line.rstrip("\r\n").split("|")
    if len(line) > _LINE_LIMIT or len(fields) < 5:
        return None
    epoch, uniqueid, queue, agent, word, *data = fields
    event = _EVENTS.get(word)
    if event is None or not _EPOCH.fullmatch(epoch) or not _UNIQUEID.fullmatch(uniqueid) or uniqueid == "NONE":
        return None
    data += [""] * (4 - len(data))
    return QueueFact(
        at=datetime.fromtimestamp(int(epoch), UTC),
        uniqueid=uniqueid,
        queue=queue,
        agent="" if agent == "NONE" else agent,
        event=event,
        **_figures(event, data),  # type: ignore[arg-type]
    )


def parse_lines(lines: Iterable[str], since: datetime | None = None) -> Iterator[QueueFact]:
    """Facts of a file, oldest first as written; those before `since` (aware) are left out."""
    for line in lines:
        fact = parse_line(line)
        if fact is not None and (since is None or fact.at >= since):
            yield fact


def _figures(event: QueueEvent, data: list[str]) -> dict[str, int | float | str | None]:
    figures: dict[str, int | float | str | None] = {}
    match event:
        case QueueEvent.JOINED:
            figures = {"position": number(data[2]) or None}
        case QueueEvent.CONNECTED:
            figures = {"waited": number(data[0]), "leg": data[1] or None, "rang": float(number(data[2]))}
        case QueueEvent.ENDED_BY_AGENT | QueueEvent.ENDED_BY_CALLER:
            figures = {"waited": number(data[0]), "talked": number(data[1])}
        case QueueEvent.ABANDONED | QueueEvent.TIMED_OUT | QueueEvent.LEFT_EMPTY:
            figures = {"position": number(data[0]), "waited": number(data[2])}
        case QueueEvent.LEFT_BY_KEY:
            figures = {"position": number(data[1]), "waited": number(data[3])}
        case QueueEvent.MISSED:
            figures = {"rang": number(data[0]) / 1000}  # the only figure of the file in milliseconds
        case QueueEvent.ARRIVED:
            figures = {"caller": data[0], "asserted": data[1] or None}
        case QueueEvent.ANSWERED_DIRECTLY:
            figures = {"leg": data[0] or None}
        case _:
            pass
    return figures


_EVENTS = {event.value: event for event in QueueEvent}
