"""Two people at one card, and a process killed in the middle of a save: nothing is lost, nothing is half there."""

from __future__ import annotations

import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from crm import audit, keys
from crm.cards import people, statuses
from crm.cards.editing import save_header
from crm.db import Database
from crm.errors import StaleVersion
from crm.search.families import search
from tests.integration.crm.cards import audited, changes, employee, family, person
from tests.integration.crm.conftest import KEY
from tests.integration.crm.scenario import NOON

ROOT = Path(__file__).resolve().parents[3]


def test_of_many_who_save_the_same_field_at_once_one_wins_and_the_others_are_told(town: Database) -> None:
    with town.reading() as session:
        shown = family(session, 1).version

    def attempt(number: int) -> str:
        try:
            with town.transaction() as session:
                save_header(session, 1, {"address": f"ул. Новая, д. {number}"}, shown, employee(session), NOON)
        except StaleVersion as stale:
            return stale.changes[0].new
        return "saved"

    with ThreadPoolExecutor(6) as pool:
        results = list(pool.map(attempt, range(6)))
    with town.reading() as session:
        card = family(session, 1)
        assert results.count("saved") == 1
        assert set(results) == {"saved", card.address}, "each loser is shown what the winner wrote"
        assert card.version == shown + 1
        assert len(changes(session, 1)) == 1


def test_those_who_save_different_things_at_once_all_succeed(town: Database) -> None:
    with town.reading() as session:
        shown, child = family(session, 1).version, person(session, 1, "Илья").id

    def address(session) -> None:
        save_header(session, 1, {"address": "ул. Новая, д. 1"}, shown, employee(session), NOON)

    def transport(session) -> None:
        save_header(session, 1, {"transport": "car"}, shown, employee(session, "zayac"), NOON)

    def school(session) -> None:
        people.save_person(session, child, {"study_place": "школа № 5"}, shown, employee(session), NOON)

    def status(session) -> None:
        statuses.add(session, 1, {"type": "молодая"}, employee(session, "zayac"), NOON)

    def run(work) -> None:
        with town.transaction() as session:
            work(session)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(run, [address, transport, school, status]))
    with town.reading() as session:
        card = family(session, 1)
        assert (card.address, card.transport, card.version) == ("ул. Новая, д. 1", "car", shown + 4)
        assert person(session, 1, "Илья").study_place == "школа № 5"
        assert "молодая" in {one.type for one in card.statuses}


def test_the_same_form_sent_by_two_clicks_at_once_is_one_record(town: Database) -> None:
    def add(_: int) -> int:
        with town.transaction() as session:
            fields = {"surname": "Кузнецова", "name": "Анна", "relation": "бабушка"}
            return people.add_person(session, 1, fields, employee(session), NOON).id

    def claim(_: int) -> int:
        with town.transaction() as session:
            return statuses.add(session, 1, {"type": "молодая"}, employee(session), NOON).id

    with ThreadPoolExecutor(4) as pool:
        assert len(set(pool.map(add, range(4)))) == 1
        assert len(set(pool.map(claim, range(4)))) == 1


SAVE = """
import os, signal, sys
from sqlalchemy import event
from crm.cards import statuses
from crm.cards.editing import save_header
from crm.db import Database
from tests.integration.crm.cards import employee, family
from tests.integration.crm.conftest import KEY
from tests.integration.crm.scenario import NOON

url, moment = sys.argv[1:]
database = Database(url, KEY)
die = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
if moment == "commit":
    event.listen(database.engine, "commit", die)
else:
    event.listen(database.engine, "after_cursor_execute", lambda c, cursor, sql, *rest: moment in sql and die())
with database.transaction() as session:
    head = employee(session, "roshchina")
    card = family(session, 1)
    save_header(session, 1, {"address": "ул. Убитая, д. 9", "housing": "rent"}, card.version, head, NOON)
    statuses.add(session, 1, {"type": "СОП", "basis": "постановление"}, head, NOON)
"""


def state(database: Database) -> dict[str, object]:
    with database.reading() as session:
        card, head = family(session, 1), employee(session, "roshchina")
        return {
            "address": card.address,
            "housing": card.housing,
            "version": card.version,
            "restricted": card.restricted,
            "statuses": [one.type for one in card.statuses],
            "changes": changes(session, 1),
            "audit": [event.action for event in audited(session)],
            "found": [1 in {one.family.id for one in search(session, word, head)} for word in ("убитая", "лесная")],
        }


@pytest.mark.parametrize(
    "moment", ["UPDATE family", "INSERT INTO card_change", "family_word", "INSERT INTO audit_event", "commit"]
)
def test_a_process_killed_in_the_middle_of_a_save_leaves_nothing_of_it(town: Database, moment: str) -> None:
    before = state(town)
    command = [sys.executable, "-c", SAVE, town.engine.url.render_as_string(hide_password=False), moment]
    killed = subprocess.run(command, cwd=ROOT, capture_output=True, timeout=60, check=False)
    assert killed.returncode == -signal.SIGKILL, killed.stderr.decode()
    assert state(town) == before
    with town.transaction() as session:  # and nobody is kept waiting
        save_header(session, 1, {"address": "ул. Живая, д. 1"}, family(session, 1).version, employee(session), NOON)
    with town.reading() as session:
        assert audit.verify(session, keys.derive(KEY, "audit")) is None


def test_a_save_that_is_not_killed_is_whole(town: Database) -> None:
    before = state(town)
    command = [sys.executable, "-c", SAVE, town.engine.url.render_as_string(hide_password=False), "never"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr.decode()
    after = state(town)
    assert (after["address"], after["housing"], after["restricted"]) == ("ул. Убитая, д. 9", "rent", True)
    assert after["version"] == before["version"] + 3
    assert after["found"] == [True, False]
    assert after["audit"][-3:] == ["card.save", "status.add", "card.restrict"]
