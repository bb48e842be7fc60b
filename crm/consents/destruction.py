"""Destroying what is held on a family or a person, with the act (152-ФЗ art. 21; приказ РКН 28.10.2022 № 179).

Two people: the head proposes, the director decides. Nothing is brought back afterwards. One transaction: either the act
with its number and everything it lists, or nothing. What another law obliges to keep stays, and the act says what,
why and until when.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from callflow.text import clean_text
from crm.audit import Actor, write
from crm.base import fetch
from crm.consents.destruction_plan import empty, plan
from crm.consents.grounds import GONE
from crm.consents.requests import finish
from crm.consents.rules import local_date
from crm.consents.tables import DECLINED, DONE, PROPOSED, SCOPES, DestructionAct, SubjectRequest
from crm.errors import Incomplete, NotFound, RecordsError
from crm.families import fetch_family
from crm.family_tables import ACTIVE, DESTROYED, Family, Person
from crm.institution import Institution
from crm.search.index import reindex_family
from crm.staff import Employee, Role

GROUNDS = {
    "withdrawn": "согласие отозвано (152-ФЗ ст. 21 ч. 5)",
    "stop": "требование прекратить обработку (152-ФЗ ст. 21 ч. 5.1)",
    "aim": "цель обработки достигнута (152-ФЗ ст. 21 ч. 4)",
    "unlawful": "данные получены без основания (152-ФЗ ст. 21 ч. 3)",
}


def propose(
    session: Session,
    family_id: int,
    scope: str,
    employee: Employee,
    at: datetime,
    *,
    ground: str,
    person_id: int | None = None,
    request_id: int | None = None,
    ip: str = "",
) -> DestructionAct:
    """The head asks for it; nothing is destroyed yet. The same wish again is the same proposal.

    Raises Incomplete by field, NotFound, RecordsError for a role that may not propose.
    """
    if employee.role != Role.HEAD.value:
        raise RecordsError("Предлагает уничтожение заведующий отделением.")
    family = _active(session, family_id, employee)
    problems = {} if ground in GROUNDS else {"ground": "Выберите основание."}
    if scope not in SCOPES:
        problems["scope"] = "Выберите, что уничтожается."
    person = _member(session, family, person_id) if scope != "family" else None
    if scope != "family" and person is None:
        problems["person_id"] = "Выберите человека."
    if problems:
        raise Incomplete(problems)
    statement = select(DestructionAct).where(
        DestructionAct.family_id == family.id,
        DestructionAct.scope == scope,
        DestructionAct.person_id == (person.id if person else None),
        DestructionAct.state == PROPOSED,
    )
    known = session.scalars(statement.limit(1)).one_or_none()
    if known is not None:
        return known
    request = fetch(session, SubjectRequest, request_id) if request_id else None
    act = DestructionAct(
        scope=scope,
        family_id=family.id,
        person_id=person.id if person else None,
        request_id=request.id if request and request.family_id == family.id else None,
        ground=GROUNDS[ground],
        proposed_by_id=employee.id,
        proposed_at=at,
    )
    session.add(act)
    session.flush()
    _log(session, "destruction.propose", act, employee, at, ip=ip)
    return act


def decline(
    session: Session, act_id: int, reason: str, employee: Employee, at: datetime, *, ip: str = ""
) -> DestructionAct:
    """The director says no, with the reason; the head may take the proposal back."""
    act = _proposal(session, act_id, employee)
    words = clean_text(reason, 1000)
    if not words:
        raise Incomplete({"reason": "Укажите причину."})
    act.state, act.decision, act.decided_by_id, act.decided_at = DECLINED, words, employee.id, at
    session.flush()
    _log(session, "destruction.decline", act, employee, at, ip=ip)
    return act


def destroy(
    session: Session, act_id: int, employee: Employee, at: datetime, *, decision: str = "", ip: str = ""
) -> DestructionAct:
    """The director confirms: the personal data are overwritten, the act gets its number. It cannot be undone.

    Raises RecordsError for anybody but a director, or for one who has proposed it himself, and where it is done.
    """
    act = _proposal(session, act_id, employee)
    if employee.role != Role.DIRECTOR.value or employee.id == act.proposed_by_id:
        raise RecordsError("Уничтожение подтверждает директор, а не тот, кто его предложил.")
    family = _active(session, act.family_id, employee)
    person = session.get(Person, act.person_id) if act.person_id else None
    what = plan(session, family, act.scope, person, at)
    empty(session, family, act.scope, person)
    if act.scope == "family":
        family.state = DESTROYED
    elif act.scope == "person" and person is not None and person.left_at is None:
        person.left_at, person.left_reason = at, GONE
    family.version += 1
    reindex_family(session, family)
    act.destroyed, act.kept = what.destroyed, what.kept
    act.state, act.decided_by_id, act.decided_at = DONE, employee.id, at
    act.decision = clean_text(decision, 1000)
    act.year, act.number = _next_number(session, at)
    session.flush()
    _log(session, "destruction.done", act, employee, at, ip=ip)
    _answer_requests(session, act, employee, at, ip=ip)
    return act


def acts(session: Session, *, limit: int = 100) -> Sequence[tuple[DestructionAct, Family]]:
    """Return proposals first, then acts, newest first."""
    statement = select(DestructionAct, Family).join(Family, Family.id == DestructionAct.family_id)
    order = (DestructionAct.state != PROPOSED, DestructionAct.id.desc())
    return [(act, family) for act, family in session.execute(statement.order_by(*order).limit(limit))]


def fetch_act(session: Session, act_id: int) -> DestructionAct:
    """Return the act or the proposal. Raises NotFound."""
    act = fetch(session, DestructionAct, act_id)
    if act is None:
        raise NotFound("Такого акта нет.")
    return act


def _active(session: Session, family_id: int, employee: Employee) -> Family:
    """The card, locked until the commit."""
    fetch_family(session, family_id, employee)
    family = fetch(session, Family, family_id, lock=True)
    if family is None or family.state != ACTIVE:
        raise RecordsError("Этой карточки уже нет: она объединена с другой или уничтожена.")
    return family


def _member(session: Session, family: Family, person_id: int | None) -> Person | None:
    person = fetch(session, Person, person_id) if person_id else None
    return person if person is not None and person.family_id == family.id else None


def _proposal(session: Session, act_id: int, employee: Employee) -> DestructionAct:
    act = fetch(session, DestructionAct, act_id, lock=True)
    if act is None:
        raise NotFound("Такого акта нет.")
    fetch_family(session, act.family_id, employee)
    if act.state != PROPOSED:
        raise RecordsError("Решение по этому предложению уже принято.")
    return act


def _next_number(session: Session, at: datetime) -> tuple[int, int]:
    """The act's number within the year: one at a time by the lock of the institution's row."""
    session.execute(select(Institution.id).order_by(Institution.id).limit(1).with_for_update())
    year = local_date(session, at).year
    last = session.scalar(select(func.max(DestructionAct.number)).where(DestructionAct.year == year))
    return year, (last or 0) + 1


def _answer_requests(session: Session, act: DestructionAct, employee: Employee, at: datetime, *, ip: str) -> None:
    """The requests that the act answers are closed with it."""
    statement = select(SubjectRequest.id).where(
        SubjectRequest.family_id == act.family_id,
        SubjectRequest.done_at.is_(None),
        SubjectRequest.kind.in_(("stop", "withdraw")),
    )
    if act.scope != "family":
        statement = statement.where(SubjectRequest.person_id == act.person_id)
    if act.scope == "health":
        statement = statement.where(SubjectRequest.purpose == "special")
    for request_id in session.scalars(statement):
        finish(session, request_id, f"Данные уничтожены, акт № {act.number} за {act.year} год.", employee, at, ip=ip)


def _log(session: Session, action: str, act: DestructionAct, employee: Employee, at: datetime, *, ip: str) -> None:
    write(
        session,
        Actor.of(employee, ip),
        action,
        subject="destruction_act",
        subject_id=act.id,
        family_id=act.family_id,
        details={"scope": act.scope},
        at=at,
    )
