"""The journal's pages: rows by hand, the list, one row and what is done with it."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select

from crm.audit import AuditEvent
from crm.family_tables import Family
from crm.journal import DRAFT, SAVED, JournalEntry
from crm.specialists.tables import CompetenceTopic

FORM = {
    "version": "1",
    "whole": "1",
    "topic": "документы",
    "substance": "Принесла справку о составе семьи.",
    "applicant_name": "Орлова Татьяна Сергеевна",
    "family_brief": "Орловы, 5 детей",
    "contact_method": "in_person",
    "obstacle": "no",
}


def rows(office, **values):
    with office.desk.database.reading() as session:
        statement = select(JournalEntry).filter_by(**values).order_by(JournalEntry.id)
        return session.scalars(statement).all()


def new_form(browser, path="/journal/new"):
    """The key of an empty form and what it offers."""
    text = browser.get(path).text
    return re.search(r'name="form_key" value="(\w+)"', text)[1], text


def enter(browser, office, **fields):
    key, _ = new_form(browser)
    answer = browser.post("/journal/new", form_key=key, **{**FORM, **fields})
    assert answer.status_code == 303, answer.text
    entry_id = int(answer.headers["location"].rsplit("/", 1)[1])
    return rows(office, id=entry_id)[0]


def test_a_row_by_hand_is_one_row_however_often_the_form_is_sent(office):
    alla = office.browser("gromova")
    key, _ = new_form(alla)
    answers = {alla.post("/journal/new", form_key=key, **FORM).headers["location"] for _ in range(3)}
    assert len(answers) == 1
    entry = rows(office, form_key=key)[0]
    assert (entry.state, entry.contact_method, entry.progress) == (SAVED, "in_person", "new")


def test_the_form_by_hand_saves_itself_before_it_has_a_number(office):
    alla = office.browser("gromova")
    key, _ = new_form(alla)
    first = alla.post("/journal/new/draft", form_key=key, **FORM)
    assert first.status_code == 200
    second = alla.post("/journal/new/draft", form_key=key, **{**FORM, "version": first.json()["version"], "topic": ""})
    assert second.json()["entry"] == first.json()["entry"]
    stale = alla.post("/journal/new/draft", form_key=key, **{**FORM, "substance": "Из другого окна"})
    assert stale.status_code == 409
    assert stale.json()["current"]["topic"] == ""
    assert stale.json()["current"]["obstacles"] == []
    assert [one.state for one in rows(office, form_key=key)] == [DRAFT]


def test_the_family_of_the_address_stands_in_the_form_and_in_the_row(office):
    alla = office.browser("gromova")
    with office.desk.database.reading() as session:
        family = session.scalars(select(Family).where(Family.card_number == "С-00004")).one()
    key, text = new_form(alla, f"/journal/new?family={family.id}")
    assert "Орлов" in text
    alla.post("/journal/new", form_key=key, family=str(family.id), **FORM)
    assert rows(office, form_key=key)[0].family_id == family.id


def test_a_family_that_may_not_be_seen_is_not_filled_in(office):
    alla = office.browser("gromova")
    with office.desk.database.reading() as session:
        family = session.scalars(select(Family).where(Family.restricted)).first()
    _, text = new_form(alla, f"/journal/new?family={family.id}")
    assert family.name not in text
    for nobody in ("-1", "0", str(2**63), "x", "1e9"):
        assert alla.get(f"/journal/new?family={nobody}").status_code == 200


def test_the_applicant_is_found_and_chosen(office):
    alla = office.browser("gromova")
    key, _ = new_form(alla)
    found = alla.post("/journal/new/search", text="орлова татьяна", form_key=key, contact_method="in_person").text
    person_id = re.search(r'name="person_id" value="(\d+)"', found)[1]
    chosen = alla.post("/journal/new/applicant", form_key=key, contact_method="in_person", person_id=person_id)
    assert chosen.status_code == 303
    entry = rows(office, form_key=key)[0]
    assert entry.applicant_name.startswith("Орлова Татьяна")
    assert entry.family_brief
    assert "Орлова Татьяна" in alla.get(f"/journal/{entry.id}").text


def test_a_visit_of_another_day_is_marked_as_entered_later(office):
    alla = office.browser("gromova")
    before = datetime.now(UTC) - timedelta(days=3)
    entry = enter(alla, office, occurred_at=f"{before:%d.%m.%Y} 10:15")
    assert entry.entered_late
    assert "внесено позже" in alla.get(f"/journal/{entry.id}").text
    assert f"{before:%d.%m.%Y} 10:15 (внесено " in alla.get("/journal").text


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("occurred_at", "позавчера", "Нужны дата и время"),
        ("occurred_at", "01.01.2090 10:00", "ещё не наступило"),
        ("next_check_on", "32.13.2026", "Нужна дата"),
        ("next_check_on", "01.02.2020", "уже прошла"),
        ("obstacle", "yes", "в чём препятствие"),
        ("need_ground", "выдумка", "из списка"),
    ],
)
def test_what_cannot_be_is_refused_with_a_sentence_and_kept(office, field, value, sentence):
    alla = office.browser("gromova")
    key, _ = new_form(alla)
    answer = alla.post("/journal/new", form_key=key, **{**FORM, field: value})
    assert answer.status_code == 422
    assert sentence in answer.text
    assert FORM["substance"] in answer.text
    assert [one.state for one in rows(office, form_key=key)] == [DRAFT]


def test_a_consultation_is_entered_and_ended_in_one_action(office):
    with office.desk.database.reading() as session:
        topic = session.scalars(select(CompetenceTopic.id).order_by(CompetenceTopic.id)).first()
    said = {"consultation_topic": topic, "consultation_kind": "answered", "consultation_answer": "Через Госуслуги"}
    entry = enter(office.browser("gromova"), office, then="consulted", **said)
    assert (entry.progress, entry.final_result) == ("consulted", "Консультация дана.")


def test_an_appeal_does_not_end_as_a_consultation_that_nobody_wrote_down(office):
    alla = office.browser("gromova")
    key, _ = new_form(alla)
    answer = alla.post("/journal/new", form_key=key, then="consulted", **FORM)
    assert answer.status_code == 422
    assert "тему, чем закончилась и что отвечено" in answer.text
    assert "data-consultation open" in answer.text
    assert [one.state for one in rows(office, form_key=key)] == [DRAFT]
    entry = enter(alla, office)
    refused = alla.post(f"/appeals/{entry.id}/consult", answer="")
    assert refused.status_code == 422
    assert "тему, чем закончилась и что отвечено" in refused.text
    assert rows(office, id=entry.id)[0].progress == "new"


def test_a_row_goes_its_way_on_its_page(office):
    alla = office.browser("gromova")
    entry = enter(alla, office, obstacle="yes", obstacles="no_transport")
    path = f"/appeals/{entry.id}"
    page = alla.get(f"/journal/{entry.id}").text
    assert "ждём ответа органа" in page
    assert f'action="{path}/resolve"' in page
    refused = alla.post(f"{path}/measures", kind="transport", vehicle="Ларгус", driver="Панов")
    assert refused.status_code == 422
    assert "Укажите дату." in refused.text
    assert 'value="Ларгус"' in refused.text
    day = (datetime.now(UTC) + timedelta(days=3)).date().isoformat()
    car = {"kind": "transport", "vehicle": "Ларгус", "driver": "Панов", "route": "Лесное", "planned_on": day}
    assert alla.post(f"{path}/measures", **car).status_code == 303
    assert alla.post(f"{path}/measures", **car).status_code == 303  # the same form again
    early = alla.post(f"{path}/resolve", final_result="Съездила", result_kind="help")
    assert early.status_code == 422
    assert "невыполненные меры" in early.text
    measure = re.search(rf"{path}/measures/(\d+)/done", alla.get(f"/journal/{entry.id}").text)[1]
    assert alla.post(f"{path}/measures/{measure}/done", note="Отвезли").status_code == 303
    assert alla.post(f"{path}/resolve", final_result="Документы поданы.", result_kind="help").status_code == 303
    done = alla.get(f"/journal/{entry.id}").text
    assert "Документы поданы." in done
    assert "/rating" in done
    assert rows(office, id=entry.id)[0].progress == "survey"
    back = alla.post(f"{path}/reopen", reason="Деньги не пришли")
    assert back.status_code == 303
    assert rows(office, id=entry.id)[0].progress == "in_work"


def test_control_is_changed_and_never_taken_away(office):
    alla = office.browser("gromova")
    entry = enter(alla, office)
    empty = alla.post(f"/appeals/{entry.id}/assign", responsible_id="", next_check_on="")
    assert empty.status_code == 422
    assert "Выберите ответственного." in empty.text
    day = (datetime.now(UTC) + timedelta(days=9)).date()
    given = alla.post(
        f"/appeals/{entry.id}/assign", responsible_id=str(entry.author_id), next_check_on=f"{day:%d.%m.%Y}"
    )
    assert given.status_code == 303
    assert rows(office, id=entry.id)[0].next_check_on == day


def test_a_correction_shows_the_old_words_and_a_second_one_is_told(office):
    alla, vera = office.browser("gromova"), office.browser("roshchina")
    entry = enter(alla, office)
    seen = str(entry.version)
    same = {"applicant_name": entry.applicant_name, "family_brief": entry.family_brief, "contact_method": "in_person"}
    path = f"/appeals/{entry.id}/correct"
    assert alla.post(path, version=seen, substance="Уточнено", **same).status_code == 422
    assert alla.post(path, version=seen, substance="Уточнено", reason="Ослышалась", **same).status_code == 303
    text = alla.get(f"/journal/{entry.id}").text
    assert FORM["substance"] in text
    assert "Причина: Ослышалась" in text
    stale = vera.post(path, version=seen, substance="Иначе", reason="Правлю", **same)
    assert stale.status_code == 409
    assert "Громова А. Ю." in stale.text
    assert "Иначе" in stale.text
    assert rows(office, id=entry.id)[0].substance == "Уточнено"


def test_an_annulled_row_stays_in_the_list_with_its_reason(office):
    alla = office.browser("gromova")
    entry = enter(alla, office)
    assert alla.post(f"/appeals/{entry.id}/annul", reason="").status_code == 422
    assert alla.post(f"/appeals/{entry.id}/annul", reason="Внесено дважды").status_code == 303
    text = alla.get("/journal").text
    assert "Внесено дважды" in text
    assert "is-annulled" in text


def test_the_list_has_eight_columns_and_the_row_of_numbers(office):
    text = office.browser("gromova").get("/journal").text
    assert text.count('<th scope="col"') == 8
    numbering = re.search(r'<tr class="numbering">(.*?)</tr>', text)[1]
    assert re.findall(r"<th>(\d)</th>", numbering) == list("12345678")


def test_filters_stay_in_the_address_and_words_never_do(office):
    alla = office.browser("gromova")
    entry = enter(alla, office, substance="Просит коляску для близнецов")
    assert "коляску" in alla.get(f"/journal?number={entry.number}").text
    assert "коляску" not in alla.get("/journal?progress=closed").text
    found = alla.post("/journal", text="близнец")
    assert "коляску" in found.text
    assert "близнец" not in str(found.url)
    with office.desk.database.reading() as session:
        logged = session.scalars(select(AuditEvent).where(AuditEvent.action == "journal.search")).all()
    assert logged
    assert all("близнец" not in one.details for one in logged)


@pytest.mark.parametrize(
    "query",
    ["number=-1", f"number={2**63}", "number=abc", "since=31.02.2026&until=x", "at=o99999-1", "at=%00",
     "service=999999", "progress=<b>", "overdue=1", "responsible=-1", f"author={2**70}", "topic=%25_%5C",
     "number=%D9%A1"],
)  # fmt: skip
def test_nonsense_in_the_address_is_a_page_and_no_failure(office, query):
    answer = office.browser("gromova").get(f"/journal?{query}")
    assert answer.status_code in (200, 400, 404, 422)


@pytest.mark.parametrize("entry_id", ["-1", "0", str(2**63), str(2**200), "x"])
def test_no_row_has_such_a_number(office, entry_id):
    alla = office.browser("gromova")
    assert alla.get(f"/journal/{entry_id}").status_code == 404
    assert alla.post(f"/appeals/{entry_id}/move", progress="in_work").status_code == 404


def test_hostile_text_is_cleaned_and_stays_text(office):
    alla = office.browser("gromova")
    words = "<script>alert(1)</script> =cmd|calc \u202eоборот 👩\u200d👧 %_\\ {{7*7}}"
    entry = enter(alla, office, substance=words, applicant_name="<img src=x onerror=alert(1)>")
    text = alla.get(f"/journal/{entry.id}").text + alla.get("/journal").text
    assert "<script>alert" not in text
    assert "<img src=x" not in text
    assert "\u202e" not in text
    assert alla.post(f"/appeals/{entry.id}/annul", reason="a\0b").status_code in (400, 422)
    assert alla.post(f"/appeals/{entry.id}/annul", reason="x", other="1").status_code == 422


def test_a_row_of_a_restricted_family_is_a_number_only(office):
    vera, alla = office.browser("roshchina"), office.browser("gromova")
    with office.desk.database.reading() as session:
        family = session.scalars(select(Family).where(Family.restricted)).first()
    key, _ = new_form(vera, f"/journal/new?family={family.id}")
    service = rows(office, author_id=rows(office, progress="new")[0].author_id)[0].service_id
    sent = vera.post("/journal/new", form_key=key, family=str(family.id), service_id=str(service),
                     **{**FORM, "substance": "Семейная тайна"})  # fmt: skip
    assert sent.status_code == 303
    entry = rows(office, form_key=key)[0]
    text = alla.get("/journal").text
    assert "сведения ограничены" in text
    assert "Семейная тайна" not in text
    assert f'href="/journal/{entry.id}"' not in text
    assert "Семейная тайна" not in alla.post("/journal", text="тайна").text
    assert alla.get(f"/journal/{entry.id}").status_code == 404
    assert alla.post(f"/appeals/{entry.id}/move", progress="in_work").status_code == 404


def test_the_board_shows_what_is_late_and_who_answers(office):
    text = office.browser("gromova").get("/journal/control").text
    assert "назад" in text
    assert "Громова А. Ю." in text
    for view in ("mine", "waiting", "survey", "open", "nonsense"):
        assert office.browser("gromova").get(f"/journal/control?show={view}").status_code == 200


def test_opening_a_row_is_in_the_audit_log_and_the_director_only_reads(office):
    alla, boss = office.browser("gromova"), office.browser("chernykh")
    entry = enter(alla, office)
    page = boss.get(f"/journal/{entry.id}").text
    assert FORM["substance"] in page
    assert "/correct" not in page
    assert boss.post(f"/appeals/{entry.id}/move", progress="in_work").status_code == 403
    with office.desk.database.reading() as session:
        opened = select(func.count()).select_from(AuditEvent).where(AuditEvent.action == "journal.open")
        assert session.scalar(opened) >= 1
