"""The survey on the page of an appeal: what to ask, who should ask, what was answered (column 8; domain.md §1.3)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from crm.journal_tables import JournalEntry
from crm.ratings import giving
from crm.ratings.tables import Rating
from crm.ratings.visibility import HIDDEN, SEE_ALL, hidden_from
from crm.staff import Employee, operators
from web.words import plural


@dataclass(frozen=True)
class Answer:
    """One line of the survey's history; `mark` as this viewer may read it, `reason` of a correction."""

    mark: str
    given_at: datetime
    written_at: datetime
    channel: str
    who: str
    reason: str

    @property
    def is_correction(self) -> bool:
        """Whether it replaced an earlier answer."""
        return bool(self.reason)


@dataclass(frozen=True)
class RatingBox:
    """What parts/rating.html shows. `correctable`: the id of the answer that this viewer may correct, or 0."""

    entry_id: int
    is_open: bool
    mark: str
    attempt: int
    answers: tuple[Answer, ...]
    rated: str
    is_own_work: bool
    others: tuple[str, ...]
    correctable: int
    corrected_later: bool

    @property
    def missed(self) -> str:
        """«1 попытка не удалась», or nothing."""
        made = self.attempt - 1
        return f"{plural(made, 'попытка', 'попытки', 'попыток')} без ответа" if made else ""


def rating_box(session: Session, entry: JournalEntry, viewer: Employee, at: datetime) -> RatingBox | None:
    """Return the survey of a case that waits for it or has it behind; None before that, and for rows without one."""
    if entry.progress not in ("survey", "closed"):
        return None
    ratings = giving.of_entry(session, entry.id)
    if entry.progress == "closed" and not ratings:
        return None
    hidden = entry.id in hidden_from(session, [entry.id], viewer, at)
    rated_id = next((one.rated_id for one in ratings), giving.rated_of(entry))
    names = _names(session, ratings, rated_id)
    last = ratings[-1] if entry.progress == "closed" else None
    return RatingBox(
        entry_id=entry.id,
        is_open=entry.progress == "survey",
        mark=HIDDEN if hidden and entry.rating_mark.isdecimal() else entry.rating_mark,
        attempt=sum(one.outcome == giving.MISSED for one in ratings) + 1,
        answers=tuple(_answer(one, names, hidden=hidden) for one in ratings),
        rated=names[rated_id],
        is_own_work=rated_id == viewer.id,
        others=_others(session, entry, rated_id),
        correctable=last.id if last is not None and _may_correct(last, viewer) else 0,
        corrected_later=any(one.corrects_id is not None for one in ratings),
    )


def _answer(one: Rating, names: dict[int, str], *, hidden: bool) -> Answer:
    if one.outcome == giving.MISSED:
        mark = "не дозвонились"
    else:
        mark = HIDDEN if hidden and one.outcome == giving.SCORE else giving.mark_of(one.outcome, one.score)
    who = names[one.taken_by_id] if one.taken_by_id else "робот"
    return Answer(mark, one.given_at, one.created_at, giving.CHANNELS.get(one.channel, ""), who, one.reason)


def _may_correct(one: Rating, viewer: Employee) -> bool:
    return viewer.role in SEE_ALL or (one.taken_by_id == viewer.id and one.rated_id != viewer.id)


def _others(session: Session, entry: JournalEntry, rated_id: int) -> tuple[str, ...]:
    """Colleagues of the service who could ask instead of the one who is rated (objectivity, A-32)."""
    return tuple(one.short_name for one, _, _ in operators(session, entry.service_id) if one.id != rated_id)


def _names(session: Session, ratings: Sequence[Rating], rated_id: int) -> dict[int, str]:
    ids = {rated_id, *(one.taken_by_id for one in ratings if one.taken_by_id)}
    return {one.id: one.short_name for one in session.scalars(select(Employee).where(Employee.id.in_(ids)))}
