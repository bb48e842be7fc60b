"""The words of a piece for one service: the head's own, else the default of domain.md §9.2; every version is kept."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from callflow.speech.pieces import EXAMPLES, PIECES, Piece
from callflow.speech.templates import problems
from callflow.text import clean_line
from crm import audit, exchange_state
from crm.errors import Incomplete, NotFound, StaleVersion
from crm.institution import Service
from crm.speech.tables import SpeechText
from crm.staff import Employee


@dataclass(frozen=True)
class SpokenText:
    """The words of a piece with its variables in braces. `version` 0: nobody has changed the default yet."""

    text: str
    version: int
    own: bool = False


def current(session: Session, service_id: int, name: str) -> SpokenText:
    """What this piece says now. Raises NotFound for a name that is no piece's."""
    piece = piece_of(name)
    row = session.scalars(
        select(SpeechText)
        .where(SpeechText.service_id == service_id, SpeechText.name == name)
        .order_by(SpeechText.version.desc())
        .limit(1)
    ).one_or_none()
    return _spoken(piece, row)


def all_current(session: Session, service_id: int) -> Mapping[str, SpokenText]:
    """Every piece's words by name, in the order of `PIECES`."""
    newest = (
        select(SpeechText.name, func.max(SpeechText.version).label("version"))
        .where(SpeechText.service_id == service_id)
        .group_by(SpeechText.name)
        .subquery()
    )
    statement = select(SpeechText).join(
        newest, (SpeechText.name == newest.c.name) & (SpeechText.version == newest.c.version)
    )
    rows = {row.name: row for row in session.scalars(statement.where(SpeechText.service_id == service_id))}
    return {name: _spoken(piece, rows.get(name)) for name, piece in PIECES.items()}


def worded(session: Session, service_id: int) -> dict[str, str]:
    """The pieces that the head has worded anew, by name: for `callflow.greetings.Spoken.texts`."""
    return {name: one.text for name, one in all_current(session, service_id).items() if one.own}


def history(session: Session, service_id: int, name: str) -> Sequence[SpeechText]:
    """Every version of a piece, the newest first."""
    statement = select(SpeechText).where(SpeechText.service_id == service_id, SpeechText.name == name)
    return session.scalars(statement.order_by(SpeechText.version.desc())).all()


def change(
    session: Session,
    service: Service,
    name: str,
    employee: Employee,
    at: datetime,
    *,
    text: str,
    version: int,
    ip: str = "",
) -> SpokenText:
    """Store new words of a piece; an empty `text` is the return to the default, the same words again write nothing.

    Raises NotFound for an unknown piece, Incomplete with the sentences of `templates.problems`, StaleVersion where
    somebody else has changed it since `version`.
    """
    piece = piece_of(name)
    words = clean_line(text, limit=2000)
    before = current(session, service.id, name)
    if words == piece.default:
        words = ""
    if words == (before.text if before.own else ""):
        return before
    if words and (found := problems(words, piece.variables, EXAMPLES)):
        raise Incomplete({"text": " ".join(found)})
    if before.version != version:
        raise StaleVersion({"text": before.text}, before.version)
    row = SpeechText(
        service_id=service.id,
        name=name,
        version=version + 1,
        text=words,
        created_at=at,
        created_by_id=employee.id,
    )
    try:
        with session.begin_nested():
            session.add(row)
            session.flush()
    except IntegrityError:  # two at the same moment: the unique version decides
        now = current(session, service.id, name)
        raise StaleVersion({"text": now.text}, now.version) from None
    audit.write(
        session,
        audit.Actor.of(employee, ip),
        "speech.text",
        subject="service",
        subject_id=service.id,
        details={"piece": name, "version": row.version, "default": not words},
        at=at,
    )
    exchange_state.touch(session)
    return _spoken(piece, row)


def piece_of(name: str) -> Piece:
    """The piece of this name, or NotFound."""
    if name not in PIECES:
        raise NotFound("Такой реплики нет.")
    return PIECES[name]


def _spoken(piece: Piece, row: SpeechText | None) -> SpokenText:
    own = row is not None and bool(row.text)
    return SpokenText(row.text if row and own else piece.default, row.version if row else 0, own)
