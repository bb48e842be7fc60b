"""Whose screen a change of a call concerns: pure but for looking up who sits at an extension."""

from __future__ import annotations

from sqlalchemy.orm import Session

from callflow.effects import CallClosed, Effect, PopShown, PopWithdrawn, TalkEnded, TalkStarted
from crm import staff
from crm.calls import Recorded
from workers.feed import Notice, NoticeKind


def notices_of(session: Session, recorded: Recorded) -> list[Notice]:
    """One notice to each person whose own screen changes, one to the service whose queue does."""
    notices = []
    for effect in recorded.effects:
        kind, extension = _own_screen(effect)
        if kind is not None:
            seat = staff.seat_at(session, extension)
            if seat is not None:
                notices.append(Notice(kind, employee_id=seat.employee_id, call_id=recorded.call_id))
    if recorded.effects and recorded.service_id is not None:
        notices.append(Notice(NoticeKind.QUEUE, service_id=recorded.service_id))
        if any(isinstance(effect, CallClosed | TalkStarted) for effect in recorded.effects):
            notices.append(Notice(NoticeKind.MISSED, service_id=recorded.service_id))
    return notices


def _own_screen(effect: Effect) -> tuple[NoticeKind | None, str]:
    match effect:
        case PopShown():
            return NoticeKind.POP, effect.extension
        case PopWithdrawn():
            return NoticeKind.WITHDRAWN, effect.extension
        case TalkStarted():
            return NoticeKind.TALK, effect.extension
        case TalkEnded():
            return NoticeKind.WRAPUP, effect.extension
        case _:
            return None, ""
