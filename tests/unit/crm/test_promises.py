"""Whose promise to call back it is, minute by minute."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from crm.missed.promise_rules import is_hers

PROMISED = datetime(2026, 11, 12, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("minutes", "works_here", "absent", "off_line", "hers"),
    [
        (-60, True, False, False, True),
        (-60, True, False, True, True),  # she is off the line now, there is time
        (-60, True, True, False, False),  # entered as away then: the others know at once
        (-60, False, False, False, False),
        (4, True, False, True, True),
        (5, True, False, True, False),
        (14, True, False, False, True),  # in another talk, perhaps
        (15, True, False, False, False),
    ],
)
def test_it_is_hers_until_she_cannot_keep_it(
    minutes: int, works_here: bool, absent: bool, off_line: bool, hers: bool
) -> None:
    at = PROMISED + timedelta(minutes=minutes)
    assert is_hers(PROMISED, at, works_here=works_here, absent=absent, off_line=off_line) is hers
