"""A task from its claim to its end, on both engines: one owner, one attempt, one end, whatever is said twice."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from sqlalchemy import select

from callflow.dialler.rules import Answer, Rule
from callflow.dialler.states import AttemptState, Channel, Disposition, TaskState
from callflow.dialler.wire import CdrLine, Evidence, Judged
from crm.appointments import steps
from crm.appointments.tables import Appointment
from crm.audit import Actor
from crm.db import Database
from crm.dialler import claiming, following, gating, reconciling, sweeping, switches
from crm.dialler.tables import DialAttempt, DialEvent, DialTask, LineSlot
from crm.family_tables import Person
from tests.integration.crm.dialler.ordering import AFTERNOON, ME, order
from tests.integration.crm.scenario import employee
from tests.support.dialling import BOOT, LIVE


def read(town: Database, task_id: int) -> tuple[DialTask, list[DialAttempt]]:
    with town.reading() as session:
        task = session.get_one(DialTask, task_id)
        return task, list(session.scalars(select(DialAttempt).where(DialAttempt.task_id == task_id)))


def slots(town: Database) -> int:
    with town.reading() as session:
        return len(session.scalars(select(LineSlot).where(LineSlot.attempt_id.is_not(None))).all())


def test_a_due_task_is_ordered_once_and_ends_once(town: Database, task_id: int) -> None:
    attempt = order(town).attempt
    assert attempt is not None
    assert slots(town) == 1
    with town.transaction() as session:
        assert claiming.claim(session, "worker-2", AFTERNOON) is None
        assert following.heard(session, attempt.id, "ringing", "", AFTERNOON) is not None
        assert following.heard(session, attempt.id, "ringing", "", AFTERNOON) is None
        assert following.answered(session, attempt.id, AFTERNOON)
        assert not following.answered(session, attempt.id, AFTERNOON)
        following.step(session, attempt.id, "confirm", "", AFTERNOON)
        assert following.settle(session, attempt.id, Disposition.CONFIRMED, AFTERNOON, "agi")
        assert not following.settle(session, attempt.id, Disposition.HUNG_UP, AFTERNOON, "word")
    assert slots(town) == 1  # the family still hears the good-bye
    with town.transaction() as session:
        assert following.heard(session, attempt.id, "ended", "ANSWER-16-", AFTERNOON) is None
    task, attempts = read(town, task_id)
    assert (task.state, task.delivered_at) == (TaskState.CONFIRMED, AFTERNOON)
    assert [(one.state, one.disposition, one.live) for one in attempts] == [("ended", "confirmed", False)]
    assert slots(town) == 0


def test_a_busy_number_is_called_again_and_no_consent_goes_to_a_person(town: Database, task_id: int) -> None:
    attempt = order(town).attempt
    assert attempt is not None
    with town.transaction() as session:
        following.heard(session, attempt.id, "ringing", "", AFTERNOON)
        following.heard(session, attempt.id, "ended", "BUSY-17-486", AFTERNOON)
    task, _ = read(town, task_id)
    assert (task.state, task.due_at) == (TaskState.DUE, AFTERNOON + timedelta(minutes=60))
    with town.transaction() as session:
        person = session.get_one(Person, task.person_id)
        for phone in person.phones:
            phone.robot_allowed = False
    verdict = order(town, AFTERNOON + timedelta(minutes=61)).verdict
    assert verdict is not None
    assert verdict.rule is Rule.NO_CONSENT
    task, _ = read(town, task_id)
    assert (task.channel, task.state, task.rule) == (Channel.HUMAN, TaskState.DUE, "no_consent")


def test_the_gap_holds_whatever_the_task_says(town: Database, task_id: int) -> None:
    attempt = order(town).attempt
    assert attempt is not None
    with town.transaction() as session:
        following.heard(session, attempt.id, "ringing", "", AFTERNOON)
        following.heard(session, attempt.id, "ended", "BUSY-17-486", AFTERNOON)
        session.get_one(DialTask, task_id).due_at = AFTERNOON
    verdict = order(town, AFTERNOON + timedelta(minutes=10)).verdict
    assert verdict is not None
    assert (verdict.answer, verdict.rule, verdict.until) == (Answer.WAIT, Rule.GAP, AFTERNOON + timedelta(minutes=60))


def test_without_evidence_nothing_is_dialled_again(town: Database, task_id: int) -> None:
    attempt = order(town).attempt
    assert attempt is not None
    late = attempt.not_after + timedelta(seconds=20)
    other_life = Evidence(alive=False, boot_id="2026-11-12 13:31:00", gate_key=False)
    with town.transaction() as session:
        assert [one.id for one in reconciling.silent(session, late)] == [attempt.id]
        assert reconciling.apply(session, attempt.id, other_life, late).judged is Judged.UNKNOWN
        assert claiming.claim(session, ME, late) is None
    task, attempts = read(town, task_id)
    assert (task.channel, task.state, task.rule) == (Channel.HUMAN, TaskState.DUE, "unknown")
    assert (attempts[0].state, slots(town)) == (AttemptState.UNKNOWN, 0)


def test_proof_that_it_never_left_makes_it_due_again(town: Database, task_id: int) -> None:
    attempt = order(town).attempt
    assert attempt is not None
    seen = Evidence(alive=False, boot_id=BOOT, gate_key=False)
    early, late = attempt.not_after, attempt.not_after + timedelta(seconds=1)
    with town.transaction() as session:
        assert reconciling.apply(session, attempt.id, seen, early).judged is Judged.WAIT
        assert reconciling.apply(session, attempt.id, seen, late).judged is Judged.NOT_SENT
    assert read(town, task_id)[0].state == TaskState.DUE
    assert order(town, late).attempt is not None


def test_a_call_that_nobody_watched_is_settled_by_its_cdr(town: Database, task_id: int) -> None:
    attempt = order(town).attempt
    assert attempt is not None
    seen = Evidence(alive=False, boot_id=BOOT, gate_key=True, cdr=CdrLine("NO ANSWER"))
    with town.transaction() as session:
        assert reconciling.apply(session, attempt.id, seen, AFTERNOON + timedelta(minutes=2)).judged is Judged.ENDED
    task, attempts = read(town, task_id)
    assert (attempts[0].disposition, attempts[0].evidence, task.channel) == ("no_answer", "cdr", Channel.HUMAN)


def test_a_moved_booking_is_not_spoken_of(town: Database, task_id: int) -> None:
    attempt = order(town).attempt
    assert attempt is not None
    with town.transaction() as session:
        subject = session.get_one(DialTask, task_id).subjects[0]
        row = session.get_one(Appointment, subject.appointment_id)
        steps.cancel(session, row.id, row.version, "service", "болезнь", employee(session, "roshchina"), AFTERNOON)
        assert switches.to_hang_up(session) == [attempt.id]
        assert not following.answered(session, attempt.id, AFTERNOON)
        following.heard(session, attempt.id, "ended", "CANCEL-0-", AFTERNOON)
    task, attempts = read(town, task_id)
    assert (task.state, attempts[0].disposition, slots(town)) == (TaskState.CANCELLED, "withdrawn", 0)


def test_a_dead_workers_claim_ends_and_its_late_order_is_nobodys(town: Database, task_id: int) -> None:
    with town.transaction() as session:
        assert claiming.claim(session, "dead", AFTERNOON) is not None
    late = AFTERNOON + timedelta(seconds=31)
    with town.transaction() as session:
        assert sweeping.sweep(session, late).leases == 1
        assert gating.gate(session, task_id, "dead", late, LIVE, mode="demo", prompts={}) == gating.Gated()
    assert order(town, late).attempt is not None


def test_the_red_button_keeps_every_order_back(town: Database, task_id: int) -> None:
    with town.transaction() as session:
        switches.stop(session, employee(session, "roshchina"), AFTERNOON)
    verdict = order(town).verdict
    assert verdict is not None
    assert verdict.rule is Rule.STOPPED
    with town.transaction() as session:
        switches.resume(session, employee(session, "roshchina"), AFTERNOON)
    assert order(town, AFTERNOON + timedelta(minutes=2)).attempt is not None


def test_too_late_ends_with_a_word(town: Database, task_id: int) -> None:
    deadline = read(town, task_id)[0].deadline
    with town.transaction() as session:
        assert sweeping.sweep(session, deadline).expired == 1
        assert sweeping.sweep(session, deadline).expired == 0
    task = read(town, task_id)[0]
    with town.reading() as session:
        story = session.scalars(select(DialEvent.what).where(DialEvent.task_id == task_id)).all()
    assert (task.state, story) == (TaskState.EXPIRED, ["expired"])


def test_by_a_wrong_clock_nothing_is_decided(town: Database, task_id: int) -> None:
    """A day ahead everything would be too late; the task stays due as it was (F27)."""
    due_at = read(town, task_id)[0].due_at
    tomorrow = AFTERNOON + timedelta(days=1)
    verdict = order(town, tomorrow, replace(LIVE, clock_skew=-86400.0)).verdict
    assert verdict is not None
    assert verdict.rule is Rule.CLOCK
    task, attempts = read(town, task_id)
    assert (task.state, task.due_at, task.rule, attempts) == (TaskState.DUE, due_at, Rule.CLOCK, [])
    assert order(town).attempt is not None


def test_a_claim_of_a_wrong_clock_does_not_last(town: Database, task_id: int) -> None:
    with town.transaction() as session:
        assert claiming.claim(session, "dead", AFTERNOON + timedelta(hours=1)) is not None
    with town.transaction() as session:
        assert sweeping.sweep(session, AFTERNOON).leases == 1
    assert order(town).attempt is not None


def test_a_clock_that_is_set_right_does_not_pause_for_an_hour(town: Database, task_id: int) -> None:
    by = Actor(None, "ticker")
    for at in (AFTERNOON + timedelta(hours=1), AFTERNOON):
        with town.transaction() as session:
            switches.pause(session, at + timedelta(minutes=1), "часы", at, by=by, employee_id=None)
    with town.reading() as session:
        assert switches.current(session).paused_until == AFTERNOON + timedelta(minutes=1)
    with town.transaction() as session:
        switches.pause(session, AFTERNOON + timedelta(hours=2), "обед", AFTERNOON, by=by, employee_id=None)
        switches.pause(session, AFTERNOON + timedelta(minutes=1), "часы", AFTERNOON, by=by, employee_id=None)
    with town.reading() as session:
        assert switches.current(session).paused_until == AFTERNOON + timedelta(hours=2)
    verdict = order(town).verdict
    assert verdict is not None
    assert verdict.rule is Rule.PAUSED
