"""Every rule once more, then the attempt is written: what is committed here may be ordered once (reliability.md §3).

The caller commits and only then tells the exchange. Whatever goes wrong before the commit, nothing was dialled; after
it, only evidence moves the attempt.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal
from uuid import uuid4

from sqlalchemy import bindparam, func, select, update
from sqlalchemy.orm import Session

from callflow.dialler import window
from callflow.dialler.rules import Answer, Caps, Live, Rule, Verdict, judge
from callflow.dialler.states import AttemptState, TaskState
from crm.dialler import facts as known
from crm.dialler.changing import again, change, end, one_at_a_time, tell, to_a_person
from crm.dialler.facts import Looked
from crm.dialler.refusals import against_robots
from crm.dialler.tables import DialAttempt, DiallerSettings, DialTask, LineSlot
from crm.institution import Line

ORDER_SECONDS = timedelta(seconds=10)
"""An order that the exchange gets later than this is refused by the dialplan."""
LOOK_AGAIN = timedelta(minutes=1)
"""When a rule says «later» and nobody knows when."""


@dataclass(frozen=True)
class Gated:
    """Either an attempt to order, or the rule that said no; neither: the claim was lost meanwhile."""

    attempt: DialAttempt | None = None
    verdict: Verdict | None = None


def gate(
    session: Session,
    task_id: int,
    owner: str,
    at: datetime,
    live: Live,
    *,
    mode: Literal["demo", "live"],
    prompts: Mapping[str, Any] | None = None,
) -> Gated:
    """Decide about the order of a claimed task, and write it.

    `prompts`: file and sha256 of every piece that may be played; None: they are not ready. A rule that says no moves
    the task on at once: due later, to the human list, or to its end.
    """
    one_at_a_time(session)
    task = session.get(DialTask, task_id, with_for_update=True, populate_existing=True)
    if task is None or task.owner != owner or task.state != TaskState.CLAIMED.value:
        return Gated()
    if task.lease_until is None or task.lease_until <= at:
        return Gated()
    found = known.look(session, task, at, live, mode=mode, prompts_ready=prompts is not None)
    verdict = judge(found.facts, at)
    slot = _free_slot(session, found.settings.caps.lines) if verdict.answer is Answer.GO else None
    if verdict.answer is not Answer.GO or slot is None:
        if verdict.answer is not Answer.GO:
            move_on(session, task, verdict, at, owner)
        return Gated(verdict=verdict if verdict.answer is not Answer.GO else None)
    attempt = _attempt(session, task, found, at, live, prompts or {})
    session.execute(_TAKE_LINE, {"line": slot, "attempt": attempt.id, "now": at})
    values = {"state": TaskState.CALLING, "lease_until": None, "rule": "", "reason": "", "number": attempt.number}
    change(session, task, values, at, attempt.id, owner)
    tell(session, task.id, AttemptState.SENDING.value, at, attempt_id=attempt.id, source=owner)
    return Gated(attempt=attempt)


def move_on(session: Session, task: DialTask, verdict: Verdict, at: datetime, source: str) -> None:
    """Carry a «no» out: the task waits, goes to a person, or is over."""
    rule = verdict.rule
    name = rule.value if rule else ""
    if verdict.answer is Answer.END and verdict.ends_as is not None:
        end(session, task, verdict.ends_as, name, at, source)
    elif verdict.answer is Answer.HUMAN:
        to_a_person(session, task, name, rule.title if rule else "", at, source)
    elif rule is Rule.CLOCK:  # `at` is not to be believed: the task stays due as it was
        again(session, task, task.due_at, rule, at, source)
    else:
        again(session, task, verdict.until or at + LOOK_AGAIN, rule, at, source)


def _attempt(  # noqa: PLR0917 - what, how, when, where
    session: Session, task: DialTask, found: Looked, at: datetime, live: Live, prompts: Mapping[str, Any]
) -> DialAttempt:
    if found.number is None:
        raise RuntimeError("the rules let a task without a number pass")
    facts, settings = found.facts, found.settings
    ends = window.ends_at(facts.calendar, facts.hours, at, facts.family_hours) or at
    earlier = session.scalar(_EARLIER, {"task": task.id}) or 0
    attempt = DialAttempt(
        id=f"att-{uuid4().hex}",
        task_id=task.id,
        n=earlier + 1,
        kind=task.kind,
        family_id=task.family_id,
        person_id=task.person_id,
        number=found.number,
        shown_number=settings.shown_number or _first_line(session, task.service_id),
        state=AttemptState.SENDING.value,
        live=True,
        disposition="",
        sending_at=at,
        news_at=at,
        not_after=min(at + ORDER_SECONDS, ends - facts.caps.ring - window.MARGIN),
        boot_id=live.boot_id,
        prompts=dict(prompts),
    )
    session.add(attempt)
    session.flush()
    return attempt


def _first_line(session: Session, service_id: int) -> str:
    return session.scalar(_FIRST_LINE, {"service": service_id}) or ""


def _free_slot(session: Session, lines: int) -> int | None:
    """The lowest free line of the robot's; rows are made as the settings grow."""
    holders = {one.number: one.attempt_id for one in session.execute(_LINES)}
    if new := [LineSlot(number=number) for number in range(1, lines + 1) if number not in holders]:
        session.add_all(new)
        session.flush()
    return next((number for number in range(1, lines + 1) if holders.get(number) is None), None)


def ring_of(session: Session, attempt_id: str) -> int | None:
    """Seconds that the telephone of this attempt may ring. None where it must not be ordered any more: somebody has
    called it off since it was committed (F35), it was settled meanwhile (F21), or the family refused while it was being
    written: on PostgreSQL neither of the two transactions then sees the other."""
    row = session.execute(_STANDING, {"attempt": attempt_id}).one_or_none()
    if row is None or row.hangup_asked_at is not None or not row.live:
        return None
    return int(row.ring_seconds or Caps().ring.total_seconds())


# Made once, for every order asks them.
_TAKE_LINE = (
    update(LineSlot)
    .where(LineSlot.number == bindparam("line"))
    .values(attempt_id=bindparam("attempt"), taken_at=bindparam("now"))
    .execution_options(synchronize_session=False)
)
_LINES = select(LineSlot.number, LineSlot.attempt_id)
_EARLIER = select(func.max(DialAttempt.n)).where(DialAttempt.task_id == bindparam("task"))
_FIRST_LINE = (
    select(Line.did)
    .where(Line.service_id == bindparam("service"), Line.active, Line.on_exchange)
    .order_by(Line.id)
    .limit(1)
)
_STANDING = (
    select(DialAttempt.hangup_asked_at, DialAttempt.live, DiallerSettings.ring_seconds)
    .join(DialTask, DialTask.id == DialAttempt.task_id)
    .outerjoin(DiallerSettings, DiallerSettings.service_id == DialTask.service_id)
    .where(
        DialAttempt.id == bindparam("attempt"),
        ~against_robots(DialAttempt.number, DialAttempt.person_id, DialAttempt.family_id),
    )
)
