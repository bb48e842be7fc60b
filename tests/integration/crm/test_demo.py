"""The invented town of domain.md §10, whole, once, and only in the demo."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select

from callflow.phone import SYNTHETIC_PREFIXES
from crm import demo, institution, sign_in, staff
from crm.base import Base
from crm.db import Database
from crm.demo.town import town_behaviours
from crm.directory import directory_entries
from crm.errors import RecordsError
from crm.families import Family, Person, Phone
from crm.institution import Institution
from crm.sign_in import SignedIn
from tests.integration.crm.conftest import KEY
from tests.integration.crm.scenario import NOON


def counts(database: Database) -> dict[str, int]:
    with database.reading() as session:
        return {
            name: session.scalar(select(func.count()).select_from(table)) or 0
            for name, table in Base.metadata.tables.items()
        }


def test_everything_of_chapter_ten_is_there(town: Database) -> None:
    rows = counts(town)
    assert (rows["family"], rows["employee"], rows["service"], rows["institution"]) == (30, 10, 2, 2)
    with town.reading() as session:
        assert len(directory_entries(session, "institution")) == 12
        assert len(directory_entries(session, "ngo")) == 8
        assert sum(entry.address_hidden for entry in directory_entries(session)) == 1
        stale = [
            one for one in directory_entries(session, "institution") if one.verified_on and one.verified_on.year == 2025
        ]
        assert len(stale) == 2
        names = session.scalars(select(Family.name).order_by(Family.id)).all()
        assert (names[0], names[27], names[29]) == ("Кузнецовы", "Петровы-Водкины", "Яшины")
        eldest = session.scalars(select(Person.birth_date).where(Person.name == "Кирилл")).one()
        assert eldest is not None
        assert (eldest.year, eldest.month) == (2008, 12)  # 17 years and 11 months


def test_loading_again_changes_nothing(town: Database) -> None:
    before = counts(town)
    with town.transaction() as session:
        assert demo.load(session, KEY, NOON) is False
    assert counts(town) == before


def test_every_printed_login_works(town: Database) -> None:
    for login in demo.logins():
        with town.transaction() as session:
            signed = sign_in.sign_in(session, login.login, login.password, "127.0.0.1", "test", NOON)
            assert isinstance(signed, SignedIn)
            assert signed.employee.full_name == login.full_name
            extension = staff.extension_of(session, signed.employee.id)
            assert (extension.number if extension else "") == login.extension


def test_all_numbers_are_synthetic_and_no_line_belongs_to_a_family(town: Database) -> None:
    with town.reading() as session:
        dids = set(institution.dids(session))
        phones = set(session.scalars(select(Phone.number)))
    everything = dids | phones | set(town_behaviours())
    assert all(number.startswith(SYNTHETIC_PREFIXES) and len(number) == 12 for number in everything)
    assert not dids & phones
    assert phones <= set(town_behaviours())


def test_the_town_knows_only_behaviours_that_the_exchange_can_play(town: Database) -> None:
    words = {"answers", "busy", "no_answer", "rejects", "voicemail", "hangs_up", "unreachable"}
    behaviours = set(town_behaviours().values())
    assert {one for one in behaviours if not one.startswith("presses:")} == words
    assert all(
        set(one.removeprefix("presses:")) <= set("0123456789*#") for one in behaviours if one.startswith("presses:")
    )


def test_each_queue_has_its_operators_in_the_order_of_their_turn(town: Database) -> None:
    with town.reading() as session:
        members = {
            service.queue: [
                (extension.number, penalty) for _, extension, penalty in staff.operators(session, service.id)
            ]
            for service in institution.services(session)
        }
        keys = {staff.desk_secret(extension, b"key") for _, extension in staff.active_extensions(session)}
    assert members == {"dispatch": [("101", 0), ("102", 1)], "coordinator": [("111", 0), ("102", 2)]}
    assert len(keys) == 9


def test_live_data_and_the_demo_never_mix(database: Database, town: Database) -> None:
    with database.transaction() as session, pytest.raises(RecordsError, match="учебном режиме"):
        demo.load(session, KEY, NOON, mode="live")
    with database.transaction() as session:
        session.add(Institution(name="Настоящее учреждение", short_name="Настоящее"))
        session.flush()
        with pytest.raises(RecordsError, match="уже работает учреждение"):
            demo.load(session, KEY, NOON)
    assert counts(database)["employee"] == 0
