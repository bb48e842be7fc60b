"""It is always a good time to call: for tests that would otherwise run on weekdays only.

In the test's own process `monkeypatch.setattr(window, "spans", always)`; in the service's processes PYTHONPATH begins
with `FOLDER`, whose `sitecustomize` does the same.
"""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent / "inside"
Span = tuple[datetime, datetime]


def always(_calendar: object, _hours: object, day: Any, _family: object = None) -> tuple[Span, ...]:
    """The whole day, with a day before and one after it."""
    begins = datetime.combine(day, time(), UTC) - timedelta(days=1)
    return ((begins, begins + timedelta(days=3)),)
