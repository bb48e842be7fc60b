"""Orders to the exchange that a page has asked for: transfers, outgoing calls, listening in, an end of recording.

The page writes a row and wakes us (`Wake.ORDER`); this thread of the listener lets every clerk look at its own rows at
once, and every second without a hint. A clerk claims a row in a transaction of its own, acts once, and writes what came
of it: an order whose answer is unknown is never sent again.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sqlalchemy.exc import SQLAlchemyError

from crm.db import Database
from telephony.ami import AmiSession
from telephony.link import AmiError
from workers import monitoring, outgoing, phrase_calls, recordings, transfers
from workers.dialler import switch
from workers.feed import Feed
from workers.queues import Wake, wakes
from workers.settings import ServiceSettings

EVERY_SECONDS = 1.0
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Counter:
    """What a clerk works with."""

    settings: ServiceSettings
    database: Database
    exchange: AmiSession
    feed: Feed


Clerk = Callable[[Counter], None]

CLERKS: Sequence[Clerk] = (
    switch.carry_out,
    outgoing.carry_out,
    transfers.carry_out,
    recordings.carry_out,
    monitoring.carry_out,
    phrase_calls.carry_out,
)


def serve(counter: Counter, stopping: threading.Event, clerks: Sequence[Clerk] = CLERKS) -> None:
    """Carry orders out until told to stop; one clerk's failure does not keep the others from their work."""
    for hint in wakes(counter.settings.redis_address(), every_seconds=EVERY_SECONDS):
        if stopping.is_set():
            return
        if hint not in (None, Wake.ORDER) or not counter.exchange.link.up:
            continue
        for clerk in clerks:
            try:
                clerk(counter)
            except (AmiError, SQLAlchemyError, OSError) as error:
                log.warning("%s failed, again in a second: %s", clerk.__module__, type(error).__name__)
            except Exception as error:  # a defect of one clerk must not end the only thread that carries orders out
                log.exception("%s failed: %s", clerk.__module__, type(error).__name__, exc_info=False)
