"""Every supervisor of a test is stopped after it, whatever happened."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.supervised import Service


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Callable[..., Service]]:
    made: list[Service] = []

    def make(processes: list[dict[str, Any]], **plan: Any) -> Service:
        made.append(Service(tmp_path, processes, **plan))
        return made[-1]

    yield make
    for one in made:
        one.close()
