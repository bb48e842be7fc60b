"""Ratings by telephone: who is called and by whom, what a key gives, what calls without an answer come to (B-34, B-35;
domain.md §1.3, §9.3)."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from callflow.dialler.states import Channel, Disposition, TaskState
from crm import db
from crm.appeals import closing
from crm.dialler import gating, sources
from crm.dialler.tables import DialEvent, DiallerSettings, DialSubject, DialTask
from crm.errors import NotFound, RecordsError
from crm.family_tables import Family, Person
from crm.journal_tables import JournalEntry
from crm.ratings import by_phone, giving, planning, reports, script, worklist
from crm.ratings.tables import Rating
from tests.integration.crm.booking import booked, of_family
from tests.integration.crm.rated_calls import LATER, NOON, called, calling, entry, plan, settle, solved, tasks
from tests.integration.crm.reminded import reminded
from tests.integration.crm.surveys import case, person
from tests.support.dialling import LIVE

MOSCOW = ZoneInfo("Europe/Moscow")
D = Disposition


@pytest.fixture
def case_id(town: db.Database) -> int:
    """A case of family 1, which agrees to robots."""
    with town.transaction() as session:
        return solved(session).id


def mark(town: db.Database, case_id: int) -> tuple[str, str]:
    found = entry(town, case_id)
    return found.progress, found.rating_mark


def ratings(town: db.Database, case_id: int) -> list[tuple[str, int | None, str]]:
    with town.reading() as session:
        return [(one.outcome, one.score, one.channel) for one in giving.of_entry(session, case_id)]


# --- who is called


def test_a_solved_case_is_promised_once_for_the_next_day(town: db.Database, case_id: int) -> None:
    assert plan(town, NOON) == 1
    assert plan(town, NOON + timedelta(minutes=1)) == 0
    (task,) = tasks(town)
    assert (task.kind, task.channel, task.state, task.priority) == ("rating", Channel.ROBOT, TaskState.DUE, 7)
    assert f"{task.due_at.astimezone(MOSCOW):%a %H:%M}" == "Fri 09:00", "they have only just spoken with us"
    assert len(task.stretches) >= 2, "a second attempt has a day of its own"
    with town.reading() as session:
        (subject,) = session.scalars(select(DialSubject).where(DialSubject.entry_id == case_id)).all()
        assert (subject.task_id, subject.occasion) == (task.id, "rating")


def test_the_words_of_the_call_are_there_and_say_nothing_before_the_key(town: db.Database, case_id: int) -> None:
    plan(town)
    with town.reading() as session:
        task = session.get_one(DialTask, tasks(town)[0].id)
        words = script.script_of(session, task, LATER).words
    assert words["echo:10"] == "Ваша оценка: десять баллов. Верно — один, исправить — два."
    assert words["echo:2"].startswith("Ваша оценка: два балла.")
    assert "обращение рассмотрено" in words["survey_hello"]
    before = " ".join(words[name] for name in ("hello", "who", "machine", "wrong_person", "refused", "trouble"))
    assert "обращение" not in before
    assert "оценк" not in before
    assert "опрос" not in before


def test_without_consent_it_is_never_the_robots(town: db.Database) -> None:
    with town.transaction() as session:
        solved(session, agreed=False)
    plan(town)
    (task,) = tasks(town)
    assert (task.channel, task.rule) == (Channel.HUMAN, "no_consent")


def test_where_the_head_has_switched_the_robot_off_for_ratings_people_ask(town: db.Database, case_id: int) -> None:
    with town.transaction() as session:
        session.get_one(DiallerSettings, 1).plan = {"rate_by_robot": False}
    plan(town)
    (task,) = tasks(town)
    assert (task.channel, task.rule) == (Channel.HUMAN, "rate_by_people")
    assert task.due_at > NOON


def test_of_those_whom_people_ask_one_who_may_be_called_comes_first(town: db.Database, case_id: int) -> None:
    with town.transaction() as session:
        session.get_one(DiallerSettings, 1).plan = {"rate_by_robot": False}
        after_five, anytime = of_family(session, 1), of_family(session, 3)
        case(session, NOON, code="A", family_id=anytime.id, by="lavrova").person_id = anytime.people[0].id
    plan(town)
    due = max(one.due_at for one in tasks(town))
    with town.transaction() as session:
        session.get_one(Family, after_five.id).contact_from = "17:00"
        zayac = person(session, "zayac")
        listed = [one.task.family_id for one in worklist.items(session, zayac, due)]
        assert listed == [after_five.id, anytime.id]
        first = worklist.next_up(session, zayac, due, mode="demo")
        assert first is not None
        assert first.task.family_id == anytime.id


def test_a_family_that_wants_no_calls_is_in_nobodys_queue(town: db.Database, case_id: int) -> None:
    with town.transaction() as session:
        session.get_one(Person, session.get_one(JournalEntry, case_id).person_id).do_not_call = True
    plan(town)
    (task,) = tasks(town)
    assert task.state == TaskState.OPTED_OUT
    settle(town)
    assert mark(town, case_id) == ("closed", "не удалось связаться")


def test_a_restricted_card_is_asked_by_people_only(town: db.Database, case_id: int) -> None:
    with town.transaction() as session:
        session.get_one(Family, session.get_one(JournalEntry, case_id).family_id).restricted = True
    plan(town)
    assert [(one.channel, one.rule) for one in tasks(town)] == [("human", "restricted")]


@pytest.mark.parametrize("progress", ["in_work", "closed", "consulted", "annulled"])
def test_a_case_that_waits_for_no_rating_is_not_asked_about(town: db.Database, case_id: int, progress: str) -> None:
    with town.transaction() as session:
        case(session, NOON, code="A", by="lavrova", progress=progress)
    assert plan(town) == 1


def test_what_was_solved_long_ago_is_left_to_people(town: db.Database, case_id: int) -> None:
    assert plan(town, NOON + timedelta(days=40)) == 0


def test_a_card_that_is_no_longer_in_use_is_not_called(town: db.Database, case_id: int) -> None:
    with town.transaction() as session:
        session.get_one(Family, session.get_one(JournalEntry, case_id).family_id).state = "destroyed"
    assert plan(town) == 0


def test_a_case_opened_again_is_taken_back_and_asked_about_anew_when_it_is_solved(
    town: db.Database, case_id: int
) -> None:
    plan(town)
    with town.transaction() as session:
        closing.reopen(session, case_id, "ничего не решено", person(session, "roshchina"), LATER)
    assert settle(town) == 1
    assert [one.state for one in tasks(town)] == [TaskState.CANCELLED]
    assert plan(town) == 0
    with town.transaction() as session:
        row = session.get_one(JournalEntry, case_id)
        row.progress, row.resolved_at = "survey", LATER
    assert plan(town, LATER + timedelta(days=1)) == 1
    assert [one.state for one in tasks(town)] == [TaskState.CANCELLED, TaskState.DUE]


# --- what a key gives


@pytest.fixture
def attempt_id(town: db.Database, case_id: int) -> str:
    """The family on the line."""
    plan(town)
    with town.transaction() as session:
        return calling(session, tasks(town)[0], LATER).id


@pytest.mark.parametrize("score", [1, 10])
def test_a_confirmed_score_is_in_column_8_at_once(town: db.Database, case_id: int, attempt_id: str, score: int) -> None:
    for _ in range(2):  # said twice it is one
        with town.transaction() as session:
            by_phone.give_by_key(session, attempt_id, score, LATER)
    assert mark(town, case_id) == ("closed", str(score))
    assert ratings(town, case_id) == [("score", score, "robot")]


def test_the_star_is_a_refusal(town: db.Database, case_id: int, attempt_id: str) -> None:
    with town.transaction() as session:
        by_phone.refuse(session, attempt_id, LATER)
    assert mark(town, case_id) == ("closed", "отказ от оценки")


def test_no_line_of_the_story_tells_the_score(town: db.Database, case_id: int, attempt_id: str) -> None:
    with town.transaction() as session:
        by_phone.give_by_key(session, attempt_id, 7, LATER)
    with town.reading() as session:
        lines = session.execute(select(DialEvent.what, DialEvent.detail).where(DialEvent.attempt_id == attempt_id))
        assert list(lines) == [("rate", "")]


def test_a_case_that_was_rated_meanwhile_takes_no_second_score(
    town: db.Database, case_id: int, attempt_id: str
) -> None:
    with town.transaction() as session:
        giving.give(
            session, case_id, outcome="score", score=9, channel="in_person", taken_by=person(session, "zayac"),
            given_at=LATER, at=LATER,
        )  # fmt: skip
    with pytest.raises(RecordsError), town.transaction() as session:
        by_phone.give_by_key(session, attempt_id, 3, LATER)
    assert mark(town, case_id) == ("closed", "9")


def test_a_call_about_something_else_gives_no_score(town: db.Database, case_id: int) -> None:
    with town.transaction() as session:
        other = reminded(session, booked(session), at=NOON)
        for attempt in (other, "att-0"):
            with pytest.raises(NotFound):
                by_phone.give_by_key(session, attempt, 5, LATER)
    assert mark(town, case_id) == ("survey", "")


def test_a_score_by_key_is_in_k(town: db.Database, case_id: int, attempt_id: str) -> None:
    with town.transaction() as session:
        before = reports.report(session, 1, 2026, 4).efficiency
        by_phone.give_by_key(session, attempt_id, 10, LATER)
        after = reports.report(session, 1, 2026, 4).efficiency
    assert (after.total - before.total, after.raters - before.raters) == (10, 1)
    assert after.k == Decimal(after.total) / after.raters * 10


def test_neither_a_refusal_nor_calls_without_an_answer_are_in_k(
    town: db.Database, case_id: int, attempt_id: str
) -> None:
    with town.transaction() as session:
        before = reports.report(session, 1, 2026, 4)
        by_phone.refuse(session, attempt_id, LATER)
        after = reports.report(session, 1, 2026, 4)
    assert after.efficiency == before.efficiency
    assert after.refused == before.refused + 1


# --- calls without an answer


def test_one_unanswered_call_leaves_the_case_open_and_the_second_closes_it(town: db.Database, case_id: int) -> None:
    plan(town)
    afternoon = LATER + timedelta(hours=2)
    called(town, tasks(town)[0], D.NO_ANSWER, afternoon)
    assert settle(town, afternoon) == 1
    assert settle(town, afternoon) == 0, "counted once"
    assert mark(town, case_id) == ("survey", "")
    assert ratings(town, case_id) == [("missed", None, "robot")]
    (task,) = tasks(town)
    assert (task.channel, task.state) == (Channel.ROBOT, TaskState.DUE)
    monday = LATER + timedelta(days=3)
    assert task.due_at.date() == monday.date(), "on the next day of its plan"
    called(town, task, D.NO_ANSWER, monday, 2)
    settle(town, monday)
    assert mark(town, case_id) == ("closed", "не удалось связаться")
    assert [one for one, _, _ in ratings(town, case_id)] == ["missed", "unreached"]
    settle(town, monday)
    assert [one.state for one in tasks(town)] == [TaskState.CANCELLED], "nobody calls a third time"


@pytest.mark.parametrize("end", [D.NO_ANSWER, D.BUSY, D.REJECTED, D.UNREACHABLE, D.MACHINE, D.HUNG_UP, D.WRONG_PERSON])
def test_whoever_did_not_answer_the_question_was_one_attempt(town: db.Database, case_id: int, end: D) -> None:
    plan(town)
    called(town, tasks(town)[0], end, LATER)
    settle(town)
    assert [one for one, _, _ in ratings(town, case_id)] == ["missed"]


@pytest.mark.parametrize("end", [D.HUMAN, D.OPTED_OUT])
def test_who_asks_for_a_person_or_for_no_robots_is_asked_by_a_person(town: db.Database, case_id: int, end: D) -> None:
    plan(town)
    called(town, tasks(town)[0], end, LATER)
    settle(town)
    assert ratings(town, case_id) == []
    assert [(one.channel, one.state) for one in tasks(town)] == [("human", "due")]


@pytest.mark.parametrize("end", [D.FAILED, D.DENIED, D.WITHDRAWN])
def test_a_call_that_did_not_ring_is_no_attempt(town: db.Database, case_id: int, end: D) -> None:
    plan(town)
    called(town, tasks(town)[0], end, LATER)
    settle(town)
    assert ratings(town, case_id) == []


@pytest.mark.parametrize("state", [TaskState.BAD_NUMBER, TaskState.OPTED_OUT, TaskState.UNREACHABLE])
def test_where_nobody_can_be_called_the_mark_is_written(town: db.Database, case_id: int, state: TaskState) -> None:
    plan(town)
    with town.transaction() as session:
        session.get_one(DialTask, tasks(town)[0].id).state = state.value
    settle(town)
    assert mark(town, case_id) == ("closed", "не удалось связаться")
    assert settle(town) == 0


def test_a_call_that_nobody_had_time_for_says_nothing_of_the_family(town: db.Database, case_id: int) -> None:
    plan(town)
    with town.transaction() as session:
        session.get_one(DialTask, tasks(town)[0].id).state = TaskState.EXPIRED.value
    assert settle(town) == 0
    assert mark(town, case_id) == ("survey", "")
    with town.transaction() as session:
        giving.give(
            session, case_id, outcome="unreached", score=None, channel="human_call",
            taken_by=person(session, "zayac"), given_at=LATER, at=LATER,
        )  # fmt: skip
    settle(town)
    assert mark(town, case_id) == ("closed", "не удалось связаться"), "after an attempt it does"


def test_an_attempt_of_a_quarter_that_was_closed_meanwhile_counts_in_the_open_one(
    town: db.Database, case_id: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan(town)
    called(town, tasks(town)[0], D.NO_ANSWER, LATER)
    january = LATER + timedelta(days=70)
    monkeypatch.setattr(giving, "is_closed", lambda _session, _service, moment: moment < january)
    assert settle(town, january) == 1
    with town.reading() as session:
        (row,) = session.scalars(select(Rating).where(Rating.entry_id == case_id)).all()
        assert row.given_at == january


def test_the_gate_calls_nobody_about_a_case_that_was_rated(town: db.Database, case_id: int) -> None:
    plan(town)
    with town.transaction() as session:
        task = session.get_one(DialTask, tasks(town)[0].id)
        assert sources.of(session, task, LATER).stands
        giving.give(
            session, case_id, outcome="score", score=9, channel="paper", taken_by=person(session, "zayac"),
            given_at=LATER, at=LATER,
        )  # fmt: skip
        task.state, task.owner, task.lease_until = "claimed", "w", LATER + timedelta(minutes=1)
        session.flush()
        gated = gating.gate(session, task.id, "w", LATER, LIVE, mode="demo", prompts={})
        assert gated.attempt is None
        assert gated.verdict is not None
        assert gated.verdict.rule == "gone"
        assert session.get_one(DialTask, task.id).state == TaskState.CANCELLED


def test_a_whole_batch_is_promised_in_pieces(town: db.Database, case_id: int) -> None:
    with town.transaction() as session:
        for _ in range(6):
            case(session, NOON, code="A", by="lavrova", family_id=session.get_one(JournalEntry, case_id).family_id)
    found = []
    for _ in range(4):
        with town.transaction() as session:
            found.append(planning.plan(session, LATER, mode="demo", limit=3))
    assert found == [3, 3, 1, 0]
