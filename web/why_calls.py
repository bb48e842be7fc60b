"""«Почему (не) звоним» where people look for it: on the family's card, on a booking, beside a telephone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from crm.consents import rules as consents
from crm.dialler import reading, refusals
from crm.dialler.tables import ON_THE_WAY, DialTask
from crm.family_tables import Family, Person, Phone
from crm.reminders import why
from crm.reminders.why import Why
from crm.staff import Employee
from web.desk import Desk
from web.dialling import LIVE_FOR_PAGES

PAST = 5
NOTHING = "Звонить не собираемся: напоминаний не запланировано."
NO_REMINDER = "Напоминания об этой записи не запланировано: времени до приёма мало, или о ней только что говорили."


@dataclass(frozen=True)
class CardCalls:
    """One line per reminder on its way, and what became of the last ones. `nothing`: what to say where none is."""

    open: Sequence[Why]
    past: Sequence[tuple[DialTask, str]]
    nothing: str = NOTHING


def of_family(session: Session, family: Family, desk: Desk, at: datetime) -> CardCalls:
    """The family's card; the caller has let the viewer see it."""
    lines = why.of_family(session, family, at, LIVE_FOR_PAGES, mode=desk.settings.mode)
    over = select(DialTask).where(DialTask.family_id == family.id, DialTask.state.not_in(ON_THE_WAY))
    past = session.scalars(over.order_by(DialTask.state_at.desc(), DialTask.id.desc()).limit(PAST)).all()
    return CardCalls(lines, [(task, _ended(task)) for task in past])


def of_appointment(session: Session, appointment_id: int, viewer: Employee, desk: Desk, at: datetime) -> CardCalls:
    """One booking, as far as the viewer sees the calls of its service."""
    tasks = reading.of_appointment(session, appointment_id, viewer)
    on_the_way = [task for task in tasks if task.state in ON_THE_WAY]
    lines = [why.of_task(session, task, at, LIVE_FOR_PAGES, mode=desk.settings.mode) for task in on_the_way]
    return CardCalls(lines, [(task, _ended(task)) for task in tasks if task not in on_the_way], NO_REMINDER)


def of_phones(session: Session, person: Person, at: datetime) -> dict[int, str]:
    """Beside each telephone: why the robot does not call it, or that it may."""
    standing = consents.standing(session, person.id, at).auto_calls
    return {phone.id: _of_phone(session, person, phone, robot=standing) for phone in person.active_phones}


def _of_phone(session: Session, person: Person, phone: Phone, *, robot: bool) -> str:
    known = refusals.of(session, phone.number, person.id)
    reasons = (
        (person.do_not_call or known.everything, "Не звоним: просили не звонить."),
        (known.bad, "Не звоним: такого номера нет."),
        (known.wrong_person, "Робот не звонит: ответил другой человек. Уточните номер у семьи."),
        (known.robot, "Робот не звонит: отказались от автоматических звонков."),
        (not robot, "Робот не звонит: нет согласия на автоматические звонки."),
        (not phone.robot_allowed, "Робот не звонит: на этот номер не разрешено."),
    )
    return next((words for holds, words in reasons if holds), "Роботу звонить можно.")


def _ended(task: DialTask) -> str:
    reason = reading.reason_of(task)
    title = reading.state_words(task)
    return f"{title} ({reason})" if reason else title
