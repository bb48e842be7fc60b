"""The demo's records in SQLite, for tests that need them many times: made once per process, copied afterwards."""

from __future__ import annotations

import shutil
import tempfile
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

from argon2 import PasswordHasher
from sqlalchemy import select
from sqlalchemy.orm import Session

from crm import demo, schema
from crm.db import Database
from crm.staff import Employee


def demo_records(file: Path, key: str, at: datetime | None = None) -> Database:
    """Put the demo's town into this file and open it. `at`: the demo's "today"; None is the day of the first asking."""
    shutil.copy(_made(key, at), file)
    return Database(f"sqlite:///{file}", key)


@cache
def _made(key: str, at: datetime | None) -> Path:
    folder = tempfile.TemporaryDirectory(prefix="dispatch-demo-")
    _kept.append(folder)
    file = Path(folder.name) / "records.db"
    schema.upgrade(f"sqlite:///{file}")
    database = Database(f"sqlite:///{file}", key)
    with database.transaction() as session:
        demo.load(session, key, at or datetime.now(UTC))
        _make_passwords_quick(session)
    database.dispose()
    return file


def _make_passwords_quick(session: Session) -> None:
    """Keep the demo's passwords, but so that checking one costs nothing: a hash says itself how dear it is."""
    hasher = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    for employee in session.scalars(select(Employee).where(Employee.password_hash.is_not(None))):
        employee.password_hash = hasher.hash(f"demo-{employee.login}-2026")


_kept: list[tempfile.TemporaryDirectory[str]] = []  # each removes itself when the process ends
