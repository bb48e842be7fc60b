"""Clerk of the red button and of calls that must end: makes the exchange agree with the records within two seconds.

Runs in the listener (`workers.orders`), which keeps its session with the exchange whatever happens to Redis, the ticker
and the workers.
"""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from crm.dialler import switches
from telephony.dial_orders import compose_hangup, compose_switch
from telephony.dial_status import stopped

if TYPE_CHECKING:
    from workers.orders import Counter  # it knows its clerks by name

log = logging.getLogger(__name__)


def carry_out(counter: Counter) -> None:
    """Press or release the exchange's own switch, then end what was asked to end.

    The exchange is looked at every time: its database may have been another one a second ago.
    """
    with counter.database.reading() as session:
        standing = switches.current(session)
        ending = switches.to_hang_up(session)
    told = stopped(counter.exchange)
    if told != standing.stopped:
        log.warning("red button at the exchange: %s", "pressed" if standing.stopped else "released")
        counter.exchange.send(compose_switch(stopped=standing.stopped))
    elif standing.exchange_stopped is not told:
        with counter.database.transaction() as session:
            switches.note_told(session, stopped=told, at=datetime.now(UTC))
    for attempt_id in ending:
        # An order that is still on its way has no channel yet: it is asked for again until it has one, or is over.
        if counter.exchange.send(compose_hangup(attempt_id)).succeeded:
            with counter.database.transaction() as session:
                switches.note_hung_up(session, attempt_id, datetime.now(UTC))
