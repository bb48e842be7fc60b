"""«Обзвоны»: who sees which reminder, the red button, the human list, why (not), the head's settings, refusals."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, update

from callflow.dialler.states import TaskState
from crm.appointments.tables import PLANNED, Appointment
from crm.audit import Actor, AuditEvent
from crm.call_tables import CallRecord
from crm.dialler import refusals, switches
from crm.dialler.tables import CallRefusal, DialEvent, DiallerSettings, DialTask, NumberMark
from crm.family_tables import Family, Person
from crm.outgoing.tables import OutgoingCall
from crm.staff import by_login
from tests.integration.crm.reminded import attempt_of, task_of
from tests.integration.web.walk_forms import FORMS

SETTINGS = {name: str(value) for name, value in FORMS["POST /settings/dialling"][0].items()}


@pytest.fixture
def task_id(office) -> int:
    """A reminder of family 11 (Юлия Александровна) in the human list, due since an hour."""
    return waiting(office, 11)


def waiting(office, family_id: int, **values) -> int:
    at = datetime.now(UTC)
    with office.desk.database.transaction() as session:
        row = session.scalars(
            select(Appointment).where(Appointment.family_id == family_id, Appointment.state == PLANNED)
        ).first()
        if row is None:
            row = session.scalars(select(Appointment).where(Appointment.state == PLANNED)).first()
            family = session.get_one(Family, family_id)
            row.family_id, row.person_id = family_id, family.people[0].id
        task = task_of(session, row, at=at, number="+79070001101")
        task.channel, task.state, task.due_at = "human", "due", at - timedelta(hours=1)
        task.reason = "нет согласия на автоматические звонки"
        for name, value in values.items():
            setattr(task, name, value)
        return task.id


def state(office, task_id: int) -> str:
    with office.desk.database.reading() as session:
        return session.get_one(DialTask, task_id).state


def actor_of(session, login: str) -> Actor:
    employee = by_login(session, login)
    assert employee is not None
    return Actor.of(employee)


def logged(office) -> list[str]:
    with office.desk.database.reading() as session:
        wanted = AuditEvent.action.startswith("dialler.") | AuditEvent.action.startswith("reminder.")
        return list(session.scalars(select(AuditEvent.action).where(wanted).order_by(AuditEvent.seq)))


def test_the_plan_is_masked_and_opens_with_its_story(office, task_id):
    lavrova = office.browser("lavrova")
    text = lavrova.get("/dialling").text
    assert "Юлия Александровна" in text
    assert "+7 907 •••-••-01" in text
    assert "000-11-01" not in text
    assert "нет согласия на автоматические звонки" in text
    assert "Юлия" in lavrova.get("/dialling?state=by_human").text
    assert "Юлия" not in lavrova.get("/dialling?state=by_robot").text
    assert "Юлия" in lavrova.get("/dialling?state=' OR 1").text, "an unknown filter is no filter"
    one = lavrova.get(f"/dialling/{task_id}").text
    assert "Что было" in one
    assert "/appointments/" in one
    assert logged(office)[-1] == "dialler.open"


def test_a_restricted_card_has_no_reminders_for_strangers(office):
    task_id = waiting(office, 12)
    lavrova, head = office.browser("lavrova"), office.browser("roshchina")
    for path in ("/dialling", "/dialling/list"):
        assert "Пономар" not in lavrova.get(path).text
        assert "· 1" not in lavrova.get(path).text, "not counted either"
        assert "Пономар" in head.get(path).text
    assert lavrova.get(f"/dialling/{task_id}").status_code == 404
    for act in ("take", "call", "skip"):
        assert lavrova.post(f"/dialling/list/{task_id}/{act}").status_code in (404, 409)
    assert lavrova.post(f"/dialling/{task_id}/told").status_code == 404
    assert state(office, task_id) == "due"


@pytest.mark.parametrize("path", ["/dialling", "/dialling/list"])
def test_only_those_on_calls_see_it(office, path):
    for login in ("smirnova", "kim", "chernykh"):
        assert office.browser(login).get(path).status_code == 403


@pytest.mark.parametrize("number", ["-1", "0", "9223372036854775807", "x", "1e9", "%00"])
def test_ids_of_nobody_are_404(office, number):
    lavrova = office.browser("lavrova")
    assert lavrova.get(f"/dialling/{number}").status_code == 404
    assert lavrova.post(f"/dialling/list/{number}/take").status_code in (400, 404, 405)


def test_the_red_button_is_one_press_and_is_seen_on_every_page(office):
    lavrova = office.browser("lavrova")
    for _ in range(2):
        assert lavrova.post("/dialling/stop").status_code == 303
    assert logged(office).count("dialler.stop") == 1
    text = office.browser("zayac").get("/journal").text
    assert "Обзвон остановлен: Лаврова Н. А." in text
    assert "Продолжить обзвон" in lavrova.get("/dialling").text
    assert lavrova.post("/dialling/resume").status_code == 303
    assert "Обзвон остановлен" not in lavrova.get("/journal").text


def test_a_pause_of_the_program_is_told_with_its_reason(office):
    at = datetime.now(UTC)
    with office.desk.database.transaction() as session:
        switches.pause(session, at + timedelta(minutes=5), "Часы компьютера перескочили.", at,
                       by=actor_of(session, "roshchina"), employee_id=None)  # fmt: skip
    assert "Часы компьютера перескочили." in office.browser("lavrova").get("/journal").text


def test_the_list_is_worked_through_one_after_another(office, task_id):
    other_id = waiting(office, 16, deadline=datetime.now(UTC) + timedelta(days=3))
    lavrova = office.browser("lavrova")
    assert lavrova.post("/dialling/list/next").status_code == 303
    text = lavrova.get("/dialling/list").text
    assert "Меня зовут Лаврова Нина Аркадьевна" in text
    assert "Могу я поговорить с абонентом: Юлия Александровна?" in text
    assert "Напоминаем:" in text
    assert "#move" in text
    assert 'data-digit="7"' in text
    taken = office.browser("zayac").post(f"/dialling/list/{task_id}/take")
    assert taken.status_code == 409
    assert "занимается коллега" in taken.text
    assert lavrova.post(f"/dialling/list/{task_id}/outcome", outcome="told", note="да").status_code == 303
    assert state(office, task_id) == TaskState.DELIVERED
    with office.desk.database.reading() as session:
        task = session.get_one(DialTask, other_id)
        assert task.state == "claimed", "the next one is up by itself"
        said = select(DialEvent.detail).where(DialEvent.task_id == task_id, DialEvent.source == "person")
        assert session.scalars(said).one().endswith("да")


def test_later_without_a_time_loses_nothing_typed(office, task_id):
    lavrova = office.browser("lavrova")
    lavrova.post(f"/dialling/list/{task_id}/take")
    refused = lavrova.post(
        f"/dialling/list/{task_id}/outcome", outcome="later", note="<b>занята</b> 😀 \u202e", time="потом"
    )
    assert refused.status_code == 422
    assert "&lt;b&gt;занята&lt;/b&gt;" in refused.text
    assert "Укажите время" in refused.text
    assert lavrova.post(f"/dialling/list/{task_id}/outcome", outcome="=cmd").status_code in (400, 422)
    assert lavrova.post(f"/dialling/list/{task_id}/outcome", outcome="told", other="x").status_code in (400, 422)
    assert state(office, task_id) == "claimed"


def test_skipping_wants_a_reason_and_brings_another_family(office, task_id):
    lavrova = office.browser("lavrova")
    lavrova.post(f"/dialling/list/{task_id}/take")
    assert lavrova.post(f"/dialling/list/{task_id}/skip").status_code == 422
    assert lavrova.post(f"/dialling/list/{task_id}/skip", reason="перезвонит сама").status_code == 303
    assert state(office, task_id) == "due", "not the same one again, and free for others"
    assert "перезвонит сама" in lavrova.get(f"/dialling/{task_id}").text
    zayac = office.browser("zayac")
    shown = zayac.get("/dialling/list").text
    assert "Ждут звонка: 1" in shown
    assert f"/dialling/list/{task_id}/take" in shown, "given back is nobody's"
    assert zayac.post("/dialling/list/next").status_code == 303
    assert state(office, task_id) == "claimed"


def test_beside_a_family_stands_its_own_call_only(office, task_id):
    lavrova = office.browser("lavrova")
    lavrova.post(f"/dialling/list/{task_id}/take")
    at = datetime.now(UTC)
    with office.desk.database.transaction() as session:
        task = session.get_one(DialTask, task_id)
        order = OutgoingCall(
            channel_id="out-1", employee_id=by_login(session, "lavrova").id, extension="101", number=task.number,
            task_id=task_id, state="ended", result="busy", live=False, requested_at=at, changed_at=at, ended_at=at,
        )  # fmt: skip
        session.add(order)
    shown = lavrova.get("/dialling/list").text
    assert "Не соединились: занято. Отметьте, чем кончился звонок." in shown
    assert "Позвонить ещё раз" not in shown, "the list's own button calls again, by the list's rules"
    with office.desk.database.transaction() as session:
        session.scalars(select(OutgoingCall)).one().task_id = None
    assert "Не соединились" not in lavrova.get("/dialling/list").text, "another family's call is not hers"
    with office.desk.database.transaction() as session:
        order = session.scalars(select(OutgoingCall)).one()
        order.live, order.state, order.result, order.ended_at = True, "talking", "", None
    shown = lavrova.get("/dialling/list").text
    assert "Ещё идёт звонок" in shown
    assert 'data-do="hangup"' in shown


def test_a_rule_forbids_her_call_too(office, task_id):
    lavrova = office.browser("lavrova")
    with office.desk.database.transaction() as session:
        task = session.get_one(DialTask, task_id)
        refusals.refuse(session, task.number, task.person_id, refusals.ALL, "talk", datetime.now(UTC),
                        by=actor_of(session, "roshchina"))  # fmt: skip
    lavrova.post(f"/dialling/list/{task_id}/take")
    refused = lavrova.post(f"/dialling/list/{task_id}/call")
    assert refused.status_code == 409
    assert "Звонить нельзя: семья просила не звонить." in refused.text or "Нет связи с АТС" in refused.text


def test_nobody_dials_a_number_that_the_robot_is_dialling(office, task_id):
    at = datetime.now(UTC)
    with office.desk.database.transaction() as session:
        attempt_of(session, session.get_one(DialTask, task_id), at=at)
    refused = office.browser("lavrova").post("/outgoing", number="+79070001101", confirmed="yes", person_id="0")
    assert refused.status_code in (409, 422)
    assert "звонит робот" in refused.text or "Нет связи" in refused.text


def test_the_card_the_booking_and_the_telephone_say_why(office, task_id):
    with office.desk.database.reading() as session:
        task = session.get_one(DialTask, task_id)
        family_id, person_id, appointment_id = task.family_id, task.person_id, task.subjects[0].appointment_id
    lavrova = office.browser("lavrova")
    for path in (f"/families/{family_id}", f"/appointments/{appointment_id}"):
        text = lavrova.get(path).text
        assert "Почему (не) звоним" in text
        assert "Позвонит сотрудник" in text
    assert "Робот не звонит: нет согласия" in lavrova.get(f"/families/{family_id}/people/{person_id}").text


def test_in_a_talk_one_press_says_that_they_were_reminded(office):
    task_id = waiting(office, 1, number="+79070000101")
    office.ring()
    office.answer()
    lavrova = office.browser("lavrova")
    assert "Напомните о записи" not in lavrova.get("/workplace").text, "not before he has said who he is"
    with office.desk.database.transaction() as session:
        call = session.scalars(select(CallRecord).order_by(CallRecord.id.desc())).first()
        call.identity_level, call.family_id = 2, 1
    assert "Напомните о записи" in lavrova.get("/workplace").text
    for _ in range(2):
        assert lavrova.post(f"/dialling/{task_id}/told").status_code == 303
    assert state(office, task_id) == TaskState.DELIVERED
    assert logged(office).count("reminder.finish") == 1


def test_who_came_from_the_robot_is_shown_as_such(office):
    task_id = waiting(office, 1, number="+79070000101", channel="robot", state="calling")
    with office.desk.database.transaction() as session:
        attempt = attempt_of(session, session.get_one(DialTask, task_id), at=datetime.now(UTC), state="answered")
        session.add(DialEvent(task_id=task_id, attempt_id=attempt.id, at=datetime.now(UTC), what="human"))
    office.ring()
    assert "Из напоминания" in office.browser("lavrova").get("/workplace").text


def test_the_robot_is_not_switched_on_without_a_ground(office):
    head = office.browser("roshchina")
    form = {**SETTINGS, "robot_on": "yes", "caller_label": "Семейная диспетчерская"}
    refused = head.post("/settings/dialling", **form)
    assert refused.status_code == 422
    assert "только с отмеченным правовым основанием" in refused.text
    assert "Семейная диспетчерская" in refused.text, "nothing typed is lost"
    assert head.post("/settings/dialling", **form, legal="yes", legal_ground="да").status_code == 422
    ground = "договор с оператором № 17 от 01.09.2026"
    assert head.post("/settings/dialling", **form, legal="yes", legal_ground=ground).status_code == 303
    stale = head.post("/settings/dialling", **form, legal="yes", legal_ground="другое основание звонков")
    assert stale.status_code == 409
    assert "другое основание звонков" in stale.text
    with office.desk.database.reading() as session:
        row = session.get_one(DiallerSettings, 1)
        assert (row.legal_ground, row.robot_on, row.version) == (ground, True, 2)
        assert row.legal_ticked_by_id == by_login(session, "roshchina").id
    assert "dialler.settings" in logged(office)
    assert "Отметил(а) Рощина" in head.get("/settings/dialling").text


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("lines", "4", "Хотя бы одна линия"),
        ("lines", "99999999999", "Слишком большое"),
        ("earliest", "7:00", "с 8:00 до 21:00"),
        ("latest_usual", "полдень", "Нужно время"),
        ("caller_label", "я" * 33, "Не длиннее 32"),
        ("then_busy", "x", "Выберите из списка"),
        ("times_busy", "9", "От 1 до 5"),
        ("shown_line_id", "9223372036854775807", "Такой линии"),
    ],
)
def test_what_cannot_be_is_said_beside_its_field(office, field, value, sentence):
    refused = office.browser("roshchina").post("/settings/dialling", **{**SETTINGS, field: value})
    assert refused.status_code == 422
    assert sentence in refused.text


def test_refusals_list_those_whose_card_alone_says_so(office):
    head, title = office.browser("roshchina"), "«Не звонить» в карточке"
    with office.desk.database.transaction() as session:
        session.execute(update(Person).values(do_not_call=False))
    assert title not in head.get("/settings/dialling/refusals").text
    with office.desk.database.transaction() as session:
        person = session.get_one(Family, 1).people[0]
        person.do_not_call, link = True, f"/families/1/people/{person.id}"
    text = head.get("/settings/dialling/refusals").text
    assert title in text
    assert f'href="{link}"' in text
    assert head.get(link).status_code == 200


def test_refusals_end_with_a_reason_and_marks_are_cleared(office):
    at = datetime.now(UTC)
    with office.desk.database.transaction() as session:
        person = session.get_one(Family, 1).people[0]
        by = actor_of(session, "roshchina")
        row_id = refusals.refuse(session, "+79070000101", person.id, refusals.ROBOT, "talk", at, by=by).id
        refusals.mark(session, "+79070000101", person.id, refusals.WRONG_PERSON, at, None)
        mark_id = session.scalars(select(NumberMark.id)).one()
    head = office.browser("roshchina")
    text = head.get("/settings/dialling/refusals").text
    assert "Елена Викторовна" in text
    assert "000-01-01" not in text
    assert head.post(f"/settings/dialling/refusals/{row_id}/end").status_code == 422
    assert head.post(f"/settings/dialling/refusals/{row_id}/end", reason="позвонила сама").status_code == 303
    assert head.post(f"/settings/dialling/marks/{mark_id}/clear").status_code == 303
    with office.desk.database.reading() as session:
        assert session.get_one(CallRefusal, row_id).ended_reason == "позвонила сама"
        assert session.get_one(NumberMark, mark_id).cleared_at is not None
    assert office.browser("lavrova").get("/settings/dialling/refusals").status_code == 403
