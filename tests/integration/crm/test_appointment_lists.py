"""Timetables that change, and the waiting list that freed times go to."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from callflow.slots import Reception
from crm.appointments import booking, holding, reading, steps, timetable, timetable_editing, waiting, waiting_offers
from crm.appointments.tables import SlotHold, Timetable, TimetableInterval, WaitingOffer, WaitingWish
from crm.appointments.waiting import Wish
from crm.audit import AuditEvent
from crm.db import Database
from crm.errors import Incomplete, NotFound, RecordsError, StaleVersion
from tests.integration.crm.booking import booked, free_time, of_family, wanted
from tests.integration.crm.scenario import NOON, employee

MOSCOW = ZoneInfo("Europe/Moscow")


def version(session: object, login: str) -> int:
    return session.get(Timetable, employee(session, login).id).version  # type: ignore[attr-defined,arg-type]


def test_a_changed_timetable_deletes_nothing_and_lists_what_must_be_moved(town: Database) -> None:
    with town.transaction() as session:
        row = booked(session)
        vorobey, roshchina = employee(session, "vorobey"), employee(session, "roshchina")
        weekday = row.starts_at.astimezone(MOSCOW).weekday()
        hours = [one for one in timetable.intervals_of(session, vorobey.id) if one.weekday == weekday]
        before = {line.row.id for line in reading.to_be_moved(session, roshchina, NOON)}
        for one in hours:
            timetable_editing.end_hours(session, one.id, version(session, "vorobey"), roshchina, NOON)
            timetable_editing.end_hours(session, one.id, 0, roshchina, NOON)
        assert row.state == "planned"
        assert row.id in {line.row.id for line in reading.to_be_moved(session, roshchina, NOON)} - before
        board = reading.day_board(session, roshchina, row.starts_at.astimezone(MOSCOW).date(), NOON, MOSCOW)
        lines = [cell.line for column in board for cell in column.cells if cell.line and cell.line.row.id == row.id]
        assert [line.outside for line in lines] == [True]
        assert session.scalars(select(TimetableInterval).where(TimetableInterval.ended_at.is_not(None))).all()
    with town.reading() as session:
        actions = set(session.scalars(select(AuditEvent.action)))
    assert "timetable.change" in actions


def test_hours_are_added_changed_and_never_cross(town: Database) -> None:
    with town.transaction() as session:
        smirnova = employee(session, "smirnova")
        monday = Reception(0, 540, 720, ("phone", "office", "nonsense"), " 12 ")
        row = timetable_editing.add_hours(session, smirnova.id, monday, version(session, "smirnova"), smirnova, NOON)
        assert (row.modes, row.room) == (["office", "phone"], "12")
        with pytest.raises(Incomplete, match="не все") as crossing:
            timetable_editing.add_hours(
                session, smirnova.id, Reception(0, 700, 800), version(session, "smirnova"), smirnova, NOON
            )
        assert "09:00–12:00" in crossing.value.fields["starts"]
        with pytest.raises(StaleVersion):
            timetable_editing.add_hours(session, smirnova.id, Reception(5, 540, 720), 1, smirnova, NOON)
        later = Reception(0, 600, 720, valid_from=date(2027, 1, 1))
        new = timetable_editing.add_hours(
            session, smirnova.id, later, version(session, "smirnova"), smirnova, NOON, instead_of=row.id
        )
        assert (row.ended_at, new.starts) == (NOON, 600)


@pytest.mark.parametrize(
    ("reception", "field"),
    [
        (Reception(7, 540, 720), "weekday"),
        (Reception(0, 720, 540), "ends"),
        (Reception(0, 540, 1500), "ends"),
        (Reception(0, 540, 720, ()), "modes"),
        (Reception(0, 540, 720, break_starts=500, break_ends=560), "break_ends"),
        (Reception(0, 540, 720, break_starts=600), "break_ends"),
        (Reception(0, 540, 720, valid_from=date(2027, 1, 2), valid_until=date(2027, 1, 1)), "valid_until"),
    ],
)
def test_impossible_hours_are_refused(town: Database, reception: Reception, field: str) -> None:
    with town.transaction() as session:
        head, whose = employee(session, "roshchina"), employee(session, "smirnova").id
        known = version(session, "smirnova")
        with pytest.raises(Incomplete) as refused:
            timetable_editing.add_hours(session, whose, reception, known, head, NOON)
    assert field in refused.value.fields


def test_only_the_head_and_the_specialist_herself_change_a_timetable(town: Database) -> None:
    with town.transaction() as session:
        smirnova = employee(session, "smirnova")
        for login in ("lavrova", "durnovo", "kim"):
            with pytest.raises(NotFound):
                timetable_editing.set_length(session, smirnova.id, 30, 5, 1, employee(session, login), NOON)
        with pytest.raises(NotFound):
            timetable_editing.set_length(session, employee(session, "kim").id, 30, 0, 0, smirnova, NOON)
        with pytest.raises(Incomplete):
            timetable_editing.set_length(session, smirnova.id, 5, 500, 1, smirnova, NOON)
        begun = timetable_editing.set_length(
            session, employee(session, "zayac").id, 30, 5, 0, employee(session, "roshchina"), NOON
        )
        assert (begun.slot_minutes, begun.buffer_minutes) == (30, 5)
        assert _works(session, begun.employee_id, NOON) == (False, None)


def test_a_date_without_reception_and_one_with_extra_hours(town: Database) -> None:
    with town.transaction() as session:
        vorobey = employee(session, "vorobey")
        day = free_time(session).astimezone(MOSCOW).date()
        closed = timetable_editing.add_exception(
            session, vorobey.id, day, "closed", None, None, (), "", "учёба", vorobey, NOON
        )
        again = timetable_editing.add_exception(
            session, vorobey.id, day, "closed", None, None, (), "", "учёба", vorobey, NOON
        )
        assert again.id == closed.id
        assert free_time(session).astimezone(MOSCOW).date() > day
        timetable_editing.remove_exception(session, closed.id, vorobey, NOON)
        assert free_time(session).astimezone(MOSCOW).date() == day
        sunday = date(2026, 11, 15)
        timetable_editing.add_exception(
            session, vorobey.id, sunday, "extra", 600, 700, ("office",), "3", "день семьи", vorobey, NOON
        )
        known = timetable.known_of(session, [vorobey.id])[vorobey.id]
        assert len(known.slots_of(sunday)) == 2
        with pytest.raises(Incomplete):
            timetable_editing.add_exception(session, vorobey.id, sunday, "hours", None, None, (), "", "", vorobey, NOON)


def _works(session: Session, employee_id: int, at: datetime) -> tuple[bool, datetime | None]:
    return timetable.works(timetable.known_of(session, [employee_id]).get(employee_id), at)


def test_presence_by_the_timetable(town: Database) -> None:
    with town.reading() as session:
        smirnova = employee(session, "smirnova").id
        starts = NOON.replace(hour=11)  # Thursday 14:00 in Moscow
        assert _works(session, smirnova, NOON) == (False, starts)
        assert _works(session, smirnova, starts) == (True, NOON.replace(hour=16))


def wish(session: object, login: str = "vorobey", family: int = 2, **more: object) -> WaitingWish:
    card = of_family(session, family)  # type: ignore[arg-type]
    return waiting.add(
        session,  # type: ignore[arg-type]
        Wish("Мамедов Рашид", employee_id=employee(session, login).id, family_id=card.id, **more),  # type: ignore[arg-type]
        employee(session, "lavrova"),  # type: ignore[arg-type]
        NOON,
    )


def test_a_freed_time_is_offered_to_whom_it_suits_and_becomes_a_booking(town: Database) -> None:
    with town.transaction() as session:
        row = booked(session, number=4)
        local = row.starts_at.astimezone(MOSCOW)
        lavrova = employee(session, "lavrova")
        wish(session, family=4, weekdays=[(local.weekday() + 1) % 7])
        wish(session, "durnovo", family=5)
        right = wish(session, family=2, weekdays=[local.weekday()], starts=0, ends=1439, mode="office")
        steps.cancel(session, row.id, 1, "family", "заболели", lavrova, NOON)
        line = waiting.freed(session, lavrova, NOON)
        assert [one.wish.id for one in line] == [right.id]
        assert line[0].hold.until == NOON + waiting_offers.OFFER
        assert free_time(session) != row.starts_at
        with pytest.raises(RecordsError, match="листу ожидания"):
            booking.book(session, wanted(session, "vorobey", row.starts_at), lavrova, NOON)
        held = waiting_offers.take(session, line[0].offer.id, None, lavrova, NOON)
        new = booking.book(session, wanted(session, "vorobey", row.starts_at, 2), lavrova, NOON, hold_id=held.id)
        assert (right.state, new.starts_at) == ("booked", row.starts_at)
        assert waiting.freed(session, lavrova, NOON) == []


def test_declined_or_forgotten_the_time_goes_to_the_next_in_the_line(town: Database) -> None:
    with town.transaction() as session:
        row = booked(session, number=4)
        lavrova = employee(session, "lavrova")
        first, second, third = wish(session, family=2), wish(session, family=4), wish(session, family=5)
        steps.cancel(session, row.id, 1, "service", "учёба", lavrova, NOON)
        offered = waiting.freed(session, lavrova, NOON)
        assert [one.wish.id for one in offered] == [first.id]
        waiting_offers.decline(session, offered[0].offer.id, lavrova, NOON)
        waiting_offers.decline(session, offered[0].offer.id, lavrova, NOON)
        assert [one.wish.id for one in waiting.freed(session, lavrova, NOON)] == [second.id]
        later = NOON + waiting_offers.OFFER
        assert waiting_offers.expire(session, later - timedelta(minutes=1)) == 0
        assert waiting_offers.expire(session, later) == 1
        last = waiting.freed(session, lavrova, later)
        assert [one.wish.id for one in last] == [third.id]
        assert {one.state for one in (first, second)} == {"waiting"}
        waiting.close(session, third.id, "нашли время сами", lavrova, later)
        assert waiting.freed(session, lavrova, later) == []
        assert free_time(session, at=later, number=0) <= row.starts_at
        states = session.scalars(select(WaitingOffer.state).order_by(WaitingOffer.id)).all()
        assert states == ["declined", "expired", "declined"]


def test_an_offer_that_another_operator_took_is_hers(town: Database) -> None:
    with town.transaction() as session:
        row = booked(session)
        lavrova, zayac = employee(session, "lavrova"), employee(session, "zayac")
        wish(session)
        steps.cancel(session, row.id, 1, "family", "заболели", lavrova, NOON)
        offer = waiting.freed(session, zayac, NOON)[0].offer
        held = waiting_offers.take(session, offer.id, None, lavrova, NOON)
        with pytest.raises(RecordsError, match="другой сотрудник"):
            waiting_offers.take(session, offer.id, None, zayac, NOON)
        holding.release(session, held.id, lavrova, NOON)
        assert waiting_offers.expire(session, NOON) == 1


def test_a_restricted_family_waits_unseen_by_the_others(town: Database) -> None:
    with town.transaction() as session:
        card = of_family(session, 12)
        head, lavrova = employee(session, "roshchina"), employee(session, "lavrova")
        row = waiting.add(session, Wish("Пономарёва", family_id=card.id), head, NOON, form_key="w")
        assert waiting.add(session, Wish("Пономарёва", family_id=card.id), head, NOON, form_key="w").id == row.id
        assert row.id not in [line.wish.id for line in waiting.lines(session, lavrova, NOON)]
        assert row.id in [line.wish.id for line in waiting.lines(session, head, NOON)]
        with pytest.raises(NotFound):
            waiting.close(session, row.id, "нет", lavrova, NOON)
        with pytest.raises(NotFound):
            waiting.add(session, Wish("Кто-то", family_id=card.id), lavrova, NOON)
        with pytest.raises(Incomplete):
            waiting.add(session, Wish(" ", starts=700, ends=600), lavrova, NOON)


def test_a_demo_day_is_full_and_somebody_waits(town: Database) -> None:
    with town.reading() as session:
        head = employee(session, "roshchina")
        smirnova = employee(session, "smirnova")
        days = [NOON.date() + timedelta(days=ahead) for ahead in range(8)]
        boards = [reading.week_of(session, head, smirnova.id, day, NOON, MOSCOW)[0] for day in days]
        full = [one for one in boards if one.cells and all(cell.line for cell in one.cells)]
        assert full
        assert waiting.lines(session, head, NOON)
        assert session.scalars(select(SlotHold)).all() == []
