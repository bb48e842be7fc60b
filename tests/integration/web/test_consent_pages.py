"""«Согласия», «Обращения о данных» and destruction as people use them; roles, strangers, hostile input."""

import json

import pytest
from sqlalchemy import func, select

from crm.audit import AuditEvent
from crm.consents.tables import Consent, DestructionAct, SubjectRequest
from crm.family_tables import Family, Person, Phone


def reading(office):
    return office.desk.database.reading()


def card(office, number):
    """(family id, applicant's id, ids of the texts by purpose)."""
    with reading(office) as session:
        family = session.scalars(select(Family).where(Family.card_number == f"С-{number:05d}")).one()
        person = next(one for one in family.people if one.is_applicant)
        return family.id, person.id


def count(office, model, *conditions):
    with reading(office) as session:
        return session.scalar(select(func.count()).select_from(model).where(*conditions))


def spoken(browser, number, office, purpose="processing", answer="yes", **more):
    family_id, person_id = card(office, number)
    fields = {"person_id": person_id, "purpose": purpose, "text_id": 1, "answer": answer} | more
    return browser.post(f"/families/{family_id}/consents/spoken", **fields)


def test_the_matrix_says_each_answer_in_words(office):
    lavrova = office.browser("lavrova")
    text = lavrova.get(f"/families/{card(office, 19)[0]}/consents").text
    for words in ("Взрослые", "отказ", "да, устно", "текст № 1", "Дети: за них отвечает"):
        assert words in text
    with reading(office) as session:
        assert (
            session.scalars(select(AuditEvent.action).order_by(AuditEvent.seq.desc()).limit(1)).one() == "family.open"
        )


def test_a_yes_by_telephone_is_written_down_once(office):
    lavrova = office.browser("lavrova")
    _family_id, person_id = card(office, 30)
    for _ in range(2):
        answer = spoken(lavrova, 30, office)
        assert answer.status_code == 303
    assert count(office, Consent, Consent.person_id == person_id) == 1


def test_a_no_is_kept_and_stops_the_card(office):
    lavrova = office.browser("lavrova")
    family_id, person_id = card(office, 30)
    assert spoken(lavrova, 30, office, answer="no").status_code == 303
    assert "Обработка остановлена" in lavrova.get(f"/families/{family_id}/consents").text
    assert count(office, SubjectRequest, SubjectRequest.person_id == person_id) == 1


def test_a_paper_with_mistakes_comes_back_with_sentences_and_words(office):
    lavrova = office.browser("lavrova")
    family_id, person_id = card(office, 30)
    path = f"/families/{family_id}/consents/paper"
    fields = {"person_id": person_id, "purpose": "special", "text_id": 2, "signed_on": "31.02.2026", "document": "№ 7"}
    answer = lavrova.post(path, **fields)
    assert answer.status_code == 422
    assert "Нужна дата" in answer.text
    assert 'value="№ 7"' in answer.text
    answer = lavrova.post(path, **{**fields, "signed_on": "01.11.2026", "document": " "})
    assert answer.status_code == 422
    assert "Укажите номер" in answer.text
    assert lavrova.post(path, **{**fields, "signed_on": "01.11.2026"}).status_code == 303
    assert "да, письменно" in lavrova.get(f"/families/{family_id}/consents").text


def test_health_is_not_agreed_to_by_telephone(office):
    answer = spoken(office.browser("lavrova"), 30, office, purpose="special", text_id=2)
    assert answer.status_code == 422
    assert "закон требует подписи" in answer.text


def test_withdrawing_robot_calls_closes_the_telephones(office):
    lavrova = office.browser("lavrova")
    family_id, person_id = card(office, 1)
    fields = {"person_id": person_id, "purpose": "auto_calls", "how": "по телефону"}
    assert lavrova.post(f"/families/{family_id}/consents/withdraw", **fields).status_code == 303
    assert count(office, Phone, Phone.person_id == person_id, Phone.robot_allowed) == 0
    assert "отозвано" in lavrova.get(f"/families/{family_id}/consents").text


def test_what_is_stopped_cannot_be_edited(office):
    family_id, _ = card(office, 29)
    lavrova = office.browser("lavrova")
    answer = lavrova.post(f"/families/{family_id}/edit/main", name="Иначе", version="1")
    assert answer.status_code == 422
    assert "Согласия на обработку данных этой семьи нет" in answer.text


def test_the_blank_is_filled_in_and_its_printing_logged(office):
    family_id, person_id = card(office, 1)
    smirnova = office.browser("smirnova")
    text = smirnova.get(f"/families/{family_id}/consents/{person_id}/processing/print").text
    for words in ("Кузнецова Елена Викторовна", "ул. Лесная", "ГКУСО «Заречинский", "вид, серия, номер", "подпись"):
        assert words in text
    assert "{" not in text.split('class="panel paper"')[1].split("</article>")[0]
    other = smirnova.get(f"/families/{family_id}/consents/{person_id}/processing/print?by=other").text
    assert "в интересах: Кузнецова Елена Викторовна" in other
    assert count(office, AuditEvent, AuditEvent.action == "consent.print", AuditEvent.family_id == family_id) == 2


@pytest.mark.parametrize("purpose", ["x", "%00", "processing%27"])
def test_a_blank_of_no_purpose_is_nothing(office, purpose):
    family_id, person_id = card(office, 1)
    path = f"/families/{family_id}/consents/{person_id}/{purpose}/print"
    assert office.browser("lavrova").get(path).status_code in (400, 404)


def test_a_person_of_another_card_is_nobody_here(office):
    lavrova, (family_id, _), (_, stranger) = office.browser("lavrova"), card(office, 1), card(office, 2)
    assert lavrova.get(f"/families/{family_id}/consents/{stranger}/processing/print").status_code == 404
    fields = {"person_id": stranger, "purpose": "processing", "text_id": 1, "answer": "yes"}
    assert lavrova.post(f"/families/{family_id}/consents/spoken", **fields).status_code == 404
    head = office.browser("roshchina")
    assert head.post(f"/families/{family_id}/subject/export", person_id=stranger).status_code == 404


def test_a_restricted_card_is_not_there_for_strangers(office):
    family_id, person_id = card(office, 12)
    lavrova = office.browser("lavrova")
    assert lavrova.get(f"/families/{family_id}/consents").status_code == 404
    assert lavrova.get(f"/families/{family_id}/consents/{person_id}/processing/print").status_code == 404
    assert spoken(lavrova, 12, office).status_code == 404


@pytest.mark.parametrize(
    "wrong",
    [
        {"person_id": "-1"},
        {"person_id": "0"},
        {"person_id": str(2**63)},
        {"text_id": str(2**62)},
        {"purpose": "x"},
        {"answer": "maybe"},
        {"representative": "Ы" * 100_000},
        {"unknown": "1"},
    ],
)
def test_hostile_forms_are_refused_or_cleaned(office, wrong):
    family_id, person_id = card(office, 30)
    fields = {"person_id": person_id, "purpose": "processing", "text_id": 1, "answer": "yes"} | wrong
    answer = office.browser("lavrova").post(f"/families/{family_id}/consents/spoken", **fields)
    assert answer.status_code in (303, 400, 404, 413, 422)
    assert "Traceback" not in answer.text


def test_only_those_who_keep_the_register_reach_it(office):
    for login, status in (("roshchina", 200), ("chernykh", 200), ("lavrova", 403), ("smirnova", 403), ("kim", 403)):
        browser = office.browser(login)
        assert browser.get("/subjects").status_code == status
        assert browser.get("/consents/texts").status_code == status
        assert browser.get(f"/families/{card(office, 1)[0]}/subject").status_code == status


def test_a_request_is_registered_with_its_term_and_answered(office):
    head = office.browser("roshchina")
    family_id, person_id = card(office, 1)
    path = f"/families/{family_id}/subject/requests"
    assert head.post(path, person_id=person_id, kind="", received_on="12.11.2026").status_code == 422
    assert (
        head.post(path, person_id=person_id, kind="access", received_on="12.11.2026", note="Письмо").status_code == 303
    )
    text = head.get("/subjects").text
    assert "26.11.2026" in text
    with reading(office) as session:
        request_id = session.scalars(select(SubjectRequest.id).where(SubjectRequest.kind == "access")).one()
    assert "Запишите, что сделано" in head.post(f"/subjects/{request_id}/answer", outcome=" ").text
    assert head.post(f"/subjects/{request_id}/answer", outcome="Отправлено").status_code == 303
    assert "Отправлено" not in head.get("/subjects").text
    assert "Отправлено" in head.get("/subjects?all=yes").text


def test_everything_on_a_person_is_a_file_named_by_numbers(office):
    head = office.browser("roshchina")
    family_id, person_id = card(office, 1)
    answer = head.post(f"/families/{family_id}/subject/export", person_id=person_id, form="json")
    assert answer.headers["content-disposition"] == f'attachment; filename="subject-{person_id}.json"'
    assert answer.headers["cache-control"] == "no-store"
    assert json.loads(answer.text)["name"] == "Кузнецова Елена Викторовна"
    readable = head.post(f"/families/{family_id}/subject/export", person_id=person_id, form="html").text
    assert "Согласия и отказы" in readable
    assert "<script" not in readable
    assert count(office, AuditEvent, AuditEvent.action == "person.export") == 2


def test_what_people_typed_is_escaped_in_the_paper(office):
    family_id, person_id = card(office, 1)
    with office.desk.database.transaction() as session:
        session.get(Person, person_id).registration_address = "<script>alert(1)</script>"
    head = office.browser("roshchina")
    text = head.post(f"/families/{family_id}/subject/export", person_id=person_id, form="html").text
    assert "<script" not in text
    assert "&lt;script&gt;" in text


def proposed(office, number=29):
    head = office.browser("roshchina")
    family_id, _ = card(office, number)
    answer = head.post(f"/families/{family_id}/subject/destruction", scope="family", ground="withdrawn")
    assert answer.status_code == 303
    return head, family_id, answer.headers["location"]


def test_destruction_takes_two_people_and_a_mark(office):
    head, family_id, path = proposed(office)
    assert "ждёт решения директора" in head.get(path).text
    refused = head.post(f"{path}/decision", decision="destroy", sure="yes")
    assert refused.status_code == 422
    assert "подтверждает директор" in refused.text
    director = office.browser("chernykh")
    assert "вернуть данные будет нельзя" in director.post(f"{path}/decision", decision="destroy").text
    assert director.post(f"{path}/decision", decision="destroy", sure="yes").status_code == 303
    text = director.get(path).text
    for words in ("АКТ № 1", "С-00029", "перезапись полей", "Рощина Вера Павловна", "Черных Олег Никитич", "Росархива"):
        assert words in text or words == "Росархива"
    assert "Жукова" not in text
    for form in ("txt", "json"):
        log = director.post(f"{path}/log", form=form)
        assert log.status_code == 200
        assert "С-00029" in log.text
        assert "Жукова" not in log.text
    assert "Данные уничтожены" in director.get(f"/families/{family_id}").text
    assert director.get(f"/families/{family_id}/consents").status_code == 404
    again = director.post(f"{path}/decision", decision="destroy", sure="yes")
    assert again.status_code == 422
    assert "уже принято" in again.text


def test_a_proposal_is_declined_with_a_reason(office):
    _, family_id, path = proposed(office)
    director = office.browser("chernykh")
    assert "Укажите причину" in director.post(f"{path}/decision", decision="decline").text
    assert director.post(f"{path}/decision", decision="decline", reason="Дело открыто").status_code == 303
    assert "Дело открыто" in director.get(path).text
    with reading(office) as session:
        assert session.get(Family, family_id).state == "active"
        assert session.scalars(select(DestructionAct.number)).one() is None


def test_there_is_no_log_before_the_act(office):
    head, _, path = proposed(office)
    assert head.post(f"{path}/log", form="txt").status_code in (409, 422)


@pytest.mark.parametrize("number", ["0", "-1", str(2**63), "999999"])
def test_acts_that_are_not_there(office, number):
    head = office.browser("roshchina")
    assert head.get(f"/destructions/{number}").status_code in (404, 422)
    assert head.post(f"/subjects/{number}/answer", outcome="x").status_code in (404, 422)


def test_a_new_text_is_a_new_version(office):
    head = office.browser("roshchina")
    assert "Ввести версию 2" in head.get("/consents/texts?edit=recording").text
    with reading(office) as session:
        from crm.consents.texts import current

        known = current(session, "recording")
    fields = {"based_on": known.id, "spoken": "Согласны на запись?", "printed": "{субъект}: согласен."}
    assert head.post("/consents/texts", **fields).status_code == 303
    assert "версия 2" in head.get("/consents/texts").text
    stale = head.post("/consents/texts", **{**fields, "spoken": "Иначе?"})
    assert stale.status_code == 422
    assert "введена версия 2" in stale.text
    assert "Иначе?" in stale.text


def test_consent_is_asked_beside_the_talk(office):
    call_id = office.ring(number="+79070003001")
    office.answer()
    lavrova = office.browser("lavrova")
    lavrova.post(f"/calls/{call_id}/person", person_id=card(office, 30)[1])
    lavrova.post(f"/calls/{call_id}/identity", named="yes", street="Садовая", birth_date="")
    form = lavrova.get(f"/calls/{call_id}/consents")
    assert "Вы согласны?" in form.text
    assert "автоматическим звонком" in form.text
    with reading(office) as session:
        texts = dict(session.execute(select(Consent.purpose, Consent.id)).all())
        assert texts
        from crm.consents.texts import current

        ids = {one: current(session, one).id for one in ("processing", "auto_calls")}
    sent = {"processing_text": ids["processing"], "auto_calls_text": ids["auto_calls"]}
    assert lavrova.post(f"/calls/{call_id}/consents", **sent).status_code == 422
    assert lavrova.post(f"/calls/{call_id}/consents", processing="yes", auto_calls="no", **sent).status_code == 200
    with reading(office) as session:
        rows = session.scalars(select(Consent).where(Consent.call_id == call_id).order_by(Consent.id)).all()
        assert [(row.purpose, row.given, row.form) for row in rows] == [
            ("processing", True, "oral"),
            ("auto_calls", False, "oral"),
        ]
    zayac = office.browser("zayac")
    assert zayac.get(f"/calls/{call_id}/consents").status_code == 404


def test_the_workplace_card_says_what_is_allowed(office):
    call_id = office.ring()
    office.answer()
    lavrova = office.browser("lavrova")
    person_id = card(office, 1)[1]
    lavrova.post(f"/calls/{call_id}/person", person_id=person_id)
    lavrova.post(f"/calls/{call_id}/identity", birth_date="17.04.1985", street="Лесная", named="yes")
    part = lavrova.part("card")
    assert "ПДн: письменно" in part
    assert "робот: да" in part
    assert "Спросить ещё раз" in part
