"""The end of a call in the pages: a disposition or the saved row, the consultation in the form, the head's lists."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select

from crm import presence
from crm.appeals.tables import AppealMeasure
from crm.journal import JournalEntry
from crm.presence import Presence
from crm.specialists.tables import CallDisposition, CompetenceTopic, Consultation
from crm.staff import by_login

FIELDS = {"substance": "Спрашивает о пособии.", "applicant_name": "Кузнецова Е. В.", "family_brief": "трое детей",
          "contact_method": "phone", "topic": "", "obstacle": "no", "whole": "1"}  # fmt: skip


def wrapup(office, browser):
    """A talk that has just ended; the call's id."""
    browser.post("/presence", state="ready")
    call_id = office.ring()
    office.answer()
    office.hang_up()
    return call_id


def state_of(office, login="lavrova"):
    with office.desk.database.reading() as session:
        return session.get(Presence, by_login(session, login).id).state


def disposition(office, code):
    with office.desk.database.reading() as session:
        return session.scalars(select(CallDisposition.id).where(CallDisposition.code == code)).one()


def entry_and_version(browser):
    form = browser.part("appeal")
    return re.search(r"/appeals/(\d+)/save", form)[1], re.search(r'name="version" value="(\d+)"', form)[1]


def topic(office):
    with office.desk.database.reading() as session:
        return session.scalars(select(CompetenceTopic.id).where(CompetenceTopic.title == "единое пособие")).one()


@pytest.mark.parametrize("sent", [{}, {"disposition": ""}, {"disposition": "0"}, {"disposition": "-1"},
                                  {"disposition": "9" * 19}, {"disposition": "x"}])  # fmt: skip
def test_without_a_disposition_there_is_a_sentence_and_the_wrap_up_goes_on(office, sent):
    anna = office.browser("lavrova")
    call_id = wrapup(office, anna)
    answer = anna.post(f"/calls/{call_id}/finish", **sent)
    assert answer.status_code == 422
    assert "Выберите, чем закончился звонок" in answer.text
    assert state_of(office) == "wrapup"


def test_a_field_of_yesterdays_form_is_refused(office):
    anna = office.browser("lavrova")
    call_id = wrapup(office, anna)
    assert anna.post(f"/calls/{call_id}/finish", reason="mistake").status_code == 422
    assert state_of(office) == "wrapup"


def test_a_dropped_draft_waits_no_more_but_keeps_its_words(office):
    anna = office.browser("lavrova")
    call_id = wrapup(office, anna)
    entry, version = entry_and_version(anna)
    anna.post(f"/appeals/{entry}/draft", version=version, substance="тишина, дети смеются")
    prank = disposition(office, "prank")
    for _ in range(2):  # a double click is one
        assert anna.post(f"/calls/{call_id}/finish", disposition=prank).status_code == 200
    assert state_of(office) == "ready"
    assert "Допишите обращение" not in anna.part("card")
    listed = anna.get("/finished-calls").text
    assert "розыгрыш" in listed
    assert f"/journal/{entry}" in listed
    assert "тишина, дети смеются" in anna.get(f"/journal/{entry}").text
    head = office.browser("roshchina")
    assert "Лаврова Н. А." in head.get("/finished-calls").text


def test_going_off_the_line_does_not_let_the_next_call_in(office):
    anna = office.browser("lavrova")
    wrapup(office, anna)
    for state in ("offline", "ready", "break:обед", "ready"):
        anna.post("/presence", state=state)
        with office.desk.database.reading() as session:
            assert presence.desired_pauses(session)["101"][0], state
    assert "Обработка" in anna.part("call")


def test_a_long_wrap_up_is_told_softly_to_her_and_to_the_head(office):
    anna, head = office.browser("lavrova"), office.browser("roshchina")
    wrapup(office, anna)
    assert re.search(r"data-late-after=\"180\" hidden", anna.part("call"))
    assert "обработка дольше 3 минут" not in head.part("people")
    with office.desk.database.transaction() as session:
        session.get(Presence, by_login(session, "lavrova").id).since = datetime.now(UTC) - timedelta(minutes=4)
    assert re.search(r"data-late-after=\"180\">", anna.part("call"))
    assert "обработка дольше 3 минут" in head.part("people")
    assert state_of(office) == "wrapup"  # and nothing more than told


def test_a_consultation_saves_itself_and_stands_in_column_six_once(office):
    anna = office.browser("lavrova")
    wrapup(office, anna)
    entry, version = entry_and_version(anna)
    said = {"consultation_topic": topic(office), "consultation_kind": "answered",
            "consultation_answer": "Подать на Госуслугах", "consultation_remote": "yes"}  # fmt: skip
    saved = anna.post(f"/appeals/{entry}/draft", version=version, **FIELDS, **said)
    assert saved.status_code == 200
    assert "Подать на Госуслугах" in anna.part("appeal")  # a refreshed page has it
    stale = anna.post(f"/appeals/{entry}/draft", version=version, **FIELDS, **{**said, "consultation_answer": "иное"})
    assert stale.status_code == 409
    assert stale.json()["current"]["consultation_answer"] == "Подать на Госуслугах"
    for _ in range(3):
        assert anna.post(f"/appeals/{entry}/save", version=saved.json()["version"], **FIELDS, **said).status_code == 303
    with office.desk.database.reading() as session:
        row = session.get(JournalEntry, int(entry))
        assert row.measures.count("единое пособие") == 1
        assert session.scalar(select(func.count()).select_from(Consultation)) == 1
        assert session.scalar(select(func.count()).where(AppealMeasure.entry_id == row.id)) == 1
    page = anna.get(f"/journal/{entry}").text
    assert "Консультация" in page
    assert "о дистанционном формате рассказано" in page
    listed = office.browser("roshchina").get(f"/families/{row.family_id}/timeline").text
    assert "Консультация: единое пособие" in listed


def test_an_unfinished_consultation_comes_back_with_sentences_and_words(office):
    anna = office.browser("lavrova")
    wrapup(office, anna)
    entry, version = entry_and_version(anna)
    answer = anna.post(f"/appeals/{entry}/save", version=version, **FIELDS, consultation_kind="referred",
                       consultation_answer="за справкой")  # fmt: skip
    assert answer.status_code == 422
    assert "Выберите организацию из справочника." in answer.text
    assert "Выберите тему консультации." in answer.text
    assert "за справкой" in answer.text
    assert "за справкой" in anna.part("appeal")


def test_the_hint_of_the_remote_format_stands_beside_its_topic(office):
    anna = office.browser("lavrova")
    wrapup(office, anna)
    assert f'data-hint-of="{topic(office)}" hidden' in anna.part("appeal")


def test_on_the_row_s_page_a_consultation_is_added_once(office):
    anna = office.browser("lavrova")
    wrapup(office, anna)
    entry, version = entry_and_version(anna)
    anna.post(f"/appeals/{entry}/save", version=version, **FIELDS)
    assert "Записать консультацию" in anna.get(f"/journal/{entry}").text
    said = {"consultation_topic": topic(office), "consultation_kind": "answered", "consultation_answer": "Да"}
    refused = anna.post(f"/appeals/{entry}/consultation", **{**said, "consultation_answer": ""})
    assert refused.status_code == 422
    assert "Запишите, что отвечено." in refused.text
    for _ in range(2):
        assert anna.post(f"/appeals/{entry}/consultation", **said).status_code == 303
    assert anna.post(f"/appeals/{entry}/consultation", **{**said, "consultation_answer": "Нет"}).status_code == 409
    assert office.browser("gromova").post(f"/appeals/{entry}/consultation", **said).status_code == 404
    with office.desk.database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Consultation)) == 1


def test_the_head_edits_the_dispositions_and_the_operator_chooses_among_them(office):
    head, anna = office.browser("roshchina"), office.browser("lavrova")
    assert "розыгрыш" in head.get("/settings/dispositions").text
    assert head.post("/settings/dispositions", title="перевод в другую службу").status_code == 303
    assert head.post("/settings/dispositions", title=" ").status_code == 422
    prank = disposition(office, "prank")
    assert head.post(f"/settings/dispositions/{prank}", title="розыгрыш").status_code == 303  # off
    assert head.post(f"/settings/dispositions/{prank}/move", to="up").status_code == 303
    assert head.post("/settings/dispositions/999999", title="нет").status_code == 404
    wrapup(office, anna)
    part = anna.part("call")
    assert "перевод в другую службу" in part
    assert "розыгрыш" not in part
    assert anna.get("/settings/dispositions").status_code == 403


def test_the_head_edits_the_topics(office):
    head = office.browser("roshchina")
    assert "единое пособие" in head.get("/settings/competence").text
    assert head.post("/settings/competence", title="льготы на проезд", remote_hint="Через МФЦ.").status_code == 303
    assert head.post("/settings/competence", title="").status_code == 422
    again = head.post("/settings/competence", title="льготы на проезд", remote_hint="=cmd|' /C calc'!A0")
    assert again.status_code == 422
    assert head.post(f"/settings/competence/{topic(office)}/move", to="down").status_code == 303
    assert head.post(f"/settings/competence/{topic(office)}/move", to="aside").status_code == 422
    assert head.post("/settings/competence/0", title="нет").status_code == 404
    assert office.browser("lavrova").get("/settings/competence").status_code == 403
