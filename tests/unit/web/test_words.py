"""How the screen says things."""

from datetime import date, timedelta

import pytest

from web import words


@pytest.mark.parametrize(
    ("number", "said"),
    [(1, "1 ребёнок"), (2, "2 ребёнка"), (5, "5 детей"), (11, "11 детей"), (21, "21 ребёнок"), (112, "112 детей")],
)
def test_things_are_counted_in_russian(number, said):
    assert words.plural(number, "ребёнок", "ребёнка", "детей") == said


def test_an_age_changes_on_the_birthday():
    assert words.age(date(2010, 2, 11), date(2026, 2, 10)) == "15 лет"
    assert words.age(date(2010, 2, 11), date(2026, 2, 11)) == "16 лет"
    assert words.age(None, date(2026, 1, 1)) == ""


def test_telephones_are_masked_whatever_they_are():
    assert words.masked_phone("+79070000101") == "+7 907 •••-••-01"
    assert words.masked_phone("12345678") == "•••78"
    assert words.masked_phone(None) == ""


def test_talks_are_measured_in_minutes():
    assert words.duration(timedelta(seconds=245)) == "4 мин 05 с"
    assert words.duration(timedelta(seconds=40)) == "40 с"


def test_a_browser_is_named_so_that_its_owner_knows_it():
    agent = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/130.0 YaBrowser/24 Safari/537.36"
    assert words.browser(agent) == "Яндекс Браузер, Windows"
    assert words.browser("curl") == "неизвестный браузер"
