"""One way for every form of a card: read it, try to save, and give it back with sentences or with what others changed.

A second saver loses nothing: what she typed stays in the form, what she had not touched takes the stored value, and
each newer change is shown with its author. Saving again is then a decision, not an accident.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Annotated, Any, TypeVar, get_origin

from pydantic import Field
from sqlalchemy.orm import Session

from crm.cards.changes import FieldChange, as_text
from crm.cards.editing import employee_name
from crm.errors import Incomplete, NotFound, RecordsError, StaleVersion
from web.card_words import Conflict, Words, read_words
from web.desk import Desk
from web.forms import Fields, Form, fill

CHANGED = "Пока вы правили, карточку изменили. Сравните и решите, что оставить: ваши слова сохранены в форме."


class CardForm(Fields):
    """A form of a card. `version`: of the card that the form showed; a form that only adds sends none."""

    version: Annotated[int, Field(ge=0, lt=2**31)] = 0

    def sent(self) -> dict[str, Any]:
        """What was typed, as the verbs of `crm.cards` take it."""
        return self.model_dump(exclude={"version"})


Model = TypeVar("Model", bound=CardForm)


@dataclass
class Attempt:
    """A form that was not saved: what to show again. `values` as the form's fields hold them."""

    values: dict[str, Any]
    errors: dict[str, str]
    status: int = 422
    version: int = 0
    conflicts: Sequence[Conflict] = field(default_factory=list)
    form_name: str = ""


def save(
    desk: Desk, form: Form, model: type[Model], act: Callable[[Session, Model], Any], *, form_name: str = ""
) -> Attempt | None:
    """Run `act` in a transaction of its own; None when it was saved. Raises NotFound, and BadForm for a form that no
    page of ours sends."""
    typed = _typed(model, form)
    fields, errors = fill(model, form)
    if fields is None:
        return Attempt(typed, errors, version=_version(form), form_name=form_name)
    try:
        with desk.database.transaction() as session:
            act(session, fields)
    except Incomplete as problem:
        return Attempt(typed, problem.fields, version=fields.version, form_name=form_name)
    except StaleVersion as stale:
        return _conflicting(desk, fields, typed, stale, form_name)
    except NotFound:
        raise
    except RecordsError as refusal:
        return Attempt(typed, {"": str(refusal)}, version=fields.version, form_name=form_name)
    return None


def as_form(value: object) -> Any:
    """A stored value as a field of a form holds it: «yes» for a tick, «12.11.2026», codes as they are."""
    if isinstance(value, bool):
        return "yes" if value else ""
    if isinstance(value, date):
        return f"{value:%d.%m.%Y}"
    return "" if value is None else value


def _typed(model: type[CardForm], form: Form) -> dict[str, Any]:
    lists = {name for name, info in model.model_fields.items() if get_origin(info.annotation) in (list, tuple)}
    return {name: sent if name in lists else sent[0] for name, sent in form.items()}


def _version(form: Form) -> int:
    text = form.first("version")
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else 0


def _conflicting(desk: Desk, fields: CardForm, typed: dict[str, Any], stale: StaleVersion, form_name: str) -> Attempt:
    sent = fields.sent()
    with desk.database.reading() as session:
        words = read_words(session)
        mine = {name: _mine(session, name, value) for name, value in sent.items()}
    values, conflicts = dict(typed), []
    for change in stale.changes:
        taken = mine.get(change.field, "") == change.old
        if taken:
            values[change.field] = as_form(stale.current[change.field])
        conflicts.append(_conflict(change, words, mine.get(change.field, ""), taken))
    return Attempt(values, {"": CHANGED}, 409, stale.version, conflicts, form_name)


def _mine(session: Session, name: str, value: Any) -> str:
    return employee_name(session, value) if name == "responsible_id" else as_text(value)


def _conflict(change: FieldChange, words: Words, mine: str, taken: bool) -> Conflict:
    return Conflict(
        title=words.field(change.field),
        who=change.who,
        at=change.at,
        old=words.value(change.field, change.old),
        new=words.value(change.field, change.new),
        mine=words.value(change.field, mine),
        taken=taken or mine == change.new,
    )
