"""Texts of the robots, recorded phrases and the calls that play and record them: the records of it, on both engines."""

from __future__ import annotations

from array import array
from datetime import timedelta

import pytest
from sqlalchemy import select

from callflow.dialplan_word import DialplanWord, Subject
from callflow.greetings import pieces
from callflow.speech.pieces import PIECES
from callflow.speech.sound import wav
from crm import exchange_state, institution
from crm.audit import AuditEvent
from crm.db import Database
from crm.errors import Incomplete, NotFound, RecordsError, StaleVersion
from crm.speech import calls, phrases, texts, values
from crm.speech.tables import RecordedPhrase, SpeechCall, SpeechText
from crm.staff import by_login
from tests.integration.crm.conftest import NOON

SOUND = wav(array("h", [1000, -1000] * 8000))
OTHER = wav(array("h", [2000, -2000] * 8000))


def head(session):
    found = by_login(session, "roshchina")
    assert found is not None
    return found


def first(session):
    return institution.services(session)[0]


def change(session, name: str, text: str, version: int = 0):
    return texts.change(session, first(session), name, head(session), NOON, text=text, version=version)


def actions(session) -> list[str]:
    return list(session.scalars(select(AuditEvent.action).order_by(AuditEvent.seq)))


def test_a_text_is_the_default_until_the_head_words_it_and_every_version_is_kept(town: Database) -> None:
    with town.transaction() as session:
        before = exchange_state.exchange_state(session).wanted_version
        service = first(session)
        assert texts.current(session, service.id, "bye") == texts.SpokenText(PIECES["bye"].default, 0)
        changed = change(session, "bye", "  Всего   доброго! ")
        assert (changed.text, changed.version, changed.own) == ("Всего доброго!", 1, True)
        assert exchange_state.exchange_state(session).wanted_version > before
        again = change(session, "bye", "Всего доброго!", 1)
        assert again.version == 1, "the same words write nothing"
        back = change(session, "bye", "", 1)
        assert (back.text, back.version, back.own) == (PIECES["bye"].default, 2, False)
    with town.reading() as session:
        rows = texts.history(session, first(session).id, "bye")
        assert [(row.version, row.text, row.created_by.login) for row in rows] == [
            (2, "", "roshchina"),
            (1, "Всего доброго!", "roshchina"),
        ]
        assert actions(session).count("speech.text") == 2


def test_the_default_typed_in_is_the_default(town: Database) -> None:
    with town.transaction() as session:
        assert change(session, "bye", PIECES["bye"].default).version == 0


@pytest.mark.parametrize("text", ["Здравствуйте, {фамилия}!", "{имя", "Пишите: a@b.ru", "длинно " * 200])
def test_what_cannot_be_said_is_not_saved(town: Database, text: str) -> None:
    with town.transaction() as session:
        with pytest.raises(Incomplete) as raised:
            change(session, "who", text)
        assert raised.value.fields["text"]
        assert session.scalars(select(SpeechText).where(SpeechText.name == "who")).all() == []


def test_who_was_slower_sees_what_is_stored_and_loses_nothing(town: Database) -> None:
    with town.transaction() as session:
        change(session, "bye", "Первый.")
        with pytest.raises(StaleVersion) as raised:
            change(session, "bye", "Второй.")
        assert (raised.value.current, raised.value.version) == ({"text": "Первый."}, 1)


def test_a_piece_that_nobody_says_is_not_there(town: Database) -> None:
    with town.transaction() as session:
        for name in ("", "who'; --", "../hello", "line_greeting"):
            with pytest.raises(NotFound):
                change(session, name, "Да.")


def test_each_service_has_its_own_words_and_the_line_says_them(town: Database) -> None:
    with town.transaction() as session:
        change(session, "closed_now", "Мы закрыты.")
        one, two = institution.services(session)[:2]
        assert texts.worded(session, one.id)["closed_now"] == "Мы закрыты."
        assert "closed_now" not in texts.worded(session, two.id)
        assert pieces(values.spoken(session, one, NOON))["closed"] == "Мы закрыты."
        assert pieces(values.spoken(session, two, NOON))["closed"] == "Сейчас нерабочее время."


def test_what_is_the_same_for_every_call_is_filled_in(town: Database) -> None:
    with town.reading() as session:
        found = values.common(session, first(session), NOON)
        assert found["службы"] == "Семейной диспетчерской"
        assert found["учреждения"] == "Заречинского социально-реабилитационного центра"
        assert found["номер"].startswith("+7")
        assert found["часы"].startswith("с понедельника")
        assert values.words_of(session, first(session), "hello", NOON) == (
            "Здравствуйте! Это автоматическое сообщение Семейной диспетчерской, Заречинский "
            "социально-реабилитационный центр."
        )
        assert values.words_of(session, first(session), "who", NOON) == "", "a name differs from call to call"
        assert "по номеру восемь, " in values.words_of(session, first(session), "machine", NOON)
        assert values.words_of(session, first(session), "line_greeting", NOON).startswith("Здравствуйте! Вы позвонили")


def keep(session, name: str, sound: bytes = SOUND) -> RecordedPhrase:
    words = values.words_of(session, first(session), name, NOON)
    return phrases.keep(session, first(session), name, head(session), NOON, words=words, sound=sound, source="upload")


def test_a_recorded_phrase_wins_while_its_words_are_still_the_words(town: Database) -> None:
    with town.transaction() as session:
        row = keep(session, "bye")
        assert (row.seconds, row.file) == (2.0, phrases.file_name(SOUND))
        assert phrases.by_words(session, first(session).id)["Спасибо. До свидания."].id == row.id
        change(session, "bye", "Всего доброго!")
        assert values.words_of(session, first(session), "bye", NOON) not in phrases.by_words(session, first(session).id)
        change(session, "bye", "", 1)
        assert values.words_of(session, first(session), "bye", NOON) in phrases.by_words(session, first(session).id)


def test_a_new_recording_takes_the_place_of_the_old_and_both_are_kept(town: Database) -> None:
    with town.transaction() as session:
        old = keep(session, "bye")
        assert keep(session, "bye").id == old.id, "sent twice is kept once"
        new = keep(session, "bye", OTHER)
        assert [row.id for row in phrases.history(session, first(session).id, "bye")] == [new.id, old.id]
        assert phrases.current(session, first(session).id, "bye") == new
        phrases.remove(session, new.id, head(session), NOON)
        phrases.remove(session, new.id, head(session), NOON)
        assert phrases.current(session, first(session).id, "bye") is None
    with town.reading() as session:
        assert actions(session).count("speech.phrase") == 2
        assert actions(session).count("speech.phrase.remove") == 1
        for wrong in (0, -1, 2**63):
            with pytest.raises(NotFound):
                phrases.one(session, wrong)


def ask(session, kind: str = "record", name: str = "bye", at=NOON) -> SpeechCall:
    return calls.ask(session, first(session), name, head(session), at, kind=kind, words="Спасибо.")


def word(row: SpeechCall, state: str, at=NOON) -> DialplanWord:
    return DialplanWord(subject=Subject.PHRASE, call=row.channel_id, at=at, order=str(row.id), state=state)


def test_one_call_at_a_time_to_ones_own_phone(town: Database) -> None:
    with town.transaction() as session:
        row = ask(session)
        assert row.extension == "121"
        assert ask(session).id == row.id, "a second click is the same wish"
        with pytest.raises(RecordsError, match="Сначала закончите"):
            ask(session, "play")
        with pytest.raises(RecordsError, match="нечего произнести"):
            calls.ask(session, first(session), "bye", head(session), NOON, kind="play", words=" ")
        director = by_login(session, "kim")
        assert director is not None
        with pytest.raises(RecordsError, match="внутреннего номера"):
            calls.ask(session, first(session), "bye", director, NOON, kind="play", words="Да.")


def test_an_order_is_claimed_once_and_not_too_late(town: Database) -> None:
    with town.transaction() as session:
        row = ask(session)
        order = calls.claim(session, NOON)
        assert order is not None
        assert (order.id, order.extension) == (row.id, "121")
        assert calls.claim(session, NOON) is None
        calls.note_failed(session, row.id, NOON)
        late = ask(session)
        assert calls.claim(session, NOON + timedelta(minutes=1)) is None
        assert (late.live, late.result) == (False, "failed")


def test_what_the_dialplan_says_is_followed_once_and_only_forward(town: Database) -> None:
    with town.transaction() as session:
        row = ask(session)
        calls.claim(session, NOON)
        calls.note_placed(session, row.id, NOON)
        assert calls.follow(session, word(row, "began")) is not None
        assert calls.follow(session, word(row, "began")) is None
        calls.follow(session, word(row, "kept"))
        assert calls.follow(session, word(row, "dropped")) is None
        calls.follow(session, word(row, "ended"))
        assert row.live, "its file has not been taken in yet"
        assert [one.id for one in calls.to_take_in(session)] == [row.id]
        calls.note_kept(session, row.id, NOON)
        assert (row.live, row.result, row.state) == (False, "kept", "ended")
        assert calls.follow(session, word(row, "began")) is None


@pytest.mark.parametrize(("kind", "result"), [("record", "dropped"), ("play", "played")])
def test_a_call_that_ends_by_itself_is_over(town: Database, kind: str, result: str) -> None:
    with town.transaction() as session:
        row = ask(session, kind)
        calls.claim(session, NOON)
        calls.follow(session, word(row, "began"))
        calls.follow(session, word(row, "ended"))
        assert (row.live, row.result) == (False, result)


def test_a_phone_that_nobody_answers_does_not_hold_her_up_for_ever(town: Database) -> None:
    with town.transaction() as session:
        row = ask(session)
        calls.claim(session, NOON)
        calls.note_placed(session, row.id, NOON)
        assert calls.end_silent(session, NOON + timedelta(seconds=30)) == []
        assert calls.end_silent(session, NOON + timedelta(seconds=61)) == [row]
        assert row.result == "no_answer"
        assert ask(session).id != row.id
