"""Whose a promise to call back is: hers who gave it until she cannot keep it, then anybody's (anchors.md complaint 23).

Pure: instants are arguments.
"""

from datetime import datetime, timedelta
from typing import Final

REMIND: Final = timedelta(minutes=5)
"""So long before the promised time whoever promised is reminded."""
OFF_LINE_AFTER: Final = timedelta(minutes=5)
"""Off the line so long after the promised time: others call."""
LATE_AFTER: Final = timedelta(minutes=15)
"""On the line, in another talk perhaps, and not called for so long: others call too."""


def is_hers(promised_for: datetime, at: datetime, *, works_here: bool, absent: bool, off_line: bool) -> bool:
    """Whether the promise is still kept for whoever gave it.

    `absent`: entered as away at the promised time, or now if that is later; `off_line`: not signed in, or has left the
    line. An absence frees it at once, so that the family need not wait for it to be noticed.
    """
    if not works_here or absent:
        return False
    late = at - promised_for
    return late < (OFF_LINE_AFTER if off_line else LATE_AFTER)
