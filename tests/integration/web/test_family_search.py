"""«Семьи» in the browser: results while typing, the warning beside a new card, merging; and what the audit log says."""

import re

import pytest
from sqlalchemy import select

from crm.audit import AuditEvent
from crm.family_tables import MERGED, Family, Person


def events(office, action):
    with office.desk.database.reading() as session:
        return session.scalars(select(AuditEvent).where(AuditEvent.action == action)).all()


def card_of(office, number):
    with office.desk.database.reading() as session:
        family = session.get(Family, number)
        return (family.state, family.merged_into_id, family.version)


NEW = {"surname": "кузнецова", "name": "Елена", "patronymic": "Викторовна", "phones": "8 907 000-01-01"}


def test_results_while_typing_are_options_of_a_list(office):
    answer = office.browser("lavrova").post("/families/typed", text="кузн елен", list="quick")
    assert answer.status_code == 200
    assert 'role="listbox"' in answer.text
    assert re.findall(r'role="option" aria-selected="false" data-href="(/families/\d+)"', answer.text) == [
        "/families/1"
    ]
    assert "+7 907 •••-••-01" in answer.text
    for secret in ("д. 12", "+79070000101", "000-01-01"):
        assert secret not in answer.text


def test_an_emptied_field_shows_nothing_and_a_miss_says_what_to_do(office):
    browser = office.browser("lavrova")
    assert browser.post("/families/typed", text="  ").text.strip() == ""
    assert "Никого не нашли" in browser.post("/families/typed", text="щщщ").text
    assert events(office, "family.search") == []


def test_typing_is_logged_once_in_a_while_and_each_submitted_search(office):
    browser = office.browser("lavrova")
    for text in ("ку", "куз", "кузн"):
        browser.post("/families/typed", text=text)
    assert [event.details for event in events(office, "family.search")] == ['{"by":"typing","role":"dispatcher"}']
    browser.post("/families/search", text="кузн")
    browser.post("/families/search", text="8 907 000-01-01")
    assert len(events(office, "family.search")) == 3
    assert all("узн" not in event.details for event in events(office, "family.search"))


@pytest.mark.parametrize("path", ["/families/typed", "/families/search"])
def test_a_restricted_family_is_found_only_by_those_entitled(office, path):
    for text in ("Пономарёва", "+79070001201", "С-00012", "заводская пономар"):
        shown = office.browser("lavrova").post(path, text=text).text
        assert "/families/12" not in shown
        assert "Жанна" not in shown
        assert "/families/12" in office.browser("roshchina").post(path, text=text).text


@pytest.mark.parametrize("text", ["%", "_" * 200, "\\", "а" * 100_000, "'; DROP TABLE family; --", "🙂", "\u202e"])
@pytest.mark.parametrize("path", ["/families/typed", "/families/search"])
def test_strange_texts_find_nobody(office, path, text):
    answer = office.browser("lavrova").post(path, text=text)
    assert answer.status_code in (200, 413)
    assert 'href="/families/1"' not in answer.text


def test_the_results_address_can_be_reloaded(office):
    assert office.browser("lavrova").get("/families/search").status_code == 200


def test_the_call_beside_a_talk_uses_the_same_search(office):
    call_id = office.ring(number="+79070005555")
    office.answer()
    anna = office.browser("lavrova")
    found = anna.post(f"/calls/{call_id}/search", text="дарья кузнец").text
    with office.desk.database.reading() as session:
        mother = session.scalars(select(Person).where(Person.family_id == 1, Person.is_applicant)).one()
    assert f'value="{mother.id}"' in found, "the caller is the applicant, not the child by whom the card was found"
    assert "Дарья" not in found
    assert len(events(office, "family.search")) == 1


def test_a_new_card_that_resembles_another_is_made_only_after_a_second_word(office):
    browser = office.browser("lavrova")
    warned = browser.post("/families/likely", **NEW)
    assert "Похоже, такая карточка уже есть" in warned.text
    assert "тот же телефон; те же фамилия и имя" in warned.text
    refused = browser.post("/families", **NEW)
    assert refused.status_code == 422
    assert "Всё равно завести" in refused.text
    assert 'value="8 907 000-01-01"' in refused.text, "what was typed stays"
    made = browser.post("/families", **NEW, anyway="yes")
    assert made.status_code == 303
    assert made.headers["location"] == "/families/31"


def test_half_a_form_warns_by_what_can_be_read(office):
    browser = office.browser("lavrova")
    half = {**NEW, "birth_date": "12.1"}
    assert "тот же телефон" in browser.post("/families/likely", **half).text
    assert browser.post("/families/likely", surname="", phones="1").text.strip() == ""


def test_the_warning_does_not_tell_of_a_restricted_card(office):
    typed = {"surname": "Пономарёва", "name": "Жанна", "phones": "+79070001201"}
    assert office.browser("lavrova").post("/families/likely", **typed).text.strip() == ""
    assert office.browser("lavrova").post("/families", **typed).status_code == 303


def test_a_new_card_beside_a_talk_warns_and_offers_the_card_that_is_there(office):
    call_id = office.ring(number="+79070005555")
    office.answer()
    anna = office.browser("lavrova")
    refused = anna.post(f"/calls/{call_id}/new-card", surname="Кузнецова", name="Елена", patronymic="Викторовна")
    assert refused.status_code == 422
    assert "Это звонящий" in refused.text
    made = anna.post(
        f"/calls/{call_id}/new-card", surname="Кузнецова", name="Елена", patronymic="Викторовна", anyway="yes"
    )
    assert made.status_code == 200


def two_cards(office, login="roshchina"):
    browser = office.browser(login)
    assert browser.post("/families", **NEW, anyway="yes").status_code == 303
    return browser


def test_two_cards_are_merged_on_a_page(office):
    browser = two_cards(office)
    chosen = browser.post("/families/1/merge", text="кузнецова елена").text
    assert 'href="/families/1/merge/31"' in chosen
    assert 'href="/families/1/merge/1"' not in chosen
    page = browser.get("/families/1/merge/31").text
    person, same = re.search(r'name="person-(\d+)".*?value="(\d+)" selected', page, re.S).groups()
    form = {"kept_version": 1, "other_version": 1, f"person-{person}": same, "field-name": "other"}
    assert browser.post("/families/1/merge/31", **form).status_code == 422
    done = browser.post("/families/1/merge/31", **form, reason="Один заявитель")
    assert (done.status_code, done.headers["location"]) == (303, "/families/1")
    assert card_of(office, 31)[:2] == (MERGED, 1)
    with office.desk.database.reading() as session:
        assert session.get(Family, 1).name == "кузнецова"
    old = browser.get("/families/31")
    assert (old.status_code, old.headers["location"]) == (303, "/families/1")
    again = browser.post("/families/1/merge/31", **form, reason="Один заявитель")
    assert again.status_code in (303, 409)
    assert len(events(office, "family.merge")) == 1


def test_a_card_changed_meanwhile_is_shown_again_with_what_was_typed(office):
    browser = two_cards(office)
    with office.desk.database.transaction() as session:
        session.get(Family, 31).version = 5
    answer = browser.post("/families/1/merge/31", kept_version=1, other_version=1, reason="Тот же телефон")
    assert answer.status_code == 409
    assert 'value="Тот же телефон"' in answer.text
    assert 'name="other_version" value="5"' in answer.text
    assert card_of(office, 31)[0] == "active"


def test_nobody_merges_what_he_may_not_see(office):
    browser = office.browser("lavrova")
    for path in ("/families/1/merge/12", "/families/12/merge/1", "/families/12/merge", "/families/1/merge/999"):
        assert browser.get(path).status_code == 404
    form = {"kept_version": 1, "other_version": 1, "reason": "Одна семья"}
    assert browser.post("/families/1/merge/12", **form).status_code == 404
    assert browser.post("/families/1/different/12").status_code == 404
    assert card_of(office, 12)[0] == "active"


@pytest.mark.parametrize("form", [{}, {"kept_version": "x"}, {"person-1": "x"}, {"person-9999": "1"}, {"extra": "1"}])
def test_a_form_that_no_page_of_ours_sends_is_refused(office, form):
    known = {"kept_version": 1, "other_version": 1, "reason": "Одна семья"} if form else {}
    answer = office.browser("roshchina").post("/families/1/merge/2", **{**known, **form})
    assert answer.status_code in (400, 409, 422)
    assert card_of(office, 2)[0] == "active"


def test_likely_duplicates_are_listed_for_the_head_until_answered(office):
    browser = office.browser("roshchina")
    page = browser.get("/families/duplicates").text
    assert "С-00008" in page
    assert "/families/8/merge/9" in page
    assert "Похожих карточек нет" in browser.get("/families/duplicates?by=name").text
    answered = browser.post("/families/8/different/9", **{"from": "list"})
    assert answered.headers["location"] == "/families/duplicates"
    assert "Похожих карточек нет" in browser.get("/families/duplicates").text
    assert office.browser("lavrova").get("/families/duplicates").status_code == 403


@pytest.mark.parametrize("query", ["by=%27", "after=-1", "after=99999999999999999999", "after=x"])
def test_an_invented_address_of_the_list_harms_nothing(office, query):
    assert office.browser("roshchina").get(f"/families/duplicates?{query}").status_code < 500
