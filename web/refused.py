"""A form that was not saved: what was typed, what is wrong with it, and what others have changed meanwhile."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy.orm import Session

from crm.errors import Incomplete, NotFound, RecordsError, StaleVersion
from web.desk import Desk
from web.forms import Form


@dataclass(frozen=True)
class Refused:
    """`name` of the form, its fields as typed, a sentence by field ('' for the whole), 422 or 409; `changes`: what
    others have changed meanwhile (`crm.calendar.changing.Told`)."""

    name: str = ""
    typed: dict[str, str] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)
    status: int = 0
    version: int = 0
    changes: Sequence[Any] = ()

    def value(self, form: str, field_name: str, stored: object) -> object:
        """What the field of this form shows: what was typed, or what is stored."""
        return self.typed.get(field_name, "") if self.name == form else stored

    def errors_of(self, form: str) -> dict[str, str]:
        """The sentences of this form."""
        return self.errors if self.name == form else {}


NOTHING = Refused()


def attempt(
    desk: Desk, form: Form, name: str, act: Callable[[Session], object], errors: dict[str, str] | None = None
) -> Refused | None:
    """Run `act` in a transaction unless there are `errors` already; None when it was saved. Raises NotFound."""
    typed = {key: sent[0] for key, sent in form.items() if key != "csrf"}
    if errors:
        return Refused(name, typed, errors, 422)
    try:
        with desk.database.transaction() as session:
            act(session)
    except Incomplete as problem:
        return Refused(name, typed, problem.fields, 422)
    except StaleVersion as stale:
        changed = "Пока вы правили, календарь изменили. Сравните и сохраните ещё раз: введённое вами осталось в форме."
        return Refused(name, typed, {"": changed}, 409, stale.version, stale.changes)
    except NotFound:
        raise
    except RecordsError as refusal:
        return Refused(name, typed, {"": str(refusal)}, 409)
    return None
