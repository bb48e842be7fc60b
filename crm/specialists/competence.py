"""«Перечень компетенций»: on what a service advises, and how the same is had without a visit (A-9, A-29)."""

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from callflow.text import clean_line, clean_text, search_key
from crm.audit import Actor, write
from crm.base import fetch
from crm.errors import Incomplete, NotFound
from crm.institution import Service
from crm.specialists import ordering
from crm.specialists.tables import CompetenceTopic
from crm.staff import Employee


def offered(session: Session, service_ids: Collection[int]) -> Sequence[CompetenceTopic]:
    """The topics that these services' operators choose from, in their order."""
    mine = or_(CompetenceTopic.service_id.is_(None), CompetenceTopic.service_id.in_(service_ids))
    statement = select(CompetenceTopic).where(CompetenceTopic.active, mine)
    return session.scalars(statement.order_by(CompetenceTopic.position, CompetenceTopic.id)).all()


def is_offered(session: Session, topic_id: int, service_id: int) -> bool:
    """Whether this service advises on it. A topic switched off later still stands in what was written before."""
    topic = fetch(session, CompetenceTopic, topic_id)
    return topic is not None and topic.active and topic.service_id in (None, service_id)


def every(session: Session) -> Sequence[CompetenceTopic]:
    """All topics, those switched off too, in their order."""
    return session.scalars(select(CompetenceTopic).order_by(CompetenceTopic.position, CompetenceTopic.id)).all()


def save(  # noqa: PLR0917 - what, by whom, when: as in every verb
    session: Session,
    topic_id: int | None,
    title: str,
    remote_hint: str,
    service_id: int | None,
    employee: Employee,
    at: datetime,
    *,
    active: bool = True,
    ip: str = "",
) -> CompetenceTopic:
    """Add a topic (`topic_id` None) or change one. Raises Incomplete by field, NotFound."""
    words, hint = clean_line(title, 200), clean_text(remote_hint, 500)
    wrong = {} if words else {"title": "Заполните это поле."}
    if service_id is not None and fetch(session, Service, service_id) is None:
        wrong["service_id"] = "Выберите службу."
    topic = fetch(session, CompetenceTopic, topic_id, lock=True) if topic_id is not None else None
    if topic_id is not None and topic is None:
        raise NotFound("Такой темы нет.")
    for other in every(session):
        alike = search_key(other.title) == search_key(words) and other.service_id == service_id
        if alike and other is not topic:
            if topic is None and (other.remote_hint, other.active) == (hint, True):
                return other  # the same form sent twice
            wrong["title"] = "Такая тема уже есть."
    if wrong:
        raise Incomplete(wrong)
    if topic is None:
        last = session.scalar(select(func.max(CompetenceTopic.position))) or 0
        topic = CompetenceTopic(position=last + 10)
        session.add(topic)
    topic.title, topic.remote_hint, topic.service_id, topic.active = words, hint, service_id, active
    session.flush()
    write(session, Actor.of(employee, ip), "competence.save", subject="competence_topic", subject_id=topic.id,
          at=at)  # fmt: skip
    return topic


def move(session: Session, topic_id: int, employee: Employee, at: datetime, *, up: bool, ip: str = "") -> None:
    """One place up or down. Raises NotFound."""
    if ordering.move(every(session), topic_id, up=up, missing="Такой темы нет."):
        actor = Actor.of(employee, ip)
        write(session, actor, "competence.save", subject="competence_topic", subject_id=topic_id, at=at)
