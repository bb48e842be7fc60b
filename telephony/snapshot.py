"""What the exchange looks like right now: asked after every login, because AMI does not repeat what we missed (M10)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

from telephony.connection import ActionLike
from telephony.link import ActionRefused
from telephony.wire import Message, unescape_name


class Asker(Protocol):
    """Whatever can ask the exchange: a session or a connection."""

    def send(self, action: ActionLike, timeout: float = 5.0) -> Message: ...

    def collect(self, action: ActionLike, timeout: float = 5.0) -> list[Message]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelNow:
    """One live channel. `state` is Asterisk's word (Ring, Ringing, Up…), `duration` seconds since it was made."""

    channel: str
    uniqueid: str
    linkedid: str
    state: str
    context: str
    exten: str
    caller_number: str
    caller_name: str
    connected_number: str
    application: str
    application_data: str
    duration: int
    bridge: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberNow:
    """One member of a queue; `status` is Asterisk's device state number (1 not in use, 2 in use, 5 gone, 6 ringing)."""

    queue: str
    interface: str
    name: str
    status: int
    paused: bool
    pause_reason: str
    in_call: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingNow:
    """One caller in a queue, waiting for `wait` seconds."""

    queue: str
    channel: str
    uniqueid: str
    linkedid: str
    position: int
    wait: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """The state of the exchange at `at` (UTC). `boot` tells one life of Asterisk from the next; `missing` names what
    could not be asked, because the module is not loaded."""

    at: datetime
    boot: str
    channels: tuple[ChannelNow, ...] = ()
    members: tuple[MemberNow, ...] = ()
    waiting: tuple[WaitingNow, ...] = ()
    missing: tuple[str, ...] = ()

    def calls(self) -> frozenset[str]:
        """Linkedids of the conversations that are alive."""
        return frozenset(channel.linkedid for channel in self.channels)


def take_snapshot(asker: Asker, timeout: float = 5.0) -> Snapshot:
    """Ask for everything. Raises AmiError; ActionRefused when the account lacks `write=system,reporting`."""
    status = asker.send([("Action", "CoreStatus")], timeout)
    if not status.succeeded:
        raise ActionRefused(f"CoreStatus: {status.get('Message')}")
    parsed = channels_now(asker, timeout=timeout)
    missing: tuple[str, ...] = ()
    try:
        queues: Sequence[Message] = asker.collect([("Action", "QueueStatus")], timeout)
    except ActionRefused:
        queues, missing = (), ("queues",)
    linkedids = {channel.uniqueid: channel.linkedid for channel in parsed}
    return Snapshot(
        at=datetime.now(UTC),
        boot=f"{status.get('CoreStartupDate')} {status.get('CoreStartupTime')}".strip(),
        channels=parsed,
        members=tuple(_member(message) for message in queues if message.event == "QueueMember"),
        waiting=tuple(_waiting(message, linkedids) for message in queues if message.event == "QueueEntry"),
        missing=missing,
    )


def channels_now(asker: Asker, call: str = "", timeout: float = 5.0) -> tuple[ChannelNow, ...]:
    """Every living channel, or those of one `call` (Linkedid), asked at the moment of acting: a channel's name is true
    only then. Raises AmiError."""
    listed = asker.collect([("Action", "CoreShowChannels")], timeout)
    # The exchange lists all of a full house; what does not even hold the call's id is not read.
    named = call.encode()
    read = (_channel(one) for one in listed if named in one.raw and one.event == "CoreShowChannel")
    return tuple(channel for channel in read if not call or channel.linkedid == call)


def members_now(asker: Asker, timeout: float = 5.0) -> tuple[MemberNow, ...]:
    """Every member of every queue; nobody where the exchange has no queues. Raises AmiError."""
    try:
        listed = asker.collect([("Action", "QueueStatus")], timeout)
    except ActionRefused:
        return ()
    return tuple(_member(message) for message in listed if message.event == "QueueMember")


def _channel(message: Message) -> ChannelNow:
    return ChannelNow(
        channel=message.get("Channel"),
        uniqueid=message.get("Uniqueid"),
        linkedid=message.get("Linkedid"),
        state=message.get("ChannelStateDesc"),
        context=message.get("Context"),
        exten=message.get("Exten"),
        caller_number=message.get("CallerIDNum"),
        caller_name=unescape_name(message.get("CallerIDName")),
        connected_number=message.get("ConnectedLineNum"),
        application=message.get("Application"),
        application_data=message.get("ApplicationData"),
        duration=_seconds(message.get("Duration")),
        bridge=message.get("BridgeId"),
    )


def _member(message: Message) -> MemberNow:
    return MemberNow(
        queue=message.get("Queue"),
        interface=message.get("Location") or message.get("Interface"),
        name=message.get("Name") or message.get("MemberName"),
        status=number(message.get("Status")),
        paused=message.get("Paused") == "1",
        pause_reason=message.get("PausedReason"),
        in_call=message.get("InCall") == "1",
    )


def _waiting(message: Message, linkedids: dict[str, str]) -> WaitingNow:
    uniqueid = message.get("Uniqueid")
    return WaitingNow(
        queue=message.get("Queue"),
        channel=message.get("Channel"),
        uniqueid=uniqueid,
        linkedid=linkedids.get(uniqueid, uniqueid),
        position=number(message.get("Position")),
        wait=number(message.get("Wait")),
    )


def number(text: str) -> int:
    """A count in Asterisk's words; 0 for anything that is not one."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 12 else 0


def _seconds(text: str) -> int:
    """`hh:mm:ss` of CoreShowChannels, or plain seconds."""
    total = 0
    for part in text.split(":"):
        total = total * 60 + number(part)
    return total
