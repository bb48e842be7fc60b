"""A form that changes the records: read it, try to save, and give it back as it was typed when that fails.

`save` is `web.tried` for a form with a model. What it could not save is an `Attempt`, which the page shows in the very
form it came from; a card's page tells more of what others have changed (`web.card_forms`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any, TypeVar, get_origin

from pydantic import Field
from sqlalchemy.orm import Session

from crm.errors import StaleVersion
from web.desk import Desk
from web.forms import Fields, Form, fill
from web.tried import trying

MEANWHILE = "Пока вы правили, это изменил кто-то другой. Введённое вами осталось в форме: сравните и сохраните ещё раз."


class VersionedForm(Fields):
    """A form that changes what it showed. `version`: of what it showed; a form that only adds sends none."""

    version: Annotated[int, Field(ge=0, lt=2**31)] = 0

    def sent(self) -> dict[str, Any]:
        """What was typed, as the verbs of `crm` take it."""
        return self.model_dump(exclude={"version"})


Model = TypeVar("Model", bound=VersionedForm)


@dataclass
class Attempt:
    """What a page's form shows: what is stored, or what was typed and not saved.

    `values` as the form's fields hold them; `errors` a sentence by field ('' for the whole); `form_name` which form of
    the page it was; `stale` and `conflicts`: others were faster, and what they changed.
    """

    values: dict[str, Any]
    errors: dict[str, str]
    status: int = 422
    version: int = 0
    conflicts: Sequence[Any] = field(default_factory=list)
    form_name: str = ""
    stale: StaleVersion | None = None

    def value(self, form_name: str, name: str, stored: object) -> object:
        """What a field of this form shows: what was typed, or what is stored."""
        return self.values.get(name, "") if self.form_name == form_name else stored

    def errors_of(self, form_name: str) -> dict[str, str]:
        """The sentences of this form."""
        return self.errors if self.form_name == form_name else {}


def untouched(values: dict[str, Any] | None = None, version: int = 0) -> Attempt:
    """A page that is only looked at, with what is stored in its form."""
    return Attempt(values or {}, {}, 200, version)


def save(
    desk: Desk,
    form: Form,
    model: type[Model],
    act: Callable[[Session, Model], Any],
    *,
    form_name: str = "",
    meanwhile: str = MEANWHILE,
) -> Attempt | None:
    """Run `act` in a transaction of its own; None when it was saved. `meanwhile`: what is said when others were faster.

    Raises NotFound, and BadForm for a form that no page of ours sends.
    """
    typed = _typed(model, form)
    fields, errors = fill(model, form)
    if fields is None:
        return Attempt(typed, errors, version=_version(form), form_name=form_name)
    with trying(desk, stale=meanwhile) as (session, tried):
        act(session, fields)
    if not tried.refused:
        return None
    attempt = Attempt(typed, tried.errors, version=fields.version, form_name=form_name)
    if tried.stale:  # 409 says that others were faster, and nothing else
        attempt.status, attempt.version, attempt.conflicts = 409, tried.stale.version, tried.stale.changes
        attempt.stale = tried.stale
    return attempt


def _typed(model: type[VersionedForm], form: Form) -> dict[str, Any]:
    lists = {name for name, info in model.model_fields.items() if get_origin(info.annotation) in (list, tuple)}
    return {name: sent if name in lists else sent[0] for name, sent in form.items()}


def _version(form: Form) -> int:
    text = form.first("version")
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else 0
