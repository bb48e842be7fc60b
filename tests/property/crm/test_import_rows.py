"""Whatever stands in a row, reading it neither breaks nor loses a family, and the list of problems quotes nothing."""

from datetime import date

from hypothesis import given, settings
from hypothesis import strategies as st

from crm.papers.composition import parse
from crm.papers.mapping import MEANINGS, Mapping, from_json, propose
from crm.papers.reading import Cell, Row
from crm.papers.rows import understand

TODAY = date(2026, 11, 12)
WORDS = st.sampled_from(
    ["Иванова", "Мария", "Петровна", "мать", "сын", "дети:", "(", ")", "12.03.1985", "2010", "г.р.", "8 943 000-01-01",
     ",", ";", "\n", "–", "оглы", "М.", "нет", "=1+1", "\u202e", "3", "детей", "a@b.ru"]
)  # fmt: skip
TEXTS = st.one_of(st.text(max_size=60), st.lists(WORDS, max_size=12).map(" ".join))
CELLS = st.builds(Cell, TEXTS, st.sampled_from(["", "", "", "Вместо значения – ошибка Excel."]))
MEANING = st.sampled_from(sorted(MEANINGS))


@settings(deadline=None, max_examples=300)
@given(st.lists(CELLS, max_size=8), st.dictionaries(st.integers(0, 9), MEANING, max_size=8), st.booleans())
def test_any_row_is_a_family_or_a_fatal_problem(cells, columns, large):
    known = understand(Row(0, 7, tuple(cells)), Mapping(columns=columns, large=large), "47367", TODAY)
    if known.draft is None:
        assert any(problem.fatal for problem in known.problems)
        return
    assert not any(problem.fatal for problem in known.problems)
    assert known.draft.people
    assert all(person.surname.strip() and len(person.surname) <= 80 for person in known.draft.people)
    assert all(person.birth_date is None or person.birth_date <= TODAY for person in known.draft.people)
    stored = repr(known.draft)
    assert not any(sign in stored for sign in ("\\x00", "\\u202e", "\\ud8"))
    assert len(known.draft.import_key) == 64


@settings(deadline=None, max_examples=300)
@given(TEXTS, st.sampled_from(["", "ребёнок"]))
def test_any_composition_is_read_to_its_end(text, relation):
    read = parse(text, TODAY, relation=relation)
    assert not read.complete or all(member.surname and member.name for member in read.members)
    assert not read.exact or read.complete


@settings(deadline=None, max_examples=200)
@given(st.lists(st.lists(TEXTS.map(Cell), max_size=6), max_size=6))
def test_any_sheet_gets_a_mapping_that_survives_the_database(rows):
    mapping = propose([Row(0, number, tuple(cells)) for number, cells in enumerate(rows, 1)])
    assert from_json(mapping.as_json()) == mapping
