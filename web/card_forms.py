"""One way for every form of a card: read it, try to save, and give it back with sentences or with what others changed.

A second saver loses nothing: what she typed stays in the form, what she had not touched takes the stored value, and
each newer change is shown with its author. Saving again is then a decision, not an accident.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

from sqlalchemy.orm import Session

from crm.cards.changes import FieldChange, as_text
from crm.cards.editing import employee_name
from crm.errors import StaleVersion
from web import attempts
from web.attempts import Attempt, Model, VersionedForm
from web.card_words import Conflict, Words, read_words
from web.desk import Desk
from web.forms import Form, Line, fill

CHANGED = "Пока вы правили, карточку изменили. Сравните и решите, что оставить: ваши слова сохранены в форме."


class ReasonForm(VersionedForm):
    """Why somebody or something goes."""

    reason: Line = ""


def save(
    desk: Desk, form: Form, model: type[Model], act: Callable[[Session, Model], Any], *, form_name: str = ""
) -> Attempt | None:
    """`web.attempts.save` for a form of a card: what others changed is put beside what was typed."""
    attempt = attempts.save(desk, form, model, act, form_name=form_name, meanwhile=CHANGED)
    if attempt is not None and attempt.stale is not None:
        fields, _ = fill(model, form)
        _compare(desk, attempt, fields.sent() if fields else {}, attempt.stale)
    return attempt


def as_form(value: object) -> Any:
    """A stored value as a field of a form holds it: «yes» for a tick, «12.11.2026», codes as they are."""
    if isinstance(value, bool):
        return "yes" if value else ""
    if isinstance(value, date):
        return f"{value:%d.%m.%Y}"
    return "" if value is None else value


def _compare(desk: Desk, attempt: Attempt, sent: dict[str, Any], stale: StaleVersion) -> None:
    """What she had not touched takes the stored value; every newer change is told with its author."""
    with desk.database.reading() as session:
        words = read_words(session)
        mine = {name: _mine(session, name, value) for name, value in sent.items()}
    conflicts = []
    for change in stale.changes:
        taken = mine.get(change.field, "") == change.old
        if taken:
            attempt.values[change.field] = as_form(stale.current[change.field])
        conflicts.append(_conflict(change, words, mine.get(change.field, ""), taken))
    attempt.conflicts = conflicts


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
