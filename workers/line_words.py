"""The dialplan's words about a line (Subject LINE), carried to the records."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy.orm import Session

from callflow.dialplan_word import DialplanWord
from callflow.events import CallerGaveUp
from crm import calls
from crm.lines import following
from workers.feed import Notice, NoticeKind
from workers.notices import notices_of


def follow(session: Session, word: DialplanWord) -> Sequence[Notice]:
    """Note what the caller heard or chose; the service's lists are told.

    Who has asked to be called back or waits for a substitute is in no queue any more: app_queue stops the ringing
    without a word, and a card must not stay on a screen whose telephone is silent (anchors.md, complaint 10).
    """
    row = following.follow(session, word)
    if row is None:
        return ()
    told = []
    if word.state in following.OUT_OF_THE_QUEUE and row.ended_at is None:
        left = CallerGaveUp(call=word.call, at=word.at, waited_seconds=(word.at - row.arrived_at).total_seconds())
        told += notices_of(session, calls.record(session, left))
    if row.service_id is not None:
        kinds = (NoticeKind.QUEUE, NoticeKind.MISSED)
        told += [Notice(kind, service_id=row.service_id, call_id=row.id) for kind in kinds]
    return told
