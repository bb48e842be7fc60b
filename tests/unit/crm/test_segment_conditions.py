"""Conditions in plain words: what may be typed, and the one sentence that comes of them."""

from datetime import date

import pytest

from crm.segments.conditions import Condition, from_json, grouped, read, sentence, to_json
from crm.segments.facts import births_of
from crm.segments.kinds import KINDS, Listed

LISTS = {
    "status": {"многодетная": "многодетная", "СОП": "социально опасное положение"},
    "place": {"г. Заречинск": "г. Заречинск", "с. Речное": "с. Речное"},
    "risk": {"debts": "долги"},
    "service_kind": {"urgent": "срочные"},
    "housing": {"rent": "съёмное жильё", "none": "жилья нет"},
    "income": {"below": "ниже прожиточного минимума"},
    "transport": {"none": "добраться трудно"},
    "measure": {"5": "Земельный участок"},
}


def one(kind: str, **values: object) -> Condition:
    condition, problem = read(kind, values, LISTS)
    assert condition is not None, problem
    return condition


@pytest.mark.parametrize(
    ("conditions", "said"),
    [
        ([], "Все семьи."),
        ([one("children", count="3")], "Семьи, где не меньше 3 детей до 18 лет."),
        ([one("children", count=1)], "Семьи, где не меньше 1 ребёнка до 18 лет."),
        ([one("children", how="most", count=0)], "Семьи, где нет детей до 18 лет."),
        ([one("child_age", since=0, until=2)], "Семьи, где есть ребёнок не старше 2 лет."),
        ([one("child_age", since=0, until=1)], "Семьи, где есть ребёнок не старше 1 года."),
        ([one("child_age", since=7, until=15)], "Семьи, где есть ребёнок от 7 до 15 лет включительно."),
        ([one("child_age", since=3, until=3)], "Семьи, где есть ребёнок, которому 3 года."),
        ([one("child_age", since=0, until=0)], "Семьи, где есть ребёнок до года."),
        ([one("turning", age=18, days=21)], "Семьи, где в ближайшие 21 день ребёнку исполнится 18 лет."),
        ([one("turning", age=1, days=0)], "Семьи, где сегодня ребёнку исполнится 1 год."),
        ([one("study_ends", days=30)], "Семьи, где в ближайшие 30 дней истекает справка об очном обучении."),
        ([one("status", code="многодетная")], "Семьи, где есть статус «многодетная»."),
        ([one("status", code="многодетная", proof="proved")], "Семьи, где есть статус «многодетная» по документу."),
        ([one("no_status", code="многодетная")], "Семьи, где нет статуса «многодетная»."),
        ([one("paper_ends", days=60)], "Семьи, где в ближайшие 60 дней истекает документ о любом статусе."),
        (
            [one("paper_ends", code="многодетная", days=2)],
            "Семьи, где в ближайшие 2 дня истекает документ о статусе «многодетная».",
        ),
        ([one("risk", code="debts")], "Семьи, где есть признак риска «долги»."),
        ([one("need", code="urgent")], "Семьи, где нужны услуги «срочные»."),
        ([one("phone", have="no")], "Семьи, где нет телефона."),
        ([one("robots")], "Семьи, где есть согласие на автоматические звонки."),
        ([one("silent", days=181)], "Семьи, где 181 день или дольше не говорили с нами."),
        ([one("measure", code="5")], "Семьи, где ещё не знают от нас о мере «Земельный участок»."),
        ([one("measure", code="5", how="has")], "Семьи, где уже получают меру «Земельный участок»."),
        (
            [one("children"), one("phone"), one("measure", code="5")],
            "Семьи, где не меньше 3 детей до 18 лет, есть телефон и ещё не знают от нас о мере «Земельный участок».",
        ),
    ],
)
def test_one_sentence(conditions, said):
    assert sentence(conditions, LISTS) == said


def test_of_what_a_family_has_one_several_rows_are_alternatives():
    rows = [one("place", code="г. Заречинск"), one("phone"), one("place", code="с. Речное")]
    assert [len(group) for group in grouped(rows)] == [2, 1]
    assert sentence(rows, LISTS) == "Семьи, где адрес — г. Заречинск или с. Речное и есть телефон."
    twice = [one("status", code="многодетная"), one("status", code="СОП")]
    assert [len(group) for group in grouped(twice)] == [1, 1], "a family may have several statuses, and must here"


def test_a_code_that_the_list_has_lost_stands_as_it_is():
    assert sentence([one("measure", code="5")], {}) == "Семьи, где ещё не знают от нас о мере «5»."


@pytest.mark.parametrize(
    ("kind", "values", "problem"),
    [
        ("children", {"count": "16"}, "от 0 до 15"),
        ("children", {"count": "-1"}, "от 0 до 15"),
        ("children", {"count": "три"}, "целое число"),
        ("children", {"count": "٣"}, "целое число"),
        ("children", {"count": "9" * 5000}, "целое число"),
        ("children", {"count": True}, "целое число"),
        ("children", {"count": 3, "how": "exactly"}, "один из вариантов"),
        ("child_age", {"since": "9", "until": "3"}, "больше возраста"),
        ("turning", {"age": "0", "days": "30"}, "от 1 до 23"),
        ("silent", {"days": "0"}, "от 1 до"),
        ("status", {}, "из списка"),
        ("status", {"code": "=cmd|' /C calc'!A0"}, "из списка"),
        ("place", {"code": "%"}, "из списка"),
        ("measure", {"code": "6"}, "из списка"),
        ("measure", {"code": "5 OR 1=1"}, "из списка"),
        ("family", {}, "Выберите условие"),
    ],
)
def test_what_is_no_condition_is_said_in_words(kind, values, problem):
    condition, said = read(kind, values, LISTS)
    assert condition is None
    assert problem in said


@pytest.mark.parametrize(
    "rows", [["x"], [{}], [{"kind": 5}], [{"kind": "drop table"}], [{"kind": "measure", "code": "x"}]]
)
def test_stored_rubbish_is_no_condition(rows):
    with pytest.raises(ValueError, match=r"."):
        from_json(rows)


def test_every_kind_can_be_written_read_and_said():
    for kind in KINDS.values():
        listed = {field.name: next(iter(LISTS[field.of])) for field in kind.fields if isinstance(field, Listed)}
        condition = one(kind.code, **listed)
        assert from_json(to_json([condition])) == (condition,)
        assert sentence([condition], LISTS).startswith("Семьи, где ")


def test_births_are_written_youngest_first_and_end_somewhere():
    assert births_of([date(2019, 2, 12), date(2023, 11, 5)]) == "2023110520190212"
    assert births_of([]) == ""
    assert len(births_of([date(2000, 1, 1)] * 30)) == 160
