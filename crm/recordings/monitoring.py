"""Listening in on a live talk: asked by the head, carried out by the clerk, told by the dialplan (domain.md §4).

Row first: the wish is written and committed before the exchange hears of it; nothing is ever sent twice.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import uuid4

from sqlalchemy import Select, select, update
from sqlalchemy.orm import Session

from callflow.call import LegState
from callflow.dialplan_word import DialplanWord
from crm.audit import Actor, write
from crm.call_tables import CallLegRecord, CallRecord
from crm.errors import NotFound, RecordsError
from crm.recordings.access import heads
from crm.recordings.monitor_rule import rule_of
from crm.recordings.tables import MonitorSession, MonitorState
from crm.recordings.watching import MODES, why_not
from crm.staff import Employee, Role, extension_of

CHANNEL_PREFIX = "monitor-"
ASKED_TOO_LONG_AGO = timedelta(seconds=15)
OVER = "Разговор уже окончен."
NO_LINK = "АТС не отвечает. Повторите, когда связь вернётся."
NO_PHONE = "Ваш телефон занят или не подключён: до него не дозвонились."
LATE = "Не удалось начать вовремя. Повторите."


def ask(
    session: Session, call_id: int, operator_id: int, watcher: Employee, at: datetime, *, mode: str, ip: str = ""
) -> MonitorSession:
    """The head wants to hear this operator's talk. The same wish while it is alive is the same row.

    Raises NotFound for a talk of another service or of a specialist (B61), RecordsError where the rule forbids it, the
    talk is over, or she has no extension.
    """
    call, operator = _talk(session, call_id, operator_id, watcher)
    refusal = why_not(session, rule_of(session, call.service_id), operator)
    if refusal:
        raise RecordsError(refusal)
    if extension_of(session, watcher.id) is None:
        raise RecordsError("У вас нет внутреннего номера: слушать не на чем. Обратитесь к администратору.")
    live = _live_of(session, watcher.id)
    same = [one for one in live if (one.call_id, one.target_id, one.mode) == (call.id, operator.id, mode)]
    if same:
        return same[-1]
    if any((one.call_id, one.target_id) != (call.id, operator.id) for one in live):
        raise RecordsError("Сначала закончите прослушивание другого разговора.")
    row = MonitorSession(
        call_id=call.id,
        service_id=call.service_id,
        watcher_id=watcher.id,
        target_id=operator.id,
        mode=mode,
        told=mode != "listen" or rule_of(session, call.service_id).tell_listening,
        requested_at=at,
    )
    session.add(row)
    session.flush()
    _log(session, "monitor.ask", row, Actor.of(watcher, ip), at)
    return row


def ask_end(session: Session, session_id: int, watcher: Employee, at: datetime, *, ip: str = "") -> MonitorSession:
    """The head has heard enough. Raises NotFound for somebody else's listening."""
    row = session.get(MonitorSession, session_id) if 1 <= session_id < 2**63 else None
    if row is None or row.watcher_id != watcher.id:
        raise NotFound("Такого прослушивания нет.")
    for one in _live_of(session, watcher.id):
        if one.stop_asked_at is None:
            one.stop_asked_at = at
            _log(session, "monitor.stop", one, Actor.of(watcher, ip), at)
    return row


def _talk(session: Session, call_id: int, operator_id: int, watcher: Employee) -> tuple[CallRecord, Employee]:
    call = session.get(CallRecord, call_id) if 1 <= call_id < 2**63 else None
    operator = session.get(Employee, operator_id) if 1 <= operator_id < 2**63 else None
    hers = call is not None and call.service_id is not None and heads(session, call.service_id, watcher)
    if call is None or operator is None or not hers or not Role(operator.role).answers_calls:
        raise NotFound("Такого разговора нет.")
    if not talks(session, call.id, operator.id) or operator.id == watcher.id:
        raise RecordsError(OVER)
    return call, operator


def talks(session: Session, call_id: int, operator_id: int) -> bool:
    """Whether this operator talks in this call now, by our records."""
    statement = (
        select(CallLegRecord.id)
        .join(CallRecord, CallRecord.id == CallLegRecord.call_id)
        .where(CallLegRecord.call_id == call_id, CallLegRecord.employee_id == operator_id)
        .where(CallLegRecord.state == LegState.TALKING.value, CallLegRecord.ended_at.is_(None))
        .where(CallRecord.ended_at.is_(None))
    )
    return session.scalars(statement.limit(1)).first() is not None


def claim(session: Session, at: datetime) -> MonitorSession | None:
    """Take the oldest wish, so that it is carried out at most once; one that has waited too long is given up."""
    late = update(MonitorSession).where(
        MonitorSession.state == MonitorState.REQUESTED.value, MonitorSession.requested_at < at - ASKED_TOO_LONG_AGO
    )
    session.execute(late.values(state=MonitorState.FAILED.value, error=LATE, ended_at=at))
    oldest = select(MonitorSession.id).where(MonitorSession.state == MonitorState.REQUESTED.value)
    wanted = session.scalars(oldest.order_by(MonitorSession.id).limit(1)).first()
    if wanted is None:
        return None
    taken = update(MonitorSession).where(
        MonitorSession.id == wanted, MonitorSession.state == MonitorState.REQUESTED.value
    )
    values = {"state": MonitorState.CALLING.value, "claimed_at": at, "channel_id": f"{CHANNEL_PREFIX}{uuid4().hex}"}
    done = session.execute(taken.values(**values).returning(MonitorSession.id)).scalar_one_or_none()
    return session.get(MonitorSession, wanted, populate_existing=True) if done else None


def refusal_now(session: Session, row: MonitorSession) -> str:
    """Why the claimed wish may not be carried out after all (a rule taken back, a talk over); '' if it may."""
    if row.stop_asked_at is not None or not talks(session, row.call_id, row.target_id):
        return OVER
    return forbidden_now(session, row)


def forbidden_now(session: Session, row: MonitorSession) -> str:
    """Why this person may no longer listen to this operator: the order or a signature is taken back, one of them has
    another post; '' while she may."""
    operator, watcher = session.get_one(Employee, row.target_id), session.get_one(Employee, row.watcher_id)
    if not heads(session, row.service_id, watcher) or not Role(operator.role).answers_calls:
        return "Слушать этот разговор вам больше нельзя."
    return why_not(session, rule_of(session, row.service_id), operator)


def forbid(session: Session, session_id: int, why: str, at: datetime) -> None:
    """She may not listen any more: to be ended at the exchange, and why is on the row and in the audit log. Once."""
    row = session.get_one(MonitorSession, session_id, with_for_update=True, populate_existing=True)
    if row.ended_at is not None or row.stop_asked_at is not None:
        return
    row.stop_asked_at, row.error = at, why
    session.flush()
    _log(session, "monitor.stop", row, Actor(None, "worker"), at)


def going_on(session: Session, row: MonitorSession) -> MonitorSession | None:
    """The listening of the same talk that this wish changes the mode of: her leg is up already."""
    same = [
        one
        for one in _live_of(session, row.watcher_id)
        if one.id != row.id and one.state == MonitorState.ON.value and one.call_id == row.call_id
    ]
    return same[-1] if same else None


def continue_on(session: Session, session_id: int, channel_id: str) -> None:
    """The wish goes on on a leg that is there already."""
    session.get_one(MonitorSession, session_id, with_for_update=True).channel_id = channel_id


def follow(session: Session, word: DialplanWord) -> MonitorSession | None:
    """The dialplan says that listening began or ended; the row it changed, None where it changed nothing."""
    if word.state not in ("started", "ended") or not word.order.isdecimal() or len(word.order) > 18:
        return None
    row = session.get(MonitorSession, int(word.order), with_for_update=True, populate_existing=True)
    if row is None or row.ended_at is not None:
        return None
    if word.state == "ended":
        end(session, row.id, word.at)
        return row
    if row.state != MonitorState.CALLING.value:
        return None
    row.state, row.began_at = MonitorState.ON.value, word.at
    session.flush()
    for before in _live_of(session, row.watcher_id):
        if before.id < row.id:
            end(session, before.id, word.at)
    return row


def end(session: Session, session_id: int, at: datetime, error: str = "") -> None:
    """It is over, or never began; what was heard from when until when is in the audit log."""
    row = session.get_one(MonitorSession, session_id, with_for_update=True, populate_existing=True)
    if row.ended_at is not None:
        return
    row.state = MonitorState.ENDED.value if row.began_at is not None else MonitorState.FAILED.value
    row.ended_at, row.error = at, error or row.error
    session.flush()
    if row.began_at is not None:
        watcher = session.get_one(Employee, row.watcher_id)
        _log(session, "monitor.done", row, Actor.of(watcher), at)


def alive(session: Session) -> Sequence[MonitorSession]:
    """Every listening that the exchange knows of, or should."""
    states = [MonitorState.CALLING.value, MonitorState.ON.value]
    statement = select(MonitorSession).where(MonitorSession.ended_at.is_(None), MonitorSession.state.in_(states))
    return session.scalars(statement.order_by(MonitorSession.id)).all()


def has_live(session: Session) -> bool:
    """Whether there is anything to do at all: the clerk asks every second."""
    return session.scalars(live().limit(1)).first() is not None


def live() -> Select[int]:
    """Every wish that is not over."""
    return select(MonitorSession.id).where(MonitorSession.ended_at.is_(None))


def _live_of(session: Session, watcher_id: int) -> Sequence[MonitorSession]:
    statement = select(MonitorSession).where(MonitorSession.ended_at.is_(None), MonitorSession.watcher_id == watcher_id)
    return session.scalars(statement.order_by(MonitorSession.id).with_for_update()).all()


def _log(session: Session, action: str, row: MonitorSession, actor: Actor, at: datetime) -> None:
    call = session.get(CallRecord, row.call_id)
    details: dict[str, object] = {"mode": MODES[row.mode], "operator": row.target_id}
    if row.began_at is not None and row.ended_at is not None:
        details |= {"since": row.began_at.isoformat(), "until": row.ended_at.isoformat()}
    write(session, actor, action, subject="call", subject_id=row.call_id, family_id=call.family_id if call else None,
          details=details, at=at)  # fmt: skip
