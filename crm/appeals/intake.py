"""What the form of an appeal may send and what must be known before the row is entered (B-10, B-20; A-16, §6.1)."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from callflow.text import clean_line, clean_text
from crm.base import MAX_ID
from crm.cards import catalogues
from crm.journal_tables import CONTACT_METHODS, FIELDS
from crm.specialists import consultation_rules
from crm.staff import Employee, Role

OBSTACLES = {
    "incapable": "невозможность посещения: недееспособный член семьи",
    "no_transport": "невозможность посещения: нет транспорта",
    "no_documents": "нет документов или сведений",
}
"""Why the applicant cannot go through the procedure alone (B-27, B-31)."""

SERVICE_TOPICS = frozenset({"социальные услуги на дому", "вещевая и продуктовая помощь", "трудная ситуация, кризис"})
"""Topics that are about social services: the form then asks for the need at once (A-16)."""

FURTHEST_CONTROL = timedelta(days=366)
EARLIEST_CONTACT = datetime(2000, 1, 1, tzinfo=UTC)
CLOCKS_DIFFER = timedelta(minutes=5)

REQUIRED = {
    "applicant_name": "Укажите, кто обратился (или «не назвался»).",
    "family_brief": "Укажите краткую информацию о семье.",
    "contact_method": "Выберите способ обращения.",
    "substance": "Запишите, с чем обратились.",
}


def cleaned(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Take the form's fields as they may be stored; what is no known value is no value."""
    known: dict[str, Any] = {}
    for field in FIELDS:
        if field in fields:
            clean: Callable[[Any], Any] = _CLEANERS.get(field, _line)
            known[field] = clean(fields[field])
    if known.get("obstacle", True) is not True:
        known["obstacles"] = []
    return known


def _line(value: Any) -> str:
    return clean_line(str(value or ""), 200)


def _text(value: Any) -> str:
    return clean_text(str(value or ""))


def _flag(value: Any) -> bool | None:
    return value if isinstance(value, bool) else None


def _method(value: Any) -> str:
    return value if value in CONTACT_METHODS else ""


def _codes(value: Any) -> list[str]:
    return [code for code in OBSTACLES if code in (value or ())]


def _id(value: Any) -> int | None:
    return value if isinstance(value, int) and 1 <= value <= MAX_ID else None


def _day(value: Any) -> date | None:
    return value if isinstance(value, date) and not isinstance(value, datetime) else None


def _moment(value: Any) -> datetime | None:
    return value if isinstance(value, datetime) and value.tzinfo is not None else None


def _need(value: Any) -> dict[str, Any]:
    need = value if isinstance(value, Mapping) else {}
    found: dict[str, Any] = {name: clean_line(str(need.get(name) or ""), 80) for name in ("ground", "form")}
    found["kinds"] = sorted({clean_line(str(code), 80) for code in need.get("kinds") or ()} - {""})[:20]
    return {name: one for name, one in found.items() if one}


_CLEANERS: dict[str, Callable[[Any], Any]] = {
    "substance": _text,
    "family_brief": _text,
    "contact_method": _method,
    "obstacle": _flag,
    "obstacles": _codes,
    "explained": bool,
    "responsible_id": _id,
    "next_check_on": _day,
    "occurred_at": _moment,
    "need": _need,
    "consultation": consultation_rules.cleaned,
}


def obstacles_of(obstacle: bool | None, obstacles: Sequence[str]) -> tuple[list[str], dict[str, str]]:
    """The kinds of obstacle as stored, and a sentence if there is one and nobody says which."""
    known = _codes(obstacles) if obstacle else []
    return known, {"obstacles": "Отметьте, в чём препятствие."} if obstacle and not known else {}


def check_need(session: Session, need: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
    """The need as stored, and a sentence for each code that the catalogues do not have. Nothing given is no error."""
    wanted, wrong = _need(need), {}
    for name, catalogue in (("ground", "ground"), ("form", "service_form")):
        if not catalogues.is_known(session, catalogue, str(wanted.get(name, ""))):
            wrong[f"need_{name}"] = "Выберите строку из списка."
    kinds = {item.code for item in catalogues.items(session, "service_kind")}
    if not kinds.issuperset(wanted.get("kinds", ())):
        wrong["need_kinds"] = "Выберите строки из списка."
    return wanted, wrong


def check_control(
    session: Session, responsible_id: int | None, next_check_on: date | None, today: date
) -> dict[str, str]:
    """A sentence for each of the two that an open row needs and that is missing or cannot be (§6.1)."""
    lacking = {}
    responsible = session.get(Employee, responsible_id) if responsible_id else None
    if responsible is None or not responsible.active or responsible.role in _NEVER:
        lacking["responsible_id"] = "Выберите ответственного."
    if next_check_on is None:
        lacking["next_check_on"] = "Укажите, когда вернуться к обращению."
    elif next_check_on < today:
        lacking["next_check_on"] = "Эта дата уже прошла."
    elif next_check_on > today + FURTHEST_CONTROL:
        lacking["next_check_on"] = "Слишком далеко: не больше года вперёд."
    return lacking


_NEVER = (Role.ADMINISTRATOR.value, Role.AUDITOR.value)


def check_occurred(occurred_at: datetime, at: datetime) -> dict[str, str]:
    """A sentence if the contact took place in the future, or before there were such services."""
    if occurred_at > at + CLOCKS_DIFFER:
        return {"occurred_at": "Это время ещё не наступило."}
    if occurred_at < EARLIEST_CONTACT:
        return {"occurred_at": "Проверьте дату: слишком давно."}
    return {}
