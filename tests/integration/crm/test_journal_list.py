"""The list of the journal: filters, pages, words, restricted families; on both engines."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import delete, update

from crm.appeals import closing, control, corrections, listing, work
from crm.appeals.access import RESTRICTED_WORDS
from crm.appeals.printing import HEADINGS, printed
from crm.appeals.reading import JournalFilters, JournalPage, page, stream
from crm.db import Database
from crm.family_tables import FamilyAssignment
from crm.journal import JournalEntry
from crm.journal_tables import JournalCounter, zone_of_service
from tests.integration.crm import scenario as s
from tests.integration.crm.appeals import enter, family_of, service_of

TODAY = date(2026, 11, 12)


@pytest.fixture
def book(town: Database) -> Iterator[Database]:
    """The town with a journal of B that holds what the test writes and nothing else: the demo's rows lie elsewhere."""
    with town.transaction() as session:
        elsewhere = service_of(session, "A")
        session.execute(update(JournalEntry).values(service_id=elsewhere, year=JournalEntry.year - 20))
        session.execute(delete(JournalCounter))
    return town


def shown(database: Database, login: str = "gromova", cursor: str = "", limit: int = 50, **filters: Any) -> JournalPage:
    with database.reading() as session:
        wanted = JournalFilters(service_id=service_of(session), **filters)
        return page(session, s.employee(session, login), wanted, cursor, limit=limit, today=TODAY)


def numbers(found: JournalPage) -> list[int | None]:
    return [row.number for row in found.rows]


def test_the_headings_are_those_of_the_procedure() -> None:
    assert HEADINGS == (
        "№ п/п",
        "ФИО заявителя",
        "Краткая информация о семье",
        "Способ обращения (по телефону, на личном приеме, на электронный адрес, информация от третьего лица)",
        "Содержание обращения",
        "Принятые меры",
        "Конечный результат",
        "Оценка работы специалиста заявителем по десятибалльной шкале",
    )


@pytest.mark.parametrize("narrow", [0, 5_000])
def test_pages_lead_to_every_row_and_back(book: Database, monkeypatch: pytest.MonkeyPatch, narrow: int) -> None:
    monkeypatch.setattr(listing, "NARROW", narrow)  # 0: as if every filter had a million rows
    with book.transaction() as session:
        for place in range(7):
            enter(session, topic="жильё" if place % 2 else "иное", at=s.after(place))
    first = shown(book, limit=3)
    assert (numbers(first), first.newer, first.count, first.count_is_exact) == ([7, 6, 5], "", 7, True)
    second = shown(book, cursor=first.older, limit=3)
    assert numbers(second) == [4, 3, 2]
    last = shown(book, cursor=second.older, limit=3)
    assert (numbers(last), last.older) == ([1], "")
    assert numbers(shown(book, cursor=last.newer, limit=3)) == [4, 3, 2]
    assert numbers(shown(book, cursor="a2026-4", limit=3)) == [4, 3, 2]
    odd = shown(book, topic="иное", limit=3)
    assert numbers(odd) == [7, 5, 3]
    assert numbers(shown(book, topic="иное", cursor=odd.older, limit=3)) == [1]


@pytest.mark.parametrize("narrow", [0, 5_000])
def test_every_filter_finds_its_rows(book: Database, monkeypatch: pytest.MonkeyPatch, narrow: int) -> None:
    monkeypatch.setattr(listing, "NARROW", narrow)
    with book.transaction() as session:
        gromova, head = s.employee(session, "gromova"), s.employee(session, "roshchina")
        enter(session, at=s.NOON - timedelta(days=20), contact_method="email", topic="жильё")  # 1, overdue
        enter(session, at=s.NOON - timedelta(days=10), responsible_id=head.id)  # 2, overdue
        enter(session, login="roshchina", at=s.NOON, occurred_at=s.NOON - timedelta(days=20))  # 3, late
        done = enter(session, at=s.NOON, substance="Просит коляску для близнецов")  # 4
        closing.consulted(session, done.id, gromova, s.after(60))
    assert numbers(shown(book, contact_method="email")) == [1]
    assert numbers(shown(book, responsible_id=head.id)) == [3, 2]
    assert numbers(shown(book, author_id=gromova.id)) == [4, 2, 1]
    assert numbers(shown(book, progress="consulted")) == [4]
    assert numbers(shown(book, overdue=True)) == [2, 1]
    assert numbers(shown(book, number=3)) == [3]
    late_too = shown(book, since=TODAY - timedelta(days=20), until=TODAY - timedelta(days=20))
    assert numbers(late_too) == [3, 1]
    assert numbers(shown(book, since=TODAY)) == [4]
    assert numbers(shown(book, until=TODAY - timedelta(days=1), topic="документы")) == [3, 2]
    assert numbers(shown(book, text="БЛИЗНЕЦ")) == [4]
    assert numbers(shown(book, text="елкой справк", author_id=head.id)) == [3]
    assert numbers(shown(book, text="разъяснен порядок")) == [4]
    for nothing in ("%", "_", "\\", "нигдетакого", "' OR 1=1", "\u202e"):
        assert numbers(shown(book, text=nothing)) == []


def test_a_corrected_row_is_found_by_its_new_words_only(book: Database) -> None:
    with book.transaction() as session:
        entry = enter(session)
        words = {"substance": "Просит велосипед"}
        corrections.correct(session, entry.id, words, entry.version, "так", s.employee(session, "gromova"), s.after(9))
    assert numbers(shown(book, text="велосипед")) == [1]
    assert numbers(shown(book, text="ёлкой")) == []


def test_a_restricted_row_is_a_number_and_is_not_found(book: Database) -> None:
    with book.transaction() as session:
        enter(session)
        secret = {"applicant_name": "Пономарёва", "substance": "Тайна", "topic": "жильё"}
        family_id = family_of(session, 12).id
        hidden = enter(session, login="roshchina", family_id=family_id, **secret)
        enter(session)
    everything = shown(book)
    assert numbers(everything) == [3, 2, 1]
    assert (everything.hidden, everything.count) == ({hidden.id}, 3)
    with book.reading() as session:
        zone = zone_of_service(session, service_of(session))
        cells = printed(everything.rows[1], zone, "10")
        streamed = list(stream(session, s.employee(session, "gromova"), JournalFilters(service_id=service_of(session))))
        assert [row.number for row in streamed] == [1, 2, 3]
        assert streamed[1].substance == RESTRICTED_WORDS
    assert cells == ("2", RESTRICTED_WORDS, RESTRICTED_WORDS, "на личном приеме", *[RESTRICTED_WORDS] * 4)
    for wanted in ({"text": "пономарева"}, {"text": "тайна"}, {"topic": "жильё"}, {"overdue": False, "text": "тай"}):
        found = shown(book, **wanted)
        assert (numbers(found), found.count) == ([], 0)
    assert numbers(shown(book, progress="new")) == [3, 1]
    assert numbers(shown(book, login="roshchina", text="тайна")) == [2]
    with book.transaction() as session:
        session.add(FamilyAssignment(family_id=family_id, employee_id=s.employee(session, "gromova").id))
    assert numbers(shown(book, text="тайна")) == [2]


def test_a_service_of_others_shows_nothing(book: Database) -> None:
    with book.transaction() as session:
        enter(session)
    for login in ("lavrova", "kim"):
        assert (numbers(shown(book, login=login)), shown(book, login=login).count) == ([], 0)


def test_the_board_has_the_longest_overdue_first(book: Database) -> None:
    with book.transaction() as session:
        gromova = s.employee(session, "gromova")
        enter(session, at=s.NOON - timedelta(days=5))
        enter(session, at=s.NOON - timedelta(days=30))
        enter(session)
        over = enter(session)
        closing.consulted(session, over.id, gromova, s.after(60))
        board = control.board(session, gromova, service_of(session), "overdue", TODAY)
        assert [row.number for row in board.rows] == [2, 1]
        assert board.counts == {"overdue": 2, "mine": 3, "waiting": 0, "survey": 0, "open": 3}


def test_printed_columns_begin_with_the_day_and_say_what_was_late_or_annulled(book: Database) -> None:
    with book.transaction() as session:
        gromova = s.employee(session, "gromova")
        entry = enter(session, occurred_at=s.NOON - timedelta(days=1), explained=True)
        work.add_measure(session, entry.id, "other", "", {"what": "Позвонили"}, None, True, gromova, s.after(60))
        corrections.annul(session, entry.id, "Внесено дважды", gromova, s.after(90))
        cells = printed(entry, zone_of_service(session, entry.service_id), "")
    assert cells[4].startswith("11.11.2026 12:00 (внесено 12.11.2026). Просит")
    assert cells[5] == "12.11.2026. Разъяснён порядок получения помощи; 12.11.2026. Позвонили"
    assert cells[6] == "Аннулировано 12.11.2026: Внесено дважды"
