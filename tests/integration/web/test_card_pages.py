"""The card in the browser: reading, editing, the second saver, what is locked, and what is not there for others."""

import re
from datetime import UTC, datetime

import pytest
from sqlalchemy import select

from crm.call_tables import CallRecord
from crm.cards.tables import CardChange
from crm.family_tables import DESTROYED, IMPORTING, MERGED, Family, Person, Phone

NOW = datetime.now(UTC)


def version_in(text: str) -> str:
    return re.search(r'name="version" value="(\d+)"', text)[1]


def stored(office, family_id: int = 1) -> Family:
    with office.desk.database.reading() as session:
        family = session.get(Family, family_id)
        _ = [person.phones for person in family.people]
        return family


def person_id(office, family_id: int, name: str) -> int:
    return next(one.id for one in stored(office, family_id).people if one.name == name)


def change(office, family_id: int = 1, **values: object) -> None:
    with office.desk.database.transaction() as session:
        for name, value in values.items():
            setattr(session.get(Family, family_id), name, value)


def main_form(family: Family, **typed: object) -> dict[str, object]:
    known = {"name": family.name, "locality": family.locality, "address": family.address, "source": family.source,
             "responsible_id": family.responsible_id or "", "next_action": family.next_action,
             "next_action_on": "", "version": family.version}  # fmt: skip
    return known | typed


def test_the_card_says_first_what_must_be_known(office):
    change(office, 2, no_messages=True, ask_only_for="Севду Гасановну")
    page = office.browser("lavrova").get("/families/2").text
    for words in ("Сообщений не оставлять", "Просить к телефону только: Севду Гасановну.", "+7 907 000-02-01",
                  "+7 492 480-02-00", "мать", "многодетная", "Рашидовна", "меры поддержки до"):  # fmt: skip
        assert words in page
    assert page.index("Сообщений не оставлять") < page.index("Состав семьи")


def test_the_measures_of_a_student_last_as_long_as_the_certificate(office):
    page = office.browser("lavrova").get("/families/6").text
    assert f"30.06.{NOW.year + 2}" in page
    assert "учится очно" in page


def test_a_required_field_that_was_left_empty_is_marked_itself(office):
    page = office.browser("lavrova").post("/families/1/people", surname="", version="1").text
    field = re.search(r'<input id="f-surname"[^>]*>', page)[0]
    assert ' required aria-invalid="true" aria-describedby="n-surname"' in field


@pytest.mark.parametrize("login", ["smirnova", "chernykh"])
def test_who_only_reads_has_no_button_to_change(office, login):
    page = office.browser(login).get("/families/1").text
    assert "Кузнецова" in page
    assert "/edit/" not in page
    assert "/people/" not in page


PAGES = ("", "/timeline", "/changes", "/edit/main", "/edit/contact", "/edit/living", "/edit/situation", "/people/new",
         "/statuses/new", "/needs", "/risks")  # fmt: skip


@pytest.mark.parametrize("login", ["lavrova", "gromova", "roshchina"])
def test_every_page_of_a_card_opens(office, login):
    browser = office.browser(login)
    for path in PAGES:
        answer = browser.get(f"/families/1{path}")
        assert answer.status_code == 200, path
        assert "Кузнецов" in answer.text


def test_a_restricted_card_is_nowhere_for_those_not_entitled(office):
    mother = person_id(office, 12, "Жанна")
    with office.desk.database.reading() as session:
        family = session.get(Family, 12)
        status, phone = family.statuses[0].id, session.get(Person, mother).phones[0].id
    gets = [*PAGES, f"/people/{mother}", f"/statuses/{status}", f"/health/{mother}"]
    posts = ["/edit/main", "/people", f"/people/{mother}", f"/people/{mother}/leave", f"/people/{mother}/phones",
             f"/people/{mother}/phones/{phone}", f"/people/{mother}/phones/{phone}/remove", "/statuses",
             f"/statuses/{status}", f"/statuses/{status}/verify", f"/statuses/{status}/revoke", "/needs", "/risks",
             f"/health/{mother}"]  # fmt: skip
    browser = office.browser("lavrova")
    nothing = browser.get("/families/9999").text
    for path in gets:
        answer = browser.get(f"/families/12{path}")
        assert answer.status_code == 404, path
        assert answer.text == nothing
    for path in posts:
        answer = browser.post(f"/families/12{path}")
        assert answer.status_code == 404, path
        assert "Пономар" not in answer.text
    assert office.browser("vorobey").get("/families/12").status_code == 404
    assert office.browser("durnovo").get("/families/12").status_code == 200
    for login in ("kim",):
        assert office.browser(login).get("/families/12").status_code == 403


def test_a_section_is_saved_and_shown(office):
    browser = office.browser("lavrova")
    page = browser.get("/families/1/edit/main").text
    form = main_form(stored(office), address="ул. Новая, д. 7", next_action="Позвонить", next_action_on="1.12.2030",
                     version=version_in(page))  # fmt: skip
    answer = browser.post("/families/1/edit/main", **form)
    assert (answer.status_code, answer.headers["location"]) == (303, "/families/1")
    page = browser.get("/families/1").text
    assert "ул. Новая, д. 7" in page
    assert "01.12.2030" in page
    changes = browser.get("/families/1/changes").text
    assert "Адрес проживания" in changes
    assert "ул. Лесная, д. 12, кв. 4" in changes
    assert "Лаврова Н. А." in changes


def test_the_second_saver_sees_what_changed_and_keeps_her_words(office):
    first, second = office.browser("zayac"), office.browser("lavrova")
    shown = main_form(stored(office))
    second.get("/families/1/edit/main")
    first.post("/families/1/edit/main", **{**shown, "address": "ул. Мира, д. 1", "next_action": "Ждать письма"})
    typed = {**shown, "address": "ул. Мира, д. 2", "locality": "х. Дальний"}
    answer = second.post("/families/1/edit/main", **typed)
    assert answer.status_code == 409
    page = answer.text
    assert "Заяц П. И." in page
    assert re.search(r"\d\d:\d\d — было «ул. Лесная, д. 12, кв. 4», стало «ул. Мира, д. 1»", page)
    assert "У вас: «ул. Мира, д. 2»" in page
    assert 'value="ул. Мира, д. 2"' in page, "what she typed stays"
    assert 'value="х. Дальний"' in page
    assert 'value="Ждать письма"' in page, "what she had not touched takes the newer value"
    assert stored(office).address == "ул. Мира, д. 1"
    assert "Сохранить моё поверх" in page
    again = {**typed, "next_action": "Ждать письма", "version": version_in(page)}
    assert second.post("/families/1/edit/main", **again).status_code == 303
    family = stored(office)
    assert (family.address, family.locality, family.next_action) == ("ул. Мира, д. 2", "х. Дальний", "Ждать письма")


def test_a_newer_responsible_is_shown_by_name_and_taken_over(office):
    first, second = office.browser("zayac"), office.browser("lavrova")
    shown = main_form(stored(office))
    with office.desk.database.reading() as session:
        from tests.integration.crm.cards import employee

        gromova = employee(session, "gromova").id
    first.post("/families/1/edit/main", **{**shown, "responsible_id": gromova})
    answer = second.post("/families/1/edit/main", **{**shown, "address": "ул. Мира, д. 2"})
    assert answer.status_code == 409
    assert "Громова А. Ю." in answer.text
    assert f'<option value="{gromova}" selected>' in answer.text


def test_two_who_edit_different_sections_both_save(office):
    first, second = office.browser("zayac"), office.browser("lavrova")
    version = stored(office).version
    assert first.post("/families/1/edit/living", housing="rent", version=version).status_code == 303
    contact = {"contact_until": "16", "no_messages": "yes", "version": version}
    assert second.post("/families/1/edit/contact", **contact).status_code == 303
    family = stored(office)
    assert (family.housing, family.contact_until, family.no_messages) == ("rent", "16:00", True)


def test_a_member_comes_with_a_telephone_and_leaves_with_a_reason(office):
    browser = office.browser("lavrova")
    answer = browser.post("/families/1/people", surname="Кузнецова", name="Анна", relation="бабушка",
                          birth_date="3 5 1950", lives_with_family="yes")  # fmt: skip
    assert answer.status_code == 303
    path = answer.headers["location"]
    assert browser.post(f"{path}/phones", number="0-01-55", whose="соседка").status_code == 303
    page = browser.get(path).text
    assert "+7 492 480-01-55" in page
    refused = browser.post(f"{path}/leave", reason=" ")
    assert refused.status_code == 422
    assert "Напишите причину" in refused.text
    assert browser.post(f"{path}/leave", reason="переехала").status_code == 303
    assert "переехала" in browser.get("/families/1").text
    assert browser.post(f"{path}/return").status_code == 303


def test_a_removed_number_no_longer_says_who_calls(office):
    browser = office.browser("lavrova")
    mother = stored(office).people[0]
    path = f"/families/1/people/{mother.id}/phones/{mother.phones[0].id}"
    assert browser.post(f"{path}/remove", reason="").status_code == 422
    assert browser.post(f"{path}/remove", reason="сменила").status_code == 303
    office.ring(number=mother.phones[0].number)
    assert "Номера нет в картотеке" in browser.part("card")


def test_safe_contact_is_shown_while_it_rings(office):
    change(office, 2, contact_from="", contact_until="16:00", no_messages=True, ask_only_for="Рашида")
    office.ring(number="+79070000201")
    part = office.browser("lavrova").part("card")
    for words in ("Звонить только до 16:00.", "Сообщений не оставлять", "Просить к телефону только: Рашида."):
        assert words in part
    assert "Рашидовна" not in part


def test_what_is_known_of_the_caller_is_said_before_and_after_she_is_chosen(office):
    office.ring(number="+79070002001")
    browser = office.browser("lavrova")
    words = "Учесть в разговоре: не слышит: только письменно."
    assert words in browser.part("card")
    mother = person_id(office, 20, "Вероника")
    with office.desk.database.reading() as session:
        call = session.scalars(select(CallRecord)).one().id
    assert browser.post(f"/calls/{call}/person", person_id=mother).status_code == 200
    assert words in browser.part("card")


def test_of_a_restricted_family_the_ringing_card_names_nobody(office):
    office.ring(number="+79070001201")
    part = office.browser("lavrova").part("card")
    assert "Сообщений не оставлять" in part
    for secret in ("Жанн", "Пономар", "СОП", "Заводская"):
        assert secret not in part


def test_the_robot_is_switched_on_only_with_a_consent(office):
    browser = office.browser("lavrova")
    father = next(one for one in stored(office, 3).people if one.phones)
    path = f"/families/3/people/{father.id}/phones/{father.phones[0].id}"
    answer = browser.post(path, label="мобильный", robot_allowed="yes", version=stored(office, 3).version)
    assert answer.status_code == 422
    assert "согласие этого человека на автоматические звонки" in answer.text


def test_health_is_locked_until_somebody_has_signed(office):
    browser = office.browser("lavrova")
    child = person_id(office, 7, "Лев")
    card = browser.get("/families/7").text
    assert "Сообщено устно, требуется письменное согласие." in card
    assert "закрыто" in card
    page = browser.get(f"/families/7/health/{child}").text
    assert "нет письменного согласия" in page
    assert 'name="certificate"' not in page
    answer = browser.post(f"/families/7/health/{child}", kind="disabled_child", certificate="17")
    assert answer.status_code == 422
    assert "письменного согласия" in answer.text


def test_the_head_closes_a_card_and_entrusts_it(office):
    head = office.browser("roshchina")
    with office.desk.database.reading() as session:
        from tests.integration.crm.cards import employee

        vorobey = employee(session, "vorobey").id
    form = {"restricted": "yes", "entrusted": vorobey, "version": stored(office).version}
    assert head.post("/families/1/access", **form).status_code == 422
    assert head.post("/families/1/access", **form, reason="угроза").status_code == 303
    assert office.browser("lavrova").get("/families/1").status_code == 404
    assert office.browser("vorobey").get("/families/1").status_code == 200
    assert office.browser("lavrova").get("/families/1/access").status_code == 403


def test_a_status_is_added_verified_and_revoked(office):
    browser = office.browser("lavrova")
    assert browser.post("/families/1/statuses", type="СОП").status_code == 422
    assert browser.post("/families/1/statuses", type="малоимущая", basis="справка").status_code == 303
    status = max(one.id for one in stored(office).statuses)
    assert "не проверено" in browser.get("/families/1").text
    assert browser.post(f"/families/1/statuses/{status}/verify", verified_on="1.1.2090").status_code == 422
    assert browser.post(f"/families/1/statuses/{status}/verify").status_code == 303
    assert browser.post(f"/families/1/statuses/{status}/revoke", reason="доход вырос").status_code == 303
    large = stored(office).statuses[0]
    answer = browser.post(f"/families/1/statuses/{large.id}", valid_to="1.1.2030", version=stored(office).version)
    assert answer.status_code == 422


def test_a_need_and_a_risk_are_written_down_and_ended(office):
    browser = office.browser("lavrova")
    assert browser.post("/families/1/needs", ground="no_income").status_code == 422
    answer = browser.post("/families/1/needs", ground="no_income", form="home", kinds=["legal", "labour"])
    assert answer.status_code == 303
    page = browser.get("/families/1").text
    assert "социально-трудовые" in page
    assert browser.post("/families/1/risks", code="debts", note="долг за свет").status_code == 303
    assert "долг за свет" in browser.get("/families/1").text
    risks = browser.get("/families/1/risks").text
    clear = re.search(r'action="(/families/1/risks/\d+/clear)"', risks)[1]
    assert browser.post(clear).status_code == 422
    assert browser.post(clear, reason="оплатили").status_code == 303
    end = re.search(r'action="(/families/1/needs/\d+/end)"', browser.get("/families/1/needs").text)[1]
    assert browser.post(end, reason="помогли").status_code == 303
    line = browser.get("/families/1/timeline").text
    for words in ("Определена потребность", "Риска больше нет", "оплатили"):
        assert words in line


def test_a_merged_card_leads_to_the_kept_one(office):
    change(office, 2, state=MERGED, merged_into_id=1)
    browser = office.browser("lavrova")
    answer = browser.get("/families/2")
    assert (answer.status_code, answer.headers["location"]) == (303, "/families/1")
    refused = browser.post("/families/2/edit/living", housing="rent", version=1)
    assert refused.status_code == 422
    assert "объединена с карточкой С-00001" in refused.text


def test_a_destroyed_card_says_so_and_no_more(office):
    change(office, 2, state=DESTROYED)
    page = office.browser("lavrova").get("/families/2").text
    assert "Данные уничтожены" in page
    assert "Рашид" not in page


def test_a_row_of_an_import_has_no_page(office):
    change(office, 2, state=IMPORTING)
    browser = office.browser("lavrova")
    for path in PAGES:
        assert browser.get(f"/families/2{path}").status_code == 404


@pytest.mark.parametrize("number", ["-1", "0", "9223372036854775808", "1e3", "1'--", "9" * 30])
def test_numbers_that_nothing_has_are_not_found(office, number):
    browser = office.browser("roshchina")
    for path in (f"/families/{number}", f"/families/{number}/timeline", f"/families/{number}/changes",
                 f"/families/1/people/{number}", f"/families/1/statuses/{number}", f"/families/1/health/{number}",
                 f"/families/{number}/edit/main", f"/families/{number}/access", f"/catalogues/{number}"):  # fmt: skip
        assert browser.get(path).status_code == 404, path
    for path in (f"/families/1/people/{number}/leave", f"/families/1/risks/{number}/clear",
                 f"/families/1/needs/{number}/end", f"/families/1/statuses/{number}/revoke"):  # fmt: skip
        assert browser.post(path, reason="x").status_code == 404, path


HOSTILE = "=cmd|'/c calc'!A1 <script>alert(1)</script> %_\\ \u202eгневоб\u200b 👩‍👩‍👧 \x07"


def test_hostile_words_are_cleaned_and_shown_as_words(office):
    browser = office.browser("lavrova")
    form = {"situation": HOSTILE, "measures_received": "x" * 30_000, "version": stored(office).version}
    assert browser.post("/families/1/edit/situation", **form).status_code == 303
    family = stored(office)
    assert len(family.measures_received) == 5000
    assert not set("\u202e\u200b\x07") & set(family.situation)
    page = browser.get("/families/1").text
    assert "<script>alert" not in page
    assert "&lt;script&gt;" in page
    assert "<script>alert" not in browser.get("/families/1/changes").text


@pytest.mark.parametrize("path", ["/edit/main", "/people", "/statuses", "/needs", "/risks"])
def test_broken_forms_are_refused_with_a_sentence(office, path):
    browser = office.browser("lavrova")
    before = stored(office).version
    assert browser.post(f"/families/1{path}", name="a\0b").status_code == 422
    assert browser.post(f"/families/1{path}", owner="я").status_code == 422
    assert browser.post(f"/families/1{path}", version="-1").status_code == 422
    assert browser.post(f"/families/1{path}", version="9" * 5000).status_code == 422
    assert browser.post(f"/families/1{path}", name="x" * 10_000_000).status_code == 413
    assert browser.client.post(f"/families/1{path}", data={"name": "x"}).status_code in (403, 422)
    assert stored(office).version == before


@pytest.mark.parametrize("cursor", ["-1", "0", "99999999999999999999", "253402300799000001"])
def test_cursors_that_point_nowhere_show_the_newest(office, cursor):
    browser = office.browser("lavrova")
    assert browser.get(f"/families/1/timeline?before={cursor}").status_code == 200
    assert browser.get(f"/families/1/changes?before={cursor}").status_code == 200


def test_changes_are_read_page_by_page(office):
    with office.desk.database.transaction() as session:
        session.add_all(
            CardChange(
                family_id=1,
                subject="family",
                subject_id=1,
                field="situation",
                old=str(number),
                new=str(number + 1),
                version=number,
                at=NOW,
            )
            for number in range(250)
        )
    browser, seen, path = office.browser("lavrova"), [], "/families/1/changes"
    while path:
        page = browser.get(path).text
        seen += re.findall(r'<td class="muted pre">(\d+)</td>', page)
        older = re.search(r'href="(/families/1/changes\?before=\d+)"', page)
        path = older[1] if older else ""
    assert [int(one) for one in seen if one != "0"] == list(range(249, 0, -1))


def test_the_lists_are_kept_by_the_head_and_the_administrator(office):
    assert office.browser("lavrova").get("/catalogues").status_code == 403
    for login in ("roshchina", "kim"):
        browser = office.browser(login)
        assert "утрата способности" in browser.get("/catalogues").text
        assert browser.post("/catalogues/housing", title=f"общая кухня {login}").status_code == 303
        page = browser.get("/catalogues/housing").text
        assert f"общая кухня {login}" in page
        assert browser.post("/catalogues/housing", title="").status_code == 422
        item = re.findall(r'action="(/catalogues/housing/\d+)"', page)[-1]
        assert browser.post(f"{item}/move", to="up").status_code == 303
        assert browser.post(f"{item}/move", to="sideways").status_code == 422
        assert browser.post(item, title=f"общая кухня {login}", active="yes").status_code == 303
        assert browser.post(item, title="съёмное жильё", active="yes").status_code == 422
        assert browser.post(item.replace("housing", "risk"), title="x", active="yes").status_code == 404
    assert "общая кухня kim" in office.browser("lavrova").get("/families/1/edit/living").text


def test_opening_a_card_or_its_forms_is_in_the_audit_log(office):
    from crm.audit import AuditEvent

    browser = office.browser("lavrova")
    for path in PAGES:
        browser.get(f"/families/3{path}")
    with office.desk.database.reading() as session:
        statement = select(AuditEvent).where(AuditEvent.family_id == 3, AuditEvent.action == "family.open")
        assert len(session.scalars(statement).all()) == len(PAGES)


def test_what_was_typed_wrong_comes_back_beside_its_sentence(office):
    browser = office.browser("lavrova")
    answer = browser.post("/families/1/people", surname="Ёлкина", birth_date="вчера", email="нет")
    assert answer.status_code == 422
    assert "Нужна дата" in answer.text
    for typed in ("Ёлкина", "вчера", "нет"):
        assert f'value="{typed}"' in answer.text
    with office.desk.database.reading() as session:
        assert session.scalars(select(Person).where(Person.surname == "Ёлкина")).all() == []
        assert session.scalars(select(Phone).where(Phone.raw == "Ёлкина")).all() == []
