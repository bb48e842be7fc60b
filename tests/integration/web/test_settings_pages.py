"""The administrator's pages and the training call: changes reach the exchange, refusals are sentences."""

from datetime import UTC, datetime

from sqlalchemy import select

from crm import exchange_state, heartbeat, institution, staff, training
from crm.staff import Employee
from workers import doctor


def wanted(office):
    with office.desk.database.reading() as session:
        return exchange_state.exchange_state(session).wanted_version


def test_a_new_line_asks_the_exchange_to_follow(office):
    kim, before = office.browser("kim"), wanted(office)
    with office.desk.database.reading() as session:
        service_id = institution.services(session)[0].id
    answer = kim.post(
        "/settings/lines", did="8 (49248) 0-77-77", service_id=service_id, kind="landline", title="Новая", active="yes"
    )
    assert answer.status_code == 303
    assert wanted(office) == before + 1
    with office.desk.database.reading() as session:
        assert institution.line_of(session, "+74924807777").title == "Новая"


def test_a_number_that_is_none_comes_back_with_a_sentence(office):
    kim, before = office.browser("kim"), wanted(office)
    answer = kim.post("/settings/lines", did="100&PJSIP/200", service_id="1", kind="landline")
    assert answer.status_code == 422
    assert "Нужен номер телефона" in answer.text
    assert "100&amp;PJSIP/200" in answer.text
    assert wanted(office) == before


def test_the_same_line_or_extension_twice_is_refused(office):
    kim = office.browser("kim")
    with office.desk.database.reading() as session:
        did = institution.active_lines(session)[0].did
    assert "уже есть" in kim.post("/settings/lines", did=did, service_id="1", kind="mobile").text
    assert "уже есть" in kim.post("/settings/extensions", number="101").text


def test_a_person_is_added_and_can_sign_in(office):
    kim = office.browser("kim")
    fields = {
        "surname": "Орлова",
        "name": "Ася",
        "login": "orlova",
        "role": "dispatcher",
        "services": ["1"],
        "active": "yes",
    }
    refused = kim.post("/settings/people", **fields, password="short")
    assert refused.status_code == 422
    assert "не короче 12" in refused.text
    with office.desk.database.reading() as session:
        assert staff.by_login(session, "orlova") is None
    assert kim.post("/settings/people", **fields, password="семь тихих озёр").status_code == 303
    assert office.browser().sign_in("orlova", "семь тихих озёр").status_code == 303


def test_a_new_role_ends_the_sessions_of_the_old_one(office):
    anna, kim = office.browser("lavrova"), office.browser("kim")
    with office.desk.database.reading() as session:
        lavrova = staff.by_login(session, "lavrova")
    fields = {
        "id": lavrova.id,
        "surname": "Лаврова",
        "name": "Нина",
        "login": "lavrova",
        "role": "specialist",
        "active": "yes",
    }
    assert kim.post("/settings/people", **fields).status_code == 303
    assert anna.get("/workplace").headers["location"] == "/login"


def test_the_administrator_cannot_lock_herself_out(office):
    kim = office.browser("kim")
    with office.desk.database.reading() as session:
        own = staff.by_login(session, "kim")
    answer = kim.post(
        "/settings/people", id=own.id, surname="Ким", name="Анна", login="kim", role="auditor", active="yes"
    )
    assert answer.status_code == 422
    assert kim.get("/settings").status_code == 200


def test_an_extension_is_given_to_somebody_else(office):
    kim, before = office.browser("kim"), wanted(office)
    with office.desk.database.reading() as session:
        target = session.scalars(select(Employee).where(Employee.login == "zayac")).one()
        extension = next(one for one in session.scalars(select(staff.Extension)) if one.number == "101")
    assert kim.post("/settings/extensions", id=extension.id, number="101", employee_id=target.id).status_code == 303
    assert wanted(office) == before + 1


def test_a_desk_phones_secret_is_shown_to_the_administrator_only(office):
    with office.desk.database.reading() as session:
        extension = session.scalars(select(staff.Extension)).first()
    path = f"/settings/extensions/{extension.id}/secret"
    assert office.browser("roshchina").post(path).status_code == 403
    assert extension.number in office.browser("kim").post(path).text


def test_without_redis_the_system_page_says_what_keeps_it_from_looking(office):
    page = office.browser("kim").get("/system").text
    assert "База данных" in page
    assert "DISPATCH_REDIS_URL" in page


def test_the_system_page_shows_the_doctors_report(office):
    report = [
        doctor.Check("Городская линия", False, "Нет ответа от шлюза. Проверьте DISPATCH_TRUNK."),
        doctor.Check("АТС Asterisk", True, "версия 22"),
    ]
    with office.desk.database.transaction() as session:
        heartbeat.beat(session, doctor.REPORT, datetime.now(UTC), doctor.to_detail(report))
    page = office.browser("kim").get("/system").text
    assert "Нет ответа от шлюза. Проверьте DISPATCH_TRUNK." in page
    assert "Требует внимания: 1" in page


def test_training_calls_come_only_from_the_invented_town(office):
    head = office.browser("roshchina")
    with office.desk.database.reading() as session:
        did = institution.active_lines(session)[0].did
    for number in ("+79161234567", "112", "+74957654321", "100&PJSIP/200", did):
        answer = head.post("/training", from_number=number, to_did=did, hold_seconds="30")
        assert answer.status_code == 422, number
    assert head.post("/training", from_number="+79070000101", to_did="+79161234567").status_code == 422
    assert head.post("/training", from_number="скрыт", to_did=did, hold_seconds="30").status_code == 303
    assert head.post("/training", from_number="+7 907 000-01-01", to_did=did, hold_seconds="30").status_code == 303
    with office.desk.database.reading() as session:
        calls = training.recent_training(session)
    assert [call.from_number for call in calls] == ["+79070000101", ""]
    assert "+7 907 000-01-01" in head.get("/training").text


def test_the_browser_phone_gets_a_secret_that_the_exchange_will_know(office):
    from crm import browser_phone

    anna, before = office.browser("lavrova"), wanted(office)
    answer = anna.post("/phone/credential").json()
    assert answer["user"] == "101-web"
    assert answer["realm"] == browser_phone.REALM
    assert wanted(office) == before + 1
    assert anna.post("/phone/credential").json()["secret"] == answer["secret"]
    with office.desk.database.reading() as session:
        assert [one.extension for one in browser_phone.live_credentials(session, datetime.now(UTC))] == ["101"]
    assert office.browser("kim").post("/phone/credential").status_code == 404


def test_the_workplace_tells_the_truth_about_the_exchange(office):
    assert "Нет связи с АТС" in office.browser("lavrova").get("/workplace").text
