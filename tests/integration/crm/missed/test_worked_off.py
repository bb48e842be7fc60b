"""Missed calls that are worked off: whose turn it is, what closes a row, promises, who sees which."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from callflow.caller_id import CallerKind
from crm import families, presence
from crm.audit import AuditEvent
from crm.calendar.tables import ServiceHours
from crm.call_tables import CallRecord
from crm.db import Database
from crm.errors import Incomplete, NotFound, RecordsError
from crm.family_tables import Family
from crm.missed import attempts, claiming, clock, closing, dialling, opening, promising, reading
from crm.missed.claiming import Claimed
from crm.missed.opening import ByHand
from crm.missed.tables import MissedAttempt
from tests.integration.crm import scenario as s
from tests.integration.crm.missed import ledger as g


def test_closing_wants_a_reason_that_is_true(town: Database) -> None:
    with town.transaction() as session:
        lavrova = s.employee(session, "lavrova")
        g.play(session, g.missed_call("1", 0))
        (row,) = g.open_rows(session)
        for reason, note in [("", ""), ("else", ""), ("other", " "), ("no_answer", ""), ("nowhere", "")]:
            with pytest.raises(Incomplete):
                closing.by_reason(session, row.id, reason, note, lavrova, g.minute(5))
        attempts.note_by_hand(session, row.id, "no_answer", "", lavrova, g.minute(5), form_key="f1")
        attempts.note_by_hand(session, row.id, "no_answer", "", lavrova, g.minute(5), form_key="f1")
        assert session.scalar(select(func.count(MissedAttempt.id))) == 1
        closing.by_reason(session, row.id, "no_answer", "три дня", lavrova, g.minute(6))
        closing.by_reason(session, row.id, "no_answer", "три дня", lavrova, g.minute(7))
        assert (row.closed_how, row.closed_at, row.closed_reason) == ("reason", g.minute(6), "no_answer")
        with pytest.raises(RecordsError):
            closing.by_reason(session, row.id, "mistake", "", lavrova, g.minute(8))
        session.flush()
    with town.reading() as session:
        actions = session.scalars(select(AuditEvent.action).where(AuditEvent.subject == "missed")).all()
        assert actions == ["missed.attempt", "missed.close"]


def test_one_person_at_a_time_calls_back(town: Database) -> None:
    with town.transaction() as session:
        lavrova, zayac = s.employee(session, "lavrova"), s.employee(session, "zayac")
        g.play(session, g.missed_call("1", 0))
        (row,) = g.open_rows(session)
        claiming.claim(session, row.id, lavrova, g.minute(1))
        with pytest.raises(Claimed, match="Лаврова"):
            claiming.claim(session, row.id, zayac, g.minute(2))
        with pytest.raises(Claimed):
            closing.by_reason(session, row.id, "mistake", "", zayac, g.minute(2))
        claiming.claim(session, row.id, zayac, g.minute(3), reason="Лаврова на совещании")
        assert row.claimed_by_id == zayac.id
        claiming.release(session, row.id, lavrova, g.minute(3))
        assert row.claimed_by_id == zayac.id, "only one's own"
        claiming.claim(session, row.id, lavrova, g.minute(24))
        assert row.claimed_by_id == lavrova.id, "nobody holds a row for ever"


def test_who_goes_off_the_line_lets_go(town: Database) -> None:
    with town.transaction() as session:
        lavrova, zayac = s.employee(session, "lavrova"), s.employee(session, "zayac")
        presence.set_ready(session, lavrova.id, g.minute(0))
        g.play(session, g.missed_call("1", 0))
        (row,) = g.open_rows(session)
        claiming.claim(session, row.id, lavrova, g.minute(1))
        presence.go_offline(session, lavrova.id, g.minute(2))
        assert claiming.holder_of(session, row, g.minute(2)) is None
        claiming.claim(session, row.id, zayac, g.minute(3))
        assert row.claimed_by_id == zayac.id


def test_fifty_claims_at_once_have_one_winner(town: Database) -> None:
    with town.transaction() as session:
        g.play(session, g.missed_call("1", 0))
        (row,) = g.open_rows(session)
        missed_id = row.id

    def try_to_claim(login: str) -> str:
        with town.transaction() as session:
            employee = s.employee(session, login)
            try:
                claiming.claim(session, missed_id, employee, g.minute(1))
            except Claimed:
                return ""
            return login

    with ThreadPoolExecutor(8) as pool:
        won = {name for name in pool.map(try_to_claim, ["lavrova", "zayac"] * 25) if name}
    assert len(won) == 1


def test_a_promise_takes_the_deadlines_place(town: Database) -> None:
    with town.transaction() as session:
        lavrova = s.employee(session, "lavrova")
        g.play(session, g.missed_call("1", 0))
        (row,) = g.open_rows(session)
        promising.promise(session, row.id, g.minute(300), "после смены", lavrova, g.minute(5))
        assert row.due_at == g.minute(300)
        g.play(session, g.missed_call("2", 10))
        assert row.due_at == g.minute(300), "she promised, and the clock does not forget it"
        with pytest.raises(Incomplete):
            promising.promise(session, row.id, g.minute(4), "", lavrova, g.minute(5))
        promising.promise(session, row.id, None, "", lavrova, g.minute(12))
        assert row.due_at == g.minute(30)


def test_a_line_off_the_exchange_is_entered_by_hand(town: Database) -> None:
    with town.transaction() as session:
        lavrova = s.employee(session, "lavrova")
        call = g.play(session, g.missed_call("1", 0))
        service = call.service_id or 0
        wanted = ByHand(service, number="8 907 000-01-01", happened_at=g.minute(3), note="моб.", form_key="k1")
        row = opening.by_hand(session, wanted, lavrova, g.minute(5))
        again = opening.by_hand(session, wanted, lavrova, g.minute(5))
        assert again.id == row.id
        assert (row.times, row.family_id, row.first_at) == (2, call.family_id, g.minute(0))
        nameless = opening.by_hand(session, ByHand(service, caller_name="женщина из Дубков"), lavrova, g.minute(6))
        other = opening.by_hand(session, ByHand(service, caller_name="мужчина"), lavrova, g.minute(6))
        assert nameless.id != other.id
        for wrong in (
            ByHand(service),
            ByHand(service, number="12"),
            ByHand(99, number=g.STRANGER),
            ByHand(service, number=g.STRANGER, happened_at=g.minute(60)),
            ByHand(service, number=g.STRANGER, promised_for=g.minute(1)),
        ):
            with pytest.raises(Incomplete):
                opening.by_hand(session, wrong, lavrova, g.minute(6))


def test_an_outgoing_talk_closes_the_row_it_was_made_from(town: Database) -> None:
    with town.transaction() as session:
        lavrova = s.employee(session, "lavrova")
        g.play(session, g.missed_call("1", 0, None, kind=CallerKind.HIDDEN))
        (row,) = g.open_rows(session)
        call = CallRecord(
            linkedid="out-1",
            direction="outbound",
            state="talking",
            caller_kind="number",
            caller_number=g.STRANGER,
            service_id=row.service_id,
            arrived_at=g.minute(5),
            answered_at=g.minute(6),
            employee_id=lavrova.id,
        )
        session.add(call)
        session.flush()
        assert closing.by_talk(session, call, g.minute(6), missed_id=row.id) == [row.id]
        assert closing.by_talk(session, call, g.minute(6), missed_id=row.id) == []


def test_the_list_is_theirs_who_answer_for_the_service(town: Database) -> None:
    with town.transaction() as session:
        lavrova, gromova = s.employee(session, "lavrova"), s.employee(session, "gromova")
        kim, roshchina = s.employee(session, "kim"), s.employee(session, "roshchina")
        g.play(session, g.missed_call("1", 0), g.missed_call("2", 2, g.STRANGER))
        at = g.minute(31)
        first, second = reading.open_rows(session, lavrova, at)
        assert (first.overdue, second.overdue) == (True, False)
        assert (first.minutes, second.minutes) == (-1, 1)
        assert first.who is not None
        assert first.who.family_name == "Кузнецовы"
        assert first.number == "+7 907 •••-••-01"
        assert reading.open_rows(session, gromova, at) == []
        assert reading.open_rows(session, kim, at) == []
        assert len(reading.open_rows(session, roshchina, at)) == 2
        assert reading.count(session, [first.row.service_id], at) == reading.MissedCount(2, 1)
        assert reading.count(session, [], at) == reading.MissedCount(0, 0)
        with pytest.raises(NotFound):
            claiming.claim(session, first.row.id, gromova, at)
        for strange in (-1, 0, 2**63):
            with pytest.raises(NotFound):
                reading.open_whole(session, strange, lavrova, at)


def test_a_restricted_card_is_a_number_and_nothing_else(town: Database) -> None:
    with town.transaction() as session:
        lavrova, roshchina = s.employee(session, "lavrova"), s.employee(session, "roshchina")
        restricted = session.scalars(select(Family).where(Family.restricted)).first()
        assert restricted is not None
        number = next(phone.number for person in restricted.people for phone in person.active_phones)
        g.play(session, g.missed_call("1", 0, number))
        for viewer, is_entitled in ((lavrova, families.visible_to(session, restricted, lavrova)), (roshchina, True)):
            (line,) = reading.open_rows(session, viewer, g.minute(1))
            assert (line.who is not None) == is_entitled
        assert not families.visible_to(session, restricted, lavrova)
        whole = reading.open_whole(session, line.row.id, lavrova, g.minute(1))
        assert (whole.line.who, whole.number, whole.line.guarded) == (None, None, True)
        assert dialling.begin(session, line.row.id, lavrova, g.minute(1)) == number, "she may call back all the same"
        closing.by_reason(session, line.row.id, "mistake", "", lavrova, g.minute(2))
        with pytest.raises(NotFound):
            reading.open_whole(session, line.row.id, lavrova, g.minute(3))
        since, until = g.minute(0), g.minute(9)
        assert reading.closed_rows(session, lavrova, g.minute(3), since=since, until=until) == []
        assert len(reading.closed_rows(session, roshchina, g.minute(3), since=since, until=until)) == 1


def test_the_clock_stands_still_over_the_break_and_the_night(town: Database) -> None:
    """Thursday: break 12–13, closing 19:00; Friday opens at 8:00 (domain.md §1.1 A-5)."""
    with town.transaction() as session:
        g.open_from_eight(session)
        g.play(session, g.missed_call("1", 105, g.STRANGER))
        g.play(session, g.missed_call("2", 535, "+79070009957"))
        first, second = g.open_rows(session)
        assert first.due_at == g.minute(105) + timedelta(minutes=90), "11:45 → 13:15"
        assert second.due_at == g.minute(535) + timedelta(minutes=30, hours=13), "18:55 → next day 8:25"
        friday = g.play(session, g.missed_call("3", 535 + 24 * 60, "+79070009958"))
        third = g.open_rows(session)[-1]
        assert third.due_at == g.TEN + timedelta(days=4, minutes=-90), "Friday evening → Monday 8:30"
        row = session.scalars(select(ServiceHours).where(ServiceHours.service_id == friday.service_id)).one()
        row.days = [[[480, 1140]]] * 7
        session.flush()
        assert clock.set_clocks_again(session) == 2
        assert first.due_at == g.minute(135), "no break any more"
        assert third.due_at == g.minute(535) + timedelta(days=1, minutes=30, hours=13)
