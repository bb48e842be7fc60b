"""«Часы и календарь» as the head, the director and the administrator use it."""

import re
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import delete, select

from crm.audit import AuditEvent
from crm.calendar import reading
from crm.calendar.tables import ServiceHours
from crm.institution import Service

PAGE = "/settings/calendar"
MOSCOW = ZoneInfo("Europe/Moscow")
WEEK = {f"day_{weekday}": "8:00–17:00, перерыв 12:00–13:00" for weekday in range(5)}


def today() -> date:
    return datetime.now(UTC).astimezone(MOSCOW).date()


def in_days(count: int) -> str:
    return (today() + timedelta(days=count)).isoformat()


def service(office) -> int:
    with office.desk.database.reading() as session:
        return session.scalars(select(Service.id).order_by(Service.id)).first()


def calendar(office):
    with office.desk.database.reading() as session:
        return reading.calendar_of(session, service(office))


def version(office) -> int:
    with office.desk.database.reading() as session:
        return reading.version_of(session, service(office))


def week_form(office, **changes: object) -> dict[str, object]:
    fields = {"service": service(office), "version": version(office), "starts_on": in_days(1), "shorten_minutes": 60}
    return {**fields, **WEEK, **changes}


def day_form(office, **changes: object) -> dict[str, object]:
    fields = {"service": service(office), "version": version(office), "first": in_days(2), "kind": "closed"}
    return {**fields, "title": "Санитарный день", **changes}


def plain(text: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", text))


@pytest.mark.parametrize("login", ["roshchina", "chernykh", "kim"])
def test_the_head_the_director_and_the_administrator_keep_the_calendar(office, login):
    browser = office.browser(login)
    assert browser.get(PAGE).status_code == 200
    assert browser.post(f"{PAGE}/days", **day_form(office)).status_code == 303


@pytest.mark.parametrize("login", ["lavrova", "gromova", "smirnova"])
def test_nobody_else_does(office, login):
    browser = office.browser(login)
    assert browser.get(PAGE).status_code == 403
    assert browser.post(f"{PAGE}/days", **day_form(office)).status_code == 403
    assert calendar(office).overrides.get(date.fromisoformat(in_days(2))) is None


def test_the_month_shows_what_kind_of_day_each_is(office):
    said = plain(office.browser("roshchina").get(f"{PAGE}?month=2027-02").text)
    assert "Февраль 2027" in said
    assert "20 08:00–16:00 рабочая суббота вместо 22.02.2027, сокращённый день" in said
    assert "22 закрыто выходной, перенесён с 20.02.2027" in said
    assert "23 закрыто День защитника Отечества" in said
    assert re.search(r"1[89] рабочих дней", said), "of the demo's own closed days one may be in this month"


@pytest.mark.parametrize(
    ("day", "time", "sentence", "heard"),
    [
        ("2027-02-18", "18:59", "Открыто до 19:00.", "оставайтесь на линии"),
        ("2027-02-18", "19:00", "Нерабочее время. Откроется завтра в 08:00.", "Сейчас нерабочее время"),
        ("18.02.2027", "12.30", "Перерыв до 13:00.", "перерыв"),
        ("2027-02-20", "16:00", "Откроется в среду 24 февраля в 08:00.", "двадцать четвёртого февраля"),
    ],
)
def test_the_probe_says_what_callers_hear(office, day, time, sentence, heard):
    said = plain(office.browser("roshchina").get(f"{PAGE}?day={day}&time={time}").text)
    assert sentence in said
    assert heard in said


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("day=вчера&time=10:00", "Нужна дата"),
        ("day=0027-02-20&time=10:00", "Нужна дата"),
        ("day=9999-12-31&time=10:00", "Нужна дата"),
        ("day=2027-02-20&time=25:00", "Нужно время"),
        ("day=2027-02-20&time=%3Dcmd", "Нужно время"),
    ],
)
def test_an_instant_that_cannot_be_read_is_said_beside_the_field(office, query, sentence):
    answer = office.browser("roshchina").get(f"{PAGE}?{query}")
    assert answer.status_code == 422
    assert sentence in plain(answer.text)


@pytest.mark.parametrize(
    "query", ["service=-1", "service=9223372036854775808", "service=x", "month=2027-13", "month=99999999-01",
              "month=%D9%A2%D9%A0-01", "month=2027-02-30"],
)  # fmt: skip
def test_an_address_that_was_bent_shows_the_page_all_the_same(office, query):
    assert office.browser("roshchina").get(f"{PAGE}?{query}").status_code == 200


def test_new_hours_hold_from_their_day_on(office):
    answer = office.browser("roshchina").post(f"{PAGE}/hours", **week_form(office, day_5="9-13"))
    assert answer.status_code == 303
    week = calendar(office).week_on(today() + timedelta(days=1))
    assert [(one.starts, one.ends) for one in week.days[5]] == [(540, 780)]
    assert calendar(office).week_on(today()).days[5] == ()
    said = plain(office.browser("chernykh").get(PAGE).text)
    assert f"С {today() + timedelta(days=1):%d.%m.%Y}: Пн–Пт 08:00–17:00" in said
    assert "Рощина В. П.: часы с" in said


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"day_2": "после обеда"}, "Не удалось прочитать часы"),
        ({"day_2": "17-8"}, "Конец раньше начала"),
        ({"starts_on": "вчера"}, "Нужна дата"),
        ({"starts_on": "2020-01-01"}, "Прошедшие дни не меняют"),
        ({"shorten_minutes": "-5"}, "Слишком маленькое число"),
        ({f"day_{weekday}": "" for weekday in range(7)}, "Укажите часы хотя бы одного дня"),
    ],
)
def test_hours_that_cannot_be_come_back_with_a_sentence_and_what_was_typed(office, changes, sentence):
    answer = office.browser("roshchina").post(f"{PAGE}/hours", **week_form(office, **{"day_6": "10-11", **changes}))
    assert answer.status_code == 422
    assert sentence in plain(answer.text)
    assert ('value="10-11"' in answer.text) == ("day_6" not in changes)
    assert version(office) == 0


def test_a_stale_form_is_shown_again_with_what_the_other_changed(office):
    form = week_form(office, day_5="9-13")
    assert office.browser("chernykh").post(f"{PAGE}/days", **day_form(office)).status_code == 303
    roshchina = office.browser("roshchina")
    answer = roshchina.post(f"{PAGE}/hours", **form)
    assert answer.status_code == 409
    said = plain(answer.text)
    assert "Пока вы правили, календарь изменили" in said
    assert "Черных О. Н." in said
    assert "закрыто (Санитарный день)" in said
    assert 'value="9-13"' in answer.text
    assert roshchina.post(f"{PAGE}/hours", **{**form, "version": 1}).status_code == 303


def test_a_special_day_can_be_set_for_every_service_and_taken_back(office):
    roshchina = office.browser("roshchina")
    form = day_form(office, title="Выходной региона", everywhere="yes", last=in_days(3))
    assert roshchina.post(f"{PAGE}/days", **form).status_code == 303
    with office.desk.database.reading() as session:
        rows = [row for one in session.scalars(select(Service.id)) for row in reading.day_rows(session, one)]
    named = [row for row in rows if row.title == "Выходной региона"]
    assert len(named) == 4
    assert "Выходной региона" in roshchina.get(PAGE).text
    own = next(row for row in named if row.service_id == service(office))
    cancel = {"service": service(office), "version": version(office)}
    assert roshchina.post(f"{PAGE}/days/{own.id}/cancel", **cancel).status_code == 303
    assert own.day not in calendar(office).overrides


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"title": ""}, "Напишите, что это за день"),
        ({"first": "2020-01-01"}, "Прошедшие дни не меняют"),
        ({"last": "2020-01-01"}, "Последний день раньше первого"),
        ({"kind": "hours", "hours": ""}, "Укажите часы"),
        ({"kind": "hours", "hours": "нет"}, "Укажите часы"),
        ({"kind": "hours", "hours": "9-99"}, "Нет такого времени"),
        ({"kind": "other"}, "Выберите один из вариантов"),
    ],
)
def test_days_that_cannot_be_come_back_with_a_sentence(office, changes, sentence):
    answer = office.browser("roshchina").post(f"{PAGE}/days", **day_form(office, **changes))
    assert answer.status_code == 422
    assert sentence in plain(answer.text)


def test_what_no_page_of_ours_sends_is_refused(office):
    roshchina = office.browser("roshchina")
    assert roshchina.post(f"{PAGE}/days", **day_form(office, surprise="1")).status_code == 422
    assert roshchina.post(f"{PAGE}/days/{2**63}/cancel", service=1, version=0).status_code == 404
    assert roshchina.post(f"{PAGE}/hours/0/cancel", service=1, version=0).status_code == 404
    assert roshchina.post(f"{PAGE}/hours", **week_form(office, service=2**40)).status_code == 404
    assert roshchina.post(f"{PAGE}/days", **day_form(office, title="<b>\u202eдень</b>" * 3)).status_code == 303
    assert "<b>\u202e" not in roshchina.get(PAGE).text
    assert "&lt;b&gt;день" in roshchina.get(PAGE).text


def test_without_hours_the_page_and_the_heads_other_pages_say_so(office):
    with office.desk.database.transaction() as session:
        session.execute(delete(ServiceHours))
    roshchina = office.browser("roshchina")
    assert "Часы работы этой службы не заданы" in plain(roshchina.get(PAGE).text)
    assert "Звонки принимаются круглосуточно" in plain(roshchina.get("/reports").text)
    assert "Звонки принимаются круглосуточно" not in plain(office.browser("lavrova").get("/workplace").text)


def test_a_confirmed_year_is_noted_with_its_person_and_can_be_taken_back(office):
    roshchina, year = office.browser("roshchina"), today().year + 1
    assert roshchina.post(f"{PAGE}/years", service=1, year=year).status_code == 303
    assert f"Переносы {year} года подтверждены" in plain(roshchina.get(PAGE).text)
    assert roshchina.post(f"{PAGE}/years/withdraw", service=1, year=year).status_code == 303
    assert f"Переносы {year} года подтверждены" not in plain(roshchina.get(PAGE).text)
    assert roshchina.post(f"{PAGE}/years", service=1, year=2199).status_code == 422
    with office.desk.database.reading() as session:
        actions = session.scalars(select(AuditEvent.action)).all()
    assert {"calendar.year", "calendar.year_withdraw"} <= set(actions)
