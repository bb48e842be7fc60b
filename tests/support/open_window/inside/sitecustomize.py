"""Python imports this by its name at start: calls are allowed at any hour, as in `tests.support.open_window`."""

from __future__ import annotations

import importlib.abc
import importlib.machinery
import sys
from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta
from types import ModuleType
from typing import Any

WINDOW = "callflow.dialler.window"


def always(
    _calendar: object, _hours: object, day: Any, _family: object = None
) -> tuple[tuple[datetime, datetime], ...]:
    """The same as there, for a process that does not know the tests."""
    begins = datetime.combine(day, time(), UTC) - timedelta(days=1)
    return ((begins, begins + timedelta(days=3)),)


class Opener(importlib.abc.MetaPathFinder):
    """Finds the module as everybody does, and puts `always` in the place of its `spans` once it is loaded."""

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        """The module's own spec, with a loader that opens the window."""
        if name != WINDOW:
            return None
        sys.meta_path.remove(self)
        spec = importlib.machinery.PathFinder.find_spec(name, path, target)
        if spec is not None and spec.loader is not None:
            load = spec.loader.exec_module

            def opened(module: ModuleType) -> None:
                load(module)
                module.spans = always  # type: ignore[attr-defined]

            spec.loader.exec_module = opened  # type: ignore[method-assign]
        return spec


sys.meta_path.insert(0, Opener())
