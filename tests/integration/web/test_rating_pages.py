"""The survey on the pages: the form, its refusals, its correction, and who reads what was answered."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from crm.journal_tables import JournalEntry
from crm.ratings.tables import Rating
from tests.integration.crm.surveys import answer, case


@pytest.fixture
def waiting(office) -> int:
    """A solved appeal of Громова's that waits for its survey."""
    with office.desk.database.transaction() as session:
        return case(session, datetime.now(UTC) - timedelta(minutes=5)).id


def entry_of(office, entry_id: int) -> JournalEntry:
    with office.desk.database.reading() as session:
        return session.get_one(JournalEntry, entry_id)


def ratings_of(office, entry_id: int) -> list[Rating]:
    with office.desk.database.reading() as session:
        return list(session.query(Rating).where(Rating.entry_id == entry_id).order_by(Rating.id))


def give(browser, entry_id: int, mark: str, **fields: str):
    sent = {"answer": mark, "channel": "human_call", "attempt": "1", **fields}
    return browser.post(f"/journal/{entry_id}/rating", **sent)


def test_a_score_is_given_with_one_form(office, waiting):
    browser = office.browser("zayac")
    page = browser.get(f"/journal/{waiting}/rating").text
    assert all(f'name="answer" value="{mark}"' in page for mark in [*range(1, 11), "refused", "unreached"])
    result = give(browser, waiting, "10")
    assert (result.status_code, result.headers["location"]) == (303, f"/journal/{waiting}")
    assert (entry_of(office, waiting).rating_mark, entry_of(office, waiting).progress) == ("10", "closed")


def test_the_same_form_twice_is_one_answer(office, waiting):
    browser = office.browser("zayac")
    assert [give(browser, waiting, "7").status_code for _ in range(2)] == [303, 303]
    assert [give(browser, waiting, "8").status_code, len(ratings_of(office, waiting))] == [409, 1]


def test_a_double_click_on_not_reached_is_one_call(office, waiting):
    browser = office.browser("zayac")
    for _ in range(2):
        assert give(browser, waiting, "unreached").status_code == 303
    assert entry_of(office, waiting).progress == "survey"
    assert "1 попытка без ответа" in browser.get(f"/journal/{waiting}/rating").text
    give(browser, waiting, "unreached", attempt="2")
    assert entry_of(office, waiting).rating_mark == "не удалось связаться"


@pytest.mark.parametrize("attempt", ["0", "-5", str(10**30)])
def test_a_made_up_number_of_the_call_counts_as_one_call(office, waiting, attempt):
    assert give(office.browser("zayac"), waiting, "unreached", attempt=attempt).status_code == 303
    assert [one.outcome for one in ratings_of(office, waiting)] == ["missed"]


def test_nothing_chosen_and_nonsense_come_back_with_sentences(office, waiting):
    browser = office.browser("zayac")
    empty = give(browser, waiting, "", channel="in_person")
    assert empty.status_code == 422
    assert "Выберите оценку от 1 до 10" in empty.text
    assert 'value="in_person" checked' in empty.text, "what was chosen stays chosen"
    tomorrow = f"{datetime.now(office.desk.zone).date() + timedelta(days=1)}"
    for fields in ({"given_on": "вчера"}, {"given_on": "1999-01-01"}, {"given_on": tomorrow}):
        refused = give(browser, waiting, "5", **fields)
        assert refused.status_code == 422
        assert "n-given_on" in refused.text
    for mark in ("0", "11", "5; drop", "🙂", "-1", "01"):
        assert give(browser, waiting, mark).status_code == 422
    assert give(browser, waiting, "5", extra="1").status_code == 422
    assert not ratings_of(office, waiting)


@pytest.mark.parametrize("number", [0, -1, 2**63, 999_999])
def test_there_is_no_such_appeal(office, number):
    browser = office.browser("roshchina")
    assert browser.get(f"/journal/{number}/rating").status_code == 404
    assert give(browser, number, "5").status_code == 404
    assert browser.post(f"/ratings/{number}/correct", answer="5", reason="x").status_code == 404


def test_an_appeal_that_is_not_solved_is_not_asked_about(office):
    with office.desk.database.transaction() as session:
        entry_id = case(session, datetime.now(UTC), progress="in_work").id
    browser = office.browser("gromova")
    assert browser.get(f"/journal/{entry_id}/rating").status_code == 404
    refused = give(browser, entry_id, "5")
    assert refused.status_code == 409
    assert "Сначала запишите конечный результат" in refused.text


def test_whose_work_is_rated_is_told_to_leave_the_question_to_another(office, waiting):
    assert "лучше провести другому сотруднику" in office.browser("gromova").get(f"/journal/{waiting}/rating").text
    assert "лучше провести" not in office.browser("zayac").get(f"/journal/{waiting}/rating").text
    assert give(office.browser("gromova"), waiting, "9").status_code == 303, "warned, not forbidden"


@pytest.mark.parametrize("login", ["lavrova", "smirnova", "kim"])
def test_others_neither_read_nor_give(office, waiting, login):
    browser = office.browser(login)
    expected = 404 if login == "lavrova" else 403
    assert browser.get(f"/journal/{waiting}/rating").status_code == expected
    assert give(browser, waiting, "5").status_code == expected
    assert not ratings_of(office, waiting)


def test_a_correction_keeps_the_old_mark_in_the_history(office, waiting):
    browser = office.browser("zayac")
    give(browser, waiting, "1")
    rating_id = ratings_of(office, waiting)[0].id
    no_reason = browser.post(f"/ratings/{rating_id}/correct", answer="10", reason="  ")
    assert no_reason.status_code == 422
    assert "Напишите, почему отметка исправляется" in no_reason.text
    done = browser.post(f"/ratings/{rating_id}/correct", answer="10", reason="Заявитель сказал «десять»")
    assert done.status_code == 303
    page = browser.get(f"/journal/{waiting}/rating").text
    assert "Заявитель сказал «десять»" in page
    assert '<span class="strong">1<' in page
    assert '<span class="strong">10<' in page
    assert browser.post(f"/ratings/{rating_id}/correct", answer="9", reason="ещё раз").status_code == 409


def test_the_rated_reads_her_score_nowhere_before_the_closing(office, waiting):
    with office.desk.database.transaction() as session:
        # 7 would be found in any number of a page; the words of the marks are looked for instead
        rating = answer(session, session.get_one(JournalEntry, waiting), 7, datetime.now(UTC))
    own, other = office.browser("gromova"), office.browser("zayac")
    for path in (f"/journal/{waiting}/rating", f"/journal/{waiting}"):
        assert "оценка получена" in own.get(path).text
        assert 'class="mark">7<' not in own.get(path).text
        assert '<span class="strong">7<' not in own.get(path).text
    assert 'class="mark">7<' in other.get(f"/journal/{waiting}/rating").text
    assert "Исправить отметку" not in own.get(f"/journal/{waiting}/rating").text
    refused = own.post(f"/ratings/{rating.id}/correct", answer="10", reason="мне нравится")
    assert refused.status_code == 409
    journal = own.get("/journal").text
    assert "оценка получена" in journal


def test_the_answer_says_nothing_about_the_score_to_whoever_typed_it(office, waiting):
    browser = office.browser("gromova")
    browser.client.headers["hx-request"] = "true"
    result = give(browser, waiting, "7")
    assert json.loads(result.headers["hx-trigger"]) == {"fd:said": "Отметка внесена в столбец 8, обращение закрыто."}
