"""Rows of a register: columns recognised, cells understood, nothing lost silently."""

from datetime import date

import pytest

from crm.papers.contacts import read_contacts
from crm.papers.dates import read_date, read_year
from crm.papers.family_status_words import read_statuses
from crm.papers.mapping import (
    MEANINGS,
    Mapping,
    from_json,
    headings,
    letters_of,
    meaning_of,
    place_of,
    propose,
)
from crm.papers.reading import Cell, Row
from crm.papers.rows import REVIEW, understand

TODAY = date(2026, 11, 12)
REGISTRY = ("№ п/п", "Состав семьи", "Адрес проживания", "Контактные данные (телефон, эл. почта)", "Краткая информация")


def row(number, *texts, sheet=0):
    return Row(sheet, number, tuple(cell if isinstance(cell, Cell) else Cell(cell) for cell in texts))


def flat(*texts, **columns):
    """One row of a table with these meanings, left to right."""
    return understand(row(2, *texts), Mapping(columns=dict(enumerate(columns["as_"]))), "47367", TODAY)


def test_the_five_columns_of_the_registry_are_recognised_and_the_numbering_row_is_skipped():
    data = row(5, "1", "Иванова Мария", "с. Заречное")
    rows = [row(1, "РЕЕСТР"), row(3, *REGISTRY), row(4, "1", "2", "3", "4", "5"), data]
    mapping = propose(rows)
    assert list(mapping.columns.values()) == ["number", "composition", "address", "contacts", "brief"]
    assert (mapping.header_row, mapping.first_row, mapping.problem) == (3, 5, "")


def test_a_merged_heading_is_read_with_the_narrow_ones_below_it():
    data = row(3, "Иванова", "8", "a")
    rows = [row(1, "ФИО", "Контактные данные", "", "Адрес"), row(2, "", "телефон", "эл. почта"), data]
    mapping = propose(rows)
    assert mapping.columns == {0: "full_name", 1: "phone", 2: "email", 3: "address"}
    assert mapping.first_row == 3
    assert headings(rows, mapping) == ["ФИО", "телефон", "эл. почта", "Адрес"]


@pytest.mark.parametrize(
    ("heading", "meaning"),
    [("Ф.И.О. заявителя", "full_name"), ("Дата рождения", "birth_date"), ("ФИО детей, дата рождения", "children"),
     ("Мобильный телефон", "phone"), ("Электронный адрес", "email"), ("Адрес регистрации", "registration_address"),
     ("Адрес фактического проживания", "address"), ("ФИО супруга", "spouse"), ("№", "number"),
     ("Категория", "statuses"),
     ("Населённый пункт", "locality"), ("Кол-во детей", "note"), ("Цвет глаз", "skip"), ("", "skip")],
)  # fmt: skip
def test_headings_in_peoples_words(heading, meaning):
    assert meaning_of(heading) == meaning
    assert meaning in MEANINGS


@pytest.mark.parametrize(("place", "letters"), [(0, "A"), (25, "Z"), (26, "AA"), (99, "CV")])
def test_columns_by_their_letters(place, letters):
    assert letters_of(place) == letters
    assert place_of(letters) == place


def test_a_registry_of_large_families_says_what_they_are():
    rows = [row(1, "РЕЕСТР многодетных семей"), row(2, *REGISTRY), row(3, "1", "Иванова Мария", "с. Заречное")]
    mapping = propose(rows)
    assert mapping.large
    assert understand(rows[2], mapping, None, TODAY).draft.statuses == ["многодетная"]
    assert not propose(rows[1:]).large


def test_without_headings_nothing_is_guessed():
    mapping = propose([row(1, "Иванова Мария", "89070000101")])
    assert mapping.columns == {}
    assert "в каком столбце имена" in mapping.problem


def test_two_columns_cannot_both_be_the_applicant():
    assert "для двух столбцов" in Mapping(columns={0: "full_name", 1: "full_name"}).problem


@pytest.mark.parametrize(
    "stored",
    [{"columns": {"0": "rm -rf"}}, {"columns": {"-1": "name"}}, {"columns": {"5000": "name"}}, {"first_row": "x"},
     {"similar": "merge"}, {"sheet": 10**9}],
)  # fmt: skip
def test_a_mapping_that_our_page_cannot_send_is_refused(stored):
    with pytest.raises(ValueError, match="mapping"):
        from_json(stored)


# B33–B36, B39


@pytest.mark.parametrize(
    "text", ["7.9910970168E+10", "7,9910970168E+10", "79910970168", "79910970168.0", "8 (991) 097-01-68"]
)
def test_b39_a_telephone_that_became_a_number_is_a_telephone(text):
    assert [phone[0] for phone in read_contacts(text, None).phones] == ["+79910970168"]


def test_b34_a_local_number_gets_the_districts_code():
    assert read_contacts("2-15-34", "47367").phones[0][0] == "+74736721534"
    assert read_contacts("дом. 2-15-34", "49248").phones[0][0] == "+74924821534"
    assert read_contacts("2-15-34", None).unread == "2-15-34"


def test_b36_several_numbers_and_an_address_in_one_cell():
    found = read_contacts("моб. 8 943 000-01-01/8 943 000-01-02, s1@example.ru; дом. 2-15-34", "47367")
    assert [phone[0] for phone in found.phones] == ["+79430000101", "+79430000102", "+74736721534"]
    assert [phone[2] for phone in found.phones] == ["мобильный", "", "домашний"]
    assert found.emails == ("s1@example.ru",)
    assert found.unread == ""


@pytest.mark.parametrize("text", ["100&PJSIP/200", "a@b", "8943000010", "телефон 12"])
def test_what_is_no_telephone_is_not_lost(text):
    found = read_contacts(text, None)
    assert found.phones == ()
    assert found.unread


@pytest.mark.parametrize(
    ("text", "expected"),
    [("12.03.1985", date(1985, 3, 12)), ("12/3/85", date(1985, 3, 12)), ("1985-03-12 00:00:00", date(1985, 3, 12)),
     ("12 марта 1985 г.", date(1985, 3, 12)), ("31118", date(1985, 3, 12)), ("05.06.15", date(2015, 6, 5)),
     ("31.02.1985", None), ("12.03.2030", None), ("12.03.1885", None), ("1985", None), ("вчера", None), ("", None)],
)  # fmt: skip
def test_dates_as_people_type_them(text, expected):
    assert read_date(text, TODAY) == expected


def test_a_year_is_a_year():
    assert read_year("1985 г. р.", TODAY) == 1985
    assert read_year("2030", TODAY) is None


def test_statuses_by_their_words():
    assert read_statuses("Многодетная семья, малообеспеченная") == (["многодетная", "малоимущая"], True)
    assert read_statuses("нет") == ([], True)
    assert read_statuses("хорошая") == ([], False)


# whole rows


def test_a_flat_row_becomes_a_family():
    known = flat(
        "Ковалёва Анна Ивановна", "12.03.1985", "8 943 000-01-01", "с. Заречное, ул. Мира, д. 5", "многодетная",
        "Лев 01.02.2015, Ева 03.04.2018", as_=("full_name", "birth_date", "phone", "address", "statuses", "children"),
    )  # fmt: skip
    draft = known.draft
    assert known.problems == ()
    assert [one.surname for one in draft.people] == ["Ковалёва", "Ковалёв", "Ковалёва"]
    assert draft.applicant.birth_date == date(1985, 3, 12)
    assert (draft.locality, draft.address) == ("с. Заречное", "ул. Мира, д. 5")
    assert draft.statuses == ["многодетная"]
    assert not draft.review


def test_what_is_not_understood_stays_as_text_and_asks_for_a_look():
    known = flat("Ковалёва Анна, мать, и пятеро её детей от двух браков", "тел. спросить у соседки 5", "дача",
                 as_=("composition", "phone", "statuses"))  # fmt: skip
    assert known.draft.review
    assert REVIEW.startswith("Проверить")
    for words in ("пятеро её детей от двух браков", "спросить у соседки", "дача"):
        assert words in known.draft.situation
    assert len(known.problems) == 3
    assert not any(problem.fatal for problem in known.problems)
    assert [one.surname for one in known.draft.people] == ["Ковалёва"]


def test_a_row_without_anybodys_name_is_an_error_of_that_column():
    known = flat("1", "", "с. Заречное", as_=("number", "full_name", "address"))
    assert known.draft is None
    assert known.problems[0].fatal
    assert known.problems[0].column == 1


def test_b53_a_formula_without_a_result_is_an_error_of_its_cell():
    known = flat("Ковалёва Анна", Cell(problem="Вместо значения – формула без результата."), as_=("full_name", "phone"))
    assert known.draft is None
    assert (known.problems[0].column, known.problems[0].fatal) == (1, True)


def test_no_sentence_quotes_the_file():
    known = flat("Ковалёва Анна", "31.02.1985", "секрет@", "дача", as_=("full_name", "birth_date", "phone", "statuses"))
    said = " ".join(problem.sentence for problem in known.problems)
    assert len(known.problems) == 3
    assert not any(word in said for word in ("Ковалёва", "31.02", "секрет", "дача"))


def test_health_waits_for_a_written_consent_and_a_danger_hides_the_card():
    known = flat("Ковалёва Анна", "ребёнок-инвалид, СОП", as_=("full_name", "statuses"))
    assert known.draft.statuses == ["СОП"]
    assert known.draft.restricted
    assert "после письменного согласия" in known.problems[0].sentence


@pytest.mark.parametrize(
    ("name", "other"),
    [("Ковалёва Анна Ивановна", "КОВАЛЕВА  анна ивановна"), ("Ковалёва Анна Ивановна", "Анна Ивановна Ковалёва")],
)
def test_b55_the_key_of_a_family_knows_no_spelling(name, other):
    columns = ("full_name", "birth_date")
    one, two = (flat(text, "12.03.1985", as_=columns).draft.import_key for text in (name, other))
    assert one == two
    assert flat(name, "13.03.1985", as_=columns).draft.import_key != one


def test_signs_that_nobody_sees_are_taken_out():
    known = flat("Кова\u202eлёва\u200b Анна\x00", "=HYPERLINK(1)", as_=("full_name", "note"))
    assert known.draft.applicant.surname == "Ковалёва"
    assert known.draft.situation == "=HYPERLINK(1)"
