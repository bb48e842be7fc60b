"""Waiting for a condition instead of sleeping for luck."""

import os
import time
from collections.abc import Callable
from typing import Any

from tests.support import witnesses

_MOST = 5.0


def patient(limit: float) -> float:
    """`limit` seconds of a machine that is ours, in seconds of this machine now: where three programs want one
    processor, each of them lives a third of a second per second."""
    return limit * min(_MOST, max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1)))


def wait_for(condition: Callable[[], Any], limit: float = 20.0, what: str = "", pause: float = 0.02) -> Any:
    """The first true answer of `condition`, asked until `limit` seconds (see `patient`) are over. Raises AssertionError
    then, with what the real parts have to say."""
    end = time.monotonic() + patient(limit)
    while True:
        if answer := condition():
            return answer
        if time.monotonic() > end:
            raise AssertionError(f"waited {patient(limit):g} s for {what or condition}{witnesses.heard()}")
        time.sleep(pause)
