"""The statutory journal: numbers without gaps, one row for a call, nothing lost between two windows."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest
from sqlalchemy import func, select

from crm import calls, institution, journal, presence
from crm.audit import AuditEvent
from crm.db import Database
from crm.errors import Incomplete, NotFound, RecordsError, StaleVersion
from crm.journal import JournalEntry
from tests.integration.crm import scenario as s

WHOLE = {
    "applicant_name": "Кузнецова Елена Викторовна",
    "family_brief": "Кузнецовы, 3 ребёнка",
    "contact_method": "phone",
    "substance": "Спросила, как оформить питание в школе.",
    "topic": "питание",
    "obstacle": False,
}


def draft(database: Database, story_call: str = "1.1") -> tuple[int, int]:
    """A draft after a talk: its id and version."""
    with database.transaction() as session:
        row = s.play(session, s.whole_talk(story_call))
        entry = journal.entry_of_call(session, row.id)
        assert entry is not None
        return entry.id, entry.version


def test_saving_gives_the_number_ends_the_wrapup_and_is_audited(town: Database) -> None:
    with town.transaction() as session:
        presence.set_ready(session, s.employee(session, "lavrova").id, s.NOON)
    entry_id, version = draft(town)
    with town.transaction() as session:
        lavrova = s.employee(session, "lavrova")
        entry = journal.save_entry(session, entry_id, WHOLE, version, lavrova, s.after(120), ip="127.0.0.1")
        assert (entry.state, entry.year, entry.number, entry.saved_at) == ("saved", 2026, 1, s.after(120))
        assert presence.presence_of(session, lavrova.id, s.NOON).state == "ready"
    with town.reading() as session:
        event = session.scalars(select(AuditEvent).where(AuditEvent.action == "journal.save")).one()
        assert "питание" not in event.details


def test_the_same_save_twice_is_one_row_and_one_number(town: Database) -> None:
    entry_id, version = draft(town)
    numbers = []
    for _ in range(2):
        with town.transaction() as session:
            lavrova = s.employee(session, "lavrova")
            numbers.append(journal.save_entry(session, entry_id, WHOLE, version, lavrova, s.after(120)).number)
    assert numbers == [1, 1]
    with town.reading() as session:
        saved = select(func.count()).select_from(AuditEvent).where(AuditEvent.action == "journal.save")
        assert session.scalar(saved) == 1


def test_a_double_click_from_two_connections_is_one_row_and_one_number(town: Database) -> None:
    entry_id, version = draft(town)
    together = threading.Barrier(4)

    def save(_: int) -> int | None:
        together.wait()
        with town.transaction() as session:
            lavrova = s.employee(session, "lavrova")
            return journal.save_entry(session, entry_id, WHOLE, version, lavrova, s.after(120)).number

    with ThreadPoolExecutor(4) as pool:
        assert set(pool.map(save, range(4))) == {1}


def test_savers_at_once_get_consecutive_numbers_and_a_rollback_leaves_no_gap(town: Database) -> None:
    drafts = [draft(town, f"{number}.1") for number in range(1, 13)]
    together = threading.Barrier(4)

    def save(mine: list[tuple[int, int]]) -> None:
        together.wait()
        for place, (entry_id, version) in enumerate(mine):
            try:
                with town.transaction() as session:
                    lavrova = s.employee(session, "lavrova")
                    journal.save_entry(session, entry_id, WHOLE, version, lavrova, s.after(120))
                    if place == 1:
                        raise ConnectionAbortedError
            except ConnectionAbortedError:
                continue

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(save, [drafts[start::4] for start in range(4)]))
    with town.reading() as session:
        first = institution.services(session)[0].id
        given = select(JournalEntry.number).where(JournalEntry.service_id == first, JournalEntry.year == 2026)
        numbers = sorted(number for number in session.scalars(given) if number is not None)
    assert numbers == list(range(1, 9))


def test_each_service_and_each_year_counts_for_itself(town: Database) -> None:
    # 22:30 UTC on 31 December is already the new year in Moscow.
    evening = datetime(2030, 12, 31, 20, 30, tzinfo=UTC)
    night = datetime(2030, 12, 31, 22, 30, tzinfo=UTC)
    given = []
    with town.transaction() as session:
        gromova = s.employee(session, "gromova")
        first, second = (service.id for service in institution.services(session))
        for service, at in ((first, evening), (first, evening), (second, evening), (first, night)):
            entry = journal.new_draft(session, service, "in_person", gromova, evening)
            saved = journal.save_entry(session, entry.id, {**WHOLE, "contact_method": "in_person"}, 1, gromova, at)
            given.append((saved.service_id, saved.year, saved.number))
    assert given == [(first, 2030, 1), (first, 2030, 2), (second, 2030, 1), (first, 2031, 1)]


@pytest.mark.parametrize("missing", ["applicant_name", "family_brief", "contact_method", "substance"])
def test_columns_one_to_five_are_required(town: Database, missing: str) -> None:
    entry_id, version = draft(town)
    with town.transaction() as session:
        lavrova = s.employee(session, "lavrova")
        with pytest.raises(Incomplete) as refusal:
            journal.save_entry(session, entry_id, {**WHOLE, missing: "  \u200b "}, version, lavrova, s.after(120))
        assert list(refusal.value.fields) == [missing]
    with town.reading() as session:
        assert session.get_one(JournalEntry, entry_id).number is None


def test_a_window_left_behind_is_told_what_is_stored_now(town: Database) -> None:
    entry_id, version = draft(town)
    with town.transaction() as session:
        lavrova = s.employee(session, "lavrova")
        saved = journal.save_draft(session, entry_id, {"substance": "Первое окно"}, version, lavrova, s.after(80))
        assert saved.draft_saved_at == s.after(80)
        with pytest.raises(StaleVersion) as stale:
            journal.save_draft(session, entry_id, {"substance": "Второе окно"}, version, lavrova, s.after(81))
        assert stale.value.current["substance"] == "Первое окно"
        assert stale.value.version == saved.version
        # The same text again is no conflict.
        journal.save_draft(session, entry_id, {"substance": "Первое окно"}, version, lavrova, s.after(82))


def test_a_saved_row_is_no_draft_any_more(town: Database) -> None:
    entry_id, version = draft(town)
    with town.transaction() as session:
        lavrova = s.employee(session, "lavrova")
        entry = journal.save_entry(session, entry_id, WHOLE, version, lavrova, s.after(120))
        with pytest.raises(RecordsError, match="уже внесена"):
            journal.save_draft(session, entry_id, {"substance": "Другое"}, entry.version, lavrova, s.after(130))


def test_another_dispatcher_may_not_touch_it_and_the_head_may(town: Database) -> None:
    entry_id, version = draft(town)
    with town.transaction() as session:
        with pytest.raises(NotFound):
            journal.save_draft(session, entry_id, {"topic": "чужое"}, version, s.employee(session, "zayac"), s.NOON)
        journal.save_draft(session, entry_id, {"topic": "пособия"}, version, s.employee(session, "roshchina"), s.NOON)


def test_text_from_outside_is_cleaned_and_unknown_fields_are_ignored(town: Database) -> None:
    entry_id, version = draft(town)
    dirty = {"substance": "Ноль\0 и \u202eоборот\nвторая строка", "number": 77, "state": "saved", "author_id": 1}
    with town.transaction() as session:
        entry = journal.save_draft(session, entry_id, dirty, version, s.employee(session, "lavrova"), s.NOON)
        assert entry.substance == "Ноль и оборот\nвторая строка"
        assert (entry.number, entry.state) == (None, "draft")


def test_the_draft_follows_the_chosen_caller_but_keeps_what_was_typed(town: Database) -> None:
    entry_id, version = draft(town)
    with town.transaction() as session:
        lavrova = s.employee(session, "lavrova")
        journal.save_draft(session, entry_id, {"family_brief": "Написано рукой"}, version, lavrova, s.NOON)
        entry = session.get_one(JournalEntry, entry_id)
        other = calls.fetch_call(session, entry.call_id or 0)
        assert other is not None
        from crm.families import find_by_number

        person = find_by_number(session, "+79070000201")[0].person
        calls.choose_person(session, other.id, person.id, lavrova, s.after(100))
        assert entry.applicant_name == ""
        before = entry.version
        calls.confirm_identity(session, other.id, 2, ["name", "address"], lavrova, s.after(110))
        assert entry.version > before
        assert entry.applicant_name == "Мамедов Рашид Али оглы"
        assert entry.family_brief == "Написано рукой"
        assert entry.person_id == person.id


def test_a_restricted_family_is_not_written_into_the_draft_by_itself(town: Database) -> None:
    with town.transaction() as session:
        row = s.play(session, [s.arrived(), s.identified("+79070001201"), s.ringing(), s.answered()])
        entry = journal.entry_of_call(session, row.id)
        assert entry is not None
        calls.confirm_identity(session, row.id, 2, ["name", "address"], s.employee(session, "lavrova"), s.after(10))
        assert (entry.applicant_name, entry.family_brief) == ("", "")
        assert entry.family_id is not None


def test_a_draft_is_read_like_a_row_and_only_by_those_of_the_journal(town: Database) -> None:
    entry_id, version = draft(town)
    with town.transaction() as session:
        with pytest.raises(NotFound):
            journal.fetch_entry(session, entry_id, s.employee(session, "kim"))
        journal.save_entry(session, entry_id, WHOLE, version, s.employee(session, "lavrova"), s.after(120))
        assert journal.fetch_entry(session, entry_id, s.employee(session, "chernykh")).number == 1


def test_the_same_form_makes_one_row_whoever_is_first(town: Database) -> None:
    together = threading.Barrier(4)

    def open_draft(_: int) -> int:
        together.wait()
        with town.transaction() as session:
            gromova = s.employee(session, "gromova")
            service = institution.services(session)[1].id
            return journal.new_draft(session, service, "in_person", gromova, s.NOON, "a" * 32).id

    with ThreadPoolExecutor(4) as pool:
        assert len(set(pool.map(open_draft, range(4)))) == 1
