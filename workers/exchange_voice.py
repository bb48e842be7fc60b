"""The part of the exchange's plan that callers hear: voices of the services, queues of the lines (B-3)."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from sqlalchemy.orm import Session

from crm import institution, staff
from crm.lines import ring_order
from crm.lines.settings import substitutes, voice_of
from telephony.config.plan import LinePlan, Member, QueuePlan
from telephony.config.voice import VoicePlan
from workers.prompts import MUSIC_PARTS
from workers.settings import ServiceSettings
from workers.voice_messages import spool_of


def prompts_dir(settings: ServiceSettings, queue: str) -> Path:
    """Where the spoken pieces of this service lie."""
    return settings.data_dir / "asterisk/prompts" / queue


def lines(session: Session, at: datetime) -> tuple[LinePlan, ...]:
    """The numbers we answer; a line with somebody assigned to it has a queue of its own."""
    own = ring_order.orders(session, at)
    return tuple(
        LinePlan(
            did=line.did,
            queue=own[line.id].queue if line.id in own else line.service.queue,
            service=line.service.queue,
        )
        for line in institution.active_lines(session)
    )


def queues(session: Session, at: datetime) -> tuple[QueuePlan, ...]:
    """The services' queues, then the lines' own, whose order is that of the assignments."""
    of_services = (
        QueuePlan(
            name=service.queue,
            members=tuple(
                Member(extension=extension.number, penalty=penalty)
                for _, extension, penalty in staff.operators(session, service.id)
            ),
        )
        for service in institution.services(session)
    )
    of_lines = (
        QueuePlan(
            name=order.queue,
            members=tuple(Member(extension=number, penalty=place) for place, number in enumerate(order.extensions)),
        )
        for order in ring_order.orders(session, at).values()
    )
    return (*of_services, *of_lines)


def voices(session: Session, settings: ServiceSettings) -> tuple[VoicePlan, ...]:
    """What the callers of each service hear and may choose."""
    return tuple(_voice(session, settings, service) for service in institution.services(session))


def _voice(session: Session, settings: ServiceSettings, service: institution.Service) -> VoicePlan:
    voice = voice_of(session, service.id)
    over = substitutes(session).get(voice.overflow_to_id) if voice.overflow_to_id else None
    return VoicePlan(
        queue=service.queue,
        prompts=prompts_dir(settings, service.queue),
        messages=spool_of(settings.data_dir),
        greeting=voice.greeting_on,
        position=voice.position_on,
        announce_seconds=voice.announce_seconds,
        callback=voice.callback_on,
        voicemail=voice.voicemail_on,
        voicemail_seconds=voice.voicemail_seconds,
        voicemail_silence=voice.voicemail_silence,
        overflow_seconds=voice.overflow_seconds,
        overflow_extension=over[1] if over else "",
        music_parts=MUSIC_PARTS,
    )
