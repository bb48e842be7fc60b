"""«Состав семьи» in free words becomes people, or stays words."""

from datetime import date

import pytest

from crm.papers.composition import parse, surname_for

TODAY = date(2026, 11, 12)


def people(text, **given):
    return [(m.surname, m.name, m.patronymic, m.relation) for m in parse(text, TODAY, **given).members]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "Иванова Мария Петровна (мать, 1985), дети: Пётр 2010, Анна 12.03.2012 г.р.",
            [
                ("Иванова", "Мария", "Петровна", "мать"),
                ("Иванов", "Пётр", "", "сын"),
                ("Иванова", "Анна", "", "дочь"),
            ],
        ),
        (
            "1. Иванова Мария Петровна, 12.05.1985 – мать\n2. Иванов Пётр Иванович – отец\n3. Иванов Илья – сын",
            [
                ("Иванова", "Мария", "Петровна", "мать"),
                ("Иванов", "Пётр", "Иванович", "отец"),
                ("Иванов", "Илья", "", "сын"),
            ],
        ),
        (
            "мать Сидорова Ольга, сын Лев",
            [("Сидорова", "Ольга", "", "мать"), ("Сидоров", "Лев", "", "сын")],
        ),
        ("Алиев Руслан Али оглы, отец", [("Алиев", "Руслан", "Али оглы", "отец")]),
        ("Ольга Петровна Ким (опекун)", [("Ким", "Ольга", "Петровна", "опекун")]),
        ("Петрова А.А., 3 детей: Лев, Яна и Ева", [
            ("Петрова", "А.", "А.", ""), ("Петров", "Лев", "", "сын"),
            ("Петрова", "Яна", "", "дочь"), ("Петрова", "Ева", "", "дочь"),
        ]),
    ],
)  # fmt: skip
def test_what_registers_write_becomes_people(text, expected):
    assert people(text) == expected
    assert parse(text, TODAY).complete


def test_a_birth_date_is_taken_a_year_alone_is_not_made_one():
    mother, child = parse("Иванова Мария, 12.05.1985, сын Лев 2015", TODAY).members
    assert mother.birth_date == date(1985, 5, 12)
    assert (child.birth_date, child.year) == (None, 2015)
    assert not parse("Иванова Мария, сын Лев 2015", TODAY).exact


@pytest.mark.parametrize(
    "text",
    [
        "",
        "мать с тремя детьми",
        "семья Петровых, 5 человек",
        "Иванова Мария Петровна, 41 год",
        "Иванова Мария, сын Лев 31.02.2015",
        "Иванова Мария, сын Лев 01.01.2030",
        "Иванова Мария, умерла",
        "Дети: Анна",
        "=cmd|' /C calc'!A0",
        "Иванова Мария Петровна Иванов Пётр Иванович",
        "я" * 100_000,
    ],
)
def test_what_is_not_understood_to_the_last_word_says_so(text):
    assert not parse(text, TODAY).complete


def test_children_of_a_column_of_their_own_bear_the_familys_name():
    assert people("Лев 01.02.2015, Анна", relation="ребёнок", surname="Ковалёва") == [
        ("Ковалёв", "Лев", "", "сын"),
        ("Ковалёва", "Анна", "", "дочь"),
    ]


@pytest.mark.parametrize(
    ("surname", "man", "expected"),
    [("Иванова", True, "Иванов"), ("Белинская", True, "Белинский"), ("Ким", True, "Ким"), ("Дурново", False, "Дурново"),
     ("Фомин", False, "Фомина"), ("Ковалёв", False, "Ковалёва")],
)  # fmt: skip
def test_a_surname_as_a_man_or_a_woman_bears_it(surname, man, expected):
    assert surname_for(surname, man=man) == expected
