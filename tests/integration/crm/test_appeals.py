"""An appeal from its row to the end: measures, states, results, corrections; on both engines."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DatabaseError

from crm.appeals import closing, corrections, following, work
from crm.appeals.tables import EntryChange
from crm.audit import AuditEvent
from crm.db import Database
from crm.errors import Incomplete, NotFound, RecordsError, StaleVersion
from crm.journal import JournalEntry
from tests.integration.crm import scenario as s
from tests.integration.crm.appeals import enter, family_of

FRIDAY = date(2026, 11, 13)
VISIT = {"address": "ул. Лесная, д. 1", "employee": "Воробей М. О."}
CAR = {"vehicle": "Ларгус", "driver": "Панов", "route": "Лесное — Заречинск"}


def test_a_saved_row_is_new_and_somebody_looks_at_it_on_the_next_working_day(town: Database) -> None:
    with town.transaction() as session:
        entry = enter(session)
        assert (entry.progress, entry.next_check_on, entry.responsible_id) == ("new", FRIDAY, entry.author_id)
        assert entry.occurred_at == s.NOON
        assert not entry.entered_late


def test_a_row_entered_on_a_later_day_is_marked_and_keeps_the_day_of_the_contact(town: Database) -> None:
    with town.transaction() as session:
        entry = enter(session, occurred_at=s.NOON - timedelta(days=2))
        assert entry.entered_late
        assert entry.occurred_at == s.NOON - timedelta(days=2)


def test_a_contact_of_tomorrow_is_refused(town: Database) -> None:
    with town.transaction() as session, pytest.raises(Incomplete) as refusal:
        enter(session, occurred_at=s.NOON + timedelta(days=1))
    assert list(refusal.value.fields) == ["occurred_at"]


def test_an_obstacle_must_be_named(town: Database) -> None:
    with town.transaction() as session:
        with pytest.raises(Incomplete) as refusal:
            enter(session, obstacle=True)
        assert list(refusal.value.fields) == ["obstacles"]
        assert enter(session, obstacle=True, obstacles=["no_transport", "x"]).obstacles == ["no_transport"]


def test_what_was_explained_at_intake_is_the_first_measure(town: Database) -> None:
    with town.transaction() as session:
        entry = enter(session, explained=True)
        assert entry.measures == "12.11.2026. Разъяснён порядок получения помощи"


def test_column_six_grows_from_the_measures_and_the_first_one_begins_the_work(town: Database) -> None:
    with town.transaction() as session:
        gromova = s.employee(session, "gromova")
        entry = enter(session)
        measure = work.add_measure(session, entry.id, "home_visit", "", VISIT, FRIDAY, False, gromova, s.after(60))
        assert entry.progress == "in_work"
        assert entry.measures.startswith("12.11.2026. Назначено: организация посещения семьи на дому")
        work.finish_measure(session, measure.id, gromova, s.NOON + timedelta(days=1), note="Документы собраны.")
        assert entry.measures.startswith("13.11.2026. Организация посещения семьи на дому")
        assert entry.measures.endswith("Документы собраны")


def test_the_same_measure_sent_twice_is_one(town: Database) -> None:
    with town.transaction() as session:
        gromova = s.employee(session, "gromova")
        entry = enter(session)
        ids = {
            work.add_measure(session, entry.id, "other", "", {"what": "Звонок"}, None, True, gromova, s.after(n)).id
            for n in (60, 61)
        }
        assert len(ids) == 1


def test_an_annulled_measure_leaves_column_six_and_stays_in_the_records(town: Database) -> None:
    with town.transaction() as session:
        gromova = s.employee(session, "gromova")
        entry = enter(session)
        measure = work.add_measure(session, entry.id, "explained", "", {}, None, True, gromova, s.after(60))
        with pytest.raises(Incomplete):
            work.annul_measure(session, measure.id, " ", gromova, s.after(70))
        work.annul_measure(session, measure.id, "Ошибка", gromova, s.after(70))
        assert entry.measures == ""
        assert work.measures_of(session, entry.id)[0].annulled_reason == "Ошибка"


def test_one_car_does_not_go_to_two_families_at_once(town: Database) -> None:
    with town.transaction() as session:
        gromova = s.employee(session, "gromova")
        first, second = enter(session), enter(session)
        morning = CAR | {"start": "09:00", "end": "12:00"}
        work.add_measure(session, first.id, "transport", "", morning, FRIDAY, False, gromova, s.after(60))
        with pytest.raises(Incomplete) as refusal:
            work.add_measure(
                session, second.id, "transport", "", CAR | {"driver": "Другой"}, FRIDAY, False, gromova, s.after(70)
            )
        assert list(refusal.value.fields) == ["vehicle"]
        assert "Орлов" not in str(refusal.value.fields)
        noon = CAR | {"start": "12:00", "end": "13:00"}
        work.add_measure(session, second.id, "transport", "", noon, FRIDAY, False, gromova, s.after(80))


def test_two_dispatchers_who_want_the_same_car_at_once_do_not_both_get_it(town: Database) -> None:
    with town.transaction() as session:
        rows = [enter(session).id for _ in range(2)]
    together = threading.Barrier(2)

    def engage(entry_id: int) -> bool:
        together.wait()
        try:
            with town.transaction() as session:
                gromova = s.employee(session, "gromova")
                work.add_measure(session, entry_id, "transport", "", CAR, FRIDAY, False, gromova, s.after(60))
        except Incomplete:
            return False
        return True

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(engage, rows)) == [False, True]


def test_the_result_needs_its_columns_and_begins_the_survey(town: Database) -> None:
    with town.transaction() as session:
        gromova = s.employee(session, "gromova")
        entry = enter(session, obstacle=None)
        with pytest.raises(Incomplete) as refusal:
            closing.resolve(session, entry.id, "", "", gromova, s.after(60))
        assert set(refusal.value.fields) == {"final_result", "result_kind", "obstacle", "measures"}
        following.clarify(session, entry.id, False, [], {}, gromova, s.after(65))
        work.add_measure(session, entry.id, "explained", "", {}, None, True, gromova, s.after(70))
        for _ in range(2):  # the same form twice
            closing.resolve(session, entry.id, "Справка выдана.", "documents", gromova, s.after(80))
        assert (entry.progress, entry.next_check_on, entry.resolved_at) == ("survey", FRIDAY, s.after(80))
        closing.finish_survey(session, entry, "10", s.after(90))
        assert (entry.progress, entry.rating_mark, entry.next_check_on) == ("closed", "10", None)


def test_nothing_is_closed_before_it_is_solved_or_without_a_mark(town: Database) -> None:
    with town.transaction() as session:
        entry = enter(session)
        with pytest.raises(RecordsError):
            closing.finish_survey(session, entry, "10", s.after(60))
        with pytest.raises(RecordsError):
            closing.finish_survey(session, entry, "", s.after(60))


def test_an_obstacle_demands_a_measure_or_a_written_reason(town: Database) -> None:
    with town.transaction() as session:
        gromova = s.employee(session, "gromova")
        entry = enter(session, obstacle=True, obstacles=["no_documents"], explained=True)
        with pytest.raises(Incomplete) as refusal:
            closing.resolve(session, entry.id, "Решено.", "help", gromova, s.after(60))
        assert list(refusal.value.fields) == ["no_measure_reason"]
        with pytest.raises(Incomplete):
            closing.consulted(session, entry.id, gromova, s.after(60))
        closing.resolve(
            session, entry.id, "Решено.", "help", gromova, s.after(70), no_measure_reason="Справка нашлась дома"
        )
        assert entry.measures.endswith("Иные меры не принимались: Справка нашлась дома")
        other = enter(session, obstacle=True, obstacles=["no_documents"])
        asked = {"addressee": "ЗАГС"}
        request = work.add_measure(session, other.id, "request", "", asked, FRIDAY, False, gromova, s.after(60))
        with pytest.raises(Incomplete):  # agreed is not done
            closing.resolve(session, other.id, "Решено.", "help", gromova, s.after(70))
        work.finish_measure(session, request.id, gromova, s.after(75))
        assert closing.resolve(session, other.id, "Решено.", "help", gromova, s.after(80)).progress == "survey"


def test_a_service_needs_the_need(town: Database) -> None:
    with town.transaction() as session:
        gromova = s.employee(session, "gromova")
        entry = enter(session, explained=True, family_id=family_of(session, 4).id)
        with pytest.raises(Incomplete) as refusal:
            closing.resolve(session, entry.id, "Помощь назначена.", "service", gromova, s.after(60))
        assert list(refusal.value.fields) == ["need"]
        need = {"ground": "no_income", "form": "home", "kinds": ["domestic"]}
        following.clarify(session, entry.id, False, [], need, gromova, s.after(70))
        closing.resolve(session, entry.id, "Помощь назначена.", "service", gromova, s.after(80))
        from crm.cards.needs import current_need

        known = current_need(session, entry.family_id or 0)
        assert known is not None
        assert (known.ground, known.journal_entry_id) == ("no_income", entry.id)


def test_a_ground_that_tells_of_health_is_refused_without_consent(town: Database) -> None:
    with town.transaction() as session:
        need = {"ground": "self_care", "form": "home", "kinds": ["domestic"]}
        with pytest.raises(Incomplete) as refusal:
            enter(session, need=need, family_id=family_of(session, 4).id)
        assert list(refusal.value.fields) == ["need_ground"]


def test_the_short_path_and_the_side_exits_end_a_row(town: Database) -> None:
    with town.transaction() as session:
        gromova = s.employee(session, "gromova")
        short, sent, refused = enter(session), enter(session), enter(session)
        closing.consulted(session, short.id, gromova, s.after(60))
        assert (short.progress, short.final_result) == ("consulted", "Консультация дана.")
        assert "Разъяснён порядок" in short.measures
        closing.referred(session, sent.id, "Соцфонд", gromova, s.after(60))
        assert (sent.progress, sent.final_result) == ("referred", "Направлено: Соцфонд")
        assert "Направление в другую организацию: куда Соцфонд" in sent.measures
        with pytest.raises(Incomplete):
            closing.declined(session, refused.id, "", gromova, s.after(60))
        closing.declined(session, refused.id, "Передумала", gromova, s.after(60))
        for row in (short, sent, refused):
            assert row.next_check_on is None
            with pytest.raises(RecordsError):
                work.add_measure(session, row.id, "explained", "", {}, None, True, gromova, s.after(70))


def test_a_survey_that_finds_nothing_solved_sends_the_row_back(town: Database) -> None:
    with town.transaction() as session:
        gromova = s.employee(session, "gromova")
        entry = enter(session, explained=True)
        closing.resolve(session, entry.id, "Решено.", "help", gromova, s.after(60))
        closing.reopen(session, entry.id, "Деньги не пришли", gromova, s.after(70))
        assert (entry.progress, entry.final_result) == ("in_work", "")
        assert "Решено." in [one.old for one in corrections.changes(session, entry.id)]


def test_responsible_and_control_date_cannot_be_taken_away_while_it_is_open(town: Database) -> None:
    with town.transaction() as session:
        gromova = s.employee(session, "gromova")
        entry = enter(session)
        with pytest.raises(Incomplete) as refusal:
            following.assign(session, entry.id, None, None, gromova, s.after(60))
        assert set(refusal.value.fields) == {"responsible_id", "next_check_on"}
        administrator = s.employee(session, "kim").id
        with pytest.raises(Incomplete):
            following.assign(session, entry.id, administrator, FRIDAY, gromova, s.after(60))
        with pytest.raises(Incomplete):
            following.assign(session, entry.id, gromova.id, date(2026, 11, 11), gromova, s.after(60))
        head = s.employee(session, "roshchina").id
        following.assign(session, entry.id, head, date(2026, 11, 20), gromova, s.after(60))
        assert (entry.responsible_id, entry.next_check_on) == (head, date(2026, 11, 20))


def test_a_correction_keeps_the_old_words_author_and_reason(town: Database) -> None:
    with town.transaction() as session:
        gromova = s.employee(session, "gromova")
        entry = enter(session)
        with pytest.raises(Incomplete) as refusal:
            corrections.correct(
                session, entry.id, {"substance": "Иначе", "family_brief": ""}, 1, "", gromova, s.after(60)
            )
        assert set(refusal.value.fields) == {"reason", "family_brief"}
        for _ in range(2):
            corrections.correct(
                session, entry.id, {"substance": "Иначе"}, entry.version, "Ослышалась", gromova, s.after(60)
            )
        changes = corrections.changes(session, entry.id)
        assert [(one.field, one.new, one.reason, one.who) for one in changes] == [
            ("substance", "Иначе", "Ослышалась", "Громова А. Ю.")
        ]
        assert corrections.first_words(session, changes, entry) == {"substance": "Просит помочь с ёлкой и справкой."}
    with town.reading() as session:
        logged = session.scalars(select(AuditEvent).where(AuditEvent.action == "journal.correct")).all()
        assert all("Иначе" not in one.details for one in logged)


def test_the_second_corrector_of_the_same_column_is_told_and_of_another_is_not(town: Database) -> None:
    with town.transaction() as session:
        gromova, head = s.employee(session, "gromova"), s.employee(session, "roshchina")
        entry = enter(session)
        seen = entry.version
        corrections.correct(session, entry.id, {"substance": "Первое"}, seen, "раз", gromova, s.after(60))
        with pytest.raises(StaleVersion) as stale:
            corrections.correct(session, entry.id, {"substance": "Второе"}, seen, "два", head, s.after(70))
        assert [(one.field, one.new, one.who) for one in stale.value.changes] == [
            ("substance", "Первое", "Громова А. Ю.")
        ]
        corrections.correct(session, entry.id, {"family_brief": "Пятеро детей"}, seen, "два", head, s.after(80))
        assert (entry.substance, entry.family_brief) == ("Первое", "Пятеро детей")


def test_an_annulled_row_keeps_its_number_and_words(town: Database) -> None:
    with town.transaction() as session:
        gromova = s.employee(session, "gromova")
        first = enter(session)
        with pytest.raises(Incomplete):
            corrections.annul(session, first.id, " ", gromova, s.after(60))
        corrections.annul(session, first.id, "Внесено дважды", gromova, s.after(60))
        assert (first.progress, first.annul_reason, first.next_check_on) == ("annulled", "Внесено дважды", None)
        assert enter(session).number == (first.number or 0) + 1
        with pytest.raises(RecordsError):
            corrections.correct(session, first.id, {"substance": "Иначе"}, first.version, "так", gromova, s.after(70))


def test_only_the_head_annuls_a_row_that_was_rated(town: Database) -> None:
    with town.transaction() as session:
        gromova = s.employee(session, "gromova")
        entry = enter(session, explained=True)
        closing.resolve(session, entry.id, "Решено.", "help", gromova, s.after(60))
        closing.finish_survey(session, entry, "1", s.after(70))
        with pytest.raises(RecordsError, match="заведующий"):
            corrections.annul(session, entry.id, "Не моё", gromova, s.after(80))
        corrections.annul(session, entry.id, "Внесено дважды", s.employee(session, "roshchina"), s.after(80))


@pytest.mark.parametrize("statement", ["UPDATE entry_change SET old = 'x'", "DELETE FROM entry_change"])
def test_the_database_itself_refuses_to_change_what_was_corrected(town: Database, statement: str) -> None:
    with town.transaction() as session:
        entry = enter(session)
        gromova = s.employee(session, "gromova")
        corrections.correct(session, entry.id, {"substance": "Иначе"}, entry.version, "так", gromova, s.after(60))
    with pytest.raises(DatabaseError, match="append-only"), town.transaction() as session:
        session.execute(text(statement))
    with town.transaction() as session:  # retention alone may wipe both values out
        session.execute(text("UPDATE entry_change SET old = '', new = ''"))
        assert session.scalars(select(EntryChange.old)).all().count("") >= 1


def test_strangers_and_readers_may_not_work_at_a_row(town: Database) -> None:
    with town.transaction() as session:
        entry = enter(session)
        for login in ("lavrova", "kim", "chernykh", "smirnova"):
            with pytest.raises(NotFound):
                following.move(session, entry.id, "in_work", s.employee(session, login), s.after(60))
        restricted = enter(session, login="roshchina", family_id=family_of(session, 12).id)
        with pytest.raises(NotFound):
            following.move(session, restricted.id, "in_work", s.employee(session, "gromova"), s.after(60))


def test_only_allowed_steps_are_made(town: Database) -> None:
    with town.transaction() as session:
        gromova = s.employee(session, "gromova")
        entry = enter(session)
        for progress in ("closed", "survey", "new", "annulled", "nonsense", ""):
            if progress != entry.progress:
                with pytest.raises(RecordsError):
                    following.move(session, entry.id, progress, gromova, s.after(60))
        following.move(session, entry.id, "waiting_body", gromova, s.after(60))
        assert session.get_one(JournalEntry, entry.id).progress == "waiting_body"
