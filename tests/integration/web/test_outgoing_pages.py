"""«Позвонить» as people use it: the card's button, the question before it, and where to read what came of it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from sqlalchemy import select

from callflow.dialplan_word import DialplanWord, Subject
from crm import exchange_state, heartbeat
from crm.audit import AuditEvent
from crm.family_tables import Family, Person, Phone
from crm.outgoing import following, orders
from crm.outgoing.tables import OutgoingCall

NUMBER = "+79070000101"


@pytest.fixture
def linked(office):
    """The exchange is there."""
    with office.desk.database.transaction() as session:
        now = datetime.now(UTC)
        exchange_state.note_link(session, up=True, reason="", at=now)
        heartbeat.beat(session, "listener", now, "")
    return office


def orders_of(office) -> list[OutgoingCall]:
    with office.desk.database.reading() as session:
        return list(session.scalars(select(OutgoingCall).order_by(OutgoingCall.id)))


def say(office, *words: str) -> None:
    """The dialplan speaks of the newest order."""
    order = orders_of(office)[-1]
    with office.desk.database.transaction() as session:
        orders.claim(session, datetime.now(UTC), mode="demo")
        for word in words:
            state, _, detail = word.partition(" ")
            following.follow(session, DialplanWord(subject=Subject.OUTGOING, call=order.channel_id,
                at=datetime.now(UTC), order=str(order.id), state=state, detail=detail))  # fmt: skip


def phone_of(office, number: str = NUMBER) -> Phone:
    with office.desk.database.reading() as session:
        return session.scalars(select(Phone).where(Phone.number == number)).first()


def unwarned(office, **changes: object) -> None:
    """Kuznetsova's card with or without something to know first."""
    with office.desk.database.transaction() as session:
        person = session.scalars(select(Person).join(Phone).where(Phone.number == NUMBER)).one()
        family = session.get_one(Family, person.family_id)
        plain = {"warning": "", "contact_from": "", "contact_until": "", "no_messages": False, "ask_only_for": "",
                 "preferred_channel": ""}  # fmt: skip
        for name, value in (plain | changes).items():
            setattr(family, name, value)
        person.special_needs, person.do_not_call = "", False
        for phone in person.phones:
            phone.whose = phone.best_time = ""


def test_a_click_in_the_card_orders_the_call_and_the_workplace_shows_it(linked):
    unwarned(linked)
    lavrova = linked.browser("lavrova")
    lavrova.post("/presence", state="ready")
    phone = phone_of(linked)
    page = lavrova.get(f"/families/{phone_family(linked, phone)}/people/{phone.person_id}").text
    assert f'name="phone_id" value="{phone.id}"' in page
    answer = lavrova.post("/outgoing", phone_id=str(phone.id))
    assert (answer.status_code, answer.headers["location"]) == (303, "/workplace")
    (order,) = orders_of(linked)
    assert (order.number, order.extension, order.state) == (NUMBER, "101", "requested")
    assert "Возьмите свой телефон" in lavrova.part("call")
    say(linked, "ringing_operator", "ringing")
    shown = lavrova.part("call")
    assert "Исходящий" in shown
    assert "Входящий" not in shown
    assert f"/outgoing/{order.id}/hangup" in shown
    assert 'data-state="ringing"' not in lavrova.get("/parts?at=workplace").text, "her own phone is no incoming call"
    say(linked, "answered")
    assert "Разговор" in lavrova.part("call")
    say(linked, "ended ANSWER")
    assert "Обработка" in lavrova.part("call")


def phone_family(office, phone: Phone) -> int:
    with office.desk.database.reading() as session:
        return session.get_one(Person, phone.person_id).family_id


def test_a_call_in_vain_says_why_and_offers_to_try_again(linked):
    unwarned(linked)
    lavrova = linked.browser("lavrova")
    lavrova.post("/outgoing", number="8 907 000-01-01")
    say(linked, "ringing_operator", "ringing", "ended BUSY-17-486")
    shown = lavrova.part("call")
    assert "занято" in shown
    assert "Позвонить ещё раз" in shown
    assert "занято" in lavrova.get("/outgoing").text


def test_warnings_are_read_before_the_number_is_dialled(linked):
    unwarned(linked, warning="Не звонить при бабушке.", ask_only_for="Марию")
    lavrova = linked.browser("lavrova")
    page = lavrova.post("/outgoing", number=NUMBER)
    assert page.status_code == 422
    assert "Не звонить при бабушке." in page.text
    assert orders_of(linked) == []
    assert lavrova.post("/outgoing", number=NUMBER, confirmed="yes").status_code == 303
    assert len(orders_of(linked)) == 1
    with linked.desk.database.reading() as session:
        actions = session.scalars(
            select(AuditEvent.action).where(AuditEvent.action.like("outgoing.%")).order_by(AuditEvent.seq)
        ).all()
    assert list(actions) == ["outgoing.warned", "outgoing.ask"]


def test_outside_of_the_hours_she_says_why(linked):
    unwarned(linked, contact_from="00:00", contact_until="00:01")
    lavrova = linked.browser("lavrova")
    page = lavrova.post("/outgoing", number=NUMBER)
    assert "Сейчас не время" in page.text
    page = lavrova.post("/outgoing", number=NUMBER, confirmed="yes")
    assert page.status_code == 422
    assert "Напишите, почему звоните сейчас." in page.text
    assert lavrova.post("/outgoing", number=NUMBER, confirmed="yes", reason="Просили срочно").status_code == 303
    assert orders_of(linked)[0].reason == "Просили срочно"


@pytest.mark.parametrize(
    "number", ["112", "101", "+79161234567", "+74950000000", "Local/1@x", "=1+1", "%", "🙂", "0" * 300]
)
def test_what_may_not_be_dialled_is_answered_with_a_sentence(linked, number):
    page = linked.browser("lavrova").post("/outgoing", number=number)
    assert page.status_code in (409, 422)
    assert 'role="alert"' in page.text
    assert orders_of(linked) == []


@pytest.mark.parametrize("value", ["-1", "0", str(2**63), "x", "1.5"])
def test_ids_that_no_record_has(linked, value):
    lavrova = linked.browser("lavrova")
    assert lavrova.post("/outgoing", phone_id=value).status_code in (404, 422)
    assert lavrova.post(f"/outgoing/{value}/hangup").status_code in (404, 422)
    assert orders_of(linked) == []


def test_without_the_exchange_nothing_is_ordered_for_later(office):
    unwarned(office)
    page = office.browser("lavrova").post("/outgoing", number=NUMBER)
    assert page.status_code == 409
    assert "Нет связи с АТС" in page.text
    assert orders_of(office) == []


def test_her_call_is_ended_from_the_page_and_by_nobody_else(linked):
    unwarned(linked)
    lavrova, zayac = linked.browser("lavrova"), linked.browser("zayac")
    lavrova.post("/outgoing", number=NUMBER)
    order = orders_of(linked)[0]
    assert zayac.post(f"/outgoing/{order.id}/hangup").status_code == 404
    assert lavrova.post(f"/outgoing/{order.id}/hangup").status_code == 303
    assert orders_of(linked)[0].live is False


def test_a_colleague_reads_who_is_calling_there(linked):
    unwarned(linked)
    linked.browser("lavrova").post("/outgoing", number=NUMBER)
    page = linked.browser("zayac").post("/outgoing", number=NUMBER)
    assert (page.status_code, "сейчас звонит Лаврова" in page.text) == (409, True)
