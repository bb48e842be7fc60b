"""Changing a card: versions, what changed, who may, and what is refused."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from crm import families
from crm.cards import editing, people, phones
from crm.cards.editing import save_header
from crm.db import Database
from crm.errors import Incomplete, NotFound, RecordsError, StaleVersion
from crm.family_tables import DESTROYED, IMPORTING, MERGED
from crm.search.families import search
from tests.integration.crm.cards import TODAY, agree, audited, changes, employee, family, person
from tests.integration.crm.scenario import NOON


def test_a_change_is_kept_field_by_field_and_the_audit_names_fields_only(town: Database) -> None:
    with town.transaction() as session:
        card = family(session, 1)
        was = card.version
        fields = {"address": " ул. Новая,\u200b д. 5 ", "no_messages": True, "housing": "own_flat"}
        save_header(session, card.id, fields, was, employee(session), NOON, ip="10.0.0.7")
        assert (card.address, card.no_messages, card.version) == ("ул. Новая, д. 5", True, was + 1)
        assert changes(session, card.id) == [
            ("family", "address", "ул. Лесная, д. 12, кв. 4", "ул. Новая, д. 5"),
            ("family", "no_messages", "", "да"),
        ]
    with town.reading() as session:
        event = audited(session)[-1]
        assert (event.action, event.family_id, event.ip) == ("card.save", 1, "10.0.0.7")
        assert "address" in event.details
        assert "Новая" not in event.details


def test_nothing_changed_is_no_change(town: Database) -> None:
    with town.transaction() as session:
        card = family(session, 1)
        was = card.version
        save_header(session, card.id, {"address": card.address}, was, employee(session), NOON)
        assert (card.version, changes(session, card.id)) == (was, [])
    with town.reading() as session:
        assert not [event for event in audited(session) if event.action == "card.save"]


def test_a_changed_address_is_found_and_the_old_one_is_not(town: Database) -> None:
    with town.transaction() as session:
        card = family(session, 1)
        save_header(session, card.id, {"address": "ул. Берёзовая, д. 5"}, card.version, employee(session), NOON)
    with town.reading() as session:
        viewer = employee(session)
        assert {one.family.id for one in search(session, "березовая", viewer)} == {1}
        assert 1 not in {one.family.id for one in search(session, "лесная", viewer)}


def test_the_second_saver_is_told_what_changed_and_nothing_is_written_over(town: Database) -> None:
    with town.transaction() as session:
        card = family(session, 1)
        shown = card.version
        save_header(session, card.id, {"address": "ул. Мира, д. 1"}, shown, employee(session, "zayac"), NOON)
    with town.transaction() as session, pytest.raises(StaleVersion) as refusal:
        save_header(session, 1, {"address": "ул. Мира, д. 2", "locality": "х. Дальний"}, shown, employee(session), NOON)
    assert refusal.value.current == {"address": "ул. Мира, д. 1", "locality": "г. Заречинск"}
    change = refusal.value.changes[0]
    assert (change.field, change.old, change.new) == ("address", "ул. Лесная, д. 12, кв. 4", "ул. Мира, д. 1")
    assert (change.who, change.at) == ("Заяц П. И.", NOON)
    with town.transaction() as session:  # knowingly over it
        save_header(session, 1, {"address": "ул. Мира, д. 2"}, refusal.value.version, employee(session), NOON)
        assert family(session, 1).address == "ул. Мира, д. 2"


def test_different_parts_of_one_card_do_not_stand_in_each_others_way(town: Database) -> None:
    with town.transaction() as session:
        card = family(session, 1)
        shown = card.version
        child = person(session, 1, "Илья")
        save_header(session, card.id, {"address": "ул. Мира, д. 1"}, shown, employee(session), NOON)
        people.save_person(session, child.id, {"study_place": "школа № 3"}, shown, employee(session), NOON)
        save_header(session, card.id, {"transport": "car"}, shown, employee(session), NOON)
        assert (card.address, child.study_place, card.transport) == ("ул. Мира, д. 1", "школа № 3", "car")


@pytest.mark.parametrize("version", [-1, 0, 10**6, 2**31])
def test_a_version_that_never_was_is_stale(town: Database, version: int) -> None:
    with town.transaction() as session, pytest.raises(StaleVersion):
        save_header(session, 1, {"address": "ул. Мира"}, version, employee(session), NOON)


def test_a_version_that_the_changes_do_not_explain_is_stale(town: Database) -> None:
    with town.transaction() as session:
        card = family(session, 1)
        shown = card.version
        card.version += 1
        session.flush()
        with pytest.raises(StaleVersion):
            save_header(session, 1, {"address": "ул. Мира"}, shown, employee(session), NOON)


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"name": " \u200b "}, "name"),
        ({"contact_from": "утром"}, "contact_from"),
        ({"housing": "дворец"}, "housing"),
        ({"preferred_channel": "telegram"}, "preferred_channel"),
        ({"source": "слухи"}, "source"),
        ({"responsible_id": 2**70}, "responsible_id"),
        ({"responsible_id": -1}, "responsible_id"),
        ({"next_action": "", "next_action_on": TODAY}, "next_action"),
        ({"next_action_on": date(9999, 1, 1), "next_action": "x"}, "next_action_on"),
    ],
)
def test_what_cannot_stand_is_refused_beside_its_field(town: Database, fields: dict, field: str) -> None:
    with town.transaction() as session, pytest.raises(Incomplete) as refusal:
        save_header(session, 1, fields, family(session, 1).version, employee(session), NOON)
    assert set(refusal.value.fields) == {field}


def test_only_somebody_who_sees_the_card_is_responsible_for_it(town: Database) -> None:
    with town.transaction() as session:
        head = employee(session, "roshchina")
        card = family(session, 12)
        for login in ("lavrova", "kim"):
            fields = {"responsible_id": employee(session, login).id}
            with pytest.raises(Incomplete):
                save_header(session, card.id, fields, card.version, head, NOON)
        fields = {"responsible_id": employee(session, "durnovo").id}
        save_header(session, card.id, fields, card.version, head, NOON)
        assert ("family", "responsible_id", "Рощина В. П.", "Дурново Н. Ю.") in changes(session, card.id)


@pytest.mark.parametrize("login", ["vorobey", "kim", "zayac"])
def test_a_restricted_card_cannot_be_changed_by_those_who_do_not_see_it(town: Database, login: str) -> None:
    with town.transaction() as session:
        mother = person(session, 12, "Жанна")
        for change in (
            lambda who: save_header(session, 12, {"address": "x"}, 1, who, NOON),
            lambda who: people.save_person(session, mother.id, {"name": "x"}, 1, who, NOON),
            lambda who: phones.remove(session, mother.phones[0].id, "x", who, NOON),
        ):
            with pytest.raises(NotFound):
                change(employee(session, login))


@pytest.mark.parametrize("login", ["smirnova", "chernykh", "durnovo"])
def test_who_only_reads_cards_is_told_who_changes_them(town: Database, login: str) -> None:
    with town.transaction() as session, pytest.raises(RecordsError, match="изменяет диспетчер"):
        save_header(session, 12 if login == "durnovo" else 1, {"address": "x"}, 1, employee(session, login), NOON)


@pytest.mark.parametrize("family_id", [-1, 0, 10**9, 2**63, 10**30])
def test_a_card_that_is_not_there_is_not_found(town: Database, family_id: int) -> None:
    with town.transaction() as session, pytest.raises(NotFound):
        save_header(session, family_id, {"address": "x"}, 1, employee(session), NOON)


@pytest.mark.parametrize(("state", "words"), [(MERGED, "объединена с карточкой С-00002"), (DESTROYED, "уничтожены")])
def test_a_card_that_is_over_is_not_changed(town: Database, state: str, words: str) -> None:
    with town.transaction() as session:
        card = family(session, 1)
        card.state, card.merged_into_id = state, family(session, 2).id
        session.flush()
        with pytest.raises(RecordsError, match=words):
            save_header(session, card.id, {"address": "x"}, card.version, employee(session), NOON)
        with pytest.raises(RecordsError, match=words):
            people.add_person(session, card.id, {"surname": "Новая"}, employee(session), NOON)


def test_a_row_of_an_import_is_no_card_yet(town: Database) -> None:
    with town.transaction() as session:
        card = family(session, 1)
        card.state = IMPORTING
        session.flush()
        with pytest.raises(NotFound):
            save_header(session, card.id, {"address": "x"}, card.version, employee(session), NOON)


def test_after_the_consent_was_withdrawn_nothing_is_added(town: Database) -> None:
    with town.transaction() as session, pytest.raises(RecordsError, match="Согласия на обработку"):
        save_header(session, 29, {"address": "x"}, family(session, 29).version, employee(session), NOON)


def test_the_contact_hours_are_kept_as_the_clock_writes_them(town: Database) -> None:
    with town.transaction() as session:
        card = family(session, 1)
        save_header(session, 1, {"contact_from": "9", "contact_until": "16.30"}, card.version, employee(session), NOON)
        assert (card.contact_from, card.contact_until) == ("09:00", "16:30")


def test_a_member_is_added_once_and_found_by_name(town: Database) -> None:
    fields = {"surname": "Кузнецова", "name": "Прасковья", "relation": "бабушка", "birth_date": date(1950, 3, 1)}
    with town.transaction() as session:
        first = people.add_person(session, 1, fields, employee(session), NOON)
        assert people.add_person(session, 1, fields, employee(session), NOON) is first
        assert ("person", "relation", "", "бабушка") in changes(session, 1)
    with town.reading() as session:
        assert {one.family.id for one in search(session, "прасковья", employee(session))} == {1}


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"surname": "", "name": ""}, "surname"),
        ({"surname": "А", "birth_date": TODAY + timedelta(days=1)}, "birth_date"),
        ({"surname": "А", "birth_date": date(1850, 1, 1)}, "birth_date"),
        ({"surname": "А", "email": "нет собаки"}, "email"),
        ({"surname": "А", "email": "a@b"}, "email"),
        ({"surname": "А", "email": "a@b.ru, c@d.ru"}, "email"),
        ({"surname": "А", "relation": "<script>"}, "relation"),
        ({"surname": "А", "sex": "да"}, "sex"),
    ],
)
def test_a_member_with_mistakes_is_refused(town: Database, fields: dict, field: str) -> None:
    with town.transaction() as session, pytest.raises(Incomplete) as refusal:
        people.add_person(session, 1, fields, employee(session), NOON)
    assert field in refusal.value.fields


@pytest.mark.parametrize("field", ["sex", "email", "registration_address", "special_needs", "do_not_call", "incapable"])
def test_of_a_child_only_what_the_law_needs_is_kept(town: Database, field: str) -> None:
    value = {"do_not_call": True, "incapable": True, "email": "a@example.com", "sex": "male"}.get(field, "слова")
    with town.transaction() as session:
        child = person(session, 1, "Илья")
        with pytest.raises(Incomplete) as refusal:
            people.save_person(session, child.id, {field: value}, family(session, 1).version, employee(session), NOON)
        assert "О ребёнке хранятся только" in refusal.value.fields[field]
        with pytest.raises(Incomplete):
            phones.add(session, child.id, "8 907 000-01-99", {}, employee(session), NOON)
        fields = {"study_place": "школа № 2", "full_time_student_until": date(2034, 6, 30)}
        people.save_person(session, child.id, fields, family(session, 1).version, employee(session), NOON)
        assert child.study_place == "школа № 2"


def test_a_minor_who_asks_for_herself_may_be_called(town: Database) -> None:
    with town.transaction() as session:
        fields = {"surname": "Юная", "name": "Мать", "birth_date": date(2009, 5, 5), "is_applicant": True}
        minor = people.add_person(session, 22, fields, employee(session), NOON)
        assert phones.add(session, minor.id, "8 907 000-22-77", {}, employee(session), NOON).number == "+79070002277"


def test_who_leaves_stays_on_the_card_with_the_reason(town: Database) -> None:
    with town.transaction() as session:
        father = person(session, 1, "Виктор")
        with pytest.raises(Incomplete):
            people.leave(session, father.id, "  ", employee(session), NOON)
        people.leave(session, father.id, "развод, уехал", employee(session), NOON)
        people.leave(session, father.id, "ещё раз", employee(session), NOON)
        card = family(session, 1)
        assert father not in card.members
        assert father in card.people
        assert (father.left_at, father.left_reason) == (NOON, "развод, уехал")
        people.come_back(session, father.id, employee(session), NOON)
        assert father in card.members
        assert [row[1:] for row in changes(session, 1)] == [
            ("left", "", "развод, уехал"),
            ("left", "развод, уехал", ""),
        ]


def test_somebody_to_ask_stays(town: Database) -> None:
    with town.transaction() as session:
        mother, father = person(session, 1, "Елена"), person(session, 1, "Виктор")
        version = family(session, 1).version
        with pytest.raises(Incomplete):
            people.leave(session, mother.id, "уехала", employee(session), NOON)
        with pytest.raises(Incomplete):
            people.save_person(session, mother.id, {"is_applicant": False}, version, employee(session), NOON)
        people.save_person(session, father.id, {"is_applicant": True}, version, employee(session), NOON)
        people.leave(session, mother.id, "уехала", employee(session), NOON)


def test_a_number_belongs_to_several_people_and_goes_with_a_reason(town: Database) -> None:
    with town.transaction() as session:
        mother = person(session, 2, "Севда")
        phone = phones.add(session, mother.id, "0-01-01 доб. 3", {"whose": "соседка"}, employee(session), NOON)
        shared = phones.add(session, mother.id, "8 907 000-01-01", {}, employee(session), NOON)
        assert phone.raw.startswith("0-01-01")
        assert {one.family.id for one in families.find_by_number(session, "+79070000101")} == {1, 2}
        with pytest.raises(Incomplete):
            phones.remove(session, shared.id, "", employee(session), NOON)
        phones.remove(session, shared.id, "сменила номер", employee(session), NOON)
        phones.remove(session, shared.id, "ещё раз", employee(session), NOON)
        assert {one.family.id for one in families.find_by_number(session, "+79070000101")} == {1}
        assert shared in mother.phones
        assert shared not in mother.active_phones
        again = phones.add(session, mother.id, "8 907 000-01-01", {}, employee(session), NOON)
        assert again.id != shared.id


@pytest.mark.parametrize("typed", ["", "12", "номер", "8 907 000", "\0" * 20, "+" * 10_000, "=cmd()"])
def test_what_is_no_number_is_refused_with_a_sentence(town: Database, typed: str) -> None:
    with town.transaction() as session, pytest.raises(Incomplete) as refusal:
        phones.add(session, person(session, 1, "Елена").id, typed, {}, employee(session), NOON)
    assert "11 цифр" in refusal.value.fields["number"]


def test_a_robot_may_call_only_with_that_persons_consent(town: Database) -> None:
    with town.transaction() as session:
        mother = person(session, 3, "Евгения")
        number = mother.phones[0]
        version = family(session, 3).version
        with pytest.raises(Incomplete) as refusal:
            phones.save(session, number.id, {"robot_allowed": True}, version, employee(session), NOON)
        assert "Согласия" in refusal.value.fields["robot_allowed"]
        with pytest.raises(Incomplete):
            phones.add(session, mother.id, "8 907 000-03-77", {"robot_allowed": True}, employee(session), NOON)
        agree(session, mother, "auto_calls", form="oral")
        phones.save(session, number.id, {"robot_allowed": True}, version, employee(session), NOON)
        assert number.robot_allowed
        mother.do_not_call = True
        with pytest.raises(Incomplete):
            phones.add(session, mother.id, "8 907 000-03-78", {"robot_allowed": True}, employee(session), NOON)


def test_somebody_elses_rows_are_not_found_through_another_card(town: Database) -> None:
    with town.transaction() as session:
        mother = person(session, 1, "Елена")
        who = employee(session)
        with pytest.raises(NotFound):
            people.save_person(session, mother.id, {"name": "x"}, 1, who, NOON, family_id=2)
        with pytest.raises(NotFound):
            phones.save(session, mother.phones[0].id, {}, 1, who, NOON, family_id=2)
        for number in (-1, 0, 2**63, 10**9):
            with pytest.raises(NotFound):
                people.save_person(session, number, {"name": "x"}, 1, who, NOON)
            with pytest.raises(NotFound):
                phones.remove(session, number, "x", who, NOON)


def test_the_editors_are_those_who_answer_calls(town: Database) -> None:
    with town.reading() as session:
        editors = {one.login for one in editing.may_be_responsible(session, family(session, 1))}
        assert {"lavrova", "gromova", "roshchina", "smirnova"} <= editors
        assert "kim" not in editors
