"""Attempts of which nothing has been heard for a while: what proves how they ended (reliability.md §3, step 8)."""

from datetime import datetime, timedelta

from sqlalchemy import bindparam, or_, select
from sqlalchemy.orm import Session

from callflow.dialler.states import AttemptState
from callflow.dialler.wire import Evidence, Judged, Judgement, judge
from crm.dialler import following
from crm.dialler.tables import DialAttempt, LineSlot

SILENCE = timedelta(seconds=3)
LONGEST = timedelta(seconds=30 + 180 + 60)
"""A ring, the longest talk and a minute: no attempt is live longer (I10)."""


def silent(session: Session, at: datetime, *, since: timedelta = SILENCE) -> list[DialAttempt]:
    """Live attempts without news for so long, the oldest first; and those whose news came by a clock that was wrong,
    which would be waited for until that day."""
    return list(session.scalars(_SILENT, {"long_ago": at - since, "to_come": at + since}))


def lingering(session: Session) -> list[str]:
    """Attempts that are over and still hold a line: the exchange is asked whether their calls are gone
    (`following.gone`)."""
    return list(session.scalars(_LINGERING))


_SILENT = (
    select(DialAttempt)
    .where(
        DialAttempt.live,
        or_(DialAttempt.news_at < bindparam("long_ago"), DialAttempt.news_at > bindparam("to_come")),
    )
    .order_by(DialAttempt.sending_at)
)
_LINGERING = (
    select(DialAttempt.id).join(LineSlot, LineSlot.attempt_id == DialAttempt.id).where(DialAttempt.live.is_(False))
)


def apply(session: Session, attempt_id: str, seen: Evidence, at: datetime) -> Judgement:
    """Judge one silent attempt by what the exchange says of it, and write what follows."""
    attempt = session.get(DialAttempt, attempt_id, with_for_update=True, populate_existing=True)
    if attempt is None or not attempt.live:
        return Judgement(Judged.WAIT)
    verdict = judge(
        AttemptState(attempt.state),
        boot_id=attempt.boot_id,
        not_after=attempt.not_after,
        over=following.over_word(session, attempt_id),
        seen=seen,
        at=at,
    )
    if verdict.judged is Judged.WAIT and at - attempt.sending_at > LONGEST:
        verdict = Judgement(Judged.UNKNOWN, evidence="too long")
    match verdict.judged:
        case Judged.ALIVE:
            attempt.news_at = at
        case Judged.ENDED if verdict.disposition is not None:
            following.settle(session, attempt_id, verdict.disposition, at, verdict.evidence)
        case Judged.HEARD:
            following.settle_heard(session, attempt_id, at, verdict.evidence)
        case Judged.NOT_SENT:
            following.not_sent(session, attempt_id, at, verdict.evidence)
        case Judged.UNKNOWN:
            following.unknown(session, attempt_id, at, verdict.evidence)
        case _:
            pass
    return verdict
