"""Information from third parties: the row, the clock, what stops it, who knows who told us (B-32, B-33, §6.3)."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select

from crm import presence
from crm.appeals.rows import measures_of
from crm.audit import AuditEvent
from crm.consents import subject
from crm.db import Database
from crm.errors import Incomplete, NotFound, RecordsError
from crm.family_tables import Family, FamilyAssignment, Phone
from crm.journal_tables import JournalEntry
from crm.outgoing.tables import OutgoingCall
from crm.specialists.tables import CallDisposition, CallFinish
from crm.tips import (
    attempts,
    calling,
    cards,
    clock,
    duties,
    escalating,
    head,
    informants,
    joining,
    next_steps,
    reading,
    talking,
)
from crm.tips.tables import Tip, TipAttempt, TipDuty, TipInformant, TipReport
from crm.tips.talking import Talk
from tests.integration.crm import scenario as s
from tests.integration.crm import tipped as t
from tests.support import papers
from tests.support.dialler import third_party

LATER = t.TEN + timedelta(minutes=10)
MOTHER = Talk("phone", who="мать, Тихомирова Ольга", adult=True)


@pytest.fixture
def town(town: Database) -> Database:
    """Without the demo's tips."""
    with town.transaction() as session:
        t.clear(session)
    return town


def entry_of(session, tip) -> JournalEntry:
    return session.get_one(JournalEntry, tip.entry_id)


def vain(session, tip, times: int = 3, at: datetime = LATER) -> None:
    for number in range(times):
        attempts.note_by_hand(session, tip.id, "no_answer", "", "", s.employee(session, "lavrova"), at,
                              form_key=f"{tip.id}-{at.timestamp()}-{number}")  # fmt: skip


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


def test_who_told_us_is_not_written_where_others_read(town: Database) -> None:
    with town.transaction() as session:
        wrong = {"words": "Со слов Болтуновой дети одни", "about_children": "дети, звонить 8(907)000-99-81",
                 "numbers": t.CANARY_PHONE}  # fmt: skip
        for field, value in wrong.items():
            with pytest.raises(Incomplete) as refused:
                t.told(session, **{field: value})
            assert field in refused.value.fields
        with pytest.raises(Incomplete) as empty:
            t.told(session, words=" ", about_name="", risk=None)
        assert set(empty.value.fields) == {"words", "about_name", "risk"}


def test_who_told_us_is_shown_to_three_and_every_look_is_logged(town: Database) -> None:
    with town.transaction() as session:
        tip = t.told(session)
        for login in ("lavrova", "roshchina", "chernykh"):
            (known,) = informants.shown(session, tip.id, s.employee(session, login), LATER).values()
            assert known.name == t.CANARY
        for login in ("zayac", "smirnova", "kim"):
            with pytest.raises(NotFound):
                informants.shown(session, tip.id, s.employee(session, login), LATER)
    with town.reading() as session:
        looks = session.scalars(select(AuditEvent).where(AuditEvent.action == "tip.informant")).all()
        assert len(looks) == 3
        everything = " ".join(row.details + row.subject for row in session.scalars(select(AuditEvent)))
        assert "Болтун" not in everything


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


def restrict(session, number: int = 2) -> Family:
    family = t.family(session, number)
    family.restricted = True
    session.query(FamilyAssignment).filter_by(family_id=family.id).delete()
    session.flush()
    return family


def number_of(session, family: Family) -> str:
    return next(phone.number for person in family.people for phone in person.phones)


def test_a_restricted_card_is_not_betrayed(town: Database) -> None:
    """She takes the tip, sees what she typed, and meets nothing that an unknown family would not show."""
    with town.transaction() as session:
        family = restrict(session)
        number = number_of(session, family)
        lavrova, zayac, chief = (s.employee(session, one) for one in ("lavrova", "zayac", "roshchina"))
        tip = t.told(session, numbers=number)
        assert tip.family_id == family.id, "those entitled see whose it is"
        whole = reading.open_whole(session, tip.id, lavrova, LATER)
        assert whole.line.family is None
        assert whole.line.name == "Тихомировы"
        assert [(one.number, one.person, one.warnings) for one in whole.numbers] == [(number, None, ())]
        assert reading.likely_cards(session, whole, lavrova) == []
        assert reading.count(session, lavrova, LATER).open == 1
        assert reading.count(session, zayac, LATER).open == 0, "not even counted"
        with pytest.raises(NotFound):
            reading.open_whole(session, tip.id, zayac, LATER)
        assert reading.open_whole(session, tip.id, chief, LATER).line.family is not None
        with pytest.raises(NotFound):
            t.told(session, family_id=family.id)
        assert entry_of(session, tip).family_brief == "Тихомировы", "no word of the card"


def test_two_tips_on_a_restricted_card_are_put_together_by_the_head(town: Database) -> None:
    with town.transaction() as session:
        family = restrict(session)
        number, chief = number_of(session, family), s.employee(session, "roshchina")
        first = t.told(session, numbers=number)
        second = t.told(session, LATER, "zayac", numbers=number, informant_name="Другов Пётр")
        assert second.id != first.id, "zayac must not meet what was written of a card she may not know"
        assert second.head_why == "twice"
        assert reading.open_whole(session, second.id, chief, LATER).twin.id == first.id
        kept = cards.attach(session, second.id, family.id, chief, LATER)
        assert kept.id == first.id
        assert (second.ended_how, second.joined_to_id) == ("joined", first.id)
        seen = reading.open_whole(session, first.id, s.employee(session, "zayac"), LATER)
        assert [one.taken_by_id for one in seen.reports] == [s.employee(session, "zayac").id]
        assert not seen.line.is_shown


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


def test_the_family_s_paper_does_not_say_who(town: Database) -> None:
    with town.transaction() as session:
        family = t.family(session, 17)
        tip = t.told(session, family_id=family.id)
        vain(session, tip)
        applicant = next(one for one in family.people if one.is_applicant)
        paper = subject.as_json(subject.everything_on(session, applicant.id, LATER))
        assert "Информация о семье от третьих лиц" in paper
        assert not [word for word in ("Болтун", "000-99-81", "9070009981", "дом напротив") if word in paper]


@pytest.mark.parametrize(
    ("login", "kind"), [("roshchina", "journal"), ("roshchina", "registry"), ("lavrova", "journal")]
)
def test_no_export_says_who(town: Database, tmp_path: Path, login: str, kind: str) -> None:
    with town.transaction() as session:
        talking.talked(session, t.told(session, family_id=t.family(session, 1).id).id, MOTHER,
                       s.employee(session, "lavrova"), LATER)  # fmt: skip
        t.told(session, LATER, about_name="Соседи")
    made = papers.export(town, tmp_path, login, kind, LATER + timedelta(hours=1))
    said = " ".join(" ".join(row) for row in papers.cells(tmp_path, made)).casefold()
    assert kind == "registry" or "информация от третьего лица" in said
    assert not [word for word in ("болтун", "000-99-81", "9070009981", "дом напротив") if word in said]


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
