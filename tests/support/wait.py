"""Waiting for a condition instead of sleeping for luck."""

import time
from collections.abc import Callable
from typing import Any


def wait_for(condition: Callable[[], Any], limit: float = 20.0, what: str = "", pause: float = 0.02) -> Any:
    """The first true answer of `condition`, asked until `limit` seconds are over. Raises AssertionError then."""
    end = time.monotonic() + limit
    while True:
        if answer := condition():
            return answer
        if time.monotonic() > end:
            raise AssertionError(f"waited {limit:g} s for {what or condition}")
        time.sleep(pause)
