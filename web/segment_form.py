"""Conditions as rows of a form (`parts/conditions.html`): «Детей до 18 лет: [не меньше] [3]», with or without a script.

Row 4 sends `kind-4` and its kind's fields as `how-4`, `count-4`. The button `act` adds a row, takes one away or counts;
nothing is saved by that, the form comes back as it was typed.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from crm.segments.conditions import MOST, Condition, Lists, read
from crm.segments.kinds import KINDS, Kind, Listed, Number
from web.forms import BadForm, Form

_NAME = re.compile(r"([a-z_]{1,20})-([0-9]{1,2})", re.ASCII)


@dataclass(frozen=True)
class Row:
    """One row as the form shows it: what was typed, and a sentence where that is no condition."""

    place: int
    kind: Kind
    values: Mapping[str, str]
    condition: Condition | None = None
    error: str = ""


@dataclass(frozen=True)
class Typed:
    """All rows of a form. `added`: the place of a row that has just come, where the cursor goes; −1 for none."""

    rows: Sequence[Row]
    added: int = -1

    @property
    def conditions(self) -> tuple[Condition, ...]:
        """Those that are conditions."""
        return tuple(row.condition for row in self.rows if row.condition)

    @property
    def is_wrong(self) -> bool:
        """Whether any row needs mending."""
        return any(row.error for row in self.rows)

    @property
    def is_full(self) -> bool:
        """Whether there is no room for another row."""
        return len(self.rows) >= MOST


def typed(form: Form, lists: Lists, own: Collection[str]) -> Typed:
    """Read the rows of a form whose other fields are `own`. Raises BadForm for fields that no page of ours sends."""
    sent: dict[int, dict[str, str]] = {}
    for name, values in form.items():
        if name in own or name == "csrf":
            continue
        match = _NAME.fullmatch(name)
        if match is None:
            raise BadForm
        sent.setdefault(int(match[2]), {})[match[1]] = values[0]
    if len(sent) > MOST:
        raise BadForm
    return Typed([_row(place, sent[place], lists) for place in sorted(sent)])


def shown(conditions: Sequence[Condition], lists: Lists) -> Typed:
    """Saved conditions as rows."""
    return Typed([_row(place, {"kind": one.kind, **_texts(one)}, lists) for place, one in enumerate(conditions)])


def changed(rows: Typed, act: str, add: str, lists: Lists) -> Typed:
    """The rows after the button: «add» puts the kind `add` at the end, «drop-4» takes row 4 away.

    Raises BadForm for a button of no page of ours.
    """
    if act in ("", "count"):
        return rows
    if act == "add":
        kind = KINDS.get(add)
        if kind is None or rows.is_full:
            return rows
        place = max((row.place for row in rows.rows), default=-1) + 1
        return Typed([*rows.rows, _row(place, {"kind": kind.code, **_usual(kind, lists)}, lists)], place)
    match = _NAME.fullmatch(act)
    if match is None or match[1] != "drop":
        raise BadForm
    left = [row for row in rows.rows if row.place != int(match[2])]
    return Typed([Row(place, row.kind, row.values, row.condition, row.error) for place, row in enumerate(left)])


def _row(place: int, sent: Mapping[str, str], lists: Lists) -> Row:
    kind = KINDS.get(sent.get("kind", ""))
    if kind is None or not set(sent) <= {"kind", *(field.name for field in kind.fields)}:
        raise BadForm
    values = {field.name: sent.get(field.name, "") for field in kind.fields}
    condition, error = read(kind.code, values, lists)
    return Row(place, kind, values, condition, error)


def _texts(one: Condition) -> dict[str, str]:
    return {name: str(value) for name, value in one.values.items()}


def _usual(kind: Kind, lists: Lists) -> dict[str, str]:
    values = {}
    for field in kind.fields:
        if isinstance(field, Number):
            values[field.name] = str(field.usual)
        elif isinstance(field, Listed):
            values[field.name] = "" if field.every else next(iter(lists[field.of]), "")
        else:
            values[field.name] = next(iter(field.options))
    return values


def kinds_to_add() -> dict[str, list[tuple[str, str]]]:
    """What a row can be, by group."""
    found: dict[str, list[tuple[str, str]]] = {}
    for kind in KINDS.values():
        found.setdefault(kind.group, []).append((kind.code, kind.title))
    return found
