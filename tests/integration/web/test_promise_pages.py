"""«Перезвонить в …» and «просит не звонить» as people use them: in a talk, on a card, in a list, by a letter."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import delete, select

from crm import calls as call_records
from crm import presence
from crm.audit import AuditEvent
from crm.call_tables import CallRecord
from crm.dialler.tables import CallRefusal, DialTask
from crm.family_tables import Family
from crm.missed.tables import MissedAttempt, MissedCall, MissedContact
from crm.outgoing.tables import OutgoingCall
from crm.staff import by_login
from tests.integration.web.test_outgoing_pages import NUMBER, linked, phone_of, unwarned

__all__ = ["linked"]


@pytest.fixture
def office(office):
    """Without the demo's missed calls; the dispatchers are on the line."""
    with office.desk.database.transaction() as session:
        for model in (MissedAttempt, MissedContact, MissedCall):
            session.execute(delete(model))
        for login in ("lavrova", "zayac"):
            presence.set_ready(session, by_login(session, login).id, datetime.now(UTC))
    return office


def talk(office, number: str = NUMBER) -> int:
    """Lavrova talks; the call's id."""
    office.ring("1700000000.1", number)
    office.answer("1700000000.1")
    with office.desk.database.reading() as session:
        call = call_records.current_call(session, by_login(session, "lavrova").id)
        assert call is not None
        return call.id


def open_row(office) -> MissedCall:
    with office.desk.database.reading() as session:
        return session.scalars(select(MissedCall).where(MissedCall.closed_at.is_(None))).one()


def near(office, minutes: int, *, owner: str | None = "lavrova") -> int:
    """A promise so many minutes from now; its row."""
    at = datetime.now(UTC)
    with office.desk.database.transaction() as session:
        phone = phone_of(office)
        row = MissedCall(
            service_id=1, number=phone.number, number_certain=True, source="hand", first_at=at, last_at=at,
            due_at=at + timedelta(minutes=minutes), promised_for=at + timedelta(minutes=minutes), reasons=["promise"],
            created_at=at, owner_id=by_login(session, owner).id if owner else None, open_key=f"1:number:{phone.number}",
        )  # fmt: skip
        session.add(row)
        session.flush()
        return row.id


def told(browser, path: str, fields: dict[str, str]) -> str:
    """The confirmation in the corner, as a script gets it."""
    headers = {"hx-request": "true", "sec-fetch-site": "same-origin"}
    answer = browser.client.post(path, data={"csrf": browser.csrf, **fields}, headers=headers)
    assert answer.status_code == 200
    return json.loads(answer.headers["HX-Trigger"])["fd:said"]


def refusals_of(office) -> list[CallRefusal]:
    with office.desk.database.reading() as session:
        return list(session.scalars(select(CallRefusal).where(CallRefusal.ended_at.is_(None)).order_by(CallRefusal.id)))


def test_in_a_talk_she_promises_and_finds_it_in_her_list(office):
    lavrova, zayac = office.browser("lavrova"), office.browser("zayac")
    call_id = talk(office)
    assert "Перезвонить в…" in lavrova.get("/workplace").text
    assert lavrova.post(f"/calls/{call_id}/promise", time="").status_code == 422
    in_two_weeks = datetime.now(ZoneInfo("Europe/Moscow")) + timedelta(days=14)
    sent = {"time": "15:00", "day": f"{in_two_weeks:%d.%m}", "note": "о пособии", "whose": "mine"}
    assert lavrova.post(f"/calls/{call_id}/promise", **sent).status_code == 303
    row = open_row(office)
    assert (row.promised_for is not None, row.owner_id is not None, row.promise_note) == (True, True, "о пособии")
    assert lavrova.post(f"/calls/{call_id}/promise", **{**sent, "time": "16:00"}).status_code == 303
    assert open_row(office).id == row.id
    assert "ваше обещание" in lavrova.get("/missed?show=my_promises").text
    listed = zayac.get("/missed?show=my_promises").text
    assert "Таких строк нет" in listed
    text = zayac.get("/missed").text
    assert re.search(r"Лаврова[^<]*</span><span class=\"small muted\">обещание<", text)
    assert zayac.post(f"/missed/{row.id}/claim").status_code == 409
    assert zayac.post(f"/missed/{row.id}/claim", reason="она просила").status_code == 303


def test_a_time_outside_the_familys_own_hours_is_told_while_it_is_on_the_line(office):
    lavrova, call_id = office.browser("lavrova"), talk(office)
    with office.desk.database.transaction() as session:
        family_id = session.get_one(CallRecord, call_id).family_id
        family = session.get_one(Family, family_id)
        family.contact_from, family.contact_until = "10:00", "18:00"
    doubt = "В карточке просьба звонить с 10:00 до 18:00: уточните время у семьи."
    in_two_weeks = datetime.now(ZoneInfo("Europe/Moscow")) + timedelta(days=14)
    sent = {"time": "19:30", "day": f"{in_two_weeks:%d.%m}"}
    key = lavrova.get(f"/missed/new?family={family_id}").text.split('name="form_key" value="')[1].split('"')[0]
    noted = {**sent, "family": str(family_id), "number": "+79070000101", "form_key": key}
    assert doubt in told(lavrova, f"/calls/{call_id}/promise", sent)
    assert doubt in told(lavrova, "/missed/new", noted)
    again = f"/missed/{open_row(office).id}/promise"
    assert doubt in told(lavrova, again, {**sent, "time": "19:45"})
    assert told(lavrova, again, {**sent, "time": "15:00"}) == "Обещание записано: строка напомнит о себе."


def test_nobody_promises_in_a_colleagues_talk(office):
    call_id = talk(office)
    zayac = office.browser("zayac")
    assert zayac.post(f"/calls/{call_id}/promise", time="15:00").status_code == 404
    assert zayac.post(f"/calls/{call_id}/no-calls", scope="all").status_code == 404
    assert refusals_of(office) == []


def test_she_is_reminded_on_every_page_calmly_then_in_red(office):
    lavrova, zayac = office.browser("lavrova"), office.browser("zayac")
    row_id = near(office, 20)
    text = lavrova.get("/journal").text
    assert "Обещано перезвонить" in text
    box = text[text.index('class="banner mild promise"') : text.index("Обещано перезвонить")]
    assert " hidden>" in box, "drawn ahead, shown in its minute"
    assert "Обещано перезвонить" not in zayac.get("/journal").text
    with office.desk.database.transaction() as session:
        session.get_one(MissedCall, row_id).promised_for = datetime.now(UTC) - timedelta(minutes=2)
    text = lavrova.get("/workplace").text
    box = text[text.index('class="banner mild promise"') : text.index("Открыть</a>", text.index("Время прошло"))]
    assert " hidden>" not in box
    with office.desk.database.transaction() as session:
        session.get_one(MissedCall, row_id).promised_for = datetime.now(UTC) - timedelta(minutes=16)
    assert "Обещано перезвонить" in zayac.get("/journal").text, "it has fallen to everybody"
    assert "обещание было: Лаврова" in zayac.get("/missed").text


def test_a_colleague_who_calls_all_the_same_is_asked_why(linked, office):
    near(office, 20)
    unwarned(office)
    zayac = office.browser("zayac")
    answer = zayac.post("/outgoing", phone_id=str(phone_of(office).id))
    assert answer.status_code == 422
    assert "Перезвонить обещает Лаврова" in answer.text
    assert 'name="reason"' in answer.text
    sent = {"phone_id": str(phone_of(office).id), "confirmed": "yes", "reason": "она попросила меня"}
    assert zayac.post("/outgoing", **sent).status_code == 303


def test_a_card_and_a_journal_row_lead_to_a_promise(office):
    lavrova = office.browser("lavrova")
    assert "/missed/new?family=1" in lavrova.get("/families/1").text
    text = lavrova.get("/missed/new?family=1").text
    assert 'name="whose" value="mine" checked' in text
    moment = datetime.now(ZoneInfo("Europe/Moscow")) + timedelta(days=1)
    sent = {"family": "1", "time": "15:00", "day": f"{moment:%d.%m.%Y}", "whose": "anyone", "form_key": "k7"}
    assert lavrova.post("/missed/new", **sent).status_code == 303
    assert open_row(office).owner_id is None


@pytest.mark.parametrize("scope", ["robot", "all"])
def test_in_a_talk_the_family_asks_not_to_be_called(office, scope):
    lavrova = office.browser("lavrova")
    call_id = talk(office)
    assert lavrova.post(f"/calls/{call_id}/no-calls", note="хватит").status_code == 422
    assert lavrova.post(f"/calls/{call_id}/no-calls", scope=scope, note="хватит").status_code == 303
    assert lavrova.post(f"/calls/{call_id}/no-calls", scope=scope, note="хватит").status_code == 303
    (row,) = refusals_of(office)
    assert (row.scope, row.source, row.call_id, row.note, row.number) == (scope, "talk", call_id, "хватит", "")
    text = lavrova.get(f"/families/{row.family_id}/no-calls").text
    assert "хватит" in text
    assert "записал(а) Лаврова" in text
    shown = "Просили не звонить" if scope == "all" else "Робот не звонит: отказались"
    assert shown in lavrova.get(f"/families/{row.family_id}").text


def test_a_letter_is_kept_with_its_number_and_ended_by_the_head(office):
    lavrova, head = office.browser("lavrova"), office.browser("roshchina")
    form = {"scope": "all", "source": "letter"}
    answer = lavrova.post("/families/1/no-calls", **form)
    assert answer.status_code == 422
    assert "Номер письма" in answer.text
    today = f"{datetime.now(ZoneInfo('Europe/Moscow')):%d.%m.%Y}"
    assert lavrova.post("/families/1/no-calls", letter_number="12/7", letter_on=today, **form).status_code == 303
    text = head.get("/settings/dialling/refusals").text
    assert f"письменно, № 12/7 от {today}" in text
    assert "вся семья" in text
    row_id = refusals_of(office)[0].id
    assert head.post(f"/settings/dialling/refusals/{row_id}/end", reason="передумали, письмо").status_code == 303
    assert refusals_of(office) == []


def test_a_letter_of_somebody_without_a_card(office):
    head = office.browser("roshchina")
    sent = {"number": "8 907 000-99-55", "scope": "all", "source": "letter", "letter_number": "б/н"}
    assert head.post("/settings/dialling/refusals", **sent).status_code == 422
    today = f"{datetime.now(ZoneInfo('Europe/Moscow')):%d.%m.%Y}"
    assert head.post("/settings/dialling/refusals", letter_on=today, **sent).status_code == 303
    assert refusals_of(office)[0].number == "+79070009955"
    assert head.post("/settings/dialling/refusals", **{**sent, "number": "<b>\x00=1"}).status_code == 422
    assert office.browser("lavrova").post("/settings/dialling/refusals", **sent).status_code == 403


def test_after_a_refusal_a_click_asks_for_the_urgent_reason(linked, office):
    unwarned(office)
    lavrova = office.browser("lavrova")
    phone = phone_of(office)
    with office.desk.database.reading() as session:
        family_id = session.get_one(type(phone), phone.id).person.family_id
    assert lavrova.post(f"/families/{family_id}/no-calls", scope="all").status_code == 303
    answer = lavrova.post("/outgoing", phone_id=str(phone.id))
    assert answer.status_code == 422
    assert "Звоним только по срочному делу" in answer.text
    assert lavrova.post("/outgoing", phone_id=str(phone.id), confirmed="yes").status_code == 422
    sent = {"phone_id": str(phone.id), "confirmed": "yes", "reason": "ребёнок в больнице"}
    assert lavrova.post("/outgoing", **sent).status_code == 303
    with office.desk.database.reading() as session:
        assert session.scalars(select(OutgoingCall.reason)).all() == ["ребёнок в больнице"]
        (details,) = session.scalars(select(AuditEvent.details).where(AuditEvent.action == "outgoing.ask"))
        assert "despite" in str(details)


def test_a_held_call_leaves_her_screen_with_a_sentence(office):
    """A reminder that Zayac works on; Lavrova hears the family refuse."""
    lavrova, zayac = office.browser("lavrova"), office.browser("zayac")
    now = datetime.now(UTC)
    with office.desk.database.transaction() as session:
        who = by_login(session, "zayac")
        task = DialTask(
            service_id=1, family_id=1, number=NUMBER, channel="human", kind="campaign", state="claimed", state_at=now,
            due_at=now, deadline=now + timedelta(days=1), planned_at=now, owner=f"employee-{who.id}",
            employee_id=who.id, lease_until=now + timedelta(minutes=15),
        )  # fmt: skip
        session.add(task)
    assert "попросила не звонить" not in zayac.get("/campaigns/work").text
    assert lavrova.post("/families/1/no-calls", scope="all").status_code == 303
    text = zayac.get("/campaigns/work").text
    assert "Семья попросила не звонить" in text
    assert 'id="campaign-call"' in text
    assert "попросила не звонить" not in lavrova.get("/campaigns/work").text


def test_a_closed_card_is_not_there(office):
    with office.desk.database.reading() as session:
        closed = session.scalars(select(Family.id).where(Family.restricted)).first()
    lavrova = office.browser("lavrova")
    assert lavrova.get(f"/families/{closed}/no-calls").status_code == 404
    assert lavrova.post(f"/families/{closed}/no-calls", scope="all").status_code == 404


@pytest.mark.parametrize("path", ["/families/1/no-calls", "/families/0/no-calls", f"/families/{2**63}/no-calls"])
def test_hostile_words_are_answered_with_a_sentence(office, path):
    lavrova = office.browser("lavrova")
    hostile = "\x00\u202e=cmd|%_\\🙂" * 50
    answer = lavrova.post(path, scope=hostile, letter_number=hostile, letter_on=hostile, note=hostile, source="letter")
    assert answer.status_code in (404, 422)
