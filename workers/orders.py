"""Orders to the exchange that a page has asked for: transfers, outgoing calls, listening in, an end of recording.

The page writes a row and wakes us (`Wake.ORDER`); this thread of the listener asks once for whom there is an order, and
lets those clerks work at once; every second it lets every clerk look. A clerk claims a row in a transaction of its own,
acts once, and writes what came of it: an order whose answer is unknown is never sent again.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, or_, select
from sqlalchemy.exc import SQLAlchemyError

from crm.db import Database
from crm.dialler import switches
from crm.outgoing import orders as outgoing_orders
from crm.recordings import monitoring as listening
from crm.recordings import refusing
from crm.speech import calls as speech_calls
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

ORDERS: Mapping[Clerk, Sequence[Select[Any]]] = {
    switch.carry_out: switches.asked(),
    outgoing.carry_out: (outgoing_orders.asked(),),
    transfers.carry_out: (transfers.waiting(),),
    recordings.carry_out: (refusing.waiting(),),
    monitoring.carry_out: (listening.live(),),
    phrase_calls.carry_out: (speech_calls.live_calls(),),
}
"""By which rows one knows that a clerk has got an order. What comes of it later he looks for every second."""
_FOR_WHOM = select(*(or_(*(question.exists() for question in questions)) for questions in ORDERS.values()))


def serve(counter: Counter, stopping: threading.Event, clerks: Sequence[Clerk] = CLERKS) -> None:
    """Carry orders out until told to stop; one clerk's failure does not keep the others from their work."""
    for hint in wakes(counter.settings.redis_address(), every_seconds=EVERY_SECONDS):
        if stopping.is_set():
            return
        if hint not in (None, Wake.ORDER) or not counter.exchange.link.up:
            continue
        for clerk in clerks if hint is None else _with_orders(counter, clerks):
            try:
                clerk(counter)
            except (AmiError, SQLAlchemyError, OSError) as error:
                log.warning("%s failed, again in a second: %s", clerk.__module__, type(error).__name__)
            except Exception as error:  # a defect of one clerk must not end the only thread that carries orders out
                log.exception("%s failed: %s", clerk.__module__, type(error).__name__, exc_info=False)


def _with_orders(counter: Counter, clerks: Sequence[Clerk]) -> Sequence[Clerk]:
    """Of these clerks, those for whom there is something new. One question for all: a hint comes with every order."""
    try:
        with counter.database.reading() as session:
            has = dict(zip(ORDERS, session.execute(_FOR_WHOM).one(), strict=True))
    except SQLAlchemyError as error:
        log.warning("orders are not readable, again in a second: %s", type(error).__name__)
        return ()
    return [clerk for clerk in clerks if has.get(clerk, True)]
