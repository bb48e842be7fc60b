"""Connecting a caller, as the pages show it: the operator's panel, the specialist's packet."""

import re
from datetime import UTC, datetime

import pytest
from sqlalchemy import select

from callflow.dialplan_word import DialplanWord, Subject
from crm.audit import AuditEvent
from crm.call_tables import CallRecord
from crm.family_tables import Family
from crm.staff import by_login
from crm.transfers import following
from crm.transfers.tables import Transfer

CALL = "1700000000.1"


def id_of(office, login):
    with office.desk.database.reading() as session:
        return by_login(session, login).id


def say(office, state, detail="", order=""):
    """The dialplan says something about the call's transfer."""
    with office.desk.database.transaction() as session:
        word = DialplanWord(subject=Subject.TRANSFER, call=CALL, at=datetime.now(UTC), order=str(order), state=state,
                            detail=detail, uniqueid="sp.1")  # fmt: skip
        following.follow(session, word)


def transfers(office):
    with office.desk.database.reading() as session:
        return session.scalars(select(Transfer).order_by(Transfer.id)).all()


@pytest.fixture
def talk(office):
    """Lavrova's browser in a talk with Kuznetsova, and the call's id."""
    anna = office.browser("lavrova")
    anna.post("/presence", state="ready")
    call_id = office.ring()
    office.answer()
    return anna, call_id


def draft(anna, **fields):
    form = anna.part("appeal")
    entry_id = re.search(r"/appeals/(\d+)/save", form)[1]
    version = re.search(r'name="version" value="(\d+)"', form)[1]
    assert anna.post(f"/appeals/{entry_id}/draft", version=version, **fields).status_code == 200
    return entry_id


def test_beside_each_specialist_stands_a_button_while_one_talks(office):
    anna = office.browser("lavrova")
    assert "/connect/" not in anna.part("people")
    call_id = office.ring()
    assert "/connect/" not in anna.part("people")
    office.answer()
    people = anna.part("people")
    assert f'/calls/{call_id}/connect/{id_of(office, "smirnova")}"' in people
    assert 'data-key="connect-1"' in people


def test_the_packet_is_prefilled_from_the_draft(office, talk):
    anna, call_id = talk
    draft(anna, substance="Спрашивает о пособии на третьего.")
    page = anna.get(f"/calls/{call_id}/connect/{id_of(office, 'smirnova')}")
    assert page.status_code == 200
    assert "Вопрос: Спрашивает о пособии на третьего." in page.text
    assert "Сначала поговорить" in page.text


def test_the_panel_follows_the_transfer_and_a_refreshed_page_shows_the_same(office, talk):
    anna, call_id = talk
    smirnova = id_of(office, "smirnova")
    done = anna.post(f"/calls/{call_id}/transfer", to_employee_id=smirnova, kind="attended", packet="О пособии")
    assert done.status_code == 303
    anna.post(f"/calls/{call_id}/transfer", to_employee_id=smirnova, kind="attended", packet="О пособии")
    [row] = transfers(office)
    assert "Соединяем" in anna.part("call")
    say(office, "ringing", order=row.id)
    assert "Звоним" in anna.part("call")
    assert "/connect/" not in anna.part("people"), "one transfer at a time"
    say(office, "answered", order=row.id)
    for text in (anna.part("call"), anna.get("/workplace").text):
        assert "На связи" in text
        assert f"/calls/{call_id}/transfer/{row.id}/complete" in text
    assert anna.post(f"/calls/{call_id}/transfer/{row.id}/join").status_code == 303
    say(office, "joined", order=row.id)
    assert "Разговор втроём" in anna.part("call")
    say(office, "specialist_left", order=row.id)
    assert "Звонящий снова с вами" in anna.part("call")


def test_the_reason_stands_on_the_screen_when_the_caller_comes_back(office, talk):
    anna, call_id = talk
    anna.post(f"/calls/{call_id}/transfer", to_employee_id=id_of(office, "smirnova"), kind="attended")
    [row] = transfers(office)
    say(office, "ringing", order=row.id)
    olga = office.browser("smirnova")
    assert olga.post(f"/packet/{row.id}", answer="later").status_code == 303
    assert "Освободитесь – скажите: Лаврова" in olga.get(f"/packet/{row.id}").text
    say(office, "back", "CHANUNAVAIL", order=row.id)
    assert "просит перезвонить через 5 минут" in anna.part("call")


def test_connecting_before_an_answer_is_refused_with_a_sentence(office, talk):
    anna, call_id = talk
    anna.post(f"/calls/{call_id}/transfer", to_employee_id=id_of(office, "smirnova"), kind="attended")
    [row] = transfers(office)
    refused = anna.post(f"/calls/{call_id}/transfer/{row.id}/complete")
    assert (refused.status_code, "fd:said" in refused.headers["HX-Trigger"]) == (422, True)
    assert transfers(office)[0].wish == ""
    assert anna.post(f"/calls/{call_id}/transfer/{row.id}/back").status_code == 303
    assert transfers(office)[0].state == "failed"


def test_to_a_number_in_town(office, talk):
    anna, call_id = talk
    assert "Номер" in anna.get(f"/calls/{call_id}/connect").text
    refused = anna.post(f"/calls/{call_id}/transfer", to_number="112", kind="blind", packet="=cmd|' /C calc'!A0")
    assert refused.status_code == 422
    assert "экстренные" in refused.text
    assert "=cmd|" in refused.text, "nothing typed is lost"
    assert anna.post(f"/calls/{call_id}/transfer", to_number="8 907 000-91-01", kind="blind").status_code == 303
    assert transfers(office)[0].to_number == "+79070009101"


def test_the_specialist_reads_the_packet_before_she_answers(office, talk):
    anna, call_id = talk
    anna.post(f"/calls/{call_id}/transfer", to_employee_id=id_of(office, "smirnova"), kind="attended",
              packet="Спрашивает: <b>пособие</b>\nОбещано: перезвонить")  # fmt: skip
    [row] = transfers(office)
    say(office, "ringing", order=row.id)
    olga = office.browser("smirnova")
    assert f"/packet/{row.id}" in olga.get("/families").text
    text = olga.get(f"/packet/{row.id}").text
    assert "Вам переводят звонок" in text
    assert "Елена Викторовна" in text
    assert "&lt;b&gt;пособие" in text
    assert "+79070000101" not in text
    assert "д. 12" not in text
    assert "Через 5 минут" in text
    with office.desk.database.reading() as session:
        opened = session.scalars(select(AuditEvent).where(AuditEvent.action == "packet.open")).all()
        assert len(opened) == 1
        assert opened[0].family_id is not None
    say(office, "answered", order=row.id)
    assert "Скажите диспетчеру, готовы ли вы говорить" in olga.get(f"/packet/{row.id}").text
    say(office, "completed", order=row.id)
    assert "Вы говорите с обратившимся" in olga.get(f"/parts?at=packet-{row.id}").text
    assert "обращение записывает диспетчер" in olga.get(f"/packet/{row.id}").text
    assert "Допишите обращение" in anna.part("call")
    assert "Смирнова" in anna.part("call")


@pytest.mark.parametrize("login", ["durnovo", "zayac", "lavrova"])
def test_anybody_elses_packet_does_not_exist(office, talk, login):
    anna, call_id = talk
    anna.post(f"/calls/{call_id}/transfer", to_employee_id=id_of(office, "smirnova"), kind="attended", packet="тайна")
    [row] = transfers(office)
    other = office.browser(login)
    assert other.get(f"/packet/{row.id}").status_code == 404
    assert other.post(f"/packet/{row.id}", answer="later").status_code == 404
    assert "тайна" not in other.get(f"/parts?at=packet-{row.id}").text
    assert f"/packet/{row.id}" not in other.get("/families").text


@pytest.mark.parametrize("transfer_id", ["-1", "0", str(2**63), "9" * 40, "x"])
def test_strange_ids(office, talk, transfer_id):
    anna, call_id = talk
    assert anna.get(f"/packet/{transfer_id}").status_code in {404, 422}
    assert anna.get(f"/parts?at=packet-{transfer_id}").status_code == 200
    assert anna.post(f"/calls/{call_id}/transfer/{transfer_id}/back").status_code in {404, 422}
    assert anna.get(f"/calls/{call_id}/connect/{transfer_id}").status_code in {404, 422}


@pytest.mark.parametrize("answer", ["", "drop", "accepted'--"])
def test_a_strange_answer_is_no_answer(office, talk, answer):
    anna, call_id = talk
    anna.post(f"/calls/{call_id}/transfer", to_employee_id=id_of(office, "smirnova"), kind="attended")
    [row] = transfers(office)
    assert office.browser("smirnova").post(f"/packet/{row.id}", answer=answer).status_code in {400, 422}


def test_the_dispatcher_is_told_before_sending_that_the_card_does_not_go_along(office, talk):
    anna, call_id = talk
    draft(anna, substance="Спрашивает о разводе.")
    with office.desk.database.transaction() as session:
        family = session.get_one(Family, session.get_one(CallRecord, call_id).family_id)
        family.restricted = True
    text = anna.get(f"/calls/{call_id}/connect/{id_of(office, 'smirnova')}").text
    assert "ограниченным доступом" in text
    assert "разводе" not in text
    anna.post(f"/calls/{call_id}/transfer", to_employee_id=id_of(office, "smirnova"), kind="attended")
    packet = office.browser("smirnova").get(f"/packet/{transfers(office)[0].id}").text
    assert "Елена" not in packet
    assert "карточка с ограниченным доступом" in packet


def test_one_row_of_the_journal_names_everybody_who_took_part(office, talk):
    anna, call_id = talk
    entry_id = draft(anna, substance="Спрашивает о пособии.")
    anna.post(f"/calls/{call_id}/transfer", to_employee_id=id_of(office, "smirnova"), kind="attended")
    [row] = transfers(office)
    for word in ("ringing", "answered", "completed"):
        say(office, word, order=row.id)
    form = anna.part("appeal")
    version = re.search(r'name="version" value="(\d+)"', form)[1]
    saved = anna.post(f"/appeals/{entry_id}/save", version=version, substance="Спрашивает о пособии.",
                      applicant_name="Кузнецова Е. В.", family_brief="трое детей", contact_method="phone", topic="",
                      obstacle="no")  # fmt: skip
    assert saved.status_code == 303, saved.text
    text = anna.get(f"/journal/{entry_id}").text
    assert re.search(r"Участвовали</dt><dd>Лаврова Н. А\..*Смирнова", text)


def test_no_transfer_without_a_call(office):
    anna = office.browser("lavrova")
    assert anna.get("/calls/1/connect").status_code == 404
    assert anna.post("/calls/1/transfer", to_employee_id="2", kind="blind").status_code == 404
    assert "никого не переводили" in anna.get("/packet").text
