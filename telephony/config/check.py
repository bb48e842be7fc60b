"""Refuses values that would change the meaning of a configuration file.

A `;` begins a comment, `[` a section, a line break a new option: a display name could otherwise open the exchange to
anybody. Asterisk has no quoting that would hold everywhere, so the values are held to safe patterns instead.
"""

import ipaddress
import re
from pathlib import Path
from typing import Final

from telephony.config.dialling import LONGEST_RING, LONGEST_WINDOW
from telephony.config.hours import SECONDS_OF_DAY, STATES, HoursPlan
from telephony.config.plan import Address, ExchangePlan
from telephony.config.voice import VoicePlan

EXTENSION: Final = re.compile(r"[0-9]{2,6}")
DID: Final = re.compile(r"\+?[0-9]{3,15}")
WORD: Final = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,39}")
SECRET: Final = re.compile(r"[A-Za-z0-9_-]{16,128}")
HA1: Final = re.compile(r"[0-9a-f]{32}")
VERSION: Final = re.compile(r"[0-9]+(\.[0-9]+)*")
BEHAVIOUR: Final = re.compile(r"answers|busy|no_answer|rejects|presses:[0-9*#w]{1,32}|voicemail|hangs_up|unreachable")
STRATEGIES: Final = frozenset({"rrmemory", "rrordered", "leastrecent", "fewestcalls", "random", "linear", "wrandom"})
"""One phone at a time, all of them: `ringall` would pop the card on every screen."""
_NAME = re.compile(r"[^\x00-\x1f\x7f;\[\]\"<>\\,(){}$&|=]{0,80}")
_PATH = re.compile(r"/[A-Za-z0-9_./+~ -]*")
SOCKET_NAME_LIMIT: Final = 107
"""Bytes of a unix socket's path on Linux (sun_path, less its NUL)."""


class UnsafeConfigValue(ValueError):
    """A value does not fit the file it would enter. Says which one, and never a secret or a person's name."""


def check(plan: ExchangePlan) -> None:
    """Raises UnsafeConfigValue for the first value that is unsafe, doubled or points nowhere."""
    _check_base(plan)
    _check_staff(plan)
    _check_lines(plan)
    _check_recording(plan)
    if plan.speech:
        for folder in (plan.speech.folder, plan.speech.prompts, plan.speech.spool):
            _path(folder)
    for hours in plan.hours:
        _check_hours(hours)
    _unique((hours.queue for hours in plan.hours), "hours")
    _check_dialling(plan)
    for voice in plan.voices:
        _check_voice(voice, plan)
    _unique((voice.queue for voice in plan.voices), "voice")
    for party in plan.town:
        _match(DID, party.number, "town number")
        _match(BEHAVIOUR, party.behaviour, "behaviour of a townsman")
    _unique((party.number for party in plan.town), "town number")


def _check_base(plan: ExchangePlan) -> None:
    paths = [*plan.folders, plan.data_dir, plan.modules_dir]
    for path in [*paths, plan.town_sounds] if plan.town_sounds else paths:
        _path(path)
    if len(bytes(plan.control_socket)) > SOCKET_NAME_LIMIT:
        raise UnsafeConfigValue(f"run_dir: the control socket's path is longer than {SOCKET_NAME_LIMIT} bytes")
    _match(VERSION, plan.asterisk_version, "asterisk_version")
    for name in ("language", "systemname", "ami_user"):
        _match(WORD, getattr(plan, name), name)
    _match(SECRET, plan.ami_secret, "ami_secret")
    _match(SECRET, plan.agi_token, "agi_token")
    for user, secret in plan.extra_ami_users.items():
        _match(WORD, user, "extra_ami_users")
        _match(SECRET, secret, "secret of extra_ami_users")
    for name in ("ami", "agi", "websocket", "desk_bind", "trunk_bind", "town_bind"):
        if (address := getattr(plan, name)) is not None:
            _address(address, name)
    if plan.town_bind and plan.town_bind.host in (plan.trunk_bind.host, plan.desk_bind.host):
        raise UnsafeConfigValue("town_bind: the town needs an address of its own, or phones are taken for it")
    if plan.town_bind and plan.trunk:
        raise UnsafeConfigValue("trunk: with the simulated town there is no way outside")
    start, end = plan.rtp_ports
    if not 1024 <= start < end <= 65535:
        raise UnsafeConfigValue("rtp_ports: from 1024 to 65535, two at least")
    if plan.trunk:
        for peer in plan.trunk.peers:
            _network(peer)
        if plan.trunk.contact:
            _address(plan.trunk.contact, "trunk")


def _check_recording(plan: ExchangePlan) -> None:
    if plan.recording is None:
        return
    _path(plan.recording.folder)
    for queue in plan.recording.queues:
        if queue not in {known.name for known in plan.queues}:
            raise UnsafeConfigValue(f"recording: there is no queue {queue}")


def _check_staff(plan: ExchangePlan) -> None:
    for person in plan.staff:
        _match(EXTENSION, person.extension, "extension")
        _match(_NAME, person.display_name, f"display name of {person.extension}")
        if person.desk_secret is not None:
            _match(SECRET, person.desk_secret, f"desk_secret of {person.extension}")
        if person.browser_ha1 is not None:
            _match(HA1, person.browser_ha1, f"browser_ha1 of {person.extension}")
        if person.outside_number is not None:
            _match(DID, person.outside_number, f"outside number of {person.extension}")
    _unique((person.extension for person in plan.staff), "extension")


def _check_lines(plan: ExchangePlan) -> None:
    extensions = {person.extension for person in plan.staff}
    queues = {queue.name for queue in plan.queues}
    for queue in plan.queues:
        _match(WORD, queue.name, "queue")
        _match(WORD, queue.music, f"music of {queue.name}")
        if queue.name == "general":
            raise UnsafeConfigValue("queue: `general` is a word of queues.conf")
        if queue.strategy not in STRATEGIES:
            raise UnsafeConfigValue(f"strategy of {queue.name}: one of {', '.join(sorted(STRATEGIES))}")
        _unique((member.extension for member in queue.members), f"member of {queue.name}")
        for member in queue.members:
            if member.extension not in extensions:
                raise UnsafeConfigValue(f"member of {queue.name}: there is no extension {member.extension}")
    _unique((queue.name for queue in plan.queues), "queue")
    for line in plan.lines:
        _match(DID, line.did, "line")
        _match(_NAME, line.title, f"title of {line.did}")
        for queue_name in (line.queue, line.service or line.queue):
            if queue_name not in queues:
                raise UnsafeConfigValue(f"line {line.did}: there is no queue {queue_name}")
    _unique((line.did for line in plan.lines), "line")


def _check_hours(hours: HoursPlan) -> None:
    _match(WORD, hours.queue, "hours")
    instants = [edge.at for edge in hours.edges]
    in_order = bool(instants) and instants == sorted(set(instants))
    if not in_order or instants[0] % SECONDS_OF_DAY or hours.until % SECONDS_OF_DAY:
        raise UnsafeConfigValue(f"hours of {hours.queue}: edges in order, from one midnight (UTC) to another")
    for edge in hours.edges:
        numbers = (edge.at, edge.at if edge.next_open is None else edge.next_open)
        if edge.state not in STATES or not all(isinstance(number, int) and number > 0 for number in numbers):
            raise UnsafeConfigValue(f"hours of {hours.queue}: an edge is an epoch and a state")


def _check_dialling(plan: ExchangePlan) -> None:
    dialling = plan.dialling
    if not 0 <= dialling.lines <= 100 or not 0 <= dialling.trunk_lines <= 1000:
        raise UnsafeConfigValue("dialling: lines from 0 to 100, of a trunk's from 0 to 1000")
    if not 5 <= dialling.ring_seconds <= LONGEST_RING or not 1 <= dialling.start_seconds <= 60:
        raise UnsafeConfigValue(f"dialling: a ring of 5 to {LONGEST_RING} seconds")
    if not 10 <= dialling.talk_seconds <= 3600:
        raise UnsafeConfigValue("dialling: a dialogue of 10 to 3600 seconds")
    for window in dialling.windows:
        _match(WORD, window.queue, "window")
        instants = [instant for span in window.spans for instant in span]
        whole = all(isinstance(instant, int) and instant > 0 for instant in instants)
        too_far = whole and bool(instants) and instants[-1] - instants[0] > LONGEST_WINDOW
        if not whole or instants != sorted(set(instants)) or too_far:
            raise UnsafeConfigValue(f"window of {window.queue}: stretches of epochs in order, none touching the next")
    _unique((window.queue for window in dialling.windows), "window")


def _check_voice(voice: VoicePlan, plan: ExchangePlan) -> None:
    _match(WORD, voice.queue, "voice")
    if voice.queue not in {queue.name for queue in plan.queues}:
        raise UnsafeConfigValue(f"voice: there is no queue {voice.queue}")
    _path(voice.prompts)
    _path(voice.messages)
    if voice.overflow_extension and voice.overflow_extension not in {person.extension for person in plan.staff}:
        raise UnsafeConfigValue(f"voice of {voice.queue}: there is no extension {voice.overflow_extension}")
    numbers = (voice.announce_seconds, voice.voicemail_seconds, voice.voicemail_silence, voice.overflow_seconds)
    if not all(isinstance(number, int) and 0 <= number <= 3600 for number in (*numbers, voice.round_seconds)):
        raise UnsafeConfigValue(f"voice of {voice.queue}: seconds from 0 to 3600")


def _match(pattern: re.Pattern[str], value: str, what: str) -> None:
    if not pattern.fullmatch(value):
        raise UnsafeConfigValue(f"{what}: does not fit {pattern.pattern}")


def _path(path: Path) -> None:
    if not _PATH.fullmatch(str(path)):
        raise UnsafeConfigValue(f"folder {path!s:.60}: absolute, of letters, digits, spaces and _./+~-")


def _address(address: Address, what: str) -> None:
    try:
        ipaddress.IPv4Address(address.host)
    except ValueError:
        raise UnsafeConfigValue(f"{what}: not an IPv4 address") from None
    if not 0 < address.port < 65536:
        raise UnsafeConfigValue(f"{what}: not a port")


def _network(peer: str) -> None:
    try:
        ipaddress.ip_network(peer)
    except ValueError:
        raise UnsafeConfigValue("trunk peer: not an address or a network") from None


def _unique(values: object, what: str) -> None:
    seen = set()
    for value in values:  # type: ignore[attr-defined]
        if value in seen:
            raise UnsafeConfigValue(f"{what}: {value} stands there twice")
        seen.add(value)
