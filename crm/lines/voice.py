"""Voice messages: stored once and whole, listened to by those entitled, taken away with the journal's term."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from crm import audit, visibility
from crm.base import fetch
from crm.call_tables import CallRecord
from crm.errors import NotFound
from crm.family_tables import Family
from crm.lines import following
from crm.lines.tables import VoiceMessage
from crm.staff import Employee, Role
from crm.upsert import insert_missing

KEEP = timedelta(days=5 * 365)
"""As long as the journal of appeals, whose evidence they are (domain.md §4.4)."""
OPEN_FOR = timedelta(hours=1)
TAMPERED = "Файл сообщения изменён после сохранения, он не воспроизводится. Сообщите администратору."


def messages(session: Session, call_ids: Collection[int]) -> dict[int, VoiceMessage]:
    """The messages of these calls, by call id; those whose sound is gone as well (`removed_at`)."""
    statement = select(VoiceMessage).where(VoiceMessage.call_id.in_(call_ids))
    return {one.call_id: one for one in session.scalars(statement) if one.call_id is not None}


def store(
    session: Session, linkedid: str, *, file: str, seconds: int, sha256: str, left_at: datetime
) -> VoiceMessage | None:
    """Keep a message whose file is in its place already; None where this call's message is known. Finds the call."""
    values = {"linkedid": linkedid, "file": file, "seconds": seconds, "sha256": sha256, "left_at": left_at}
    if not insert_missing(session, VoiceMessage, values, ["linkedid"]):
        return None
    message = session.scalars(select(VoiceMessage).where(VoiceMessage.linkedid == linkedid)).one()
    _connect(session, message)
    return message


def has_found_strays(session: Session) -> bool:
    """Whether `connect_strays` has something to do: asked often, and a question holds up no writer."""
    found = select(VoiceMessage.id).join(CallRecord, CallRecord.linkedid == VoiceMessage.linkedid)
    return session.scalars(found.where(VoiceMessage.call_id.is_(None)).limit(1)).first() is not None


def connect_strays(session: Session) -> int:
    """Find the calls of messages that came before their call was known (after an outage); how many were found."""
    strays = session.scalars(select(VoiceMessage).where(VoiceMessage.call_id.is_(None))).all()
    return sum(_connect(session, message) for message in strays)


def open_message(session: Session, message_id: int, viewer: Employee, service_ids: Collection[int]) -> VoiceMessage:
    """The message if this person may hear it: staff of its service who see families, and the family's card not hidden
    from them. A message that nobody's call is known for is the head's. Raises NotFound for all others.
    """
    message = fetch(session, VoiceMessage, message_id)
    if message is None or message.removed_at is not None or not visibility.sees_families(viewer):
        raise NotFound
    call = session.get(CallRecord, message.call_id) if message.call_id is not None else None
    if call is None:
        if viewer.role not in {Role.HEAD.value, Role.DIRECTOR.value}:
            raise NotFound
        return message
    if call.service_id not in service_ids and viewer.role != Role.DIRECTOR.value:
        raise NotFound
    family = session.get(Family, call.family_id) if call.family_id is not None else None
    if family is not None and not visibility.visible_to(session, family, viewer):
        raise NotFound
    return message


def heard(session: Session, message: VoiceMessage, employee: Employee, at: datetime, *, ip: str = "") -> None:
    """Log that somebody listens; the first one is remembered on the message itself."""
    first = update(VoiceMessage).where(VoiceMessage.id == message.id, VoiceMessage.heard_at.is_(None))
    session.execute(first.values(heard_at=at, heard_by_id=employee.id))
    _log(session, "voice.listen", message, employee, at, ip)


def listens_already(session: Session, message: VoiceMessage, employee: Employee, at: datetime) -> bool:
    """Whether this person's listening within the last hour is in the log: a part that is asked for belongs to it."""
    return _logged(session, "voice.listen", message, employee, at)


def found_tampered(session: Session, message: VoiceMessage, employee: Employee, at: datetime, *, ip: str = "") -> None:
    """Log that the file was not what was stored when this person wanted to hear it; once an hour: players ask often."""
    if not _logged(session, "voice.tampered", message, employee, at):
        _log(session, "voice.tampered", message, employee, at, ip)


def expired(session: Session, at: datetime, limit: int = 50) -> Sequence[VoiceMessage]:
    """Messages whose term is over and whose sound is still kept."""
    statement = select(VoiceMessage).where(VoiceMessage.left_at < at - KEEP, VoiceMessage.removed_at.is_(None))
    return session.scalars(statement.order_by(VoiceMessage.id).limit(limit)).all()


def note_removed(session: Session, message: VoiceMessage, at: datetime, actor: Mapping[str, str]) -> None:
    """The sound is gone from the disk; the row stays. `actor` names the process."""
    message.removed_at = at
    named = audit.Actor(None, actor["name"])
    audit.write(session, named, "voice.expire", subject="voice_message", subject_id=message.id, at=at)


def _log(  # noqa: PLR0917 - what of which message, who, when, from where
    session: Session, action: str, message: VoiceMessage, employee: Employee, at: datetime, ip: str
) -> None:
    call = session.get(CallRecord, message.call_id) if message.call_id is not None else None
    audit.write(
        session,
        audit.Actor.of(employee, ip),
        action,
        subject="voice_message",
        subject_id=message.id,
        family_id=call.family_id if call else None,
        at=at,
    )


def _logged(session: Session, action: str, message: VoiceMessage, employee: Employee, at: datetime) -> bool:
    """Whether this is in the audit log of the last hour."""
    logged = select(audit.AuditEvent.seq).where(
        audit.AuditEvent.actor_id == employee.id,
        audit.AuditEvent.at > at - OPEN_FOR,
        audit.AuditEvent.action == action,
        audit.AuditEvent.subject_id == str(message.id),
    )
    return session.scalars(logged.limit(1)).first() is not None


def _connect(session: Session, message: VoiceMessage) -> bool:
    call = session.scalars(select(CallRecord).where(CallRecord.linkedid == message.linkedid)).one_or_none()
    if call is None:
        return False
    message.call_id = call.id
    following.note(session, call, following.VOICEMAIL)
    session.flush()
    return True
