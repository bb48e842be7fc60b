"""«Запись» as people use it: press a time, book it, read it aloud; day, week, list, waiting list, timetables."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from crm.appointments import slots
from crm.appointments.tables import Appointment, SlotHold, SupportNeed, TimetableInterval
from crm.audit import AuditEvent
from crm.consents import rules
from crm.family_tables import Family, Person
from crm.journal_tables import JournalEntry
from crm.specialists.tables import CompetenceTopic
from crm.staff import by_login
from tests.integration.web.conftest import Browser, Office

BOX = {"hx-request": "true", "hx-target": "booking", "sec-fetch-site": "same-origin"}


def free(office: Office, login: str = "vorobey", number: int = 0) -> tuple[int, int]:
    """The specialist's id and the next free time as a button sends it."""
    with office.desk.database.reading() as session:
        who = by_login(session, login)
        assert who is not None
        times = slots.nearest(session, [who.id], datetime.now(UTC), number + 1)[who.id]
        return who.id, int(times[number].starts_at.timestamp())


def boxed(browser: Browser, path: str, **fields: object) -> object:
    """As the workplace's script sends it."""
    return browser.client.post(path, data={"csrf": browser.csrf, **fields}, headers=BOX)


def field_of(text: str, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', text)
    assert found, name
    return found[1]


def hold_in(text: str) -> str:
    found = re.search(r"/appointments/holds/([0-9]+)/book", text)
    assert found
    return found[1]


def rows(office: Office, model: type = Appointment) -> list:  # type: ignore[type-arg]
    with office.desk.database.reading() as session:
        return list(session.scalars(select(model).order_by(model.__table__.primary_key.columns.values()[0])))


def test_a_time_is_booked_from_a_call_in_two_presses_and_nothing_touches_its_form(office: Office) -> None:
    lavrova = office.browser("lavrova")
    call_id = office.ring()
    office.answer()
    with office.desk.database.reading() as session:
        person = session.scalars(select(Person).order_by(Person.id)).first()
    lavrova.post(f"/calls/{call_id}/person", person_id=person.id)
    lavrova.post(f"/calls/{call_id}/identity", birth_date=f"{person.birth_date:%d.%m.%Y}", named="yes")
    people = lavrova.part("people")
    assert f'name="call_id" value="{call_id}"' in people
    who, time = free(office)
    assert f'value="{time}"' in people
    opened = boxed(lavrova, "/appointments/hold", employee_id=who, starts_at=time, call_id=call_id)
    assert opened.status_code == 200
    assert "держим до" in opened.text
    assert "Кузнецова Елена Викторовна" in opened.text
    assert 'id="part-people"' in opened.text
    assert "держите вы" in lavrova.part("people")
    assert "держит Лаврова" in office.browser("zayac").part("people")
    before = lavrova.part("appeal")
    hold = hold_in(opened.text)
    sent = {"form_key": field_of(opened.text, "form_key"), "person_id": person.id, "topic": "пособие", "mode": "phone",
            "remote_explained": "yes", "long_support": "yes"}  # fmt: skip
    done = boxed(lavrova, f"/appointments/holds/{hold}/book", **sent)
    assert done.status_code == 200
    assert "Вы записаны:" in done.text
    assert "приём по телефону" in done.text
    again = boxed(lavrova, f"/appointments/holds/{hold}/book", **sent)
    assert again.status_code == 200
    made = [row for row in rows(office) if row.call_id == call_id]
    assert len(made) == 1
    assert (made[0].family_id, made[0].person_id, made[0].mode) == (person.family_id, person.id, "phone")
    assert (made[0].remote_explained, made[0].long_support) == (True, True)
    entry = next(row for row in rows(office, JournalEntry) if row.call_id == call_id)
    assert made[0].entry_id == entry.id
    assert [row.entry_id for row in rows(office, SupportNeed)] == [entry.id]
    assert field_of(before, "version") == field_of(lavrova.part("appeal"), "version")
    assert "запись на приём есть" in lavrova.part("appeal")


def test_the_answer_about_reminders_is_a_consent(office: Office) -> None:
    lavrova = office.browser("lavrova")
    with office.desk.database.reading() as session:
        seen = select(Family.id).where(Family.restricted.is_(False))
        people = session.scalars(select(Person).where(Person.is_applicant, Person.family_id.in_(seen))).all()
        known = rules.standings(session, [one.id for one in people], datetime.now(UTC))
        person = next(one for one in people if known[one.id].of("auto_calls").state == "none")
    who, time = free(office)
    answer = lavrova.post("/appointments/hold", employee_id=who, starts_at=time, family_id=person.family_id)
    assert answer.status_code == 303
    page = lavrova.get(answer.headers["location"])
    hold = hold_in(page.text)
    assert "напомнить автоматическим звонком" in page.text
    done = lavrova.post(f"/appointments/holds/{hold}/book", form_key="k", person_id=person.id, auto_calls="yes")
    assert done.status_code == 303, done.text
    with office.desk.database.reading() as session:
        assert rules.standing(session, person.id, datetime.now(UTC)).auto_calls


def test_the_second_dispatcher_reads_who_was_first_and_gets_the_next_times(office: Office) -> None:
    lavrova, zayac = office.browser("lavrova"), office.browser("zayac")
    who, time = free(office)
    boxed(lavrova, "/appointments/hold", employee_id=who, starts_at=time)
    late = boxed(zayac, "/appointments/hold", employee_id=who, starts_at=time)
    assert late.status_code == 409
    assert "держит Лаврова Н. А." in late.text
    assert len(re.findall('class="button small slot"', late.text.split('id="part-')[0])) == 3
    plain = zayac.post("/appointments/hold", employee_id=who, starts_at=time)
    assert plain.status_code == 409
    assert "держит Лаврова Н. А." in plain.text
    hold = rows(office, SlotHold)[-1]
    assert boxed(lavrova, f"/appointments/holds/{hold.id}/release").status_code == 200
    assert boxed(zayac, "/appointments/hold", employee_id=who, starts_at=time).status_code == 200
    assert zayac.get(f"/appointments/holds/{hold.id}").status_code == 404


def test_a_reload_of_the_workplace_shows_the_held_time_again_to_its_holder(office: Office) -> None:
    lavrova = office.browser("lavrova")
    who, time = free(office)
    hold = hold_in(boxed(lavrova, "/appointments/hold", employee_id=who, starts_at=time).text)
    assert f"/appointments/holds/{hold}/book" in lavrova.get("/workplace").text
    assert f"/appointments/holds/{hold}/book" not in office.browser("zayac").get("/workplace").text
    boxed(lavrova, f"/appointments/holds/{hold}/release")
    assert '<div id="booking" aria-live="polite"></div>' in lavrova.get("/workplace").text


def test_a_form_with_mistakes_keeps_what_was_typed(office: Office) -> None:
    lavrova = office.browser("lavrova")
    who, time = free(office, "durnovo")
    opened = boxed(lavrova, "/appointments/hold", employee_id=who, starts_at=time)
    hold = hold_in(opened.text)
    wrong = boxed(lavrova, f"/appointments/holds/{hold}/book", form_key="k", topic="ссора <b>", mode="office")
    assert wrong.status_code == 422
    assert "Укажите, кто придёт" in wrong.text
    assert "ссора &lt;b&gt;" in wrong.text
    assert 'value="k"' in wrong.text


@pytest.mark.parametrize("starts_at", ["", "-1", "0", "99999999999", "9" * 30, "завтра", "1e9"])
def test_a_time_that_is_none_is_refused(office: Office, starts_at: str) -> None:
    lavrova = office.browser("lavrova")
    who, _ = free(office)
    answer = lavrova.post("/appointments/hold", employee_id=who, starts_at=starts_at)
    assert answer.status_code in (409, 422)
    for bad in ("0", "-1", str(2**63), "кто"):
        assert lavrova.post("/appointments/hold", employee_id=bad, starts_at="1800000000").status_code in (404, 422)


@pytest.mark.parametrize("in_the_box", [True, False])
def test_who_booked_too_late_reads_who_was_first_and_what_is_free_instead(office: Office, in_the_box: bool) -> None:
    """Her five minutes were over, and a colleague took the time before she pressed the button."""
    lavrova, zayac = office.browser("lavrova"), office.browser("zayac")
    who, time = free(office)
    hold = hold_in(boxed(lavrova, "/appointments/hold", employee_id=who, starts_at=time).text)
    with office.desk.database.transaction() as session:
        row = session.get_one(SlotHold, int(hold))
        row.held_at, row.until = row.held_at - timedelta(minutes=9), row.until - timedelta(minutes=9)
    theirs = hold_in(boxed(zayac, "/appointments/hold", employee_id=who, starts_at=time).text)
    boxed(zayac, f"/appointments/holds/{theirs}/book", form_key="z", applicant_name="Гусева Анна")
    sent = {"form_key": "l", "applicant_name": "Кузнецова Елена"}
    path = f"/appointments/holds/{hold}/book"
    late = boxed(lavrova, path, **sent) if in_the_box else lavrova.post(path, **sent)
    assert late.status_code == 409
    assert "Заяц" in late.text
    assert f'name="employee_id" value="{who}"' in late.text, "the next times are buttons"
    assert len([row for row in rows(office) if int(row.starts_at.timestamp()) == time and row.employee_id == who]) == 1


def test_a_person_who_did_not_take_part_books_nothing_for_a_call(office: Office) -> None:
    office.browser("lavrova")
    call_id = office.ring()
    office.answer()
    who, time = free(office)
    gromova = office.browser("gromova")
    assert gromova.post("/appointments/hold", employee_id=who, starts_at=time, call_id=call_id).status_code == 404


def test_day_week_list_and_files_show_and_log_the_appointment(office: Office) -> None:
    head = office.browser("roshchina")
    who, time = free(office)
    answer = head.post("/appointments/hold", employee_id=who, starts_at=time, family_id=1)
    hold = hold_in(head.get(answer.headers["location"]).text)
    made = head.post(f"/appointments/holds/{hold}/book", form_key="k", applicant_name="Кузнецова Елена")
    one = made.headers["location"]
    local = datetime.fromtimestamp(time, office.desk.zone)
    day, clock = local.date().isoformat(), f"{local:%H:%M}"
    for path in (f"/appointments?day={day}", f"/appointments/week?employee={who}&day={day}", "/appointments/list", one):
        page = head.get(path)
        assert page.status_code == 200
        assert clock in page.text
        assert "Кузнецова Елена" in page.text
    assert "Запись на приём" in head.get("/families/1/timeline").text
    assert f'href="{one}"' in head.get("/families/1").text
    for path in (f"{one}/ics", f"/appointments/week.ics?employee={who}&day={day}"):
        file = head.get(path)
        assert file.headers["content-type"].startswith("text/calendar")
        assert "Кузнецова" not in file.text + file.headers["content-disposition"]
        assert "SUMMARY:Приём\\, каб. 3" in file.text
    with office.desk.database.reading() as session:
        actions = set(session.scalars(select(AuditEvent.action)))
    assert {"appointment.book", "appointment.open", "appointment.list", "appointment.export", "slot.hold"} <= actions


def test_an_appointment_is_moved_cancelled_and_a_stale_page_is_told(office: Office) -> None:
    head = office.browser("roshchina")
    row = next(one for one in rows(office) if one.state == "planned")
    who, time = free(office)
    stale = head.post(f"/appointments/{row.id}/move", version=7, starts_at=time, employee_id=who)
    assert stale.status_code == 409
    assert "уже изменена" in stale.text
    moved = head.post(
        f"/appointments/{row.id}/move", version=1, starts_at=time, employee_id=who, reason="просит раньше"
    )
    new = next(one for one in rows(office) if one.moved_from_id == row.id)
    assert moved.headers["location"] == f"/appointments/{new.id}"
    empty = head.post(f"/appointments/{new.id}/cancel", version=1, cancelled_by="family", reason="")
    assert empty.status_code == 422
    assert "Укажите причину" in empty.text
    early = head.post(f"/appointments/{new.id}/done", version=1)
    assert early.status_code == 409
    assert "ещё не наступило" in early.text
    assert head.post(f"/appointments/{new.id}/cancel", version=1, cancelled_by="family", reason="болеют",
                     back="day").headers["location"].startswith("/appointments?day=")  # fmt: skip
    assert {one.state for one in rows(office) if one.id in (row.id, new.id)} == {"moved", "cancelled"}


def test_a_specialist_sees_her_own_day_only_and_books_nobody(office: Office) -> None:
    durnovo = office.browser("durnovo")
    page = durnovo.get("/appointments").text
    assert "Дурново" in page
    assert "Смирнова О. П." not in page
    who, time = free(office)
    assert durnovo.post("/appointments/hold", employee_id=who, starts_at=time).status_code == 403
    other = next(one for one in rows(office) if one.employee_id == who)
    assert durnovo.get(f"/appointments/{other.id}").status_code == 404
    assert durnovo.get(f"/timetables/{who}").status_code == 404
    assert durnovo.get("/timetables").status_code == 303


def test_the_waiting_list_page(office: Office) -> None:
    lavrova = office.browser("lavrova")
    page = lavrova.get("/appointments/waiting?family=1")
    assert "Власова" in page.text
    key = field_of(page.text, "form_key")
    wrong = lavrova.post(
        "/appointments/waiting", form_key=key, applicant_name="", starts="полдень", weekdays=["1", "3"]
    )
    assert wrong.status_code == 422
    assert "Нужно время" in wrong.text
    assert 'value="1" checked' in wrong.text
    sent = {"form_key": key, "applicant_name": "Кузнецова", "family_id": "1", "weekdays": ["1", "3"], "starts": "9:30"}
    assert lavrova.post("/appointments/waiting", **sent).status_code == 303
    assert lavrova.post("/appointments/waiting", **sent).status_code == 303
    text = lavrova.get("/appointments/waiting").text
    assert text.count('<bdi class="strong">Кузнецова</bdi>') == 1
    wish = re.findall(r"/appointments/waiting/([0-9]+)/close", text)[-1]
    assert lavrova.post(f"/appointments/waiting/{wish}/close", reason="").status_code == 422
    assert lavrova.post(f"/appointments/waiting/{wish}/close", reason="передумали").status_code == 303
    assert lavrova.post("/appointments/offers/999/take").status_code == 404


def test_the_timetable_page_changes_hours_and_dates(office: Office) -> None:
    head = office.browser("roshchina")
    assert "Смирнова" in head.get("/timetables").text
    who, _ = free(office, "smirnova")
    page = head.get(f"/timetables/{who}").text
    version = field_of(page, "version")
    wrong = head.post(f"/timetables/{who}/hours", version=version, weekday="0", starts="10", ends="9", modes="office")
    assert wrong.status_code == 422
    assert "Окончание должно быть позже" in wrong.text
    good = head.post(f"/timetables/{who}/hours", version=version, weekday="0", starts="9", ends="11:30",
                     modes=["office", "video"], room="12")  # fmt: skip
    assert good.status_code == 303
    stale = head.post(f"/timetables/{who}/length", version=version, slot_minutes="30", buffer_minutes="5")
    assert stale.status_code == 409
    added = rows(office, TimetableInterval)[-1]
    assert (added.weekday, added.starts, added.ends, added.modes) == (0, 540, 690, ["office", "video"])
    version = field_of(head.get(f"/timetables/{who}").text, "version")
    assert head.post(f"/timetables/{who}/hours/{added.id}/end", version=version).status_code == 303
    day = (datetime.now(UTC) + timedelta(days=30)).date()
    missing = head.post(f"/timetables/{who}/exceptions", day=day.isoformat(), kind="closed", reason="")
    assert missing.status_code == 422
    assert (
        head.post(f"/timetables/{who}/exceptions", day=day.isoformat(), kind="closed", reason="учёба").status_code
        == 303
    )
    text = head.get(f"/timetables/{who}").text
    assert "учёба" in text
    gone = re.findall(rf"/timetables/{who}/exceptions/([0-9]+)/remove", text)[-1]
    assert head.post(f"/timetables/{who}/exceptions/{gone}/remove").status_code == 303
    assert head.get("/timetables/999999").status_code == 404


def test_long_support_is_marked_beside_the_appeal_and_stops_its_end(office: Office) -> None:
    lavrova = office.browser("lavrova")
    now = f"{datetime.now(office.desk.zone):%Y-%m-%dT%H:%M}"
    made = lavrova.post("/journal/new", form_key="f" * 32, service_id="1", contact_method="in_person", version="1",
                        applicant_name="Иванова", family_brief="двое детей", substance="долгая помощь",
                        occurred_at=now, obstacle="no", whole="1")  # fmt: skip
    entry = made.headers["location"].rsplit("/", maxsplit=1)[-1]
    assert lavrova.post(f"/appeals/{entry}/support", needed="yes").status_code == 303
    assert "запишите заявителя на приём" in lavrova.get(f"/journal/{entry}").text
    with office.desk.database.reading() as session:
        topic = session.scalars(select(CompetenceTopic.id).order_by(CompetenceTopic.id)).first()
    said = {"consultation_topic": topic, "consultation_kind": "answered", "consultation_answer": "придёт"}
    assert lavrova.post(f"/appeals/{entry}/consultation", **said).status_code == 303
    refused = lavrova.post(f"/appeals/{entry}/consult", answer="")
    assert refused.status_code == 422
    assert "сначала запишите заявителя" in refused.text
    assert lavrova.post(f"/appeals/{entry}/support", reason="").status_code == 422
    assert lavrova.post(f"/appeals/{entry}/support", reason="разобрались").status_code == 303
    assert lavrova.post(f"/appeals/{entry}/consult", answer="").status_code == 303


def test_addresses_nobody_gave_are_answered_calmly(office: Office) -> None:
    lavrova = office.browser("lavrova")
    for path in (
        "/appointments?day=x",
        "/appointments?day=0001-01-01",
        "/appointments?day=9999-12-31",
        "/appointments/week?employee=-1&day=2026-02-30",
        "/appointments/list?since=x&state=%00&employee=9e9",
    ):
        assert lavrova.get(path).status_code == 200, path
    for path in (
        "/appointments/0",
        f"/appointments/{2**63}",
        "/appointments/abc",
        "/appointments/-1/ics",
        "/appointments/holds/0",
        "/appointments/new?family=999999",
    ):
        assert lavrova.get(path).status_code == 404, path
