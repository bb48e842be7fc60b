"""The core is pure: it imports nothing that reaches outside and asks nobody for the time."""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import callflow

PACKAGE = Path(callflow.__file__).parent
MODULES = sorted(PACKAGE.rglob("*.py"))

DOORS = frozenset(
    [
        "asyncio", "concurrent", "ctypes", "ftplib", "http", "imaplib", "io", "logging", "mmap",
        "multiprocessing", "os", "pathlib", "pickle", "random", "secrets", "select", "selectors", "shutil",
        "signal", "smtplib", "socket", "socketserver", "sqlite3", "ssl", "subprocess", "sys", "tempfile",
        "threading", "time", "urllib",
    ]
)  # fmt: skip
ALLOWED = (frozenset(sys.stdlib_module_names) - DOORS) | {"phonenumbers", "holidays", "callflow"}
ASKS_OUTSIDE = frozenset(
    [
        "now", "utcnow", "today", "time", "time_ns", "monotonic", "monotonic_ns", "perf_counter", "localtime",
        "gmtime", "open", "input", "print", "eval", "exec", "__import__", "import_module", "urandom", "getenv",
    ]
)  # fmt: skip


def imported_packages(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield "callflow" if node.level else (node.module or "").partition(".")[0]


def called_names(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            if isinstance(node.func, ast.Name):
                yield node.func.id
            elif isinstance(node.func, ast.Attribute):
                yield node.func.attr


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.stem)
def test_a_module_of_the_core_imports_nothing_that_reaches_outside(path: Path) -> None:
    assert set(imported_packages(ast.parse(path.read_text("utf-8")))) <= ALLOWED


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.stem)
def test_a_module_of_the_core_asks_nobody_for_the_time(path: Path) -> None:
    assert not set(called_names(ast.parse(path.read_text("utf-8")))) & ASKS_OUTSIDE


def test_the_two_checks_see_what_they_forbid() -> None:
    tree = ast.parse("import socket\nfrom sqlalchemy.orm import Session\nat = datetime.now(tz)\nopen('x')")
    assert set(imported_packages(tree)) - ALLOWED == {"socket", "sqlalchemy"}
    assert set(called_names(tree)) & ASKS_OUTSIDE == {"now", "open"}
    assert len(MODULES) > 8
