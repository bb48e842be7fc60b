"""What the real parts of a test have to say when it has waited in vain: the reason is seldom where it waited."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

_speaking: list[Callable[[], str]] = []


@contextmanager
def witness(says: Callable[[], str]) -> Iterator[None]:
    """`says` is asked whenever something is waited for in vain in the block."""
    _speaking.append(says)
    try:
        yield
    finally:
        _speaking.remove(says)


def heard() -> str:
    """What all of them say, the eldest first; empty if there is none."""
    return "".join(f"\n--- {says()}" for says in _speaking)
