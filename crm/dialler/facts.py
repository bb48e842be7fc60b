"""What is known of one task at this instant, read anew every time: nothing about a call is remembered (I7, I8)."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Literal

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session

from callflow.dialler.rules import Caps, Facts, Live
from callflow.dialler.states import AttemptState, Channel, TaskState
from callflow.dialler.window import ANY_TIME, FamilyHours
from callflow.outgoing import Result
from callflow.phone import refusal
from crm import institution
from crm.appointments.tables import AHEAD, Appointment
from crm.calendar.reading import calendar_of
from crm.call_tables import CallRecord
from crm.cards.safe_contact import read_time
from crm.consents import rules as consents
from crm.dialler import refusals, switches
from crm.dialler.settings import settings_of
from crm.dialler.tables import DialAttempt, DialSubject, DialTask, LineSlot, went_out
from crm.family_tables import ACTIVE, Family, Person, Phone
from crm.missed.tables import MissedCall
from crm.outgoing.tables import OutgoingCall

WEEK, MONTH = timedelta(days=7), timedelta(days=30)
_RANG = [one.value for one in Result if one.number_rang or one is Result.ANSWERED]


def read(
    session: Session,
    task: DialTask,
    at: datetime,
    live: Live,
    *,
    mode: Literal["demo", "live"],
    prompts_ready: bool = True,
) -> Facts:
    """Everything that `callflow.dialler.rules.judge` asks about, as it is in this transaction.

    `live` is what the exchange says; `prompts_ready`: the words of the call are rendered and whole (I20).
    """
    settings = settings_of(session, task.service_id)
    phone = session.get(Phone, task.phone_id, populate_existing=True) if task.phone_id else None
    person = session.get(Person, task.person_id, populate_existing=True) if task.person_id else None
    family = session.get(Family, task.family_id, populate_existing=True) if task.family_id else None
    number = _number(phone, person, family)
    standing = switches.current(session)
    facts = Facts(
        by_robot=task.channel == Channel.ROBOT.value,
        source_stands=any(stands(session, one, at) for one in task.subjects),
        deadline=task.deadline,
        calendar=calendar_of(session, task.service_id),
        hours=settings.hours,
        caps=settings.caps,
        live=live,
        has_number=number is not None,
        robot_on=settings.robot_on,
        prompts_ready=prompts_ready,
        stopped=standing.stopped,
        paused_until=standing.paused_until,
    )
    facts = _of_people(session, facts, family, person, phone, at)
    if number is None:
        return facts
    return _of_number(session, facts, task, number, mode, at)


def number_of(session: Session, task: DialTask) -> str | None:
    """The number as the card has it at this moment; None where it is gone, or whoever has it has left (I8)."""
    phone = session.get(Phone, task.phone_id, populate_existing=True) if task.phone_id else None
    person = session.get(Person, task.person_id, populate_existing=True) if task.person_id else None
    family = session.get(Family, task.family_id, populate_existing=True) if task.family_id else None
    return _number(phone, person, family)


def stands(session: Session, subject: DialSubject, at: datetime) -> bool:
    """Whether this booking is still ahead and nothing has settled it."""
    if subject.withdrawn_at is not None:
        return False
    row = session.get(Appointment, subject.appointment_id, populate_existing=True)
    return row is not None and row.state in AHEAD and row.starts_at > at


def _number(phone: Phone | None, person: Person | None, family: Family | None) -> str | None:
    if phone is None or phone.removed_at is not None:
        return None
    if person is not None and (person.left_at is not None or phone.person_id != person.id):
        return None
    return phone.number if family is None or family.state == ACTIVE else None


def _of_people(  # noqa: PLR0917 - whose card, whose telephone, when
    session: Session, facts: Facts, family: Family | None, person: Person | None, phone: Phone | None, at: datetime
) -> Facts:
    consent = person is not None and consents.standing(session, person.id, at).auto_calls
    allowed = consent and phone is not None and phone.robot_allowed
    today = at.astimezone(facts.calendar.zone).date()
    return replace(
        facts,
        consent=allowed,
        do_not_call=bool(person and person.do_not_call),
        minor=bool(person and consents.is_minor(person, today)),
        restricted=bool(family and family.restricted),
        not_by_voice=bool(family and family.preferred_channel not in ("", "phone")),
        family_hours=hours_of(family),
    )


def hours_of(family: Family | None) -> FamilyHours:
    """The hours in which the family may be called, as its card says."""
    if family is None:
        return ANY_TIME
    since, until = read_time(family.contact_from), read_time(family.contact_until)
    minutes = [None if one is None else one.hour * 60 + one.minute for one in (since, until)]
    return FamilyHours(*minutes)


def _of_number(  # noqa: PLR0917 - what, whose, how, when
    session: Session, facts: Facts, task: DialTask, number: str, mode: Literal["demo", "live"], at: datetime
) -> Facts:
    refused = refusal(number, mode=mode, own_dids=institution.dids(session))
    midnight = at.astimezone(facts.calendar.zone).replace(hour=0, minute=0, second=0, microsecond=0)
    whose = _theirs(task, number)
    starts = [_rang_since(session, task, number, since) for since in (midnight, at - WEEK, at - MONTH)]
    known = refusals.of(session, number, task.person_id)
    return replace(
        facts,
        refused_number=refused or "",
        bad_number=known.bad,
        robot_refused=known.robot or known.wrong_person,
        do_not_call=facts.do_not_call or known.everything,
        rang=_attempts(session, DialAttempt.task_id == task.id, DialAttempt.rang.is_(True)),
        family_day=starts[0],
        family_week=starts[1],
        family_month=starts[2],
        service_day=_attempts(session, DialTask.service_id == task.service_id, DialAttempt.sending_at >= midnight),
        begun_this_second=_attempts(session, DialAttempt.sending_at > at - timedelta(seconds=1)),
        slots_taken=session.scalar(select(func.count()).where(LineSlot.attempt_id.is_not(None))) or 0,
        last_start=_last_start(session, number),
        last_talk=_last_talk(session, whose, at, facts.caps),
        number_live=_is_live(session, number, whose),
        colleague=_colleague(session, task, number, at),
    )


def _theirs(task: DialTask, number: str) -> ColumnElement[bool]:
    of_number = CallRecord.caller_number == number
    return of_number if task.family_id is None else or_(of_number, CallRecord.family_id == task.family_id)


def _attempts(session: Session, *conditions: ColumnElement[bool]) -> int:
    statement = select(func.count(DialAttempt.id)).join(DialTask, DialTask.id == DialAttempt.task_id)
    return session.scalar(statement.where(went_out(), *conditions)) or 0


def _rang_since(session: Session, task: DialTask, number: str, since: datetime) -> int:
    """How often telephones of this family rang because of us: robots' calls and people's."""
    ours, theirs = DialAttempt.number == number, OutgoingCall.number == number
    if task.family_id is not None:
        ours = or_(ours, DialAttempt.family_id == task.family_id)
        theirs = or_(theirs, OutgoingCall.family_id == task.family_id)
    by_robot = _attempts(session, ours, DialAttempt.sending_at >= since, _may_have_rung())
    by_people = select(func.count()).where(
        theirs, OutgoingCall.placed_at >= since, OutgoingCall.result.in_(_RANG), OutgoingCall.task_id.is_not(None)
    )
    return by_robot + (session.scalar(by_people) or 0)


def _may_have_rung() -> ColumnElement[bool]:
    """What is on the wire, and what nobody knows of, counts as if it had rung."""
    return or_(DialAttempt.rang, DialAttempt.live, DialAttempt.state == AttemptState.UNKNOWN.value)


def _last_start(session: Session, number: str) -> datetime | None:
    """When a call of ours to this telephone last began, by whomever."""
    robot = select(func.max(DialAttempt.sending_at)).where(DialAttempt.number == number, went_out())
    people = select(func.max(OutgoingCall.placed_at)).where(
        OutgoingCall.number == number, or_(OutgoingCall.live, OutgoingCall.result.in_(_RANG))
    )
    found = [one for one in (session.scalar(robot), session.scalar(people)) if one is not None]
    return max(found) if found else None


def _last_talk(session: Session, whose: ColumnElement[bool], at: datetime, caps: Caps) -> datetime | None:
    """When a talk with this family last ended; only as far back as the gap reaches."""
    statement = select(func.max(CallRecord.ended_at)).where(
        whose, CallRecord.answered_at.is_not(None), CallRecord.arrived_at >= at - caps.gap - timedelta(hours=4)
    )
    return session.scalar(statement)


def _is_live(session: Session, number: str, whose: ColumnElement[bool]) -> bool:
    """Whether somebody of this family is on the line with us in either direction, or is being called."""
    attempt = select(DialAttempt.id).where(DialAttempt.number == number, DialAttempt.live).limit(1)
    open_call = select(CallRecord.id).where(whose, CallRecord.ended_at.is_(None)).limit(1)
    return session.scalar(attempt) is not None or session.scalar(open_call) is not None


def _colleague(session: Session, task: DialTask, number: str, at: datetime) -> bool:
    """Whether a person is calling this family, holds its card in the human list, or is calling it back."""
    calling = OutgoingCall.number == number
    owing = MissedCall.number == number
    if task.family_id is not None:
        calling = or_(calling, OutgoingCall.family_id == task.family_id)
        owing = or_(owing, MissedCall.family_id == task.family_id)
        held = select(DialTask.id).where(
            DialTask.family_id == task.family_id,
            DialTask.id != task.id,
            DialTask.channel == Channel.HUMAN.value,
            DialTask.state.in_((TaskState.CLAIMED.value, TaskState.CALLING.value)),
            DialTask.lease_until > at,
        )
        if session.scalar(held.limit(1)) is not None:
            return True
    placing = select(OutgoingCall.id).where(
        OutgoingCall.live, calling, or_(OutgoingCall.task_id.is_(None), OutgoingCall.task_id != task.id)
    )
    claimed = select(MissedCall.id).where(
        MissedCall.closed_at.is_(None), owing, MissedCall.claimed_at > at - timedelta(minutes=15)
    )
    return session.scalar(placing.limit(1)) is not None or session.scalar(claimed.limit(1)) is not None
