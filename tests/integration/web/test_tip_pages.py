"""«Информация от третьего лица» as pages: what is taken, seen and done, and that who told us stands nowhere else."""

from __future__ import annotations

import json
import logging
import re
from datetime import UTC, datetime

import pytest
from sqlalchemy import delete, select

from crm.audit import AuditEvent
from crm.calendar.tables import ServiceHours
from crm.consents import subject
from crm.family_tables import Family, FamilyAssignment, Person
from crm.journal_tables import JournalEntry
from crm.tips.tables import Tip, TipAttempt, TipDuty, TipInformant, TipReport
from tests.integration.web import walk
from workers.feed import Notice, NoticeKind

NAME, PHONE, HOUSE = "Болтунова Зинаида Прокофьевна", "8 (907) 000-99-81", "кружок «Ласточка-Балаболка»"
MARKS = ("болтунов", "прокофьевн", "балаболк", "9070009981", "000-99-81", "000‑99‑81")
FORM = {
    "service_id": "1", "risk": "no", "words": "Дети одни вторые сутки.", "about_name": "Тихомировы",
    "numbers": "8 907 000-99-71", "informant_name": NAME, "informant_phone": PHONE, "informant_organisation": HOUSE,
}  # fmt: skip


@pytest.fixture
def office(office):
    """Without the demo's tips, and open round the clock: these tests run at any hour."""
    with office.desk.database.transaction() as session:
        for model in (TipInformant, TipReport, TipAttempt, TipDuty, Tip, ServiceHours):
            session.execute(delete(model))
    return office


def key_of(text: str) -> str:
    return re.search(r'name="form_key" value="(\w+)"', text)[1]


def take(office, login="lavrova", **fields) -> int:
    browser = office.browser(login)
    answer = browser.post("/tips/new", **{**FORM, "form_key": key_of(browser.get("/tips/new").text), **fields})
    assert answer.status_code == 303, answer.text
    return int(answer.headers["location"].rsplit("/", maxsplit=1)[1])


def row_of(office, tip_id: int) -> Tip:
    with office.desk.database.reading() as session:
        return session.get_one(Tip, tip_id)


def found_in(text: str) -> list[str]:
    folded = text.casefold()
    return [f"{mark}: {folded[max(0, folded.find(mark) - 60) :][:140]}" for mark in MARKS if mark in folded]


def test_a_tip_is_on_every_page_at_once(office):
    zayac = office.browser("zayac")
    assert "Сообщили:" not in zayac.get("/journal").text
    tip_id = take(office)
    assert "Сообщили: 1" in zayac.get("/journal").text
    assert "Тихомировы" in zayac.get("/tips").text
    whole = zayac.get(f"/tips/{tip_id}").text
    for said in ("позвонить семье", "0 попыток из 3", "мамой или папой", "сообщить не могу"):
        assert said in whole
    with office.desk.database.transaction() as session:
        session.get_one(Tip, tip_id).first_due_at = datetime(2026, 1, 1, tzinfo=UTC)
    assert re.search(r'class="tag bad" href="/tips"', zayac.get("/journal").text)


def test_the_form_says_what_is_missing_and_keeps_what_was_typed(office):
    browser = office.browser("lavrova")
    key = key_of(browser.get("/tips/new").text)
    answer = browser.post("/tips/new", **{**FORM, "form_key": key, "risk": "yes", "words": "Соседка Болтунова звонит"})
    assert answer.status_code == 422
    for said in ("отметьте, что сказали", "Здесь указано, кто сообщил", "Тихомировы", NAME):
        assert said in answer.text
    assert browser.post("/tips/new", **{**FORM, "form_key": "=x"}).status_code == 422
    found = browser.post("/tips/new", form_key=key, find="yes", text="Кузнецова")
    assert found.status_code == 200
    assert 'type="radio" name="family" value="' in found.text
    sent = {**FORM, "form_key": key}
    assert (
        browser.post("/tips/new", **sent).headers["location"] == browser.post("/tips/new", **sent).headers["location"]
    )


def test_who_told_us_is_found_nowhere_but_in_its_own_place(office, caplog, capfd, monkeypatch):
    """Every page, list, part, print and export that the head may open, the log, the feed, the audit log, the search."""
    caplog.set_level(logging.INFO)
    published: list[Notice] = []
    monkeypatch.setattr(office.desk, "publish", lambda *notices: published.extend(notices))
    with office.desk.database.reading() as session:
        family_id = session.scalars(select(Family.id).where(Family.card_number == "С-00001")).one()
    take(office, family=str(family_id), risk="yes", said_112="yes")
    head, taker = office.browser("roshchina"), office.browser("lavrova")
    with office.desk.database.reading() as session:
        entry = session.scalars(select(JournalEntry).order_by(JournalEntry.id.desc())).first()
        tip = session.scalars(select(Tip)).one()
        person_id = session.scalars(select(Person.id).where(Person.family_id == family_id)).first()
    numbers = {"tip_id": tip.id, "entry_id": entry.id, "family_id": family_id, "person_id": person_id}
    asked = 0
    for browser in (head, taker):
        for step in walk.steps(office.app):
            if step.method != "GET":
                continue
            path = re.sub(r"{(\w+)}", lambda one: str(numbers.get(one[1], 1)), step.route)
            if "{" in path or step.route.startswith("/wall"):
                continue
            answer = browser.get(path)
            asked += 1
            assert not found_in(answer.text), f"{path}: {found_in(answer.text)}"
    assert asked > 100
    for text in ("Болтунова", PHONE, "Балаболка"):
        for path, field in (("/families/search", "text"), ("/journal", "text"), ("/families/typed", "text")):
            answer = head.post(path, **{field: text})
            assert f"/tips/{tip.id}" not in answer.text
            assert "Дети одни" not in answer.text
    assert [one.kind for one in published if one.kind is NoticeKind.TIP]
    with office.desk.database.reading() as session:
        log = "\n".join(
            f"{row.actor_name} {row.subject_id} {row.details}" for row in session.scalars(select(AuditEvent))
        )
        paper = subject.as_json(subject.everything_on(session, person_id, datetime.now(UTC)))
    outside = {"log": caplog.text, "terminal": "".join(capfd.readouterr()), "audit": log, "paper": paper,
               "feed": json.dumps([one.as_fields() for one in published])}  # fmt: skip
    assert not {place: found_in(text) for place, text in outside.items() if found_in(text)}
    shown = head.post(f"/tips/{tip.id}/informants").text
    assert all(word in shown for word in (NAME, "Балаболка"))
    assert "tip.informant" in _actions(office)


def _actions(office) -> list[str]:
    with office.desk.database.reading() as session:
        return list(session.scalars(select(AuditEvent.action)))


def test_who_told_us_is_shown_to_three(office):
    tip_id = take(office)
    for login in ("lavrova", "roshchina", "chernykh"):
        assert NAME in office.browser(login).post(f"/tips/{tip_id}/informants").text
    for login, status in (("zayac", 404), ("smirnova", 403), ("kim", 403)):
        answer = office.browser(login).post(f"/tips/{tip_id}/informants")
        assert answer.status_code == status
        assert NAME not in answer.text


def test_a_talk_leads_into_the_row_of_the_journal(office):
    tip_id = take(office)
    browser = office.browser("lavrova")
    refused = browser.post(f"/tips/{tip_id}/talk", how="phone", who="сын Петя")
    assert refused.status_code == 422
    assert "Разговор с ребёнком не засчитывается" in refused.text
    done = browser.post(f"/tips/{tip_id}/talk", how="phone", who="мать, Ольга Тихомирова", adult="yes")
    assert done.headers["location"] == f"/journal/{row_of(office, tip_id).entry_id}"
    entry = browser.get(done.headers["location"]).text
    assert "Ольга Тихомирова" in entry
    assert "информация от третьего лица" in entry
    assert "Тихомировы" in browser.get("/tips?show=ended").text
    assert "поговорили" in browser.get(f"/tips/{tip_id}").text


def test_a_neighbour_calls_and_tells(office):
    """From the workplace, in the middle of the call; its wrap-up asks for nothing more."""
    call = office.ring(number="+79070009999")
    office.answer()
    browser = office.browser("lavrova")
    browser.post("/presence", state="ready")
    assert f"/tips/new?call={call}" in browser.part("call")
    assert f'name="call" value="{call}"' in browser.get(f"/tips/new?call={call}").text
    tip_id = take(office, call=str(call))
    assert "С семьёй ещё не поговорили" in browser.get(f"/journal/{row_of(office, tip_id).entry_id}").text
    with office.desk.database.reading() as session:
        assert session.scalars(select(TipInformant.call_id)).one() == call
        assert session.get_one(JournalEntry, row_of(office, tip_id).entry_id).call_id is None
    refused = browser.post(f"/tips/{tip_id}/talk", how="call", call_id=str(call), who="мать", adult="yes")
    assert refused.status_code == 422, "who told us is not the family"
    other = office.browser("zayac")
    key = key_of(other.get("/tips/new").text)
    assert other.post("/tips/new", **{**FORM, "form_key": key, "call": str(call)}).status_code == 404


def test_nobody_answers(office):
    tip_id = take(office)
    browser = office.browser("lavrova")
    assert browser.post(f"/tips/{tip_id}/visit", who="Громова", address="ул. Новая").status_code == 409
    for number in range(3):
        key = f"{number}" * 16
        assert browser.post(f"/tips/{tip_id}/attempt", result="no_answer", form_key=key).status_code == 303
    assert "написать семье" in browser.get(f"/tips/{tip_id}").text
    assert browser.post(f"/tips/{tip_id}/letter", how="email").status_code == 303
    assert browser.post(f"/tips/{tip_id}/visit", who="", address="ул. Новая", day="завтра").status_code == 422
    assert browser.post(f"/tips/{tip_id}/visit", who="Громова", address="ул. Новая").status_code == 303
    assert "выехать к семье" in browser.get("/tips").text
    head = office.browser("roshchina")
    assert "трижды не дозвонились" in head.get("/tips").text
    assert head.post(f"/tips/{tip_id}/seen").status_code == 303
    assert "трижды не дозвонились" not in head.get("/tips").text


def test_a_danger_is_on_every_page_of_the_head(office):
    tip_id = take(office, risk="yes", said_112="yes")
    head = office.browser("roshchina")
    assert "Сообщили об угрозе жизни" in head.get("/journal").text
    assert "Сообщили об угрозе жизни" not in office.browser("zayac").get("/journal").text
    browser = office.browser("lavrova")
    nobody = browser.post(f"/tips/{tip_id}/informed", body="kdn")
    assert nobody.status_code == 422
    assert "Кто принял" in nobody.text
    assert browser.post(f"/tips/{tip_id}/informed", body="kdn", whom_kdn="секретарь Орлова").status_code == 303
    assert "секретарь Орлова" in head.get(f"/tips/{tip_id}").text
    assert browser.post(f"/tips/{tip_id}/seen").status_code == 403
    assert head.post(f"/tips/{tip_id}/seen").status_code == 303
    assert "Сообщили об угрозе жизни" not in head.get("/journal").text


def test_without_the_exchange_no_call_is_asked_for(office):
    tip_id = take(office)
    answer = office.browser("lavrova").post(f"/tips/{tip_id}/call", number="+79070009971")
    assert answer.status_code == 409
    assert "Нет связи с АТС" in answer.text


def test_a_restricted_family_shows_the_taker_nothing(office):
    with office.desk.database.transaction() as session:
        family = session.scalars(select(Family).where(Family.card_number == "С-00002")).one()
        family.restricted = True
        session.execute(delete(FamilyAssignment).where(FamilyAssignment.family_id == family.id))
        number = next(phone.number for person in family.people for phone in person.phones)
        name, family_id = family.name, family.id
    tip_id = take(office, numbers=number)
    assert row_of(office, tip_id).family_id == family_id
    own = office.browser("lavrova").get(f"/tips/{tip_id}").text
    assert name not in own
    assert f"/families/{family_id}" not in own
    assert "Найти" in own, "as for a family without a card"
    assert office.browser("zayac").get(f"/tips/{tip_id}").status_code == 404
    assert "Тихомировы" not in office.browser("zayac").get("/tips").text
    assert name in office.browser("roshchina").get(f"/tips/{tip_id}").text


def test_hostile_input_is_a_sentence(office):
    browser = office.browser("lavrova")
    for path in ("/tips/0", "/tips/-1", f"/tips/{2**63}", "/tips/9"):
        assert browser.get(path).status_code in {404, 422}
    assert browser.get("/tips/new?call=9999999999999999999999").status_code == 200
    tip_id = take(office, words="=cmd|' /C calc'!A0 \u202e %_\\ 😀", about_name="<script>alert(1)</script>")
    text = browser.get(f"/tips/{tip_id}").text
    assert "<script>alert" not in text
    assert "\u202e" not in text
    for field, value in (("how", "teleport"), ("person_id", "9"), ("call_id", str(2**62))):
        assert browser.post(f"/tips/{tip_id}/talk", **{"how": "call", field: value}).status_code == 422
    assert browser.post(f"/tips/{tip_id}/attempt", result="x" * 9000).status_code == 422
