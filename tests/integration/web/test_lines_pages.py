"""«Линии и приветствия» and the player of voice messages."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from crm.audit import AuditEvent
from crm.lines import settings, voice
from crm.lines.tables import LineAssignment
from crm.training import TrainingCall

PAGE = "/settings/voice"
CALL = "1700000000.1"
SOUND = b"RIFF" + bytes(range(256)) * 40


def form(office, **changes: object) -> dict[str, object]:
    with office.desk.database.reading() as session:
        stored = settings.voice_of(session, 1)
    fields = {
        "service": 1,
        "version": stored.version,
        "spoken_name": stored.spoken_name,
        "spoken_institution": stored.spoken_institution,
        "greeting_on": "yes",
        "position_on": "yes",
        "callback_on": "yes",
        "voicemail_on": "yes",
        "announce_seconds": 45,
        "voicemail_seconds": 120,
        "voicemail_silence": 6,
        "overflow_seconds": 0,
    }
    return {**fields, **changes}


def of_office(office) -> settings.VoiceSettings:
    with office.desk.database.reading() as session:
        return settings.voice_of(session, 1)


def test_the_head_sees_what_callers_hear(office) -> None:
    text = office.browser("roshchina").get(PAGE).text
    assert "Вы позвонили в Семейную диспетчерскую" in text
    assert "сто двенадцать" in text
    text = office.browser("roshchina").get(f"{PAGE}?service=2").text
    assert "№ 17-ОД" in text
    assert "Громова" in text


@pytest.mark.parametrize("service", ["999", "x", "-1", str(2**63), "%00"])
def test_a_service_that_is_none_is_the_first(office, service: str) -> None:
    answer = office.browser("roshchina").get(f"{PAGE}?service={service}")
    assert answer.status_code in {200, 400}


def test_settings_are_saved_and_shown(office) -> None:
    head = office.browser("roshchina")
    answer = head.post(PAGE, **form(office, greeting="Добрый день!", overflow_seconds=120, overflow_to_id=4))
    assert answer.status_code == 303
    stored = of_office(office)
    assert (stored.greeting, stored.overflow_seconds, stored.overflow_to_id) == ("Добрый день!", 120, 4)
    assert "Добрый день!" in head.get(PAGE).text


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"announce_seconds": 1}, "От 20 до 600"),
        ({"overflow_seconds": 5}, "Не меньше 30"),
        ({"voicemail_seconds": "много"}, "целое число"),
        ({"greeting": "x\ud7ff" * 3, "overflow_seconds": 5}, "Не меньше 30"),
    ],
)
def test_what_will_not_do_comes_back_with_a_sentence(office, changes: dict[str, object], sentence: str) -> None:
    answer = office.browser("roshchina").post(PAGE, **form(office, **changes))
    assert answer.status_code == 422
    assert sentence in answer.text


def test_a_second_saver_loses_nothing(office) -> None:
    head = office.browser("roshchina")
    stale = form(office, greeting="Второй текст")
    head.post(PAGE, **form(office, greeting="Первый текст"))
    answer = head.post(PAGE, **stale)
    assert answer.status_code == 409
    assert "Второй текст" in answer.text
    assert "Первый текст" in answer.text
    assert of_office(office).greeting == "Первый текст"


def test_control_characters_and_markup_do_no_harm(office) -> None:
    head = office.browser("roshchina")
    answer = head.post(PAGE, **form(office, greeting="<b>\u202eпривет\u0007</b> ${SHELL(id)}"))
    assert answer.status_code == 303
    text = head.get(PAGE).text
    assert "<b>" not in text.split("<main")[1].replace("<br>", "")
    assert "\u202e" not in text


def test_somebody_is_assigned_and_the_assignment_revoked(office) -> None:
    head = office.browser("roshchina")
    fields = {"line_id": 1, "employee_id": 2, "part": "main", "since": "01.12.2026", "order_number": "21"}
    assert head.post(f"{PAGE}/assignments", **fields).status_code == 303
    assert head.post(f"{PAGE}/assignments", **fields).status_code == 303
    with office.desk.database.reading() as session:
        rows = session.scalars(select(LineAssignment).where(LineAssignment.line_id == 1)).all()
        assert len(rows) == 1, "posted twice is one"
        row = rows[0].id
    assert head.post(f"{PAGE}/assignments/{row}/revoke", reason="").status_code == 422
    assert head.post(f"{PAGE}/assignments/{row}/revoke", reason="ошибка").status_code == 303
    assert "ошибка" in head.get(PAGE).text


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"order_number": ""}, 422),
        ({"since": "когда-нибудь"}, 422),
        ({"line_id": 2**63}, 404),
        ({"employee_id": 0}, 404),
        ({"part": "hero"}, 422),
    ],
)
def test_an_assignment_that_says_nothing_is_refused(office, changes: dict[str, object], status: int) -> None:
    fields = {"line_id": 1, "employee_id": 2, "part": "main", "since": "01.12.2026", "order_number": "21", **changes}
    assert office.browser("roshchina").post(f"{PAGE}/assignments", **fields).status_code == status


def test_the_administrator_changes_texts_and_assigns_nobody(office) -> None:
    kim = office.browser("kim")
    assert kim.get(PAGE).status_code == 200
    assert kim.post(f"{PAGE}/assignments", line_id=1).status_code == 403


# --- the player


@pytest.fixture
def message(office) -> int:
    """A message of the caller of `Office.ring`, stored as the worker stores it."""
    office.ring()
    folder = Path(office.desk.settings.data_dir) / "voice"
    folder.mkdir(exist_ok=True)
    (folder / "one.wav").write_bytes(SOUND)
    digest = hashlib.sha256(SOUND).hexdigest()
    with office.desk.database.transaction() as session:
        row = voice.store(session, CALL, file="one.wav", seconds=5, sha256=digest, left_at=datetime.now(UTC))
        assert row is not None
        return row.id


def listened(office) -> int:
    with office.desk.database.reading() as session:
        return len(session.scalars(select(AuditEvent.seq).where(AuditEvent.action == "voice.listen")).all())


def test_a_message_is_heard_whole_and_in_ranges_and_each_listening_is_logged(office, message: int) -> None:
    lavrova = office.browser("lavrova")
    answer = lavrova.get(f"/voice/{message}")
    assert answer.status_code == 200
    assert answer.content == SOUND
    assert answer.headers["content-type"] == "audio/wav"
    assert answer.headers["cache-control"] == "no-store"
    part = lavrova.get(f"/voice/{message}", range="bytes=100-199")
    assert part.status_code == 206
    assert part.content == SOUND[100:200]
    assert listened(office) == 1, "seeking is not listening again"
    assert lavrova.get(f"/voice/{message}", range="bytes=99999-").status_code == 416


@pytest.mark.parametrize("part", ["bytes=1-", "bytes=-99999"])
def test_nobody_hears_a_message_by_its_parts_without_being_in_the_log(office, message: int, part: str) -> None:
    assert office.browser("lavrova").get(f"/voice/{message}", range=part).status_code == 206
    assert listened(office) == 1


@pytest.mark.parametrize("login", ["gromova", "kim", "smirnova"])
def test_others_hear_nothing(office, message: int, login: str) -> None:
    assert office.browser(login).get(f"/voice/{message}").status_code in {403, 404}
    assert listened(office) == 0


@pytest.mark.parametrize("number", ["-1", "0", str(2**63), "999", "x"])
def test_no_such_message(office, number: str) -> None:
    assert office.browser("lavrova").get(f"/voice/{number}").status_code in {404, 422}


def test_a_message_whose_file_is_gone_says_so(office, message: int) -> None:
    (Path(office.desk.settings.data_dir) / "voice/one.wav").unlink()
    answer = office.browser("lavrova").get(f"/voice/{message}")
    assert answer.status_code == 404
    assert listened(office) == 0


def test_a_message_whose_file_was_changed_is_not_played_and_who_tried_is_in_the_log(office, message: int) -> None:
    lavrova = office.browser("lavrova")
    assert lavrova.get(f"/voice/{message}").status_code == 200
    path = Path(office.desk.settings.data_dir) / "voice/one.wav"
    path.write_bytes(SOUND[:-1] + b"x")
    for part in ("bytes=0-", "bytes=100-199"):
        answer = lavrova.get(f"/voice/{message}", range=part)
        assert answer.status_code >= 400
        assert voice.TAMPERED in answer.text
        assert SOUND[100:150] not in answer.content
    assert listened(office) == 1, "nothing more was heard"
    with office.desk.database.reading() as session:
        found = session.scalars(select(AuditEvent).where(AuditEvent.action == "voice.tampered")).all()
        assert [event.subject_id for event in found] == [str(message)]


def test_an_expired_message_is_not_found(office, message: int) -> None:
    with office.desk.database.transaction() as session:
        for row in voice.expired(session, datetime.now(UTC) + voice.KEEP + timedelta(days=1)):
            voice.note_removed(session, row, datetime.now(UTC), {"name": "worker"})
    assert office.browser("lavrova").get(f"/voice/{message}").status_code == 404


# --- a training call that pretends the time


def test_a_training_call_may_pretend_the_evening(office) -> None:
    head = office.browser("roshchina")
    assert "Как будто сейчас" in head.get("/training").text
    fields = {"from_number": "+79070000101", "to_did": "+79070009001"}
    head.post("/training", **fields, hours="closed")
    assert head.post("/training", **fields, hours="midnight").status_code == 422
    with office.desk.database.reading() as session:
        assert [one.hours for one in session.scalars(select(TrainingCall))] == ["closed"]
