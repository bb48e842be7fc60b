"""`python -m tests.chaos --seeds N [--first S] [--engine sqlite|postgresql|both] [--seconds 60] [--mutant NAME]`."""

from __future__ import annotations

import argparse
import sys
import traceback

from tests.chaos.running import run

ENGINES = ("sqlite", "postgresql")


def main() -> int:
    """Exit code 1 if an invariant was broken or a run failed; with a mutant, if none was."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description="Things break; the invariants judge.")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--first", type=int, default=1)
    parser.add_argument("--engine", choices=(*ENGINES, "both"), default="both")
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--reminders", type=int, default=50)
    parser.add_argument("--mutant", choices=("", "no_gate", "no_commit"), default="")
    told = parser.parse_args()
    broken = failed = 0
    for seed in range(told.first, told.first + told.seeds):
        engine = ENGINES[seed % 2] if told.engine == "both" else told.engine
        try:
            found = run(seed, engine=engine, seconds=told.seconds, reminders=told.reminders, mutant=told.mutant)
        except Exception:
            traceback.print_exc()
            print(f"seed {seed} {engine}: FAILED to run", flush=True)
            failed += 1
            continue
        print(found, flush=True)
        broken += bool(found.verdict is None or found.verdict.broken)
    print(f"{told.seeds} seeds: {broken} violated, {failed} failed to run")
    return int(broken < told.seeds if told.mutant else broken + failed > 0)


if __name__ == "__main__":
    sys.exit(main())
