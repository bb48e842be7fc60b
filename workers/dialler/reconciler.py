"""Finds out what became of attempts of which nothing is heard (reliability.md §3, step 8).

At start, after every login and every five seconds the exchange is asked: does its channel live, has the gate let it
through and what did it note of the end, which life of Asterisk is this; and its file of call records. What follows from
the answers is decided by `crm.dialler.reconciling`; without an answer nothing is decided.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from callflow.dialler.rules import MOST_SKEW
from callflow.dialler.wire import CdrLine, Evidence, Judged
from crm.db import Database
from crm.dialler import following, reconciling
from telephony.cdr_csv import CallRecord
from telephony.dial_status import ExchangeLoad, clock_skew, forget, gate_note, load_now, old_notes
from telephony.snapshot import Asker
from workers.missed import read_files

EVERY_SECONDS: Final = 5.0
PROOF_AFTER: Final = timedelta(seconds=5)
"""So long after the last second of an order its absence counts as proof: the two clocks may differ by two seconds, and
a worker that was stopped in the middle may send at the very last moment."""
KEEP_NOTES: Final = timedelta(days=2)
FARTHEST_BACK: Final = timedelta(hours=2)
"""No attempt is silent for longer; older call records need not be read."""
log = logging.getLogger(__name__)


class Reconciler:
    """One look at a time, from one thread. `cdr_dir`: the exchange's log folder, None where it is another machine's."""

    def __init__(
        self, database: Database, exchange: Asker, cdr_dir: Path | None, now: Callable[[], datetime] | None = None
    ) -> None:
        self._database = database
        self._exchange = exchange
        self._cdr_dir = cdr_dir
        self._now = now or (lambda: datetime.now(UTC))

    def look(self) -> dict[str, Judged]:
        """Settle what can be settled; attempt → verdict. Raises AmiError when the exchange does not answer."""
        at = self._now()
        with self._database.reading() as session:
            silent = {attempt.id: attempt.not_after for attempt in reconciling.silent(session, at)}
            lingering = reconciling.lingering(session)
        if not silent and not lingering:
            return {}
        load = load_now(self._exchange)
        self._free_lines([one for one in lingering if one not in load.attempts])
        if abs(clock_skew(self._exchange)) > MOST_SKEW:  # «too old to be obeyed» would be said of an order on its way
            return {}
        records = self._records(at) if silent.keys() - load.attempts else {}
        verdicts = {}
        for attempt_id, not_after in silent.items():
            seen, ended = self._evidence(attempt_id, not_after, load, records)
            if ended and self._hear(attempt_id, ended):
                verdicts[attempt_id] = Judged.ENDED
                continue
            with self._database.transaction() as session:
                verdict = reconciling.apply(session, attempt_id, seen, self._now())
            verdicts[attempt_id] = verdict.judged
            if verdict.judged not in (Judged.WAIT, Judged.ALIVE):
                log.info("%s: %s by %s", attempt_id, verdict.judged.value, verdict.evidence)
        return verdicts

    def tidy(self) -> int:
        """Delete the gate's notes of long ago; how many. Raises AmiError."""
        before = int((self._now() - KEEP_NOTES).timestamp())
        old = old_notes(self._exchange, before)
        for attempt_id in old:
            forget(self._exchange, attempt_id)
        return len(old)

    def _free_lines(self, gone: Sequence[str]) -> None:
        """Lines of attempts that are over, and of whose end the dialplan has not said a word that anybody heard."""
        for attempt_id in gone:
            with self._database.transaction() as session:
                following.gone(session, attempt_id)

    def _hear(self, attempt_id: str, ended: str) -> bool:
        """The dialplan's last word, which nobody heard when it was said (F7); False if it changes nothing."""
        with self._database.transaction() as session:
            return following.heard(session, attempt_id, "ended", ended, self._now()) is not None

    def _evidence(
        self, attempt_id: str, not_after: datetime, load: ExchangeLoad, records: Mapping[str, CdrLine]
    ) -> tuple[Evidence, str]:
        """What the exchange says of an attempt, and the last word about it that the gate has kept, "" if none."""
        if attempt_id in load.attempts:
            return Evidence(alive=True, boot_id=load.boot), ""
        proof = self._now() > not_after + PROOF_AFTER
        note = gate_note(self._exchange, attempt_id)
        key = note.passed if proof else None
        return Evidence(alive=False, boot_id=load.boot, gate_key=key, cdr=records.get(attempt_id)), note.ended

    def _records(self, at: datetime) -> Mapping[str, CdrLine]:
        if self._cdr_dir is None:
            return {}
        return lines_of(read_files(self._cdr_dir, at - FARTHEST_BACK).records)


def lines_of(records: Iterable[CallRecord]) -> dict[str, CdrLine]:
    """Attempt → its record: that of the half that dialled, and of its two rows the first, which holds the dialling."""
    found: dict[str, CdrLine] = {}
    for record in records:
        if record.account and record.uniqueid == f"{record.account}-b":
            found.setdefault(record.account, CdrLine(record.disposition))
    return found
