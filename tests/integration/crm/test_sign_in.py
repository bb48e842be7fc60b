"""Signing in and staying in (reliability.md S6–S11, B69–B71)."""

from __future__ import annotations

import statistics
import time
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from crm import passwords, sign_in
from crm.audit import AuditEvent
from crm.db import Database
from crm.demo.logins import password_of
from crm.errors import RecordsError
from crm.sign_in import LoginAttempt, Refused, SignedIn, WebSession
from tests.integration.crm.scenario import NOON, employee


def enter(
    database: Database, login: str = "lavrova", password: str = "", ip: str = "10.0.0.1", at: datetime = NOON
) -> SignedIn | Refused:
    with database.transaction() as session:
        return sign_in.sign_in(session, login, password or password_of(login), ip, "Firefox", at)


def entered(database: Database, login: str = "lavrova", at: datetime = NOON) -> SignedIn:
    result = enter(database, login, at=at)
    assert isinstance(result, SignedIn)
    return result


def alive(database: Database, token: str, at: datetime) -> bool:
    with database.transaction() as session:
        return sign_in.authenticate(session, token, at) is not None


def test_the_right_password_opens_a_session_whose_token_is_not_stored(town: Database) -> None:
    signed = entered(town)
    assert signed.employee.full_name == "Лаврова Нина Аркадьевна"
    with town.reading() as session:
        stored = session.scalars(select(WebSession)).one()
        assert signed.token not in (stored.token_hash, stored.user_agent)
        known = sign_in.authenticate(session, signed.token, NOON)
        assert known is not None
        assert known.employee.login == "lavrova"


def test_every_sign_in_gets_another_token(town: Database) -> None:
    assert entered(town).token != entered(town).token


@pytest.mark.parametrize("token", ["", "x", "x" * 100_000, "\0", "\ud800", "' OR 1=1 --"])
def test_a_forged_token_opens_nothing(town: Database, token: str) -> None:
    entered(town)
    assert not alive(town, token, NOON)


def test_thirty_idle_minutes_end_it_and_the_event_stream_is_no_activity(town: Database) -> None:
    token = entered(town).token
    assert alive(town, token, NOON + timedelta(minutes=29))
    assert alive(town, token, NOON + timedelta(minutes=58))
    for minute in range(59, 88):
        with town.transaction() as session:
            at = NOON + timedelta(minutes=minute)
            assert sign_in.authenticate(session, token, at, activity=False) is not None
    assert not alive(town, token, NOON + timedelta(minutes=88))


def test_twelve_hours_end_it_however_busy(town: Database) -> None:
    token = entered(town).token
    for quarter in range(48):
        assert alive(town, token, NOON + timedelta(minutes=15 * quarter))
    assert not alive(town, token, NOON + timedelta(hours=12))


def test_signing_out_a_new_password_and_a_closed_account_end_sessions(town: Database) -> None:
    for end in ("sign_out", "password", "disable"):
        signed = entered(town, "gromova")
        with town.transaction() as session:
            gromova = employee(session, "gromova")
            if end == "sign_out":
                sign_in.sign_out(session, signed.token, NOON)
            elif end == "password":
                sign_in.set_password(session, gromova, "мост тонет в тумане", NOON)
                gromova.password_hash = passwords.hashed(password_of("gromova"))
            else:
                sign_in.disable(session, gromova, NOON)
        assert not alive(town, signed.token, NOON)
    assert isinstance(enter(town, "gromova"), Refused)


def test_the_session_in_which_the_password_was_changed_may_stay(town: Database) -> None:
    here, there = entered(town), entered(town)
    with town.transaction() as session:
        sign_in.set_password(
            session, employee(session, "lavrova"), "мост тонет в тумане", NOON, keep_session=here.web_session.id
        )
    assert alive(town, here.token, NOON)
    assert not alive(town, there.token, NOON)


def test_the_sweep_ends_what_is_over_and_tells_who_left(town: Database) -> None:
    signed = entered(town)
    entered(town, "zayac", at=NOON + timedelta(minutes=20))
    with town.transaction() as session:
        assert sign_in.sweep(session, NOON + timedelta(minutes=31)) == [signed.employee.id]
        assert sign_in.sweep(session, NOON + timedelta(minutes=31)) == []


def test_a_person_sees_and_ends_own_sessions_only(town: Database) -> None:
    mine, yours = entered(town), entered(town, "zayac")
    with town.transaction() as session:
        assert sign_in.end_session(session, yours.web_session.id, mine.employee.id, NOON, "signed_out") == 0
        assert sign_in.end_session(session, mine.web_session.id, mine.employee.id, NOON, "signed_out") == 1
        assert sign_in.sessions_of(session, mine.employee.id) == []


def test_wrong_password_unknown_and_closed_account_read_the_same(town: Database) -> None:
    with town.transaction() as session:
        sign_in.disable(session, employee(session, "zayac"), NOON)
    refusals = {enter(town, login, "не тот пароль вовсе") for login in ("lavrova", "nobody", "kim")}
    refusals.add(enter(town, "zayac"))
    assert refusals == {Refused(sign_in.WRONG)}


def test_an_unknown_account_takes_as_long_as_a_wrong_password(town: Database) -> None:
    spent: dict[str, list[float]] = {"lavrova": [], "nobody": []}
    for attempt in range(12):
        for login, times in spent.items():
            started = time.perf_counter()
            enter(town, login, "не тот пароль вовсе", ip=f"10.1.0.{attempt}")
            times.append(time.perf_counter() - started)
    known, unknown = (statistics.median(times) for times in spent.values())
    assert 0.5 < known / unknown < 2


def test_five_failures_make_this_address_wait_for_this_account_and_nobody_else(town: Database) -> None:
    for _ in range(5):
        assert enter(town, password="не тот пароль вовсе") == Refused(sign_in.WRONG)
    blocked = enter(town)
    assert isinstance(blocked, Refused)
    assert blocked.retry_after == timedelta(minutes=15)
    assert "15 мин" in blocked.sentence
    assert isinstance(enter(town, ip="10.0.0.2"), SignedIn)
    assert isinstance(enter(town, "gromova"), SignedIn)
    assert isinstance(enter(town, at=NOON + timedelta(minutes=15, seconds=1)), SignedIn)


def test_a_success_forgives_the_failures_before_it(town: Database) -> None:
    for step in range(12):
        at = NOON + timedelta(seconds=step)
        wrong = step % 3 != 2
        result = enter(town, password="не тот пароль вовсе" if wrong else "", at=at)
        assert isinstance(result, Refused if wrong else SignedIn)


def test_one_password_tried_on_many_accounts_makes_the_address_wait(town: Database) -> None:
    results = [enter(town, f"user{number}", "весна2026весна") for number in range(40)]
    assert sum(result != Refused(sign_in.WRONG) for result in results) == 40 - sign_in.FAILURES_PER_ADDRESS
    assert isinstance(enter(town), Refused)
    assert isinstance(enter(town, ip="10.0.0.2"), SignedIn)


def test_tries_are_logged_without_what_was_typed(town: Database) -> None:
    enter(town, "мой-пароль-по-ошибке", "не тот пароль вовсе")
    with town.reading() as session:
        attempt = session.scalars(select(LoginAttempt)).one()
        event = session.scalars(select(AuditEvent).where(AuditEvent.action == "sign_in.failed")).one()
        assert "пароль" not in f"{attempt.login_digest}{event.actor_name}{event.details}"


@pytest.mark.parametrize("login", ["\0", "a" * 1_000_000, "\ud800", "lavrova' --"])
def test_a_strange_login_is_a_wrong_one(town: Database, login: str) -> None:
    assert enter(town, login, "не тот пароль вовсе") == Refused(sign_in.WRONG)


def test_a_weak_new_password_is_refused_with_a_sentence(town: Database) -> None:
    with town.transaction() as session, pytest.raises(RecordsError, match="не короче 12"):
        sign_in.set_password(session, employee(session, "lavrova"), "короткий", NOON)


def test_hashes_are_argon2id(town: Database) -> None:
    with town.reading() as session:
        assert (employee(session, "lavrova").password_hash or "").startswith("$argon2id$")
