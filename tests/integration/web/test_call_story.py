"""A call on the workplace, from the ring to the journal row, as the pages show it."""

import re

from sqlalchemy import select

from callflow import events
from callflow.caller_id import CallerKind
from crm import calls, journal, presence
from crm.audit import AuditEvent

SECRETS = ("д. 12", "Дарья", "Илья", "+79070000101", "000-01-01", "17.04.1985")


def test_the_ringing_card_is_masked_until_the_identity_is_confirmed(office):
    anna = office.browser("lavrova")
    office.ring()
    text = anna.get("/parts?at=workplace").text
    assert "Елена Викторовна" in text
    assert "ул. Лесная, ••" in text
    assert "+7 907 •••-••-01" in text
    assert "Звонить до 16:00" in text
    for secret in SECRETS:
        assert secret not in text


def test_nobody_but_the_ringing_operator_sees_the_card(office):
    other = office.browser("zayac")
    office.ring()
    text = other.get("/workplace").text
    assert "Елена" not in text
    assert "Звонков нет" in text


def test_the_pop_moves_with_the_ring(office):
    anna, pyotr = office.browser("lavrova"), office.browser("zayac")
    office.ring()
    office.miss()
    office.fact(events.OperatorRinging, call="1700000000.1", leg="x-102", extension="102", queue="q")
    assert "Звонков нет" in anna.part("call")
    assert "Елена Викторовна" in pyotr.part("card")


def test_matching_answers_open_the_card_and_are_audited(office):
    anna = office.browser("lavrova")
    call_id = office.ring()
    office.answer()
    answer = anna.post(f"/calls/{call_id}/identity", birth_date="17.04.1985", street="ул. Лесная")
    assert answer.status_code == 200
    card = anna.part("card")
    assert "д. 12" in card
    assert "Дарья" in card
    with office.desk.database.reading() as session:
        actions = session.scalars(select(AuditEvent.action)).all()
    assert "identity.confirm" in actions
    assert "family.open" in actions


def test_a_wrong_answer_leaves_the_card_closed_and_is_audited(office):
    anna = office.browser("lavrova")
    call_id = office.ring()
    office.answer()
    answer = anna.post(f"/calls/{call_id}/identity", birth_date="01.01.1980", street="Лесная")
    assert answer.status_code == 422
    assert "д. 12" not in anna.part("card")
    with office.desk.database.reading() as session:
        assert "identity.differs" in session.scalars(select(AuditEvent.action)).all()


def test_one_fact_alone_does_not_open_a_card_of_an_unknown_number(office):
    anna = office.browser("lavrova")
    call_id = office.ring(number="+79070009999")
    office.answer()
    found = anna.post(f"/calls/{call_id}/search", text="кузнецова елена").text
    person_id = re.search(r'name="person_id" value="(\d+)"', found)[1]
    assert anna.post(f"/calls/{call_id}/person", person_id=person_id).status_code == 200
    assert anna.post(f"/calls/{call_id}/identity", street="Лесная").status_code == 422
    assert "д. 12" not in anna.part("card")


def test_the_form_saves_itself_and_becomes_a_numbered_row_that_ends_the_wrap_up(office):
    anna = office.browser("lavrova")
    anna.post("/presence", state="ready")
    office.ring()
    office.answer()
    form = anna.part("appeal")
    entry_id = re.search(r"/appeals/(\d+)/save", form)[1]
    version = re.search(r'name="version" value="(\d+)"', form)[1]
    fields = {"substance": "Спрашивает о пособии.", "applicant_name": "Кузнецова Е. В.", "family_brief": "трое детей",
              "contact_method": "phone", "topic": "", "obstacle": "no"}  # fmt: skip
    saved = anna.post(f"/appeals/{entry_id}/draft", version=version, **fields)
    assert saved.status_code == 200
    office.hang_up()
    assert "Обработка" in anna.part("call")
    done = anna.post(f"/appeals/{entry_id}/save", version=saved.json()["version"], **fields)
    assert done.status_code == 303
    again = anna.post(f"/appeals/{entry_id}/save", version=saved.json()["version"], **fields)
    assert again.status_code == 303
    assert "Звонков нет" in anna.part("call")
    page = anna.get("/journal").text
    assert page.count("Спрашивает о пособии.") == 1
    with office.desk.database.reading() as session:
        assert session.get(journal.JournalEntry, int(entry_id)).number == 1
        assert (
            session.get(presence.Presence, session.get(journal.JournalEntry, int(entry_id)).author_id).state == "ready"
        )


def test_an_incomplete_form_comes_back_with_sentences_and_the_typed_words(office):
    anna = office.browser("lavrova")
    office.ring(number=None, kind=CallerKind.HIDDEN)
    office.answer()
    form = anna.part("appeal")
    entry_id = re.search(r"/appeals/(\d+)/save", form)[1]
    version = re.search(r'name="version" value="(\d+)"', form)[1]
    fields = {"substance": "", "family_brief": "", "contact_method": "phone", "topic": "", "obstacle": ""}
    answer = anna.post(f"/appeals/{entry_id}/save", version=version, applicant_name="Иванова", **fields)
    assert answer.status_code == 422
    assert "Запишите, с чем обратились." in answer.text
    assert "Иванова" in answer.text
    assert 'aria-invalid="true"' in answer.text
    assert "Иванова" in anna.part("appeal")  # kept as a draft, though refused as an entry


def test_the_reasons_of_a_refusal_stay_when_the_next_notice_comes(office):
    """The page puts in only what has another version (web/assets/refresh.js)."""
    anna = office.browser("lavrova")
    office.ring()
    office.answer()
    form = anna.part("appeal")
    entry_id = re.search(r"/appeals/(\d+)/save", form)[1]
    version = re.search(r'name="version" value="(\d+)"', form)[1]
    anna.client.headers["hx-target"] = "part-appeal"
    refused = anna.post(f"/appeals/{entry_id}/save", version=version, substance="").text
    del anna.client.headers["hx-target"]
    assert "Запишите, с чем обратились." in refused
    told = re.compile(r'data-(?:version|subject)="[^"]+"')
    assert told.findall(refused) == told.findall(anna.part("appeal"))


def test_a_stale_draft_gets_the_stored_values_to_merge(office):
    anna = office.browser("lavrova")
    office.ring()
    office.answer()
    entry_id = re.search(r"/appeals/(\d+)/save", anna.part("appeal"))[1]
    fields = {"applicant_name": "А", "family_brief": "Б", "contact_method": "phone", "topic": "", "obstacle": ""}
    first = anna.post(f"/appeals/{entry_id}/draft", version=1, substance="первое", **fields)
    assert first.status_code == 200
    second = anna.post(f"/appeals/{entry_id}/draft", version=1, substance="второе", **fields)
    assert second.status_code == 409
    assert second.json()["current"]["substance"] == "первое"


def test_another_operators_call_and_draft_do_not_exist(office):
    anna, pyotr = office.browser("lavrova"), office.browser("zayac")
    call_id = office.ring()
    office.answer()
    entry_id = re.search(r"/appeals/(\d+)/save", anna.part("appeal"))[1]
    stranger = pyotr.post(f"/calls/{call_id}/person", person_id="1")
    missing = pyotr.post("/calls/999999/person", person_id="1")
    assert (stranger.status_code, stranger.text) == (missing.status_code, missing.text)
    assert stranger.status_code == 404
    draft = pyotr.post(f"/appeals/{entry_id}/draft", version="1", substance="x")
    assert draft.status_code == 404


def test_a_new_card_takes_the_callers_number_without_showing_it(office):
    anna = office.browser("lavrova")
    call_id = office.ring(number="+79070009901")
    office.answer()
    assert "000-99-01" not in anna.get("/parts?at=workplace").text
    form = anna.get(f"/calls/{call_id}/new-card").text
    assert "000-99-01" not in form
    answer = anna.post(f"/calls/{call_id}/new-card", surname="Новикова", name="Ольга", take_number="yes")
    assert answer.status_code == 200
    with office.desk.database.reading() as session:
        call = calls.fetch_call(session, call_id)
        from crm.families import find_by_number

        assert [one.person.surname for one in find_by_number(session, "+79070009901")] == ["Новикова"]
        assert call.person_id is not None


def test_a_spoofed_number_shows_no_family(office):
    anna = office.browser("lavrova")
    office.ring(number="+79070000101", kind=CallerKind.SUSPICIOUS, note="возможна подмена")
    text = anna.get("/parts?at=workplace").text
    assert "Елена" not in text
    assert "Возможна подмена" in text


def test_who_comes_to_the_queue_redraws_the_queue_and_no_card(office):
    anna = office.browser("lavrova")
    office.ring(extension="102")
    told = anna.get("/parts?at=workplace&of=queue").text
    drawn = set(re.findall(r'<div id="part-([a-z]+)"', told))
    assert drawn == {"status", "waiting", "banner", "strip", "queue"}
    assert "Ждут: 1" in told
    whole = set(re.findall(r'<div id="part-([a-z]+)"', anna.get("/parts?at=workplace&of=nonsense").text))
    assert whole - drawn == {"call", "card", "appeal", "people"}


def test_hostile_names_are_text(office):
    for number, name in enumerate(
        ["<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "{{7*7}}", "${SHELL(id)}", "</script>"]
    ):
        anna = office.browser("lavrova")
        office.ring(call=f"9.{number}", name=name)
        text = anna.get("/workplace").text
        assert "<script>alert" not in text
        assert "<img src=x" not in text
        assert ">49<" not in text
        office.fact(events.CallEnded, call=f"9.{number}", cause=16)


def test_the_wrap_up_can_end_without_a_row_and_says_why(office):
    anna = office.browser("lavrova")
    anna.post("/presence", state="ready")
    call_id = office.ring()
    office.answer()
    office.hang_up()
    part = anna.part("call")
    later = re.search(r'value="(\d+)">запишу позже', part)[1]
    assert anna.post(f"/calls/{call_id}/finish", disposition=later).status_code == 200
    assert "Звонков нет" in anna.part("call")
    assert "Допишите обращение" in anna.part("card")
