"""The wanted state of the exchange, as data: addresses, lines, queues, staff, the trunk and the fictional town.

Nothing here is checked; `telephony.config.check` does that before a value enters a file.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from callflow.outgoing import OPERATOR_SECONDS, RING_SECONDS
from telephony.config.dialling import DiallingPlan
from telephony.config.hours import HoursPlan
from telephony.config.recording import RecordingPlan
from telephony.config.speech import SpeechPlan
from telephony.config.voice import VoicePlan

BROWSER_REALM: Final = "family-dispatch"
"""SIP realm of the browser phones; their secret is kept only as MD5(user:realm:secret) (RFC 2617, HA1)."""
BROWSER_SUFFIX: Final = "-web"


@dataclass(frozen=True, kw_only=True)
class Address:
    """A host (IPv4) and a port of ours."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


@dataclass(frozen=True, kw_only=True)
class StaffPlan:
    """A member of staff with an inner number, and the phones that may register for it.

    Both phones ring when both are registered. A call to an inner number without a registered phone goes to
    `outside_number` only in issues to come; nothing dials outside today.
    """

    extension: str
    display_name: str = ""
    desk_secret: str | None = None
    """SIP secret of the desk phone; None: nobody may register one."""
    browser: bool = True
    """Whether there is a browser phone at all; without a secret it is there and nobody can register it."""
    browser_ha1: str | None = None
    """See `browser_ha1()`; None: no browser may register. The user is `<extension>-web`."""
    outside_number: str | None = None
    takes_calls: bool = True
    """Whether the rescue of a caller whom nobody serves may ring this person: an operator, not a specialist."""

    @property
    def browser_user(self) -> str:
        return f"{self.extension}{BROWSER_SUFFIX}"

    @property
    def phones(self) -> tuple[str, ...]:
        """Asterisk's names of the phones that may ever ring for this number."""
        desk = (f"PJSIP/{self.extension}",) if self.desk_secret is not None else ()
        return (*desk, f"PJSIP/{self.browser_user}") if self.browser else desk

    @property
    def has_phone(self) -> bool:
        return bool(self.phones)


def OperatorPlan(**values: object) -> StaffPlan:  # noqa: N802 - reads as the record it makes
    """Staff who take calls from a queue."""
    return StaffPlan(**{"takes_calls": True, **values})  # type: ignore[arg-type]


def SpecialistPlan(**values: object) -> StaffPlan:  # noqa: N802 - reads as the record it makes
    """Staff who are connected to by an operator, and never rung by a queue."""
    return StaffPlan(**{"takes_calls": False, **values})  # type: ignore[arg-type]


@dataclass(frozen=True, kw_only=True)
class Member:
    """One operator's place in a queue: lower penalties are rung first, the next when they do not answer."""

    extension: str
    penalty: int = 0


@dataclass(frozen=True, kw_only=True)
class QueuePlan:
    """One service. Operators are rung one at a time, `ring_seconds` each."""

    name: str
    members: tuple[Member, ...] = ()
    ring_seconds: int = 20
    retry_seconds: int = 1
    wrapup_seconds: int = 3
    """Pause Asterisk itself keeps after a call. Short: our software pauses the operator until the form is saved, and
    this is what remains when it is dead."""
    strategy: str = "rrmemory"
    music: str = "default"

    @property
    def effective_strategy(self) -> str:
        """Members with different penalties are rung in their order. A running Asterisk does not change to `linear` and
        back by a reload: the first time that penalties are given, it takes a restart."""
        return "linear" if len({member.penalty for member in self.members}) > 1 else self.strategy


@dataclass(frozen=True, kw_only=True)
class LinePlan:
    """A number of ours, exactly as the trunk sends it, and the queue it belongs to."""

    did: str
    queue: str
    title: str = ""
    service: str = ""
    """Queue of the service, where the line has a queue of its own for those assigned to it (B-3)."""


@dataclass(frozen=True, kw_only=True)
class TrunkPlan:
    """The provider's side: INVITEs from `peers` are the trunk's, by address alone."""

    peers: tuple[str, ...]
    contact: Address | None = None


@dataclass(frozen=True, kw_only=True)
class TownPartyPlan:
    """A fictional townsman, and what he does when he is called.

    `answers`, `busy`, `no_answer`, `rejects`, `presses:<keys>`, `voicemail`, `hangs_up`, `unreachable`.
    """

    number: str
    behaviour: str = "answers"


@dataclass(frozen=True, kw_only=True)
class ExchangePlan:
    """All of one Asterisk. Folders are absolute; `run_dir` is short, for a unix socket's name ends at 107 bytes."""

    config_dir: Path
    run_dir: Path
    log_dir: Path
    spool_dir: Path
    state_dir: Path
    """astdb and keys: the only thing of Asterisk's own worth a backup."""
    data_dir: Path
    """Sounds, music and documentation, read-only (`astdatadir`)."""
    modules_dir: Path
    asterisk_version: str = "22.10.1"
    language: str = "ru"
    systemname: str = "dispatch"

    ami: Address
    ami_user: str = "dispatch"
    ami_secret: str = field(repr=False)
    extra_ami_users: Mapping[str, str] = field(default_factory=dict, repr=False)
    """User → secret, with every event and no filter: for tests and for somebody's wallboard."""
    agi: Address
    agi_token: str = field(repr=False)
    websocket: Address
    """Asterisk's HTTP server; browser phones use `ws://…/ws`."""
    desk_bind: Address = field(default_factory=lambda: Address(host="127.0.0.1", port=5060))
    trunk_bind: Address = field(default_factory=lambda: Address(host="127.0.0.3", port=5060))
    town_bind: Address | None = field(default_factory=lambda: Address(host="127.0.0.2", port=5060))
    """The simulated telephone network; None in live mode."""
    rtp_ports: tuple[int, int] = (10000, 10999)

    trunk: TrunkPlan | None = None
    lines: tuple[LinePlan, ...] = ()
    queues: tuple[QueuePlan, ...] = ()
    staff: tuple[StaffPlan, ...] = ()
    hours: tuple[HoursPlan, ...] = ()
    """When each queue is open; one that is not among them always is."""
    voices: tuple[VoicePlan, ...] = ()
    """What callers of each service hear; one that is not among them rings and says nothing."""
    town: tuple[TownPartyPlan, ...] = ()
    town_sounds: Path | None = None
    """Where spoken phrases of the town's callers lie; without it only Asterisk's own sounds are played."""

    dialling: DiallingPlan = field(default_factory=DiallingPlan)
    """Calls that the program places by itself; as it stands here, none."""
    recording: RecordingPlan | None = None
    """None: nothing is ever recorded."""
    speech: SpeechPlan | None = None
    """None: nobody records a phrase by telephone."""

    outgoing_operator_seconds: int = OPERATOR_SECONDS
    outgoing_ring_seconds: int = RING_SECONDS
    lookup_seconds: int = 2
    """How long a caller may wait for our process to look his number up, whatever state it is in."""
    rescue_seconds: int = 60
    """After this long without an answer and without our software, every operator's phones ring, paused or not."""
    line_round_seconds: int = 60
    """How long a caller stays in a line's own queue before it is asked whether that is still the line's queue."""
    return_seconds: int = 20
    """How long the operator who was cut off is waited for and rung before the queue gets the caller back."""
    transfer_seconds: int = 25
    """How long a specialist's phone rings before the caller is brought back to the operator."""
    browser_rtp_timeout: int = 4
    """Seconds of silence on the wire (not of speech) after which a browser in a talk counts as gone."""
    browser_rtp_timeout_hold: int = 120
    desk_rtp_timeout: int = 60
    desk_rtp_timeout_hold: int = 0

    @property
    def control_socket(self) -> Path:
        return self.run_dir / "asterisk.ctl"

    @property
    def folders(self) -> tuple[Path, ...]:
        """Folders that must exist before Asterisk starts."""
        return (
            self.config_dir,
            self.run_dir,
            self.log_dir,
            self.log_dir / "cdr-csv",
            self.spool_dir,
            self.state_dir,
            self.state_dir / "keys",
            *dict.fromkeys(folder for voice in self.voices for folder in (voice.prompts, voice.messages)),
        )


def browser_ha1(extension: str, secret: str) -> str:
    """What Asterisk keeps of a browser phone's secret: MD5(user:realm:secret), RFC 2617 §3.2.2.2."""
    text = f"{extension}{BROWSER_SUFFIX}:{BROWSER_REALM}:{secret}"
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
