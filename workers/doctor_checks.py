"""The parts that `workers.doctor` looks at."""

from __future__ import annotations

import base64
import ctypes
import os
import re
import secrets
import shutil
import socket
import stat
from datetime import UTC, datetime, timedelta

import redis
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from crm import heartbeat
from crm.db import check_schema, open_database
from crm.dialler import pacing, switches
from crm.errors import RecordsError
from telephony.ami import AmiManager
from telephony.link import AmiError, LoginRefused
from workers.dialler.ticker import NAME as TICKER
from workers.dialler.ticker import REDIS_AWAY
from workers.doctor import REPORT, Examination, Unwell
from workers.exchange import ami_address
from workers.provision.machine import cache_folder
from workers.queues import connect
from workers.settings import ServiceSettings, bind
from workers.speech import engines
from workers.speech.port import SpeechError

WAIT_SECONDS = 3.0
LEAST_FREE = 1 << 30  # bytes: a year of one service's records and a week of logs
CLOCK_TOLERANCE = timedelta(seconds=5)
OLDEST_ASTERISK = 20
_START = "Запустите службу: family-dispatch up"


def disk(settings: ServiceSettings) -> str:
    """The data folder is ours alone, can be written and has room."""
    folder = settings.data_dir
    if not folder.is_dir():
        raise Unwell(f"Папки данных {folder} ещё нет. {_START}.")
    if folder.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise Unwell(f"Папку данных могут читать посторонние. Выполните: chmod 700 {folder}")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise Unwell(f"В папку данных {folder} нельзя писать. Запускайте службу от имени её владельца.")
    free = shutil.disk_usage(folder).free
    if free < LEAST_FREE:
        raise Unwell(f"На диске осталось {free >> 20} МБ, нужно не меньше {LEAST_FREE >> 20}. Освободите место.")
    return f"свободно {free >> 30} ГБ, папка {folder}"


def clock(settings: ServiceSettings) -> str:
    """The clock does not run behind what is recorded, agrees with the database, and is kept by the kernel."""
    now = datetime.now(UTC)
    database = open_database(settings)
    try:
        with database.reading() as session:
            newest = max((row.at for row in heartbeat.heartbeats(session)), default=now)
            if newest - now > CLOCK_TOLERANCE:
                raise Unwell(
                    "Часы отстали от уже записанного времени. Включите сверку времени: timedatectl set-ntp true"
                )
            if database.engine.dialect.name == "postgresql":
                there = session.execute(text("SELECT clock_timestamp()")).scalar_one()
                if abs(there - datetime.now(UTC)) > CLOCK_TOLERANCE:
                    raise Unwell(
                        "Часы этого компьютера и сервера базы данных расходятся. Включите сверку времени на обоих."
                    )
    except SQLAlchemyError:
        newest = now  # told by the database's own row
    finally:
        database.dispose()
    local = now.astimezone(settings.zone)
    kept = "сверяются" if _kept_by_kernel() else "не сверяются с сервером времени (timedatectl set-ntp true)"
    return f"{local:%d.%m.%Y %H:%M:%S}, {settings.timezone}, {kept}"


def _kept_by_kernel() -> bool:
    """adjtimex(2) answers 5 (TIME_ERROR) on a machine whose clock nobody disciplines."""
    return int(ctypes.CDLL(None).adjtimex(ctypes.create_string_buffer(512))) not in (-1, 5)


def records(settings: ServiceSettings) -> str:
    """The database answers and has this program's schema."""
    try:
        check_schema(settings.database_address())
    except RecordsError as error:
        raise Unwell(str(error)) from None
    except SQLAlchemyError:
        raise Unwell("База данных не отвечает. Проверьте DISPATCH_DATABASE_URL и запущен ли её сервер.") from None
    return "отвечает, схема текущая" + ("" if settings.database_url else " (SQLite)")


def queue(settings: ServiceSettings) -> str:
    """Redis or Valkey answers."""
    try:
        with connect(settings.redis_address(), timeout_seconds=WAIT_SECONDS) as client:
            facts = client.info("server")
    except redis.RedisError:
        remedy = "Проверьте DISPATCH_REDIS_URL и запущен ли сервер." if settings.redis_url else f"{_START}."
        raise Unwell(f"Очередь (Redis) не отвечает. {remedy}") from None
    version = facts.get("valkey_version") or facts.get("redis_version") or "?"
    return f"отвечает, версия {version}"


def manager(settings: ServiceSettings) -> str:
    """The exchange's manager interface lets us in."""
    session = _logged_in(settings)
    session.close()
    return f"вход выполнен, {settings.ami_host}:{settings.ami_port}"


def exchange(settings: ServiceSettings) -> str:
    """Asterisk is there and new enough."""
    session = _logged_in(settings)
    try:
        version = str(session.send_action(Action="CoreSettings").get("AsteriskVersion", ""))
    finally:
        session.close()
    number = re.match(r"(?:certified/)?(\d+)", version)
    if number and int(number[1]) < OLDEST_ASTERISK:
        raise Unwell(f"Asterisk {version} слишком старый, нужен {OLDEST_ASTERISK} или новее.")
    return f"Asterisk {version.partition('~')[0] or '(версия неизвестна)'}"


def trunk(settings: ServiceSettings) -> str:
    """The line to the outside: the town in demo mode, the provider's gateway in live mode."""
    session = _logged_in(settings)
    try:
        devices = session.collect([("Action", "DeviceStateList")], timeout=WAIT_SECONDS)
        states = {str(row.get("Device", "")): str(row.get("State", "")) for row in devices}
    finally:
        session.close()
    state = states.get("PJSIP/trunk")
    if state is None:
        raise Unwell("Городская линия в АТС не настроена. Задайте DISPATCH_TRUNK и перезапустите службу.")
    if state in ("UNAVAILABLE", "INVALID"):
        raise Unwell("Шлюз или оператор связи не отвечает АТС. Проверьте DISPATCH_TRUNK, сеть и сам шлюз.")
    return "учебный город" if settings.mode == "demo" else "шлюз отвечает"


def _logged_in(settings: ServiceSettings) -> AmiManager:
    address = ami_address(settings)
    session = AmiManager(timeout=WAIT_SECONDS)
    try:
        session.connect(address.host, address.port)
        session.login(address.user, address.secret)
    except LoginRefused:
        session.close()
        raise Unwell("АТС не приняла имя или пароль AMI. Проверьте DISPATCH_AMI_USER и DISPATCH_AMI_SECRET.") from None
    except (AmiError, OSError):
        session.close()
        remedy = f"{_START}." if settings.exchange == "embedded" else "Проверьте DISPATCH_AMI_HOST и саму АТС."
        raise Unwell(f"АТС не отвечает по адресу {address.host}:{address.port}. {remedy}") from None
    return session


def lookup(settings: ServiceSettings) -> str:
    """Our FastAGI server, which the exchange asks who is calling."""
    host, port = settings.agi_address
    try:
        socket.create_connection((_reachable(host), port), timeout=WAIT_SECONDS).close()
    except OSError:
        raise Unwell(f"Сервер AGI ({settings.agi_bind}) не отвечает: звонки идут без карточек. {_START}.") from None
    return f"принимает соединения, {settings.agi_bind}"


def browser_phone(settings: ServiceSettings) -> str:
    """The exchange's WebSocket speaks SIP: 101 to an upgrade (RFC 7118 §4.1)."""
    host, port = bind(settings.phone_ws_bind)
    key = base64.b64encode(secrets.token_bytes(16)).decode()
    request = (
        f"GET /ws HTTP/1.1\r\nHost: {settings.phone_ws_bind}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: sip\r\n\r\n"
    )
    try:
        with socket.create_connection((_reachable(host), port), timeout=WAIT_SECONDS) as client:
            client.settimeout(WAIT_SECONDS)
            client.sendall(request.encode("ascii"))
            answer = client.recv(64).decode("ascii", "replace")
    except OSError:
        raise Unwell(f"Телефон в браузере не соединится: {settings.phone_ws_bind} не отвечает. {_START}.") from None
    status = answer.split(" ")[1] if answer.startswith("HTTP/1.1 ") else ""
    if status not in ("101", "426"):
        raise Unwell(
            f"По адресу {settings.phone_ws_bind} отвечает не АТС. Освободите его или смените DISPATCH_PHONE_WS_BIND."
        )
    return f"соединяется, ws://{settings.phone_ws_bind}/ws"


def voice(settings: ServiceSettings) -> str:
    """Which engine speaks, and whether it is the one that was asked for."""
    engine = engines.present(settings.speech, cache_folder())
    if engine is None:
        raise Unwell(
            "Ни одной программы речи нет: приветствия и напоминания молчат. Служба загружает её сама, если есть доступ "
            "к серверу пакетов; иначе установите espeak-ng или rhvoice."
        )
    try:
        engine.say("Проверка голоса.")
    except SpeechError:
        raise Unwell(f"{engine.title} не говорит. Проверьте место на диске и журнал службы.") from None
    best = engines.ORDER[0] if settings.speech == engines.AUTO else settings.speech
    if engine.name.startswith(best):
        return f"говорит {engine.title}"
    return f"говорит {engine.title}; лучший голос ({best}) не загружен"


def processes(settings: ServiceSettings) -> str:
    """Each of our processes said that it lives within the last half minute."""
    database = open_database(settings)
    try:
        with database.reading() as session:
            known = [row.process for row in heartbeat.heartbeats(session) if row.process != REPORT]
            silent = [name for name in heartbeat.stale(session, datetime.now(UTC)) if name != REPORT]
    except SQLAlchemyError:
        raise Unwell("Неизвестно: база данных не отвечает.") from None
    finally:
        database.dispose()
    if not known:
        raise Unwell(f"Процессы службы ещё не запускались. {_START}.")
    if silent:
        raise Unwell(f"Не отвечают: {', '.join(silent)}. {_START}; причина – в {settings.log_dir}.")
    return f"работают: {', '.join(known)}"


def dialler(settings: ServiceSettings) -> str:
    """The robot's ticker beats, reaches Redis, and the red button says the same here and at the exchange."""
    database = open_database(settings)
    now = datetime.now(UTC)
    try:
        with database.reading() as session:
            beat = next((row for row in heartbeat.heartbeats(session) if row.process == TICKER), None)
            standing = switches.current(session)
            late = pacing.overdue(session, now)
    except SQLAlchemyError:
        raise Unwell("Неизвестно: база данных не отвечает.") from None
    finally:
        database.dispose()
    if beat is None:
        raise Unwell(f"Обзвон ещё не запускался. {_START}.")
    if now - beat.at > heartbeat.STALE_AFTER:
        raise Unwell(f"Обзвон молчит с {beat.at.astimezone(settings.zone):%H:%M}: робот никому не звонит. {_START}.")
    if beat.detail == REDIS_AWAY:
        raise Unwell("Обзвон ждёт: очередь (Redis) не отвечает. Звонки начнутся сами, когда она вернётся.")
    if standing.exchange_stopped is not None and standing.exchange_stopped != standing.stopped:
        raise Unwell("Красная кнопка нажата не везде: АТС ещё не узнала о ней. Проверьте связь с АТС.")
    if standing.stopped:
        return "остановлен красной кнопкой"
    if standing.paused_until is not None and standing.paused_until > now:
        return f"на паузе до {standing.paused_until.astimezone(settings.zone):%H:%M:%S}. {standing.paused_reason}"
    return f"работает, просрочено звонков: {late}" if late else "работает"


def _reachable(host: str) -> str:
    return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104


EXAMINATIONS: tuple[tuple[str, Examination], ...] = (
    ("Диск", disk),
    ("База данных", records),
    ("Часы", clock),
    ("Очередь (Redis)", queue),
    ("АТС Asterisk", exchange),
    ("Управление АТС (AMI)", manager),
    ("Карточка по номеру (AGI)", lookup),
    ("Городская линия", trunk),
    ("Телефон в браузере", browser_phone),
    ("Голос", voice),
    ("Процессы службы", processes),
    ("Обзвон", dialler),
)
