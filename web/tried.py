"""One way to change the records from a page: what they refuse comes back as sentences for the same page.

    with trying(desk) as (session, tried):
        row = verb(session, …)
    if tried.refused:
        return _page(request, visitor, form=form, errors=tried.errors, status=tried.status)
    return back_to(request, …)

A page with forms shows them again with what was typed; a button of its own says `tried.sentence`. NotFound goes on to
the application's one answer. `web.attempts.save` does this for a form with a model.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from sqlalchemy.orm import Session

from crm.errors import Incomplete, NotFound, RecordsError, StaleVersion
from web.desk import Desk


@dataclass
class Tried:
    """What became of a change. `errors`: a sentence by field ('' for the whole), none when it was saved.

    `status`: 422 for what was typed, 409 for what the records do not allow now. `error` as the records raised it.
    """

    errors: dict[str, str] = field(default_factory=dict)
    status: int = 200
    error: RecordsError | None = None

    @property
    def refused(self) -> bool:
        """Nothing was written."""
        return self.error is not None

    @property
    def stale(self) -> StaleVersion | None:
        """What others have stored meanwhile, if that is the reason."""
        return self.error if isinstance(self.error, StaleVersion) else None

    @property
    def sentence(self) -> str:
        """The refusal for a place that has no fields."""
        return next(iter(self.errors.values()), "")


NOTHING_TRIED = Tried()
"""For a page that is only looked at."""


@contextmanager
def trying(desk: Desk, *, stale: str = "") -> Iterator[tuple[Session, Tried]]:
    """A transaction whose refusals are noted in the `Tried` instead of being raised; only NotFound is.

    `stale`: what this page says when others were faster, in place of the records' general sentence.
    """
    tried = Tried()
    try:
        with desk.database.transaction() as session:
            yield session, tried
    except NotFound:
        raise
    except RecordsError as error:
        tried.error = error
        tried.status = 422 if isinstance(error, Incomplete) else 409
        sentence = stale if stale and isinstance(error, StaleVersion) else str(error)
        tried.errors = dict(error.fields) if isinstance(error, Incomplete) else {"": sentence}
