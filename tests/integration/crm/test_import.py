"""A register becomes families: looked at first, confirmed once, all at one instant (B53, B55, B57)."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import event, func, select, update

from crm import families
from crm.audit import AuditEvent
from crm.errors import NotFound, RecordsError
from crm.family_tables import ACTIVE, IMPORTING, Family, FamilyStatus, Person, Phone
from crm.papers import importing, loading, registry_sheet, stored_rows
from crm.papers.mapping import Mapping
from crm.papers.tables import ImportJob
from crm.search import families as family_search
from crm.search.tables import FamilyWord
from crm.staff import Employee, by_login
from tests.integration.crm.conftest import KEY, NOON
from tests.support.registers import FLAT, invented, registry, workbook

ROOT = Path(__file__).resolve().parents[3]


class Desk:
    """Somebody who brings files to the records of one test."""

    def __init__(self, database, folder: Path, login: str = "roshchina") -> None:
        self.database, self.folder = database, folder
        self.count = 0
        with database.reading() as session:
            self.who = by_login(session, login)

    def bring(self, rows, *, make=registry, sha256: str = "", mapping: Mapping | None = None) -> int:
        self.count += 1
        name = f"upload{self.count}"
        make(self.folder / name, rows)
        with self.database.transaction() as session:
            job = importing.create(
                session, file_name="реестр.xlsx", sha256=sha256 or f"sha-{self.who.id}-{self.count}", stored_as=name,
                service_id=None, employee=self.who, at=NOON, mapping=mapping,
            )  # fmt: skip
        importing.work(self.database, job.id, self.folder, NOON)
        return job.id

    def job(self, job_id: int) -> ImportJob:
        with self.database.reading() as session:
            return importing.fetch_job(session, job_id)

    def confirm(self, job_id: int, similar: str = "skip") -> bool:
        with self.database.transaction() as session:
            return importing.confirm(session, job_id, self.who, NOON, similar=similar)

    def load(self, job_id: int, similar: str = "skip") -> ImportJob:
        assert self.confirm(job_id, similar)
        importing.work(self.database, job_id, self.folder, NOON)
        return self.job(job_id)

    def counts(self, job_id: int) -> dict[str, int]:
        return {name: count for name, count in self.job(job_id).summary["counts"].items() if count}

    def families(self, *states: str) -> int:
        with self.database.reading() as session:
            return session.scalar(select(func.count()).select_from(Family).where(Family.state.in_(states)))


@pytest.fixture
def desk(town, tmp_path):
    return Desk(town, tmp_path)


@pytest.fixture
def empty(town):
    """How many families the town has already."""
    with town.reading() as session:
        return session.scalar(select(func.count()).select_from(Family))


def test_nothing_is_a_family_before_it_is_confirmed(desk, empty):
    job_id = desk.bring(invented(5))
    assert desk.job(job_id).state == "ready"
    assert desk.counts(job_id) == {"new": 5, "people": 15, "children": 10, "phones": 5}
    assert desk.families(ACTIVE, IMPORTING) == empty


def test_a_confirmed_register_is_found_like_any_family(desk, empty):
    desk.load(desk.bring(invented(5)))
    assert desk.families(ACTIVE) == empty + 5
    with desk.database.reading() as session:
        [found] = families.find_by_number(session, "+79430000003")
        card = found.family
        assert card.card_number == f"С-{card.id:05d}"
        assert card.locality == "с. Заречное"
        assert card.brief == "многодетная, дом свой"
        assert card.created_by_id == desk.who.id
        assert [person.relation for person in card.people] == ["мать", "сын", "дочь"]
        assert card.people[0].email == "s3@example.ru"
        names = card.people[0]
        text = f"{names.name} {names.surname}"
        results = family_search.search(session, text, desk.who)
        assert card.id in {one.family.id for one in results}


def test_statuses_are_claimed_not_verified(desk):
    rows = [FLAT, ("Ковалёва Анна", "12.03.1985", "8 943 000-01-01", "", "с. Заречное", "многодетная", "", "")]
    desk.load(desk.bring(rows, make=workbook))
    with desk.database.reading() as session:
        status = session.scalars(select(FamilyStatus).order_by(FamilyStatus.id.desc())).first()
        assert (status.type, status.verified_on, status.entered_by_id) == ("многодетная", None, desk.who.id)


# the same again: B55


def test_b55_the_very_same_file_is_taken_once(desk, empty):
    job_id = desk.bring(invented(3), sha256="same")
    with pytest.raises(importing.SeenBefore) as seen:
        desk.bring(invented(3), sha256="same")
    assert seen.value.job.id == job_id
    desk.load(job_id)
    with pytest.raises(importing.SeenBefore) as seen:
        desk.bring(invented(3), sha256="same")
    assert seen.value.job.state == "done"
    assert desk.families(ACTIVE) == empty + 3


def test_b55_a_changed_file_brings_only_what_is_new(desk, empty):
    desk.load(desk.bring(invented(5)))
    job_id = desk.bring(invented(7))
    assert desk.counts(job_id)["new"] == 2
    assert desk.counts(job_id)["already"] == 5
    desk.load(job_id)
    assert desk.families(ACTIVE) == empty + 7


@pytest.mark.parametrize(
    "name", ["КОВАЛЕВА АННА ИВАНОВНА", "Ковалёва  Анна   Ивановна", "Анна Ивановна Ковалева", "ковалёва анна ивановна"]
)
def test_b55_one_family_in_four_spellings_is_one(desk, empty, name):
    def of(text):
        return [FLAT, (text, "12.03.1985", "8 943 000-01-01", "", "с. Заречное", "", "", "")]

    desk.load(desk.bring(of("Ковалёва Анна Ивановна"), make=workbook))
    job_id = desk.bring(of(name), make=workbook)
    assert desk.counts(job_id) == {"already": 1}
    with pytest.raises(RecordsError, match="нечего"):
        desk.confirm(job_id)
    assert desk.families(ACTIVE) == empty + 1


def test_b55_a_repetition_in_the_file_is_named_with_its_first_row(desk, empty):
    rows = [FLAT, *[(name, "12.03.1985", "", "", "", "", "", "") for name in ("Ковалёва Анна", "Анна Ковалева")]]
    job_id = desk.bring(rows, make=workbook)
    assert desk.counts(job_id)["repeated"] == 1
    assert any("Повторяет строку 2" in sentence for _row, _column, sentence, _fatal in desk.job(job_id).errors)
    desk.load(job_id)
    assert desk.families(ACTIVE) == empty + 1


def test_b55_somebody_alike_is_proposed_never_merged(desk, empty):
    with desk.database.reading() as session:
        known = session.scalars(select(Person).where(Person.birth_date.is_not(None), Person.is_applicant)).first()
    name = " ".join([known.surname, known.name, known.patronymic])
    rows = [FLAT, (name, known.birth_date.strftime("%d.%m.%Y"), "8 943 000-01-01", "", "", "", "", "")]
    job_id = desk.bring(rows, make=workbook)
    assert desk.counts(job_id) == {"similar": 1}
    [[row, family_id, kind, reason]] = desk.job(job_id).summary["similar"]
    assert (row, family_id, kind) == (2, known.family_id, "similar")
    assert known.surname not in reason
    desk.load(job_id, similar="load")
    assert desk.families(ACTIVE) == empty + 1


def test_a_restricted_card_is_not_given_away_by_an_answer(desk, town, tmp_path):
    with town.transaction() as session:
        hidden = session.scalars(select(Family).where(Family.restricted)).first()
        person = next(one for one in hidden.people if one.is_applicant)
        name, born = " ".join([person.surname, person.name, person.patronymic]), person.birth_date
    rows = [FLAT, (name, born.strftime("%d.%m.%Y") if born else "", "", "", "", "", "", "")]
    coordinator = Desk(town, tmp_path, "gromova")
    assert coordinator.counts(coordinator.bring(rows, make=workbook))["new"] == 1
    assert desk.counts(desk.bring(rows, make=workbook)) == {"similar": 1}


# errors: B53


def test_b53_a_row_with_an_error_is_told_and_left_out(desk, empty):
    rows = [FLAT, ("", "12.03.1985", "8 943 000-01-01", "", "с. Заречное", "", "", ""),
            ("Ковалёва Анна", "31.02.1985", "нет", "", "", "", "", "")]  # fmt: skip
    job_id = desk.bring(rows, make=workbook)
    job = desk.job(job_id)
    assert [(row, column, fatal) for row, column, _sentence, fatal in job.errors] == [(2, 0, True), (3, 1, False)]
    assert "Ковал" not in str(job.errors) + str(job.summary)
    assert "31.02" not in str(job.errors)
    desk.load(job_id)
    assert desk.families(ACTIVE) == empty + 1


def test_other_meanings_of_the_columns_give_other_families(desk):
    job_id = desk.bring([("Кто", "Где"), ("Ковалёва Анна", "с. Заречное")], make=workbook)
    assert desk.counts(job_id) == {}
    with desk.database.transaction() as session:
        importing.remap(session, job_id, Mapping(0, 1, 2, {0: "full_name", 1: "address"}), desk.who, NOON)
    importing.work(desk.database, job_id, desk.folder, NOON)
    assert desk.counts(job_id)["new"] == 1


def test_a_file_that_is_no_table_is_refused_with_a_sentence_and_removed(desk):
    job_id = desk.bring([], make=lambda path, _rows: path.write_bytes(b"%PDF-1.7"))
    job = desk.job(job_id)
    assert job.state == "refused"
    assert "сохраните как" in job.summary["failure"]
    assert not (desk.folder / job.stored_as).exists()


def test_an_import_that_nobody_confirmed_is_forgotten_with_its_file(desk):
    job_id = desk.bring(invented(1))
    with desk.database.transaction() as session:
        session.execute(update(ImportJob).values(asked_at=NOON - timedelta(days=31)))
    desk.bring(invented(2))
    assert desk.job(job_id).state == "cancelled"
    assert not (desk.folder / desk.job(job_id).stored_as).exists()


def test_the_files_are_for_nobody_else_and_go_when_it_is_done(desk):
    job_id = desk.bring(invented(2))
    stored = desk.folder / f"{desk.job(job_id).stored_as}.rows"
    assert stored.stat().st_mode & 0o077 == 0
    desk.load(job_id)
    assert not stored.exists()
    assert not (desk.folder / desk.job(job_id).stored_as).exists()


def test_the_log_says_who_and_how_many_and_no_name(desk):
    desk.load(desk.bring(invented(2)))
    with desk.database.reading() as session:
        events = session.scalars(select(AuditEvent).where(AuditEvent.action.startswith("import."))).all()
    assert [event.action for event in events] == ["import.upload", "import.confirm", "import.done"]
    assert {event.actor_id for event in events} == {desk.who.id}
    assert '"created":2' in events[-1].details.replace(" ", "")


# once, and all at one instant: B57


def test_two_clicks_and_two_people_are_one_load(desk, empty):
    job_id = desk.bring(invented(3))
    assert desk.confirm(job_id)
    assert not desk.confirm(job_id)
    with desk.database.transaction() as session:
        other = by_login(session, "gromova")
        assert not importing.confirm(session, job_id, other, NOON, similar="skip")
    for _ in range(2):
        importing.work(desk.database, job_id, desk.folder, NOON)
    assert desk.families(ACTIVE, IMPORTING) == empty + 3


def test_two_files_with_the_same_families_on_their_way_make_no_doubles(desk, empty):
    one, other = desk.bring(invented(4)), desk.bring(invented(4))
    desk.load(one)
    desk.load(other)
    assert desk.families(ACTIVE) == empty + 4
    assert desk.job(other).summary["created"] == 0


def test_b57_while_it_loads_nobody_finds_a_part(desk, empty, monkeypatch):
    """Everything is in the records but the last statement."""
    job_id = desk.bring(invented(250))
    show = loading._show
    monkeypatch.setattr(loading, "_show", lambda *_given: None)
    assert desk.confirm(job_id)
    stored = stored_rows.path_of(desk.folder, desk.job(job_id).stored_as)
    kept = stored.read_bytes()
    importing.load(desk.database, job_id, desk.folder, NOON)
    assert desk.families(IMPORTING) == 250
    with desk.database.reading() as session:
        assert families.find_by_number(session, "+79430000003") == []
        before = registry_sheet.count(session, desk.who)
        assert not [row for row in registry_sheet.rows(session, desk.who) if "943 000-00-03" in row[3]]
        person = session.scalars(select(Person).join(Family).where(Family.state == IMPORTING)).first()
        with pytest.raises(NotFound):
            families.fetch_family(session, person.family_id, desk.who)
        found = family_search.search(session, f"{person.surname} {person.name} {person.patronymic}", desk.who)
        assert not {one.family.id for one in found} & {person.family_id}
    monkeypatch.setattr(loading, "_show", show)
    stored.write_bytes(kept)
    importing.load(desk.database, job_id, desk.folder, NOON)
    with desk.database.reading() as session:
        assert registry_sheet.count(session, desk.who) == before + 250


def test_b57_a_load_that_cannot_go_on_leaves_nothing(desk, empty, monkeypatch):
    job_id = desk.bring(invented(450))
    assert desk.confirm(job_id)
    show = loading._show

    def broken(*given):
        raise RecordsError("Кончилось место.")

    monkeypatch.setattr(loading, "_show", broken)
    importing.work(desk.database, job_id, desk.folder, NOON)
    monkeypatch.setattr(loading, "_show", show)
    job = desk.job(job_id)
    assert job.state == "failed"
    assert "Ни одна семья не загружена" in job.summary["failure"]
    assert desk.families(ACTIVE) == empty
    assert desk.families(IMPORTING) == 0
    with desk.database.reading() as session:
        for model, column in ((Person, Person.family_id), (FamilyWord, FamilyWord.family_id)):
            lost = select(func.count()).select_from(model).where(column.not_in(select(Family.id)))
            assert session.scalar(lost) == 0
        assert session.scalar(select(func.count()).select_from(Phone).where(Phone.number.startswith("+79430"))) == 0


KILLED = """
import os, signal, sys
from datetime import UTC, datetime
from pathlib import Path
from crm import models
from crm.db import Database
from crm.papers import importing
url, key, job_id, folder, survived = sys.argv[1:]
left = int(survived)
transaction = Database.transaction

def dying(self):
    global left
    left -= 1
    if left < 0:
        os.kill(os.getpid(), signal.SIGKILL)
    return transaction(self)

Database.transaction = dying
importing.work(Database(url, key), int(job_id), Path(folder), datetime(2026, 11, 12, 9, tzinfo=UTC))
"""


@pytest.mark.parametrize("survived", [0, 1, 2, 4])
def test_b57_killed_half_way_it_goes_on_and_all_families_are_there_once(desk, empty, survived):
    """`survived` transactions, then SIGKILL: before the first family, after some, before the last statement."""
    job_id = desk.bring(invented(650))
    assert desk.confirm(job_id)
    url = desk.database.engine.url.render_as_string(hide_password=False)
    killed = subprocess.run(
        [sys.executable, "-c", KILLED, url, KEY, str(job_id), str(desk.folder), str(survived)],
        env={**os.environ, "PYTHONPATH": str(ROOT)}, check=False, capture_output=True,
    )  # fmt: skip
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert desk.families(ACTIVE) == empty
    with desk.database.reading() as session:
        assert importing.waiting(session) == [job_id]
    importing.work(desk.database, job_id, desk.folder, NOON)
    assert desk.job(job_id).state == "done"
    assert desk.job(job_id).summary["created"] == 650
    assert desk.families(ACTIVE) == empty + 650
    with desk.database.reading() as session:
        assert importing.waiting(session) == []
        keys = select(func.count(func.distinct(Family.import_key))).where(Family.import_job_id == job_id)
        assert session.scalar(keys) == 650


def test_what_kills_its_loader_three_times_is_given_up(desk, empty):
    job_id = desk.bring(invented(3))
    assert desk.confirm(job_id)
    with desk.database.transaction() as session:
        job = session.get(ImportJob, job_id)
        job.state, job.summary = "loading", {**job.summary, "attempts": importing.MOST_ATTEMPTS}
    importing.work(desk.database, job_id, desk.folder, NOON)
    assert desk.job(job_id).state == "failed"
    assert desk.families(ACTIVE, IMPORTING) == empty


def test_a_call_waits_for_one_small_transaction_at_most(desk):
    """SQLite has one writer: how many rows one transaction writes is how long a ringing card may wait."""
    job_id = desk.bring(invented(1000))
    assert desk.confirm(job_id)
    written: list[int] = [0]

    def begun(_connection):
        written.append(0)

    def executed(_connection, _cursor, statement, parameters, _context, many):
        if statement.lstrip().upper().startswith("INSERT INTO FAMILY "):
            written[-1] += len(parameters) if many else 1

    event.listen(desk.database.engine, "begin", begun)
    original = loading._insert
    sizes: list[int] = []

    def measured(session, drafts, job, at):
        sizes.append(len(drafts))
        original(session, drafts, job, at)

    loading._insert = measured
    try:
        importing.work(desk.database, job_id, desk.folder, NOON)
    finally:
        loading._insert = original
        event.remove(desk.database.engine, "begin", begun)
    assert max(sizes) <= 200
    assert len(written) > len(sizes)  # each batch in a transaction of its own


def test_a_closed_account_loads_nothing(desk, empty):
    job_id = desk.bring(invented(2))
    assert desk.confirm(job_id)
    with desk.database.transaction() as session:
        session.execute(update(Employee).where(Employee.id == desk.who.id).values(active=False))
    importing.work(desk.database, job_id, desk.folder, NOON)
    assert desk.job(job_id).state == "failed"
    assert desk.families(ACTIVE, IMPORTING) == empty


def test_our_own_registry_read_back_brings_nothing_new(desk, empty):
    """What we exported is what we know: nobody of it is new."""
    desk.load(desk.bring(invented(20)))
    with desk.database.reading() as session:
        sheet, rows = registry_sheet.prepare(session, {}, desk.who, NOON)
        lines = [list(row) for row in rows]
    job_id = desk.bring([sheet.headings, *lines], make=workbook)
    counts = desk.counts(job_id)
    assert counts.get("new", 0) == 0
    assert counts["already"] + counts["similar"] == len(lines)
    assert desk.job(job_id).errors == []
