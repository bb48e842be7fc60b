"""«Позвонить мне» and recording by telephone: the clerk who rings an employee's own phone, and what becomes of it.

The row is claimed and committed, the exchange is told once, the dialplan says the rest (`asterisk-config/sd-speech`).
A recording that she kept with key 1 is taken from the spool: the file first, then its row, then the spool's copy goes;
killed at any step, the next look does the rest, and does nothing twice.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy.orm import Session

from callflow.dialplan_word import DialplanWord
from callflow.speech.sound import BadSound, fit_for_a_phrase
from crm.institution import Service
from crm.speech import calls, phrases
from crm.speech.calls import Order
from crm.speech.tables import SpeechCall
from crm.staff import Employee
from telephony.link import AnswerUnknown, LinkDown
from telephony.originate import compose_originate
from telephony.variables import SD_OPERATOR, SD_ORDER, SD_PROMPT, SD_SPEECH
from telephony.wire import UnsafeValue
from workers.feed import Notice
from workers.speech.cache import store
from workers.speech.port import SpeechError
from workers.speech.voice import Voice, phrases_folder

if TYPE_CHECKING:
    from workers.orders import Counter

RING_SECONDS = 25.0
LEFT = timedelta(hours=1)
NO_VOICE = "Текст не удалось озвучить: программа речи недоступна. Подробности – в разделе «Проверка системы»."
log = logging.getLogger(__name__)


def spool_of(data_dir: Path) -> Path:
    """Where the exchange writes while an employee speaks; made where it is missing."""
    folder = data_dir / "asterisk/spool/phrases"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


def follow(session: Session, word: DialplanWord) -> Sequence[Notice]:
    """Follower of the dialplan's words; the page asks by itself, so nobody is told."""
    calls.follow(session, word)
    return ()


def carry_out(counter: Counter) -> None:
    """Ring what was asked for, take in what was kept, end what has gone silent."""
    with counter.database.reading() as session:
        if not calls.has_live(session):
            return
    while (order := _claim(counter)) is not None:
        _ring(counter, order)
    _take_in(counter)
    with counter.database.transaction() as session:
        calls.end_silent(session, datetime.now(UTC))


def _claim(counter: Counter) -> Order | None:
    with counter.database.transaction() as session:
        return calls.claim(session, datetime.now(UTC))


def _ring(counter: Counter, order: Order) -> None:
    try:
        headers = order_headers(order, _file_of(counter, order))
        placed = counter.exchange.send(headers).succeeded
    except SpeechError as error:
        log.warning("speech call %s not spoken: %s", order.id, error)
        _fail(counter, order, NO_VOICE)
        return
    except AnswerUnknown:
        return  # rung or not: the dialplan's words will tell; it is never told again
    except (LinkDown, UnsafeValue) as error:
        log.warning("speech call %s not placed: %s", order.id, type(error).__name__)
        placed = False
    if not placed:
        _fail(counter, order, "")
        return
    with counter.database.transaction() as session:
        calls.note_placed(session, order.id, datetime.now(UTC))


def order_headers(order: Order, prompt: str) -> list[tuple[str, str]]:
    """The one action that rings her phone. Raises UnsafeValue."""
    return compose_originate(
        action_id=f"{order.channel_id}-order",
        channel_id=order.channel_id,
        exten=order.extension,
        context=SD_OPERATOR,
        to_exten=order.kind,
        to_context=SD_SPEECH,
        variables={SD_ORDER: str(order.id), SD_PROMPT: prompt},
        timeout_seconds=RING_SECONDS,
    )


def _file_of(counter: Counter, order: Order) -> str:
    """What is played, as the dialplan names it: below the data folder, without its ending."""
    if order.kind != calls.PLAY:
        return ""
    voice = Voice(counter.settings, counter.database)
    path = voice.file_of(order.words, order.service_id).path
    return path.relative_to(counter.settings.data_dir).with_suffix("").as_posix()


def _fail(counter: Counter, order: Order, error: str) -> None:
    with counter.database.transaction() as session:
        calls.note_failed(session, order.id, datetime.now(UTC), error)


def _take_in(counter: Counter) -> None:
    with counter.database.reading() as session:
        waiting = [(row.id, row.name) for row in calls.to_take_in(session)]
    spool, folder = spool_of(counter.settings.data_dir), phrases_folder(counter.settings.data_dir)
    for call_id, _ in waiting:
        path = spool / f"{call_id}.wav"
        at = datetime.now(UTC)
        try:
            sound = fit_for_a_phrase(path.read_bytes())
            store(sound, folder / phrases.file_name(sound))
        except (BadSound, SpeechError, OSError) as error:
            why = str(error) if isinstance(error, BadSound) else "Запись не дошла до сервера. Запишите фразу ещё раз."
            log.warning("recorded phrase of call %s not kept: %s", call_id, type(error).__name__)
            with counter.database.transaction() as session:
                calls.note_failed(session, call_id, at, why)
            continue
        with counter.database.transaction() as session:
            row = session.get_one(SpeechCall, call_id)
            phrases.keep(
                session,
                session.get_one(Service, row.service_id),
                row.name,
                session.get_one(Employee, row.employee_id),
                at,
                words=row.words,
                sound=sound,
                source="phone",
            )
            calls.note_kept(session, call_id, at)
        path.unlink(missing_ok=True)
    _tidy(spool)


def _tidy(spool: Path) -> None:
    """What she did not keep, or hung up on, goes after an hour."""
    limit = (datetime.now(UTC) - LEFT).timestamp()
    for path in spool.glob("*.wav"):
        try:
            if path.stat().st_mtime < limit:
                path.unlink()
        except FileNotFoundError:
            continue
