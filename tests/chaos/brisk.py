"""The product's pauses, shortened for a run that has to be over soon: what waits half a minute waits some seconds.

No decision changes, only how long each takes: leases, the life of an order, how late a call record may be, the rhythm
of those who look. `python -m tests.chaos --product-times` runs without this.
"""

from __future__ import annotations

import importlib
import random
from datetime import timedelta
from typing import Any, Final

VARIABLE: Final = "CHAOS_BRISK"
PAUSE: Final = timedelta(seconds=20)
"""After a jump of the clock; nothing is swept meanwhile."""


def _seconds(count: float) -> timedelta:
    return timedelta(seconds=count)


_SHORTER: Final[tuple[tuple[str, str, Any], ...]] = (
    ("crm.db", "BUSY_MILLISECONDS", 4_000),
    ("callflow.dialler.rules", "SOON", _seconds(1)),
    ("callflow.dialler.retry", "_DENIED_AGAIN", _seconds(3)),
    ("callflow.dialler.wire", "PATIENCE", _seconds(6)),
    ("crm.dialler.claiming", "LEASE", _seconds(8)),
    ("crm.dialler.sweeping", "LEASE", _seconds(8)),
    ("crm.dialler.gating", "ORDER_SECONDS", _seconds(5)),
    ("crm.dialler.gating", "LOOK_AGAIN", _seconds(3)),
    ("workers.queues", "DIAL_AGAIN_SECONDS", 3),
    ("workers.queues", "JOB_SECONDS", 6),
    ("workers.dialler.clock", "PAUSE", PAUSE),
    ("workers.dialler.ticker", "PAUSE", PAUSE),
    ("workers.dialler.ticker", "SWEEP_SECONDS", 1.0),
    ("workers.dialler.reconciler", "EVERY_SECONDS", 1.0),
    ("workers.dialler.reconciler", "PROOF_AFTER", _seconds(3)),
    ("workers.ticker", "EVERY_SECONDS", 1.0),
    ("workers.ticker", "SPEAK_EVERY_SECONDS", 1.0),
)
"""A name that another module has taken over stands here once for each of the two."""


def hurry() -> None:
    """Shorten them in this process. Raises AttributeError where one has another name now."""
    for module, name, value in _SHORTER:
        its = importlib.import_module(module)
        getattr(its, name)
        setattr(its, name, value)
    from telephony.ami import AmiSession
    from telephony.link import Backoff

    Backoff.__init__.__defaults__ = (0.2, 2.0, random.random)
    defaults = AmiSession.__init__.__kwdefaults__
    for name, value in {"login_pause": 4.0, "ping_every": 2.0, "ping_limit": 3.0}.items():
        defaults[name]
        defaults[name] = value
