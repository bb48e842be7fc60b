"""Forms are read strictly."""

import pytest

from web.forms import BadForm, Fields, Form, Line, fill, parse


class Wish(Fields):
    name: Line
    count: int | None = None
    services: tuple[int, ...] = ()


def test_an_empty_field_is_nothing():
    wish, errors = fill(Wish, Form({"name": ["Анна"], "count": [""]}))
    assert errors == {}
    assert wish.count is None


def test_a_missing_field_is_a_russian_sentence_beside_it():
    wish, errors = fill(Wish, Form({"name": ["  "]}))
    assert wish is None
    assert errors == {"name": "Заполните это поле."}


def test_a_field_that_the_page_does_not_have_is_refused():
    with pytest.raises(BadForm):
        fill(Wish, Form({"name": ["Анна"], "role": ["administrator"]}))


def test_several_values_of_one_name_are_a_list():
    wish, _ = fill(Wish, Form({"name": ["Анна"], "services": ["1", "2", ""]}))
    assert wish.services == (1, 2)


def test_text_is_cleaned_before_anybody_sees_it():
    wish, _ = fill(Wish, Form({"name": ["А\u202eнна\u200b\nПетровна"]}))
    assert wish.name == "Анна Петровна"


def test_the_words_of_a_form_survive_the_wire():
    assert parse(b"a=%D0%90+%D0%91&a=2") == {"a": ["А Б", "2"]}
