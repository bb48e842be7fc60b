"""What the exchange and the script say of an attempt, in any order and as often as they like (I11, I17).

An attempt moves forward only. Its end frees the line and moves the task on, once; whoever says the end again changes
nothing.
"""

from datetime import datetime

from sqlalchemy import bindparam, func, select, update
from sqlalchemy.orm import Session, lazyload

from callflow.dialler import retry
from callflow.dialler.states import AttemptState, Disposition, TaskState, may_become
from callflow.dialler.wire import disposition_of, telephone_rang
from crm.dialler import refusals
from crm.dialler.changing import again, attempt_of, change, end, tell, to_a_person
from crm.dialler.settings import settings_of
from crm.dialler.tables import DialAttempt, DialEvent, DialTask, LineSlot

SCRIPT = "agi"
"""Evidence of the script that talked (`workers.dialogue`)."""
OVER = "over"
"""Step that keeps the dialplan's last word while the script's rows are still to come."""
NOT_THE_ORDERS_OWN = frozenset({"replayed", "locked", "stale"})
"""Refusals that a second copy of an order meets too, perhaps while the first one rings (M4, M5): they prove nothing,
and the exchange is asked (`crm.dialler.reconciling`)."""
_WORDS = {"ringing": AttemptState.RINGING, "answered": AttemptState.ANSWERED}
_UNKNOWN_WORDS = "итог звонка неизвестен: проверьте и позвоните сами"
_CONFIRM = {
    "confirm": Disposition.CONFIRMED,
    "cancel": Disposition.DECLINED,
    "move": Disposition.MOVED,
    "rate": Disposition.DELIVERED,
    "refuse_score": Disposition.DELIVERED,
}


def told(session: Session, attempt_id: str, at: datetime) -> None:
    """The exchange took the order. Words of the dialplan that were quicker stay."""
    session.execute(_TOLD, {"attempt": attempt_id, "now": at})


_TOLD = (
    update(DialAttempt)
    .where(DialAttempt.id == bindparam("attempt"))
    .values(told_at=bindparam("now"), news_at=bindparam("now"))
    .execution_options(synchronize_session=False)
)


def not_sent(session: Session, attempt_id: str, at: datetime, evidence: str, *, due_at: datetime | None = None) -> bool:
    """Proved: no telephone rang. The task is due again, at once where nothing else is said."""
    attempt = attempt_of(session, attempt_id)
    if attempt is None or not _become(session, attempt, AttemptState.NOT_SENT, at, evidence):
        return False
    _let_go(session, attempt)
    task = _task_of(session, attempt)
    if task.state == TaskState.CALLING.value:
        again(session, task, due_at or at, None, at, evidence)
    return True


def unknown(session: Session, attempt_id: str, at: datetime, evidence: str) -> bool:
    """Nothing proves what became of it: a person decides; the program never dials it again."""
    attempt = attempt_of(session, attempt_id)
    if attempt is None or not _become(session, attempt, AttemptState.UNKNOWN, at, evidence):
        return False
    _let_go(session, attempt)
    task = _task_of(session, attempt)
    if task.state == TaskState.CALLING.value:
        to_a_person(session, task, AttemptState.UNKNOWN.value, _UNKNOWN_WORDS, at, evidence)
    return True


def heard(session: Session, attempt_id: str, word: str, detail: str, at: datetime) -> DialAttempt | None:
    """A word of the dialplan; None when it changes nothing."""
    attempt = attempt_of(session, attempt_id)
    return attempt if attempt is not None and moves(session, attempt, word, detail, at) else None


def moves(session: Session, attempt: DialAttempt, word: str, detail: str, at: datetime) -> bool:
    """A word of the dialplan about this attempt, which the caller has locked; whether it changes anything."""
    if word == "ended":
        return _ended(session, attempt, detail, at)
    if word == "gate_denied":
        own = detail not in NOT_THE_ORDERS_OWN and attempt.state == AttemptState.SENDING.value
        return own and settle(session, attempt.id, Disposition.DENIED, at, "gate", detail)
    then = _WORDS.get(word)
    if then is None or not _become(session, attempt, then, at, "word"):
        return False
    if then is AttemptState.RINGING:  # said as it is dialled: whether a telephone rings the last word tells
        attempt.ringing_at = at
    else:
        attempt.answered_at, attempt.rang = at, True
    return True


def answered(session: Session, attempt_id: str, at: datetime) -> bool:
    """The script has the family on the line: True once, and only while the call may be talked to."""
    taken = session.execute(_ANSWERED, {"attempt": attempt_id, "now": at}).scalar_one_or_none()
    if taken is None:
        return False
    tell(session, taken, AttemptState.ANSWERED.value, at, attempt_id=attempt_id, source=SCRIPT)
    return True


_ANSWERED = (
    update(DialAttempt)
    .where(
        DialAttempt.id == bindparam("attempt"),
        DialAttempt.live,
        DialAttempt.answered_by == "",
        DialAttempt.hangup_asked_at.is_(None),
    )
    .values(
        state=AttemptState.ANSWERED.value,
        answered_by=SCRIPT,
        answered_at=func.coalesce(DialAttempt.answered_at, bindparam("now", type_=DialAttempt.answered_at.type)),
        rang=True,
        news_at=bindparam("now"),
    )
    .returning(DialAttempt.task_id)
    .execution_options(synchronize_session=False)
)


def step(session: Session, attempt_id: str, what: str, detail: str, at: datetime) -> None:
    """A line of the talk: a key, a piece that was played, an action. Facts that later decide are kept in the row."""
    attempt = session.get(DialAttempt, attempt_id)
    if attempt is None:
        return
    attempt.news_at = at
    if what == "identified":
        attempt.identified_at = attempt.identified_at or at
    elif what == "played":
        attempt.played_at = attempt.played_at or at
    tell(session, attempt.task_id, what, at, attempt_id=attempt_id, detail=detail, source=SCRIPT)


def settle(  # noqa: PLR0917 - which, how, when, how we know
    session: Session, attempt_id: str, disposition: Disposition, at: datetime, evidence: str, detail: str = ""
) -> bool:
    """The attempt is over and its task moves on; its line is free once the call is gone from the exchange. False when
    it was over already."""
    attempt = attempt_of(session, attempt_id)
    if attempt is None:
        return False
    before = AttemptState(attempt.state)
    if not _become(session, attempt, AttemptState.ENDED, at, evidence, disposition.value):
        return False
    attempt.disposition, attempt.ended_at = disposition.value, at
    attempt.detail = detail or attempt.detail
    attempt.rang = attempt.rang or disposition.rang or telephone_rang(detail)
    # The script says the result before it hangs up: its channel still has the line (I16). Where the family has hung up,
    # the dialplan may have said the end first, and nobody says it again.
    if evidence != SCRIPT or over_word(session, attempt.id):
        _let_go(session, attempt)
    if disposition is Disposition.BAD_NUMBER:
        refusals.mark(session, attempt.number, None, refusals.BAD, at, attempt.id)
    task = _task_of(session, attempt)
    if before is not AttemptState.UNKNOWN and task.state == TaskState.CALLING.value:
        _move_on(session, task, attempt, disposition, at)
    return True


def settle_heard(session: Session, attempt_id: str, at: datetime, evidence: str) -> bool:
    """Answered and over, and the script said no result: its rows say what was heard (I12)."""
    attempt = attempt_of(session, attempt_id)
    return attempt is not None and settle(session, attempt_id, _by_rows(session, attempt), at, evidence)


def over_word(session: Session, attempt_id: str) -> str:
    """The dialplan's last word about it, "" if it has said none."""
    return session.scalar(_OVER, {"attempt": attempt_id}) or ""


_OVER = select(DialEvent.detail).where(DialEvent.attempt_id == bindparam("attempt"), DialEvent.what == OVER).limit(1)


def _ended(session: Session, attempt: DialAttempt, detail: str, at: datetime) -> bool:
    if not attempt.live:
        _let_go(session, attempt)
        return False
    disposition = disposition_of(detail)
    if disposition is Disposition.WITHDRAWN and attempt.hangup_asked_at is None:
        disposition = Disposition.NO_ANSWER  # the network gave up before we did
    if disposition is not None and attempt.answered_by == "":
        return settle(session, attempt.id, disposition, at, "word", detail)
    if over_word(session, attempt.id):
        return False
    # The script may be writing its last row at this very moment: it has a few seconds (`crm.dialler.reconciling`).
    attempt.news_at = at
    tell(session, attempt.task_id, OVER, at, attempt_id=attempt.id, detail=detail, source="word")
    return True


def _by_rows(session: Session, attempt: DialAttempt) -> Disposition:
    done = set(session.scalars(select(DialEvent.what).where(DialEvent.attempt_id == attempt.id)))
    for what, disposition in _CONFIRM.items():
        if what in done:
            return disposition
    return Disposition.DELIVERED if attempt.played_at is not None else Disposition.HUNG_UP


def _become(  # noqa: PLR0917 - which, what, when, how we know
    session: Session, attempt: DialAttempt, then: AttemptState, at: datetime, evidence: str, detail: str = ""
) -> bool:
    if not may_become(AttemptState(attempt.state), then):
        return False
    attempt.state, attempt.live, attempt.news_at, attempt.evidence = then.value, then.is_live, at, evidence
    tell(session, attempt.task_id, then.value, at, attempt_id=attempt.id, detail=detail, source=evidence)
    return True


def _task_of(session: Session, attempt: DialAttempt) -> DialTask:
    """The attempt's task, locked: always after the attempt, so that nobody waits crosswise."""
    return session.get_one(
        DialTask, attempt.task_id, with_for_update=True, populate_existing=True, options=_WITHOUT_SUBJECTS
    )


_WITHOUT_SUBJECTS = (lazyload(DialTask.subjects),)


def gone(session: Session, attempt_id: str) -> None:
    """The exchange has no such call any more: its line is free."""
    attempt = attempt_of(session, attempt_id)
    if attempt is not None and not attempt.live:
        _let_go(session, attempt)


def _let_go(session: Session, attempt: DialAttempt) -> None:
    session.execute(_FREE_LINE, {"attempt": attempt.id})


_FREE_LINE = update(LineSlot).where(LineSlot.attempt_id == bindparam("attempt")).values(attempt_id=None, taken_at=None)


def _move_on(session: Session, task: DialTask, attempt: DialAttempt, disposition: Disposition, at: datetime) -> None:
    known = refusals.of(session, attempt.number, attempt.person_id, attempt.family_id)
    if disposition is Disposition.WITHDRAWN and known.robot:
        again(session, task, at, None, at, "refused")  # the rules say at once what becomes of it
        return
    earlier = session.scalar(_ENDED_SO, {"task": task.id, "attempt": attempt.id, "how": disposition.value})
    then = retry.after(
        disposition,
        at=at,
        earlier=earlier or 0,
        next_occasion=_next_occasion(task, at),
        table=settings_of(session, task.service_id).retry,
    )
    if then.ends_as is not None:
        end(session, task, then.ends_as, disposition.value, at, "dialler")
    elif then.human or then.due_at is None:
        to_a_person(session, task, disposition.value, disposition.title, at, "dialler")
    else:
        values = {"state": TaskState.DUE, "due_at": then.due_at, "rule": disposition.value, "owner": ""}
        change(session, task, {**values, "lease_until": None}, at, disposition.value, "dialler")


_ENDED_SO = select(func.count(DialAttempt.id)).where(
    DialAttempt.task_id == bindparam("task"),
    DialAttempt.id != bindparam("attempt"),
    DialAttempt.disposition == bindparam("how"),
)


def _next_occasion(task: DialTask, at: datetime) -> datetime | None:
    starts = (datetime.fromisoformat(since) for since, _ in task.stretches)
    return min((one for one in starts if at < one < task.deadline), default=None)
