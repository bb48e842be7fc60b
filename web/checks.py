"""«Проверка системы»: the doctor's report for the administrator, and the few things only the pages can see.

The calling worker makes the report (`workers.doctor`, the same as `family-dispatch doctor`) and leaves it in the
database; the pages ask for a new one and show it when it is there. Where the worker cannot answer, the lines say why.
"""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from datetime import datetime, timedelta

import redis
from sqlalchemy.exc import SQLAlchemyError

from crm import exchange_state, heartbeat
from crm.exchange_state import ExchangeState
from crm.heartbeat import Heartbeat
from web.desk import Desk
from workers.queues import enqueue_examination

REPORT = "doctor"
FRESH = timedelta(seconds=15)
PATIENCE_SECONDS = 6.0  # every part has three seconds to answer; most answer at once
SILENT = timedelta(seconds=10)


@dataclass(frozen=True)
class Check:
    """One line: `state` is ok, warn or bad."""

    title: str
    state: str
    sentence: str


def run(desk: Desk, at: datetime) -> list[Check]:
    """All lines, the most important first. Never raises: a check that cannot be made is a bad line."""
    try:
        with desk.database.reading() as session:
            state = exchange_state.exchange_state(session)
            beats = {beat.process: beat for beat in heartbeat.heartbeats(session)}
    except SQLAlchemyError:
        sentence = "Не отвечает. Проверьте, запущен ли сервер базы и верен ли DISPATCH_DATABASE_URL."
        return [Check("База данных", "bad", sentence)]
    report = _fresh_report(desk, beats.get(REPORT), at)
    lines = _lines_of(report) if report is not None else _without_report(desk, beats.get("worker"), at)
    return [*lines, _settings_of_exchange(state), _pages(desk)]


def _fresh_report(desk: Desk, last: Heartbeat | None, at: datetime) -> Heartbeat | None:
    """The report not older than fifteen seconds, asked for and waited for if need be."""
    if last is not None and at - last.at <= FRESH:
        return last
    if not enqueue_examination(desk.settings.redis_address(), at):
        return None
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        with desk.database.reading() as session:
            report = next((beat for beat in heartbeat.heartbeats(session) if beat.process == REPORT), None)
        if report is not None and report.at >= at:
            return report
        time.sleep(0.1)
    return None


def _lines_of(report: Heartbeat) -> list[Check]:
    try:
        rows = json.loads(report.detail)
        return [Check(row["name"], "ok" if row["ok"] else "bad", row["sentence"]) for row in rows]
    except (ValueError, KeyError, TypeError):
        return [Check("Проверка", "bad", "Отчёт о проверке не читается. Обновите программу на всех машинах.")]


def _without_report(desk: Desk, worker: Heartbeat | None, at: datetime) -> list[Check]:
    """What keeps the worker from answering."""
    lines = [Check("База данных", "ok", "Отвечает.")]
    try:
        with redis.Redis.from_url(desk.settings.redis_address(), socket_timeout=2, socket_connect_timeout=1) as client:
            client.ping()
    except (redis.RedisError, OSError, ValueError):
        sentence = (
            "Не отвечает: карточки открываются с опозданием. Проверьте DISPATCH_REDIS_URL или перезапустите службу."
        )
        return [*lines, Check("Очередь (Redis)", "bad", sentence)]
    lines.append(Check("Очередь (Redis)", "ok", "Отвечает."))
    if worker is None or at - worker.at > SILENT:
        sentence = "Не отвечает, поэтому остальное не проверено. Перезапустите службу: family-dispatch up."
    else:
        sentence = "Работает, но проверка ещё не закончена. Повторите через несколько секунд."
    return [*lines, Check("Служба заданий", "bad", sentence)]


def _settings_of_exchange(state: ExchangeState) -> Check:
    if state.error:
        sentence = f"Не применены: {state.error} Действуют прежние; исправьте последнее изменение."
        return Check("Настройки АТС", "bad", sentence)
    if state.applied_version < state.wanted_version:
        return Check("Настройки АТС", "warn", "Изменения ещё применяются.")
    return Check("Настройки АТС", "ok", "Применены.")


def _pages(desk: Desk) -> Check:
    settings = desk.settings
    if not desk.bundle.is_built:
        return Check("Страницы", "bad", "Сценарии не собраны: выполните «npm run build» в папке программы.")
    if settings.https and not settings.phone_url.startswith("wss:"):
        sentence = "Страницы открыты по https, а телефон по ws: задайте DISPATCH_PHONE_WS_URL вида wss://…"
        return Check("Страницы", "bad", sentence)
    return Check("Страницы", "ok", f"Собраны; телефон в браузере соединяется с {settings.phone_origin}.")
