"""I24 (reliability.md §3): a call asked for by a third party is one duty, due within the working day in which its clock
runs first, and never the robot's. Of the records as they are; asked by `test_tips.py`.
"""

from __future__ import annotations

from collections import Counter

from sqlalchemy import select
from sqlalchemy.orm import Session

from callflow.dialler.states import Channel
from crm.calendar.reading import calendar_of
from crm.call_tables import CallRecord
from crm.dialler.tables import DialTask
from crm.family_tables import Person
from crm.outgoing.tables import OutgoingCall
from crm.tips import clock
from crm.tips.rules import FIRST_MINUTES, is_adult
from crm.tips.tables import Tip, TipAttempt, TipReport
from crm.tips.talking import BY_HEAD, BY_TALK


def once_and_the_same_day(session: Session) -> None:
    """Raise AssertionError, naming the tip, where I24 does not hold."""
    tips = session.scalars(select(Tip).order_by(Tip.id)).all()
    still_open = Counter((tip.service_id, tip.family_id) for tip in tips if tip.ended_at is None and tip.family_id)
    assert all(number == 1 for number in still_open.values()), f"I24: two duties for one family: {still_open}"
    told = set(session.scalars(select(TipReport.tip_id)))
    for tip in tips:
        calendar = calendar_of(session, tip.service_id)
        assert tip.id in told or tip.joined_to_id, f"I24: tip {tip.id} of nobody"
        due = calendar.add_working_minutes(tip.taken_at, FIRST_MINUTES)
        assert tip.first_due_at == due, f"I24: tip {tip.id} is due at {tip.first_due_at}, not at {due}"
        begins = calendar.add_working_minutes(tip.taken_at, 1 / 60).astimezone(calendar.zone).date()
        is_too_late = calendar.working_minutes(tip.taken_at, clock.end_of(calendar, begins)) < FIRST_MINUTES
        same_day = due.astimezone(calendar.zone).date() == begins
        assert same_day or is_too_late, f"I24: tip {tip.id} waits for another day"
    robots = select(TipAttempt.id).join(OutgoingCall, OutgoingCall.id == TipAttempt.order_id)
    # Pressed in the middle of a call that she makes from a list, it is that call: a person's too.
    robots = robots.join(DialTask, DialTask.id == OutgoingCall.task_id).where(DialTask.channel == Channel.ROBOT.value)
    assert session.scalars(robots).first() is None, "I24: a task of the robot's engine calls for a tip"


def only_a_talk_ends_it(session: Session) -> None:
    """Raise AssertionError where a duty has ended otherwise than by a talk with an adult, by the head, or in another
    tip on the same family that goes on (domain.md §6.3)."""
    for tip in session.scalars(select(Tip).where(Tip.ended_at.is_not(None)).order_by(Tip.id)):
        if tip.joined_to_id is not None or tip.ended_how == BY_HEAD:
            continue
        assert tip.ended_how == BY_TALK, f"§6.3: tip {tip.id} ended by {tip.ended_how!r}"
        assert tip.talked_at is not None, f"§6.3: tip {tip.id} ended without a talk"
        assert tip.talked_with, f"§6.3: tip {tip.id} ended by a talk with nobody"
        person = session.get(Person, tip.talked_person_id) if tip.talked_person_id else None
        assert person is None or is_adult(person.birth_date, tip.talked_at.date()), (
            f"§6.3: tip {tip.id}: a child's word"
        )
        call = session.get(CallRecord, tip.ended_call_id) if tip.ended_call_id else None
        assert call is None or call.answered_at is not None, f"§6.3: tip {tip.id} ended by a call that nobody answered"
