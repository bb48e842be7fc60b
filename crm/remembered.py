"""What one transaction has read already and need not read again: rows that it holds, who sits where."""

from typing import Any

from sqlalchemy.orm import Session

_KEY = "remembered"


def remembered(session: Session, what: str) -> dict[str, Any]:
    """A place for answers of one kind, empty when a transaction begins. Only for what this transaction has locked, or
    what may be as old as its beginning."""
    transaction = session.get_transaction()
    known, places = session.info.get(_KEY, (None, None))
    if transaction is None or known is not transaction:
        places = {}
        session.info[_KEY] = (transaction, places)
    found: dict[str, Any] = places.setdefault(what, {})
    return found
