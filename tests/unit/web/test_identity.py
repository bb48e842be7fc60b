"""The caller's answers against the card."""

from datetime import date

import pytest

from callflow.identity import IdentityLevel
from web.identity import compare, read_date

CARD = {
    "known_birth_date": date(1985, 4, 17),
    "known_address": "ул. Лесная, д. 12, кв. 4",
    "known_children": ["Дарья", "Илья"],
}


def said(birth_date="", street="", child=""):
    return compare(birth_date=birth_date, street=street, child=child, **CARD)


def test_two_control_answers_reach_the_level_at_which_the_case_may_be_discussed():
    assert said("17.04.1985", "Лесная").level is IdentityLevel.CONTROL_QUESTIONS
    assert said("17.04.1985", child="илья").level is IdentityLevel.CONTROL_QUESTIONS
    assert said("17.04.1985").level is IdentityLevel.CONFIRMED


@pytest.mark.parametrize("street", ["ул. Лесная", "лесная улица", "ЛЕСНАЯ", "Лесная, 12"])
def test_the_street_is_recognised_in_any_spelling(street):
    assert said(street=street).agreed == ["address"]


@pytest.mark.parametrize("street", ["ул.", "улица", "12", "д. 12", "л", "Полевая", "Лесная Полевая", "%", "ес"])
def test_a_guess_is_not_an_answer(street):
    assert said(street=street).differing == ["address"]


def test_a_wrong_child_or_date_differs():
    assert said("18.04.1985", child="Пётр").differing == ["birth_date", "children"]


def test_a_card_without_the_fact_agrees_with_nothing():
    result = compare(
        birth_date="01.01.2000",
        street="Лесная",
        child="Дарья",
        known_birth_date=None,
        known_address="",
        known_children=[],
    )
    assert result.agreed == []


@pytest.mark.parametrize(
    ("text", "known"),
    [
        ("17.04.1985", date(1985, 4, 17)),
        ("17 4 85", date(1985, 4, 17)),
        ("1985-04-17", date(1985, 4, 17)),
        ("17/04/1985 г.", date(1985, 4, 17)),
        ("31.02.1985", None),
        ("вчера", None),
        ("17041985", None),
    ],
)
def test_dates_are_read_as_people_type_them(text, known):
    assert read_date(text) == known
