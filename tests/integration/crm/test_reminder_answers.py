"""What a key of a reminder call changes: the booking, the journal, the waiting list, consents and refusals (S-3)."""

from __future__ import annotations

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from crm.appeals.tables import AppealMeasure, EntryChange
from crm.appointments import booking, waiting
from crm.appointments.refusals import SlotTaken
from crm.appointments.slots import why_not
from crm.appointments.tables import (
    CANCELLED,
    CONFIRMED,
    MOVED,
    PLANNED,
    Appointment,
    AppointmentEvent,
    SlotHold,
    WaitingOffer,
)
from crm.consents.tables import Consent
from crm.db import Database
from crm.dialler import keys, refusals
from crm.errors import NotFound, RecordsError
from crm.family_tables import Person
from crm.journal_tables import JournalEntry
from crm.reminders import answers, offer_words
from tests.integration.crm.appeals import enter
from tests.integration.crm.booking import booked, employee, free_time, of_family, wanted
from tests.integration.crm.reminded import logged, reminded, story
from tests.integration.crm.scenario import NOON

MOSCOW = ZoneInfo("Europe/Moscow")
LATER = NOON + timedelta(minutes=1)


def in_the_journal(session: Session) -> tuple[Appointment, int]:
    """A booking that belongs to a saved row of the journal; the row's id."""
    entry = enter(session, family_id=of_family(session, 1).id)
    return booked(session, by="gromova", entry_id=entry.id), entry.id


def measures(session: Session, entry_id: int) -> list[str]:
    rows = select(AppealMeasure).where(AppealMeasure.entry_id == entry_id).order_by(AppealMeasure.id)
    return [row.text for row in session.scalars(rows)]


def history(session: Session, row: Appointment) -> list[tuple[str, int | None]]:
    rows = select(AppointmentEvent).where(AppointmentEvent.appointment_id == row.id).order_by(AppointmentEvent.id)
    return [(one.state, one.employee_id) for one in session.scalars(rows)]


def test_key_one_confirms_in_nobodys_name_and_twice_is_once(town: Database) -> None:
    with town.transaction() as session:
        row = booked(session)
        attempt = reminded(session, row, at=NOON)
        for _ in range(2):
            assert answers.confirm(session, attempt, row.id, LATER).state == CONFIRMED
        assert history(session, row)[-1] == (CONFIRMED, None)
        assert [what for what, _ in history(session, row)].count(CONFIRMED) == 1
        assert story(session, attempt) == [("confirm", str(row.id))]
    with town.reading() as session:
        last = logged(session, "appointment.step")[-1]
        assert (last.actor_id, last.actor_name) == (None, "робот")
        assert attempt in last.details


def test_key_three_frees_the_time_and_offers_it_to_whoever_waits(town: Database) -> None:
    with town.transaction() as session:
        row = booked(session)
        lavrova = employee(session, "lavrova")
        waiting.add(
            session,
            waiting.Wish(employee_id=row.employee_id, applicant_name="Титова", topic="приём"),
            lavrova,
            NOON,
        )
        attempt = reminded(session, row, at=NOON)
        for _ in range(2):
            answers.cancel(session, attempt, row.id, LATER)
        assert (row.state, row.cancelled_by) == (CANCELLED, "family")
        assert "клавишей" in row.state_reason
        offers = list(session.scalars(select(WaitingOffer).where(WaitingOffer.offered_at == LATER)))
        assert len(offers) == 1
        hold = session.get_one(SlotHold, offers[0].hold_id)
        assert (hold.employee_id, hold.starts_at) == (row.employee_id, row.starts_at)


def test_key_two_offers_two_times_of_two_days_kept_for_the_talk_and_moves(town: Database) -> None:
    with town.transaction() as session:
        row = booked(session)
        attempt = reminded(session, row, at=NOON)
        offered = answers.offers(session, attempt, row.id, LATER)
        assert len(offered) == 2
        assert offered[0].starts_at.date() != offered[1].starts_at.date()
        assert row.starts_at not in [one.starts_at for one in offered]
        assert answers.offers(session, attempt, row.id, LATER) == offered
        for one in offered:
            assert why_not(session, row.employee_id, one.starts_at, LATER), "nobody else can have it meanwhile"
        new = answers.move(session, attempt, row.id, 2, LATER)
        assert answers.move(session, attempt, row.id, 2, LATER) is new
        assert (new.starts_at, new.moved_from_id, new.state) == (offered[1].starts_at, row.id, PLANNED)
        assert (row.state, row.state_reason) == (MOVED, "семья, клавишей в автоматическом звонке")
        assert history(session, new) == [(PLANNED, None)]
        assert not why_not(session, row.employee_id, offered[0].starts_at, LATER), "the other one is free again"


def test_times_kept_for_a_talk_are_free_after_it(town: Database) -> None:
    with town.transaction() as session:
        row = booked(session)
        attempt = reminded(session, row, at=NOON)
        offered = answers.offers(session, attempt, row.id, LATER)
        for _ in range(2):
            answers.release(session, attempt, LATER)
        for one in offered:
            assert not why_not(session, row.employee_id, one.starts_at, LATER)


def test_a_time_that_went_to_somebody_after_its_hold_is_not_given_twice(town: Database) -> None:
    with town.transaction() as session:
        row = booked(session)
        attempt = reminded(session, row, at=NOON)
        first = answers.offers(session, attempt, row.id, LATER)[0]
        much_later = LATER + timedelta(minutes=6)
        what = wanted(session, "vorobey", first.starts_at, 2)
        booking.book(session, what, employee(session, "zayac"), much_later)
        with pytest.raises(SlotTaken):
            answers.move(session, attempt, row.id, 1, much_later)
    with town.reading() as session:
        stayed = session.get_one(Appointment, row.id)
        assert stayed.starts_at == row.starts_at


def test_what_a_key_did_stands_in_the_journal(town: Database) -> None:
    with town.transaction() as session:
        row, entry_id = in_the_journal(session)
        attempt = reminded(session, row, at=NOON)
        answers.confirm(session, attempt, row.id, LATER)
        assert "Семья подтвердила приём клавишей" in measures(session, entry_id)[-1]
        answers.offers(session, attempt, row.id, LATER)
        new = answers.move(session, attempt, row.id, 1, LATER)
        told = measures(session, entry_id)
        assert "Приём перенесён" in told[-2]
        assert "клавишей" in told[-2]
        assert "Запись на приём" in told[-1]
        assert session.get_one(JournalEntry, entry_id).progress == "appointment"
        answers.cancel(session, reminded(session, new, at=LATER, number="+79070000102"), new.id, LATER)
        assert "Приём отменён заявителем" in measures(session, entry_id)[-1]
        assert session.get_one(JournalEntry, entry_id).progress == "in_work"
        reasons = select(EntryChange.reason).where(EntryChange.entry_id == entry_id, EntryChange.field == "progress")
        assert session.scalars(reasons).all()[-1] == "семья, клавишей в автоматическом звонке"
    with town.reading() as session:
        moved = [one for one in logged(session, "journal.move") if one.subject_id == str(entry_id)]
        assert moved[-1].actor_name == "робот"


def test_key_nine_closes_the_number_at_once_and_ends_the_consent_of_whoever_said_who_he_is(town: Database) -> None:
    with town.transaction() as session:
        row = booked(session)
        person = session.get_one(Person, row.person_id)
        number = person.active_phones[0].number
        attempt = reminded(session, row, at=NOON, number=number)
        given = _consent(session, person)
        assert person.active_phones[0].robot_allowed
        for _ in range(2):
            keys.refuse(session, attempt, LATER, identified=True)
        assert refusals.of(session, number, person.id).robot
        assert refusals.of(session, number, None).robot
        assert given.withdrawn_at == LATER
        assert given.withdrawn_by_id is None
        assert attempt in given.withdrawn_how
        assert not any(phone.robot_allowed for phone in person.phones)
    with town.reading() as session:
        assert logged(session, "consent.withdraw")[-1].actor_name == "робот"
        assert len(logged(session, "dialler.refuse")) == 1


def test_key_nine_of_a_stranger_closes_the_number_and_leaves_the_consent_to_its_person(town: Database) -> None:
    with town.transaction() as session:
        row = booked(session)
        person = session.get_one(Person, row.person_id)
        attempt = reminded(session, row, at=NOON)
        given = _consent(session, person)
        keys.refuse(session, attempt, LATER, identified=False)
        assert refusals.of(session, "+79070000101", person.id).robot
        assert given.withdrawn_at is None


def test_another_person_marks_the_number_for_this_one_only(town: Database) -> None:
    with town.transaction() as session:
        row = booked(session)
        attempt = reminded(session, row, at=NOON)
        for _ in range(2):
            keys.wrong_person(session, attempt, LATER)
        assert refusals.of(session, "+79070000101", row.person_id).wrong_person
        assert not refusals.of(session, "+79070000101", (row.person_id or 0) + 1).wrong_person
        assert story(session, attempt) == [("wrong_person", "")]


def test_a_call_about_one_booking_changes_no_other(town: Database) -> None:
    with town.transaction() as session:
        row, other = booked(session), booked(session, number=3)
        attempt = reminded(session, row, at=NOON)
        for act in (answers.confirm, answers.cancel, answers.offers):
            with pytest.raises(NotFound):
                act(session, attempt, other.id, LATER)
        with pytest.raises(NotFound):
            answers.move(session, attempt, row.id, 1, LATER)
        with pytest.raises(NotFound):
            answers.confirm(session, "att-0", row.id, LATER)


def test_a_booking_that_ended_otherwise_meanwhile_is_refused(town: Database) -> None:
    with town.transaction() as session:
        row = booked(session)
        attempt = reminded(session, row, at=NOON)
        offered = answers.offers(session, attempt, row.id, LATER)
        assert offered
        row.state = "no_show"
        session.flush()
        for act in (answers.confirm, answers.cancel, answers.offers):
            with pytest.raises(RecordsError):
                act(session, attempt, row.id, LATER)
        with pytest.raises(RecordsError):
            answers.move(session, attempt, row.id, 1, LATER)


def test_what_is_past_is_neither_confirmed_nor_moved(town: Database) -> None:
    with town.transaction() as session:
        row = booked(session)
        attempt = reminded(session, row, at=NOON)
        with pytest.raises(RecordsError):
            answers.confirm(session, attempt, row.id, row.starts_at)


def test_a_full_timetable_offers_nothing(town: Database) -> None:
    with town.transaction() as session:
        row = booked(session)
        attempt = reminded(session, row, at=NOON)
        row.mode = "nowhere"  # no time of his is held in such a way
        session.flush()
        assert answers.offers(session, attempt, row.id, LATER) == []
        assert free_time(session)


def _consent(session: Session, person: Person) -> Consent:
    rows = select(Consent).where(
        Consent.person_id == person.id,
        Consent.purpose == "auto_calls",
        Consent.given.is_(True),
        Consent.withdrawn_at.is_(None),
    )
    given = session.scalars(rows).first()
    assert given is not None, "the demo's family allows automatic calls"
    return given


def test_times_are_read_out_as_russians_say_them(town: Database) -> None:
    with town.transaction() as session:
        row = booked(session)
        attempt = reminded(session, row, at=NOON)
        times = [one.starts_at for one in answers.offers(session, attempt, row.id, LATER)]
        both = offer_words.offered(session, 1, times, LATER)
        one = offer_words.offered(session, 1, times[:1], LATER)
        moved = offer_words.moved(session, 1, times[0], "12", LATER)
    for text in (both, one, moved):
        assert not set("{}0123456789") & set(text)
        assert all(part in text for part in offer_words.when(times[0], MOSCOW, LATER))
    assert "нажмите два" in both
    assert "нажмите два" not in one
