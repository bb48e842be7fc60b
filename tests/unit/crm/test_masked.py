"""The pop's and the journal's short words about a family."""

from __future__ import annotations

from datetime import date

import pytest

from crm.families import Family, FamilyStatus, Person
from crm.masked import age, brief_of, masked_address, masked_number


def family(children: int, *statuses: str, address: str = "ул. Лесная, д. 12, кв. 4") -> Family:
    card = Family(name="Орловы", address=address, locality="г. Заречинск")
    card.people = [Person(relation="мать", surname="Орлова", search_key="")] + [
        Person(relation="сын", surname="Орлов", birth_date=date(2010 + number, 1, 1), search_key="")
        for number in range(children)
    ]
    card.statuses = [FamilyStatus(type=status) for status in statuses]
    return card


@pytest.mark.parametrize(
    ("children", "words"),
    [(1, "1 ребёнок"), (2, "2 ребёнка"), (4, "4 ребёнка"), (5, "5 детей"), (11, "11 детей"), (21, "21 ребёнок")],
)
def test_children_are_counted_as_people_count_them(children: int, words: str) -> None:
    assert words in brief_of(family(children))


def test_what_is_special_is_not_in_the_journals_column() -> None:
    brief = brief_of(family(1, "многодетная", "ребёнок-инвалид", "СОП", "беременная", "семья участника СВО"))
    assert brief == "Орловы, 1 ребёнок (2010 г. р.), многодетная"


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("ул. Лесная, д. 12, кв. 4", "г. Заречинск, ул. Лесная, ••"),
        ("ул. Лесная, 12-4", "г. Заречинск, ул. Лесная, ••"),
        ("Лесная 12", "г. Заречинск, Лесная, ••"),
        ("пл. Мира, дом 3", "г. Заречинск, пл. Мира, ••"),
        ("", "г. Заречинск, ••"),
    ],
)
def test_the_house_is_hidden(address: str, shown: str) -> None:
    assert masked_address(family(0, address=address)) == shown


@pytest.mark.parametrize(("number", "shown"), [("+79070000101", "+7 907 •••-••-01"), ("12345", "•••45"), ("", "")])
def test_a_number_is_hidden_but_for_its_end(number: str, shown: str) -> None:
    assert masked_number(number) == shown


def test_age_changes_on_the_birthday() -> None:
    child = Person(surname="Орлов", birth_date=date(2008, 11, 22), search_key="")
    assert [age(child, date(2026, 11, day)) for day in (21, 22, 23)] == [17, 18, 18]
    assert age(Person(surname="Орлов", search_key=""), date(2026, 1, 1)) is None
