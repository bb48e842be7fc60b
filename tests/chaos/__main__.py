"""`python -m tests.chaos --seeds N [--first S] [--jobs J] [--engine sqlite|postgresql|both] [--seconds 60]
[--reminders 50] [--product-times] [--mutant NAME]`."""

from __future__ import annotations

import argparse
import subprocess
import sys
import traceback
from concurrent.futures import ThreadPoolExecutor, as_completed

from tests.chaos.running import run

ENGINES = ("sqlite", "postgresql")


def main() -> int:
    """Exit code 1 if an invariant was broken or a run failed; with a mutant, if a seed did not show it."""
    told = _arguments()
    seeds = range(told.first, told.first + told.seeds)
    ok = sum(_side_by_side(told, list(seeds)) if told.jobs > 1 else (_one(told, seed) for seed in seeds))
    good = "found out" if told.mutant else "without a violation"
    print(f"{told.seeds} seeds: {ok} {good}, {told.seeds - ok} not")
    return int(ok < told.seeds)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description="Things break; the invariants judge.")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--first", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=1, help="so many seeds side by side, each in its own process")
    parser.add_argument("--engine", choices=(*ENGINES, "both"), default="both")
    parser.add_argument("--seconds", type=float, default=60.0, help="in which things break")
    parser.add_argument("--reminders", type=int, default=50, help="families that the robot calls, about whatever")
    parser.add_argument("--product-times", action="store_true", help="leases and pauses as long as in the product")
    parser.add_argument("--mutant", choices=("", "no_gate", "no_commit"), default="")
    return parser.parse_args()


def _one(told: argparse.Namespace, seed: int) -> bool:
    """Whether this seed came out as it should."""
    engine = ENGINES[seed % 2] if told.engine == "both" else told.engine
    try:
        found = run(
            seed,
            engine=engine,
            seconds=told.seconds,
            reminders=told.reminders,
            mutant=told.mutant,
            brisk=not told.product_times,
        )
    except Exception:
        traceback.print_exc()
        print(f"seed {seed} {engine}: FAILED to run", flush=True)
        return False
    print(found, flush=True)
    return found.verdict is not None and bool(found.verdict.broken) == bool(told.mutant)


def _side_by_side(told: argparse.Namespace, seeds: list[int]) -> list[bool]:
    with ThreadPoolExecutor(told.jobs) as pool:
        running = [pool.submit(_in_a_process, told, seed) for seed in seeds]
        return [one.result() for one in as_completed(running)]


def _in_a_process(told: argparse.Namespace, seed: int) -> bool:
    command = [
        *(sys.executable, "-m", "tests.chaos", "--seeds", "1", "--first", str(seed), "--engine", told.engine),
        *("--seconds", str(told.seconds), "--reminders", str(told.reminders), "--mutant", told.mutant),
        *(["--product-times"] if told.product_times else []),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    *said, _total = done.stdout.splitlines() or [""]
    print("\n".join(said or [done.stderr]), flush=True)
    return done.returncode == 0


if __name__ == "__main__":
    sys.exit(main())
