"""The pages of recordings and of listening in: who gets in, what the player may fetch, what the operator sees."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from callflow.dialplan_word import DialplanWord, Subject
from crm.call_tables import CallRecord
from crm.recordings import files, following, monitoring, refusing
from crm.recordings.tables import MonitorSession, Recording
from crm.staff import Employee
from tests.integration.crm.recordings.recorded import wav
from tests.integration.web.conftest import Browser, Office
from workers.recordings import Filing

CALL = "1700000000.1"
RULE = {
    "order_number": "12-ОД",
    "order_date": "01.10.2026",
    "ground": "152-ФЗ",
    "notice": "Разговор записывается, нажмите девять.",
    "keep_days": "90",
    "version": "1",
}


def word(state: str, subject: Subject = Subject.RECORDING, order: str = "", detail: str = "") -> DialplanWord:
    return DialplanWord(
        subject=subject, call=CALL, at=datetime.now(UTC), order=order, state=state, detail=detail, uniqueid=CALL
    )


def say(office: Office, *words: DialplanWord) -> None:
    with office.desk.database.transaction() as session:
        for one in words:
            follow = following.follow if one.subject is Subject.RECORDING else monitoring.follow
            follow(session, one)


def talk(office: Office) -> int:
    """Lavrova talks, and it is recorded."""
    call = office.ring()
    say(office, word("started"))
    office.answer()
    return call


def stored(office: Office) -> int:
    """A recorded talk, over and taken in."""
    talk(office)
    office.hang_up()
    folder = files.folder_of(office.desk.settings.data_dir)
    files.incoming_folder(folder)
    path = files.incoming(folder, CALL)
    assert path is not None
    path.write_bytes(wav(8))
    Filing(office.desk.database, folder).run(datetime.now(UTC) + timedelta(seconds=5))
    with office.desk.database.reading() as session:
        row = session.query(Recording).one()
        assert row.state == "stored"
        return row.id


def opened(office: Office, login: str = "roshchina") -> tuple[Browser, int]:
    """A recording that this person has opened."""
    number = stored(office)
    browser = office.browser(login)
    assert browser.post(f"/recordings/{number}/listen").status_code == 303
    return browser, number


def test_it_is_off_until_the_director_turns_it_on(office: Office) -> None:
    head, director = office.browser("roshchina"), office.browser("chernykh")
    assert "выключена" in head.get("/recordings").text
    assert head.post("/recording-rules/1", **RULE).status_code == 303
    assert "ждёт директора" in head.get("/recordings").text
    assert director.post("/recording-rules/1", **{**RULE, "version": "2"}).status_code == 303
    assert "включена" in director.get("/recordings").text
    assert head.post("/recording-rules/1/off").status_code == 303
    assert "выключена" in head.get("/recordings").text


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [("order_date", "31.02.2026", "Нужна дата"), ("keep_days", "сто", "Нужно целое число"),
     ("notice", "", "Без предупреждения"), ("order_number", "", "номер приказа")],
)  # fmt: skip
def test_a_wrong_field_is_said_beside_it_and_nothing_is_lost(
    office: Office, field: str, value: str, sentence: str
) -> None:
    answer = office.browser("chernykh").post("/recording-rules/1", **{**RULE, field: value})
    assert answer.status_code == 422
    assert sentence in answer.text
    assert "152-ФЗ" in answer.text


def test_the_operator_sees_that_it_is_recorded_and_stops_it(office: Office) -> None:
    call = talk(office)
    lavrova = office.browser("lavrova")
    assert "Разговор записывается." in lavrova.part("call")
    answer = lavrova.post(f"/calls/{call}/recording/stop", why="refused")
    assert answer.status_code == 303
    assert "собеседник отказался (устно)" in lavrova.part("call")
    with office.desk.database.reading() as session:
        assert len(refusing.to_stop(session)) == 1


def test_nobody_stops_anothers_recording(office: Office) -> None:
    call = talk(office)
    assert office.browser("zayac").post(f"/calls/{call}/recording/stop", why="refused").status_code == 404
    assert office.browser("lavrova").post(f"/calls/{call}/recording/stop", why="x").status_code == 422


def test_a_refusal_by_key_is_on_the_screen_and_in_the_journal(office: Office) -> None:
    office.ring()
    say(office, word("refused", detail="key"))
    office.answer()
    lavrova = office.browser("lavrova")
    assert "собеседник отказался (клавишей 9)" in lavrova.part("call")


def test_the_sound_comes_after_opening_whole_or_in_part(office: Office) -> None:
    number = stored(office)
    head = office.browser("roshchina")
    assert head.get(f"/recordings/{number}/audio").status_code == 409, "opened by nobody"
    assert "Прослушать" in head.get(f"/recordings/{number}").text
    assert head.post(f"/recordings/{number}/listen").status_code == 303
    page = head.get(f"/recordings/{number}").text
    assert f'src="/recordings/{number}/audio"' in page
    assert "Рощина В. П." in page.split("Кто слушал")[1]
    whole = head.get(f"/recordings/{number}/audio")
    assert (whole.status_code, whole.content) == (200, wav(8))
    assert whole.headers["cache-control"] == "no-store"
    assert whole.headers["x-content-type-options"] == "nosniff"
    part = head.get(f"/recordings/{number}/audio", range="bytes=44-143")
    assert (part.status_code, part.content) == (206, wav(8)[44:144])
    assert part.headers["content-range"] == f"bytes 44-143/{len(wav(8))}"


@pytest.mark.parametrize("header", ["bytes=" + ",".join(f"{n}-{n}" for n in range(10_000)), "bytes=999999999-", "x"])
def test_too_many_ranges_are_refused(office: Office, header: str) -> None:
    head, number = opened(office)
    answer = head.get(f"/recordings/{number}/audio", range=header)
    assert (answer.status_code, answer.content) == (416, b"")


def test_a_changed_file_is_not_played(office: Office) -> None:
    head, number = opened(office)
    assert head.get(f"/recordings/{number}/audio").status_code == 200
    folder = files.folder_of(office.desk.settings.data_dir)
    (name,) = files.stored_names(folder)
    path = folder / name
    path.write_bytes(path.read_bytes()[:-2] + b"\0\0")
    assert head.get(f"/recordings/{number}/audio").status_code == 409
    answer = head.post(f"/recordings/{number}/listen")
    assert answer.status_code == 409
    assert "Файл записи изменён" in answer.text
    assert "Файл записи изменён" in office.browser("chernykh").get("/recordings").text


def test_a_link_instead_of_the_file_is_not_followed(office: Office, tmp_path: Path) -> None:
    head, number = opened(office)
    folder = files.folder_of(office.desk.settings.data_dir)
    (name,) = files.stored_names(folder)
    (folder / name).rename(tmp_path / "elsewhere.wav")
    (folder / name).symlink_to(tmp_path / "elsewhere.wav")
    assert head.get(f"/recordings/{number}/audio").status_code == 409


@pytest.mark.parametrize("login", ["lavrova", "gromova", "smirnova", "kim"])
def test_others_find_nothing_to_hear(office: Office, login: str) -> None:
    number = stored(office)
    browser = office.browser(login)
    for path in ("/recordings", f"/recordings/{number}", f"/recordings/{number}/audio", "/monitoring"):
        assert browser.get(path).status_code == 403
    assert browser.post(f"/recordings/{number}/listen").status_code == 403


@pytest.mark.parametrize(
    "path",
    ["/recordings/0", "/recordings/-1", f"/recordings/{2**63}", "/recordings/%2e%2e%2fsecret.key/audio",
     "/recordings/..%2f..%2fsecret.key", "/recordings/1\\..\\x/audio", "/recordings/771399/audio"],
)  # fmt: skip
def test_what_is_no_recording_is_not_found(office: Office, path: str) -> None:
    assert office.browser("chernykh").get(path).status_code == 404


def test_the_card_and_the_journal_lead_to_the_recording_those_who_may_hear(office: Office) -> None:
    number = stored(office)
    head, lavrova = office.browser("roshchina"), office.browser("lavrova")
    with office.desk.database.reading() as session:
        family = session.query(CallRecord).one().family_id
    for browser, may in ((head, True), (lavrova, False)):
        text = browser.get(f"/families/{family}/timeline").text
        assert (f'href="/recordings/{number}"' in text) == may
        assert "Разговор записан." in text


def test_the_director_holds_and_releases(office: Office) -> None:
    number = stored(office)
    director = office.browser("chernykh")
    assert "почему запись нельзя удалять" in director.post(f"/recordings/{number}/hold", reason="").text
    assert director.post(f"/recordings/{number}/hold", reason="жалоба № 14").status_code == 303
    assert "жалоба № 14" in director.get(f"/recordings/{number}").text
    assert director.post(f"/recordings/{number}/release").status_code == 303
    assert office.browser("roshchina").post(f"/recordings/{number}/hold", reason="x").status_code == 403


# --- listening in


def allow_listening(office: Office) -> tuple[int, int]:
    """The rule is in force, Lavrova has signed and talks; the call's and her id."""
    director = office.browser("chernykh")
    rule = {"on": "yes", "order_number": "7", "order_date": "01.10.2026", "tell_listening": "yes", "version": "1"}
    assert director.post("/monitoring/rule/1", **rule).status_code == 303
    with office.desk.database.reading() as session:
        lavrova = session.query(Employee).filter(Employee.login == "lavrova").one().id
    signed = {"operator_id": lavrova, "signed_on": "02.10.2026"}
    assert office.browser("roshchina").post("/monitoring/signed/1", **signed).status_code == 303
    call = office.ring()
    office.answer()
    return call, lavrova


def test_the_head_listens_and_the_operator_sees_it(office: Office) -> None:
    call, lavrova = allow_listening(office)
    head, operator = office.browser("roshchina"), office.browser("lavrova")
    page = head.get("/monitoring").text
    assert "Подсказать" in page
    assert "000-01-01" not in page, "whom she talks with is nobody's business here"
    answer = head.post("/monitoring", call_id=call, operator_id=lavrova, mode="whisper")
    assert answer.status_code == 303
    assert "слушает заведующий" not in operator.part("call")
    with office.desk.database.transaction() as session:
        row = monitoring.claim(session, datetime.now(UTC))
        assert row is not None
    say(office, word("started", Subject.MONITOR, str(row.id)))
    assert "Разговор слушает заведующий" in operator.part("call")
    assert head.post(f"/monitoring/{row.id}/end").status_code == 303
    say(office, word("ended", Subject.MONITOR, str(row.id)))
    assert "слушает заведующий" not in operator.part("call")
    assert "подсказывает" in head.get("/monitoring").text.split("Что слушали")[1]


def test_without_the_rule_the_page_says_so(office: Office) -> None:
    call = office.ring()
    office.answer()
    head = office.browser("roshchina")
    assert "Прослушивание не введено приказом." in head.get("/monitoring").text
    with office.desk.database.reading() as session:
        lavrova = session.query(Employee).filter(Employee.login == "lavrova").one().id
    answer = head.post("/monitoring", call_id=call, operator_id=lavrova, mode="listen")
    assert answer.status_code == 409
    assert "Прослушивание не введено приказом." in answer.text
    with office.desk.database.reading() as session:
        assert session.query(MonitorSession).count() == 0


@pytest.mark.parametrize("field", ["call_id", "operator_id"])
@pytest.mark.parametrize("value", ["-1", "0", str(2**63), "x", ""])
def test_strange_ids_are_refused(office: Office, field: str, value: str) -> None:
    sent = {"call_id": "1", "operator_id": "1", "mode": "listen", field: value}
    assert office.browser("roshchina").post("/monitoring", **sent).status_code in (404, 422)
