"""Information from third parties: a row of the journal with a clock, one for one family (B-32, B-33, §6.3)."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select

from crm.audit import AuditEvent
from crm.db import Database
from crm.errors import Incomplete, NotFound
from crm.journal_tables import JournalEntry
from crm.tips import (
    cards,
    duties,
    head,
    informants,
    joining,
    reading,
    talking,
)
from crm.tips.tables import Tip, TipDuty, TipReport
from crm.tips.talking import Talk
from tests.integration.crm import scenario as s
from tests.integration.crm.tips import tipped as t
from tests.integration.crm.tips.tipped import LATER, MOTHER, entry_of, vain
from tests.support.dialler import third_party


def test_a_tip_is_a_row_of_the_journal_at_once(town: Database) -> None:
    with town.transaction() as session:
        tip = t.told(session, about_address="ул. Новая, д. 3", numbers="8 907 000-99-71, 2-12-34", form_key="f" * 16)
        again = t.told(session, form_key="f" * 16)
        assert again.id == tip.id, "the same form twice is one report"
        entry = entry_of(session, tip)
        assert (entry.state, entry.contact_method, entry.progress) == ("saved", "third_party", "new")
        assert entry.number is not None
        assert entry.applicant_name == "не раскрывается: информация от третьего лица"
        assert entry.family_brief == "Тихомировы, ул. Новая, д. 3"
        assert tip.numbers == ["+79070009971", "+74924821234"]
        assert session.scalar(select(func.count()).select_from(TipReport)) == 1


def test_a_tip_five_minutes_before_the_end_of_the_day(town: Database) -> None:
    """Check 6 of §11: the clock goes on on Thursday at 8:00, and only a talk with an adult stops it."""
    with town.transaction() as session:
        tip = t.told(session, t.WEDNESDAY)
        assert tip.first_due_at == datetime(2026, 11, 12, 5, 10, tzinfo=UTC), "8:10 in Moscow, not 13:10"
        assert tip.reach_due_at == datetime(2026, 11, 12, 6, 55, tzinfo=UTC)
        lavrova = s.employee(session, "lavrova")
        night, morning = t.WEDNESDAY + timedelta(hours=6), datetime(2026, 11, 12, 5, 11, tzinfo=UTC)
        (line,) = reading.open_tips(session, lavrova, night)
        assert (line.is_late, line.minutes) == (False, 10)
        assert reading.count(session, lavrova, night).late == 0
        assert reading.count(session, lavrova, morning).late == 1
        vain(session, tip, 1, morning)
        assert reading.count(session, lavrova, morning).late == 0, "the first attempt was made"
        vain(session, tip, 2, morning + timedelta(minutes=1))
        late = datetime(2026, 11, 12, 6, 55, tzinfo=UTC)
        assert reading.count(session, lavrova, late).late == 1, "three attempts are not a talk"
        assert tip.ended_at is None
        with pytest.raises(Incomplete) as child:
            talking.talked(session, tip.id, Talk("phone", who="сын Петя"), lavrova, late)
        assert "adult" in child.value.fields
        talking.talked(session, tip.id, MOTHER, lavrova, late)
        assert reading.count(session, lavrova, late) == reading.NO_TIPS


def test_a_talk_opens_the_usual_flow_in_the_same_row(town: Database) -> None:
    with town.transaction() as session:
        family = t.family(session, 17)
        mother = next(one for one in family.people if one.is_applicant)
        child = next(one for one in family.people if one.birth_date and one.birth_date.year > 2012)
        tip = t.told(session, family_id=family.id, about_name="")
        lavrova = s.employee(session, "lavrova")
        with pytest.raises(Incomplete) as young:
            talking.talked(session, tip.id, Talk("visit", person_id=child.id), lavrova, LATER)
        assert "person_id" in young.value.fields
        talking.talked(session, tip.id, Talk("visit", person_id=mother.id), lavrova, LATER)
        talking.talked(session, tip.id, Talk("visit", person_id=mother.id), lavrova, LATER + timedelta(minutes=1))
        entry = entry_of(session, tip)
        assert (entry.person_id, entry.progress, entry.contact_method) == (mother.id, "in_work", "third_party")
        assert entry.applicant_name.startswith(mother.surname)
        assert "Поговорили с семьёй дома" in entry.measures
        assert session.scalar(select(func.count()).select_from(JournalEntry).where(JournalEntry.id == entry.id)) == 1
        assert (tip.ended_how, tip.ended_at) == ("talk", LATER)


def test_a_second_tip_joins_the_open_one_and_the_informants_stay_apart(town: Database) -> None:
    with town.transaction() as session:
        family = t.family(session, 1)
        first = t.told(session, family_id=family.id)
        second = t.told(session, LATER, "zayac", family_id=family.id, informant_name="Другов Пётр", risk=True,
                        said_112=True)  # fmt: skip
        assert second.id == first.id
        assert second.risk, "the danger of the second is the family's"
        assert session.scalar(select(func.count()).select_from(TipReport)) == 2
        assert [
            one.name for one in informants.shown(session, first.id, s.employee(session, "zayac"), LATER).values()
        ] == ["Другов Пётр"]
        assert len(informants.shown(session, first.id, s.employee(session, "roshchina"), LATER)) == 2
        assert session.scalar(select(func.count()).select_from(Tip)) == 1


def test_two_who_are_told_at_once_make_one_tip(town: Database) -> None:
    def take(login: str) -> int:
        with town.transaction() as session:
            return t.told(session, login=login, numbers="8 907 000-99-71").id

    with ThreadPoolExecutor(2) as pool:
        ids = set(pool.map(take, ["lavrova", "zayac"]))
    assert len(ids) == 1


def test_a_telephone_on_one_card_ties_the_tip_to_it(town: Database) -> None:
    with town.transaction() as session:
        tip = t.told(session, numbers=s.KUZNETSOVA)
        assert tip.family_id is not None
        assert entry_of(session, tip).family_id == tip.family_id


def test_a_card_found_later_is_the_same_row(town: Database) -> None:
    with town.transaction() as session:
        lavrova, family = s.employee(session, "lavrova"), t.family(session, 3)
        tip = t.told(session)
        entry = entry_of(session, tip)
        number = entry.number
        assert cards.attach(session, tip.id, family.id, lavrova, LATER).id == tip.id
        assert cards.attach(session, tip.id, family.id, lavrova, LATER).id == tip.id
        assert (tip.family_id, entry.family_id, entry.number) == (family.id, family.id, number)
        assert tip.open_key == f"1:family:{family.id}"
        other = t.told(session, LATER, about_name="Соседи")
        assert cards.attach(session, other.id, family.id, lavrova, LATER).id == tip.id, "two became one"
        assert entry_of(session, other).family_id == family.id, "guarded as the card is"


def test_a_danger_is_told_to_the_head_and_to_three_bodies(town: Database) -> None:
    with town.transaction() as session:
        with pytest.raises(Incomplete) as unsaid:
            t.told(session, risk=True)
        assert "said_112" in unsaid.value.fields
        tip = t.told(session, risk=True, said_112=True)
        lavrova, chief = s.employee(session, "lavrova"), s.employee(session, "roshchina")
        assert (tip.head_told_at, tip.head_why) == (t.TEN, "risk")
        assert reading.count(session, chief, LATER).danger == 1
        assert [one.body for one in duties.of_tip(session, tip)] == ["kdn", "guardianship", "police"]
        with pytest.raises(Incomplete):
            duties.informed(session, tip.id, "police", " ", "", lavrova, LATER)
        done = duties.informed(session, tip.id, "police", "дежурный, КУСП 1234", "", lavrova, LATER)
        assert (done.done_at, done.done_by_id, done.whom) == (LATER, lavrova.id, "дежурный, КУСП 1234")
        with pytest.raises(NotFound):
            head.seen(session, tip.id, lavrova, LATER)
        head.seen(session, tip.id, chief, LATER)
        assert reading.count(session, chief, LATER) == reading.TipCount(1, 0, 0, 0)
        duties.risk_found(session, tip.id, lavrova, LATER)
        assert tip.head_seen_at == LATER, "said again, it changes nothing"
        assert session.scalar(select(func.count()).select_from(TipDuty)) == 3
    with town.reading() as session:
        actions = set(session.scalars(select(AuditEvent.action).where(AuditEvent.action.startswith("tip."))))
        assert {"tip.take", "tip.risk", "tip.informed", "tip.seen"} <= actions


def test_two_cards_that_become_one_have_one_open_tip(town: Database) -> None:
    with town.transaction() as session:
        first = t.told(session, family_id=t.family(session, 3).id)
        second = t.told(session, LATER, "zayac", family_id=t.family(session, 4).id, risk=True, said_112=True)
        second.family_id = first.family_id
        joining.join_family(session, first.family_id, LATER)
        assert (second.ended_how, second.joined_to_id, first.ended_at) == ("joined", first.id, None)
        assert first.risk
        assert len(duties.of_tip(session, first)) == 3
        assert session.scalar(select(func.count()).where(TipReport.tip_id == first.id)) == 2
        third_party.once_and_the_same_day(session)
