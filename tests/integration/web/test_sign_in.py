"""Signing in and out, cookies, form tokens, roles (reliability.md S4–S8, B58–B70)."""

import pytest
from sqlalchemy import select

from crm.audit import AuditEvent
from crm.staff import Role

PEOPLE = {
    Role.DISPATCHER: "lavrova",
    Role.COORDINATOR: "gromova",
    Role.HEAD: "roshchina",
    Role.DIRECTOR: "chernykh",
    Role.ADMINISTRATOR: "kim",
    Role.SPECIALIST: "smirnova",
}
FIRST = {
    Role.DISPATCHER: "/workplace",
    Role.COORDINATOR: "/workplace",
    Role.HEAD: "/workplace",
    Role.DIRECTOR: "/families",
    Role.SPECIALIST: "/families",
    Role.ADMINISTRATOR: "/system",
}
PAGES = {
    "/workplace": {Role.DISPATCHER, Role.COORDINATOR, Role.HEAD},
    "/families": {Role.DISPATCHER, Role.COORDINATOR, Role.HEAD, Role.DIRECTOR, Role.SPECIALIST},
    "/families/1": {Role.DISPATCHER, Role.COORDINATOR, Role.HEAD, Role.DIRECTOR, Role.SPECIALIST},
    "/journal": {Role.DISPATCHER, Role.COORDINATOR, Role.HEAD, Role.DIRECTOR},
    "/training": {Role.HEAD, Role.ADMINISTRATOR},
    "/settings": {Role.ADMINISTRATOR},
    "/system": {Role.ADMINISTRATOR, Role.HEAD},
    "/audit": {Role.HEAD, Role.DIRECTOR, Role.AUDITOR},
    "/me": set(Role),
}


@pytest.mark.parametrize(("role", "login"), PEOPLE.items())
def test_each_role_opens_its_pages_and_no_others(office, role, login):
    browser = office.browser(login)
    assert browser.get("/").headers["location"] == FIRST[role]
    for path, roles in PAGES.items():
        expected = 200 if role in roles else 403
        assert browser.get(path).status_code == expected, (role, path)


def test_pages_send_a_stranger_to_the_door_and_scripts_get_401(office):
    stranger = office.browser()
    assert stranger.get("/workplace").headers["location"] == "/login"
    assert stranger.client.get("/live").status_code == 401
    assert stranger.get("/parts", **{"hx-request": "true"}).headers["hx-redirect"] == "/login"


def test_the_cookie_is_out_of_reach_of_scripts_and_new_with_every_sign_in(office):
    browser = office.browser()
    first = browser.sign_in("lavrova").headers.get_list("set-cookie")
    cookie = next(one for one in first if one.startswith("dispatch="))
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    browser.client.cookies.delete("dispatch")
    second = browser.sign_in("lavrova").headers.get_list("set-cookie")
    assert cookie not in second


def test_a_wrong_password_and_an_unknown_name_get_the_same_answer(office):
    browser = office.browser()
    wrong = browser.sign_in("lavrova", "wrong password 1")
    unknown = browser.sign_in("nobody", "wrong password 1")
    assert wrong.status_code == unknown.status_code == 403
    assert "Неверное имя или пароль." in wrong.text
    assert "Неверное имя или пароль." in unknown.text


def test_many_wrong_passwords_are_made_to_wait(office):
    browser = office.browser()
    answers = [browser.sign_in("lavrova", "wrong password 1").status_code for _ in range(7)]
    assert answers[-1] == 429


def test_the_sign_in_form_needs_its_own_token(office):
    browser = office.browser()
    browser.client.get("/login")
    form = {"login": "lavrova", "password": "demo-lavrova-2026", "csrf": "0" * 32}
    answer = browser.client.post("/login", data=form, headers={"sec-fetch-site": "same-origin"})
    assert answer.status_code == 403
    assert "dispatch" not in answer.cookies


@pytest.mark.parametrize("token", ["", "0" * 32, "another"])
def test_a_form_without_the_sessions_token_is_refused_and_audited(office, token):
    browser = office.browser("lavrova")
    browser.csrf = token
    assert browser.post("/presence", state="ready").status_code == 403
    with office.desk.database.reading() as session:
        assert "request.forged" in session.scalars(select(AuditEvent.action)).all()


def test_another_persons_form_token_does_not_fit(office):
    anna, pyotr = office.browser("lavrova"), office.browser("zayac")
    anna.csrf = pyotr.csrf
    assert anna.post("/presence", state="ready").status_code == 403


@pytest.mark.parametrize(
    "path", ["/logout", "/presence", "/me/sound", "/phone/credential", "/calls/1/finish", "/appeals/1/save"]
)
def test_no_address_changes_anything(office, path):
    assert office.browser("lavrova").get(path).status_code == 405


def test_signing_out_ends_the_session_for_good(office):
    browser = office.browser("lavrova")
    cookie = browser.client.cookies.get("dispatch")
    assert browser.post("/logout").status_code == 303
    browser.client.cookies.set("dispatch", cookie)
    assert browser.get("/workplace").headers["location"] == "/login"


def test_a_new_password_ends_the_other_sessions(office):
    here, there = office.browser("lavrova"), office.browser("lavrova")
    answer = here.post("/me/password", old="demo-lavrova-2026", new="три слона на льдине", again="три слона на льдине")
    assert answer.status_code == 303
    assert here.get("/workplace").status_code == 200
    assert there.get("/workplace").status_code == 303


def test_a_weak_or_mistyped_password_is_refused_with_a_sentence(office):
    browser = office.browser("lavrova")
    short = browser.post("/me/password", old="demo-lavrova-2026", new="коротко", again="коротко")
    assert short.status_code == 422
    assert "не короче 12" in short.text
    assert "Прежний пароль неверен" in browser.post("/me/password", old="x", new="y" * 12, again="y" * 12).text


def test_own_sessions_can_be_ended_and_others_cannot(office):
    anna, second, pyotr = office.browser("lavrova"), office.browser("lavrova"), office.browser("zayac")
    page = anna.get("/me").text
    other = page.split("/me/sessions/")[1].split("/end")[0]
    pyotr.post(f"/me/sessions/{other}/end")
    assert second.get("/workplace").status_code == 200
    anna.post(f"/me/sessions/{other}/end")
    assert second.get("/workplace").status_code == 303


def test_a_profile_form_takes_no_role(office):
    browser = office.browser("lavrova")
    answer = browser.post("/families", surname="Иванова", role="administrator")
    assert answer.status_code == 422
    assert browser.get("/settings").status_code == 403


@pytest.mark.parametrize("number", ["-1", "0", "9223372036854775807", "9223372036854775808", "abc", "999999"])
def test_ids_that_name_nothing_are_not_found_alike(office, number):
    browser = office.browser("lavrova")
    answer = browser.get(f"/families/{number}")
    assert answer.status_code == 404
    assert answer.text == browser.get("/families/777777").text


@pytest.mark.parametrize("text", ["%" * 500, "_%\\", "' OR 1=1 --", "(a+)+$", "a" * 100_000, "☎" * 300, "1e400"])
def test_strange_searches_find_nothing(office, text):
    browser = office.browser("lavrova")
    answer = browser.post("/families/search", text=text)
    assert answer.status_code == 200
    assert "Открыть" not in answer.text


def test_a_found_family_is_masked_and_no_name_is_in_the_address(office):
    answer = office.browser("lavrova").post("/families/search", text="кузнецова")
    assert answer.status_code == 200
    assert "ул. Лесная, ••" in answer.text
    assert "000-01-01" not in answer.text
    assert "%D0" not in str(answer.url)


def test_opening_a_card_is_an_entry_that_the_head_can_read(office):
    office.browser("lavrova").get("/families/1")
    page = office.browser("roshchina").post("/audit", employee="", family="С-00001", action="family.open")
    assert "открыта карточка" in page.text
    assert "Лаврова" in page.text


def test_a_restricted_card_does_not_exist_for_who_may_not_see_it(office):
    from crm.families import Family

    with office.desk.database.reading() as session:
        restricted = session.scalars(select(Family).where(Family.restricted)).first()
    assert restricted is not None
    anna = office.browser("lavrova")
    assert anna.get(f"/families/{restricted.id}").status_code == 404
    assert office.browser("roshchina").get(f"/families/{restricted.id}").status_code == 200
