"""Which actions the source writes into the audit log, read from the source itself."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("crm", "web", "workers")
WRITERS = {"write": "session", "note": "desk"}
"""Who writes, by its first word: `audit.write(session, actor, action)`, `web.access.note(desk, visitor, action)`."""


def written() -> dict[str, str]:
    """Every action that stands as a word in a call, and where."""
    found: dict[str, str] = {}
    for package in PACKAGES:
        for file in sorted((ROOT / package).rglob("*.py")):
            for node in ast.walk(ast.parse(file.read_text())):
                for action in _actions(node):
                    found.setdefault(action, f"{file.relative_to(ROOT)}:{getattr(node, 'lineno', 0)}")
    return found


def _actions(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Call):
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        if len(node.args) > 2 and name in WRITERS and getattr(node.args[0], "id", "") == WRITERS[name]:
            yield from _words(node.args[2])
        for keyword in node.keywords:
            if keyword.arg == "action":
                yield from _words(keyword.value)
    elif isinstance(node, ast.FunctionDef):
        named = [*node.args.posonlyargs, *node.args.args]
        pairs = [
            *zip(named[::-1], node.args.defaults[::-1], strict=False),
            *zip(node.args.kwonlyargs, node.args.kw_defaults, strict=True),
        ]
        for argument, default in pairs:
            if argument.arg == "action" and default is not None:
                yield from _words(default)


def _words(value: ast.expr) -> Iterator[str]:
    """The literal, or both of `a if condition else b`; a variable says nothing here, the caller's literal does."""
    if isinstance(value, ast.Constant) and isinstance(value.value, str) and value.value:
        yield value.value
    elif isinstance(value, ast.IfExp):
        yield from _words(value.body)
        yield from _words(value.orelse)
    elif isinstance(value, ast.JoinedStr):
        yield ast.unparse(value)
