"""A short-lived SIP account for the telephone inside a signed-in browser.

The secret is computed from the row's id and the installation's key; what is stored cannot register anything.
"""

import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import md5, sha256

from sqlalchemy import ForeignKey, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from crm import exchange_state
from crm.base import Base, Id
from crm.errors import RecordsError
from crm.keys import key_of
from crm.sign_in import ABSOLUTE_LIFETIME, WebSession
from crm.staff import Employee, extension_of

REALM = "family-dispatch"


class PhoneCredential(Base):
    """Permission for one session's browser to register as its employee's extension until `expires_at`."""

    __tablename__ = "phone_credential"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    employee_id: Mapped[int] = mapped_column(ForeignKey("employee.id"), index=True)
    extension: Mapped[str] = mapped_column(index=True)
    session_id: Mapped[int] = mapped_column(ForeignKey("web_session.id"), index=True)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]

    @property
    def user(self) -> str:
        """The SIP user name, "101-web"."""
        return f"{self.extension}-web"


@dataclass(frozen=True)
class LiveCredential:
    """What the rendered configuration needs; `ha1` is RFC 2617's MD5(user:realm:secret), the form Asterisk takes."""

    extension: str
    ha1: str


def _secret(session: Session, credential: PhoneCredential) -> str:
    key = key_of(session, "browser-phone")
    return hmac.new(key, f"{credential.id}:{credential.session_id}".encode(), sha256).hexdigest()[:40]


def issue(session: Session, employee: Employee, web_session: WebSession, at: datetime) -> tuple[PhoneCredential, str]:
    """Return the credential of this session's browser and its secret; a second tab or a refresh gets the same one.

    An extension has one web account in the exchange, so a new session revokes the older sessions' credentials.
    Raises RecordsError where the employee has no extension.
    """
    extension = extension_of(session, employee.id)
    if extension is None:
        raise RecordsError("За вами не закреплён внутренний номер. Обратитесь к администратору.")
    live = select(PhoneCredential).where(
        PhoneCredential.extension == extension.number,
        PhoneCredential.session_id == web_session.id,
        PhoneCredential.employee_id == employee.id,
        PhoneCredential.revoked_at.is_(None),
        PhoneCredential.expires_at > at,
    )
    existing = session.scalars(live.order_by(PhoneCredential.id.desc())).first()
    if existing is not None:
        return existing, _secret(session, existing)
    older = update(PhoneCredential).where(
        PhoneCredential.extension == extension.number, PhoneCredential.revoked_at.is_(None)
    )
    session.execute(older.values(revoked_at=at))
    credential = PhoneCredential(
        employee_id=employee.id,
        extension=extension.number,
        session_id=web_session.id,
        created_at=at,
        expires_at=min(web_session.expires_at, at + ABSOLUTE_LIFETIME),
    )
    session.add(credential)
    session.flush()
    exchange_state.touch(session)
    return credential, _secret(session, credential)


def live_credentials(session: Session, at: datetime) -> Sequence[LiveCredential]:
    """Return the accounts that the exchange must accept now, by extension, one per extension."""
    statement = (
        select(PhoneCredential)
        .join(WebSession, WebSession.id == PhoneCredential.session_id)
        .where(PhoneCredential.revoked_at.is_(None), PhoneCredential.expires_at > at, WebSession.ended_at.is_(None))
        .order_by(PhoneCredential.extension, PhoneCredential.id)
    )
    accounts = {
        credential.extension: LiveCredential(credential.extension, _ha1(credential.user, _secret(session, credential)))
        for credential in session.scalars(statement)
    }
    return list(accounts.values())


def _ha1(user: str, secret: str) -> str:
    # MD5 because SIP digest is defined so; the secret has 160 bits and lives for hours.
    return md5(f"{user}:{REALM}:{secret}".encode(), usedforsecurity=False).hexdigest()


def revoke(session: Session, session_ids: Sequence[int], at: datetime) -> None:
    """End the credentials of these web sessions; the next rendering drops their accounts."""
    statement = update(PhoneCredential).where(
        PhoneCredential.session_id.in_(session_ids), PhoneCredential.revoked_at.is_(None)
    )
    if session.execute(statement.values(revoked_at=at)).rowcount:  # type: ignore[attr-defined]
        exchange_state.touch(session)
