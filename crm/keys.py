"""One secret of the installation, one derived key per purpose.

A key that leaks from one use (a telephone's password, say) tells nothing about the others.
"""

import hmac
import os
import secrets
from hashlib import sha256
from pathlib import Path

from sqlalchemy.orm import Session


def derive(secret_key: str, purpose: str) -> bytes:
    """Return the 32-byte key for `purpose` ("audit", "browser-phone", "desk-phone", "login")."""
    return hmac.digest(secret_key.encode(), purpose.encode(), sha256)


def key_of(session: Session, purpose: str) -> bytes:
    """Return the key for `purpose` from the secret that the session's `Database` was opened with.

    Raises RuntimeError where the database was opened without a secret: nothing may be signed with an empty key.
    """
    secret_key = session.info.get("secret_key")
    if not secret_key:
        raise RuntimeError("this database was opened without the secret key")
    return derive(secret_key, purpose)


def read_or_create(path: Path) -> str:
    """Return the secret in `path`; at the first start make one, readable by the owner only.

    Two processes starting at once agree on one secret: the file is written aside and linked into place, and the link
    succeeds once.
    """
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        aside = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
        descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_hex(32) + "\n")
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(aside, path)
        except FileExistsError:
            pass
        finally:
            aside.unlink()
    return path.read_text().strip()
