"""What the rules of the state machine are given."""

from __future__ import annotations

from hypothesis import strategies as st

from tests.support.dialler.place import FAMILIES

PLACE = st.integers(0, 7)
BY_PEOPLE = st.sampled_from([False, False, True])
WORKER = st.integers(0, 2)
FAMILY = st.integers(0, FAMILIES - 1)
SECONDS = st.sampled_from([0.1, 1, 1, 3, 5, 12, 16, 31, 61, 600, 3700])
BETWEEN = st.sampled_from([1.1, 1.1, 6, 35, 1200, 3700])
ENDINGS = st.sampled_from(["killed", "gone", "machine", "hung_up", "delivered", "confirmed"])
IN_VAIN = st.sampled_from(
    [
        "BUSY-17-486-rang",
        "NOANSWER-19-480",
        "NOANSWER-19-480-rang",
        "CHANUNAVAIL-20-503",
        "CONGESTION-34-503",
        "CONGESTION-34-503-rang",
        "BUSY-21-603-rang",
        "CANCEL-0-",
        "NOANSWER-0-",
    ]
)
NO_SUCH_NUMBER = "CHANUNAVAIL-1-404"
