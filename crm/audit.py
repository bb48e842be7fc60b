"""Who did what, when: an append-only log that shows when somebody has altered it (152-ФЗ; reliability.md S20).

Three fences: the database refuses UPDATE and DELETE by triggers; every row carries an HMAC over itself and the row
before it, so that a change made past the triggers breaks the chain; and an anchor file outside the database names the
last row of the day, so that a cut tail is found too. Only ids and names of fields are kept here, never what a card
says.
"""

import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

from sqlalchemy import Index, select, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from callflow.text import clean_line
from crm.base import Base, Id
from crm.keys import key_of
from crm.staff import Employee

AUDIT_LOCK = 0x41554454  # PostgreSQL advisory lock: one appender at a time, or two rows would follow the same one
FIRST_HASH = "0" * 64
_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode


class AuditEvent(Base):
    """One thing done. `details` is the JSON text that was signed; `hash` covers every other column and `prev_hash`."""

    __tablename__ = "audit_event"
    # What `crm.audit_reading` asks, in the order in which it shows it.
    __table_args__ = (
        Index("ix_audit_event_at_seq", "at", "seq"),
        Index("ix_audit_event_actor", "actor_id", "at", "seq"),
        Index("ix_audit_event_action_at", "action", "at", "seq"),
        Index("ix_audit_event_family", "family_id", "at", "seq"),
    )

    seq: Mapped[int] = mapped_column(Id, primary_key=True, autoincrement=False)
    at: Mapped[datetime]
    actor_id: Mapped[int | None] = mapped_column(Id)
    actor_name: Mapped[str]
    action: Mapped[str]
    subject: Mapped[str]
    subject_id: Mapped[str]
    family_id: Mapped[int | None] = mapped_column(Id)
    details: Mapped[str]
    ip: Mapped[str]
    prev_hash: Mapped[str]
    hash: Mapped[str]


@dataclass(frozen=True)
class Actor:
    """Who acts: a signed-in person, or a process of ours (`employee_id` None, `name` "listener")."""

    employee_id: int | None
    name: str
    role: str = ""
    ip: str = ""

    @classmethod
    def of(cls, employee: Employee, ip: str = "") -> "Actor":
        """Return the actor that this employee is."""
        return cls(employee.id, employee.short_name, employee.role, ip)


def write(
    session: Session,
    actor: Actor,
    action: str,
    *,
    subject: str = "",
    subject_id: int | str = "",
    family_id: int | None = None,
    details: Mapping[str, Any] | None = None,
    ip: str | None = None,
    at: datetime | None = None,
) -> None:
    """Log `action` ("family.open", "journal.save", …) with the session's transaction: if that is rolled back, so is
    this.

    The rows are written as the last thing before the commit (`flush_pending`): the chain allows one writer at a time,
    and nobody should wait for another's whole transaction, or hold this lock while waiting for a call's row. `at` is
    for tests.
    """
    session.info.setdefault("audit", []).append(
        {
            "at": (at or datetime.now(UTC)).astimezone(UTC),
            "actor_id": actor.employee_id,
            "actor_name": clean_line(actor.name, 120),
            "action": clean_line(action, 60),
            "subject": clean_line(subject, 60),
            "subject_id": clean_line(str(subject_id), 60),
            "family_id": family_id,
            "details": _encode({"role": actor.role, **(details or {})} if actor.role else dict(details or {})),
            "ip": clean_line(actor.ip if ip is None else ip, 60),
        }
    )


def flush_pending(session: Session) -> None:
    """Append what `write` collected. Called by `Database.transaction` before it commits."""
    pending = session.info.pop("audit", [])
    if not pending:
        return
    key = key_of(session, "audit")
    session.flush()
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": AUDIT_LOCK})
    last = session.execute(select(AuditEvent.seq, AuditEvent.hash).order_by(AuditEvent.seq.desc()).limit(1)).first()
    seq, previous = (last.seq, last.hash) if last else (0, FIRST_HASH)
    rows = []
    for values in pending:
        seq += 1
        row = {"seq": seq, **values, "prev_hash": previous}
        row["hash"] = previous = _signature(key, *row.values())
        rows.append(row)
    session.execute(AuditEvent.__table__.insert(), rows)  # type: ignore[attr-defined]


def _signature(key: bytes, seq: int, at: datetime, *rest: Any) -> str:
    return hmac.digest(key, _encode([seq, at.isoformat(), *rest]).encode(), sha256).hex()


def verify(session: Session, key: bytes, anchors: Path | None = None) -> int | None:
    """Return the first seq that was altered, removed or swapped, or None when the log is whole.

    `key` is `keys.derive(secret_key, "audit")`. Reads in a stream: a million rows need no more memory than a thousand.
    With `anchors`, a tail cut off after an anchor is found as well: the first seq that is missing is returned.
    """
    marks = _read_anchors(anchors, key) if anchors and anchors.exists() else {}
    expected, previous = 1, FIRST_HASH
    columns = AuditEvent.__table__.columns
    statement = select(*columns).order_by(columns.seq).execution_options(yield_per=2000)
    for row in session.execute(statement):
        *signed, stored = row
        whole = row.seq == expected and row.prev_hash == previous and stored == _signature(key, *signed)
        if not whole or marks.get(expected, stored) != stored:
            return expected
        expected, previous = expected + 1, stored
    return expected if any(seq >= expected for seq in marks) else None


def anchor(session: Session, path: Path, at: datetime) -> int:
    """Append the last row's seq and hash to the file `path`, signed; return that seq (0 for an empty log).

    Run daily and at every clean stop; copy the file to where the database's administrator cannot write.
    """
    last = session.execute(select(AuditEvent.seq, AuditEvent.hash).order_by(AuditEvent.seq.desc()).limit(1)).first()
    if last is None:
        return 0
    line = f"{last.seq} {last.hash} {at.astimezone(UTC).isoformat()}"
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", encoding="ascii") as file:
        file.write(f"{line} {hmac.digest(key_of(session, 'audit'), line.encode(), sha256).hex()}\n")
    return int(last.seq)


def _read_anchors(path: Path, key: bytes) -> dict[int, str]:
    """Read the anchors; a line that we did not sign marks its own seq as wrong, so that an edited file cannot hide a
    cut.
    """
    marks: dict[int, str] = {}
    for line in path.read_text(encoding="ascii", errors="replace").splitlines():
        body, _, mac = line.rpartition(" ")
        seq, _, rest = body.partition(" ")
        if not seq.isdecimal():
            continue
        genuine = hmac.compare_digest(hmac.digest(key, body.encode(), sha256).hex().encode(), mac.encode())
        marks[int(seq)] = rest.split(" ")[0] if genuine else "an anchor that we did not write"
    return marks
