"""What works and what does not, each with a sentence that says what to do: for `family-dispatch doctor` and its page.

`examine` looks from outside, with the settings alone, so that it has an answer when everything is down. No check takes
longer than a few seconds, none changes anything, and none repeats a secret or anybody's number.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass

from workers.settings import ServiceSettings


@dataclass(frozen=True)
class Check:
    """One row: what was looked at, whether it works, and a Russian sentence (what it is, or what to do)."""

    name: str
    ok: bool
    sentence: str


class Unwell(Exception):
    """A check that failed; the text is the sentence that says what to do."""


REPORT = "doctor"
"""The name under which the report lies among the heartbeats; it is a report, not a process that could fall silent."""

Examination = Callable[[ServiceSettings], str]


def examine(settings: ServiceSettings, examinations: Iterable[tuple[str, Examination]] | None = None) -> list[Check]:
    """Look at every part, in the order in which they need each other."""
    if examinations is None:
        from workers.doctor_checks import EXAMINATIONS  # noqa: PLC0415 - it imports the words of this module

        examinations = EXAMINATIONS
    return [_check(name, look, settings) for name, look in examinations]


def _check(name: str, look: Examination, settings: ServiceSettings) -> Check:
    try:
        return Check(name, True, look(settings))
    except Unwell as error:
        return Check(name, False, str(error))
    except Exception as error:
        return Check(
            name, False, f"Проверка не удалась ({type(error).__name__}). Подробности – в файлах журналов службы."
        )


def to_detail(checks: list[Check]) -> str:
    """The rows as text for `Heartbeat.detail`, where the page finds them."""
    return json.dumps([asdict(check) for check in checks], ensure_ascii=False)


def from_detail(detail: str) -> list[Check]:
    """The rows that `to_detail` wrote; none where the text is something else."""
    try:
        return [Check(**row) for row in json.loads(detail)]
    except (ValueError, TypeError):
        return []
