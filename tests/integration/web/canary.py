"""A family that almost nobody may know of, written into every table, and the words by which a leak is recognised.

Every row that can belong to a family is made for this one by looking at the tables themselves: a new table is planted
without anybody thinking of it. All rows have the id CANARY, all texts the canary's words. Where a column wants a code
instead of words, CODES says which.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import JSON, Boolean, Date, DateTime, Float, Integer, Table, insert, select
from sqlalchemy.orm import Session

from crm import passwords
from crm.base import UtcDateTime
from crm.family_tables import Family
from crm.models import Base
from crm.staff import Employee, Role, by_login, service_ids_of

CANARY, MERGED, MISSING = 771_301, 771_302, 771_399
NAME, CHILD, STREET, CARD = "Канарейкин", "Канареечка", "Канареечная", "С-77131"
ATTEMPT = "att-" + "c" * 32
PHONE, PHONE_TYPED = "+79070009988", "8 (907) 000-99-88"
TEXT = "Канарейкин, тайна канарейки"
MARKS = ("канаре", "9070009988", "000-99-88", "000‑99‑88", "77131", "0009988")
"""What nobody may see who is not entitled, in small letters."""
STRANGERS = ("lavrova", "gromova", "smirnova", "kim", "auditor")
"""A dispatcher, a coordinator, a specialist, the administrator, the auditor: nobody entrusted them with the card."""
READERS = ("roshchina", "chernykh", "zayac", "vorobey")
"""The head, the director, and a dispatcher and a specialist entrusted by name."""
ENTRUSTED = ("zayac", "vorobey")

_AT = CONTACT = datetime.now(UTC)
_LEFT_OUT = {"family_word", "entry_word", "search_word", "family_assignment", "family_merge", "not_duplicate",
             "presence"}  # fmt: skip
CODES: dict[str, dict[str, Any]] = {
    "import_job": {"kind": "families", "state": "ready", "file_name": "реестр.xlsx", "sha256": "", "stored_as": "",
                   "mapping": {}, "summary": {}, "errors": [], "service_id": 1},
    "exported_file": {"kind": "registry", "state": "ready", "file_name": "реестр.xlsx", "stored_as": "canary.xlsx",
                      "sha256": "0" * 64, "content_sha256": "1" * 64, "error": "", "filters": {"service_id": 1},
                      "words": "", "made_at": _AT, "removed_at": None},
    "family": {"card_number": CARD, "name": f"{NAME}ы", "address": f"ул. {STREET}, д. 7", "restricted": True,
               "state": "active", "source": "self", "opened_by_method": "phone", "housing": "", "income_band": "",
               "transport": "", "contact_from": "", "contact_until": "", "preferred_channel": "",
               "warning": "Осторожно.", "merged_into_id": None, "import_job_id": None, "import_key": None,
               "actualized_on": date(2024, 1, 1), "next_action_on": date(2026, 11, 1)},
    "family_status": {"type": "многодетная", "valid_to": date(2026, 12, 1), "verified_on": date(2026, 1, 12),
                      "revoked_reason": ""},
    "person": {"surname": NAME, "name": CHILD, "patronymic": "", "search_key": f"{NAME} {CHILD}".casefold(),
               "relation": "мать", "is_applicant": True, "sex": "", "birth_date": date(1990, 11, 25),
               "left_at": None, "left_reason": ""},
    "phone": {"number": PHONE, "raw": PHONE_TYPED, "removed_at": None, "removed_reason": ""},
    "caller_choice": {"number": PHONE},
    "call_record": {"linkedid": "1700000771.301", "direction": "inbound", "state": "ended", "disposition": "answered",
                    "caller_kind": "number", "caller_number": PHONE, "end_evidence": "event", "queue": "dispatch",
                    "answered_at": _AT, "ended_at": _AT, "identity_level": 3, "did": "+79070009001", "line_id": None,
                    "outcome": "", "callback_number": PHONE},
    "recording": {"linkedid": "1700000771.301", "state": "stored", "file_name": "2026/11/" + "0" * 32 + ".wav",
                  "sha256": "0" * 64, "stop": "", "problem": "", "rule": "", "deleted_rule": "", "hold_reason": "",
                  "held_at": None, "deleted_at": None, "stopped_at": None},
    "monitor_session": {"mode": "listen", "state": "ended", "channel_id": "monitor-1", "error": ""},
    "transfer": {"kind": "attended", "state": "returned", "reason": "busy", "wish": "", "answer": "", "to_number": "",
                 "from_extension": "121", "to_extension": "201", "leg": "", "ended_at": _AT},
    "call_participant": {"who": "number:+79070009101", "number": "+79070009101", "part": "talked"},
    # A row of the past: an open one is shown to everybody who answers calls, as a number (test_missed_pages.py).
    "missed_call": {"number": PHONE, "number_certain": True, "source": "exchange", "reasons": ["abandoned"],
                    "claimed_by_id": None, "closed_at": _AT, "closed_how": "reason", "closed_reason": "other",
                    "joined_to_id": None, "open_key": None},
    "missed_contact": {"reason": "abandoned", "form_key": None, "line_id": None},
    "missed_attempt": {"result": "no_answer", "form_key": None},
    "tip": {"numbers": [PHONE], "risk": False, "letter_how": "", "letter_by_id": None, "visit_measure_id": None,
            "head_told_at": _AT, "head_why": "risk", "head_seen_by_id": None, "ended_how": "", "ended_by_id": None,
            "ended_call_id": None, "joined_to_id": None, "open_key": None},
    "tip_report": {"form_key": None},
    "tip_attempt": {"number": PHONE, "result": "no_answer", "form_key": None},
    "tip_duty": {"body": "kdn"},
    "outgoing_call": {"channel_id": "out-canary", "extension": "101", "number": PHONE, "shown_number": "+79070009001",
                      "state": "ended", "result": "busy", "live": False},
    "call_leg_record": {"extension": "121", "state": "ended", "answered_at": _AT, "ended_at": _AT},
    "journal_entry": {"state": "saved", "number": 1, "year": _AT.year, "contact_method": "phone", "topic": "иное",
                      "progress": "in_work", "obstacles": [], "obstacle": None, "saved_at": _AT, "occurred_at": _AT,
                      "result_kind": "", "rating_mark": "", "resolved_at": _AT, "form_key": None, "need": {},
                      "annul_reason": "", "no_measure_reason": "", "next_check_on": date(2026, 11, 1)},
    "need_assessment": {"ground": "", "form": "", "kinds": [], "ended_reason": ""},
    "risk_flag": {"code": "canary", "cleared_reason": "", "cleared_by_id": None},
    "health_record": {"kind": "disability", "group": "1", "ended_reason": "", "valid_to": date(2026, 12, 1)},
    "card_change": {"subject": "family", "field": "address", "version": 2},
    "consent": {"purpose": "processing", "form": "written", "given": True, "withdrawn_how": "",
                "withdrawn_by_id": None, "valid_until": date(2026, 12, 1), "text_id": 1},
    "subject_request": {"kind": "access", "purpose": "", "done_by_id": None, "outcome": "",
                        "due_on": date(2026, 12, 1)},
    "destruction_act": {"state": "proposed", "scope": "health", "year": None, "number": None, "request_id": None,
                        "destroyed": [], "kept": [], "decided_by_id": None, "decision": ""},
    "appeal_measure": {"kind": "home_visit", "details": {}, "planned_on": date(2026, 11, 20), "annulled_by_id": None,
                       "annulled_reason": ""},
    "consultation": {"kind": "answered", "channel": "phone"},
    "entry_change": {"field": "substance", "version": 2},
    "voice_message": {"linkedid": "1700000771.301", "file": "canary.wav", "sha256": "0" * 64, "removed_at": None},
    "slot_hold": {"employee_id": 9, "starts_at": _AT, "ends_at": _AT, "until": _AT, "released_at": None},
    "appointment": {"employee_id": 9, "starts_at": _AT, "ends_at": _AT, "state": "planned", "mode": "office",
                    "cancelled_by": "", "room": "3", "moved_from_id": None, "form_key": None},
    "waiting_wish": {"state": "waiting", "mode": "", "weekdays": [], "form_key": None},
    "dial_task": {"kind": "reminder", "number": PHONE, "channel": "human", "state": "due", "rule": "no_consent",
                  "owner": "", "employee_id": None, "due_at": _AT, "deadline": _AT + timedelta(days=2),
                  "stretches": []},
    "campaign_target": {"counted_as": CANARY, "channel": "human", "state": "planned", "entry_id": None},
    "dial_subject": {"target_id": None, "entry_id": None, "occasion": "reminder", "outcome": "",
                     "withdrawn_reason": ""},
    "dial_attempt": {"id": ATTEMPT, "kind": "reminder", "number": PHONE, "shown_number": "", "state": "ended",
                     "live": False, "disposition": "no_answer", "answered_by": "", "evidence": "word",
                     "detail": "NOANSWER-19", "prompts": {}, "boot_id": ""},
    "dial_event": {"attempt_id": ATTEMPT, "what": "person", "source": "person"},
    "call_refusal": {"number": PHONE, "scope": "robot", "source": "talk", "attempt_id": None, "ended_by_id": None,
                     "ended_reason": ""},
    "number_mark": {"number": PHONE, "kind": "wrong_person", "attempt_id": None, "cleared_by_id": None},
    "family_told": {"counted_as": CANARY, "topic": "measure-1", "outcome": "told", "channel": "talk",
                    "target_id": None},
    "rating": {"outcome": "score", "score": 10, "channel": "phone", "corrects_id": None, "reason": ""},
}  # fmt: skip
"""Columns whose value means something to the program; every other text column holds TEXT."""


def plant(session: Session) -> None:
    """Write the family into everything, and two who may not see it (an auditor there was none of)."""
    head = by_login(session, "roshchina")
    assert head is not None
    auditor = Employee(
        surname="Сверкин", name="Лев", patronymic="", login="auditor", role=Role.AUDITOR.value, created_at=_AT,
        password_hash=passwords.hashed("demo-auditor-2026"),
    )  # fmt: skip
    session.add(auditor)
    session.flush()
    fixed = {"employee": head.id, "service": service_ids_of(session, head.id)[0], "consent_text": 1,
             "competence_topic": 1, "call_disposition": 3, "directory_entry": 1, "support_measure": 1,
             "campaign": 2}  # fmt: skip
    number = _next_number(session, fixed["service"])
    for table in tables():
        _insert(session, table, fixed, **({"number": number} if table.name == "journal_entry" else {}))
    merged = {"id": MERGED, "card_number": "С-77132", "state": "merged", "merged_into_id": CANARY}
    _insert(session, Base.metadata.tables["family"], fixed, **merged)
    made = {"moved": {}, "reason": TEXT, "employee_id": head.id, "at": _AT}
    session.execute(insert(Base.metadata.tables["family_merge"]).values(
        id=CANARY, kept_id=CANARY, merged_id=MERGED, **made
    ))  # fmt: skip
    for login in ENTRUSTED:
        entrusted = by_login(session, login)
        assert entrusted is not None
        session.execute(insert(Base.metadata.tables["family_assignment"]).values(
            family_id=CANARY, employee_id=entrusted.id
        ))  # fmt: skip
    _index(session)


def tables() -> list[Table]:
    """The tables that can hold something of a family, in an order in which their rows can be written."""
    first = [Base.metadata.tables[name] for name in ("import_job", "exported_file", "family", "person")]
    found = list(first)
    near = {"family", "person", "journal_entry", "call_record", "dial_task", "tip", "tip_report"}
    waiting = [one for one in Base.metadata.tables.values() if one not in first and one.name not in _LEFT_OUT]
    concerned = [one for one in waiting if near & {key.column.table.name for key in one.foreign_keys}]
    while concerned:
        known = {one.name for one in found}
        ready = [
            one
            for one in concerned
            if not ({key.column.table.name for key in one.foreign_keys} & {other.name for other in concerned})
            - {one.name}
        ]
        assert ready, f"tables that need each other: {[one.name for one in concerned]}, known: {known}"
        found += ready
        concerned = [one for one in concerned if one not in ready]
    return found


def _insert(session: Session, table: Table, fixed: dict[str, int], **given: Any) -> None:
    codes = {**CODES.get(table.name, {}), **given}
    values = {column.name: codes[column.name] if column.name in codes else _value(column, fixed)
              for column in table.columns}  # fmt: skip
    session.execute(insert(table).values(**values))


def _value(column: Any, fixed: dict[str, int]) -> Any:  # noqa: PLR0911 - one kind of column, one answer
    target = next((key.column.table.name for key in column.foreign_keys), "")
    if target:
        return fixed.get(target, CANARY)
    if column.primary_key:
        return CANARY
    if isinstance(column.type, Boolean):
        return False
    if isinstance(column.type, UtcDateTime | DateTime):
        return None if column.nullable else _AT
    if isinstance(column.type, Date):
        return None if column.nullable else _AT.date()
    if isinstance(column.type, Integer | Float):
        return None if column.nullable else 1
    if isinstance(column.type, JSON):
        return [] if "list" in str(column.default) else {}
    return TEXT


def _next_number(session: Session, service_id: int) -> int:
    """The number of the planted row, counted as the journal counts."""
    from crm.journal_tables import JournalCounter

    counter = session.get(JournalCounter, (service_id, _AT.year))
    if counter is None:
        counter = JournalCounter(service_id=service_id, year=_AT.year, last=0)
        session.add(counter)
    counter.last += 1
    session.flush()
    return counter.last


def _index(session: Session) -> None:
    from crm.journal_tables import JournalEntry
    from crm.search import index
    from crm.search import journal as entries

    index.reindex_family(session, session.get_one(Family, CANARY))
    entries.reindex_entry(session, session.get_one(JournalEntry, CANARY))


def rows_of_the_family(session: Session) -> dict[str, list[tuple[Any, ...]]]:
    """Everything that stands about the family, for comparing before and after."""
    found = {}
    for table in tables():
        key = next(iter(table.primary_key.columns))
        wanted = key == (PHONE if table.name == "caller_choice" else CANARY)
        found[table.name] = [tuple(row) for row in session.execute(select(table).where(wanted))]
    return found


def leaks(text: str, *, marks: tuple[str, ...] = MARKS) -> list[str]:
    """The canary's marks in this text, with their surroundings."""
    folded = text.casefold()
    return [
        re.sub(r"\s+", " ", folded[max(0, place - 60) : place + 60])
        for mark in marks
        for place in [folded.find(mark)]
        if place >= 0
    ]


def unalike(text: str) -> str:
    """A page without what differs between two of the same kind: ids that were asked for, moments, tokens, versions."""
    text = re.sub(f"{CANARY}|{MISSING}", "№", text)
    text = re.sub(r'data-(now|version|at)="[^"]*"|name="form_key" value="[^"]*"', "", text)
    return re.sub(r"\b\d\d:\d\d(:\d\d)?\b", "время", text)
