"""What is shown of listening in: to the operator that it happens, to the head what she may listen to."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from callflow.call import LegState
from crm.call_tables import CallLegRecord, CallRecord
from crm.recordings.access import headed
from crm.recordings.monitor_rule import rule_of, signed
from crm.recordings.tables import MonitorRule, MonitorSession, MonitorState
from crm.staff import Employee, Role

MODES = {"listen": "слушает", "whisper": "подсказывает", "join": "в разговоре"}
LIVE = (MonitorState.REQUESTED.value, MonitorState.CALLING.value, MonitorState.ON.value)
TOLD = {
    "listen": "Разговор слушает заведующий.",
    "whisper": "Разговор слушает заведующий. Его подсказки слышите только вы.",
    "join": "Заведующий в разговоре: его слышите вы и собеседник.",
}


def told_to(session: Session, call_id: int, employee_id: int) -> str:
    """The sentence on the operator's screen while her talk is listened to; '' where nobody does, or where the rule
    lets her not be told of mere listening."""
    statement = select(MonitorSession.mode).where(
        MonitorSession.ended_at.is_(None),
        MonitorSession.call_id == call_id,
        MonitorSession.target_id == employee_id,
        MonitorSession.state == MonitorState.ON.value,
        MonitorSession.told,
    )
    mode = session.scalars(statement.order_by(MonitorSession.id.desc())).first()
    return TOLD[mode] if mode else ""


@dataclass(frozen=True)
class LiveTalk:
    """An operator's talk that the head may listen to, or `why_not`. `session`: her own listening to it, if any."""

    call: CallRecord
    operator: Employee
    since: datetime
    rule: MonitorRule
    why_not: str
    session: MonitorSession | None


def live_talks(session: Session, viewer: Employee) -> list[LiveTalk]:
    """The talks of the viewer's services now, the longest first; those of specialists are nobody's to hear."""
    takers = [role.value for role in Role if role.answers_calls]
    statement = (
        select(CallRecord, CallLegRecord, Employee)
        .join(CallLegRecord, CallLegRecord.call_id == CallRecord.id)
        .join(Employee, Employee.id == CallLegRecord.employee_id)
        .where(
            CallRecord.ended_at.is_(None),
            CallLegRecord.ended_at.is_(None),
            CallLegRecord.state == LegState.TALKING.value,
            CallRecord.service_id.in_(headed(session, viewer)),
            Employee.role.in_(takers),
            Employee.id != viewer.id,
        )
        .order_by(CallLegRecord.answered_at)
    )
    own = {(one.call_id, one.target_id): one for one in live_sessions(session, viewer.id)}
    talks = []
    for call, leg, operator in session.execute(statement):
        rule = rule_of(session, call.service_id)
        talks.append(
            LiveTalk(
                call=call,
                operator=operator,
                since=leg.answered_at or call.arrived_at,
                rule=rule,
                why_not=why_not(session, rule, operator),
                session=own.get((call.id, operator.id)),
            )
        )
    return talks


def why_not(session: Session, rule: MonitorRule, operator: Employee) -> str:
    """Why this operator's talks may not be listened to; '' when they may."""
    if not rule.on:
        return "Прослушивание не введено приказом."
    if signed(session, rule, operator.id) is None:
        return f"{operator.short_name}: нет отметки об ознакомлении с приказом {rule.order}."
    return ""


def live_sessions(session: Session, watcher_id: int) -> Sequence[MonitorSession]:
    """This person's listening that has not ended."""
    statement = select(MonitorSession).where(MonitorSession.ended_at.is_(None), MonitorSession.watcher_id == watcher_id)
    return session.scalars(statement.order_by(MonitorSession.id)).all()


@dataclass(frozen=True)
class PastSession:
    """One listening of the past, for the list."""

    row: MonitorSession
    watcher: Employee
    target: Employee


def past_sessions(session: Session, viewer: Employee, limit: int = 30) -> list[PastSession]:
    """The last listenings of the viewer's services, the newest first."""
    statement = (
        select(MonitorSession)
        .where(MonitorSession.service_id.in_(headed(session, viewer)), MonitorSession.ended_at.is_not(None))
        .order_by(MonitorSession.id.desc())
        .limit(limit)
    )
    rows = session.scalars(statement).all()
    people = {one.id: one for one in session.scalars(select(Employee).where(Employee.id.in_(_ids(rows))))}
    return [PastSession(row, people[row.watcher_id], people[row.target_id]) for row in rows]


def _ids(rows: Sequence[MonitorSession]) -> set[int]:
    return {one for row in rows for one in (row.watcher_id, row.target_id)}
