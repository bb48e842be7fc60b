"""The specialists in the pages: who sees and sets what, and what a specialist says of himself."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from crm.specialists import absences
from crm.specialists.tables import Absence, Specialist
from crm.staff import by_login


def id_of(office, login):
    with office.desk.database.reading() as session:
        return by_login(session, login).id


def today(office, days=0):
    return (office.desk.clock().today + timedelta(days=days)).strftime("%d.%m.%Y")


def test_the_workplace_shows_the_specialists_and_what_they_advise_on(office):
    people = office.browser("lavrova").part("people")
    for words in ("Смирнова О. П.", "юрист", "каб. 12", "201", "больничный до", "заменяет Воробей М. О."):
        assert words in people
    assert "Рощина В. П." in people  # colleagues stand below


def test_the_list_is_searched_by_topic(office):
    anna = office.browser("lavrova")
    found = anna.get("/specialists?about=пособия").text
    assert "Смирнова Ольга Петровна" in found
    assert "Дурново" not in found
    assert "никто не консультирует" in anna.get("/specialists?about=крипта<script>").text
    assert "<script>крипта" not in anna.get("/specialists?about=<script>крипта").text
    assert anna.get("/specialists?about=" + "а" * 5000).status_code == 200


@pytest.mark.parametrize(("login", "listed", "settings"), [
    ("lavrova", 200, 403), ("gromova", 200, 403), ("roshchina", 200, 200), ("chernykh", 200, 200), ("kim", 200, 200),
    ("smirnova", 200, 403),
])  # fmt: skip
def test_who_sees_and_who_sets(office, login, listed, settings):
    browser, smirnova = office.browser(login), id_of(office, "smirnova")
    assert browser.get("/specialists").status_code == listed
    assert browser.get(f"/specialists/{smirnova}").status_code == settings
    assert browser.post(f"/specialists/{smirnova}", advises_on="х").status_code in (
        (403,) if settings == 403 else (409, 422)
    )
    assert browser.get("/absences").status_code == 200
    assert browser.get("/specialists/me").status_code == (200 if login == "smirnova" else 403)


def test_a_number_that_may_not_be_dialled_is_refused_and_everything_typed_stays(office):
    head, smirnova = office.browser("roshchina"), id_of(office, "smirnova")
    with office.desk.database.reading() as session:
        version = session.get(Specialist, smirnova).version
    typed = {"version": version, "advises_on": "опека и наследство", "room": "12", "services": "1"}
    for number in ("+7 999 123-45-67", "112", "8 809 123-45-67", "=cmd", "+79070009001"):
        answer = head.post(f"/specialists/{smirnova}", outside_number=number, **typed)
        assert answer.status_code == 422, number
        assert "опека и наследство" in answer.text
    assert head.post(f"/specialists/{smirnova}", outside_number="8 907 000-91-07", **typed).status_code == 303
    with office.desk.database.reading() as session:
        assert session.get(Specialist, smirnova).outside_number == "+79070009107"
    stale = head.post(f"/specialists/{smirnova}", outside_number="", **typed)
    assert stale.status_code == 409
    for missing in ("0", "999999", str(2**63)):
        assert head.get(f"/specialists/{missing}").status_code == 404


def test_a_specialist_says_where_he_is(office):
    olga, anna = office.browser("smirnova"), office.browser("lavrova")
    assert olga.post("/specialists/me", state="here").status_code == 303
    assert "свободен(на)" in anna.part("people")
    assert olga.post("/specialists/me", state="break", reason="обед").status_code == 303
    assert "перерыв: обед" in anna.part("people")
    for wrong in ("", "25:00", "0:00", "скоро", "15:00:00"):
        answer = olga.post("/specialists/me", state="away", until=wrong)
        assert answer.status_code == 422, wrong
    assert olga.post("/specialists/me", state="asleep").status_code == 422
    if office.desk.clock().at.astimezone(office.desk.zone).strftime("%H:%M") < "23:58":
        assert olga.post("/specialists/me", state="away", until="23:59").status_code == 303
        assert "нет до 23:59" in anna.part("people")
        assert olga.post("/specialists/me", state="here").status_code == 303
        assert "нет до 23:59" not in anna.part("people")
    assert "Мой статус" in olga.get("/specialists/me").text


def test_the_head_enters_an_absence_and_it_is_withdrawn_with_a_reason(office):
    head = office.browser("roshchina")
    smirnova, vorobey = id_of(office, "smirnova"), id_of(office, "vorobey")
    form = {"employee_id": smirnova, "kind": "leave", "since_on": today(office, 40), "until_on": today(office, 44),
            "substitute_id": vorobey}  # fmt: skip
    for _ in range(2):
        assert head.post("/absences", **form).status_code == 303
    overlapping = head.post("/absences", **{**form, "since_on": today(office, 44)})
    assert overlapping.status_code == 422
    assert "уже записано: отпуск" in overlapping.text
    loop = head.post("/absences", **{**form, "employee_id": vorobey, "substitute_id": smirnova})
    assert "замещение замкнётся" in loop.text
    with office.desk.database.reading() as session:
        (row,) = session.scalars(select(Absence).where(Absence.employee_id == smirnova)).all()
        assert (row.until - row.since) == timedelta(days=5)
        at = row.since + timedelta(hours=1)
        assert absences.substitute_of(session, smirnova, at).id == vorobey
    assert "Смирнова О. П." in head.get("/absences").text
    assert head.post(f"/absences/{row.id}/withdraw", reason="").status_code == 422
    assert head.post(f"/absences/{row.id}/withdraw", reason="отпуск перенесён").status_code == 303
    assert "отпуск перенесён" in head.get("/absences").text


def test_one_enters_one_s_own_absence_and_nobody_else_s(office):
    olga = office.browser("smirnova")
    durnovo, smirnova = id_of(office, "durnovo"), id_of(office, "smirnova")
    form = {"kind": "training", "since_on": today(office, 50), "since_time": "9:00", "until_time": "15:00"}
    assert olga.post("/absences", employee_id=durnovo, **form).status_code == 303  # the name is not hers to choose
    with office.desk.database.reading() as session:
        (row,) = session.scalars(select(Absence).where(Absence.kind == "training")).all()
        sick = session.scalars(select(Absence).where(Absence.kind == "sick")).one()
    assert row.employee_id == smirnova
    assert (row.until - row.since) == timedelta(hours=6)
    assert olga.post(f"/absences/{sick.id}/withdraw", reason="так").status_code == 404
    for wrong in ({"since_on": ""}, {"since_on": "31.02.2027"}, {"since_time": "9"}, {"kind": "away"}, {"kind": ""}):
        assert olga.post("/absences", **{**form, **wrong}).status_code == 422, wrong
