"""What is known of one task at this instant, read anew every time: nothing about a call is remembered (I7, I8)."""

from dataclasses import asdict, dataclass, replace
from datetime import date, datetime
from typing import Any, Final, Literal

from sqlalchemy import Executable, Row, bindparam, select
from sqlalchemy.orm import Session

from callflow.dialler.rules import Facts, Live
from callflow.dialler.states import Channel
from callflow.dialler.window import ANY_TIME, FamilyHours
from callflow.phone import refusal
from crm import institution
from crm.calendar.reading import calendar_of
from crm.cards.safe_contact import read_time
from crm.consents import rules as consents
from crm.consents.tables import Consent
from crm.dialler import history, refusals, sources
from crm.dialler.settings import EngineSettings, settings_of
from crm.dialler.switches import ONE
from crm.dialler.tables import DiallerSwitch, DialTask
from crm.family_tables import ACTIVE, Family, Person, Phone

AUTO_CALLS = "auto_calls"


@dataclass(frozen=True)
class Looked:
    """`facts` for the rules; `number` of the card, None where there is none; `settings` of the service."""

    facts: Facts
    number: str | None
    settings: EngineSettings


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
    return look(session, task, at, live, mode=mode, prompts_ready=prompts_ready).facts


def look(
    session: Session,
    task: DialTask,
    at: datetime,
    live: Live,
    *,
    mode: Literal["demo", "live"],
    prompts_ready: bool = True,
) -> Looked:
    """The same, with what an order is written from."""
    settings = settings_of(session, task.service_id)
    card = _card(session, task)
    number = _number(card)
    source = sources.of(session, task, at)
    facts = Facts(
        by_robot=task.channel == Channel.ROBOT.value,
        source_stands=source.stands,
        source_paused=source.paused,
        yields=source.yields,
        deadline=task.deadline,
        calendar=calendar_of(session, task.service_id),
        hours=settings.hours,
        caps=settings.caps,
        live=live,
        has_number=number is not None,
        robot_on=settings.robot_on,
        prompts_ready=prompts_ready,
        stopped=bool(card.stopped),
        paused_until=card.paused_until,
    )
    facts = _of_people(session, facts, card, at)
    if number is not None:
        facts = _of_number(session, facts, task, number, mode, at)
    return Looked(facts, number, settings)


def number_of(session: Session, task: DialTask) -> str | None:
    """The number as the card has it at this moment; None where it is gone, or whoever has it has left (I8)."""
    return _number(_card(session, task))


_SWITCH = select(DiallerSwitch).where(DiallerSwitch.id == ONE)
_CARD: Final[Executable] = (
    select(
        Phone.id.label("phone_id"),
        Phone.number,
        Phone.person_id.label("whose"),
        Phone.removed_at,
        Phone.robot_allowed,
        Person.id.label("person_id"),
        Person.left_at,
        Person.do_not_call,
        Person.birth_date,
        Person.relation,
        Person.incapable,
        Family.id.label("family_id"),
        Family.state,
        Family.restricted,
        Family.preferred_channel,
        Family.contact_from,
        Family.contact_until,
        _SWITCH.with_only_columns(DiallerSwitch.stopped).scalar_subquery().label("stopped"),
        _SWITCH.with_only_columns(DiallerSwitch.paused_until).scalar_subquery().label("paused_until"),
    )
    .select_from(DialTask)
    .outerjoin(Phone, Phone.id == DialTask.phone_id)
    .outerjoin(Person, Person.id == DialTask.person_id)
    .outerjoin(Family, Family.id == DialTask.family_id)
    .where(DialTask.id == bindparam("task"))
)
"""Whom the task would call, what its card says, and the engine's switches."""


def _card(session: Session, task: DialTask) -> Row[Any]:
    found: Row[Any] = session.execute(_CARD, {"task": task.id}).one()
    return found


def _number(card: Row[Any]) -> str | None:
    if card.phone_id is None or card.removed_at is not None:
        return None
    if card.person_id is not None and (card.left_at is not None or card.whose != card.person_id):
        return None
    return str(card.number) if card.family_id is None or card.state == ACTIVE else None


def _of_people(session: Session, facts: Facts, card: Row[Any], at: datetime) -> Facts:
    today = at.astimezone(facts.calendar.zone).date()
    minor = consent = False
    if card.person_id is not None:
        person = Person(birth_date=card.birth_date, relation=card.relation, incapable=card.incapable)
        minor = consents.is_minor(person, today)
        consent = _consent(session, card.person_id, person, today)
    return replace(
        facts,
        consent=consent and card.phone_id is not None and card.robot_allowed,
        do_not_call=bool(card.do_not_call),
        minor=minor,
        restricted=bool(card.restricted),
        not_by_voice=card.family_id is not None and card.preferred_channel not in ("", "phone"),
        family_hours=hours_of(card if card.family_id is not None else None),
    )


def _consent(session: Session, person_id: int, person: Person, today: date) -> bool:
    answers = session.scalars(select(Consent).where(Consent.person_id == person_id, Consent.purpose == AUTO_CALLS))
    himself = consents.answers_himself(person, today)
    return consents.answer_of(answers, by_himself=himself, today=today).is_given


def hours_of(card: Family | Row[Any] | None) -> FamilyHours:
    """The hours in which the family may be called, as its card says."""
    if card is None:
        return ANY_TIME
    since, until = read_time(card.contact_from), read_time(card.contact_until)
    minutes = [None if one is None else one.hour * 60 + one.minute for one in (since, until)]
    return FamilyHours(*minutes)


def _of_number(  # noqa: PLR0917 - what, whose, how, when
    session: Session, facts: Facts, task: DialTask, number: str, mode: Literal["demo", "live"], at: datetime
) -> Facts:
    refused = refusal(number, mode=mode, own_dids=institution.dids(session))
    midnight = at.astimezone(facts.calendar.zone).replace(hour=0, minute=0, second=0, microsecond=0)
    past = history.of(session, task, number, at, midnight, facts.caps.gap)
    known = refusals.of(session, number, task.person_id, task.family_id)
    return replace(
        facts,
        refused_number=refused or "",
        bad_number=known.bad,
        robot_refused=known.robot or known.wrong_person,
        do_not_call=facts.do_not_call or known.everything,
        **asdict(past),
    )
