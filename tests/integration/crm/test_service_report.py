"""The service report equals a hand count of a scripted day, on both engines; targets, board and wall pass."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import partial

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from callflow import events
from callflow.service_level import DEFAULTS, Fate
from crm import calls, presence
from crm.appointments.tables import CANCELLED, MOVED, PLANNED, Appointment, Timetable
from crm.db import Database
from crm.errors import Incomplete, NotFound, StaleVersion
from crm.papers import service_sheet
from crm.service_report import missed_figures, targets, wall_pass
from crm.service_report.board import board
from crm.service_report.figures import ServiceFigures, figures
from crm.service_report.wording import lines_of
from crm.staff import service_ids_of
from tests.integration.crm import scenario as s
from tests.integration.crm import service_day
from tests.integration.crm.service_day import DAY, EIGHT


def service_of(database: Database) -> int:
    with database.reading() as session:
        return service_ids_of(session, s.employee(session, "lavrova").id)[0]


@pytest.fixture
def day(town: Database) -> ServiceFigures:
    service_id = service_of(town)
    with town.transaction() as session:
        service_day.play(session)
    with town.reading() as session:
        return figures(session, service_id, DAY, DAY)


def test_the_report_of_a_day_is_what_a_hand_counts(day: ServiceFigures) -> None:
    total = day.total
    assert dict(total.fates) == {
        Fate.ANSWERED: 40,  # 20 + 10 + 6, and 2 returned, and 2 passed on: each once
        Fate.SHORT: 4,
        Fate.LOST: 9,  # 7 + 2
        Fate.CALLBACK: 3,
        Fate.BREAK: 4,
        Fate.VOICEMAIL: 2,
        Fate.CLOSED: 3,
        Fate.FAILED: 1,
    }
    assert total.total == 66
    assert total.offered == 49
    assert total.in_time == 34, "all but the six late ones; 20.0 s is within 20 s"
    assert total.level == Decimal("69.4")  # 34 / 49
    assert total.lost_share == Decimal("18.4")  # 9 / 49
    assert [total.answered_within(step) for step in (10, 15, 20, 30, 60)] == [22, 24, 34, 34, 40]
    assert total.lost_by_wait() == [0, 7, 0, 2]
    # 20 × 8 + 10 × 20 + 6 × 45 + 2 × 10 + 2 × 15 = 680
    assert total.average_wait == 17.0
    assert (total.longest, total.longest_lost) == (45.0, 200.0)
    # 20 × 60 + 10 × 120 + 6 × 30 + 2 × (40 + 20) + 2 × (50 + 70) = 2940
    assert total.average_talk == 73.5


def test_by_hour_by_line_by_operator(day: ServiceFigures) -> None:
    by_hour = {hour: (one.total, one.answered, one.lost) for hour, one in day.hours.items() if one.total}
    assert by_hour == {
        8: (10, 10, 0), 9: (10, 10, 0), 10: (10, 10, 0), 11: (10, 6, 0), 12: (12, 0, 9), 13: (6, 0, 0),
        14: (4, 4, 0), 15: (1, 0, 0), 19: (3, 0, 0),
    }  # fmt: skip
    assert (min(day.hours), max(day.hours)) == (8, 19)
    assert [(day, one.total) for day, one in day.days.items()] == [(DAY, 66)]
    assert [one.total for _, one in day.lines] == [66]
    own = {one.name: (one.calls, one.average_talk, one.wrapups) for one in day.operators}
    # Lavrova: 20 × 60 + 6 × 30 + 2 × 60 + 2 × 50 = 1600 in 30 calls; Zayac: 10 × 120 + 2 × 70 = 1340 in 12.
    assert own["Лаврова Н. А."][:2] == (30, pytest.approx(1600 / 30))
    assert own["Заяц П. И."][:2] == (12, pytest.approx(1340 / 12))
    assert day.average_wrapup == pytest.approx(90.0)


def test_other_days_other_services_and_own_calls_are_not_in_it(town: Database) -> None:
    with town.transaction() as session:
        service_day.play(session)
    service_id = service_of(town)
    with town.reading() as session:
        assert figures(session, service_id, DAY - timedelta(days=3), DAY - timedelta(days=1)).total.total == 0
        assert figures(session, service_id, DAY + timedelta(days=1), DAY + timedelta(days=1)).total.total == 0
        both = figures(session, service_id, DAY - timedelta(days=1), DAY + timedelta(days=1))
        assert (both.total.total, len(both.days)) == (66, 3)
        assert figures(session, service_id + 1, DAY, DAY).total.total == 0


def test_midnight_parts_the_days_by_the_clock_of_the_institution(town: Database) -> None:
    # 23:59:59 and 0:00:00 in Moscow
    with town.transaction() as session:
        for call, hour, minute, second in (("1.1", 20, 59, 59), ("2.2", 21, 0, 0)):
            at = s.NOON.replace(hour=hour, minute=minute, second=second)
            calls.record(session, events.CallArrived(call=call, at=at, did=s.DID, channel="PJSIP/trunk-1"))
            calls.record(session, events.CallEnded(call=call, at=at + timedelta(seconds=60), cause=16))
    with town.reading() as session:
        found = figures(session, service_of(town), DAY, DAY + timedelta(days=1))
        assert [one.total for one in found.days.values()] == [1, 1]


def test_missed_calls_and_how_soon_they_were_called_back(day: ServiceFigures) -> None:
    backs = day.call_backs
    assert backs.rows == backs.talked + backs.by_reason + backs.open
    assert backs.rows > 0, "the lost and the closed ones are owed a call"
    assert backs.in_time <= backs.talked


def test_how_long_people_waited_for_a_reception(town: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each booking counts once, from the day it was made to the day it was moved to in the end."""
    monkeypatch.setattr(missed_figures, "AT_ONCE", 2)
    with town.transaction() as session:
        who = s.employee(session, "lavrova").id
        session.add(Timetable(employee_id=who, changed_at=EIGHT))
        session.flush()
        book = partial(_booked, session, who)
        book(3, PLANNED)
        book(4, CANCELLED)
        book(6, PLANNED, after=book(5, MOVED))
        book(9, PLANNED, after=book(8, MOVED, after=book(7, MOVED)))
        book(11, CANCELLED, after=book(10, MOVED))
        book(20, PLANNED, at=EIGHT + timedelta(days=1))
    with town.reading() as session:
        found = figures(session, service_of(town), DAY, DAY).to_appointment
    assert (found.booked, found.average_days, found.median_days, found.longest_days) == (3, 6.0, 6.0, 9.0)


def _booked(  # noqa: PLR0917 - what tells one booking from another
    session: Session, who: int, days: int, state: str, after: int | None = None, at: datetime = EIGHT
) -> int:
    starts_at = EIGHT + timedelta(days=days)
    row = Appointment(employee_id=who, starts_at=starts_at, ends_at=starts_at + timedelta(hours=1), state=state,
                      state_at=at, booked_by_id=who, booked_at=at, moved_from_id=after)  # fmt: skip
    session.add(row)
    session.flush()
    return row.id


def test_the_file_says_what_the_page_says(town: Database) -> None:
    with town.transaction() as session:
        service_day.play(session)
    service_id = service_of(town)
    filters = {"service_id": service_id, "since": DAY.isoformat(), "until": DAY.isoformat()}
    with town.reading() as session:
        head, dispatcher = s.employee(session, "roshchina"), s.employee(session, "lavrova")
        sheet, rows = service_sheet.prepare(session, filters, head)
        lines = list(rows)
        assert lines == lines_of(figures(session, service_id, DAY, DAY))
        assert ("Звонки", "уровень обслуживания", "69,4 %") in lines
        assert any("÷ (отвечено + потеряно)" in line for line in sheet.footer_lines)
        with pytest.raises(NotFound):
            service_sheet.prepare(session, filters, dispatcher)
        with pytest.raises(NotFound):
            service_sheet.clean(session, {"service_id": 2**63, "since": "x", "until": "y"}, head)


@pytest.mark.parametrize(("since", "until"), [(DAY, DAY - timedelta(days=1)), (date(2020, 1, 1), date(2026, 1, 1))])
def test_what_is_no_period_is_refused(town: Database, since: date, until: date) -> None:
    with town.reading() as session, pytest.raises(Incomplete):
        figures(session, service_of(town), since, until)


def test_a_service_that_is_not_there(town: Database) -> None:
    with town.reading() as session, pytest.raises(NotFound):
        figures(session, 999, DAY, DAY)


def test_the_report_reads_one_service_and_period_by_index(town: Database) -> None:
    statement = (
        "SELECT id FROM call_record WHERE service_id = 1 AND arrived_at >= '2026-11-12' AND arrived_at < '2026-11-13'"
    )
    with town.transaction() as session:
        service_day.play(session)
        if session.get_bind().dialect.name == "postgresql":
            session.execute(text("SET LOCAL enable_seqscan = off"))
            plan = " ".join(row[0] for row in session.execute(text(f"EXPLAIN {statement}")))
        else:
            plan = " ".join(str(row[3]) for row in session.execute(text(f"EXPLAIN QUERY PLAN {statement}")))
    assert "ix_call_record_service_arrived" in plan


# --- targets


GOOD = {name: getattr(DEFAULTS, name) for name in targets.LIMITS}


def test_targets_are_the_usual_ones_until_the_head_sets_others(town: Database) -> None:
    service_id = service_of(town)
    with town.transaction() as session:
        head = s.employee(session, "roshchina")
        assert targets.targets_of(session, service_id).answer_seconds == 20
        targets.set_targets(session, service_id, GOOD | {"answer_seconds": 15}, 0, head, s.NOON)
    with town.reading() as session:
        assert targets.targets_of(session, service_id).answer_seconds == 15
        assert targets.version_of(session, service_id) == 1
    with town.transaction() as session, pytest.raises(StaleVersion):
        targets.set_targets(session, service_id, GOOD, 0, s.employee(session, "roshchina"), s.NOON)


@pytest.mark.parametrize(
    "wrong", [{"level_percent": 101}, {"answer_seconds": 0}, {"queue_red": 1}, {"wait_red": 5}, {"wrapup_red": 1}]
)
def test_targets_that_make_no_sense_are_refused_by_field(town: Database, wrong: dict[str, int]) -> None:
    with town.transaction() as session:
        with pytest.raises(Incomplete) as refused:
            targets.set_targets(session, service_of(town), GOOD | wrong, 0, s.employee(session, "roshchina"), s.NOON)
        assert set(refused.value.fields) == set(wrong)


def test_another_target_is_another_level(town: Database) -> None:
    service_id = service_of(town)
    with town.transaction() as session:
        service_day.play(session)
        head = s.employee(session, "roshchina")
        targets.set_targets(session, service_id, GOOD | {"answer_seconds": 10}, 0, head, s.NOON)
    with town.reading() as session:
        assert figures(session, service_id, DAY, DAY).total.level == Decimal("44.9")  # 22 / 49


# --- the board


def test_the_board_of_a_moment(town: Database) -> None:
    service_id = service_of(town)
    with town.transaction() as session:
        lavrova, zayac = s.employee(session, "lavrova"), s.employee(session, "zayac")
        presence.set_ready(session, lavrova.id, s.NOON)
        presence.set_ready(session, zayac.id, s.NOON)
        for event in s.whole_talk("1.1")[:5]:
            calls.record(session, event)
        calls.record(session, events.CallArrived(call="2.2", at=s.after(10), did=s.DID, channel="PJSIP/trunk-2"))
        calls.record(session, events.CallerWaiting(call="2.2", at=s.after(11), queue=s.QUEUE, position=1))
    with town.reading() as session:
        (now,) = board(session, [service_id], s.after(80))
    assert (now.waiting, now.longest_since) == (1, s.after(10))
    assert (now.queue_light, now.wait_light) == ("ok", "warn")
    states = {one.name: one.state for one in now.operators}
    assert (states["Лаврова Н. А."], states["Заяц П. И."]) == ("talking", "ready")
    assert now.ready == 1
    assert (now.today.answered, now.today.total) == (1, 1)


def test_a_wrapup_that_takes_too_long_is_marked(town: Database) -> None:
    with town.transaction() as session:
        presence.set_ready(session, s.employee(session, "lavrova").id, s.NOON)
        s.play(session, s.whole_talk())
    ended = s.after(65)
    lights = []
    for minutes in (1, 3.5, 6):
        with town.reading() as session:
            (now,) = board(session, [service_of(town)], ended + timedelta(minutes=minutes))
        lights.append(next(one.light.value for one in now.operators if one.state == "wrapup"))
    assert lights == ["ok", "warn", "bad"]


# --- a monitor on the wall


def test_a_wall_pass_opens_the_board_until_it_is_withdrawn_or_old(town: Database) -> None:
    with town.transaction() as session:
        head = s.employee(session, "roshchina")
        token = wall_pass.issue(session, [1, 2], "дежурка", head, s.NOON)
    with town.reading() as session:
        assert wall_pass.opened_by(session, token, s.NOON) == [1, 2]
        assert wall_pass.opened_by(session, token[:-1] + "x", s.NOON) is None
        assert wall_pass.opened_by(session, "", s.NOON) is None
        assert wall_pass.opened_by(session, token, s.NOON + wall_pass.LASTS) is None
        (row,) = wall_pass.standing(session, s.NOON)
        assert token not in (row.token_hash, row.title)
    with town.transaction() as session:
        wall_pass.withdraw(session, row.id, s.employee(session, "roshchina"), s.NOON)
        wall_pass.withdraw(session, row.id, s.employee(session, "roshchina"), s.NOON)
    with town.reading() as session:
        assert wall_pass.opened_by(session, token, s.NOON) is None
    with town.transaction() as session, pytest.raises(NotFound):
        wall_pass.withdraw(session, 999, s.employee(session, "roshchina"), s.NOON)
