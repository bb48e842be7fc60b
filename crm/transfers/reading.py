"""What the screens show of transfers: the operator her own, the specialist her packet, everybody who took part."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from callflow.transfer import Kind, Reason, State
from crm.base import fetch
from crm.call_tables import CallRecord
from crm.errors import NotFound
from crm.masked import MaskedFamily
from crm.staff import Employee
from crm.transfers import packets
from crm.transfers.holding import holds_talk
from crm.transfers.tables import Transfer

__all__ = ["Packet", "TransferLine", "holds_talk", "incoming", "of_call", "packet_of", "recent_packets"]

REMEMBERED = timedelta(hours=8)


@dataclass(frozen=True)
class TransferLine:
    """One transfer for the screen. `to_name` and `from_name` are short names; of a number in town, the number."""

    id: int
    call_id: int
    kind: Kind
    state: State
    reason: Reason | None
    to_name: str
    to_where: str
    from_name: str
    asked_by_id: int | None
    answer: str
    wish: str
    since: datetime

    @property
    def is_open(self) -> bool:
        """Whether it is going on."""
        return self.state.is_open


@dataclass(frozen=True)
class Packet:
    """What the specialist sees. `who` is masked for her; `restricted`: there is a card that she may not see."""

    line: TransferLine
    text: str
    call: CallRecord
    who: MaskedFamily | None
    restricted: bool
    call_is_over: bool
    asked_at: datetime


def of_call(session: Session, call_id: int) -> TransferLine | None:
    """Return the call's newest transfer, whatever became of it."""
    newest = select(Transfer).where(Transfer.call_id == call_id).order_by(Transfer.id.desc()).limit(1)
    row = session.scalars(newest).first()
    return _line(session, row) if row is not None else None


def incoming(session: Session, employee_id: int) -> TransferLine | None:
    """Return the transfer on its way to this person, or the one whose caller is hers now; the newest."""
    mine = select(Transfer).join(CallRecord, CallRecord.id == Transfer.call_id)
    mine = mine.where(Transfer.to_employee_id == employee_id, CallRecord.ended_at.is_(None))
    mine = mine.where(or_(Transfer.ended_at.is_(None), Transfer.state == State.COMPLETED.value))
    row = session.scalars(mine.order_by(Transfer.id.desc()).limit(1)).first()
    if row is None or (row.state == State.COMPLETED and not _talks(session, row)):
        return None
    return _line(session, row)


def packet_of(session: Session, transfer_id: int, viewer: Employee) -> Packet:
    """Return the packet that was sent to `viewer`. Raises NotFound for anybody else's."""
    row = fetch(session, Transfer, transfer_id)
    if row is None or row.to_employee_id != viewer.id:
        raise NotFound("Такого перевода нет.")
    call = session.get_one(CallRecord, row.call_id)
    restricted = not packets.may_know(session, call, viewer)
    over = call.ended_at is not None
    who = packets.who(session, call, viewer)
    return Packet(_line(session, row), row.packet, call, who, restricted, over, row.asked_at)


def recent_packets(session: Session, viewer: Employee, at: datetime) -> list[TransferLine]:
    """Return what was sent to `viewer` in the last working day, newest first."""
    mine = select(Transfer).where(Transfer.to_employee_id == viewer.id, Transfer.asked_at > at - REMEMBERED)
    rows: Sequence[Transfer] = session.scalars(mine.order_by(Transfer.id.desc()).limit(20)).all()
    return [_line(session, row) for row in rows]


def _talks(session: Session, row: Transfer) -> bool:
    call = session.get_one(CallRecord, row.call_id)
    return any(leg.employee_id == row.to_employee_id and leg.state == "talking" for leg in call.legs)


def _line(session: Session, row: Transfer) -> TransferLine:
    to = session.get(Employee, row.to_employee_id) if row.to_employee_id else None
    asker = session.get(Employee, row.asked_by_id) if row.asked_by_id else None
    return TransferLine(
        id=row.id,
        call_id=row.call_id,
        kind=Kind(row.kind),
        state=State(row.state),
        reason=Reason(row.reason) if row.reason else None,
        to_name=to.short_name if to else row.to_number,
        to_where=row.to_extension or row.to_number,
        from_name=asker.short_name if asker else "",
        asked_by_id=row.asked_by_id,
        answer=row.answer,
        wish=row.wish,
        since=row.answered_at or row.ringing_at or row.asked_at,
    )
