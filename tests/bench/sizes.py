"""How large the benches of the records are: full by default, smaller by the environment for a look in between.

BENCH_FAMILIES=10000 BENCH_ROWS=10000 .venv/bin/python tests/bench/run.py records
"""

from __future__ import annotations

import os

SMALL = 10_000
"""What card-by-phone at full size is compared with: the limit is 1.3 times."""
MIDDLE = int(os.environ.get("BENCH_FAMILIES", "100000"))
FULL = int(os.environ.get("BENCH_FAMILIES", "1000000"))
ROWS = int(os.environ.get("BENCH_ROWS", "1000000"))
ENGINES = ("sqlite", "postgresql")
