"""Follower of the dialplan's words about attempts (`asterisk-config/sd-dial.conf.j2`)."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from callflow.dialplan_word import DialplanWord
from crm.dialler import following
from crm.dialler.changing import attempt_of
from crm.dialler.tables import DialEvent, DialTask
from crm.reminders import connected
from workers.feed import Notice, NoticeKind

STORY = frozenset({"human", "broken"})
"""Words that move no attempt and belong to its story: he went to the operators, the dialogue broke off."""
LAST = frozenset({"ended", "gate_denied"})
"""Words by which a line may be free."""


def follow(session: Session, word: DialplanWord) -> Sequence[Notice]:
    """Write what the word says. The notice tells the pages, and wakes whoever waits for a free line."""
    attempt = attempt_of(session, word.order)
    if attempt is None:
        return []
    if not following.moves(session, attempt, word.state, word.detail, word.at):
        if word.state in STORY and not _is_told(session, word):
            following.step(session, attempt.id, word.state, word.detail, word.at)
        if word.state == "ended":
            connected.after_the_call(session, attempt, word.at)
    service_id = session.scalar(_SERVICE, {"task": attempt.task_id})
    return [Notice(NoticeKind.DIAL, service_id=service_id, goes_on=word.state not in LAST)]


_SERVICE = select(DialTask.service_id).where(DialTask.id == bindparam("task"))


def _is_told(session: Session, word: DialplanWord) -> bool:
    same = select(DialEvent.id).where(
        DialEvent.attempt_id == word.order, DialEvent.what == word.state, DialEvent.at == word.at
    )
    return session.scalar(same.limit(1)) is not None
