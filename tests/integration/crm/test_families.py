"""Who may be calling, who is found, and who is not even counted."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, select

from crm import families, schema
from crm.audit import AuditEvent
from crm.db import Database
from crm.demo import bulk
from crm.errors import Incomplete, NotFound
from crm.families import FamilyAssignment, find_by_number, search
from crm.search.families import count_up_to
from tests.integration.crm.conftest import KEY
from tests.integration.crm.scenario import KUZNETSOVA, NOON, employee

PONOMAREVA = "+79070001201"


def names(database: Database, text: str, login: str = "lavrova") -> list[str]:
    with database.reading() as session:
        viewer = employee(session, login)
        found = [f"{one.person.surname} {one.person.name}" for one in search(session, text, viewer)]
        assert count_up_to(session, text, viewer) == len(found)
        return found


@pytest.mark.parametrize(
    "text",
    [
        "Кузнецова Елена",
        "елена кузнецова",
        "  ЕЛЕНА   Викторовна ",
        "кузн елен",
        "+7 907 000-01-01",
        "8(907)0000101",
        "79070000101",
        "9070000101",
    ],
)
def test_a_person_is_found_however_she_is_asked_for(town: Database, text: str) -> None:
    assert names(town, text) == ["Кузнецова Елена"]


@pytest.mark.parametrize("text", ["Алена Петрова-Водкина", "алёна водкина", "ПЕТРОВА ВОДКИНА АЛЁНА"])
def test_yo_is_ye_and_half_a_double_name_is_enough(town: Database, text: str) -> None:
    assert names(town, text) == ["Петрова-Водкина Алёна"]


@pytest.mark.parametrize("text", ["0-02-00", "00200", "8 (49248) 0-02-00", "+74924800200"])
def test_a_local_number_is_a_number(town: Database, text: str) -> None:
    assert names(town, text) == ["Мамедов Рашид"]


@pytest.mark.parametrize("text", ["С-00003", "с-3", "C-00003", "№ 3", "3"])
def test_a_card_is_found_by_its_number(town: Database, text: str) -> None:
    assert names(town, text) == ["Соколова Евгения"]


@pytest.mark.parametrize(
    "text", ["", "   ", "%", "_", "\\", "%" * 1000, "ку_нецойа", "\0", "'; DROP TABLE family; --", "ё" * 10_000]
)
def test_strange_texts_find_nothing_and_harm_nothing(town: Database, text: str) -> None:
    assert names(town, text) == []


def test_a_restricted_family_is_neither_found_nor_counted_by_those_not_entitled(town: Database) -> None:
    for text in ("Пономарёва", "Жанна", PONOMAREVA, "С-00012"):
        assert names(town, text, "lavrova") == []
        assert names(town, text, "kim") == []
        assert names(town, text, "roshchina") != []
        assert names(town, text, "chernykh") != []


def test_a_restricted_card_may_be_entrusted_to_one_person(town: Database) -> None:
    with town.transaction() as session:
        family = find_by_number(session, PONOMAREVA)[0].family
        assert family is not None
        vorobey = employee(session, "vorobey")
        with pytest.raises(NotFound):
            families.open_card(session, family.id, vorobey, NOON)
        session.add(FamilyAssignment(family_id=family.id, employee_id=vorobey.id))
        session.flush()
        assert families.open_card(session, family.id, vorobey, NOON).id == family.id
    assert "Пономарёва Жанна" in names(town, "Пономарёва", "vorobey")


def test_the_administrator_sees_no_family(town: Database) -> None:
    assert names(town, "Кузнецова", "kim") == []
    with town.transaction() as session, pytest.raises(NotFound):
        families.open_card(session, 1, employee(session, "kim"), NOON)


def test_opening_a_card_is_logged(town: Database) -> None:
    with town.transaction() as session:
        families.open_card(session, 1, employee(session, "lavrova"), NOON, call_id=None, ip="10.0.0.1")
    with town.reading() as session:
        event = session.scalars(select(AuditEvent).where(AuditEvent.action == "family.open")).one()
        assert (event.action, event.family_id, event.ip) == ("family.open", 1, "10.0.0.1")


@pytest.mark.parametrize("family_id", [-1, 0, 31, 2**63, 10**30])
def test_a_card_that_is_not_there_is_not_found(town: Database, family_id: int) -> None:
    with town.transaction() as session, pytest.raises(NotFound, match="Такой карточки нет"):
        families.open_card(session, family_id, employee(session, "chernykh"), NOON)


def pop(database: Database, number: str, login: str = "lavrova") -> list[families.MaskedFamily]:
    with database.reading() as session:
        viewer = employee(session, login)
        return [
            families.masked(session, one.person, one.family, one.phone, viewer)
            for one in find_by_number(session, number)
        ]


def test_the_pop_shows_what_is_needed_to_greet_and_no_more(town: Database) -> None:
    card = pop(town, KUZNETSOVA)[0]
    assert (card.greeting, card.family_name, card.relation) == ("Елена Викторовна", "Кузнецовы", "мать")
    assert (card.phone, card.address) == ("+7 907 •••-••-01", "г. Заречинск, ул. Лесная, ••")
    assert (card.statuses, card.children) == (("многодетная",), 3)
    assert card.warnings == ("Звонить до 16:00, сообщений не оставлять.",)
    for secret in ("Дарья", "2010", "12, кв", KUZNETSOVA):
        assert secret not in repr(card)


def test_of_a_restricted_family_the_pop_shows_only_that_there_is_a_card(town: Database) -> None:
    card = pop(town, PONOMAREVA)[0]
    assert card.restricted
    assert card.family_name == "карточка с ограниченным доступом"
    assert card.warnings
    for secret in ("Жанна", "Пономар", "СОП", "Заводская"):
        assert secret not in repr(card)
    assert pop(town, PONOMAREVA, "roshchina")[0].greeting == "Жанна Витальевна"


def test_a_shared_number_shows_all_who_have_it(town: Database) -> None:
    assert [card.family_name for card in pop(town, "+79070000801")] == ["Гусевы (опека)", "Гусевы"]


def test_a_new_card_has_a_number_of_its_own_and_is_found_by_its_telephone(town: Database) -> None:
    with town.transaction() as session:
        family = families.new_card(
            session,
            surname="  Ёлкина\u200b ",
            name="Яна",
            phones=["8 907 000 77-01", "0-77-00"],
            birth_date=date(1990, 5, 5),
            employee=employee(session, "lavrova"),
            at=NOON,
        )
        assert family.card_number == f"С-{family.id:05d}"
        assert [phone.number for phone in family.people[0].phones] == ["+79070007701", "+74924807700"]
    assert names(town, "елкина яна") == ["Ёлкина Яна"]
    with town.reading() as session:
        assert find_by_number(session, "+74924807700")[0].family is not None


def test_a_card_with_mistakes_is_refused_field_by_field(town: Database) -> None:
    with town.transaction() as session, pytest.raises(Incomplete) as refusal:
        families.new_card(session, surname=" ", phones=["12"], birth_date=date(2050, 1, 1), employee=None, at=NOON)
    assert set(refusal.value.fields) == {"surname", "phones", "birth_date"}


def test_a_caller_is_found_without_reading_a_table_from_end_to_end(database: Database) -> None:
    with database.transaction() as session:
        bulk.families(session, 20_000)
    with database.engine.connect() as connection:
        connection.exec_driver_sql("ANALYZE")
        connection.commit()
    asked: list[tuple[str, Any]] = []

    def heard(_connection: Any, _cursor: Any, text: str, values: Any, _context: Any, _many: bool) -> None:
        asked.append((text, values))

    event.listen(database.engine, "before_cursor_execute", heard)
    with database.reading() as session:
        (found,) = find_by_number(session, bulk.number_of(7))
        assert found.family is not None
        assert len(found.family.people) == 4
    event.remove(database.engine, "before_cursor_execute", heard)
    assert len(asked) > 2
    explain = "EXPLAIN " if database.engine.dialect.name == "postgresql" else "EXPLAIN QUERY PLAN "
    questions = [one for one in asked if one[0].startswith("SELECT")]
    with database.engine.connect() as connection:
        for text, values in questions:
            plan = "\n".join(str(row) for row in connection.exec_driver_sql(explain + text, values))
            assert not re.search(r"(SCAN|Seq Scan on) (phone|person|family)\b", plan), plan


def test_bulk_families_come_after_those_that_are_there_and_new_ones_after_them(town: Database, tmp_path: Path) -> None:
    with town.transaction() as session:
        bulk.families(session, 50)
        family = families.new_card(session, surname="Последняя", employee=None, at=NOON)
        assert family.id == 81
    copy = Database(f"sqlite:///{tmp_path / 'again.db'}", KEY)
    schema.upgrade(f"sqlite:///{tmp_path / 'again.db'}")
    with copy.transaction() as session:
        bulk.families(session, 50)
        first = [one.person.surname for number in range(5) for one in find_by_number(session, bulk.number_of(number))]
    copy.dispose()
    with town.reading() as session:
        assert first == [
            one.person.surname for number in range(5) for one in find_by_number(session, bulk.number_of(number))
        ]
