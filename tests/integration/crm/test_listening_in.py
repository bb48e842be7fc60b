"""Listening in: only by the rule, only the head's own service, only operators; told, timed, and never twice."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from callflow.dialplan_word import DialplanWord, Subject
from crm.audit import AuditEvent
from crm.call_tables import CallRecord
from crm.db import Database
from crm.errors import Incomplete, NotFound, RecordsError
from crm.recordings import monitor_rule, monitoring, watching
from crm.recordings.tables import MonitorSession, MonitorState
from tests.integration.crm.scenario import after, answered, arrived, employee, ended, play, released, ringing, waiting


def set_rule(session, *, on: bool = True, tell: bool = True, number: str = "7", service_id: int = 1) -> None:
    monitor_rule.set_rule(
        session, service_id, employee(session, "chernykh"), after(0), on=on, order_number=number,
        order_date=after(0).date(), tell_listening=tell, version=monitor_rule.rule_of(session, service_id).version,
    )  # fmt: skip


def sign(session, login: str = "lavrova", service_id: int = 1) -> None:
    rule = monitor_rule.rule_of(session, service_id)
    operator, head = employee(session, login), employee(session, "roshchina")
    monitor_rule.sign(session, rule, operator.id, head, after(0), signed_on=after(0).date())


def talk(session) -> CallRecord:
    """Lavrova talks."""
    return play(session, [arrived(), waiting(), ringing(), answered()])


def ask(session, mode: str = "listen", seconds: float = 10, login: str = "roshchina") -> MonitorSession:
    call = session.scalars(select(CallRecord)).first() or talk(session)
    operator, watcher = employee(session, "lavrova"), employee(session, login)
    return monitoring.ask(session, call.id, operator.id, watcher, after(seconds), mode=mode)


def word(row: MonitorSession, state: str, seconds: float) -> DialplanWord:
    return DialplanWord(
        subject=Subject.MONITOR, call="2.2", at=after(seconds), order=str(row.id), state=state, uniqueid="x"
    )


def begun(session, mode: str = "listen", **rule: bool) -> MonitorSession:
    """Asked, claimed, and told by the dialplan to be on."""
    set_rule(session, **rule)
    sign(session)
    talk(session)
    row = ask(session, mode)
    assert monitoring.claim(session, after(10)) is row
    monitoring.follow(session, word(row, "started", 12))
    return row


def test_without_the_directors_order_nobody_may_listen(town: Database) -> None:
    with town.transaction() as session:
        with pytest.raises(RecordsError, match="не введено приказом"):
            ask(session)
        with pytest.raises(RecordsError):
            monitor_rule.set_rule(
                session, 1, employee(session, "roshchina"), after(0), on=True, order_number="1",
                order_date=after(0).date(), tell_listening=True, version=1,
            )  # fmt: skip


@pytest.mark.parametrize(("number", "day", "field"), [("", 0, "order_number"), ("1", 2, "order_date")])
def test_the_order_has_a_number_and_a_date(town: Database, number: str, day: int, field: str) -> None:
    with town.transaction() as session, pytest.raises(Incomplete) as refused:
        monitor_rule.set_rule(
            session, 1, employee(session, "chernykh"), after(0), on=True, order_number=number,
            order_date=(after(0) + timedelta(days=day)).date(), tell_listening=True, version=1,
        )  # fmt: skip
    assert list(refused.value.fields) == [field]


def test_who_has_not_signed_is_not_listened_to(town: Database) -> None:
    with town.transaction() as session:
        set_rule(session)
        with pytest.raises(RecordsError, match="нет отметки об ознакомлении"):
            ask(session)
        sign(session)
        sign(session)
        assert ask(session).state == MonitorState.REQUESTED
        set_rule(session, number="8")
        rule = monitor_rule.rule_of(session, 1)
        assert monitor_rule.signed(session, rule, employee(session, "lavrova").id) is None, "another order"


def test_a_signature_is_not_older_than_the_order(town: Database) -> None:
    with town.transaction() as session:
        set_rule(session)
        rule, operator = monitor_rule.rule_of(session, 1), employee(session, "lavrova")
        for day in (-1, 1):
            with pytest.raises(Incomplete):
                monitor_rule.sign(
                    session, rule, operator.id, employee(session, "roshchina"), after(0),
                    signed_on=(after(0) + timedelta(days=day)).date(),
                )  # fmt: skip


@pytest.mark.parametrize("login", ["chernykh", "lavrova", "zayac", "gromova", "smirnova", "kim"])
def test_only_the_head_of_the_service_listens(town: Database, login: str) -> None:
    with town.transaction() as session:
        set_rule(session)
        sign(session)
        talk(session)
        with pytest.raises(NotFound):
            ask(session, login=login)


def test_a_specialists_talk_and_one_that_is_over_are_nobodys(town: Database) -> None:
    with town.transaction() as session:
        set_rule(session)
        sign(session)
        call = play(session, [arrived(), waiting(), ringing("201"), answered("201")])
        head = employee(session, "roshchina")
        with pytest.raises(NotFound):
            monitoring.ask(session, call.id, employee(session, "smirnova").id, head, after(9), mode="listen")
        with pytest.raises(RecordsError, match="окончен"):
            monitoring.ask(session, call.id, employee(session, "lavrova").id, head, after(9), mode="listen")
        assert watching.live_talks(session, head) == []


def test_the_same_wish_twice_is_one_and_is_carried_out_once(town: Database) -> None:
    with town.transaction() as session:
        set_rule(session)
        sign(session)
        talk(session)
        assert ask(session).id == ask(session, seconds=11).id
        assert monitoring.claim(session, after(12)) is not None
        assert monitoring.claim(session, after(12)) is None


def test_a_wish_that_waited_too_long_is_given_up(town: Database) -> None:
    with town.transaction() as session:
        set_rule(session)
        sign(session)
        talk(session)
        row = ask(session)
        assert monitoring.claim(session, after(60)) is None
        session.refresh(row)
        assert (row.state, row.error) == (MonitorState.FAILED, monitoring.LATE)


@pytest.mark.parametrize(
    ("mode", "tell", "told"),
    [("listen", True, True), ("listen", False, False), ("whisper", False, True), ("join", False, True)],
)
def test_the_operator_is_told(town: Database, mode: str, tell: bool, told: bool) -> None:
    with town.transaction() as session:
        row = begun(session, mode, tell=tell)
        said = watching.told_to(session, row.call_id, row.target_id)
        assert bool(said) == told
        assert watching.told_to(session, row.call_id, row.watcher_id) == ""
        monitoring.follow(session, word(row, "ended", 30))
        assert watching.told_to(session, row.call_id, row.target_id) == ""


def test_from_when_until_when_is_in_the_audit_log(town: Database) -> None:
    with town.transaction() as session:
        row = begun(session)
        for _ in range(2):
            monitoring.follow(session, word(row, "ended", 30))
        assert (row.state, row.began_at, row.ended_at) == (MonitorState.ENDED, after(12), after(30))
    with town.reading() as session:
        events = session.scalars(select(AuditEvent).where(AuditEvent.action.like("monitor.%"))).all()
        assert [one.action for one in events] == ["monitor.rule", "monitor.signed", "monitor.ask", "monitor.done"]
        assert after(12).isoformat() in events[-1].details
        assert after(30).isoformat() in events[-1].details
        assert events[-1].actor_name == "Рощина В. П."


def test_another_mode_follows_on_the_same_leg(town: Database) -> None:
    with town.transaction() as session:
        row = begun(session)
        other = ask(session, "join", 20)
        claimed = monitoring.claim(session, after(21))
        assert claimed is not None
        before = monitoring.going_on(session, claimed)
        assert before is not None
        assert before.id == row.id
        monitoring.continue_on(session, other.id, row.channel_id)
        monitoring.follow(session, word(other, "started", 22))
        session.refresh(row)
        assert (row.state, row.ended_at) == (MonitorState.ENDED, after(22))
        assert (other.state, other.channel_id) == (MonitorState.ON, row.channel_id)


def test_a_talk_that_ended_meanwhile_is_not_begun(town: Database) -> None:
    with town.transaction() as session:
        set_rule(session)
        sign(session)
        talk(session)
        row = ask(session)
        play(session, [released(), ended()])
        assert monitoring.refusal_now(session, row) == monitoring.OVER
        set_rule(session, on=False)
        assert monitoring.refusal_now(session, row) != ""


@pytest.mark.parametrize("what", ["the rule", "a new order that nobody has signed", "the head's post"])
def test_who_may_no_longer_listen_is_stopped_once_and_reads_why(town: Database, what: str) -> None:
    with town.transaction() as session:
        row = begun(session)
        assert monitoring.forbidden_now(session, row) == ""
        if what == "the rule":
            set_rule(session, on=False)
        elif what == "the head's post":
            employee(session, "roshchina").role = "specialist"
        else:
            set_rule(session, number="8")
        why = monitoring.forbidden_now(session, row)
        assert why
        for seconds in (20, 21):
            monitoring.forbid(session, row.id, why, after(seconds))
        monitoring.follow(session, word(row, "ended", 22))
        session.refresh(row)
        assert (row.state, row.stop_asked_at, row.ended_at) == (MonitorState.ENDED, after(20), after(22))
        assert row.error == why
    with town.reading() as session:
        events = session.scalars(select(AuditEvent).where(AuditEvent.action.like("monitor.%"))).all()
        assert [one.action for one in events][-2:] == ["monitor.stop", "monitor.done"]
        assert events[-2].actor_name == "worker"


def test_a_second_talk_waits_for_the_end_of_the_first(town: Database) -> None:
    with town.transaction() as session:
        begun(session)
        sign(session, "zayac")
        other = play(
            session, [arrived("2.2"), waiting("2.2"), ringing("102", "l2", 5, "2.2"), answered("102", "l2", 6, "2.2")]
        )
        with pytest.raises(RecordsError, match="Сначала закончите"):
            monitoring.ask(
                session,
                other.id,
                employee(session, "zayac").id,
                employee(session, "roshchina"),
                after(9),
                mode="listen",
            )
