"""The search over cards: kept in step, any part of a name, nothing of what the viewer may not see."""

from __future__ import annotations

import random
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from alembic import command
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, func, select

from callflow.text import search_key
from crm import families, schema
from crm.cards import changes
from crm.db import Database, make_engine
from crm.demo import bulk
from crm.family_tables import DESTROYED, IMPORTING, MERGED, Family, FamilyAssignment, Person
from crm.journal_tables import JournalEntry
from crm.search import index
from crm.search.families import count_up_to, search
from crm.search.journal import reindex_entry
from crm.search.tables import EntryWord, FamilyWord, SearchWord
from crm.search.words import ids_of, matching
from tests.integration.crm.conftest import KEY, NOON
from tests.integration.crm.scenario import employee


def found(database: Database, text: str, login: str = "roshchina", limit: int = 50) -> list[str]:
    with database.reading() as session:
        lines = search(session, text, employee(session, login), limit)
        return [f"{one.person.surname} {one.person.name}" for one in lines]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("знец", "Кузнецова Елена"),
        ("ВИКТОРОВНА елен КУЗН", "Кузнецова Елена"),
        ("дарья кузнецова", "Кузнецова Дарья"),
        ("лесная 12", "Кузнецова Елена"),
        ("ул. Лесная, дом 12, кв. 4", "Кузнецова Елена"),
        ("заречинск кузнецовы", "Кузнецова Елена"),
        ("водкин алена", "Петрова-Водкина Алёна"),
    ],
)
def test_any_part_of_anything_on_the_card_finds_it(town: Database, text: str, expected: str) -> None:
    assert found(town, text)[0] == expected


def test_a_house_is_a_whole_number(town: Database) -> None:
    assert "Кузнецова Елена" not in found(town, "лесная 1")
    assert "Кузнецова Елена" in found(town, "лесная 12")


def test_a_childs_name_and_the_mothers_surname_find_the_family(town: Database) -> None:
    with town.transaction() as session:
        child = session.scalars(select(Person).where(Person.surname == "Кузнецова", Person.name == "Дарья")).one()
        child.surname, child.search_key = "Белова", "белова дарья викторовна"
        family = session.get(Family, child.family_id)
        assert family is not None
        index.reindex_family(session, family)
    assert found(town, "дарья кузнецова") == ["Кузнецова Елена"]
    assert found(town, "белова дарья") == ["Белова Дарья"]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_a_family_is_found_by_inner_parts_of_any_members_name_in_any_order_and_case(
    town: Database, data: st.DataObject
) -> None:
    with town.reading() as session:
        people = session.execute(
            select(Person.family_id, Person.search_key).where(Person.family_id.is_not(None)).order_by(Person.id)
        ).all()
        viewer = employee(session, "roshchina")
        family_id, key = data.draw(st.sampled_from(people))
        words = [word for word in key.split() if len(word) >= 2]
        parts = []
        for word in data.draw(st.permutations(words)):
            start = data.draw(st.integers(0, len(word) - 2))
            part = word[start : data.draw(st.integers(start + 2, len(word)))]
            parts.append("".join(data.draw(st.sampled_from([letter, letter.upper()])) for letter in part))
        text = data.draw(st.sampled_from([" ", "  ", "-", "_"])).join(parts).replace("е", "ё")
        ids = [one.family.id for one in search(session, text, viewer, 200) if one.family]
        if search_key(text):
            assert family_id in ids


def test_the_index_follows_the_card(town: Database) -> None:
    with town.transaction() as session:
        family = session.get(Family, 1)
        assert family is not None
        family.address = "ул. Невиданная, д. 77"
        index.reindex_family(session, family)
    assert found(town, "невиданная") == ["Кузнецова Елена"]
    assert "Кузнецова Елена" not in found(town, "лесная")
    with town.transaction() as session:
        family = session.get(Family, 1)
        assert family is not None
        head = employee(session, "roshchina")
        family.name = "Жираффовы"
        changes.note(session, family, "family", 1, {"name": "Кузнецовы"}, {"name": "Жираффовы"}, head, NOON)
    assert found(town, "жирафф") == ["Кузнецова Елена"]


def test_who_has_left_is_found_last(town: Database) -> None:
    with town.transaction() as session:
        gone = session.scalars(select(Person).where(Person.surname == "Кузнецова", Person.name == "Елена")).one()
        gone.left_at = NOON
        stays = families.new_card(session, surname="Кузнецова", name="Елена", employee=None, at=NOON)
        index.reindex_family(session, stays)
        family = session.get(Family, 1)
        assert family is not None
        index.reindex_family(session, family)
    with town.reading() as session:
        lines = search(session, "кузнецова елена", employee(session, "roshchina"))
        assert [one.family.id for one in lines if one.family] == [stays.id, 1]


@pytest.mark.parametrize("state", [MERGED, DESTROYED, IMPORTING])
def test_only_cards_in_use_are_found(town: Database, state: str) -> None:
    with town.transaction() as session:
        family = session.get(Family, 1)
        assert family is not None
        family.state = state
    for text in ("кузнецова елена", "С-00001", "+79070000101"):
        assert found(town, text) == []
    with town.reading() as session:
        assert families.find_by_number(session, "+79070000101") == []


def test_a_card_that_is_no_longer_kept_loses_its_words(town: Database) -> None:
    with town.transaction() as session:
        family = session.get(Family, 1)
        assert family is not None
        family.state = DESTROYED
        index.reindex_family(session, family)
        assert not session.scalars(select(FamilyWord).where(FamilyWord.family_id == 1)).all()


def test_restricted_cards_do_not_take_places_away_from_the_others(database: Database, town: Database) -> None:
    with town.transaction() as session:
        hidden = [families.new_card(session, surname="Редкина", employee=None, at=NOON) for _ in range(300)]
        for family in hidden:
            family.restricted = True
        open_card = families.new_card(session, surname="Редкина", name="Яна", employee=None, at=NOON)
        lavrova = employee(session, "lavrova")
        assert [one.family for one in search(session, "редкина", lavrova)] == [open_card]
        assert count_up_to(session, "редкина", lavrova) == 1
        assert count_up_to(session, "редкина", employee(session, "roshchina"), 50) == 50
        session.add(FamilyAssignment(family_id=hidden[0].id, employee_id=lavrova.id))
        session.flush()
        assert count_up_to(session, "редкина", lavrova) == 2


def test_many_found_are_cut_with_the_best_first(database: Database) -> None:
    with database.transaction() as session:
        for number in range(150):
            families.new_card(session, surname="Ивановская", name=f"Анна-{number}", employee=None, at=NOON)
            families.new_card(session, surname="Белова", address=f"ул. Ивановна, д. {number}", employee=None, at=NOON)
        families.new_card(session, surname="Иванов", name="Яков", employee=None, at=NOON)
        viewer = families_viewer(session)
        lines = search(session, "иванов", viewer, 51)
        assert len(lines) == 51
        assert lines[0].person.surname == "Иванов"
        assert {one.person.surname for one in lines[1:]} == {"Ивановская"}


def families_viewer(session):  # type: ignore[no-untyped-def]
    from crm.staff import Employee, Role

    viewer = Employee(
        surname="А",
        name="Б",
        patronymic="",
        login="head",
        password_hash="",
        role=Role.HEAD.value,
        position="",
        created_at=NOON,
    )
    session.add(viewer)
    session.flush()
    return viewer


@pytest.mark.parametrize("text", ["%", "_", "\\", "%" * 1000, "а" * 10_000_000, "\0", "🙂", "\u202e", "'--", "(a+)+$"])
def test_hostile_texts_find_nothing(town: Database, text: str) -> None:
    assert found(town, text) == []


def test_two_who_add_the_same_words_get_the_same_ids(database: Database) -> None:
    words = [f"слово{number}" for number in range(200)]
    start = threading.Barrier(6)

    def add(seed: int) -> dict[str, int]:
        mine = random.Random(seed).sample(words, len(words))  # noqa: S311
        start.wait()
        with database.transaction() as session:
            halves = ids_of(session, mine[:100], of_cards=bool(seed % 2)), ids_of(session, mine[100:], of_cards=True)
            return halves[0] | halves[1]

    with ThreadPoolExecutor(6) as pool:
        results = list(pool.map(add, range(6)))
    assert all(result == results[0] for result in results)
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(SearchWord)) == len(words)
        assert session.scalar(select(func.count()).where(SearchWord.of_cards)) == len(words)


def test_words_that_hold_a_part_whole_first_then_beginnings_then_inner(database: Database) -> None:
    with database.transaction() as session:
        ids = ids_of(session, ["иван", "иванова", "иваненко", "петроиван", "сидор"])
        assert matching(session, "иван") == [ids[word] for word in ("иван", "иванова", "иваненко", "петроиван")]
        assert matching(session, "иван", 2) == [ids["иван"], ids["иванова"]]
        assert matching(session, "%") == []
        assert matching(session, "иван", of_cards=True) == []
        assert ids_of(session, ["иванова"], of_cards=True) == {"иванова": ids["иванова"]}
        assert matching(session, "иван", of_cards=True) == [ids["иванова"]]


def words_by_card(database: Database) -> set[tuple[str, int, int]]:
    with database.reading() as session:
        rows = session.execute(
            select(SearchWord.word, FamilyWord.place, FamilyWord.family_id).join(
                FamilyWord, FamilyWord.word_id == SearchWord.id
            )
        )
        return {(word, place, family_id) for word, place, family_id in rows}


def back_and_forth(database: Database, revision: str) -> None:
    """To an older schema and to today's again, as migrations run: SQLite copies tables that others refer to."""
    url = database.engine.url.render_as_string(hide_password=False)
    engine = make_engine(url, foreign_keys=False)
    with engine.begin() as connection:
        command.downgrade(schema.alembic_config(connection), revision)
    engine.dispose()
    schema.upgrade(url)


def test_the_migration_indexes_the_cards_that_are_there(town: Database) -> None:
    before = words_by_card(town)
    assert before
    back_and_forth(town, "0005_consents")
    assert words_by_card(town) == before


def test_the_migration_indexes_the_journal_that_is_there(town: Database) -> None:
    entered = select(JournalEntry).where(JournalEntry.state == "saved").order_by(JournalEntry.id)
    with town.transaction() as session:
        for entry in session.scalars(entered).all():
            reindex_entry(session, entry)
    before = words_by_row(town)
    assert before
    back_and_forth(town, "0005_consents")
    assert words_by_row(town) == before


def words_by_row(database: Database) -> set[tuple[str, int]]:
    with database.reading() as session:
        rows = session.execute(select(SearchWord.word, EntryWord.entry_id).join_from(EntryWord, SearchWord))
        return {(word, entry_id) for word, entry_id in rows}


def test_the_index_can_be_made_again(town: Database) -> None:
    before = words_by_card(town)
    with town.transaction() as session:
        session.execute(delete(FamilyWord).where(FamilyWord.family_id < 10))
        session.add(FamilyWord(word_id=1, place=1, family_id=20))
    assert index.reindex_everything(town) == 30
    assert words_by_card(town) == before


def test_bulk_families_have_the_words_that_the_index_would_give_them(town: Database) -> None:
    with town.transaction() as session:
        bulk.families(session, 40)
    by_bulk = words_by_card(town)
    with town.transaction() as session:
        index.index_many(session, list(session.scalars(select(Family.id))))
    assert words_by_card(town) == by_bulk
    copy = Database(town.engine.url.render_as_string(hide_password=False), KEY)
    with copy.reading() as session:
        first = families.find_by_number(session, bulk.number_of(0))[0].person
        names = f"{first.surname} {first.name}"
    copy.dispose()
    assert names in found(town, names)
