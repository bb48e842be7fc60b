"""What a typed text asks for, and which found card comes first."""

import pytest

from crm.search.index import Place, places_of
from crm.search.query import MOST_WORDS, Query, read_query
from crm.search.ranking import Member, Rank, rank
from crm.search.words import LONGEST_WORD, words_of


def member(id_: int, name: str, *, applicant: bool = False, left: bool = False) -> Member:
    words = words_of(name)
    return Member(id_, words[0], words, applicant, left)


def ranked(parts: list[str], people: list[Member], elsewhere: list[str] | None = None) -> Rank:
    return rank(parts, people, lambda: elsewhere or [])


@pytest.mark.parametrize(
    ("text", "query"),
    [
        ("8 (907) 000-01-01", Query(number="+79070000101")),
        ("2-12-34", Query(number="+74924821234")),
        ("С-00012", Query(card="С-00012")),
        ("c-12", Query(card="С-00012")),
        ("№ 12", Query(card="С-00012")),
        ("12", Query(card="С-00012")),
        ("Кузнецова  Елена", Query(words=("кузнецова", "елена"))),
        ("Алёна Алена", Query(words=("алена",))),
        ("ул. Лесная, д. 12", Query(words=("лесная", "12"))),
        ("ул", Query(words=("ул",))),
        ("%_\\", Query()),
        ("", Query()),
    ],
)
def test_what_a_text_asks_for(text: str, query: Query) -> None:
    assert read_query(text, "49248") == query


def test_a_query_has_an_end() -> None:
    assert len(read_query("один два три четыре пять шесть семь восемь", None).words) == MOST_WORDS
    assert read_query("я" * 10_000_000, None).words == ("я" * LONGEST_WORD,)


def test_whole_words_come_before_beginnings_and_those_before_inner_parts() -> None:
    names = ["Иванова Анна", "Ивановская Анна", "Петроиванова Анна"]
    keys = [ranked(["иванова"], [member(1, name, applicant=True)], []).key for name in names]
    # «иванова» is no part of «ивановская»
    assert keys[0] < keys[2]
    keys = [
        ranked(["иванов"], [member(1, name, applicant=True)], []).key for name in ["Иванов", "Иванова", "Петроиванов"]
    ]
    assert keys == sorted(keys)
    assert len(set(keys)) == 3


def test_the_applicants_surname_comes_before_other_members_before_the_address_before_who_left() -> None:
    applicant = member(1, "Лесная Анна", applicant=True)
    plain = member(1, "Белова Анна", applicant=True)
    child = member(2, "Лесная Дарья")
    gone = member(2, "Лесная Дарья", left=True)
    ranks = [
        ranked(["лесная"], people, elsewhere)
        for people, elsewhere in [([applicant], []), ([plain, child], []), ([plain], ["лесная"]), ([plain, gone], [])]
    ]
    assert [one.key for one in ranks] == sorted(one.key for one in ranks)
    assert [one.person_id for one in ranks] == [1, 2, 1, 2]


def test_words_of_one_person_come_before_words_of_several() -> None:
    together = ranked(
        ["кузнецова", "дарья"], [member(1, "Кузнецова Елена", applicant=True), member(2, "Кузнецова Дарья")], []
    )
    apart = ranked(
        ["кузнецова", "дарья"], [member(1, "Кузнецова Елена", applicant=True), member(2, "Белова Дарья")], []
    )
    assert together.key < apart.key
    assert together.person_id == 2


def test_within_one_fit_the_name_decides() -> None:
    anna, vera = (ranked(["иванова"], [member(1, f"Иванова {name}", applicant=True)], []) for name in ("Анна", "Вера"))
    assert anna.key < vera.key


def test_each_word_of_a_card_has_its_best_place() -> None:
    people = [
        ("Лесная", "Анна", "Петровна", True, False),
        ("Лесной", "Пётр", "", False, False),
        ("Чужая", "Ева", "", False, True),
    ]
    places = places_of("Лесные", "ул. Лесная, д. 12, кв. 4", "г. Заречинск", people)
    assert places == {
        "лесная": Place.APPLICANT,
        "анна": Place.PERSON,
        "петровна": Place.PERSON,
        "лесной": Place.PERSON,
        "петр": Place.PERSON,
        "чужая": Place.LEFT,
        "ева": Place.LEFT,
        "лесные": Place.FAMILY,
        "12": Place.ADDRESS,
        "4": Place.ADDRESS,
        "заречинск": Place.ADDRESS,
    }
