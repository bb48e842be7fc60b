"""Column 8: one survey per case, two calls, corrections beside the old answer, nobody reads his own score early."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import func, insert, select
from sqlalchemy.exc import IntegrityError

from crm import db
from crm.appeals.tables import EntryChange
from crm.audit import AuditEvent
from crm.cards.timeline import timeline
from crm.errors import Incomplete, NotFound, RecordsError
from crm.family_tables import Family
from crm.journal_tables import JournalEntry
from crm.papers import journal_sheet
from crm.ratings import giving, reports
from crm.ratings.tables import Rating
from crm.ratings.visibility import HIDDEN, marks_seen_by
from tests.integration.crm.surveys import BEGIN, answer, case, person

AFTER_THE_YEAR = datetime(2032, 1, 11, 9, 0, tzinfo=UTC)


@pytest.mark.parametrize(("mark", "printed"), [(10, "10"), (1, "1"), ("refused", "отказ от оценки")])
def test_an_answer_fills_column_8_and_closes_the_case(town: db.Database, mark: int | str, printed: str) -> None:
    with town.transaction() as session:
        entry = case(session)
        rating = answer(session, entry, mark)
    assert (entry.rating_mark, entry.progress, entry.closed_at) == (printed, "closed", BEGIN)
    assert rating.rated_id == entry.responsible_id
    assert rating.taken_by_id != rating.rated_id


def test_two_unanswered_calls_make_the_mark_and_one_does_not(town: db.Database) -> None:
    with town.transaction() as session:
        entry = case(session)
        first = answer(session, entry, "unreached")
        assert (first.outcome, entry.progress, entry.rating_mark) == ("missed", "survey", "")
        second = answer(session, entry, "unreached", BEGIN + timedelta(hours=3))
    assert (second.outcome, entry.progress, entry.rating_mark) == ("unreached", "closed", "не удалось связаться")


def test_who_answers_the_second_call_is_rated(town: db.Database) -> None:
    with town.transaction() as session:
        entry = case(session)
        answer(session, entry, "unreached")
        answer(session, entry, 7, BEGIN + timedelta(hours=1))
    assert entry.rating_mark == "7"


def test_the_same_form_twice_is_one_call_and_one_answer(town: db.Database) -> None:
    def call(session, entry, attempt):
        return giving.give(
            session,
            entry.id,
            outcome="unreached",
            score=None,
            channel="human_call",
            taken_by=person(session, "zayac"),
            given_at=BEGIN,
            at=BEGIN,
            attempt=attempt,
        )

    with town.transaction() as session:
        entry = case(session)
        assert call(session, entry, 1).id == call(session, entry, 1).id
        assert entry.progress == "survey"
        assert answer(session, entry, 8).id == answer(session, entry, 8).id
        with pytest.raises(RecordsError, match="уже проведён"):
            answer(session, entry, 9)
        assert session.scalar(select(func.count()).where(Rating.entry_id == entry.id)) == 2


def test_two_people_at_once_are_one_answer(town: db.Database) -> None:
    with town.transaction() as session:
        entry_id = case(session).id

    def ask(mark: int) -> str:
        try:
            with town.transaction() as session:
                answer(session, session.get_one(JournalEntry, entry_id), mark)
        except RecordsError:
            return "late"
        return "written"

    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(ask, [3, 5, 7, 9]))
    assert sorted(results) == ["late", "late", "late", "written"]
    with town.reading() as session:
        rating = session.scalars(select(Rating).where(Rating.entry_id == entry_id)).one()
        assert session.get_one(JournalEntry, entry_id).rating_mark == str(rating.score)


def test_the_database_itself_refuses_a_second_survey(town: db.Database) -> None:
    with town.transaction() as session:
        entry = case(session)
        first = answer(session, entry, 4)
    columns = [column.name for column in Rating.__table__.columns if column.name != "id"]
    second = {name: getattr(first, name) for name in columns} | {"score": 5}
    with town.transaction() as session, pytest.raises(IntegrityError):
        session.execute(insert(Rating).values(**second))


@pytest.mark.parametrize("progress", ["in_work", "resolved", "consulted", "declined", "annulled"])
def test_only_a_solved_case_is_asked_about(town: db.Database, progress: str) -> None:
    with pytest.raises(RecordsError, match="Опрос"), town.transaction() as session:
        answer(session, case(session, progress=progress), 5)


@pytest.mark.parametrize(
    ("outcome", "score", "channel", "field"),
    [
        ("score", 0, "human_call", "score"),
        ("score", 11, "human_call", "score"),
        ("score", None, "human_call", "score"),
        ("refused", 5, "human_call", "score"),
        ("", None, "human_call", "score"),
        ("missed", None, "human_call", "score"),
        ("score", 5, "pigeon", "channel"),
        ("unreached", None, "paper", "channel"),
    ],
)
def test_what_is_no_answer_is_refused_beside_its_field(
    town: db.Database, outcome: str, score: int | None, channel: str, field: str
) -> None:
    with town.transaction() as session:
        entry = case(session)
        with pytest.raises(Incomplete) as problem:
            giving.give(
                session,
                entry.id,
                outcome=outcome,
                score=score,
                channel=channel,
                taken_by=person(session, "zayac"),
                given_at=BEGIN,
                at=BEGIN,
            )
        assert list(problem.value.fields) == [field]
        assert entry.progress == "survey"


def test_an_answer_lies_between_the_solution_and_now(town: db.Database) -> None:
    with town.transaction() as session:
        entry = case(session)
        for given_at in (BEGIN + timedelta(minutes=1), BEGIN - timedelta(days=1)):
            with pytest.raises(Incomplete) as problem:
                giving.give(
                    session,
                    entry.id,
                    outcome="score",
                    score=5,
                    channel="paper",
                    taken_by=person(session, "zayac"),
                    given_at=given_at,
                    at=BEGIN,
                )
            assert "given_on" in problem.value.fields


def test_a_day_becomes_a_moment_after_the_solution(town: db.Database) -> None:
    zone = ZoneInfo("Europe/Moscow")
    with town.transaction() as session:
        entry = case(session)
    later = BEGIN + timedelta(days=3)
    assert giving.moment_of(later.date(), entry, later, zone) == later
    assert giving.moment_of(date(2031, 10, 14), entry, later, zone) == datetime(2031, 10, 14, 9, tzinfo=UTC)
    entry.resolved_at = datetime(2031, 10, 14, 12, tzinfo=UTC)
    assert giving.moment_of(date(2031, 10, 14), entry, later, zone) == entry.resolved_at


def test_people_of_another_service_do_not_ask(town: db.Database) -> None:
    with town.transaction() as session:
        entry = case(session)
        for stranger in ("lavrova", "kim"):
            with pytest.raises(NotFound):
                answer(session, entry, 5, by=stranger)


def test_the_robot_asks_too(town: db.Database) -> None:
    with town.transaction() as session:
        entry = case(session)
        rating = giving.give(
            session, entry.id, outcome="score", score=9, channel="robot", taken_by=None, given_at=BEGIN, at=BEGIN
        )
    assert rating.taken_by_id is None
    assert entry.rating_mark == "9"


def correct(session, rating, mark, by, at, *, reason="ослышалась"):
    score = mark if isinstance(mark, int) else None
    outcome = "score" if score else str(mark)
    return giving.correct(
        session, rating.id, outcome=outcome, score=score, reason=reason, employee=person(session, by), at=at
    )


def test_a_correction_is_a_row_beside_the_old_one(town: db.Database) -> None:
    with town.transaction() as session:
        entry = case(session)
        old = answer(session, entry, 1)
        version = entry.version
        new = correct(session, old, 10, "zayac", BEGIN + timedelta(days=1))
        assert correct(session, old, 10, "zayac", BEGIN + timedelta(days=1)).id == new.id
        with pytest.raises(RecordsError, match="уже исправили"):
            correct(session, old, 7, "zayac", BEGIN + timedelta(days=1))
    assert (old.score, new.score, new.corrects_id, new.reason) == (1, 10, old.id, "ослышалась")
    assert (entry.rating_mark, entry.version) == ("10", version + 1)
    assert new.given_at == old.given_at, "the quarter is open: the right answer counts in it"
    assert new.created_at == BEGIN + timedelta(days=1)


def test_a_correction_needs_a_reason_and_another_answer(town: db.Database) -> None:
    with town.transaction() as session:
        old = answer(session, case(session), 1)
        with pytest.raises(Incomplete) as problem:
            correct(session, old, 10, "zayac", BEGIN, reason=" \x00\n ")
        assert "reason" in problem.value.fields
        with pytest.raises(Incomplete) as problem:
            correct(session, old, 1, "zayac", BEGIN)
        assert "score" in problem.value.fields


@pytest.mark.parametrize(("by", "may"), [("zayac", True), ("roshchina", True), ("chernykh", True), ("gromova", False)])
def test_who_asked_and_the_head_correct_but_nobody_his_own(town: db.Database, by: str, may: bool) -> None:
    with town.transaction() as session:
        old = answer(session, case(session), 1)
        if may:
            assert correct(session, old, 10, by, BEGIN).score == 10
        else:
            with pytest.raises(RecordsError, match="Исправить отметку может"):
                correct(session, old, 10, by, BEGIN)


def test_who_asked_about_his_own_work_does_not_correct_it(town: db.Database) -> None:
    with town.transaction() as session:
        old = answer(session, case(session), 1, by="gromova")
        with pytest.raises(RecordsError):
            correct(session, old, 10, "gromova", BEGIN)


def test_after_the_closing_a_correction_counts_where_it_is_dated(town: db.Database) -> None:
    with town.transaction() as session:
        entry = case(session)
        old = answer(session, entry, 1)
        service_id = entry.service_id
        frozen = reports.close_quarter(session, service_id, 2031, 4, person(session, "roshchina"), AFTER_THE_YEAR)
        assert frozen.figures["distribution"][0] == 1
        new = correct(session, old, 10, "zayac", AFTER_THE_YEAR + timedelta(days=1))
        assert new.given_at == AFTER_THE_YEAR + timedelta(days=1)
        assert reports.report(session, service_id, 2031, 4).efficiency.total == 1
        assert reports.report(session, service_id, 2032, 1).efficiency.total == 10
        assert reports.changes_after_closing(session, frozen) == 1


def test_no_answer_is_slipped_into_a_closed_quarter(town: db.Database) -> None:
    with town.transaction() as session:
        entry = case(session)
        reports.close_quarter(session, entry.service_id, 2031, 4, person(session, "roshchina"), AFTER_THE_YEAR)
        with pytest.raises(Incomplete, match="обязательные") as problem:
            giving.give(
                session,
                entry.id,
                outcome="score",
                score=10,
                channel="paper",
                taken_by=person(session, "zayac"),
                given_at=BEGIN,
                at=AFTER_THE_YEAR,
            )
        assert problem.value.fields["given_on"] == "IV квартал 2031 года уже закрыт. Укажите сегодняшнюю дату."


def marks(session, entry, login, at=BEGIN):
    return marks_seen_by(session, [entry], person(session, login), at)[entry.id]


def test_the_rated_does_not_read_the_score_until_the_quarter_is_closed(town: db.Database) -> None:
    with town.transaction() as session:
        entry = case(session)
        answer(session, entry, 3)
        assert marks(session, entry, "gromova") == HIDDEN == "оценка получена"
        for other in ("zayac", "roshchina", "chernykh"):
            assert marks(session, entry, other) == "3"
        reports.close_quarter(session, entry.service_id, 2031, 4, person(session, "chernykh"), AFTER_THE_YEAR)
        assert marks(session, entry, "gromova", AFTER_THE_YEAR) == "3"
        assert marks(session, entry, "gromova", BEGIN) == HIDDEN, "as the records were at that moment"


def test_the_closing_of_another_quarter_or_service_opens_nothing(town: db.Database) -> None:
    with town.transaction() as session:
        entry = case(session)
        answer(session, entry, 3)
        other = case(session, code="A", by="lavrova")
        head = person(session, "roshchina")
        reports.close_quarter(session, entry.service_id, 2031, 3, head, AFTER_THE_YEAR)
        reports.close_quarter(session, other.service_id, 2031, 4, head, AFTER_THE_YEAR)
        assert marks(session, entry, "gromova", AFTER_THE_YEAR) == HIDDEN


def test_marks_that_are_no_scores_are_read_by_everybody(town: db.Database) -> None:
    with town.transaction() as session:
        refused, unreached, waiting = case(session), case(session), case(session)
        answer(session, refused, "refused")
        answer(session, unreached, "unreached")
        answer(session, unreached, "unreached")
        seen = marks_seen_by(session, [refused, unreached, waiting], person(session, "gromova"), BEGIN)
    assert seen == {refused.id: "отказ от оценки", unreached.id: "не удалось связаться", waiting.id: ""}


def test_a_corrected_score_stays_hidden_while_one_of_its_quarters_is_open(town: db.Database) -> None:
    with town.transaction() as session:
        entry = case(session)
        old = answer(session, entry, 1)
        reports.close_quarter(session, entry.service_id, 2031, 4, person(session, "roshchina"), AFTER_THE_YEAR)
        correct(session, old, 10, "zayac", AFTER_THE_YEAR)
        assert marks(session, entry, "gromova", AFTER_THE_YEAR) == HIDDEN


def test_every_door_to_column_8_masks_it(town: db.Database) -> None:
    """The family's timeline, the journal as a file, the row's history; the pages are in tests/integration/web."""
    with town.transaction() as session:
        family = session.scalars(select(Family).where(Family.card_number == "С-00027")).one()
        entry = case(session, family_id=family.id)
        answer(session, entry, 3)
        at = BEGIN + timedelta(hours=1)
        filters = {"service_id": entry.service_id, "since": "2031-10-01", "until": "2031-12-31"}
        for login, expected in (("gromova", HIDDEN), ("zayac", "3")):
            viewer = person(session, login)
            seen = {
                one.text for one in timeline(session, family.id, viewer, at=at) if one.link == f"/journal/{entry.id}"
            }
            assert expected in seen
            assert ("3" in seen) is (login == "zayac")
            _, rows = journal_sheet.prepare(session, journal_sheet.clean(session, filters, viewer), viewer, at)
            assert [row[-1] for row in rows] == [expected]
        history = select(EntryChange).where(EntryChange.entry_id == entry.id)
        assert not [one for one in session.scalars(history) if one.field == "rating_mark"]


def test_many_rows_are_masked_together(town: db.Database) -> None:
    with town.transaction() as session:
        entries = [case(session) for _ in range(3)]
        for entry, mark in zip(entries, (2, 4, 6), strict=True):
            answer(session, entry, mark)
        seen = marks_seen_by(session, entries * 400, person(session, "gromova"), BEGIN)
    assert set(seen.values()) == {HIDDEN}


def test_the_log_says_that_somebody_asked_and_never_what_was_answered(town: db.Database) -> None:
    with town.transaction() as session:
        old = answer(session, case(session), 4)
        correct(session, old, 9, "zayac", BEGIN, reason="девять")
    with town.reading() as session:
        events = session.scalars(
            select(AuditEvent).where(AuditEvent.action.like("rating.%")).order_by(AuditEvent.seq)
        ).all()
    assert [one.action for one in events] == ["rating.give", "rating.correct"]
    for one in events:
        assert "4" not in one.details.replace("journal_entry", "")
        assert "9" not in one.details
        assert "девять" not in one.details
