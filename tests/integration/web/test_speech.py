"""«Тексты и голос» through a browser: seen, changed, heard, recorded, refused (reliability.md B72–B74)."""

from __future__ import annotations

import stat
from array import array

import pytest
from sqlalchemy import select

from callflow.speech.pieces import PIECES
from callflow.speech.sound import wav
from crm import institution
from crm.audit import AuditEvent
from crm.speech import phrases, texts
from crm.speech.tables import SpeechCall
from tests.integration.web.test_imports import SAME, form, part
from tests.unit.callflow.speech.test_sound import riff, tone, wide
from workers.speech import engines
from workers.speech.port import SpeechError
from workers.speech.voice import preview_folder

VOICE = wav(array("h", [5000, -5000] * 4000))
GOOD = riff(wide(tone(44100, 1.5), 24), 44100, bits=24)
HELLO = "/settings/speech/1/hello"


class Engine:
    """Says everything alike and notes what."""

    name, title = "test:1", "пробный голос"

    def __init__(self) -> None:
        self.said: list[str] = []
        self.ill = False

    def say(self, text: str) -> bytes:
        if self.ill:
            raise SpeechError("ill")
        self.said.append(text)
        return VOICE


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> Engine:
    made = Engine()
    monkeypatch.setattr(engines, "present", lambda _wish, _cache: made)
    return made


@pytest.fixture
def head(office, engine):
    return office.browser("roshchina")


def current(office, name: str) -> texts.SpokenText:
    with office.desk.database.reading() as session:
        return texts.current(session, 1, name)


def actions(office) -> list[str]:
    with office.desk.database.reading() as session:
        return list(session.scalars(select(AuditEvent.action).where(AuditEvent.action.like("speech.%"))))


def bring(browser, content: bytes, *, name: str = "hello", service: str = "1", file_name: str = "фраза.wav"):
    parts = [
        part("csrf", browser.csrf.encode()), part("service", service.encode()), part("name", name.encode()),
        part("file", content, file_name),
    ]  # fmt: skip
    return browser.client.post("/settings/speech/phrases", content=form(*parts), headers=SAME)


def phrase(office, name: str = "hello"):
    with office.desk.database.reading() as session:
        return phrases.current(session, 1, name)


def test_the_list_says_every_text_and_which_voice_speaks(office, head) -> None:
    page = head.get("/settings/speech").text
    assert "Говорит пробный голос" in page
    for piece in PIECES.values():
        assert f"/settings/speech/1/{piece.name}" in page
    assert "Мы работаем с понедельника" in head.get("/settings/speech/1/closed_hours").text
    assert "/settings/speech/1/line_greeting" in page


@pytest.mark.parametrize(("login", "status"), [("roshchina", 200), ("chernykh", 200), ("kim", 200), ("lavrova", 403)])
def test_head_director_and_administrator_only(office, engine, login: str, status: int) -> None:
    browser = office.browser(login)
    assert browser.get("/settings/speech").status_code == status
    assert browser.post(HELLO, text="Да.", version="0").status_code in ((303,) if status == 200 else (403,))


def test_a_text_is_saved_with_its_author_and_can_be_taken_back(office, head) -> None:
    assert head.post(HELLO, text="Здравствуйте, это {службы}.", version="0").status_code == 303
    assert current(office, "hello").text == "Здравствуйте, это {службы}."
    page = head.get(HELLO).text
    assert "Здравствуйте, это Семейной диспетчерской." in page
    assert "Рощина" in page
    assert head.post(HELLO, text="", version="1").status_code == 303
    assert current(office, "hello").text == PIECES["hello"].default
    assert actions(office) == ["speech.text", "speech.text"]


@pytest.mark.parametrize("text", ["Здравствуйте, {фамилия}!", "{имя", "a@b.ru", "слово " * 200, "<b>{</b>"])
def test_what_cannot_be_said_comes_back_with_a_sentence(office, head, text: str) -> None:
    answer = head.post(HELLO, text=text, version="0")
    assert answer.status_code == 422
    assert 'aria-invalid="true"' in answer.text
    assert text.strip().split("{")[0][:20] in answer.text.replace("&lt;", "<").replace("&gt;", ">"), "nothing is lost"
    assert current(office, "hello").version == 0


def test_who_was_slower_keeps_her_words(office, head, engine) -> None:
    office.browser("chernykh").post(HELLO, text="Первый.", version="0")
    answer = head.post(HELLO, text="Второй.", version="0")
    assert answer.status_code == 409
    assert "Второй." in answer.text
    assert "Первый." in answer.text
    assert head.post(HELLO, text="Второй.", version="1").status_code == 303


def test_what_is_typed_is_heard_before_it_is_saved(office, head, engine) -> None:
    answer = head.post("/settings/speech/1/who/preview", text="Это {имя}? 26.11 в 14:30.", version="0")
    assert answer.status_code == 200
    assert engine.said == ["Это Елена Викторовна? двадцать шестого ноября в четырнадцать часов тридцать минут."]
    path = answer.text.split('src="/settings/speech/preview/')[1].split('"')[0]
    sound = head.get(f"/settings/speech/preview/{path}")
    assert (sound.content, sound.headers["content-type"]) == (VOICE, "audio/wav")
    assert sound.headers["x-content-type-options"] == "nosniff"
    part_of = head.get(f"/settings/speech/preview/{path}", range="bytes=0-9")
    assert (part_of.status_code, part_of.content) == (206, VOICE[:10])
    assert current(office, "who").version == 0
    assert head.post("/settings/speech/1/who/preview", text="{ой}", version="0").status_code == 422


def test_an_example_is_ones_own_and_no_file_of_a_family(office, head) -> None:
    for name in ("0" * 40, "..%2f..%2fsecret", "a.wav", "-rf", "имя", "0" * 39):
        assert head.get(f"/settings/speech/preview/{name}").status_code == 404
    assert preview_folder(office.desk.settings.data_dir).name == "preview", "families' words lie elsewhere"


def test_a_voice_that_is_ill_says_so_on_the_page(office, head, engine) -> None:
    engine.ill = True
    answer = head.post("/settings/speech/1/bye/preview", text="Да.", version="0")
    assert answer.status_code == 503
    assert "Программа речи сейчас недоступна" in answer.text
    assert head.get("/settings/speech/1/bye/sound").status_code == 404


# --- recorded phrases


def test_a_phrase_of_any_wav_is_kept_as_telephones_play_it_and_wins(office, head, engine) -> None:
    assert bring(head, GOOD).status_code == 303
    row = phrase(office)
    assert row is not None
    assert (row.source, row.seconds, row.words) == (
        "upload",
        1.5,
        "Здравствуйте! Это автоматическое сообщение Семейной диспетчерской, Заречинский "
        "социально-реабилитационный центр.",
    )
    path = office.desk.settings.data_dir / "phrases" / row.file
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    heard = head.get(f"{HELLO}/sound")
    assert heard.content == path.read_bytes()
    assert engine.said == [], "the engine is not asked"
    assert "записано голосом" in head.get("/settings/speech").text
    assert bring(head, GOOD).status_code == 303
    assert phrase(office).id == row.id, "sent twice is kept once"
    assert head.get(f"/settings/speech/phrases/{row.id}/sound").content == path.read_bytes()


def test_a_changed_text_silences_the_recording_and_the_page_says_so(office, head, engine) -> None:
    bring(head, GOOD)
    head.post(HELLO, text="Добрый день.", version="0")
    assert "запись не звучит" in head.get("/settings/speech").text
    assert "она сделана к другому тексту" in head.get(HELLO).text
    assert head.get(f"{HELLO}/sound").content == VOICE


def test_a_recording_is_taken_back_and_stays_in_the_history(office, head) -> None:
    bring(head, GOOD)
    row = phrase(office)
    assert head.post(f"/settings/speech/phrases/{row.id}/remove").status_code == 303
    assert head.post(f"/settings/speech/phrases/{row.id}/remove").status_code == 303
    assert phrase(office) is None
    assert "снята" in head.get(HELLO).text
    assert actions(office) == ["speech.phrase", "speech.phrase.remove"]


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "Файл пуст"),
        (b"ID3\x03" + bytes(5000), "Это не WAV-файл"),
        (b"<html><script>alert(1)</script>RIFF", "Это не WAV-файл"),
        (riff(b""), "только заголовок"),
        (riff(bytes(2 * 8000 * 7200 // 60), 8000), "тишина"),
        (riff(wide(tone(8000, 181), 16), 8000), "длиннее 3 минут"),
        (bytes(21 << 20), "Файл больше 20 МБ"),
    ],
)
def test_what_is_no_phrase_is_refused_with_the_reason(office, head, content: bytes, sentence: str) -> None:
    answer = bring(head, content, file_name="-rf ../x;id.wav")
    assert answer.status_code == 422
    assert sentence in answer.text
    assert phrase(office) is None
    assert not list((office.desk.settings.data_dir / "phrases").glob("*"))


@pytest.mark.parametrize("name", ["who", "remind_office", "closed_next"])
def test_what_differs_from_call_to_call_is_not_recorded(office, head, name: str) -> None:
    answer = bring(head, GOOD, name=name)
    assert answer.status_code == 422
    assert "каждый раз звучит по-разному" in answer.text


@pytest.mark.parametrize(("service", "name"), [("1", "nobody"), ("99", "hello"), ("0", "hello"), (str(2**63), "hello")])
def test_a_file_for_nothing_is_404_and_leaves_nothing(office, head, service: str, name: str) -> None:
    assert bring(head, GOOD, service=service, name=name).status_code == 404
    assert not list((office.desk.settings.data_dir / "phrases").glob("*"))


# --- calls to oneself


def last_call(office) -> SpeechCall | None:
    with office.desk.database.reading() as session:
        return session.scalars(select(SpeechCall).order_by(SpeechCall.id.desc()).limit(1)).one_or_none()


def test_she_is_rung_at_her_own_phone(office, head) -> None:
    assert head.post("/settings/speech/1/who/call", kind="play").status_code == 303
    row = last_call(office)
    assert (row.kind, row.extension, row.state) == ("play", "121", "requested")
    assert "Елена Викторовна" in row.words, "an example, nobody's name"
    head.post("/settings/speech/1/who/call", kind="play")
    assert last_call(office).id == row.id, "clicked twice is one call"
    page = head.get("/settings/speech/1/who").text
    assert f"/settings/speech/calls/{row.id}" in page
    state = head.get(f"/settings/speech/calls/{row.id}")
    assert "Снимите трубку" in state.text
    assert "every 2s" in state.text
    assert 'hx-select="unset"' in state.text, "or the answer, which has no page in it, would take the line away"
    assert 'data-do="answer"' in state.text, "her phone may be this browser"
    assert office.browser("chernykh").get(f"/settings/speech/calls/{row.id}").status_code == 404


def test_what_is_over_is_said_and_asked_after_no_more(office, head) -> None:
    head.post(f"{HELLO}/call", kind="record")
    with office.desk.database.transaction() as session:
        row = session.scalars(select(SpeechCall)).one()
        row.state, row.result, row.live = "ended", "kept", False
    state = head.get(f"/settings/speech/calls/{row.id}")
    assert "every 2s" not in state.text
    assert "hx-refresh" not in state.headers, "what she is typing stays"
    assert "Запись сохранена" in state.text


def test_why_nobody_is_rung_is_said(office, head, engine) -> None:
    assert "записать её заранее нельзя" in head.post("/settings/speech/1/who/call", kind="record").text
    answer = office.browser("kim").post(f"{HELLO}/call", kind="play")
    assert (answer.status_code, "нет внутреннего номера" in answer.text) == (409, True)
    assert head.post(f"{HELLO}/call", kind="dance").status_code == 422
    assert last_call(office) is None


@pytest.mark.parametrize(
    "path", ["0/hello", "1/nobody", f"{2**63}/hello", "1/../../etc/passwd", "phrases/0/sound", "calls/0"]
)
def test_what_is_not_there_is_404(head, path: str) -> None:
    assert head.get(f"/settings/speech/{path}").status_code == 404


def test_the_line_says_the_new_words(office, head) -> None:
    head.post("/settings/speech/1/closed_now", text="Мы уже закрылись.", version="0")
    with office.desk.database.reading() as session:
        service = institution.services(session)[0]
    assert "Мы уже закрылись." in head.get(f"/settings/speech?service={service.id}").text
