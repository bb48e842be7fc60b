"""Booking: one wins, refusals, steps, what it does to the appeal, who sees what."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Barrier
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from crm import journal
from crm.appeals import closing
from crm.appointments import booking, holding, reading, steps, support
from crm.appointments.refusals import SlotTaken
from crm.appointments.slots import nearest
from crm.appointments.tables import Appointment, SlotHold
from crm.audit import AuditEvent
from crm.db import Database
from crm.errors import Incomplete, NotFound, RecordsError, StaleVersion
from crm.family_tables import FamilyAssignment
from crm.journal_tables import JournalEntry
from crm.specialists.tables import Absence
from tests.integration.crm.booking import booked, free_time, of_family, wanted
from tests.integration.crm.scenario import NOON, employee

MOSCOW = ZoneInfo("Europe/Moscow")


def test_fifty_who_book_one_time_at_once_one_wins_and_the_others_read_who_was_first(town: Database) -> None:
    with town.reading() as session:
        time = free_time(session)
        people = [employee(session, login) for login in ("lavrova", "zayac", "gromova", "roshchina")]
        what = [wanted(session, "vorobey", time, number) for number in (1, 2, 4, 5)]
    together = Barrier(50)

    def attempt(number: int) -> object:
        together.wait()
        try:
            with town.transaction() as session:
                return booking.book(session, what[number % 4], people[number % 4], NOON).booked_by_id
        except SlotTaken as taken:
            return taken

    with ThreadPoolExecutor(50) as pool:
        answers = list(pool.map(attempt, range(50)))
    winners = [one for one in answers if isinstance(one, int)]
    losers = [one for one in answers if isinstance(one, SlotTaken)]
    assert (len(winners), len(losers)) == (1, 49)
    first = next(one for one in people if one.id == winners[0])
    for lost in losers:
        assert first.short_name in str(lost)
        assert "Кузнецова" not in str(lost)
        assert len(lost.instead) == 3
        assert time not in [slot.starts_at for slot in lost.instead]
    with town.reading() as session:
        assert session.scalar(select(func.count()).where(Appointment.starts_at == time)) == 1


def test_fifty_who_hold_one_time_at_once_one_holds_it(town: Database) -> None:
    with town.reading() as session:
        time, whose = free_time(session), employee(session, "vorobey").id
        people = [employee(session, login) for login in ("lavrova", "zayac", "gromova", "roshchina")]
    together = Barrier(50)

    def attempt(number: int) -> object:
        together.wait()
        try:
            with town.transaction() as session:
                return holding.hold(session, whose, time, people[number % 4], None, NOON).holder_id
        except SlotTaken as taken:
            return taken

    with ThreadPoolExecutor(50) as pool:
        answers = list(pool.map(attempt, range(50)))
    holders = {one for one in answers if isinstance(one, int)}
    assert len(holders) == 1
    assert all("держит" in str(one) for one in answers if isinstance(one, SlotTaken))
    with town.reading() as session:
        assert session.scalar(select(func.count()).select_from(SlotHold).where(SlotHold.starts_at == time)) == 1


def test_the_database_itself_has_one_appointment_of_a_time(town: Database) -> None:
    with town.transaction() as session:
        row = booked(session)
        twin = {name: getattr(row, name) for name in ("employee_id", "starts_at", "ends_at", "booked_by_id")}
    with pytest.raises(IntegrityError), town.transaction() as session:
        session.add(Appointment(**twin, state_at=NOON, booked_at=NOON))
    with town.transaction() as session:
        session.add(Appointment(**twin, state="cancelled", state_at=NOON, booked_at=NOON))


def test_the_same_form_twice_is_one_appointment(town: Database) -> None:
    with town.transaction() as session:
        what = wanted(session, "vorobey", free_time(session))
        first = booking.book(session, what, employee(session, "lavrova"), NOON, form_key="k1").id
    with town.transaction() as session:
        again = booking.book(session, what, employee(session, "lavrova"), NOON, form_key="k1").id
        with pytest.raises(NotFound):
            booking.book(session, what, employee(session, "zayac"), NOON, form_key="k1")
    assert first == again


def local(text: str) -> datetime:
    return datetime.strptime(text, "%d.%m.%Y %H:%M").replace(tzinfo=MOSCOW).astimezone(UTC)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("11.11.2026 09:30", "уже прошло"),
        ("13.11.2026 12:30", "перерыв"),
        ("15.11.2026 10:15", "не работает"),
        ("19.11.2026 18:30", "не закончится до 19:00"),
        ("31.12.2026 10:15", "не работает"),
        ("13.11.2026 09:31", "не начинается"),
    ],
)
def test_impossible_times_are_refused_with_a_reason(town: Database, text: str, words: str) -> None:
    with town.transaction() as session, pytest.raises(RecordsError, match=words):
        booking.book(session, wanted(session, "vorobey", local(text)), employee(session, "lavrova"), NOON)


def test_nobody_is_booked_with_somebody_who_left_or_receives_nobody(town: Database) -> None:
    with town.transaction() as session:
        what = wanted(session, "vorobey", free_time(session))
        employee(session, "vorobey").active = False
    with town.transaction() as session:
        lavrova = employee(session, "lavrova")
        with pytest.raises(RecordsError, match="больше не ведёт приём"):
            booking.book(session, what, lavrova, NOON)
        with pytest.raises(NotFound):
            booking.book(session, wanted(session, "kim", what.starts_at), lavrova, NOON)
        with pytest.raises(NotFound):
            booking.book(session, what, employee(session, "durnovo"), NOON)


def test_a_time_is_held_five_minutes_seen_by_the_others_and_given_back(town: Database) -> None:
    with town.transaction() as session:
        time, whose = free_time(session), employee(session, "vorobey").id
        lavrova, zayac = employee(session, "lavrova"), employee(session, "zayac")
        held = holding.hold(session, whose, time, lavrova, None, NOON)
        assert held.until == NOON + timedelta(minutes=5)
        assert holding.hold(session, whose, time, lavrova, None, NOON).id == held.id
    with town.transaction() as session:
        assert free_time(session) != time
        with pytest.raises(SlotTaken, match=r"держит Лаврова Н\. А\."):
            booking.book(session, wanted(session, "vorobey", time), zayac, NOON)
    with town.transaction() as session:
        later = NOON + timedelta(minutes=5)
        assert free_time(session, at=later) == time
        second = holding.hold(session, whose, time, zayac, None, later)
        with pytest.raises(NotFound):
            holding.release(session, second.id, lavrova, later)
        holding.release(session, second.id, zayac, later)
        holding.release(session, second.id, zayac, later)
        assert free_time(session, at=later) == time


def test_another_time_gives_the_first_one_back_and_an_expired_hold_still_books(town: Database) -> None:
    with town.transaction() as session:
        times = [slot.starts_at for slot in nearest(session, [employee(session, "vorobey").id], NOON)[
            employee(session, "vorobey").id]]  # fmt: skip
        lavrova, whose = employee(session, "lavrova"), employee(session, "vorobey").id
        first = holding.hold(session, whose, times[0], lavrova, None, NOON)
        second = holding.hold(session, whose, times[1], lavrova, None, NOON)
        assert first.released_at == NOON
        late = NOON + timedelta(minutes=9)
        row = booking.book(session, wanted(session, "vorobey", times[1]), lavrova, late, hold_id=second.id)
        assert row.starts_at == times[1]


def test_absences_take_times_away_and_what_was_booked_must_be_moved(town: Database) -> None:
    with town.transaction() as session:
        row = booked(session)
        roshchina, vorobey = employee(session, "roshchina"), employee(session, "vorobey")
        assert row.id not in [line.row.id for line in reading.to_be_moved(session, roshchina, NOON)]
        session.add(Absence(employee_id=vorobey.id, kind="sick", since=NOON, until=row.starts_at + timedelta(days=3),
                            entered_by_id=roshchina.id, entered_at=NOON))  # fmt: skip
        session.flush()
        assert row.id in [line.row.id for line in reading.to_be_moved(session, roshchina, NOON)]
        assert free_time(session) >= row.starts_at + timedelta(days=3)


def test_the_steps_of_an_appointment(town: Database) -> None:
    with town.transaction() as session:
        row = booked(session)
        lavrova = employee(session, "lavrova")
        steps.confirm(session, row.id, 1, lavrova, NOON)
        assert steps.confirm(session, row.id, 1, lavrova, NOON).version == 2
        with pytest.raises(RecordsError, match="ещё не наступило"):
            steps.done(session, row.id, 2, lavrova, NOON)
        with pytest.raises(StaleVersion):
            steps.cancel(session, row.id, 1, "family", "передумали", lavrova, NOON)
        with pytest.raises(Incomplete):
            steps.cancel(session, row.id, 2, "", "", lavrova, NOON)
        after = row.ends_at
        done = steps.done(session, row.id, 2, employee(session, "vorobey"), after)
        assert (done.state, done.version) == ("done", 3)
        with pytest.raises(RecordsError, match="состоялось"):
            steps.no_show(session, row.id, 3, lavrova, after)
        assert [event.state for event, _ in reading.history(session, row)] == ["planned", "confirmed", "done"]
    with town.reading() as session:
        actions = session.scalars(select(AuditEvent.action).where(AuditEvent.subject == "appointment")).all()
    assert actions == ["appointment.book", "appointment.step", "appointment.step"]


def test_moving_keeps_the_history_and_frees_the_old_time(town: Database) -> None:
    with town.transaction() as session:
        row = booked(session)
        roshchina = employee(session, "roshchina")
        target = free_time(session, "durnovo")
        new = steps.move(session, row.id, 1, target, "просит позже", roshchina, NOON,
                         employee_id=employee(session, "durnovo").id)  # fmt: skip
        assert (row.state, new.moved_from_id, new.family_id) == ("moved", row.id, row.family_id)
        assert free_time(session) == row.starts_at
        again = steps.move(session, row.id, 1, target, "просит позже", roshchina, NOON,
                           employee_id=employee(session, "durnovo").id)  # fmt: skip
        assert again.id == new.id
        assert [event.state for event, _ in reading.history(session, new)] == ["planned", "moved", "planned"]
        with pytest.raises(SlotTaken):
            steps.move(session, new.id, 1, booked(session, number=1).starts_at, "", roshchina, NOON,
                       employee_id=employee(session, "vorobey").id)  # fmt: skip


def saved_entry(session: object, by: str = "lavrova") -> JournalEntry:
    """An appeal of family 1 in work."""
    lavrova = employee(session, by)  # type: ignore[arg-type]
    entry = journal.new_draft(session, 1, "in_person", lavrova, NOON)  # type: ignore[arg-type]
    entry.family_id, entry.person_id = 1, None
    fields = {"applicant_name": "Кузнецова", "family_brief": "трое детей", "substance": "нужна помощь",
              "contact_method": "in_person", "obstacle": False}  # fmt: skip
    return journal.save_entry(session, entry.id, fields, entry.version, lavrova, NOON)  # type: ignore[arg-type]


def test_a_booking_moves_the_appeal_to_waiting_for_the_visit_and_back(town: Database) -> None:
    with town.transaction() as session:
        entry = saved_entry(session)
        row = booked(session, entry_id=entry.id)
        assert (entry.progress, row.entry_id) == ("appointment", entry.id)
        assert entry.next_check_on == row.starts_at.astimezone(MOSCOW).date()
        assert "Запись на приём: специалист по работе с семьёй Воробей М. О." in entry.measures
        steps.cancel(session, row.id, 1, "family", "передумали", employee(session, "lavrova"), NOON)
        assert entry.progress == "in_work"
        assert "Приём отменён заявителем" in entry.measures


def test_what_was_booked_for_a_draft_is_in_the_row_when_it_is_saved(town: Database) -> None:
    with town.transaction() as session:
        lavrova = employee(session, "lavrova")
        entry = journal.new_draft(session, 1, "in_person", lavrova, NOON)
        booked(session, entry_id=entry.id)
        assert entry.progress == ""
        fields = {"applicant_name": "Кузнецова", "family_brief": "трое детей", "substance": "нужна помощь"}
        saved = journal.save_entry(session, entry.id, fields, entry.version, lavrova, NOON)
        assert saved.progress == "appointment"
        assert "Запись на приём" in saved.measures


def test_long_support_ends_only_with_a_booking(town: Database) -> None:
    with town.transaction() as session:
        lavrova = employee(session, "lavrova")
        entry = saved_entry(session)
        support.raise_need(session, entry, lavrova, NOON)
        for end in (
            lambda: closing.consulted(session, entry.id, lavrova, NOON),
            lambda: closing.referred(session, entry.id, "центр занятости", lavrova, NOON),
            lambda: closing.resolve(session, entry.id, "помогли", "help", lavrova, NOON, no_measure_reason="нет"),
        ):
            with pytest.raises(Incomplete) as refused:
                end()
            assert "запишите заявителя на приём" in refused.value.fields[""]
        booked(session, entry_id=entry.id, long_support=True)
        closing.consulted(session, entry.id, lavrova, NOON)
        assert entry.progress == "consulted"


def test_the_mark_goes_only_with_a_reason_and_a_refusal_needs_no_booking(town: Database) -> None:
    with town.transaction() as session:
        lavrova = employee(session, "lavrova")
        first, second = saved_entry(session), saved_entry(session)
        for entry in (first, second):
            support.raise_need(session, entry, lavrova, NOON)
        with pytest.raises(Incomplete):
            support.withdraw(session, first, " ", lavrova, NOON)
        support.withdraw(session, first, "разобрались по телефону", lavrova, NOON)
        closing.consulted(session, first.id, lavrova, NOON)
        closing.declined(session, second.id, "не хочет", lavrova, NOON)
        assert (first.progress, second.progress) == ("consulted", "declined")


def test_a_restricted_family_is_taken_time_to_the_others_and_is_not_counted(town: Database) -> None:
    with town.transaction() as session:
        card = of_family(session, 12)
        row = booked(session, by="roshchina", family=12)
        zone, day = MOSCOW, row.starts_at.astimezone(MOSCOW).date()
        lavrova, vorobey = employee(session, "lavrova"), employee(session, "vorobey")
        assert card.restricted
        for stranger in (lavrova, employee(session, "gromova"), vorobey):
            if session.get(FamilyAssignment, (card.id, stranger.id)):
                continue
            board = reading.day_board(session, stranger, day, NOON, zone)
            cells = [cell for column in board for cell in column.cells if cell.starts_at == row.starts_at
                     and column.specialist.id == row.employee_id]  # fmt: skip
            assert [cell.line.who for cell in cells if cell.line] == ["занято"]
            listed = reading.listing(session, stranger, reading.Filters(since=day, until=day), zone)
            assert row.id not in [line.row.id for line in listed]
            with pytest.raises(NotFound):
                steps.confirm(session, row.id, 1, stranger, NOON)
        with pytest.raises(NotFound):
            booking.book(session, wanted(session, "vorobey", free_time(session), 12), lavrova, NOON)


def test_a_specialist_sees_and_marks_her_own_receptions_only(town: Database) -> None:
    with town.transaction() as session:
        mine, other = booked(session), booked(session, "durnovo")
        vorobey = employee(session, "vorobey")
        day = mine.starts_at.astimezone(MOSCOW).date()
        assert [one.specialist.id for one in reading.day_board(session, vorobey, day, NOON, MOSCOW)] == [vorobey.id]
        assert {line.row.employee_id for line in reading.listing(session, vorobey, reading.Filters(), MOSCOW)} == {
            vorobey.id
        }
        assert steps.confirm(session, mine.id, 1, vorobey, NOON).state == "confirmed"
        with pytest.raises(NotFound):
            steps.confirm(session, other.id, 1, vorobey, NOON)
        with pytest.raises(NotFound):
            steps.move(session, mine.id, 2, free_time(session), "", vorobey, NOON)


def test_booking_and_cancelling_for_one_appeal_at_once_never_wait_for_each_other(town: Database) -> None:
    with town.transaction() as session:
        entry = saved_entry(session).id
        rows = [booked(session, number=0, entry_id=entry).id for _ in range(4)]
        lavrova = employee(session, "lavrova")
        more = [wanted(session, "vorobey", free_time(session, number=number), entry_id=entry) for number in range(4)]
    together = Barrier(8)

    def attempt(number: int) -> str:
        together.wait()
        with town.transaction() as session:
            if number < 4:
                return steps.cancel(session, rows[number], 1, "family", "заболели", lavrova, NOON).state
            return booking.book(session, more[number - 4], lavrova, NOON).state

    with ThreadPoolExecutor(8) as pool:
        states = list(pool.map(attempt, range(8)))
    assert states == ["cancelled"] * 4 + ["planned"] * 4
