"""«Просит не звонить»: at once and everywhere, with its proof; a person may still call for an urgent reason."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from callflow.dialler import window
from callflow.dialler.rules import Answer, Rule, judge
from callflow.dialler.states import Channel, TaskState
from callflow.outgoing import OrderState, Result
from crm.audit import Actor, AuditEvent
from crm.cards import merging
from crm.cards.merging import Choices
from crm.db import Database
from crm.dialler import by_person, calling_off, claiming, facts, gating, refusals, refusing, sweeping, switches
from crm.dialler.refusing import Wanted
from crm.dialler.tables import REMINDER, CallRefusal, DialTask
from crm.errors import Incomplete, NotFound, RecordsError
from crm.family_tables import Family, Person, Phone
from crm.outgoing import asking, orders
from crm.outgoing.tables import OutgoingCall
from tests.integration.crm.booking import booked
from tests.integration.crm.missed import ledger as g
from tests.integration.crm.reminded import attempt_of, task_of
from tests.integration.crm.scenario import KUZNETSOVA, NOON, employee
from tests.support.dialling import LIVE, agrees, robot_on, task_for
from tests.support.open_window import always

NOW = NOON + timedelta(hours=1, minutes=30)
SECOND = timedelta(seconds=1)


@pytest.fixture(autouse=True)
def any_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is a good time to call."""
    monkeypatch.setattr(window, "spans", always)


@pytest.fixture
def task_id(town: Database) -> int:
    """A call that people have to make, due now."""
    with town.transaction() as session:
        robot_on(session, 1, NOON)
        task = task_for(session, booked(session, at=NOON + timedelta(days=1)), NOW)
        task.channel = Channel.HUMAN.value
        return task.id


def of_family(session: Session, task: DialTask, scope: str = refusals.ALL, **more: object) -> CallRefusal:
    assert task.family_id is not None
    wanted = Wanted(scope, **more)  # type: ignore[arg-type]
    return refusing.of_family(session, task.family_id, wanted, employee(session, "zayac"), NOW)


def another_number(session: Session, task: DialTask) -> tuple[str, int]:
    """A telephone of the same family that nobody spoke of, and whose it is."""
    person = Person(family_id=task.family_id, surname="Другой", name="Отец", relation="отец", search_key="другой отец")
    session.add(person)
    session.flush()
    session.add(Phone(person_id=person.id, number="+79070000777"))
    session.flush()
    return "+79070000777", person.id


def test_a_family_refuses_for_everybody_at_every_telephone(town: Database, task_id: int) -> None:
    with town.transaction() as session:
        task = session.get_one(DialTask, task_id)
        number, person_id = another_number(session, task)
        assert not refusals.of(session, number, person_id).everything
        of_family(session, task)
        for known in (refusals.of(session, number, person_id), refusals.of(session, task.number, task.person_id)):
            assert known.everything
            assert known.robot
        assert refusals.standing(session, [number], [person_id], [task.family_id or 0]).scopes(
            number, person_id, task.family_id or 0
        ) == {"all"}
        assert not refusals.of(session, "+79070000999", None).robot


def test_one_person_refuses_for_herself_only(town: Database, task_id: int) -> None:
    with town.transaction() as session:
        task = session.get_one(DialTask, task_id)
        number, person_id = another_number(session, task)
        of_family(session, task, refusals.ROBOT, person_id=person_id)
        assert refusals.of(session, number, person_id).robot
        assert refusals.of(session, "+79070000999", person_id).robot, "whatever telephone she has"
        assert not refusals.of(session, task.number, task.person_id).robot


def test_the_next_order_is_refused_within_the_second(town: Database) -> None:
    """At the gate, whichever of the family's telephones the robot was about to call."""
    with town.transaction() as session:
        robot_on(session, 1, NOON)
        task = task_for(session, booked(session, at=NOON + timedelta(days=1)), NOW)
        agrees(session, session.get_one(Person, task.person_id), NOW)
        assert judge(facts.read(session, task, NOW, LIVE, mode="demo"), NOW).answer is Answer.GO
        of_family(session, task, refusals.ROBOT)
        verdict = judge(facts.read(session, task, NOW + SECOND, LIVE, mode="demo"), NOW + SECOND)
        assert (verdict.answer, verdict.rule) == (Answer.HUMAN, Rule.ROBOT_REFUSED)
        assert gating is not None


def test_every_call_refused_ends_what_waits_for_robots_and_people(town: Database, task_id: int) -> None:
    with town.transaction() as session:
        task = session.get_one(DialTask, task_id)
        robots = task_of(session, booked(session, at=NOON + timedelta(days=2)), at=NOW)
        robots.state, robots.family_id = TaskState.DUE.value, task.family_id
        session.flush()
        of_family(session, task)
        for one in (task, robots):
            session.refresh(one)
            assert (one.state, one.rule) == (TaskState.OPTED_OUT.value, Rule.DO_NOT_CALL.value)
        assert list(session.scalars(by_person.waiting(session, REMINDER, employee(session, "lavrova")))) == []


def test_a_colleague_loses_the_one_she_holds_and_reads_why(town: Database, task_id: int) -> None:
    with town.transaction() as session:
        lavrova, zayac = employee(session, "lavrova"), employee(session, "zayac")
        by_person.take(session, task_id, lavrova, NOW)
        assert calling_off.sentence_for(session, REMINDER, lavrova, NOW) == ""
        of_family(session, session.get_one(DialTask, task_id))
        assert by_person.held(session, REMINDER, lavrova) is None
        assert "Семья попросила не звонить" in calling_off.sentence_for(session, REMINDER, lavrova, NOW + SECOND)
        assert calling_off.sentence_for(session, REMINDER, zayac, NOW + SECOND) == ""
        assert calling_off.sentence_for(session, REMINDER, lavrova, NOW + timedelta(minutes=11)) == ""
        with pytest.raises(RecordsError, match="закрыто"):
            by_person.mine(session, task_id, lavrova)


def test_what_she_holds_herself_she_finishes(town: Database, task_id: int) -> None:
    with town.transaction() as session:
        zayac = employee(session, "zayac")
        by_person.take(session, task_id, zayac, NOW)
        of_family(session, session.get_one(DialTask, task_id))
        assert by_person.mine(session, task_id, zayac).id == task_id
        with pytest.raises(RecordsError, match="просила не звонить"):
            by_person.call(session, task_id, zayac, LIVE, purpose="", mode="demo", at=NOW)


@pytest.mark.parametrize("placed", [False, True])
def test_a_call_that_nobody_has_answered_ends(town: Database, task_id: int, placed: bool) -> None:
    with town.transaction() as session:
        lavrova = employee(session, "lavrova")
        by_person.take(session, task_id, lavrova, NOW)
        order = by_person.call(session, task_id, lavrova, LIVE, purpose="", mode="demo", at=NOW)
        if placed:
            assert orders.claim(session, NOW, mode="demo") is not None
        of_family(session, session.get_one(DialTask, task_id))
        session.refresh(order)
        if placed:
            assert [one for one, _, _ in orders.to_hang_up(session)] == [order.id]
        else:
            assert orders.claim(session, NOW + SECOND, mode="demo") is None
            session.refresh(order)
            assert (order.live, order.result) == (False, Result.NOT_PLACED.value)


def test_an_order_that_the_refusal_did_not_see_is_not_placed(town: Database, task_id: int) -> None:
    """Written at the same moment in another transaction: the clerk asks once more."""
    with town.transaction() as session:
        lavrova = employee(session, "lavrova")
        by_person.take(session, task_id, lavrova, NOW)
        order = by_person.call(session, task_id, lavrova, LIVE, purpose="", mode="demo", at=NOW)
        of_family(session, session.get_one(DialTask, task_id))
        order.hangup_asked_at = None
        session.flush()
        assert orders.claim(session, NOW + SECOND, mode="demo") is None


def test_a_talk_of_a_list_goes_on(town: Database, task_id: int) -> None:
    with town.transaction() as session:
        lavrova = employee(session, "lavrova")
        by_person.take(session, task_id, lavrova, NOW)
        order = by_person.call(session, task_id, lavrova, LIVE, purpose="", mode="demo", at=NOW)
        order.state = OrderState.TALKING.value
        session.flush()
        of_family(session, session.get_one(DialTask, task_id))
        session.refresh(order)
        assert order.hangup_asked_at is None
        assert by_person.mine(session, task_id, lavrova).id == task_id


def test_a_robots_call_to_anybody_of_the_family_ends(town: Database) -> None:
    with town.transaction() as session:
        task = task_of(session, booked(session, at=NOON + timedelta(days=1)), at=NOW)
        attempt = attempt_of(session, task, at=NOW)
        of_family(session, task, refusals.ROBOT)
        assert switches.to_hang_up(session) == [attempt.id]


def test_what_is_planned_for_people_afterwards_is_offered_to_nobody(town: Database, task_id: int) -> None:
    with town.transaction() as session:
        task = session.get_one(DialTask, task_id)
        row = of_family(session, task)
        task.state, task.ver = TaskState.DUE.value, task.ver + 1
        session.flush()
        assert sweeping.sweep(session, NOW).refused == 1
        session.refresh(task)
        assert task.state == TaskState.OPTED_OUT
        task.state, row.ended_at = TaskState.DUE.value, NOW
        session.flush()
        assert sweeping.sweep(session, NOW).refused == 0


def test_a_person_may_call_with_a_reason_that_is_kept(town: Database, task_id: int) -> None:
    with town.transaction() as session:
        task, lavrova = session.get_one(DialTask, task_id), employee(session, "lavrova")
        of_family(session, task)
        with pytest.raises(Incomplete) as refused:
            asking.ask(session, lavrova, number=task.number, person_id=task.person_id, at=NOW)
        assert "срочному делу" in refused.value.fields["reason"]
        order = asking.ask(
            session, lavrova, number=task.number, person_id=task.person_id, reason="ребёнок в больнице", at=NOW
        )
        assert session.get_one(OutgoingCall, order.id).reason == "ребёнок в больнице"
    with town.reading() as session:
        (logged,) = session.scalars(select(AuditEvent.details).where(AuditEvent.action == "outgoing.ask"))
        assert "despite" in logged
        assert "больнице" not in str(logged)


def test_robots_refused_people_call_as_ever(town: Database, task_id: int) -> None:
    with town.transaction() as session:
        task, lavrova = session.get_one(DialTask, task_id), employee(session, "lavrova")
        of_family(session, task, refusals.ROBOT)
        session.refresh(task)
        assert task.state == TaskState.DUE
        by_person.take(session, task_id, lavrova, NOW)
        assert by_person.call(session, task_id, lavrova, LIVE, purpose="", mode="demo", at=NOW).live


def test_a_letter_is_the_proof(town: Database, task_id: int) -> None:
    with town.transaction() as session:
        task, zayac = session.get_one(DialTask, task_id), employee(session, "zayac")
        with pytest.raises(Incomplete) as wrong:
            of_family(session, task, source="letter")
        assert set(wrong.value.fields) == {"letter_number", "letter_on"}
        with pytest.raises(Incomplete) as ahead:
            of_family(session, task, source="letter", letter_number="12", letter_on=date(2027, 1, 1))
        assert set(ahead.value.fields) == {"letter_on"}
        row = of_family(
            session, task, source="letter", letter_number="12", letter_on=date(2026, 11, 10), note="не беспокоить"
        )
        assert (row.letter_number, row.letter_on, row.note, row.employee_id, row.at) == (
            "12", date(2026, 11, 10), "не беспокоить", zayac.id, NOW,
        )  # fmt: skip
        again = of_family(session, task, source="letter", letter_number="12", letter_on=date(2026, 11, 10))
        assert again.id == row.id, "the same form twice is one refusal"
        with pytest.raises(Incomplete) as scope:
            of_family(session, task, "никогда")
        assert set(scope.value.fields) == {"scope"}


def test_said_in_a_talk_it_is_the_familys_else_the_numbers(town: Database) -> None:
    with town.transaction() as session:
        g.clear(session)
        lavrova = employee(session, "lavrova")
        call = g.play(session, g.talk("1", 5)[:5])
        row = refusing.in_talk(session, call, Wanted("all", note="хватит"), lavrova, NOW)
        assert (row.family_id, row.number, row.call_id) == (call.family_id, "", call.id)
        assert refusals.of(session, KUZNETSOVA, None, call.family_id).everything
        stranger = g.play(session, g.talk("2", 6, g.STRANGER)[:5])
        row = refusing.in_talk(session, stranger, Wanted("all"), lavrova, NOW)
        assert (row.family_id, row.person_id, row.number) == (None, None, g.STRANGER)
        hidden = g.play(session, g.talk("3", 7, None)[:5])
        with pytest.raises(Incomplete) as unknown:
            refusing.in_talk(session, hidden, Wanted("all"), lavrova, NOW)
        assert "Номер неизвестен" in unknown.value.fields["scope"]


def test_a_closed_card_is_not_refused_for_by_those_who_do_not_see_it(town: Database) -> None:
    with town.transaction() as session:
        closed = session.scalars(select(Family.id).where(Family.restricted)).first() or 0
        with pytest.raises(NotFound):
            refusing.of_family(session, closed, Wanted("all"), employee(session, "lavrova"), NOW)


def test_a_refusal_goes_along_when_two_cards_become_one(town: Database) -> None:
    with town.transaction() as session:
        head = employee(session, "roshchina")
        kept, other = session.scalars(
            select(Family).where(Family.state == "active", Family.restricted.is_(False)).order_by(Family.id).limit(2)
        ).all()
        refusing.of_family(session, other.id, Wanted("all"), head, NOW)
        merging.merge(
            session, kept.id, other.id, Choices((kept.version, other.version)), head, NOW, reason="одна семья"
        )
        assert [one.family_id for one in refusing.of_card(session, kept)] == [kept.id]


def test_key_nine_holds_for_the_number_whoever_has_it(town: Database, task_id: int) -> None:
    with town.transaction() as session:
        task = session.get_one(DialTask, task_id)
        refusals.refuse(session, task.number, None, refusals.ROBOT, "key", NOW, by=Actor(None, "test"))
        assert refusals.of(session, task.number, None).robot
        assert refusals.of(session, task.number, task.person_id).robot
        assert not refusals.of(session, "+79070000999", task.person_id).robot
        assert [one.source for one in refusing.of_card(session, session.get_one(Family, task.family_id))] == ["key"]


def test_a_held_robots_task_is_nobodys_screen(town: Database) -> None:
    with town.transaction() as session:
        task = task_of(session, booked(session, at=NOON + timedelta(days=1)), at=NOW)
        task.state, task.owner = TaskState.CLAIMED.value, "worker-1"
        session.flush()
        of_family(session, task)
        session.refresh(task)
        assert task.state == TaskState.OPTED_OUT
        assert claiming.due(session, NOW + timedelta(days=1)) == []
