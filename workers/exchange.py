"""The exchange's configuration: from the rows and the settings to files, and from files to a running Asterisk.

`prepare` runs once, before Asterisk starts; `apply_if_wanted` runs in the listener and brings later changes (a new
line, an operator, a phone secret of a browser that has just signed in) to the running exchange by a reload, which drops
no call.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Collection
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy.orm import Session

from crm import browser_phone, exchange_state, keys, staff
from crm.calendar.exchange_hours import Table, tables
from crm.db import Database
from crm.demo.town import town_behaviours
from crm.dialler.exchange_window import windows
from crm.dialler.pacing import widest
from crm.recordings.files import folder_of, incoming_folder
from crm.recordings.settings import recorded_queues
from telephony.config.check import UnsafeConfigValue
from telephony.config.dialling import DiallingPlan, WindowPlan
from telephony.config.files import reload_commands, write
from telephony.config.hours import Edge, HoursPlan
from telephony.config.plan import (
    Address,
    ExchangePlan,
    StaffPlan,
    TownPartyPlan,
    TrunkPlan,
)
from telephony.config.recording import RecordingPlan
from telephony.config.render import render
from telephony.config.speech import SpeechPlan
from telephony.console import Console, ConsoleError
from telephony.link import AmiAddress
from workers import exchange_voice
from workers.derived_keys import agi_token, ami_secret
from workers.phrase_calls import spool_of
from workers.prompts import CALLS
from workers.provision.asterisk import ExchangeProgram
from workers.settings import Bind, ServiceSettings, bind

log = logging.getLogger(__name__)


def ami_address(settings: ServiceSettings) -> AmiAddress:
    """Where the manager interface listens and who we are there."""
    secret = settings.ami_secret or ami_secret(settings.key())
    return AmiAddress(settings.ami_host, settings.ami_port, settings.ami_user, secret)


def prepare(settings: ServiceSettings, database: Database, program: ExchangeProgram) -> ExchangePlan:
    """Make the folders and files of a private exchange that is about to start; remember which program it is.

    Raises:
        UnsafeConfigValue: a row or a setting cannot be written into a configuration file.
    """
    _remember(settings, program)
    now = datetime.now(UTC)
    with database.transaction() as session:
        wanted = exchange_state.exchange_state(session).wanted_version
        plan = build_plan(session, settings, program, now)
        for folder in plan.folders:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        write(render(plan), plan.config_dir)
        exchange_state.note_applied(session, wanted, now)
    return plan


def apply_if_wanted(settings: ServiceSettings, database: Database) -> bool:
    """Render and reload if the rows have changed since the last time; whether anything was done.

    A failure is written beside the wish, where the settings page shows it, and the next call tries again: every file is
    then loaded anew, for nobody knows how far the exchange had got.
    """
    with database.reading() as session:
        state = exchange_state.exchange_state(session)
        wanted, applied, failed_before = state.wanted_version, state.applied_version, bool(state.error)
        if wanted <= applied or settings.exchange != "embedded":
            return False
        now = datetime.now(UTC)
        error = ""
        try:
            plan = build_plan(session, settings, program_of(settings), now)
            files = render(plan)
        except UnsafeConfigValue as refused:
            error = f"Настройки АТС не применены: {refused}"
    if not error:
        changed = write(files, plan.config_dir)
        error = _reload(settings, tuple(files) if failed_before else changed)
    with database.transaction() as session:
        exchange_state.note_applied(session, wanted, now, error)
    log.info("exchange configuration %s: %s", wanted, "refused" if error else "applied")
    return True


def _reload(settings: ServiceSettings, changed: Collection[str]) -> str:
    console = console_of(settings)
    try:
        for command in reload_commands(changed):
            console.run(command)
    except (ConsoleError, OSError):
        return "АТС не приняла новые настройки: она не отвечает. Попробуем ещё раз через две секунды."
    return ""


def build_plan(session: Session, settings: ServiceSettings, program: ExchangeProgram, at: datetime) -> ExchangePlan:
    """What the rows and the settings ask of the exchange at this instant."""
    base = settings.data_dir / "asterisk"
    first, last = settings.rtp_ports.split("-")
    demo = settings.mode == "demo"
    return ExchangePlan(
        config_dir=base / "etc",
        run_dir=settings.exchange_run_dir,
        log_dir=log_dir(settings),
        spool_dir=base / "spool",
        state_dir=base / "state",
        data_dir=program.data_dir,
        modules_dir=program.modules_dir,
        asterisk_version=program.version,
        ami=Address(host=settings.ami_host, port=settings.ami_port),
        ami_user=settings.ami_user,
        ami_secret=ami_address(settings).secret,
        agi=_address(settings.agi_address),
        agi_token=agi_token(settings.key()),
        websocket=_address(bind(settings.phone_ws_bind)),
        desk_bind=_address(bind(settings.sip_bind)),
        trunk_bind=_address(bind(settings.trunk_bind)),
        town_bind=_address(bind(settings.town_bind)) if demo else None,
        rtp_ports=(int(first), int(last)),
        trunk=None if demo or settings.trunk is None else _trunk(settings.trunk),
        lines=exchange_voice.lines(session, at),
        queues=exchange_voice.queues(session, at),
        voices=exchange_voice.voices(session, settings),
        staff=_staff(session, settings.key(), at),
        hours=tuple(hours_plan(table) for table in tables(session, at)),
        dialling=dialling(session, at, demo=demo),
        recording=RecordingPlan(
            folder=incoming_folder(folder_of(settings.data_dir)), queues=tuple(recorded_queues(session))
        ),
        speech=SpeechPlan(
            folder=settings.data_dir,
            prompts=exchange_voice.prompts_dir(settings, CALLS),
            spool=spool_of(settings.data_dir),
        ),
        town=tuple(TownPartyPlan(number=number, behaviour=what) for number, what in town_behaviours().items())
        if demo
        else (),
        town_sounds=town_sounds(settings) if demo else None,
    )


def dialling(session: Session, at: datetime, *, demo: bool) -> DiallingPlan:
    """What the gate before the robot's calls checks by itself."""
    caps = widest(session)
    return DiallingPlan(
        lines=caps.lines,
        trunk_lines=caps.trunk_lines,
        synthetic=demo,
        windows=tuple(WindowPlan(queue=one.queue, spans=one.spans) for one in windows(session, at)),
    )


def log_dir(settings: ServiceSettings) -> Path:
    """Where the private exchange writes queue_log and its call records."""
    return settings.data_dir / "asterisk/log"


def town_sounds(settings: ServiceSettings) -> Path:
    """Where the words of the invented town's callers lie as sound files."""
    return settings.data_dir / "town"


def hours_plan(table: Table) -> HoursPlan:
    """The hours as the dialplan wants them: whole seconds since 1970."""
    edges = ((at, moment.state.value, moment.next_open) for at, moment in table.edges)
    return HoursPlan(
        queue=table.queue,
        edges=tuple(
            Edge(at=int(at.timestamp()), state=state, next_open=int(opens.timestamp()) if opens else None)
            for at, state, opens in edges
        ),
        until=int(table.until.timestamp()),
    )


def _staff(session: Session, secret_key: str, at: datetime) -> tuple[StaffPlan, ...]:
    browsers = {live.extension: live.ha1 for live in browser_phone.live_credentials(session, at)}
    desk_key = keys.derive(secret_key, "desk-phone")
    return tuple(
        StaffPlan(
            extension=extension.number,
            display_name=employee.short_name,
            desk_secret=staff.desk_secret(extension, desk_key),
            browser_ha1=browsers.get(extension.number),
            takes_calls=staff.Role(employee.role).answers_calls,
        )
        for employee, extension in staff.active_extensions(session)
    )


def _address(where: Bind) -> Address:
    return Address(host=where.host, port=where.port)


def _trunk(text: str) -> TrunkPlan:
    host, separator, port = text.rpartition(":")
    peer = host if separator else text
    return TrunkPlan(peers=(peer,), contact=Address(host=peer, port=int(port) if separator else 5060))


def console_of(settings: ServiceSettings) -> Console:
    """The console of our private exchange."""
    program = program_of(settings)
    return Console([*program.command, "-C", str(settings.data_dir / "asterisk/etc/asterisk.conf")], env=program.env)


def _program_file(settings: ServiceSettings) -> Path:
    return settings.data_dir / "asterisk/program.json"


def _remember(settings: ServiceSettings, program: ExchangeProgram) -> None:
    file = _program_file(settings)
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    file.write_text(json.dumps(asdict(program), default=str))


def program_of(settings: ServiceSettings) -> ExchangeProgram:
    """The program that our private exchange was prepared for. Raises OSError or ValueError where none was."""
    facts = json.loads(_program_file(settings).read_text())
    facts["modules_dir"], facts["data_dir"] = Path(facts["modules_dir"]), Path(facts["data_dir"])
    return ExchangeProgram(**facts)
