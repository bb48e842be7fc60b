"""The RQ job of the outbound engine. It carries a task's id, is done in milliseconds, and is never retried by RQ: a
retried dial would be a second phone call (reliability.md M15).
"""

from __future__ import annotations

import logging
from collections.abc import Callable

from crm.db import Database, open_database
from telephony.ami import AmiSession
from workers.dialler import prompts
from workers.dialler.sender import Sender
from workers.exchange import ami_address
from workers.settings import ServiceSettings, load

log = logging.getLogger(__name__)
_sender: Sender | None = None


def dial(task_id: int) -> None:
    """Have one task called, if it is due; does nothing where somebody else has done it."""
    _of_this_process().dial(task_id)


def install(sender: Sender | None) -> None:
    """What places the calls of this process; the worker's main does this once, before its first job."""
    global _sender  # noqa: PLW0603 - RQ calls a function by its name: this is where it finds the session that stays open
    _sender = sender


def make_sender(
    settings: ServiceSettings, database: Database, *, reached: Callable[[str], None] | None = None
) -> Sender:
    """A sender with a session of its own with the exchange, started."""
    exchange = AmiSession(ami_address(settings), on_event=lambda _message: None, events=())
    exchange.start()
    words = prompts.finder(settings, database)
    if reached is None:
        return Sender(database, exchange, settings.mode, words)
    return Sender(database, exchange, settings.mode, words, reached)


def _of_this_process() -> Sender:
    if _sender is not None:
        return _sender
    settings = load(ServiceSettings)
    sender = make_sender(settings, open_database(settings))
    install(sender)
    return sender
