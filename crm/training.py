"""«Учебный звонок»: a call from the simulated town, asked for on a page or by the CLI, placed by the worker.

Row first, act second, result third: the row exists before the call does, and `channel_id` is its name on the wire.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import uuid4

from sqlalchemy import ForeignKey, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from callflow import phone
from crm.base import Base, Id
from crm.errors import RecordsError

ENDS = {"ended", "failed"}
HIDDEN_WORDS = frozenset({"скрыт", "скрытый", "hidden", "anonymous"})
HOURS = {"open": "в рабочее время", "break": "в перерыв", "closed": "в нерабочее время"}
"""What time a training call pretends to come in: it must ring on a Sunday evening too."""
TRAINING_PREFIX = "training-"
"""What the channel of every training call is named with, so that its end can be told from other calls' ends."""


class TrainingCall(Base):
    """One training call. `keys` are DTMF digits pressed after the answer, `hold_seconds` how long the caller stays.

    `hours` is the time it pretends to come in: "open", "break" or "closed".
    """

    __tablename__ = "training_call"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    from_number: Mapped[str]
    from_name: Mapped[str] = mapped_column(default="")
    to_did: Mapped[str]
    say: Mapped[str] = mapped_column(default="")
    keys: Mapped[str] = mapped_column(default="")
    hold_seconds: Mapped[int] = mapped_column(default=60)
    hours: Mapped[str] = mapped_column(default="open", server_default="open")
    requested_by_id: Mapped[int | None] = mapped_column(ForeignKey("employee.id"))
    requested_at: Mapped[datetime] = mapped_column(index=True)
    state: Mapped[str] = mapped_column(default="requested")
    channel_id: Mapped[str] = mapped_column(unique=True)
    error: Mapped[str] = mapped_column(default="")
    ended_at: Mapped[datetime | None]


def caller_of(text: str, own_dids: Collection[str] = ()) -> str:
    """The number a townsman shows, in E.164, from what somebody typed; "" for «скрыт», a hidden one.

    Nobody outside the invented town can be played, in either mode (domain.md §10.6). Raises RecordsError.
    """
    if text.strip().casefold() in HIDDEN_WORDS:
        return ""
    number = phone.normalise(text)
    if number is None:
        raise RecordsError("Номер не распознан. Пример: +79070000101; «скрыт» – без номера.")
    if phone.refusal(number, mode="demo", own_dids=own_dids) is not None:
        raise RecordsError("Звонить могут только жители вымышленного города: номера +7 907 000-СС-ЧЧ.")
    return number.e164


def request_call(
    session: Session,
    *,
    from_number: str,
    to_did: str,
    at: datetime,
    from_name: str = "",
    say: str = "",
    keys: str = "",
    hold_seconds: int = 60,
    hours: str = "open",
    requested_by_id: int | None = None,
) -> TrainingCall:
    """Record the wish and return its row; the caller enqueues `id` after the commit. Raises RecordsError for `hours`
    that are not one of HOURS."""
    if hours not in HOURS:
        raise RecordsError("Выберите время: рабочее, перерыв или нерабочее.")
    call = TrainingCall(
        hours=hours,
        from_number=from_number,
        from_name=from_name,
        to_did=to_did,
        say=say,
        keys=keys,
        hold_seconds=hold_seconds,
        requested_by_id=requested_by_id,
        requested_at=at,
        channel_id=f"{TRAINING_PREFIX}{uuid4().hex}",
    )
    session.add(call)
    session.flush()
    return call


def claim(session: Session, training_call_id: int) -> TrainingCall | None:
    """Take a requested call for placing; None where another worker was first, so that it is placed at most once."""
    statement = update(TrainingCall).where(TrainingCall.id == training_call_id, TrainingCall.state == "requested")
    claimed = session.execute(statement.values(state="placing").returning(TrainingCall.id)).scalar_one_or_none()
    return None if claimed is None else session.get(TrainingCall, claimed, populate_existing=True)


def settle(session: Session, channel_id: str, state: str, at: datetime, error: str = "") -> bool:
    """Move the call to "ringing", "ended" or "failed"; an ended call does not move again. Return whether it moved."""
    values = {"state": state, "error": error, "ended_at": at if state in ENDS else None}
    statement = update(TrainingCall).where(TrainingCall.channel_id == channel_id, TrainingCall.state.not_in(ENDS))
    moved = session.execute(statement.values(**values).returning(TrainingCall.id)).scalar_one_or_none()
    return moved is not None


def recent_training(session: Session, limit: int = 20) -> Sequence[TrainingCall]:
    """Return the newest training calls first."""
    return session.scalars(select(TrainingCall).order_by(TrainingCall.id.desc()).limit(limit)).all()
