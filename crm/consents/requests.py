"""The register of what people ask about their data, with the last day to answer (152-ФЗ art. 14, 20, 21)."""

from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from callflow.text import clean_text
from crm.audit import Actor, write
from crm.base import fetch
from crm.calendar.reading import institution_calendar
from crm.consents.deadlines import due_on
from crm.consents.tables import REQUEST_KINDS, SubjectRequest
from crm.errors import Incomplete, NotFound
from crm.families import fetch_person, seen_by
from crm.family_tables import Family, Person
from crm.staff import Employee

EARLIEST = date(1990, 1, 1)
SHOWN = 200


def open_for(  # noqa: PLR0917 - who, what, when: as in every verb
    session: Session,
    person: Person,
    kind: str,
    received_on: date,
    employee: Employee,
    at: datetime,
    *,
    purpose: str = "",
    note: str = "",
    ip: str = "",
) -> SubjectRequest:
    """Register a request of this person; an open one of the same kind, purpose and day is the same request.

    The caller holds the person's lock. `received_on` is the institution's date.
    """
    statement = select(SubjectRequest).where(
        SubjectRequest.person_id == person.id,
        SubjectRequest.kind == kind,
        SubjectRequest.purpose == purpose,
        SubjectRequest.received_on == received_on,
        SubjectRequest.done_at.is_(None),
    )
    known = session.scalars(statement.limit(1)).one_or_none()
    if known is not None:
        return known
    request = SubjectRequest(
        family_id=person.family_id,
        person_id=person.id,
        kind=kind,
        purpose=purpose,
        note=clean_text(note, 2000),
        received_on=received_on,
        due_on=due_on(kind, received_on, institution_calendar(session).counts_in_terms),
        taken_by_id=employee.id,
        at=at,
    )
    session.add(request)
    session.flush()
    _log(session, "subject.request", request, employee, at, ip=ip)
    return request


def register(  # noqa: PLR0917 - who, what, when: as in every verb
    session: Session,
    person_id: int,
    kind: str,
    received_on: date,
    employee: Employee,
    at: datetime,
    *,
    today: date,
    note: str = "",
    ip: str = "",
) -> SubjectRequest:
    """Register what a person asks for by letter or in the office. Raises Incomplete and NotFound."""
    problems = {} if kind in REQUEST_KINDS else {"kind": "Выберите, о чём просит человек."}
    if not EARLIEST <= received_on <= today:
        problems["received_on"] = "Дата обращения не может быть позже сегодняшней."
    if problems:
        raise Incomplete(problems)
    person = fetch(session, Person, person_id, lock=True)
    if person is None or person.family_id is None:
        raise NotFound("Такого человека нет в картотеке.")
    fetch_person(session, person_id, employee)
    return open_for(session, person, kind, received_on, employee, at, note=note, ip=ip)


def finish(
    session: Session, request_id: int, outcome: str, employee: Employee, at: datetime, *, ip: str = ""
) -> SubjectRequest:
    """Close a request with what was answered or done. A closed one stays as it is. Raises Incomplete, NotFound."""
    request = fetch(session, SubjectRequest, request_id, lock=True)
    if request is None:
        raise NotFound("Такого обращения нет.")
    fetch_person(session, request.person_id, employee)
    if request.done_at is not None:
        return request
    words = clean_text(outcome, 2000)
    if not words:
        raise Incomplete({"outcome": "Запишите, что сделано: что и когда отправлено человеку."})
    request.outcome, request.done_at, request.done_by_id = words, at, employee.id
    session.flush()
    _log(session, "subject.answer", request, employee, at, ip=ip)
    return request


def listed(
    session: Session, viewer: Employee, *, open_only: bool = True
) -> Sequence[tuple[SubjectRequest, Person, Family]]:
    """Return requests with whom they are about, the most urgent first; only of families that the viewer may see."""
    statement = (
        select(SubjectRequest, Person, Family)
        .join(Person, Person.id == SubjectRequest.person_id)
        .join(Family, Family.id == SubjectRequest.family_id)
        .where(seen_by(viewer))
        .order_by(SubjectRequest.done_at.is_not(None), SubjectRequest.due_on, SubjectRequest.id)
        .limit(SHOWN)
    )
    if open_only:
        statement = statement.where(SubjectRequest.done_at.is_(None))
    return [(request, person, family) for request, person, family in session.execute(statement)]


def open_of(session: Session, family_id: int) -> Sequence[SubjectRequest]:
    """Return the requests of one card that are not answered yet, the most urgent first."""
    statement = select(SubjectRequest).where(SubjectRequest.family_id == family_id, SubjectRequest.done_at.is_(None))
    return session.scalars(statement.order_by(SubjectRequest.due_on, SubjectRequest.id)).all()


def _log(session: Session, action: str, request: SubjectRequest, employee: Employee, at: datetime, *, ip: str) -> None:
    write(
        session,
        Actor.of(employee, ip),
        action,
        subject="subject_request",
        subject_id=request.id,
        family_id=request.family_id,
        details={"kind": request.kind},
        at=at,
    )
