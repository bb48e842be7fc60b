"""Follower of the dialplan's words about attempts (`asterisk-config/sd-dial.conf.j2`)."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from callflow.dialplan_word import DialplanWord
from crm.dialler import following
from crm.dialler.tables import DialAttempt, DialEvent, DialTask
from crm.reminders import connected
from workers.feed import Notice, NoticeKind

STORY = frozenset({"human", "broken"})
"""Words that move no attempt and belong to its story: he went to the operators, the dialogue broke off."""


def follow(session: Session, word: DialplanWord) -> Sequence[Notice]:
    """Write what the word says. The notice tells the pages, and wakes whoever waits for a free line."""
    attempt = following.heard(session, word.order, word.state, word.detail, word.at)
    if attempt is None:
        attempt = session.get(DialAttempt, word.order)
        if attempt is None:
            return []
        if word.state in STORY and not _is_told(session, word):
            following.step(session, attempt.id, word.state, word.detail, word.at)
        if word.state == "ended":
            connected.after_the_call(session, attempt, word.at)
    return [notice_of(session, attempt)]


def notice_of(session: Session, attempt: DialAttempt) -> Notice:
    """The call of this attempt has moved on."""
    task = session.get_one(DialTask, attempt.task_id)
    return Notice(NoticeKind.DIAL, service_id=task.service_id)


def _is_told(session: Session, word: DialplanWord) -> bool:
    same = select(DialEvent.id).where(
        DialEvent.attempt_id == word.order, DialEvent.what == word.state, DialEvent.at == word.at
    )
    return session.scalar(same.limit(1)) is not None
