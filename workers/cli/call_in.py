"""`family-dispatch call-in`: somebody of the invented town rings the service, over real SIP."""

# ruff: noqa: PLC0415 - the heavy imports wait until the command runs: help must come at once

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from workers.cli.common import Refused, claim_mode, records, settings_of

if TYPE_CHECKING:
    from crm.calls import CallRecord
    from crm.db import Database

LOOK_EVERY = 0.25
PLACING_SECONDS = 20.0
_KEYS = set("0123456789*#ABCDabcdwW ")


def call_in(  # noqa: PLR0917 - typer gives them by name
    from_number: Annotated[
        str, typer.Option("--from", help="Номер звонящего, например +79070000101; «скрыт» – без номера.")
    ],
    name: Annotated[str, typer.Option(help="Имя, которое передаёт сеть.")] = "",
    to: Annotated[str, typer.Option(help="Номер линии службы; обычно – первая линия.")] = "",
    say: Annotated[str, typer.Option(help="Что говорит звонящий: текст или путь к файлу с текстом.")] = "",
    keys: Annotated[str, typer.Option(help="Клавиши, которые он нажмёт после ответа.")] = "",
    hold: Annotated[
        int, typer.Option(min=1, max=3600, help="Сколько секунд он остаётся на линии, приветствие считая.")
    ] = 120,
    hours: Annotated[
        str, typer.Option(help="Как будто сейчас: open – рабочее время, break – перерыв, closed – нерабочее.")
    ] = "open",
    data_dir: Annotated[Path | None, typer.Option(help="Папка данных вместо DISPATCH_DATA_DIR.")] = None,
) -> None:
    """Учебный звонок: житель вымышленного города звонит в службу.

    Показывает, что происходит со звонком. Работает только в учебном режиме при запущенной службе.
    """
    from callflow.phone import normalise
    from callflow.text import clean_line
    from crm import institution, training
    from workers.queues import enqueue_training_call

    settings = settings_of(data_dir)
    if settings.mode != "demo":
        raise Refused("Учебные звонки есть только в учебном режиме (DISPATCH_MODE=demo).")
    claim_mode(settings)
    caller = _caller(from_number)
    if set(keys) - _KEYS:
        raise Refused("Клавиши – цифры, * и #, «w» – пауза в полсекунды.")
    if hours not in training.HOURS:
        raise Refused("Время: open – рабочее, break – перерыв, closed – нерабочее.")
    text = clean_line(_text(say), limit=500)
    started = datetime.now(UTC)
    with records(settings) as database:
        with database.transaction() as session:
            lines = institution.active_lines(session)
            meant = normalise(to)
            dialled = meant.e164 if meant else to
            did = next((line.did for line in lines if dialled in ("", line.did)), None)
            if did is None:
                known = ", ".join(line.did for line in lines) or "ни одной"
                raise Refused(f"Линии «{to}» нет. Линии службы: {known}")
            call = training.request_call(
                session,
                from_number=caller,
                from_name=clean_line(name),
                to_did=did,
                at=started,
                say=text,
                keys=keys.replace(" ", ""),
                hold_seconds=hold,
                hours=hours,
            )
            call_id = call.id
        typer.echo(f"Звонок {'с ' + caller if caller else 'со скрытого номера'} на {did}")
        if not enqueue_training_call(settings.redis_address(), call_id):
            _fail(database, call_id)
            raise Refused("Служба не запущена: очередь не отвечает. Запустите: family-dispatch up", code=1)
        for sentence in _story(database, call_id, caller, started, hold):
            typer.echo(f"  {datetime.now(settings.zone):%H:%M:%S}  {sentence}")


def _caller(from_number: str) -> str:
    """The number in E.164, "" for a hidden one."""
    from crm.errors import RecordsError
    from crm.training import caller_of

    try:
        return caller_of(from_number)
    except RecordsError as error:
        raise Refused(f"{from_number}: {error}") from None


def _text(say: str) -> str:
    """The words themselves, or those in the file of that name."""
    path = Path(say)
    try:
        return path.read_text(encoding="utf-8") if say and len(say) < 255 and path.is_file() else say
    except (OSError, UnicodeDecodeError):
        raise Refused(f"Файл {say} не читается как текст.") from None


def _fail(database: Database, call_id: int) -> None:
    """A wish that nobody can fulfil must not be fulfilled by surprise when the service is started tomorrow."""
    from crm import training

    with database.transaction() as session:
        claimed = training.claim(session, call_id)
        if claimed is not None:
            training.settle(session, claimed.channel_id, "failed", datetime.now(UTC), "Очередь не отвечала.")


def _story(database: Database, call_id: int, caller: str, since: datetime, hold: int) -> Iterator[str]:
    """What becomes of the call, one sentence for each change, until it has ended."""
    from crm.training import ENDS, TrainingCall

    started, told = time.monotonic(), set[str]()
    while True:
        with database.reading() as session:
            call = session.get(TrainingCall, call_id)
            assert call is not None  # noqa: S101 - rows of calls are never deleted
            record = _record_of(session, caller, call.to_did, since)
        for sentence in _sentences(record):
            if sentence not in told:
                told.add(sentence)
                yield sentence
        passed = time.monotonic() - started
        if call.state == "failed":
            raise Refused(f"Звонок не состоялся. {call.error}", code=1)
        if call.state == "requested" and passed > PLACING_SECONDS:
            _fail(database, call_id)
            raise Refused("Звонок никто не начал: работает ли служба? Проверка: family-dispatch doctor", code=1)
        if (record is not None and record.ended_at) or (record is None and call.state in ENDS):
            return
        if passed > PLACING_SECONDS + hold + 600:
            raise Refused("Звонок всё ещё идёт; больше не слежу за ним.", code=1)
        time.sleep(LOOK_EVERY)


def _record_of(session: object, caller: str, did: str, since: datetime) -> CallRecord | None:
    from sqlalchemy import select
    from sqlalchemy.orm import Session

    from crm.calls import CallRecord

    assert isinstance(session, Session)  # noqa: S101 - narrows the type without importing the ORM at start
    statement = select(CallRecord).where(CallRecord.did == did, CallRecord.arrived_at >= since)
    number = CallRecord.caller_number == caller if caller else CallRecord.caller_number.is_(None)
    return session.scalars(statement.where(number).order_by(CallRecord.id)).first()


def _sentences(record: CallRecord | None) -> list[str]:
    from crm.lines.following import WORDS

    if record is None:
        return []
    told = [f"поступил в службу, звонок № {record.id}"]
    if record.answered_at:
        told.append("оператор ответил")
    if record.outcome:
        told.append(WORDS.get(record.outcome, record.outcome))
    if record.ended_at:
        told.append("разговор окончен" if record.answered_at else "завершён без ответа")
    return told
