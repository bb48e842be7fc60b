"""Signing in: named accounts, sessions kept in the database, attempts counted (OWASP ASVS 6–7; reliability.md S6–S11,
B69–B71).

The cookie holds 256 random bits, the database only their SHA-256: a stolen copy of the database opens no session.
"""

import hmac
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

from sqlalchemy import ForeignKey, Index, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from callflow.text import clean_line
from crm import passwords
from crm.audit import Actor, write
from crm.base import Base, Id
from crm.errors import RecordsError
from crm.keys import key_of
from crm.presence import go_offline
from crm.staff import Employee, by_login

IDLE_LIFETIME = timedelta(minutes=30)
ABSOLUTE_LIFETIME = timedelta(hours=12)
TOUCH_EVERY = timedelta(minutes=1)

WINDOW = timedelta(minutes=15)
FAILURES_PER_ACCOUNT_AND_ADDRESS = 5
FAILURES_PER_ADDRESS = 30

WRONG = "Неверное имя или пароль."


class WebSession(Base):
    """One signed-in browser. `end_reason`: signed_out, idle, expired, password, disabled, by_administrator."""

    __tablename__ = "web_session"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    token_hash: Mapped[str] = mapped_column(unique=True)
    employee_id: Mapped[int] = mapped_column(ForeignKey("employee.id"), index=True)
    created_at: Mapped[datetime]
    last_seen_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    ip: Mapped[str]
    user_agent: Mapped[str]
    ended_at: Mapped[datetime | None]
    end_reason: Mapped[str | None]


class LoginAttempt(Base):
    """A try to sign in. The login is kept as a keyed digest: people type their password into the wrong field."""

    __tablename__ = "login_attempt"
    __table_args__ = (Index("ix_login_attempt_ip_at", "ip", "at"),)

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    login_digest: Mapped[str]
    ip: Mapped[str]
    at: Mapped[datetime]
    succeeded: Mapped[bool]


@dataclass(frozen=True)
class SignedIn:
    """The door is open; `token` goes into the cookie and nowhere else."""

    token: str
    employee: Employee
    web_session: WebSession


@dataclass(frozen=True)
class Refused:
    """The door stays shut; `retry_after` is set when it is shut for a while."""

    sentence: str
    retry_after: timedelta | None = None


@dataclass(frozen=True)
class Authenticated:
    """Whose request this is."""

    employee: Employee
    web_session: WebSession


def sign_in(  # noqa: PLR0917 - the order in which the form and the request give them
    session: Session, login: str, password: str, ip: str, user_agent: str, at: datetime
) -> SignedIn | Refused:
    """Check the password and open a new session, never an old one (fixation). Every try is counted and audited."""
    digest = hmac.new(
        key_of(session, "login"), login.strip().casefold()[:200].encode(errors="replace"), sha256
    ).hexdigest()
    ip = clean_line(ip, 60)
    wait = _throttled(session, digest, ip, at)
    if wait is not None:
        minutes = max(1, -(-int(wait.total_seconds()) // 60))
        return Refused(f"Слишком много попыток входа. Повторите через {minutes} мин.", wait)
    employee = by_login(session, login)
    known_hash = employee.password_hash if employee is not None and employee.active else None
    succeeded = passwords.matches(known_hash, password)
    session.add(LoginAttempt(login_digest=digest, ip=ip, at=at, succeeded=succeeded))
    if employee is None or not succeeded:
        write(session, Actor(employee.id if employee else None, "вход", "", ip), "sign_in.failed", at=at)
        return Refused(WRONG)
    token = secrets.token_urlsafe(32)
    web_session = WebSession(
        token_hash=_token_hash(token),
        employee_id=employee.id,
        created_at=at,
        last_seen_at=at,
        expires_at=at + ABSOLUTE_LIFETIME,
        ip=ip,
        user_agent=clean_line(user_agent, 200),
    )
    session.add(web_session)
    session.flush()
    write(session, Actor.of(employee, ip), "sign_in", subject="web_session", subject_id=web_session.id, at=at)
    return SignedIn(token, employee, web_session)


def _throttled(session: Session, digest: str, ip: str, at: datetime) -> timedelta | None:
    """How long this address must wait for this account, or for any. Other addresses are never made to wait by it
    (S10).
    """
    failed = select(LoginAttempt.at).where(
        LoginAttempt.ip == ip, LoginAttempt.at > at - WINDOW, ~LoginAttempt.succeeded
    )
    since = select(func.max(LoginAttempt.at)).where(
        LoginAttempt.ip == ip, LoginAttempt.login_digest == digest, LoginAttempt.succeeded
    )
    last_success = session.scalar(since)
    own = failed.where(LoginAttempt.login_digest == digest)
    if last_success is not None:
        own = own.where(LoginAttempt.at > last_success)
    for statement, allowed in ((own, FAILURES_PER_ACCOUNT_AND_ADDRESS), (failed, FAILURES_PER_ADDRESS)):
        failures = session.scalars(statement.order_by(LoginAttempt.at.desc()).limit(allowed)).all()
        if len(failures) == allowed:
            return failures[-1] + WINDOW - at
    return None


def authenticate(session: Session, token: str, at: datetime, *, activity: bool = True) -> Authenticated | None:
    """Return whose token this is, or None when it is forged, ended, idle for 30 minutes or 12 hours old.

    `activity=False` for the event stream: a page left open is nobody at work. Works in a reading session too; there
    the idle clock is not moved (call again in a transaction, at most once a minute: see `needs_touch`).
    """
    statement = (
        select(WebSession, Employee)
        .join(Employee, Employee.id == WebSession.employee_id)
        .where(WebSession.token_hash == _token_hash(token), WebSession.ended_at.is_(None))
    )
    found = session.execute(statement).first()
    if found is None:
        return None
    web_session, employee = found
    if not employee.active or at >= web_session.expires_at or at >= web_session.last_seen_at + IDLE_LIFETIME:
        return None
    if activity and needs_touch(web_session, at) and not session.info.get("read_only"):
        web_session.last_seen_at = at
    return Authenticated(employee, web_session)


def needs_touch(web_session: WebSession, at: datetime) -> bool:
    """Tell whether the idle clock is due to be moved: once a minute, not with every request."""
    return at >= web_session.last_seen_at + TOUCH_EVERY


def _token_hash(token: str) -> str:
    return sha256(token.encode(errors="replace")).hexdigest()


def sessions_of(session: Session, employee_id: int) -> Sequence[WebSession]:
    """Return the open sessions, newest first, for the page where they can be ended (S8)."""
    statement = select(WebSession).where(WebSession.employee_id == employee_id, WebSession.ended_at.is_(None))
    return session.scalars(statement.order_by(WebSession.id.desc())).all()


def sign_out(session: Session, token: str, at: datetime) -> None:
    """End this one session; with the last one the operator goes offline."""
    statement = select(WebSession).where(WebSession.token_hash == _token_hash(token), WebSession.ended_at.is_(None))
    web_session = session.scalars(statement).one_or_none()
    if web_session is not None:
        _end(session, [web_session], "signed_out", at)


def end_sessions(session: Session, employee_id: int, at: datetime, reason: str, *, keep: int | None = None) -> int:
    """End the employee's sessions (but `keep`); return how many."""
    ending = [web_session for web_session in sessions_of(session, employee_id) if web_session.id != keep]
    _end(session, ending, reason, at)
    return len(ending)


def end_session(session: Session, web_session_id: int, employee_id: int, at: datetime, reason: str) -> int:
    """End one session of this employee; return 0 where it is not theirs or has ended."""
    ending = [web_session for web_session in sessions_of(session, employee_id) if web_session.id == web_session_id]
    _end(session, ending, reason, at)
    return len(ending)


def sweep(session: Session, at: datetime) -> list[int]:
    """End sessions whose time is over; return the employees who went offline by it. Run every minute."""
    over = (WebSession.expires_at <= at) | (WebSession.last_seen_at <= at - IDLE_LIFETIME)
    ending = session.scalars(select(WebSession).where(WebSession.ended_at.is_(None), over).with_for_update()).all()
    return _end(session, ending, "idle", at)


def _end(session: Session, ending: Sequence[WebSession], reason: str, at: datetime) -> list[int]:
    from crm import browser_phone  # noqa: PLC0415 - the telephone in the browser belongs to the session, and knows its class

    for web_session in ending:
        web_session.ended_at, web_session.end_reason = at, reason
    session.flush()
    browser_phone.revoke(session, [web_session.id for web_session in ending], at)
    gone = [
        employee_id
        for employee_id in dict.fromkeys(row.employee_id for row in ending)
        if not sessions_of(session, employee_id)
    ]
    for employee_id in gone:
        go_offline(session, employee_id, at)
        write(session, Actor(employee_id, "", ""), "sign_out", details={"reason": reason}, at=at)
    return gone


def set_password(
    session: Session, employee: Employee, password: str, at: datetime, *, keep_session: int | None = None
) -> None:
    """Set a password and end the other sessions. Raises RecordsError with the sentence where it is too weak (S9)."""
    problem = passwords.refusal(password, employee.login, employee.surname)
    if problem is not None:
        raise RecordsError(problem)
    employee.password_hash = passwords.hashed(password)
    end_sessions(session, employee.id, at, "password", keep=keep_session)


def disable(session: Session, employee: Employee, at: datetime) -> None:
    """Close the account and end its sessions; its records stay."""
    employee.active = False
    end_sessions(session, employee.id, at, "disabled")
