"""Waiting for a condition instead of sleeping for luck."""

import time
from collections.abc import Callable


def until(condition: Callable[[], object], timeout: float = 5.0, what: str = "") -> None:
    """Return as soon as `condition` holds; fail when it does not within `timeout` seconds."""
    end = time.monotonic() + timeout
    while not condition():
        if time.monotonic() > end:
            raise AssertionError(f"did not come true in {timeout} s: {what or condition}")
        time.sleep(0.005)
