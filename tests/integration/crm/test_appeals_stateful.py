"""Whatever is done with appeals, in whatever order: the invariants of domain.md §6.1 and B-38 hold after every step."""

from __future__ import annotations

import itertools
import shutil
import tempfile
from datetime import date, timedelta
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from sqlalchemy import select

from crm import demo, schema
from crm.appeals import closing, corrections, following, work
from crm.appeals.kinds import HELP_WITH_OBSTACLES
from crm.appeals.states import OPEN, Progress
from crm.db import Database
from crm.errors import RecordsError
from crm.journal import JournalEntry
from tests.integration.crm import scenario as s
from tests.integration.crm.appeals import enter, service_of

KEY = "a-key-for-tests-only-0123456789abcdef"
FACTS = {
    "explained": {},
    "home_visit": {"address": "ул. Лесная", "employee": "Воробей"},
    "request": {"addressee": "ЗАГС"},
    "other": {"what": "Позвонили"},
}
LOGINS = st.sampled_from(["gromova", "roshchina"])
PLACES = st.integers(0, 5)
WORDS = st.sampled_from(["", "Готово", "  ", "Иное"])


class Appeals(RuleBasedStateMachine):
    """Rows of service B in a year of their own; each rule is a verb that may refuse, as for a person at the screen."""

    database: Database

    def __init__(self) -> None:
        super().__init__()
        self.at = s.NOON.replace(year=2030)
        self.rows: list[int] = []

    def act(self, place: int, login: str, verb) -> None:
        """Do it with one of the rows; a refusal leaves no trace."""
        self.at += timedelta(hours=5)
        if not self.rows:
            return
        try:
            with self.database.transaction() as session:
                verb(session, self.rows[place % len(self.rows)], s.employee(session, login), self.at)
        except RecordsError:
            pass

    @rule(login=LOGINS, obstacle=st.sampled_from([None, True, False]), explained=st.booleans(), breaks=st.booleans())
    def take(self, login: str, obstacle: bool | None, explained: bool, breaks: bool) -> None:
        self.at += timedelta(hours=5)
        kinds = ["no_documents"] if obstacle else []
        try:
            with self.database.transaction() as session:
                entry = enter(session, login, self.at, obstacle=obstacle, obstacles=kinds, explained=explained)
                if breaks:
                    raise ConnectionAbortedError
        except ConnectionAbortedError:
            return
        self.rows.append(entry.id)

    @rule(place=PLACES, login=LOGINS, kind=st.sampled_from(sorted(FACTS)), done=st.booleans())
    def measure(self, place: int, login: str, kind: str, done: bool) -> None:
        day = date(2031, 2, 3)
        self.act(place, login, lambda session, row, who, at: work.add_measure(
            session, row, kind, "", FACTS[kind], day, done, who, at))  # fmt: skip

    @rule(place=PLACES, login=LOGINS, finish=st.booleans())
    def end_measure(self, place: int, login: str, finish: bool) -> None:
        def verb(session, row, who, at):
            waiting = [one for one in work.measures_of(session, row) if not one.done_at and not one.annulled_at]
            for one in waiting[:1]:
                if finish:
                    work.finish_measure(session, one.id, who, at)
                else:
                    work.annul_measure(session, one.id, "Отменена", who, at)

        self.act(place, login, verb)

    @rule(place=PLACES, login=LOGINS, progress=st.sampled_from([state.value for state in Progress]))
    def move(self, place: int, login: str, progress: str) -> None:
        self.act(place, login, lambda session, row, who, at: following.move(session, row, progress, who, at))

    @rule(place=PLACES, login=LOGINS, days=st.none() | st.integers(-3, 500), somebody=st.booleans())
    def assign(self, place: int, login: str, days: int | None, somebody: bool) -> None:
        day = self.at.date() + timedelta(days=days) if days is not None else None
        self.act(place, login, lambda session, row, who, at: following.assign(
            session, row, who.id if somebody else None, day, who, at))  # fmt: skip

    @rule(place=PLACES, login=LOGINS, obstacle=st.sampled_from([None, True, False]))
    def clarify(self, place: int, login: str, obstacle: bool | None) -> None:
        self.act(place, login, lambda session, row, who, at: following.clarify(
            session, row, obstacle, ["no_transport"], {}, who, at))  # fmt: skip

    @rule(place=PLACES, login=LOGINS, result=WORDS, reason=WORDS)
    def resolve(self, place: int, login: str, result: str, reason: str) -> None:
        self.act(place, login, lambda session, row, who, at: closing.resolve(
            session, row, result, "help", who, at, no_measure_reason=reason))  # fmt: skip

    @rule(place=PLACES, login=LOGINS, mark=st.sampled_from(["", "1", "10", "отказ от оценки"]))
    def rate(self, place: int, login: str, mark: str) -> None:
        self.act(place, login, lambda session, row, _who, at: closing.finish_survey(
            session, session.get_one(JournalEntry, row), mark, at))  # fmt: skip

    @rule(place=PLACES, login=LOGINS, words=WORDS, way=st.sampled_from(["consulted", "referred", "declined", "reopen"]))
    def leave(self, place: int, login: str, words: str, way: str) -> None:
        def verb(session, row, who, at):
            if way == "consulted":
                closing.consulted(session, row, who, at, answer=words)
            else:
                getattr(closing, way)(session, row, words, who, at)

        self.act(place, login, verb)

    @rule(place=PLACES, login=LOGINS, words=WORDS)
    def correct(self, place: int, login: str, words: str) -> None:
        self.act(place, login, lambda session, row, who, at: corrections.correct(
            session, row, {"substance": words, "final_result": words}, 10_000, "Правка", who, at))  # fmt: skip

    @rule(place=PLACES, login=LOGINS, reason=WORDS)
    def annul(self, place: int, login: str, reason: str) -> None:
        self.act(place, login, lambda session, row, who, at: corrections.annul(session, row, reason, who, at))

    @invariant()
    def numbers_have_no_gap_and_every_row_keeps_its_rules(self) -> None:
        with self.database.reading() as session:
            statement = select(JournalEntry).where(
                JournalEntry.service_id == service_of(session), JournalEntry.year >= 2030
            )
            rows = session.scalars(statement.order_by(JournalEntry.year, JournalEntry.number)).all()
            for _, of_year in itertools.groupby(rows, key=lambda row: row.year):
                numbers = [row.number for row in of_year]
                assert numbers == list(range(1, len(numbers) + 1))
            for row in rows:
                self._check(row, {one.kind for one in work.measures_of(session, row.id) if one.done_at
                                  and not one.annulled_at})  # fmt: skip

    def _check(self, row: JournalEntry, done: set[str]) -> None:
        progress = Progress(row.progress)
        assert row.applicant_name
        assert row.family_brief
        assert row.substance
        assert (row.next_check_on is not None) is (progress in OPEN)
        if progress in OPEN:
            assert row.responsible_id is not None
        if progress is Progress.CLOSED:
            assert row.measures
            assert row.final_result
            assert row.rating_mark
        if progress in (Progress.SURVEY, Progress.CLOSED, Progress.CONSULTED, Progress.REFERRED) and row.obstacle:
            assert done & HELP_WITH_OBSTACLES or row.no_measure_reason
        if progress in (Progress.REFERRED, Progress.DECLINED, Progress.CONSULTED):
            assert row.final_result


def test_the_invariants_hold_after_any_sequence_of_verbs() -> None:
    with tempfile.TemporaryDirectory() as folder:
        template = Path(folder) / "town.db"
        schema.upgrade(f"sqlite:///{template}")
        made = Database(f"sqlite:///{template}", KEY)
        with made.transaction() as session:
            demo.load(session, KEY, s.NOON)
        made.dispose()
        counter = itertools.count()

        class Fresh(Appeals):
            def __init__(self) -> None:
                super().__init__()
                copy = Path(folder) / f"{next(counter)}.db"
                shutil.copy(template, copy)
                self.database = Database(f"sqlite:///{copy}", KEY)

            def teardown(self) -> None:
                self.database.dispose()

        checks = [HealthCheck.too_slow, HealthCheck.data_too_large]
        run_state_machine_as_test(
            Fresh,
            settings=settings(max_examples=12, stateful_step_count=25, deadline=None, suppress_health_check=checks),
        )
