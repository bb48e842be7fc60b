"""One task, one order: claim, words, what the exchange says, rules, commit, one frame (reliability.md §3, steps 2–4).

Nothing is dialled before the attempt is committed, and nothing is ever dialled twice: whoever is killed between any two
lines here leaves either a lease that runs out, or an attempt that `reconciler` settles by evidence.
"""

from __future__ import annotations

import logging
import os
import secrets
import socket
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final, Literal

from sqlalchemy.orm import Session

from callflow.dialler.rules import Live
from crm.db import Database
from crm.dialler import claiming, following, gating, pacing
from crm.dialler.tables import DialAttempt, DialTask
from telephony.ami import AmiSession
from telephony.dial_orders import DialOrder, order_headers
from telephony.dial_status import clock_skew, load_now
from telephony.link import AmiError, AnswerUnknown
from telephony.wire import UnsafeValue
from workers.dialler.clock import ClockGuard, pause_after_jump

JOB_SECONDS: Final = 1.5
"""How long one job goes on to further tasks: a worker has other things to do too."""
SPARE_LINES: Final = 8
"""While so many orders could begin, whoever has placed one goes on to the next without being woken for it: then several
workers may do so at once, and none of them finds the last line taken."""
POINTS: Final = (
    "before_claim",
    "in_claim",
    "after_claim",
    "after_words",
    "after_asking",
    "in_gate",
    "before_commit",
    "after_commit",
    "before_send",
    "after_send",
    "before_told",
    "after_told",
)
"""Where a test may kill or stop a worker (F19, F21)."""
log = logging.getLogger(__name__)

Words = Callable[[Session, DialTask, datetime], Mapping[str, Any] | None]
"""File and hash of every piece that this call may play; None: they are not ready (I20)."""


def _nothing(_: str) -> None:
    pass


@dataclass(frozen=True)
class Sender:
    """Places calls; one per process, for it holds the session with the exchange. `reached` is told every point."""

    database: Database
    exchange: AmiSession
    mode: Literal["demo", "live"]
    words: Words
    reached: Callable[[str], None] = _nothing
    clock: ClockGuard = field(default_factory=ClockGuard)

    def dial(self, task_id: int) -> DialAttempt | None:
        """Have this task called if it is still due, or the next that may be; the attempt that was ordered first.

        Rules that say no cost no line, so after them the next task is tried at once; so it is after an order while
        there are `SPARE_LINES`. For `JOB_SECONDS` at the most.
        """
        if self.clock.jumped():
            pause_after_jump(self.database, "worker")
            return None
        until = time.monotonic() + JOB_SECONDS
        wanted: int | None = task_id
        ordered: DialAttempt | None = None
        while time.monotonic() < until:
            attempt, found = self._one(wanted)
            ordered = ordered or attempt
            if attempt is not None and not self._has_spare_lines():
                break
            if not found and wanted is None:
                break
            wanted = None
        return ordered

    def _one(self, task_id: int | None) -> tuple[DialAttempt | None, bool]:
        """One task: the attempt that was ordered for it, and whether there was a task at all."""
        owner = _owner()
        claimed = self._claim(task_id, owner)
        if claimed is None:
            return None, False
        with self.database.reading() as session:
            prompts = self.words(session, session.get_one(DialTask, claimed), datetime.now(UTC))
        self.reached("after_words")
        live = self._ask()  # last, for it is true for a moment only
        self.reached("after_asking")
        attempt = self._decide(claimed, owner, live, prompts)
        if attempt is None:
            return None, True
        self.reached("after_commit")
        self._send(attempt)
        return attempt, True

    def _has_spare_lines(self) -> bool:
        with self.database.reading() as session:
            return pacing.room(session, datetime.now(UTC)) >= SPARE_LINES

    def _claim(self, task_id: int | None, owner: str) -> int | None:
        self.reached("before_claim")
        with self.database.transaction() as session:
            at = datetime.now(UTC)
            if pacing.room(session, at) < 1:
                return None
            if task_id is None:
                task = claiming.claim(session, owner, at)
            else:
                task = claiming.claim_one(session, task_id, owner, at)
            claimed = task.id if task else None
            self.reached("in_claim")
        self.reached("after_claim")
        return claimed

    def _ask(self) -> Live:
        """What the exchange says now; a link that is down is an answer too."""
        try:
            load = load_now(self.exchange)
            skew = clock_skew(self.exchange)
        except AmiError as error:
            log.info("nothing is dialled: %s", type(error).__name__)
            return Live(link_up=False)
        return Live(
            boot_id=load.boot,
            waiting=load.waiting,
            inbound=load.inbound,
            outbound=load.outbound,
            clock_skew=skew,
        )

    def _decide(self, task_id: int, owner: str, live: Live, prompts: Mapping[str, Any] | None) -> DialAttempt | None:
        with self.database.transaction() as session:
            at = datetime.now(UTC)
            gated = gating.gate(session, task_id, owner, at, live, mode=self.mode, prompts=prompts)
            self.reached("in_gate")
            attempt = gated.attempt
            if attempt is None and gated.verdict is None:
                task = session.get_one(DialTask, task_id, populate_existing=True)
                claiming.give_back(session, task, owner, at)
            elif gated.verdict is not None and gated.verdict.rule is not None:
                log.info("task %s is not called: %s", task_id, gated.verdict.rule.value)
            self.reached("before_commit")
        return attempt

    def _send(self, attempt: DialAttempt) -> None:
        self.reached("before_send")
        order = self._order(attempt)
        if order is None:
            self._note_not_sent(attempt.id, "called off before it was sent")
            return
        try:
            headers = order_headers(order, secrets.token_hex(4))
            answer = self.exchange.send(headers)
        except AnswerUnknown as error:
            log.warning("%s: nobody knows whether it was taken (%s)", attempt.id, type(error).__name__)
            return
        except (AmiError, UnsafeValue) as error:  # before a byte was sent
            log.warning("%s was not sent: %s", attempt.id, type(error).__name__)
            self._note_not_sent(attempt.id, f"not sent: {type(error).__name__}")
            return
        self.reached("after_send")
        if not answer.succeeded:  # it will say the same of the next (F8): not one attempt a second
            self._note_not_sent(attempt.id, "refused by the exchange", datetime.now(UTC) + gating.LOOK_AGAIN)
            return
        self.reached("before_told")
        with self.database.transaction() as session:
            following.told(session, attempt.id, datetime.now(UTC))
        self.reached("after_told")

    def _order(self, attempt: DialAttempt) -> DialOrder | None:
        """None: somebody has called it off since it was committed (F35), or it was settled meanwhile (F21)."""
        with self.database.reading() as session:
            ring = gating.ring_of(session, attempt.id)
        if ring is None:
            return None
        return DialOrder(
            attempt_id=attempt.id,
            number=attempt.number,
            not_after=attempt.not_after,
            shown_number=attempt.shown_number,
            ring_seconds=ring,
            kind=attempt.kind,
        )

    def _note_not_sent(self, attempt_id: str, evidence: str, due_at: datetime | None = None) -> None:
        with self.database.transaction() as session:
            following.not_sent(session, attempt_id, datetime.now(UTC), evidence, due_at=due_at)


def _owner() -> str:
    """Who holds a claim: unique for every claim, so that no worker takes another's for its own (I14)."""
    return f"{socket.gethostname()[:40]}-{os.getpid()}-{secrets.token_hex(4)}"
