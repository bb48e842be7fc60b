"""The browser's telephone account: short-lived, one for an extension, and not to be made from what is stored."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from crm import browser_phone, exchange_state, sign_in
from crm.browser_phone import PhoneCredential
from crm.db import Database
from crm.demo.logins import password_of
from crm.errors import RecordsError
from crm.sign_in import SignedIn
from tests.integration.crm.scenario import NOON


def entered(database: Database, login: str = "lavrova") -> SignedIn:
    with database.transaction() as session:
        signed = sign_in.sign_in(session, login, password_of(login), "10.0.0.1", "Firefox", NOON)
        assert isinstance(signed, SignedIn)
        return signed


def issued(database: Database, signed: SignedIn, at: datetime = NOON) -> tuple[PhoneCredential, str]:
    with database.transaction() as session:
        return browser_phone.issue(session, signed.employee, signed.web_session, at)


def accounts(database: Database, at: datetime = NOON) -> list[browser_phone.LiveCredential]:
    with database.reading() as session:
        return list(browser_phone.live_credentials(session, at))


def test_the_exchange_gets_the_digest_of_the_secret_and_the_database_neither(town: Database) -> None:
    credential, secret = issued(town, entered(town))
    digest = hashlib.md5(f"101-web:family-dispatch:{secret}".encode()).hexdigest()  # noqa: S324
    assert accounts(town) == [browser_phone.LiveCredential("101", digest)]
    assert credential.user == "101-web"
    with town.reading() as session:
        row = session.scalars(select(PhoneCredential.__table__)).all()
        assert secret not in str(row)
        assert digest not in str(row)


def test_a_refresh_gets_the_same_secret_and_asks_for_no_new_rendering(town: Database) -> None:
    signed = entered(town)
    first = issued(town, signed)[1]
    with town.reading() as session:
        wanted = exchange_state.exchange_state(session).wanted_version
    assert issued(town, signed, NOON + timedelta(minutes=5))[1] == first
    with town.reading() as session:
        assert exchange_state.exchange_state(session).wanted_version == wanted


def test_a_new_session_takes_the_extension_over(town: Database) -> None:
    old = issued(town, entered(town))[1]
    new = issued(town, entered(town))[1]
    assert new != old
    assert len(accounts(town)) == 1


def test_the_end_of_the_session_ends_the_account_and_asks_for_a_rendering(town: Database) -> None:
    signed = entered(town)
    issued(town, signed)
    with town.transaction() as session:
        before = exchange_state.exchange_state(session).wanted_version
        sign_in.sign_out(session, signed.token, NOON)
        assert exchange_state.exchange_state(session).wanted_version > before
    assert accounts(town) == []


def test_an_account_ends_with_the_session_at_the_latest(town: Database) -> None:
    credential, _ = issued(town, entered(town))
    assert credential.expires_at <= NOON + sign_in.ABSOLUTE_LIFETIME
    assert accounts(town, NOON + sign_in.ABSOLUTE_LIFETIME) == []


def test_without_an_extension_there_is_no_telephone(town: Database) -> None:
    with pytest.raises(RecordsError, match="внутренний номер"):
        issued(town, entered(town, "kim"))
