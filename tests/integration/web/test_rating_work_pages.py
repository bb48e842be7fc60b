"""«Опрос по телефону»: who asks whom, a key for each score, two attempts, nothing about one's own work."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from crm.dialler.tables import RATING, DialSubject, DialTask
from crm.family_tables import Family
from crm.journal_tables import JournalEntry
from crm.ratings import giving
from tests.integration.crm.rated_calls import solved

HERE = "/ratings/work"


@pytest.fixture
def asked(office) -> tuple[int, int]:
    """A case of family 1, Lavrova's work, which people are to ask about; its task."""
    at = datetime.now(UTC)
    with office.desk.database.transaction() as session:
        entry = solved(session, at - timedelta(days=1))
        task = DialTask(
            kind=RATING, service_id=entry.service_id, family_id=entry.family_id, person_id=entry.person_id,
            number="+79070000101", channel="human", state="due", state_at=at, due_at=at - timedelta(hours=1),
            deadline=at + timedelta(days=10), planned_at=at, reason="нет согласия на автоматические звонки",
        )  # fmt: skip
        session.add(task)
        session.flush()
        session.add(DialSubject(task_id=task.id, entry_id=entry.id, occasion="rating"))
        return entry.id, task.id


def case(office, entry_id: int) -> tuple[str, str]:
    with office.desk.database.reading() as session:
        entry = session.get_one(JournalEntry, entry_id)
        return entry.progress, entry.rating_mark


def given(office, entry_id: int) -> list[tuple[str, int | None, str]]:
    with office.desk.database.reading() as session:
        return [(one.outcome, one.score, one.channel) for one in giving.of_entry(session, entry_id)]


def task(office, task_id: int) -> DialTask:
    with office.desk.database.reading() as session:
        return session.get_one(DialTask, task_id)


def test_the_list_leads_to_the_script_and_a_key_for_every_score(office, asked):
    zayac = office.browser("zayac")
    listed = zayac.get(HERE).text
    assert "Ждут опроса: 1" in listed
    assert "Опрос · 1" in zayac.get("/dialling").text
    assert "000-01-01" not in listed
    zayac.post(f"{HERE}/next")
    page = zayac.get(HERE).text
    assert "Могу я поговорить с абонентом" in page
    assert "Об обращении не говорите" in page
    assert "Попытка 1 из 2" in page
    assert "Лаврова" in page, "whose work it is"
    for score in range(1, 11):
        assert f'name="answer" value="{score}" data-digit="{score % 10}"' in page


@pytest.mark.parametrize("score", [1, 10])
def test_a_score_closes_the_case_and_comes_from_her(office, asked, score):
    entry_id, task_id = asked
    zayac = office.browser("zayac")
    zayac.post(f"{HERE}/next")
    for _ in range(2):  # a double click
        zayac.post(f"{HERE}/{task_id}/outcome", answer=str(score), attempt="1")
    assert case(office, entry_id) == ("closed", str(score))
    assert given(office, entry_id) == [("score", score, "human_call")]
    assert task(office, task_id).state == "delivered"


def test_nobody_asks_about_her_own_work(office, asked):
    entry_id, task_id = asked
    lavrova = office.browser("lavrova")
    assert "Спрашивать сейчас некого" in lavrova.get(HERE).text
    assert "Опрос ·" not in lavrova.get("/dialling").text
    for way, form in (("take", {}), ("outcome", {"answer": "10", "attempt": "1"})):
        answer = lavrova.post(f"{HERE}/{task_id}/{way}", **form)
        assert answer.status_code == 409, way
        assert "Оценивают вашу работу" in answer.text
    assert case(office, entry_id) == ("survey", "")
    assert task(office, task_id).owner == ""


def test_two_calls_that_reach_nobody_close_the_case_and_a_double_click_is_one(office, asked):
    entry_id, task_id = asked
    zayac = office.browser("zayac")
    zayac.post(f"{HERE}/next")
    for _ in range(2):
        zayac.post(f"{HERE}/{task_id}/outcome", answer="no_answer", attempt="1")
    assert case(office, entry_id) == ("survey", "")
    assert [outcome for outcome, _, _ in given(office, entry_id)] == ["missed"]
    with office.desk.database.transaction() as session:
        session.get_one(DialTask, task_id).due_at = datetime.now(UTC) - timedelta(minutes=1)
    zayac.post(f"{HERE}/{task_id}/outcome", answer="no_answer", attempt="2")
    assert case(office, entry_id) == ("closed", "не удалось связаться")
    assert task(office, task_id).state == "unreachable"


@pytest.mark.parametrize(
    ("answer", "mark", "state"),
    [
        ("refused", "отказ от оценки", "delivered"),
        ("do_not_call", "отказ от оценки", "opted_out"),
        ("wrong_number", "не удалось связаться", "bad_number"),
    ],
)
def test_an_end_without_a_score_is_a_mark(office, asked, answer, mark, state):
    entry_id, task_id = asked
    zayac = office.browser("zayac")
    zayac.post(f"{HERE}/next")
    zayac.post(f"{HERE}/{task_id}/outcome", answer=answer, attempt="1")
    assert case(office, entry_id) == ("closed", mark)
    assert task(office, task_id).state == state


def test_later_needs_a_time_and_keeps_what_was_typed(office, asked):
    entry_id, task_id = asked
    zayac = office.browser("zayac")
    zayac.post(f"{HERE}/next")
    refused = zayac.post(f"{HERE}/{task_id}/outcome", answer="later", attempt="1", note="после обеда")
    assert refused.status_code == 422
    assert "Укажите время" in refused.text
    assert "после обеда" in refused.text
    day = (datetime.now(UTC) + timedelta(days=1)).strftime("%d.%m.%Y")
    zayac.post(f"{HERE}/{task_id}/outcome", answer="later", attempt="1", time="15:00", day=day)
    assert (task(office, task_id).state, task(office, task_id).owner) == ("due", "")
    assert case(office, entry_id) == ("survey", "")


def test_a_colleague_has_it_first(office, asked):
    _, task_id = asked
    office.browser("zayac").post(f"{HERE}/next")
    head = office.browser("roshchina")
    answer = head.post(f"{HERE}/{task_id}/take")
    assert answer.status_code == 409
    assert "коллега" in answer.text


def test_skipping_needs_a_reason_and_frees_it(office, asked):
    _, task_id = asked
    zayac = office.browser("zayac")
    zayac.post(f"{HERE}/next")
    assert zayac.post(f"{HERE}/{task_id}/skip").status_code == 422
    zayac.post(f"{HERE}/{task_id}/skip", reason="занято")
    assert task(office, task_id).owner == "", "what she has just skipped is not put before her again"
    zayac.post(f"{HERE}/{task_id}/take")
    assert task(office, task_id).owner
    zayac.post(f"{HERE}/{task_id}/skip", stop="yes")
    assert task(office, task_id).owner == ""


def test_a_restricted_family_is_there_for_nobody_else(office, asked):
    _, task_id = asked
    with office.desk.database.transaction() as session:
        session.get_one(Family, session.get_one(DialTask, task_id).family_id).restricted = True
    zayac = office.browser("zayac")
    assert "Спрашивать сейчас некого" in zayac.get(HERE).text
    assert "Опрос ·" not in zayac.get("/dialling").text
    assert zayac.post(f"{HERE}/{task_id}/take").status_code == 404


@pytest.mark.parametrize("task_id", ["-1", "0", str(2**63), "99999999"])
def test_a_task_that_is_none(office, asked, task_id):
    zayac = office.browser("zayac")
    for way, form in (("take", {}), ("outcome", {"answer": "9"}), ("skip", {"reason": "нет"})):
        assert zayac.post(f"{HERE}/{task_id}/{way}", **form).status_code in (404, 422)


@pytest.mark.parametrize("answer", ["", "0", "11", "10.0", "=1", "\x00", "😀", "unreached"])
def test_what_is_no_answer_changes_nothing(office, asked, answer):
    entry_id, task_id = asked
    zayac = office.browser("zayac")
    zayac.post(f"{HERE}/next")
    assert zayac.post(f"{HERE}/{task_id}/outcome", answer=answer).status_code in (400, 422)
    assert case(office, entry_id) == ("survey", "")


def test_a_reminder_is_not_asked_about_here(office, asked):
    _, task_id = asked
    with office.desk.database.transaction() as session:
        session.get_one(DialTask, task_id).kind = "reminder"
    assert office.browser("zayac").post(f"{HERE}/{task_id}/take").status_code == 404


def test_a_case_that_was_rated_meanwhile_says_so(office, asked):
    entry_id, task_id = asked
    zayac = office.browser("zayac")
    zayac.post(f"{HERE}/next")
    zayac.post(f"/journal/{entry_id}/rating", answer="9", channel="in_person", attempt="1")
    answer = zayac.post(f"{HERE}/{task_id}/outcome", answer="3", attempt="1")
    assert answer.status_code == 409
    assert "уже проведён" in answer.text
    assert case(office, entry_id) == ("closed", "9")
