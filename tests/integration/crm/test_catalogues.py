"""The editable lists: the law's values at first, the institution's afterwards; nothing is deleted."""

from __future__ import annotations

import pytest

from crm.cards import catalogues, statuses
from crm.db import Database
from crm.errors import Incomplete, NotFound
from crm.masked import brief_of
from tests.integration.crm.cards import audited, employee, family
from tests.integration.crm.scenario import NOON


def test_the_lists_of_the_law_are_there_from_the_beginning(database: Database) -> None:
    with database.reading() as session:
        sizes = {name: len(catalogues.items(session, name)) for name in catalogues.CATALOGUES}
    assert (sizes["ground"], sizes["service_form"], sizes["service_kind"]) == (8, 3, 8)
    assert all(sizes.values())


def test_a_value_is_added_renamed_and_switched_off(town: Database) -> None:
    with town.transaction() as session:
        head = employee(session, "roshchina")
        item = catalogues.add(session, "housing", " Комната\u200b ", head, NOON, source="приказ № 5")
        assert (item.title, item.source) == ("Комната", "приказ № 5")
        assert catalogues.title(session, "housing", item.code) == "Комната"
        catalogues.save(session, item.id, "Комната в доме", head, NOON, source="", special=False, active=False)
        assert item.code not in {one.code for one in catalogues.items(session, "housing")}
        assert catalogues.title(session, "housing", item.code) == "Комната в доме"
        assert not catalogues.is_known(session, "housing", item.code)
        assert catalogues.is_known(session, "housing", item.code, stored=item.code)
    with town.reading() as session:
        assert [event.action for event in audited(session)][-2:] == ["catalogue.add", "catalogue.save"]


@pytest.mark.parametrize("title", ["", "   ", "\u200b", "Съёмное жильё"])
def test_an_empty_or_repeated_title_is_refused(town: Database, title: str) -> None:
    with town.transaction() as session, pytest.raises(Incomplete):
        catalogues.add(session, "housing", title, employee(session, "roshchina"), NOON)


def test_a_list_that_there_is_not_is_not_found(town: Database) -> None:
    with town.transaction() as session:
        head = employee(session, "roshchina")
        with pytest.raises(NotFound):
            catalogues.add(session, "выдумка", "x", head, NOON)
        for number in (-1, 0, 2**63):
            with pytest.raises(NotFound):
                catalogues.save(session, number, "x", head, NOON, source="", special=False, active=True)
            with pytest.raises(NotFound):
                catalogues.move(session, number, head, NOON, up=True)


def test_a_value_changes_places_with_its_neighbour(town: Database) -> None:
    with town.transaction() as session:
        head = employee(session, "roshchina")
        first, second, *rest = catalogues.items(session, "income")
        catalogues.move(session, second.id, head, NOON, up=True)
        catalogues.move(session, second.id, head, NOON, up=True)
        assert catalogues.items(session, "income") == [second, first, *rest]
        catalogues.move(session, second.id, head, NOON, up=False)
        assert catalogues.items(session, "income") == [first, second, *rest]


def test_a_status_that_the_institution_calls_special_is_never_printed(town: Database) -> None:
    with town.transaction() as session:
        head = employee(session, "roshchina")
        item = catalogues.add(session, "status", "наблюдается у нарколога", head, NOON, special=True)
        statuses.add(session, 1, {"type": item.code}, head, NOON)
        assert "нарколог" not in brief_of(family(session, 1))
    with town.transaction() as session:
        catalogues.save(session, item.id, item.title, head, NOON, source="", special=False, active=True)
        assert "нарколог" in brief_of(family(session, 1))
