"""Likely duplicates, and two cards made one without losing anything (B55)."""

from __future__ import annotations

from datetime import date
from itertools import count
from typing import Any

import pytest
from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Date,
    DateTime,
    Integer,
    SmallInteger,
    Table,
    UniqueConstraint,
    func,
    select,
)

from crm import call_identity, families
from crm.audit import AuditEvent
from crm.base import Base
from crm.call_tables import CallRecord
from crm.cards import editing, restricting
from crm.cards.duplicate_pairs import call_different, pairs
from crm.cards.duplicates import likely
from crm.cards.merge_moving import HISTORY, MADE_AGAIN, references
from crm.cards.merging import HEADER, Choices, merge
from crm.cards.tables import CardChange, FamilyMerge, NotDuplicate
from crm.db import Database
from crm.errors import Incomplete, NotFound, RecordsError, StaleVersion
from crm.family_tables import MERGED, Family, FamilyAssignment, Person
from crm.search.families import search
from tests.integration.crm import cards
from tests.integration.crm.conftest import NOON
from tests.integration.crm.scenario import employee


def reasons(database: Database, login: str = "lavrova", **typed: Any) -> dict[str, tuple[str, ...]]:
    with database.reading() as session:
        viewer = employee(session, login)
        return {one.family.card_number: one.reasons for one in likely(session, viewer=viewer, **typed)}


@pytest.mark.parametrize(
    ("typed", "reason"),
    [
        ({"surname": "Никто", "phones": ["8 907 000-01-01"]}, "тот же телефон"),
        ({"surname": "Никто", "phones": ["", "мусор", "0-02-00"]}, "тот же телефон"),
        ({"surname": "КУЗНЕЦОВА", "name": " елена ", "patronymic": "викторовна"}, "те же фамилия и имя"),
        ({"surname": "Елена", "name": "Кузнецова", "patronymic": "Викторовна"}, "те же фамилия и имя, переставлены"),
        ({"surname": "Петрова  -  Водкина", "name": "Алена", "patronymic": "Кузьминична"}, "те же фамилия и имя"),
        ({"surname": "Кузнецов", "birth_date": date(2010, 2, 11)}, "та же фамилия и дата рождения ребёнка"),
        ({"surname": "Кузнецова", "birth_date": date(1983, 9, 2)}, "та же фамилия и дата рождения"),
        ({"surname": "Кузнецов", "address": "Лесная 12, 4"}, "та же фамилия и адрес"),
    ],
)
def test_a_likely_duplicate_is_shown_with_its_reason(town: Database, typed: dict[str, Any], reason: str) -> None:
    found = reasons(town, **typed)
    assert [reason] == [one for reasons_ in found.values() for one in reasons_ if one == reason]


def test_a_namesake_with_another_birth_date_is_not_proposed(town: Database) -> None:
    typed = {"surname": "Кузнецова", "name": "Елена", "patronymic": "Викторовна"}
    assert reasons(town, **typed, birth_date=date(1985, 4, 17))["С-00001"] == (
        "те же фамилия и имя",
        "та же фамилия и дата рождения",
    )
    assert reasons(town, **typed, birth_date=date(1999, 1, 1)) == {}
    assert reasons(town, surname="Незнамова", name="Ия") == {}


def test_a_restricted_card_is_not_told_by_the_warning(town: Database) -> None:
    typed: dict[str, Any] = {
        "surname": "Пономарёва",
        "name": "Жанна",
        "patronymic": "Витальевна",
        "phones": ["+79070001201"],
    }
    assert reasons(town, **typed) == {}
    assert reasons(town, "kim", **typed) == {}
    assert reasons(town, "roshchina", **typed)["С-00012"] == ("тот же телефон", "те же фамилия и имя")


def second_card(session: Any, **more: Any) -> Family:
    values = {"surname": "Кузнецова", "name": "Елена", "phones": ["8 907 000-01-01", "8 907 000-77-07"], **more}
    return families.new_card(session, employee=employee(session, "lavrova"), at=NOON, **values)


def listed(database: Database, kind: str, login: str = "roshchina") -> list[tuple[int, int]]:
    with database.reading() as session:
        found: list[tuple[int, int]] = []
        after: int | None = 0
        while after is not None:
            page = pairs(session, employee(session, login), kind, after)
            found += [(pair.first.id, pair.second.id) for pair in page.pairs]
            after = page.after
        return found


def test_pairs_with_one_telephone_or_one_name_and_birth_are_listed_until_answered(town: Database) -> None:
    assert listed(town, "phone") == [(8, 9)]
    assert listed(town, "name") == []
    with town.transaction() as session:
        other = second_card(session, birth_date=date(1985, 4, 17), patronymic="Викторовна")
        other_id = other.id
    assert listed(town, "phone") == [(1, other_id), (8, 9)]
    assert listed(town, "name") == [(1, other_id)]
    with town.transaction() as session:
        head = employee(session, "roshchina")
        for _ in range(2):
            call_different(session, other_id, 1, head, NOON)
        call_different(session, 8, 9, head, NOON)
    assert listed(town, "phone") == listed(town, "name") == []
    with town.reading() as session:
        assert session.scalar(select(func.count()).select_from(NotDuplicate)) == 2
        events = select(AuditEvent).where(AuditEvent.action == "family.different")
        assert len(session.scalars(events).all()) == 2


def test_pairs_come_page_by_page_and_each_once(town: Database) -> None:
    with town.transaction() as session:
        for number in range(45):
            for _ in range(2):
                phone = f"8 907 000-8{number // 10}-{number:02d}"
                families.new_card(session, surname=f"Парная{number}", phones=[phone], employee=None, at=NOON)
    found = listed(town, "phone")
    assert len(found) == len(set(found)) == 46


def test_pairs_tell_nothing_of_restricted_cards(town: Database) -> None:
    with town.transaction() as session:
        family = session.get(Family, 9)
        assert family is not None
        family.restricted = True
    assert listed(town, "phone") == [(8, 9)]
    assert listed(town, "phone", "gromova") == []
    with town.transaction() as session, pytest.raises(NotFound):
        call_different(session, 8, 9, employee(session, "gromova"), NOON)


ORDINALS = count(100_001)
"""Above every number and id of the town."""


def made_row(session: Any, table: Table, column: Column[Any], target: int) -> dict[str, Any]:
    """A row of any table whose `column` refers to `target`: every other column gets something that fits."""
    values: dict[str, Any] = {}
    for one in table.columns:
        if one is column:
            values[one.name] = target
        elif one.primary_key and len(table.primary_key.columns) == 1 and not one.foreign_keys:
            if not isinstance(one.type, BigInteger | Integer):
                values[one.name] = f"key {target}"
        elif one.foreign_keys:
            key = next(iter(one.foreign_keys)).column
            known = session.scalar(select(func.min(key))) if not one.nullable or one.primary_key else None
            if not one.nullable and known is None:
                known = parent_of(session, key.table)
            values[one.name] = known
        elif not one.nullable:
            values[one.name] = next(ORDINALS) if is_ordinal(table, one) else made_value(one, target)
    return values


def is_ordinal(table: Table, column: Column[Any]) -> bool:
    """Whether it numbers the rows of one parent: two of them must differ."""
    sets = [one.columns for one in table.constraints if isinstance(one, UniqueConstraint)]
    return isinstance(column.type, BigInteger | Integer) and any(column.name in columns for columns in sets)


def made_value(column: Column[Any], target: int) -> Any:
    kind = column.type
    if isinstance(kind, Boolean):
        return False
    if isinstance(kind, JSON):
        return []
    if isinstance(kind, BigInteger | Integer | SmallInteger):
        return 1
    if isinstance(kind, Date):
        return NOON.date()
    if "DateTime" in type(kind).__name__ or isinstance(kind, DateTime):
        return NOON
    return f"{column.table.name} {target}"


def parent_of(session: Any, table: Table) -> int:
    key = next(iter(table.primary_key.columns))
    row = made_row(session, table, key, 0)
    row.pop(key.name)
    return int(session.execute(table.insert().values(row)).inserted_primary_key[0])


def test_whatever_refers_to_the_merged_card_refers_to_the_kept_one(town: Database) -> None:
    """Walks the foreign keys of all tables: whoever adds a table that refers to a family or a person is tested here."""
    with town.transaction() as session:
        other = second_card(session)
        other_id, double_id = other.id, other.people[0].id
        walked = set()
        for target, id_ in (("family", other_id), ("person", double_id)):
            for table, column in references(target):
                if table.name != "family":
                    session.execute(table.insert().values(made_row(session, table, column, id_)))
                walked.add((table.name, column.name))
        before = {
            table.name: session.scalar(select(func.count()).select_from(table)) for table in Base.metadata.sorted_tables
        }
    assert {("person", "family_id"), ("phone", "person_id"), ("consent", "person_id"), ("journal_entry", "family_id"),
            ("call_record", "person_id"), ("caller_choice", "person_id"), ("health_record", "family_id"),
            ("family_assignment", "family_id"), ("card_change", "family_id")} <= walked  # fmt: skip
    with town.transaction() as session:
        kept_person = session.scalars(select(Person.id).where(Person.family_id == 1).order_by(Person.id)).first()
        choices = Choices((1, 1), same_people={double_id: kept_person})
        row = merge(session, 1, other_id, choices, employee(session, "roshchina"), NOON, reason="Один заявитель")
        moved = dict(row.moved)
    with town.reading() as session:
        for target, id_ in (("family", other_id), ("person", double_id)):
            for table, column in references(target):
                left = session.scalar(select(func.count()).select_from(table).where(column == id_))
                assert left == 0, f"{table.name}.{column.name} still names the merged one"
        for table in Base.metadata.sorted_tables:
            now = session.scalar(select(func.count()).select_from(table))
            if table.name not in MADE_AGAIN | HISTORY | {"audit_event", "card_change", "search_word"}:
                assert now == before[table.name], f"a row of {table.name} was lost"
        assert {name for name, _ in walked} - {"family"} <= set(moved)
        assert double_id in moved["person"]


def merged(database: Database, keep: int, other: int, **more: Any) -> FamilyMerge:
    with database.transaction() as session:
        versions = tuple(session.scalar(select(Family.version).where(Family.id == id_)) for id_ in (keep, other))
        choices = Choices(versions, **more)  # type: ignore[arg-type]
        return merge(
            session, keep, other, choices, employee(session, "roshchina"), NOON, reason="Одна семья", ip="10.0.0.1"
        )


def test_two_cards_become_one(town: Database) -> None:
    with town.transaction() as session:
        other = second_card(
            session, address="ул. Новая, д. 5", warning="Звонить после обеда", birth_date=date(1985, 4, 17)
        )
        other.situation = "Погорельцы"
        other.no_messages = True
        other_id, double_id = other.id, other.people[0].id
        kept_person = session.scalars(select(Person).where(Person.family_id == 1).order_by(Person.id)).first()
        assert kept_person is not None
        kept_person.birth_date = None
        person_id = kept_person.id
    merged(town, 1, other_id, from_other=frozenset(["address"]), same_people={double_id: person_id})
    with town.reading() as session:
        kept, gone = session.get(Family, 1), session.get(Family, other_id)
        assert kept is not None
        assert gone is not None
        assert (kept.address, kept.warning) == ("ул. Новая, д. 5", "Звонить до 16:00, сообщений не оставлять.")
        assert (kept.situation, kept.no_messages) == ("Погорельцы", True)
        assert (gone.state, gone.merged_into_id, gone.address) == (MERGED, 1, "ул. Новая, д. 5")
        person = session.get(Person, person_id)
        assert person is not None
        assert person.birth_date == date(1985, 4, 17)
        assert sorted(phone.number for phone in person.active_phones) == ["+79070000101", "+79070007707"]
        double = session.get(Person, double_id)
        assert double is not None
        assert (double.family_id, double.left_at, double.is_applicant) == (1, NOON, False)
        assert [one.is_applicant for one in kept.members].count(True) == 1
        head = employee(session, "roshchina")
        for link in (1, other_id):
            assert families.fetch_family(session, link, head).id == 1
        assert [one.person.id for one in families.find_by_number(session, "+79070007707")] == [person_id]
        assert [one.family.id for one in search(session, "новая 5 кузнецова", head) if one.family] == [1]
        assert search(session, gone.card_number, head) == []
        changed = {row.field for row in session.scalars(select(CardChange).where(CardChange.family_id == 1))}
        assert {"address", "situation", "merged"} <= changed
        event = session.scalars(select(AuditEvent).where(AuditEvent.action == "family.merge")).one()
        assert (event.family_id, event.actor_id, event.ip) == (1, head.id, "10.0.0.1")
        assert "Одна семья" not in event.details
        assert session.scalars(select(FamilyMerge)).one().reason == "Одна семья"


def test_a_person_nobody_is_paired_with_moves_as_another_member(town: Database) -> None:
    with town.transaction() as session:
        other = second_card(session, surname="Соседова")
        other_id, person_id = other.id, other.people[0].id
    merged(town, 1, other_id)
    with town.reading() as session:
        person = session.get(Person, person_id)
        assert person is not None
        assert (person.family_id, person.left_at, person.is_applicant) == (1, None, False)
        assert [one.family.id for one in search(session, "соседова", employee(session, "roshchina")) if one.family] == [
            1
        ]


def test_three_merged_in_a_chain_lead_to_the_last(town: Database) -> None:
    with town.transaction() as session:
        first, second, third = (second_card(session, surname=name).id for name in ("Первая", "Вторая", "Третья"))
    merged(town, second, first)
    merged(town, third, second)
    with town.reading() as session:
        head = employee(session, "roshchina")
        assert {families.fetch_family(session, one, head).id for one in (first, second, third)} == {third}
        assert set(session.scalars(select(Family.merged_into_id).where(Family.state == MERGED))) == {third}
        assert len({one.surname for one in families.fetch_family(session, first, head).members}) == 3


def test_limited_visibility_stays_whichever_card_had_it(town: Database) -> None:
    with town.transaction() as session:
        vorobey = employee(session, "vorobey")
        session.add(FamilyAssignment(family_id=12, employee_id=vorobey.id))
        other = second_card(session, surname="Пономарёва")
        other_id = other.id
    merged(town, other_id, 12)
    with town.reading() as session:
        for login in ("lavrova", "kim"):
            for link in (12, other_id):
                with pytest.raises(NotFound):
                    families.fetch_family(session, link, employee(session, login))
        for login in ("vorobey", "roshchina"):
            assert families.fetch_family(session, 12, employee(session, login)).id == other_id


def test_a_card_closed_after_the_merge_is_not_told_by_the_merged_one(town: Database) -> None:
    with town.transaction() as session:
        kept, other = cards.family(session, 1).id, second_card(session).id
    merged(town, kept, other)
    with town.transaction() as session:
        head, card = employee(session, "roshchina"), session.get_one(Family, kept)
        restricting.restrict(session, kept, True, [], "угроза", card.version, head, NOON)
    with town.transaction() as session, pytest.raises(NotFound):
        editing.open_for_change(session, other, employee(session, "zayac"), NOON)
    with town.transaction() as session:
        head, card = employee(session, "roshchina"), session.get_one(Family, kept)
        restricting.restrict(session, kept, False, [], "угрозы нет", card.version, head, NOON)
    with town.transaction() as session, pytest.raises(RecordsError, match="объединена"):
        editing.open_for_change(session, other, employee(session, "zayac"), NOON)


def test_a_call_tied_to_a_merged_card_is_the_kept_ones(town: Database) -> None:
    with town.transaction() as session:
        kept, other = cards.family(session, 1).id, second_card(session).id
        call = CallRecord(linkedid="c.9", state="talking", arrived_at=NOON)
        session.add(call)
    merged(town, kept, other)
    with town.transaction() as session:
        tied = call_identity.attach_family(session, call.id, other, employee(session, "lavrova"), NOON)
        assert tied.family_id == kept


def test_whatever_refers_to_a_card_or_a_person_is_found_by_an_index() -> None:
    """A merge, a destruction and each DELETE ask for it; a million rows read through hold SQLite's writer for long."""
    small = {"not_duplicate.high_id", "destruction_act.person_id"}  # some answers and acts a year
    missing = set()
    for table in Base.metadata.sorted_tables:
        found = [table.primary_key, *table.indexes]
        found += [one for one in table.constraints if isinstance(one, UniqueConstraint)]
        leading = {next(iter(one.columns)).name for one in found}
        referring = {key.parent.name for key in table.foreign_keys if key.column.table.name in ("family", "person")}
        missing |= {f"{table.name}.{name}" for name in referring - leading}
    assert missing == small


def test_only_those_who_see_both_may_merge(town: Database) -> None:
    with town.transaction() as session:
        lavrova = employee(session, "lavrova")
        for keep, other in ((1, 12), (12, 1), (1, 10**9), (0, 1), (2**63, 1)):
            with pytest.raises(NotFound, match="Такой карточки нет"):
                merge(session, keep, other, Choices((1, 1)), lavrova, NOON, reason="Одна семья")
        assert session.scalar(select(func.count()).select_from(FamilyMerge)) == 0


def test_a_merge_that_does_not_fit_is_refused_and_changes_nothing(town: Database) -> None:
    with town.transaction() as session:
        head = employee(session, "roshchina")
        with pytest.raises(StaleVersion):
            merge(session, 1, 2, Choices((1, 7)), head, NOON, reason="Одна семья")
        with pytest.raises(Incomplete):
            merge(session, 1, 2, Choices((1, 1)), head, NOON, reason=" ")
        with pytest.raises(RecordsError, match="одна и та же"):
            merge(session, 1, 1, Choices((1, 1)), head, NOON, reason="Одна семья")
        with pytest.raises(RecordsError, match="Состав"):
            merge(session, 1, 2, Choices((1, 1), same_people={1: 1}), head, NOON, reason="Одна семья")
    merged(town, 1, 2)
    with pytest.raises(RecordsError, match="уже объединена"):
        merged(town, 1, 2)
    with town.reading() as session:
        assert session.scalar(select(func.count()).select_from(FamilyMerge)) == 1


def test_a_form_of_either_card_that_is_still_open_does_not_fit_any_more(town: Database) -> None:
    with town.transaction() as session:
        for id_, version in ((1, 3), (2, 9)):
            family = session.get(Family, id_)
            assert family is not None
            family.version = version
    merged(town, 1, 2)
    with town.reading() as session:
        kept = session.get(Family, 1)
        assert kept is not None
        assert kept.version > 9


def test_a_card_whose_applicant_withdrew_the_consent_is_not_merged(town: Database) -> None:
    with town.transaction() as session:
        applicant = cards.person(session, 2, "Рашид")
        consent = cards.agree(session, applicant, "processing")
        consent.given = False
    for keep, other in ((1, 2), (2, 1)):
        with pytest.raises(RecordsError):
            merged(town, keep, other)


def test_different_families_stay_different_after_a_merge(town: Database) -> None:
    with town.transaction() as session:
        other_id = second_card(session, surname="Другая", phones=["8 907 000-08-01"]).id
        call_different(session, 9, other_id, employee(session, "roshchina"), NOON)
    merged(town, 8, other_id)
    assert listed(town, "phone") == []


def test_the_page_knows_every_field_that_can_be_chosen() -> None:
    from web.routes.merging import TITLES

    assert set(TITLES) == set(HEADER)
    assert set(HEADER) <= set(Family.__table__.columns.keys())
