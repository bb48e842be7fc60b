"""The family is reached: calls, a letter, a visit, the head; only a talk stops the clock (B-32, B-33)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from crm import presence
from crm.appeals.rows import measures_of
from crm.db import Database
from crm.errors import Incomplete, NotFound, RecordsError
from crm.family_tables import Phone
from crm.outgoing.tables import OutgoingCall
from crm.specialists.tables import CallDisposition, CallFinish
from crm.tips import (
    attempts,
    calling,
    clock,
    escalating,
    next_steps,
    reading,
    talking,
)
from crm.tips.tables import Tip, TipAttempt, TipInformant
from crm.tips.talking import Talk
from tests.integration.crm import scenario as s
from tests.integration.crm.tips import tipped as t
from tests.integration.crm.tips.tipped import LATER, entry_of, vain
from tests.support.dialler import third_party


def test_nobody_answers_a_letter_then_a_visit(town: Database) -> None:
    with town.transaction() as session:
        lavrova = s.employee(session, "lavrova")
        tip = t.told(session, numbers="8 907 000-99-71")
        with pytest.raises(RecordsError, match="три попытки"):
            next_steps.visit(session, tip.id, "Громова", "ул. Новая, 3", None, lavrova, LATER)
        vain(session, tip)
        (line,) = reading.open_tips(session, lavrova, LATER)
        assert (line.next.step.value, line.attempts) == ("letter", 3)
        next_steps.written(session, tip.id, "letter", lavrova, LATER)
        next_steps.visit(session, tip.id, "Громова", "ул. Новая, 3", None, lavrova, LATER)
        next_steps.visit(session, tip.id, "Громова", "ул. Новая, 3", None, lavrova, LATER)
        assert tip.visit_on.isoformat() == "2026-11-13", "the next working day"
        visits = [one for one in measures_of(session, tip.entry_id) if one.kind == "home_visit"]
        assert [(one.planned_on, one.done_at) for one in visits] == [(tip.visit_on, None)]
        assert tip.head_why == "unreached"
        (line,) = reading.open_tips(session, lavrova, LATER)
        assert (line.next.step.value, line.next.due_at) == ("meet", datetime(2026, 11, 13, 14, 0, tzinfo=UTC))
        talking.talked(session, tip.id, Talk("visit", who="мать", adult=True), lavrova, LATER + timedelta(days=1))
        (visit,) = [one for one in measures_of(session, tip.entry_id) if one.kind == "home_visit"]
        assert visit.done_at is not None


def test_what_nobody_does_comes_to_the_head_by_itself(town: Database) -> None:
    with town.transaction() as session:
        quiet = t.told(session, numbers="8 907 000-99-71")
        called = t.told(session, numbers="8 907 000-99-72")
        vain(session, called)
        assert escalating.run(session, LATER) == []
        over = t.TEN + timedelta(minutes=181)  # the break between does not count
        assert sorted(escalating.run(session, over)) == [1, 1]
        assert escalating.run(session, over + timedelta(minutes=1)) == [], "told once"
        assert (quiet.head_why, quiet.visit_on) == ("late", None), "somebody has to call first"
        assert called.head_why == "unreached"
        assert called.visit_on.isoformat() == "2026-11-13"
        clock.set_clocks_again(session)
        assert called.visit_due_at == datetime(2026, 11, 13, 14, 0, tzinfo=UTC)


def test_only_the_head_ends_a_tip_without_a_talk(town: Database) -> None:
    with town.transaction() as session:
        tip, chief = t.told(session), s.employee(session, "roshchina")
        with pytest.raises(RecordsError):
            talking.given_up(session, tip.id, "нет такой семьи", s.employee(session, "lavrova"), LATER)
        with pytest.raises(Incomplete):
            talking.given_up(session, tip.id, " ", chief, LATER)
        talking.given_up(session, tip.id, "нет такой семьи", chief, LATER)
        assert (tip.ended_how, entry_of(session, tip).progress) == ("head", "new"), "the appeal goes on"
        with pytest.raises(RecordsError):
            vain(session, tip, 1)


def call(session, tip, at: datetime = LATER, **which) -> OutgoingCall:
    return calling.call(session, tip.id, s.employee(session, "lavrova"), mode="demo", at=at, **which)


def test_a_person_calls_in_the_whole_open_time(town: Database) -> None:
    with town.transaction() as session:
        tip = t.told(session, numbers="8 907 000-99-71")
        eight = datetime(2026, 11, 12, 5, 1, tzinfo=UTC)
        for closed in (datetime(2026, 11, 12, 4, 59, tzinfo=UTC), s.NOON, datetime(2026, 11, 14, 9, 0, tzinfo=UTC)):
            with pytest.raises(RecordsError, match="нерабочее"):
                call(session, tip, closed, number=t.UNKNOWN)
        order = call(session, tip, eight, number=t.UNKNOWN)
        assert call(session, tip, eight, number=t.UNKNOWN).id == order.id
        (attempt,) = session.scalars(select(TipAttempt))
        assert (attempt.order_id, attempt.number) == (order.id, t.UNKNOWN)
        assert attempts.numbers_of(session, [tip.id]) == {}, "a call that has not rung is no attempt"
        order.result, order.live = "no_answer", False
        session.flush()
        assert attempts.numbers_of(session, [tip.id]) == {tip.id: 1}
        with pytest.raises(NotFound):
            call(session, tip, number=s.KUZNETSOVA)


def test_safe_hours_are_a_warning_and_a_refusal_wants_a_reason(town: Database) -> None:
    with town.transaction() as session:
        family = t.family(session, 3)
        family.contact_from, family.contact_until = "18:00", "20:00"
        owner = next(one for one in family.people if one.phones)
        phone = session.scalars(select(Phone).where(Phone.person_id == owner.id).order_by(Phone.id)).first()
        tip = t.told(session, family_id=family.id)
        shown = calling.numbers_of(session, [], family, LATER)
        assert any("с 18:00" in one for one in shown[0].warnings)
        order = call(session, tip, phone_id=phone.id)
        assert order.reason == calling.URGENT
        order.live, order.result = False, "busy"
        owner.do_not_call = True
        session.flush()
        with pytest.raises(Incomplete) as refused:
            call(session, tip, LATER + timedelta(minutes=1), phone_id=phone.id)
        assert "reason" in refused.value.fields
        again = call(session, tip, LATER + timedelta(minutes=1), phone_id=phone.id, reason="ребёнок один дома")
        assert again.reason == "ребёнок один дома"


def test_a_talk_by_telephone_is_a_call_of_ours_in_either_direction(town: Database) -> None:
    with town.transaction() as session:
        lavrova = s.employee(session, "lavrova")
        presence.set_ready(session, lavrova.id, s.NOON)
        told_by = s.play(session, s.whole_talk("1.1"))
        tip = t.told(session, s.NOON, call_id=told_by.id)
        assert talking.talks_of(session, tip, lavrova) == [], "who told us is not the family"
        theirs = s.play(session, s.whole_talk("2.1"))
        assert [one.id for one in talking.talks_of(session, tip, lavrova)] == [theirs.id]
        assert list(talking.talks_of(session, tip, s.employee(session, "zayac"))) == []
        with pytest.raises(Incomplete) as other:
            talking.talked(
                session, tip.id, Talk("call", who="мать", adult=True, call_id=told_by.id), lavrova, s.after(99)
            )
        assert "call_id" in other.value.fields
        talking.talked(session, tip.id, Talk("call", who="мать", adult=True, call_id=theirs.id), lavrova, s.after(99))
        assert (tip.ended_call_id, tip.talked_at) == (theirs.id, theirs.answered_at)
        done = session.get_one(CallFinish, told_by.id)
        assert session.get_one(CallDisposition, done.disposition_id).code == "tip", "her wrap-up has ended by itself"
        assert session.scalars(select(TipInformant.call_id)).one() == told_by.id
        assert entry_of(session, tip).call_id is None, "the row does not lead to who told us"


def test_a_call_asked_for_by_a_third_party_is_made_once_and_due_the_same_working_day(town: Database) -> None:
    """I24 of reliability.md §3."""
    with town.transaction() as session:
        for hour in range(5, 14):
            at = datetime(2026, 11, 11, hour, 40, tzinfo=UTC)
            for _ in range(2):
                t.told(session, at, numbers=f"8 907 000-98-{hour:02}", form_key=f"{hour:016}")
        tips = session.scalars(select(Tip)).all()
        assert len(tips) == 9
        third_party.once_and_the_same_day(session)
        late = t.told(session, t.WEDNESDAY, numbers="8 907 000-97-01")
        third_party.once_and_the_same_day(session)
        late.first_due_at += timedelta(days=1)
        with pytest.raises(AssertionError, match="I24"):
            third_party.once_and_the_same_day(session)
        assert {tip.first_due_at.date() for tip in tips} == {tips[0].taken_at.date()}
