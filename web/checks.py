"""«Проверка системы»: what works and, where something does not, the sentence that says what to do.

Each check is one function from facts to a line; the facts of other processes come through the database (heartbeats, the
exchange's state), so the pages need not reach them.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import redis
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from crm import exchange_state, heartbeat
from crm.exchange_state import ExchangeState
from web.desk import Desk

SILENT = timedelta(seconds=10)
LEAST_DISK = 2 * 1024**3
PROCESSES = {
    "listener": ("Служба связи с АТС (AMI)", "карточки не будут открываться"),
    "agi": ("Служба опознания звонка (AGI)", "номер звонящего не будет опознан до ответа"),
    "worker": ("Служба заданий", "учебные звонки не будут выполняться"),
    "exchange": ("Сторож АТС", "изменения настроек не дойдут до АТС"),
}


@dataclass(frozen=True)
class Check:
    """One line: `state` is ok, warn or bad."""

    title: str
    state: str
    sentence: str


def run(desk: Desk, at: datetime) -> list[Check]:
    """All checks, the most important first. Never raises: a check that cannot be made is a bad line."""
    lines = [_database(desk)]
    if lines[0].state == "ok":
        with desk.database.reading() as session:
            exchange = exchange_state.exchange_state(session)
            beats = {row.process: row for row in heartbeat.heartbeats(session)}
            lines.append(_clock_of_database(desk, at))
        lines += list(_processes(beats, at))
        lines += list(_exchange(exchange, beats, at))
    lines.append(_redis(desk))
    lines.append(_disk(desk.settings.data_dir))
    lines.append(_phone_path(desk))
    lines.append(_pages(desk))
    return lines


def _database(desk: Desk) -> Check:
    started = time.perf_counter()
    try:
        with desk.database.reading() as session:
            session.execute(text("SELECT 1"))
    except SQLAlchemyError:
        return Check(
            "База данных", "bad", "Не отвечает. Проверьте, запущен ли сервер базы и верен ли DISPATCH_DATABASE_URL."
        )
    return Check("База данных", "ok", f"Отвечает за {(time.perf_counter() - started) * 1000:.0f} мс.")


def _clock_of_database(desk: Desk, at: datetime) -> Check:
    """PostgreSQL may live on another machine; call times of two clocks cannot be compared."""
    if desk.database.engine.dialect.name != "postgresql":
        return Check("Часы", "ok", f"{at.astimezone(desk.zone):%d.%m.%Y %H:%M:%S}, пояс {desk.settings.timezone}.")
    with desk.database.reading() as session:
        there = session.execute(text("SELECT clock_timestamp()")).scalar_one()
    off = abs((there - at).total_seconds())
    if off > 2:
        return Check(
            "Часы", "bad", f"Часы сервера базы расходятся с нашими на {off:.0f} с. Включите NTP на обеих машинах."
        )
    return Check("Часы", "ok", f"Расходятся с часами базы на {off:.1f} с.")


def _processes(beats: dict[str, heartbeat.Heartbeat], at: datetime) -> Iterator[Check]:
    for name, (title, consequence) in PROCESSES.items():
        beat = beats.get(name)
        if beat is None or at - beat.at > SILENT:
            since = f" уже {int((at - beat.at).total_seconds())} с" if beat else ""
            yield Check(
                title, "bad", f"Не отвечает{since}: {consequence}. Перезапустите программу: family-dispatch up."
            )
        else:
            yield Check(title, "ok", beat.detail or "Работает.")


def _exchange(state: ExchangeState, beats: dict[str, heartbeat.Heartbeat], at: datetime) -> Iterator[Check]:
    listener = beats.get("listener")
    known = listener is not None and at - listener.at <= SILENT
    if not known:
        yield Check("АТС (Asterisk)", "warn", "Состояние неизвестно, пока не отвечает служба связи.")
    elif state.link == "up":
        yield Check("АТС (Asterisk)", "ok", state.link_reason or "На связи.")
    else:
        reason = f" ({state.link_reason})" if state.link_reason else ""
        yield Check(
            "АТС (Asterisk)",
            "bad",
            f"Нет связи{reason}. Проверьте, запущен ли Asterisk и верен ли DISPATCH_AMI_SECRET.",
        )
    if state.error:
        yield Check(
            "Настройки АТС", "bad", f"Не применены: {state.error}. Действуют прежние; исправьте последнее изменение."
        )
    elif state.applied_version < state.wanted_version:
        yield Check("Настройки АТС", "warn", "Изменения ещё применяются.")
    else:
        yield Check("Настройки АТС", "ok", "Применены.")


def _redis(desk: Desk) -> Check:
    try:
        with redis.Redis.from_url(desk.settings.redis_address(), socket_timeout=2, socket_connect_timeout=1) as client:
            client.ping()
    except (redis.RedisError, OSError, ValueError):
        return Check(
            "Redis", "bad", "Не отвечает: карточки открываются с опозданием до 30 с. Проверьте DISPATCH_REDIS_URL."
        )
    return Check("Redis", "ok", "Отвечает.")


def _disk(folder: Path) -> Check:
    try:
        free = shutil.disk_usage(folder).free
    except OSError:
        return Check("Диск", "bad", "Папка данных недоступна. Проверьте DISPATCH_DATA_DIR и права на неё.")
    gigabytes = f"{free / 1024**3:.1f} ГБ"
    if free < LEAST_DISK:
        return Check("Диск", "bad", f"Свободно {gigabytes}: освободите место, иначе обращения перестанут сохраняться.")
    return Check("Диск", "ok", f"Свободно {gigabytes}.")


def _phone_path(desk: Desk) -> Check:
    settings = desk.settings
    if settings.https and not settings.phone_url.startswith("wss:"):
        return Check(
            "Телефон в браузере",
            "bad",
            "Страницы открыты по https, а телефон по ws: задайте DISPATCH_PHONE_WS_URL вида wss://…",
        )
    return Check("Телефон в браузере", "ok", f"Подключается к {settings.phone_origin}.")


def _pages(desk: Desk) -> Check:
    if not desk.bundle.is_built:
        return Check("Страницы", "bad", "Сценарии не собраны: выполните «npm run build» в папке программы.")
    return Check("Страницы", "ok", "Собраны.")
