"""The quarter: counted as a recount by hand counts it, closed once, frozen for good (domain.md §1.3, §5.7; L20)."""

from __future__ import annotations

import random
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select, update

from crm import db
from crm.audit import AuditEvent
from crm.errors import NotFound, RecordsError
from crm.journal_tables import CONTACT_METHODS, JournalEntry
from crm.papers import efficiency_sheet
from crm.ratings import reports
from crm.ratings.efficiency import NOT_COMPUTED
from crm.ratings.rows import rated_rows
from crm.ratings.tables import QuarterReport, Rating
from tests.integration.crm.surveys import BEGIN, answer, case, person, service

ZONE = ZoneInfo("Europe/Moscow")
NEW_YEAR = datetime(2031, 12, 31, 21, 0, tzinfo=UTC)
"""Midnight in Moscow: the first instant of 2032."""


def rate(session, count: int, total: int, at: datetime = BEGIN) -> None:
    """So many answers with this sum."""
    low, more = divmod(total, count)
    for place in range(count):
        answer(session, case(session, at), low + 1 if place < more else low, at)


def close(session, year: int = 2031, quarter: int = 4, at: datetime = NEW_YEAR, by: str = "roshchina") -> QuarterReport:
    return reports.close_quarter(session, service(session).id, year, quarter, person(session, by), at)


@pytest.mark.parametrize(
    ("count", "total", "shown", "verdict"),
    [
        (20, 151, "75,5", "условно эффективной"),
        (20, 99, "49,5", "удовлетворительной"),
        (2, 20, "100,0", "эффективной"),
        (25, 190, "76,0", "эффективной"),
        (0, 0, NOT_COMPUTED, ""),
    ],
)
def test_the_cases_of_the_acceptance_check(town: db.Database, count: int, total: int, shown: str, verdict: str) -> None:
    with town.transaction() as session:
        if count:
            rate(session, count, total)
        figures = reports.report(session, service(session).id, 2031, 4)
    assert (figures.efficiency.shown, figures.efficiency.verdict) == (shown, verdict)
    assert (figures.rated, figures.efficiency.total) == (count, total)


def test_refusals_and_unanswered_calls_stand_apart(town: db.Database) -> None:
    with town.transaction() as session:
        rate(session, 2, 15)
        answer(session, case(session), "refused")
        unreached = case(session)
        answer(session, unreached, "unreached")
        answer(session, case(session), "unreached")  # one call only: the survey goes on, and nothing counts
        answer(session, unreached, "unreached")
        figures = reports.report(session, service(session).id, 2031, 4)
    assert (figures.surveyed, figures.rated, figures.refused, figures.unreached) == (4, 2, 1, 1)
    assert figures.efficiency.k == 75


@pytest.mark.parametrize(
    ("given_at", "quarter"),
    [
        (NEW_YEAR - timedelta(minutes=30), (2031, 4)),  # 31.12 23:30 in Moscow
        (NEW_YEAR - timedelta(microseconds=1), (2031, 4)),
        (NEW_YEAR, (2032, 1)),
        (datetime(2031, 9, 30, 20, 59, 59, tzinfo=UTC), (2031, 3)),
        (datetime(2031, 9, 30, 21, 0, tzinfo=UTC), (2031, 4)),
    ],
)
def test_the_quarter_is_that_of_the_rating_by_the_institutions_clock(
    town: db.Database, given_at: datetime, quarter: tuple[int, int]
) -> None:
    with town.transaction() as session:
        entry = case(session, datetime(2031, 5, 5, tzinfo=UTC))
        answer(session, entry, 8, given_at)
        counted = {
            (year, number): reports.report(session, entry.service_id, year, number).rated
            for year in (2031, 2032)
            for number in (1, 2, 3, 4)
        }
    assert {key for key, rated in counted.items() if rated} == {quarter}


def test_appeals_are_counted_by_their_own_day_and_way_and_annulled_ones_not(town: db.Database) -> None:
    with town.transaction() as session:
        for method in ("phone", "phone", "email", "third_party"):
            case(session, method=method)
        case(session, NEW_YEAR + timedelta(days=3))
        gone = case(session)
        answer(session, gone, 1)
        gone.progress, gone.annulled_at = "annulled", BEGIN
        figures = reports.report(session, service(session).id, 2031, 4)
    assert figures.appeals == {"phone": 2, "in_person": 0, "email": 1, "third_party": 1}
    assert figures.closed == figures.rated == 0


def test_the_services_do_not_mix(town: db.Database) -> None:
    with town.transaction() as session:
        answer(session, case(session), 9)
        answer(session, case(session, code="A", by="lavrova"), 2)
        assert reports.report(session, service(session, "A").id, 2031, 4).efficiency.total == 2
        assert reports.report(session, service(session, "B").id, 2031, 4).efficiency.total == 9


def fill(session, rng: random.Random, rows: int) -> None:
    """Appeals of two years in every state, answers of every kind, corrections near and far from the quarters' edges."""
    people = [person(session, login).id for login in ("gromova", "zayac", "roshchina")]
    services = [service(session, code).id for code in ("A", "B")]
    start = datetime(2030, 1, 1, tzinfo=UTC)
    edges = [datetime(2030, 12, 31, 21, tzinfo=UTC), datetime(2031, 6, 30, 21, tzinfo=UTC), NEW_YEAR]

    def moment() -> datetime:
        if rng.random() < 0.3:
            return rng.choice(edges) + timedelta(microseconds=rng.choice([-1, 0, 1]))
        return start + timedelta(seconds=rng.randrange(2 * 365 * 86400))

    for number in range(rows):
        at, rated = moment(), rng.choice(people)
        progress = rng.choice(["closed", "closed", "closed", "in_work", "survey", "annulled"])
        service_id = rng.choice(services)
        entry = JournalEntry(
            service_id=service_id,
            year=at.year,
            number=number + 1,
            state="saved" if rng.random() < 0.95 else "draft",
            applicant_name="Проверочная",
            contact_method=rng.choice(list(CONTACT_METHODS)),
            author_id=rated,
            responsible_id=rated,
            created_at=at,
            occurred_at=at,
            progress=progress,
            closed_at=moment() if progress in ("closed", "annulled") else None,
        )
        session.add(entry)
        session.flush()
        old = None
        for _ in range(rng.choice([0, 1, 1, 1, 2, 3]) if progress != "in_work" else 0):
            outcome = rng.choice(["score", "score", "score", "score", "refused", "unreached"])
            new = Rating(
                entry_id=entry.id,
                service_id=service_id,
                outcome=outcome,
                score=rng.randint(1, 10) if outcome == "score" else None,
                given_at=moment(),
                channel="human_call",
                rated_id=rated,
                taken_by_id=rng.choice(people),
                corrects_id=old.id if old else None,
                created_at=start,
            )
            session.add(new)
            session.flush()
            old = new
        if rng.random() < 0.1:
            session.add(
                Rating(
                    entry_id=entry.id,
                    service_id=service_id,
                    outcome="missed",
                    given_at=at,
                    channel="human_call",
                    rated_id=rated,
                    created_at=at,
                )
            )


def recount(session, service_id: int, year: int, quarter: int) -> dict[str, object]:
    """The same by hand: every row is looked at, every date turned into a local one, K in fractions."""

    def inside(at: datetime | None) -> bool:
        local = at.astimezone(ZONE) if at else None
        return local is not None and (local.year, (local.month - 1) // 3 + 1) == (year, quarter)

    entries = {one.id: one for one in session.scalars(select(JournalEntry)) if one.service_id == service_id}
    ratings = [one for one in session.scalars(select(Rating)) if one.service_id == service_id]
    corrected = {one.corrects_id for one in ratings}
    answers = [
        one
        for one in ratings
        if one.id not in corrected
        and one.outcome != "missed"
        and entries[one.entry_id].progress != "annulled"
        and inside(one.given_at)
    ]
    scores = [one.score for one in answers if one.outcome == "score"]
    standing = [one for one in entries.values() if one.progress != "annulled"]
    return {
        "appeals": Counter(one.contact_method for one in standing if one.state == "saved" and inside(one.occurred_at)),
        "closed": sum(inside(one.closed_at) for one in standing),
        "distribution": [scores.count(score) for score in range(1, 11)],
        "refused": sum(one.outcome == "refused" for one in answers),
        "unreached": sum(one.outcome == "unreached" for one in answers),
        "self_taken": sum(one.taken_by_id == one.rated_id for one in answers),
        "k": Fraction(10 * sum(scores), len(scores)) if scores else None,
        "by": Counter(one.rated_id for one in answers if one.outcome == "score"),
        "ids": sorted(one.id for one in answers),
    }


@pytest.mark.parametrize("seed", range(4))
def test_it_is_what_a_recount_by_hand_gives(town: db.Database, seed: int) -> None:
    with town.transaction() as session:
        fill(session, random.Random(seed), 150)  # noqa: S311 - no secret
    with town.reading() as session:
        names = {one.id: one.short_name for one in session.scalars(select(reports.Employee))}
        for code in ("A", "B"):
            for year, quarter in [(2030, 1), (2030, 4), (2031, 1), (2031, 2), (2031, 3), (2031, 4), (2032, 1)]:
                one = service(session, code)
                figures = reports.report(session, one.id, year, quarter)
                expected = recount(session, one.id, year, quarter)
                assert figures.appeals == {method: expected["appeals"][method] for method in CONTACT_METHODS}
                for name in ("closed", "distribution", "refused", "unreached", "self_taken"):
                    assert getattr(figures, name) == expected[name], name
                k = figures.efficiency.k
                assert k is None if expected["k"] is None else abs(Fraction(k) - expected["k"]) < Fraction(1, 10**20)
                raters = {who.name: who.raters for who in figures.specialists if who.raters}
                assert raters == {names[key]: count for key, count in expected["by"].items()}
                assert sum(who.total for who in figures.specialists) == figures.efficiency.total
                rows = rated_rows(session, one, year, quarter, limit=1000)
                assert len(rows) == len(expected["ids"]) == figures.surveyed
                for past in figures.earlier[-2:]:
                    old = recount(session, one.id, past.year, past.quarter)
                    assert (past.raters, past.total) == (
                        sum(old["distribution"]),
                        sum(score * count for score, count in enumerate(old["distribution"], start=1)),
                    )


def test_a_quarter_is_closed_only_after_its_last_day_at_the_institution(town: db.Database) -> None:
    with town.transaction() as session:
        with pytest.raises(RecordsError, match="ещё не закончился"):
            close(session, at=NEW_YEAR - timedelta(microseconds=1))
        assert close(session, at=NEW_YEAR).number == 1


@pytest.mark.parametrize("login", ["gromova", "zayac", "smirnova", "kim"])
def test_only_the_head_and_the_director_close(town: db.Database, login: str) -> None:
    with town.transaction() as session, pytest.raises(RecordsError, match="заведующий"):
        close(session, by=login)


@pytest.mark.parametrize(("year", "quarter"), [(2032, 2), (1999, 4), (2031, 0), (2031, 5), (9999, 1), (-1, 1)])
def test_there_are_no_other_quarters(town: db.Database, year: int, quarter: int) -> None:
    with town.transaction() as session, pytest.raises(NotFound):
        close(session, year, quarter)


def test_reports_are_numbered_within_the_year_in_the_order_of_closing(town: db.Database) -> None:
    with town.transaction() as session:
        numbers = [close(session, *one).number for one in [(2031, 1), (2031, 3), (2030, 4), (2031, 2), (2031, 1)]]
    assert numbers == [1, 2, 1, 3, 1]


def test_two_closings_at_once_are_one_report(town: db.Database) -> None:
    with town.transaction() as session:
        rate(session, 3, 20)

    def shut(_: int) -> int:
        with town.transaction() as session:
            return close(session).id

    with ThreadPoolExecutor(4) as pool:
        assert len(set(pool.map(shut, range(4)))) == 1
    with town.reading() as session:
        assert len(session.scalars(select(QuarterReport).where(QuarterReport.year == 2031)).all()) == 1
        closings = select(AuditEvent).where(AuditEvent.action == "report.close", AuditEvent.at >= NEW_YEAR)
        assert len(session.scalars(closings).all()) == 1


def test_a_closed_report_is_never_counted_again(town: db.Database) -> None:
    with town.transaction() as session:
        rate(session, 4, 30)
        closed = close(session)
        before = reports.report(session, closed.service_id, 2031, 4)
        session.execute(update(Rating).where(Rating.outcome == "score").values(score=1))
        session.execute(update(JournalEntry).values(progress="annulled", annulled_at=NEW_YEAR + timedelta(days=1)))
        session.expire_all()
        assert reports.report(session, closed.service_id, 2031, 4) == before
        later = reports.report(session, closed.service_id, 2032, 1)
        assert (later.earlier[-1].total, later.earlier[-1].raters) == (30, 4)
        assert len(rated_rows(session, service(session), 2031, 4)) == 4, "the rows as they were at the closing"


def test_a_frozen_report_shows_that_somebody_altered_it(town: db.Database) -> None:
    with town.transaction() as session:
        rate(session, 4, 30)
        closed = close(session)
        assert reports.is_intact(closed)
    with town.transaction() as session:
        stored = session.get_one(QuarterReport, closed.id)
        assert reports.is_intact(stored), "the way the database writes JSON does not matter"
        stored.figures = {**stored.figures, "refused": 7}
        assert not reports.is_intact(stored)


def test_the_sheet_says_what_the_page_says(town: db.Database) -> None:
    with town.transaction() as session:
        rate(session, 20, 151)
        closed = close(session)
        filters = {"service_id": closed.service_id, "year": 2031, "quarter": 4}
        sheet, rows = efficiency_sheet.prepare(session, filters, person(session, "chernykh"))
        found = list(rows)
        assert ("Эффективность", "Кэф", "75,5") in found
        assert ("Эффективность", "Вывод", "Работа Сервиса считается условно эффективной.") in found
        assert ("Опрос", "оценили", "20") in found
        assert all(len(row) == len(sheet.headings) == len(sheet.widths) for row in found)
        assert "Отчёт № 1 от 01.01.2032" in sheet.heading_lines
        assert any(closed.sha256 in line for line in sheet.footer_lines)
        for login, wanted in (("gromova", filters), ("kim", filters), ("roshchina", {}), ("roshchina", {"year": "x"})):
            with pytest.raises(NotFound):
                efficiency_sheet.prepare(session, wanted, person(session, login))
