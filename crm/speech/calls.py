"""«Позвонить мне» and recording by telephone: the page asks, the clerk claims and rings, the dialplan tells the rest.

Row first, act second, result third: an order whose answer is unknown is never sent again (reliability.md §3).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import uuid4

from sqlalchemy import Select, select, update
from sqlalchemy.orm import Session

from callflow.dialplan_word import DialplanWord
from crm import audit
from crm.errors import NotFound, RecordsError
from crm.institution import Service
from crm.speech.tables import SpeechCall
from crm.staff import Employee, extension_of

PLAY, RECORD = "play", "record"
KINDS = {PLAY: "прослушать", RECORD: "записать"}
CHANNEL_PREFIX = "phrase-"
REQUESTED, PLACING, PLACED, ON, ENDED = "requested", "placing", "placed", "on", "ended"
STALE = timedelta(seconds=15)
"""An order that could not be carried out for so long is not carried out later: she has gone on."""
SILENT = timedelta(minutes=8)
"""Longer than five attempts at a phrase of three minutes would be silly: the exchange has forgotten the call."""
UNHEARD = timedelta(seconds=60)
"""A phone rings for less than half a minute."""
RESULTS = {
    "played": "Прослушано.",
    "kept": "Запись сохранена.",
    "dropped": "Запись не сохранена.",
    "no_answer": "Телефон не ответил или занят. Проверьте, подключён ли он, и повторите.",
    "failed": "Не получилось: АТС не ответила. Повторите, когда связь вернётся.",
}


@dataclass(frozen=True)
class Order:
    """One claimed order, as the clerk needs it."""

    id: int
    service_id: int
    kind: str
    words: str
    extension: str
    channel_id: str


def ask(
    session: Session,
    service: Service,
    name: str,
    employee: Employee,
    at: datetime,
    *,
    kind: str,
    words: str,
    ip: str = "",
) -> SpeechCall:
    """She wants to hear a piece on her own phone, or to record it. The same wish while it is alive is the same row.

    Raises RecordsError where she has no extension, another such call is going on, or there is nothing to say.
    """
    if not words.strip():
        raise RecordsError("В этой реплике нечего произнести: заполните названия службы и телефон.")
    extension = extension_of(session, employee.id)
    if extension is None:
        raise RecordsError("У вас нет внутреннего номера: звонить некуда. Обратитесь к администратору.")
    live = current(session, employee.id)
    if live is not None:
        if (live.service_id, live.name, live.kind) == (service.id, name, kind):
            return live
        raise RecordsError("Сначала закончите предыдущий звонок на ваш телефон.")
    row = SpeechCall(
        service_id=service.id,
        name=name,
        kind=kind,
        words=words,
        employee_id=employee.id,
        extension=extension.number,
        channel_id=f"{CHANNEL_PREFIX}{uuid4().hex}",
        requested_at=at,
        changed_at=at,
    )
    session.add(row)
    session.flush()
    audit.write(
        session,
        audit.Actor.of(employee, ip),
        "speech.call",
        subject="service",
        subject_id=service.id,
        details={"piece": name, "kind": KINDS[kind]},
        at=at,
    )
    return row


def current(session: Session, employee_id: int) -> SpeechCall | None:
    """Her call that is not over."""
    return session.scalars(
        select(SpeechCall).where(SpeechCall.employee_id == employee_id, SpeechCall.live)
    ).one_or_none()


def latest(session: Session, employee_id: int, since: datetime) -> SpeechCall | None:
    """Her last call, alive or ended after `since`: what the page tells her of it."""
    statement = select(SpeechCall).where(SpeechCall.employee_id == employee_id, SpeechCall.changed_at >= since)
    return session.scalars(statement.order_by(SpeechCall.id.desc()).limit(1)).one_or_none()


def one(session: Session, call_id: int, employee_id: int) -> SpeechCall:
    """Her own call of this id, or NotFound."""
    row = session.get(SpeechCall, call_id) if 1 <= call_id < 2**63 else None
    if row is None or row.employee_id != employee_id:
        raise NotFound("Такого звонка нет.")
    return row


def has_live(session: Session) -> bool:
    """Whether there is anything to do at all: the clerk asks every second."""
    return session.scalars(live_calls().limit(1)).first() is not None


def live_calls() -> Select[int]:
    """Every call that is not over."""
    return select(SpeechCall.id).where(SpeechCall.live)


def claim(session: Session, at: datetime) -> Order | None:
    """Take the oldest order to carry out; None when there is none, or it is too late for it."""
    waiting = select(SpeechCall.id).where(SpeechCall.state == REQUESTED, SpeechCall.live).order_by(SpeechCall.id)
    next_one = session.scalars(waiting.limit(1)).first()
    if next_one is None:
        return None
    taken = update(SpeechCall).where(SpeechCall.id == next_one, SpeechCall.state == REQUESTED, SpeechCall.live)
    done = session.execute(taken.values(state=PLACING, changed_at=at).returning(SpeechCall.id)).scalar_one_or_none()
    if done is None:
        return None
    row = session.get_one(SpeechCall, done, populate_existing=True)
    if at - row.requested_at > STALE:
        _end(row, "failed", at)
        return None
    return Order(row.id, row.service_id, row.kind, row.words, row.extension, row.channel_id)


def note_placed(session: Session, call_id: int, at: datetime) -> None:
    """The exchange has taken the order; words of the dialplan that were quicker stay."""
    statement = update(SpeechCall).where(SpeechCall.id == call_id, SpeechCall.state == PLACING, SpeechCall.live)
    session.execute(statement.values(state=PLACED, changed_at=at))


def note_failed(session: Session, call_id: int, at: datetime, error: str = "") -> None:
    """Nobody was rung, or the recording cannot be used: `error` says why, for her."""
    row = session.get(SpeechCall, call_id, with_for_update=True, populate_existing=True)
    if row is not None and row.live:
        row.error = error
        _end(row, "failed", at)


def note_kept(session: Session, call_id: int, at: datetime) -> None:
    """The recording that she kept with a key is in its place."""
    row = session.get(SpeechCall, call_id, with_for_update=True, populate_existing=True)
    if row is not None and row.live:
        _end(row, "kept", at)


def follow(session: Session, word: DialplanWord) -> SpeechCall | None:
    """What the dialplan says: began, kept, dropped, ended. The row it changed; the same word again changes nothing.

    After «kept» the row lives on until its file is taken in (`to_take_in`).
    """
    if not word.order.isdecimal() or len(word.order) > 18:
        return None
    row = session.get(SpeechCall, int(word.order), with_for_update=True, populate_existing=True)
    if row is None or not row.live:
        return None
    before = (row.state, row.result, row.live)
    match word.state:
        case "began" if row.state in (PLACING, PLACED):
            row.state = ON
        case "kept" | "dropped" | "played" if not row.result:
            row.state, row.result = ON, word.state
        case "ended" if row.result != "kept":
            _end(row, row.result or ("dropped" if row.kind == RECORD else "played"), word.at)
    if (row.state, row.result, row.live) == before:
        return None
    row.changed_at = word.at
    session.flush()
    return row


def to_take_in(session: Session) -> Sequence[SpeechCall]:
    """Recordings that were kept with a key and whose file is not yet in its place."""
    return session.scalars(
        select(SpeechCall).where(SpeechCall.live, SpeechCall.kind == RECORD, SpeechCall.result == "kept")
    ).all()


def end_silent(session: Session, at: datetime) -> list[SpeechCall]:
    """End the calls of which nobody has said anything for too long: her phone did not answer, or the word was lost."""
    rows = session.scalars(select(SpeechCall).where(SpeechCall.live, SpeechCall.state.in_([PLACING, PLACED, ON]))).all()
    gone = []
    for row in rows:
        limit = SILENT if row.state == ON else UNHEARD
        if at - row.changed_at > limit and row.result != "kept":
            _end(row, row.result or "no_answer", at)
            gone.append(row)
    return gone


def _end(row: SpeechCall, result: str, at: datetime) -> None:
    row.state, row.result, row.live = ENDED, result, False
    row.changed_at = row.ended_at = at
