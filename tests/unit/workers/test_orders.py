"""The thread that carries orders out outlives whatever a clerk does."""

from __future__ import annotations

import threading
from types import SimpleNamespace

import pytest
from sqlalchemy.exc import OperationalError

from telephony.link import LinkDown
from telephony.wire import UnsafeValue
from workers import orders


@pytest.mark.parametrize(
    "trouble", [LinkDown("gone"), OperationalError("", {}, Exception()), OSError(), UnsafeValue("channel"), KeyError(1)]
)
def test_one_clerks_failure_neither_ends_the_thread_nor_keeps_the_others_from_their_work(
    monkeypatch: pytest.MonkeyPatch, trouble: Exception
) -> None:
    worked: list[str] = []

    def stumbles(_counter: orders.Counter) -> None:
        raise trouble

    monkeypatch.setattr(orders, "wakes", lambda *_args, **_kwargs: iter([None, None]))
    counter = SimpleNamespace(
        settings=SimpleNamespace(redis_address=lambda: ""), exchange=SimpleNamespace(link=SimpleNamespace(up=True))
    )
    orders.serve(counter, threading.Event(), [stumbles, lambda _counter: worked.append("done")])  # type: ignore[arg-type]
    assert worked == ["done", "done"]
