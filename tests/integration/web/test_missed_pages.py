"""«Перезвонить» and «Передача смены» as pages: what is seen, claimed, closed, promised, handed over, and by whom."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest
from sqlalchemy import delete, select

from callflow import events
from callflow.caller_id import CallerKind
from crm.audit import AuditEvent
from crm.family_tables import Family, FamilyAssignment
from crm.missed.tables import MissedAttempt, MissedCall, MissedContact, ShiftHandover
from crm.staff import by_login


@pytest.fixture
def office(office):
    """Without the demo's missed calls."""
    with office.desk.database.transaction() as session:
        for model in (MissedAttempt, MissedContact, MissedCall):
            session.execute(delete(model))
    return office


def abandon(office, call="1700000000.1", number="+79070000101", **how) -> int:
    """Somebody hangs up before anybody answers; return the row's id."""
    office.ring(call, number, **how)
    office.fact(events.CallEnded, call=call, cause=16)
    with office.desk.database.reading() as session:
        return session.scalars(select(MissedContact.missed_id).order_by(MissedContact.id.desc())).first()


def row_of(office, missed_id) -> MissedCall:
    with office.desk.database.reading() as session:
        return session.get_one(MissedCall, missed_id)


def actions(office) -> list[str]:
    with office.desk.database.reading() as session:
        wanted = AuditEvent.action.startswith("missed.") | AuditEvent.action.startswith("shift.")
        return list(session.scalars(select(AuditEvent.action).where(wanted).order_by(AuditEvent.seq)))


def key_of(text: str) -> str:
    return re.search(r'name="form_key" value="(\w+)"', text)[1]


def test_an_abandoned_call_is_on_every_page_at_once(office):
    lavrova = office.browser("lavrova")
    assert "Перезвонить: 0" in lavrova.get("/journal").text
    abandon(office)
    text = lavrova.get("/journal").text
    assert "Перезвонить: 1" in text
    idle = lavrova.get("/workplace").text
    assert "Елена Викторовна" in idle
    assert "+7 907 •••-••-01" in idle
    listed = lavrova.get("/missed").text
    assert "звонок прерван до ответа" in listed
    assert "000-01-01" not in listed, "masked like everywhere before a card is opened"
    assert 'name="missed_id"' in listed


def test_the_late_one_is_told_in_words_too(office):
    missed_id = abandon(office)
    with office.desk.database.transaction() as session:
        row = session.get_one(MissedCall, missed_id)
        row.due_at = row.first_at.replace(year=2025)
    lavrova = office.browser("lavrova")
    assert "просрочено 1" in lavrova.get("/journal").text
    assert "просрочено на" in lavrova.get("/missed?show=late").text
    assert "просрочено на" not in lavrova.get("/missed?show=promised").text


def test_a_talk_takes_it_off_the_list(office):
    abandon(office)
    office.ring("1700000000.2")
    office.answer("1700000000.2")
    lavrova = office.browser("lavrova")
    assert "Перезвонить: 0" in lavrova.get("/workplace").text
    closed = lavrova.get("/missed?show=closed").text
    assert "поговорили" in closed
    assert "Лаврова Н. А." in closed


def test_one_claims_and_the_other_sees_it(office):
    missed_id = abandon(office)
    lavrova, zayac = office.browser("lavrova"), office.browser("zayac")
    assert lavrova.post(f"/missed/{missed_id}/claim").status_code == 303
    seen = zayac.get("/missed").text
    assert "Лаврова Н. А." in seen
    assert f'action="/missed/{missed_id}/claim"' not in seen
    refused = zayac.post(f"/missed/{missed_id}/claim")
    assert refused.status_code == 409
    assert "Уже перезванивает Лаврова" in refused.text
    assert zayac.post("/outgoing", missed_id=str(missed_id)).status_code == 409, "two do not call one family"
    assert zayac.post(f"/missed/{missed_id}/claim", reason="она ушла").status_code == 303
    assert "она ушла" in zayac.get(f"/missed/{missed_id}").text
    assert zayac.post(f"/missed/{missed_id}/release").status_code == 303
    assert row_of(office, missed_id).claimed_by_id is None
    assert actions(office) == [
        "missed.claim", "missed.open", "missed.take_over", "missed.open", "missed.release",
    ]  # fmt: skip


def test_closing_without_a_talk_wants_a_reason(office):
    missed_id = abandon(office)
    lavrova = office.browser("lavrova")
    empty = lavrova.post(f"/missed/{missed_id}/close", note="Дозвонились по домашнему.")
    assert empty.status_code == 422
    assert "Выберите причину" in empty.text
    assert "Дозвонились по домашнему." in empty.text, "nothing typed is lost"
    closed = lavrova.post(f"/missed/{missed_id}/close", reason="reached", note="по домашнему")
    assert closed.headers["location"] == "/missed"
    again = lavrova.post(f"/missed/{missed_id}/close", reason="reached", note="по домашнему")
    assert again.status_code == 303, "twice is once"
    assert lavrova.post(f"/missed/{missed_id}/claim").status_code == 409
    shown = lavrova.get("/missed?show=closed").text
    assert "дозвонились по другому номеру" in shown
    assert actions(office).count("missed.close") == 1


def test_an_attempt_is_noted_once_and_the_row_stays(office):
    missed_id = abandon(office)
    lavrova = office.browser("lavrova")
    key = key_of(lavrova.get(f"/missed/{missed_id}").text)
    for _ in range(2):
        form = {"result": "no_answer", "note": "гудки", "form_key": key}
        assert lavrova.post(f"/missed/{missed_id}/attempt", **form).status_code == 303
    text = lavrova.get(f"/missed/{missed_id}").text
    assert text.count("гудки") == 1
    assert "1 попытка" in lavrova.get("/missed").text
    assert lavrova.post(f"/missed/{missed_id}/attempt", result="answered").status_code == 422


def test_a_promise_is_kept_in_sight(office):
    missed_id = abandon(office)
    lavrova = office.browser("lavrova")
    wrong = lavrova.post(f"/missed/{missed_id}/promise", time="потом", note="после смены")
    assert wrong.status_code == 422
    assert "после смены" in wrong.text
    assert lavrova.post(f"/missed/{missed_id}/promise", time="15:00", note="после смены").status_code == 303
    row = row_of(office, missed_id)
    assert row.promised_for is not None
    assert row.promised_for > datetime.now(UTC)
    assert (row.due_at, row.promised_for.astimezone(office.desk.zone).hour) == (row.promised_for, 15)
    assert "после смены" in lavrova.get("/missed?show=promised").text
    assert lavrova.post(f"/missed/{missed_id}/promise").status_code == 303
    assert row_of(office, missed_id).promised_for is None


def test_a_call_from_a_telephone_on_the_desk_is_entered_in_a_moment(office):
    lavrova = office.browser("lavrova")
    form = {"number": "8 907 000-01-01", "form_key": key_of(lavrova.get("/missed/new").text)}
    for _ in range(2):
        assert lavrova.post("/missed/new", **form).headers["location"] == "/missed"
    text = lavrova.get("/missed").text
    assert text.count("Елена Викторовна") == 1
    assert "внесён вручную" in text
    for wrong in ({}, {"number": "12"}, {"number": "8 907 000-01-01", "happened": "утром"}):
        answer = lavrova.post("/missed/new", form_key="k1", **wrong)
        assert answer.status_code == 422
        assert 'role="alert"' in answer.text
    assert lavrova.post("/missed/new", number="1", form_key="=x").status_code == 422


def test_a_promise_from_a_familys_card(office):
    lavrova = office.browser("lavrova")
    with office.desk.database.reading() as session:
        family = session.scalars(select(Family).where(Family.card_number == "С-00004")).one()
        restricted = session.scalars(select(Family.id).where(Family.restricted)).first()
    text = lavrova.get(f"/missed/new?family={family.id}").text
    assert "Орловы" in text
    sent = {"family": str(family.id), "number": "8 907 000-04-01", "time": "23:59", "form_key": key_of(text)}
    assert lavrova.post("/missed/new", **sent).status_code == 303
    assert "Орловы" in lavrova.get("/missed?show=promised").text
    assert lavrova.get(f"/missed/new?family={restricted}").status_code == 404


@pytest.mark.parametrize("text", ["'\"><script>", "=cmd|x", "\u202e перевёрнуто", "ы" * 5000, "%_\\", "😀"])
def test_hostile_words_are_text(office, text):
    missed_id = abandon(office)
    lavrova = office.browser("lavrova")
    for path, form in (
        (f"/missed/{missed_id}/promise", {"time": text, "day": text}),
        (f"/missed/{missed_id}/attempt", {"result": text}),
        (f"/missed/{missed_id}/close", {"reason": text}),
        ("/missed/new", {"number": text, "caller_name": text, "form_key": "k2", "happened": text, "day": text}),
    ):
        answer = lavrova.post(path, **form)
        assert answer.status_code == 422, (path, answer.status_code)
        assert "<script>" not in answer.text.split("</head>")[1]
    assert lavrova.post(f"/missed/{missed_id}/close", reason="other", note=text).status_code == 303
    assert lavrova.get(f"/missed/{missed_id}").status_code == 200


@pytest.mark.parametrize("missed_id", ["0", "-1", str(2**63), "x", "771399"])
def test_rows_that_are_not_there(office, missed_id):
    lavrova = office.browser("lavrova")
    assert lavrova.get(f"/missed/{missed_id}").status_code == 404
    assert lavrova.post(f"/missed/{missed_id}/claim").status_code == 404


def test_another_services_rows_are_not_there(office):
    missed_id = abandon(office)
    gromova = office.browser("gromova")
    assert gromova.get(f"/missed/{missed_id}").status_code == 404
    assert "Елена Викторовна" not in gromova.get("/missed").text
    assert "Елена Викторовна" in office.browser("roshchina").get("/missed").text


def test_a_restricted_family_is_a_number_to_be_called_back(office):
    with office.desk.database.transaction() as session:
        family = session.scalars(select(Family).where(Family.restricted)).one()
        number = next(phone.number for person in family.people for phone in person.active_phones)
        surname = family.people[0].surname
        session.execute(delete(FamilyAssignment).where(FamilyAssignment.family_id == family.id))
    missed_id = abandon(office, number=number)
    with office.desk.database.transaction() as session:
        row = session.get_one(MissedCall, missed_id)
        assert row.family_id == family.id
        row.caller_name, row.note, row.promise_note = surname, surname, surname
        session.add(MissedAttempt(missed_id=missed_id, at=row.first_at, result="no_answer", note=surname))
    lavrova, roshchina = office.browser("lavrova"), office.browser("roshchina")
    pages = ("/missed", f"/missed/{missed_id}", "/workplace", "/handover", "/parts?at=workplace")
    for path in pages:
        text = lavrova.get(path).text
        assert surname not in text, path
        assert family.name not in text, path
        assert number not in text, path
        assert f"/families/{family.id}" not in text, path
    assert "+7 907 •••-••" in lavrova.get("/missed").text
    assert family.name in roshchina.get("/missed").text
    assert lavrova.post(f"/missed/{missed_id}/close", reason="mistake").status_code == 303
    assert lavrova.get(f"/missed/{missed_id}").status_code == 404, "history of a family that she may not know of"
    assert "ошибочный звонок" not in lavrova.get("/missed?show=closed").text
    assert "ошибочный звонок" in roshchina.get("/missed?show=closed").text


def test_a_hidden_number_has_no_button_to_call(office):
    missed_id = abandon(office, number=None, kind=CallerKind.HIDDEN)
    lavrova = office.browser("lavrova")
    text = lavrova.get("/missed").text
    assert "номер скрыт" in text
    assert 'name="missed_id"' not in text
    assert lavrova.post(f"/missed/{missed_id}/close", reason="nowhere").status_code == 303


def test_a_shift_is_signed_by_both(office):
    abandon(office)
    lavrova, zayac = office.browser("lavrova"), office.browser("zayac")
    text = lavrova.get("/handover").text
    assert "Елена Викторовна" in text
    form = {"note": "Ждём звонка из опеки", "form_key": key_of(text)}
    for _ in range(2):
        assert lavrova.post("/handover", **form).headers["location"] == "/handover"
    with office.desk.database.reading() as session:
        (signed,) = session.scalars(select(ShiftHandover)).all()
        assert (signed.figures["open"], signed.note) == (1, "Ждём звонка из опеки")
    assert lavrova.post(f"/handover/{signed.id}/take").status_code == 409, "not one's own"
    assert "Ждём звонка из опеки" in zayac.get("/handover").text
    assert office.browser("gromova").post(f"/handover/{signed.id}/take").status_code == 404
    assert zayac.post(f"/handover/{signed.id}/take", note="принято").status_code == 303
    assert zayac.post(f"/handover/{signed.id}/take", note="принято").status_code == 303
    assert office.browser("roshchina").post(f"/handover/{signed.id}/take").status_code == 409
    assert "принимает Заяц" in lavrova.get("/handover").text
    assert actions(office) == ["shift.leave", "shift.take"]


def test_the_handover_may_be_printed(office):
    lavrova = office.browser("lavrova")
    assert lavrova.post("/prints", subject="handover").status_code == 204
    assert office.browser("smirnova").post("/prints", subject="handover").status_code == 404


def test_the_head_sets_how_soon(office):
    missed_id = abandon(office)
    roshchina = office.browser("roshchina")
    before = row_of(office, missed_id)
    form = {"service_id": str(before.service_id), "minutes": "60", "claim_minutes": "10"}
    assert roshchina.post("/settings/missed", **form).status_code == 303
    assert row_of(office, missed_id).due_at > before.due_at
    for wrong in ({"minutes": "1"}, {"minutes": "1e9"}, {"claim_minutes": "-5"}):
        assert roshchina.post("/settings/missed", **{**form, **wrong}).status_code == 422
    assert roshchina.post("/settings/missed", **{**form, "service_id": "999"}).status_code == 404
    assert office.browser("lavrova").get("/settings/missed").status_code == 403


def test_who_calls_nobody_back_has_no_list(office):
    for login in ("kim", "smirnova", "chernykh"):
        browser = office.browser(login)
        assert browser.get("/missed").status_code == 403
        assert 'href="/missed"' not in browser.get("/me").text


def test_the_count_costs_one_question(office):
    """The top bar of every page: a single count, whatever is in the ledger."""
    from sqlalchemy import event

    lavrova = office.browser("lavrova")
    with office.desk.database.reading() as session:
        service_id = by_login(session, "lavrova") and session.scalars(select(MissedCall.service_id)).first()
    assert service_id is None
    asked: list[str] = []
    event.listen(office.desk.database.engine, "before_cursor_execute", lambda *args: asked.append(args[2]))
    lavrova.get("/journal")
    about = [one for one in asked if "missed_call" in one]
    assert len(about) == 1
    assert "count(*)" in about[0]
