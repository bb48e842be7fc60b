"""A family's statuses with their documents: claimed, verified, revoked (domain.md §2.6).

What somebody said on the telephone is not what a paper proves: until it is verified, a status is shown as claimed.
"""

from datetime import date, datetime
from typing import Any

from sqlalchemy.orm import Session

from callflow.text import clean_line
from crm.base import fetch
from crm.cards import catalogues
from crm.cards.changes import check_version, note
from crm.cards.editing import GUARDIANS, Fields, date_problem, open_for_change, refuse, set_restricted
from crm.consents.rules import local_date, locked
from crm.errors import Incomplete, NotFound
from crm.family_tables import Family, FamilyStatus
from crm.staff import Employee

LARGE = "многодетная"
DANGEROUS = "СОП"
HEALTH_STATUSES = frozenset(["ребёнок-инвалид", "инвалид", "беременная"])
"""Special data (152-ФЗ art. 10): until somebody has signed, only the claim may be noted, without any document."""

CLAIMED = "со слов заявителя"
SPOKEN = "сообщено устно, требуется письменное согласие"
NEEDS_CONSENT = "Документ можно внести после письменного согласия на сведения о здоровье (вкладка «Согласия»)."
HEAD_DECIDES = "Статус «СОП» вносит и снимает заведующий отделением: вместе с ним закрывается карточка."

_LINES = {"basis": 200, "issued_by": 200, "document_number": 80}
_DATES = ("document_date", "valid_from", "valid_to")
DOCUMENT_FIELDS = (*_LINES, *_DATES)


def add(
    session: Session, family_id: int, fields: Fields, employee: Employee, at: datetime, *, ip: str = ""
) -> FamilyStatus:
    """Add a status; the same form sent twice is one status. Raises NotFound, RecordsError, Incomplete."""
    kind = fields.get("type", "")
    roles = {"roles": GUARDIANS} if kind == DANGEROUS and employee.role in GUARDIANS else {}
    family = open_for_change(session, family_id, employee, at, **roles)
    wanted = _cleaned(fields)
    if not kind or not catalogues.is_known(session, "status", kind):
        raise Incomplete({"type": "Выберите статус из списка."})
    for known in family.standing_statuses:
        if known.type == kind:
            if all(getattr(known, name) == value for name, value in wanted.items()):
                return known
            raise Incomplete({"type": "Такой статус у семьи уже есть: измените его или снимите."})
    if kind == DANGEROUS:
        refuse({"type": "" if employee.role in GUARDIANS else HEAD_DECIDES})
    is_locked = _is_locked(session, family, kind, at)
    _check(kind, wanted, is_locked)
    wanted["basis"] = wanted.get("basis") or (SPOKEN if is_locked else CLAIMED)
    status = FamilyStatus(family_id=family.id, type=kind, entered_by_id=employee.id, entered_at=at, **wanted)
    family.statuses.append(status)
    session.flush()
    after = {"type": kind, **wanted}
    note(session, family, "status", status.id, {}, after, employee, at, action="status.add", ip=ip)
    if kind == DANGEROUS and not family.restricted:
        set_restricted(session, family, True)
        note(
            session, family, "family", family.id, {}, {"restricted": True}, employee, at, action="card.restrict", ip=ip
        )
    return status


def save(  # noqa: PLR0917 - who, what, when: as in every verb
    session: Session,
    status_id: int,
    fields: Fields,
    version: int,
    employee: Employee,
    at: datetime,
    *,
    family_id: int | None = None,
    ip: str = "",
) -> FamilyStatus:
    """Change a status's document or term. A changed document has to be verified again.

    Raises NotFound, RecordsError, StaleVersion, Incomplete.
    """
    family, status = _open(session, status_id, employee, at, family_id)
    wanted = _cleaned(fields)
    before: dict[str, Any] = {name: getattr(status, name) for name in wanted}
    check_version(family, version, before, subject="status", subject_id=status.id)
    _check(status.type, wanted, _is_locked(session, family, status.type, at))
    before["verified_on"] = status.verified_on
    for name, value in wanted.items():
        setattr(status, name, value)
    if any(before[name] != value for name, value in wanted.items()):
        status.verified_on, status.verified_by_id = None, None
    after = {**wanted, "verified_on": status.verified_on}
    note(session, family, "status", status.id, before, after, employee, at, action="status.save", ip=ip)
    return status


def verify(
    session: Session,
    status_id: int,
    on: date | None,
    employee: Employee,
    at: datetime,
    *,
    family_id: int | None = None,
    ip: str = "",
) -> FamilyStatus:
    """The employee has seen the document on that day (today where None). Raises NotFound, RecordsError, Incomplete."""
    family, status = _open(session, status_id, employee, at, family_id)
    today = local_date(session, at)
    on = on or today
    if date_problem(on, latest=today):
        raise Incomplete({"verified_on": "Дата проверки не может быть позже сегодняшней."})
    if _is_locked(session, family, status.type, at):
        raise Incomplete({"basis": NEEDS_CONSENT})
    if status.basis in ("", CLAIMED, SPOKEN):
        raise Incomplete({"basis": "Сначала укажите документ: проверяют его, а не слова."})
    if status.verified_on == on:
        return status
    before = {"verified_on": status.verified_on}
    status.verified_on, status.verified_by_id = on, employee.id
    note(session, family, "status", status.id, before, {"verified_on": on}, employee, at,
         action="status.verify", ip=ip)  # fmt: skip
    return status


def revoke(
    session: Session,
    status_id: int,
    reason: str,
    employee: Employee,
    at: datetime,
    *,
    family_id: int | None = None,
    ip: str = "",
) -> FamilyStatus:
    """The status no longer holds; it stays on the card with the reason. Raises NotFound, RecordsError, Incomplete."""
    family, status = _open(session, status_id, employee, at, family_id)
    if status.revoked_at is not None:
        return status
    reason = clean_line(reason, 200)
    if not reason:
        raise Incomplete({"reason": "Напишите причину, например «истёк срок постановления»."})
    status.revoked_at, status.revoked_by_id, status.revoked_reason = at, employee.id, reason
    note(session, family, "status", status.id, {}, {"revoked": reason}, employee, at, action="status.revoke", ip=ip)
    return status


def is_running(status: FamilyStatus, today: date) -> bool:
    """Whether the status holds today: not revoked, begun, its term not over."""
    begun = status.valid_from is None or status.valid_from <= today
    return status.revoked_at is None and begun and (status.valid_to is None or today <= status.valid_to)


def _open(
    session: Session, status_id: int, employee: Employee, at: datetime, family_id: int | None
) -> tuple[Family, FamilyStatus]:
    status = fetch(session, FamilyStatus, status_id)
    if status is None or family_id not in (None, status.family_id):
        raise NotFound("Такого статуса в карточке нет.")
    roles = {"roles": GUARDIANS} if status.type == DANGEROUS and employee.role in GUARDIANS else {}
    family = open_for_change(session, status.family_id, employee, at, **roles)
    session.refresh(status)
    if status.type == DANGEROUS:
        refuse({"type": "" if employee.role in GUARDIANS else HEAD_DECIDES})
    return family, status


def _is_locked(session: Session, family: Family, kind: str, at: datetime) -> bool:
    return kind in HEALTH_STATUSES and "health" in locked(session, family, at)


def _cleaned(fields: Fields) -> dict[str, Any]:
    wanted = {name: fields[name] for name in DOCUMENT_FIELDS if name in fields}
    return {name: clean_line(value, _LINES[name]) if name in _LINES else value for name, value in wanted.items()}


def _check(kind: str, wanted: dict[str, Any], is_locked: bool) -> None:
    problems = {name: date_problem(wanted.get(name)) for name in _DATES}
    since, until = wanted.get("valid_from"), wanted.get("valid_to")
    if kind == LARGE and until is not None:
        problems["valid_to"] = "Статус многодетной семьи бессрочный: срок есть только у мер поддержки."
    elif since and until and until < since:
        problems["valid_to"] = "Срок кончается раньше, чем начинается."
    if is_locked and any(wanted.get(name) for name in DOCUMENT_FIELDS if name != "basis"):
        problems["document_number"] = NEEDS_CONSENT
    if is_locked and wanted.get("basis") not in (None, "", SPOKEN):
        problems["basis"] = NEEDS_CONSENT
    refuse(problems)
