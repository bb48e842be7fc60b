"""What a key means in every call of the robot's, whatever the call is about (domain.md §9.2).

Every verb is told the attempt and can be asked twice. Beside the change stands a line of the attempt's story
(`crm.dialler.following.step`), in the same transaction.
"""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from crm.appointments.linking import ROBOT
from crm.audit import Actor, write
from crm.consents import by_key
from crm.dialler import calling_off, following, refusals
from crm.dialler.calling_off import Whom
from crm.dialler.tables import DialAttempt, DialEvent, DialSubject
from crm.errors import NotFound

_ROBOT = Actor(None, ROBOT)


def refuse(session: Session, attempt_id: str, at: datetime, *, identified: bool) -> None:
    """Key 9: no robot calls this telephone any more, whoever it belongs to. If he has said who he is, his consent to
    automatic calls ends too, with the attempt as the proof, and so does a call that rings at another telephone of his.
    """
    attempt = attempt_of(session, attempt_id)
    if identified and attempt.person_id is not None:
        by_key.withdraw(session, attempt.person_id, attempt_id, at)
        calling_off.silence(session, Whom(person_id=attempt.person_id), at)
    refusals.refuse(
        session,
        attempt.number,
        None,
        refusals.ROBOT,
        "key",
        at,
        by=_ROBOT,
        attempt_id=attempt_id,
        family_id=attempt.family_id,
    )
    say_once(session, attempt_id, "refuse_robot", "", at)


def wrong_person(session: Session, attempt_id: str, at: datetime) -> None:
    """Key 2 at the beginning: the number is «не тот абонент» for this person until somebody has asked the family."""
    attempt = attempt_of(session, attempt_id)
    refusals.mark(session, attempt.number, attempt.person_id, refusals.WRONG_PERSON, at, attempt_id)
    write(
        session,
        _ROBOT,
        "dialler.wrong_person",
        subject="person",
        subject_id=attempt.person_id or "",
        family_id=attempt.family_id,
        details={"attempt": attempt_id},
        at=at,
    )
    say_once(session, attempt_id, "wrong_person", "", at)


def call_back(session: Session, attempt_id: str, subject: int, at: datetime) -> None:
    """The family wants a person. The task goes to the human list as the attempt ends (disposition HUMAN); here is why.

    `subject`: the booking that it is about, 0 for the whole call. No row of missed calls: one list, one call
    (reliability.md I5).
    """
    attempt_of(session, attempt_id)
    say_once(session, attempt_id, "call_back", str(subject or ""), at)


def note_outcome(session: Session, attempt_id: str, told: Mapping[int, str]) -> None:
    """What became in the talk of each thing that it was about (`callflow.dialogues.outcome.Told`): by appointment, 0
    where a call is about one thing only."""
    for subject in subjects_of(session, attempt_id):
        subject.outcome = told.get(subject.appointment_id or 0, subject.outcome)
    session.flush()


def attempt_of(session: Session, attempt_id: str) -> DialAttempt:
    """The attempt. Raises NotFound."""
    attempt = session.get(DialAttempt, attempt_id)
    if attempt is None:
        raise NotFound("Такого звонка нет.")
    return attempt


def subjects_of(session: Session, attempt_id: str) -> list[DialSubject]:
    """What this call is about, in the order in which it was promised. Raises NotFound."""
    mine = select(DialSubject).where(DialSubject.task_id == attempt_of(session, attempt_id).task_id)
    return list(session.scalars(mine.order_by(DialSubject.id)))


def say_once(session: Session, attempt_id: str, what: str, detail: str, at: datetime) -> None:
    """One line of the story; the same one twice is one."""
    session.flush()
    known = select(DialEvent.id).where(
        DialEvent.attempt_id == attempt_id, DialEvent.what == what, DialEvent.detail == detail
    )
    if session.scalar(known.limit(1)) is None:
        following.step(session, attempt_id, what, detail, at)
