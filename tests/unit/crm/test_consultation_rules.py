"""What a consultation record asks for, and its words in column 6."""

import pytest

from crm.specialists.consultation_rules import KINDS, cleaned, is_begun, measure_words, missing

WHOLE = {"topic": 1, "kind": "answered", "answer": "Подать на Госуслугах."}


def test_what_a_form_sends_is_kept_only_as_far_as_it_means_something() -> None:
    sent = {
        "topic": True,
        "kind": "hacked",
        "answer": " а\x00б ",
        "where": 2**63,
        "specialist": -1,
        "remote": "yes",
        "x": 1,
    }
    assert set(cleaned(sent)) == {"answer"}
    assert cleaned(WHOLE | {"remote": True}) == WHOLE | {"remote": True}
    assert cleaned(None) == cleaned("текст") == cleaned({}) == {}
    assert len(cleaned({"answer": "а" * 10_000})["answer"]) == 2000


def test_a_topic_alone_is_no_consultation() -> None:
    assert not is_begun({"topic": 1})
    assert missing({"topic": 1}) == {}
    assert is_begun({"answer": "да"})


@pytest.mark.parametrize(
    ("change", "wrong"),
    [
        ({}, set()),
        ({"topic": None}, {"consultation_topic"}),
        ({"kind": ""}, {"consultation_kind"}),
        ({"answer": ""}, {"consultation_answer"}),
        ({"kind": "referred"}, {"consultation_where"}),
        ({"kind": "outside"}, {"consultation_where"}),
        ({"kind": "outside", "where": 3}, set()),
        ({"kind": "connected"}, {"consultation_specialist"}),
        ({"kind": "booked", "specialist": 3}, set()),
    ],
)
def test_each_kind_asks_for_its_own(change: dict[str, object], wrong: set[str]) -> None:
    assert set(missing(cleaned(WHOLE | change))) == wrong


def test_outside_the_competence_the_applicant_is_sent_elsewhere() -> None:
    text, details = measure_words(KINDS["outside"], "кредиты", "", "МФЦ «Мои документы»", "", remote=False)
    assert (KINDS["outside"].measure, text, details) == (
        "referral",
        "Тема: кредиты",
        {"where": "МФЦ «Мои документы»"},
    )


def test_column_six_says_topic_answer_and_the_remote_format() -> None:
    text, details = measure_words(KINDS["answered"], "пособия", "Подать на Госуслугах.", "", "", remote=True)
    assert text == "Тема: пособия. Подать на Госуслугах. О дистанционном формате рассказано"
    assert details == {}
    _, details = measure_words(KINDS["connected"], "развод", "", "", "Смирнова О. П., юрист", remote=False)
    assert details == {"what": "Соединение со специалистом учреждения: Смирнова О. П., юрист"}
