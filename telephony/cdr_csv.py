"""Asterisk's call records (`cdr-csv/Master.csv` with `loguniqueid=yes`): evidence that a call took place.

A caller's name may hold line breaks (M7), so a record is what CSV calls one, never a line of the file; and every field
we use must look like itself, or the record is no evidence.
"""

import csv
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from telephony.snapshot import number

_COLUMNS = (17, 18, 21)
"""Without and with `loguserfield`; the longest has `newcdrcolumns` too, as our cdr.conf says."""
_MOMENT = "%Y-%m-%d %H:%M:%S"
_IDENTITY = re.compile(r"[0-9A-Za-z_.:-]{0,150}")
_NOTED = re.compile(r"[a-z]{1,20}(:[0-9]{0,15})?")
_DISPOSITIONS = frozenset({"ANSWERED", "NO ANSWER", "BUSY", "FAILED", "CONGESTION"})


@dataclass(frozen=True, slots=True, kw_only=True)
class CallRecord:
    """One record: `uniqueid` and `account` identify it (account is the attempt of an outbound call); `start` is UTC
    (`usegmtime=yes`), durations are seconds. `userfield`: what our dialplan noted of the call (sd-voice.conf). Numbers
    and names are left in the file."""

    uniqueid: str
    account: str
    context: str
    start: datetime
    answered: bool
    duration: int
    talked: int
    disposition: str
    userfield: str = ""


def parse_records(lines: Iterable[str]) -> Iterator[CallRecord]:
    """Records of an open file (opened with `newline=""`); damaged ones are passed over."""
    rows = csv.reader(lines)
    while True:
        try:
            row = next(rows)
        except StopIteration:
            return
        except csv.Error:
            continue
        record = _record(row)
        if record is not None:
            yield record


def _record(row: list[str]) -> CallRecord | None:
    if len(row) not in _COLUMNS:
        return None
    account, _, _, context, _, _, _, _, _, start, answer, _, duration, talked, disposition, _, uniqueid = row[:17]
    userfield = row[17] if len(row) > 17 else ""
    if not uniqueid or not _IDENTITY.fullmatch(uniqueid) or not _IDENTITY.fullmatch(account):
        return None
    if disposition not in _DISPOSITIONS:
        return None
    try:
        began = datetime.strptime(start, _MOMENT).replace(tzinfo=UTC)
    except ValueError:
        return None
    return CallRecord(
        uniqueid=uniqueid,
        account=account,
        context=context,
        start=began,
        answered=bool(answer) and disposition == "ANSWERED",
        duration=number(duration),
        talked=number(talked),
        disposition=disposition,
        userfield=userfield if _NOTED.fullmatch(userfield) else "",
    )
